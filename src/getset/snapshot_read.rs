//! The whole status as one immutable snapshot behind a pointer.
//!
//! ```go
//! next := &Status{Ready: 1, Generation: 2}   // filled before another goroutine can see it
//! w.status = next                            // goroutine 1, a plain pointer
//! w.status.Store(next)                       // goroutine 1, an atomic.Pointer[Status]
//! s := w.status.Load(); use(s.Generation)    // goroutine 2
//! ```
//!
//! A pointer is one word and does not tear. But a plain one may be seen before what it points to:
//! the reader follows it into fields that are not there yet. An `atomic.Pointer` (or
//! `atomic.Value`) publishes the fields with the pointer. Next to read: `snapshot_replace.rs`.

use super::process::{Goroutine, Memory, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

struct Snapshots<B: Backend> {
    current: Word<B>,
    next_generation: Memory<B>,
}

impl<B: Backend> Snapshots<B> {
    fn new(process: &Process<B>) -> Arc<Self> {
        let show = |pointer| ["&old".to_owned(), "&next".to_owned()][pointer as usize].clone();
        Arc::new(Self {
            current: process.word_shown("status", 0, show),
            next_generation: process.memory("next.generation", 0),
        })
    }

    fn follow(&self, me: &Goroutine, pointer: u64) {
        if pointer == 1 && self.next_generation.read(me) != 2 {
            me.wrong("the pointer is seen, and the snapshot behind it is empty");
        }
    }
}

/// `snapshot-plain-pointer`: the pointer is a plain field.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let snapshots = Snapshots::new(process);
    process.go("controller", &snapshots, |me, snapshots| {
        snapshots.next_generation.write(me, 2);
        snapshots.current.set(me, 1);
    });
    process.go("reader", &snapshots, |me, snapshots| {
        let pointer = snapshots.current.get(me);
        snapshots.follow(me, pointer);
    });
}

/// `snapshot-pointer`: the pointer is an `atomic.Pointer[Status]`.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let snapshots = Snapshots::new(process);
    process.go("controller", &snapshots, |me, snapshots| {
        snapshots.next_generation.write(me, 2);
        snapshots.current.store(me, 1);
    });
    process.go("reader", &snapshots, |me, snapshots| {
        let pointer = snapshots.current.load(me);
        snapshots.follow(me, pointer);
    });
}
