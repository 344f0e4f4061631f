//! Read the snapshot, build a new one from it, replace it: two goroutines, one atomic pointer.
//!
//! ```go
//! old := w.status.Load()
//! next := *old; next.Ready = true
//! w.status.Store(&next)                    // loses what came in between
//! w.status.CompareAndSwap(old, &next)      // refuses, and the loop reads again
//! ```
//!
//! No read is ever torn, and still an update is lost: `Store` does not ask what it replaces. This
//! is a PUT without a resourceVersion; compare-and-swap is the one with it.
//! Next to read: `getter.rs`.

use super::process::{Goroutine, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

/// A snapshot is the set of fields that are set in it: bit 0 is ready, bit 1 is vcpus.
const FIELDS: [(&str, u64); 2] = [("health", 1), ("usage", 2)];

fn show(snapshot: u64) -> String {
    ["&{}", "&{ready}", "&{vcpus}", "&{ready vcpus}"][snapshot as usize].to_owned()
}

fn start<B: Backend>(process: &mut Process<B>, write: fn(&Goroutine, &Word<B>, u64)) {
    let status = Arc::new(process.word_shown("status", 0, show));
    for (name, field) in FIELDS {
        process.go(name, &status, move |me, status| write(me, status, field));
    }
    process.after(&status, |me, status| {
        let last = status.load(me);
        if last != 3 {
            me.wrong(format!("both fields were set, and the status is {}", show(last)));
        }
    });
}

/// `snapshot-store`: load, change, store.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    start(process, |me, status, field| {
        let old = status.load(me);
        status.store(me, old | field);
    });
}

/// `snapshot-swap`: load, change, compare and swap, again if refused.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    start(process, |me, status, field| {
        // The other goroutine changes the pointer once, so the second try succeeds.
        for _ in 0..2 {
            let old = status.load(me);
            if status.compare_and_swap(me, old, old | field) {
                return;
            }
        }
    });
}
