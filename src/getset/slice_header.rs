//! A slice field that one goroutine replaces while another one walks over it.
//!
//! ```go
//! w.status.Conditions = append(w.status.Conditions, c)     // goroutine 1: new array, length 2
//! for i := range w.status.Conditions { ... }               // goroutine 2
//! ```
//!
//! A slice is three words (pointer, length, capacity; the capacity plays no part here). Go leaves
//! unspecified in which order the words of one value are written and read ("reads of memory
//! locations larger than a single machine word may be observed as more than one access, in an
//! unspecified order", says its memory model), so the model takes the order that shows it: length
//! first. The new length with the old pointer walks off the end of the old array. Under a mutex
//! both change as one. Next to read: `invariant.rs`.

use super::process::{Memory, Mutex, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

/// How many conditions fit into the array that a pointer points to.
fn room(pointer: u64) -> u64 {
    pointer + 1
}

fn show(pointer: u64) -> String {
    format!("&array of {}", room(pointer))
}

/// `slice-header`: pointer and length are set and read by plain accesses.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    struct Slice<B: Backend> {
        pointer: Word<B>,
        length: Word<B>,
    }
    let conditions = Arc::new(Slice {
        pointer: process.word_shown("conditions.pointer", 0, show),
        length: process.word("conditions.length", 1),
    });
    process.go("appender", &conditions, |me, conditions| {
        conditions.length.set(me, 2);
        conditions.pointer.set(me, 1);
    });
    process.go("reader", &conditions, |me, conditions| {
        let length = conditions.length.get(me);
        let room = room(conditions.pointer.get(me));
        if length > room {
            me.wrong(format!("walks over {length} conditions in an array of {room}"));
        }
    });
}

/// `slice-mutex`: both words change, and are read, under one mutex.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    struct Slice<B: Backend> {
        mu: Mutex<B>,
        pointer: Memory<B>,
        length: Memory<B>,
    }
    let conditions = Arc::new(Slice {
        mu: process.mutex("mu"),
        pointer: process.memory("conditions.pointer", 0),
        length: process.memory("conditions.length", 1),
    });
    process.go("appender", &conditions, |me, conditions| {
        let _held = conditions.mu.lock(me);
        conditions.pointer.write(me, 1);
        conditions.length.write(me, 2);
    });
    process.go("reader", &conditions, |me, conditions| {
        let _held = conditions.mu.lock(me);
        let length = conditions.length.read(me);
        let room = room(conditions.pointer.read(me));
        if length > room {
            me.wrong(format!("walks over {length} conditions in an array of {room}"));
        }
    });
}
