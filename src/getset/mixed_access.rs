//! A counter that one goroutine adds to atomically and another one sets under a mutex.
//!
//! ```go
//! atomic.AddInt64(&counter, 1)                  // goroutine 1
//! mu.Lock(); counter = counter + 1; mu.Unlock() // goroutine 2
//! ```
//!
//! The mutex means nothing to the goroutine that does not take it, and the plain write is not an
//! atomic one: it may undo the addition that fell between its read and its write. All accesses
//! atomic, or all under the mutex. Next to read: `snapshot_read.rs`.

use super::process::{Mutex, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

struct Counter<B: Backend> {
    mu: Mutex<B>,
    counter: Word<B>,
}

impl<B: Backend> Counter<B> {
    fn start(process: &mut Process<B>) -> Arc<Self> {
        let counter =
            Arc::new(Self { mu: process.mutex("mu"), counter: process.word("counter", 0) });
        process.after(&counter, |me, counter| {
            let total = counter.counter.get(me);
            if total != 2 {
                me.wrong(format!("two increments were made, and the counter is {total}"));
            }
        });
        counter
    }
}

/// `atomic-and-plain`: one atomic addition, one locked read and write.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let counter = Counter::start(process);
    process.go("atomic", &counter, |me, counter| {
        counter.counter.add(me, 1);
    });
    process.go("locked", &counter, |me, counter| {
        let _held = counter.mu.lock(me);
        let value = counter.counter.get(me);
        counter.counter.set(me, value + 1);
    });
}

/// `atomic-only`: both additions are atomic.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let counter = Counter::start(process);
    for name in ["first", "second"] {
        process.go(name, &counter, |me, counter| {
            counter.counter.add(me, 1);
        });
    }
}
