//! A flag that says "the rest is there", and the rest: two fields, set one after the other.
//!
//! ```go
//! w.status.ObservedGeneration = 2      // goroutine 1
//! w.status.Ready = true
//!
//! if w.status.Ready {                  // goroutine 2
//!     use(w.status.ObservedGeneration) // may still be 1
//! }
//! ```
//!
//! Each field is a word, so neither tears, and yet the reader may see the second write without
//! the first: nothing orders plain accesses. With `sync/atomic` for the flag, it does.
//! Only a weak memory shows this; under sequential consistency both twins hold.
//! Next to read: `string_header.rs`.

use super::process::{Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

struct Status<B: Backend> {
    generation: Word<B>,
    ready: Word<B>,
}

impl<B: Backend> Status<B> {
    fn new(process: &Process<B>) -> Arc<Self> {
        Arc::new(Self {
            generation: process.word("status.observedGeneration", 1),
            ready: process.word_shown("status.ready", 0, |value| (value == 1).to_string()),
        })
    }
}

/// `two-fields-plain`: plain writes, plain reads.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let status = Status::new(process);
    process.go("controller", &status, |me, status| {
        status.generation.set(me, 2);
        status.ready.set(me, 1);
    });
    process.go("reader", &status, |me, status| {
        if status.ready.get(me) == 1 && status.generation.get(me) == 1 {
            me.wrong("ready is seen, and the generation it was set for is not");
        }
    });
}

/// `two-fields-atomic`: the flag is an `atomic.Bool`, set last and read first.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let status = Status::new(process);
    process.go("controller", &status, |me, status| {
        status.generation.set(me, 2);
        status.ready.store(me, 1);
    });
    process.go("reader", &status, |me, status| {
        if status.ready.load(me) == 1 && status.generation.get(me) == 1 {
            me.wrong("ready is seen, and the generation it was set for is not");
        }
    });
}
