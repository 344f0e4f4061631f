//! A Go map that one goroutine writes while another one reads it.
//!
//! ```go
//! w.labels["ready"] = "true"                // goroutine 1
//! for k, v := range w.labels { ... }        // goroutine 2
//! ```
//!
//! A map marks itself while it is being written, and an access that meets the mark ends the whole
//! process: `fatal error: concurrent map read and map write`. The mark is no lock: an access that
//! misses it has raced all the same. Next to read: `read_lock.rs`.

use super::process::{Memory, Mutex, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

/// `map-plain`: nothing guards the map; its mark is a plain word.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    struct Map<B: Backend> {
        writing: Word<B>,
        ready: Word<B>,
    }
    let labels = Arc::new(Map {
        writing: process.word("labels.writing", 0),
        ready: process.word("labels[ready]", 0),
    });
    process.go("writer", &labels, |me, labels| {
        labels.writing.set(me, 1);
        labels.ready.set(me, 1);
        labels.writing.set(me, 0);
    });
    process.go("reader", &labels, |me, labels| {
        if labels.writing.get(me) == 1 {
            me.wrong("fatal error: concurrent map read and map write");
        }
        labels.ready.get(me);
    });
}

/// `map-mutex`: every access holds the mutex.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    struct Map<B: Backend> {
        mu: Mutex<B>,
        writing: Memory<B>,
        ready: Memory<B>,
    }
    let labels = Arc::new(Map {
        mu: process.mutex("mu"),
        writing: process.memory("labels.writing", 0),
        ready: process.memory("labels[ready]", 0),
    });
    process.go("writer", &labels, |me, labels| {
        let _held = labels.mu.lock(me);
        labels.writing.write(me, 1);
        labels.ready.write(me, 1);
        labels.writing.write(me, 0);
    });
    process.go("reader", &labels, |me, labels| {
        let _held = labels.mu.lock(me);
        if labels.writing.read(me) == 1 {
            me.wrong("fatal error: concurrent map read and map write");
        }
        labels.ready.read(me);
    });
}
