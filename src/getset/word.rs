//! One word-sized field that two goroutines set and a third reads, without any lock.
//!
//! ```go
//! w.status.Replicas = 3      // goroutine 1
//! w.status.Replicas = 5      // goroutine 2
//! n := w.status.Replicas     // goroutine 3: 0, 3 or 5, never a mixture
//! ```
//!
//! It is a data race, and `-race` says so; but Go promises that a racing read of a single machine
//! word sees a value that was written. That a word does not tear is put into this model, as the
//! language puts it into its own; what the model adds is that nothing else comes out either.
//! Next to read: `two_fields.rs`, where the trouble starts.

use super::process::{Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

/// `word`: every value read is one that was written.
pub(super) fn holds<B: Backend>(process: &mut Process<B>) {
    let replicas: Arc<Word<B>> = Arc::new(process.word("status.replicas", 0));
    process.go("reader", &replicas, |me, replicas| {
        let seen = replicas.get(me);
        if ![0, 3, 5].contains(&seen) {
            me.wrong(format!("read {seen}, which no goroutine wrote"));
        }
    });
    process.go("first", &replicas, |me, replicas| replicas.set(me, 3));
    process.go("second", &replicas, |me, replicas| replicas.set(me, 5));
    process.after(&replicas, |me, replicas| {
        let last = replicas.get(me);
        if ![3, 5].contains(&last) {
            me.wrong(format!("{last} at the end, which neither goroutine wrote last"));
        }
    });
}
