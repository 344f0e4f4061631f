//! A string field: two words, a pointer and a length, that two goroutines set.
//!
//! ```go
//! w.status.Phase = "Ok"           // goroutine 1: pointer, length 2
//! w.status.Phase = "Degraded"     // goroutine 2: pointer, length 8
//! fmt.Println(w.status.Phase)     // goroutine 3: the pointer of one, the length of the other
//! ```
//!
//! A Go string is 16 bytes; no single store writes both words. Read "Ok" with length 8 and the
//! program prints six bytes of foreign memory. Behind an `atomic.Pointer[string]` one word
//! decides. Next to read: `slice_header.rs`.

use super::process::{Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

const PHASES: [&str; 3] = ["", "Ok", "Degraded"];

fn show(phase: u64) -> String {
    format!("&\"{}\"", PHASES[phase as usize])
}

struct Phase<B: Backend> {
    pointer: Word<B>,
    length: Word<B>,
}

/// `string-header`: pointer and length are set and read by plain accesses.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let phase = Arc::new(Phase {
        pointer: process.word_shown("phase.pointer", 0, show),
        length: process.word("phase.length", 0),
    });
    for (name, text) in [("first", 1), ("second", 2)] {
        process.go(name, &phase, move |me, phase| {
            phase.pointer.set(me, text);
            phase.length.set(me, PHASES[text as usize].len() as u64);
        });
    }
    process.after(&phase, |me, phase| {
        let text = PHASES[phase.pointer.get(me) as usize];
        let length = phase.length.get(me);
        if text.len() as u64 != length {
            me.wrong(format!(
                "a string that no goroutine set: the pointer of {text:?}, length {length}"
            ));
        }
    });
}

/// `string-pointer`: one atomic pointer to a string that never changes.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let phase: Arc<Word<B>> = Arc::new(process.word_shown("phase", 0, show));
    for (name, text) in [("first", 1), ("second", 2)] {
        process.go(name, &phase, move |me, phase| phase.store(me, text));
    }
    process.after(&phase, |me, phase| {
        if phase.load(me) == 0 {
            me.wrong("both goroutines set a phase, and there is none");
        }
    });
}
