//! The in-process half of the story: a status object that several goroutines get and set.
//!
//! Before a write is lost at the API server it can be lost in memory: torn between two fields,
//! overwritten by a neighbour that read before it, seen before it is there. Each file of this
//! folder is one small model of a Go construct, most of them as a pair, one twin broken and one
//! corrected, and loom runs each under the C11 memory model, in every order and with every value
//! that a read may return. [`models`] is the table; `lostwrite memory` lists and runs it.
//!
//! Left out: what loom leaves out (see `../threads/loom.rs`), and Go's garbage collector and
//! channels. Next to read: `process.rs` (what a model is written against), `get_then_set.rs`.

mod args_buffer;
mod explore;
mod get_then_set;
mod getter;
mod informer;
mod invariant;
mod lazy_cache;
mod map;
mod mixed_access;
pub mod process;
mod read_lock;
mod shallow_copy;
mod slice_header;
mod snapshot_read;
mod snapshot_replace;
mod string_header;
mod tape;
mod two_fields;
mod word;

pub use crate::threads::Limits;
use crate::threads::loom::Loom;
pub use explore::{Anomaly, MemoryVerdict};
use process::Process;
use serde::Serialize;
pub use tape::{MemoryEvent, Touch};

/// What a model is there to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Expected {
    /// At least one execution goes wrong.
    Breaks,
    /// No execution goes wrong, and all of them were run.
    Holds,
}

/// One model of a status object in memory.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// What `lostwrite memory NAME` calls it.
    pub name: &'static str,
    /// The Go construct that it stands for.
    pub go: &'static str,
    /// What goes wrong, or why nothing does, in one sentence.
    pub sentence: &'static str,
    /// What loom is expected to say.
    pub expected: Expected,
    program: Program,
}

/// The same program for each engine that runs models.
#[derive(Debug, Clone, Copy)]
struct Program {
    loom: fn(&mut Process<Loom>),
    #[cfg(feature = "shuttle")]
    shuttle: fn(&mut Process<crate::threads::shuttle::Shuttle>),
}

macro_rules! program {
    ($path:path) => {
        Program {
            loom: $path,
            #[cfg(feature = "shuttle")]
            shuttle: $path,
        }
    };
}

/// All models; a corrected twin follows the broken one.
#[must_use]
pub fn models() -> &'static [Model] {
    MODELS
}

/// The model of that name.
#[must_use]
pub fn model(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

const fn breaks(
    name: &'static str,
    go: &'static str,
    sentence: &'static str,
    program: Program,
) -> Model {
    Model { name, go, sentence, expected: Expected::Breaks, program }
}

const fn holds(
    name: &'static str,
    go: &'static str,
    sentence: &'static str,
    program: Program,
) -> Model {
    Model { name, go, sentence, expected: Expected::Holds, program }
}

const MODELS: &[Model] = &[
    breaks(
        "get-then-set",
        "GetStatus and SetStatus that each lock a sync.Mutex",
        "Set writes back what Get returned before the neighbour's Set, and its field is gone.",
        program!(get_then_set::broken),
    ),
    holds(
        "update-under-lock",
        "one method that holds the sync.Mutex from the read to the write",
        "No other thread comes between the read and the write.",
        program!(get_then_set::corrected),
    ),
    holds(
        "word",
        "a word-sized field, set and read without a lock",
        "A racing read of one word sees a value that was written; it is a race all the same.",
        program!(word::holds),
    ),
    breaks(
        "two-fields-plain",
        "a plain bool that announces another plain field",
        "The flag is seen, and the field that was set before it is not.",
        program!(two_fields::broken),
    ),
    holds(
        "two-fields-atomic",
        "an atomic.Bool that announces a plain field",
        "Who sees the flag sees what was written before it.",
        program!(two_fields::corrected),
    ),
    breaks(
        "string-header",
        "a string field (pointer and length), set without a lock",
        "The pointer of one string stays with the length of the other.",
        program!(string_header::broken),
    ),
    holds(
        "string-pointer",
        "an atomic.Pointer[string]",
        "One word decides which string it is.",
        program!(string_header::corrected),
    ),
    breaks(
        "slice-header",
        "a slice field (pointer, length, capacity), appended to without a lock",
        "Go leaves the order of the words of a slice unspecified: length before pointer overruns.",
        program!(slice_header::broken),
    ),
    holds(
        "slice-mutex",
        "a slice field behind a sync.Mutex",
        "Pointer and length change as one.",
        program!(slice_header::corrected),
    ),
    breaks(
        "mutex-per-field",
        "a sync.Mutex for each field",
        "Each field is guarded, and the sentence about both is not.",
        program!(invariant::broken),
    ),
    breaks(
        "atomic-per-field",
        "an atomic.Int64 for each field",
        "Each field is atomic, and the sentence about both is not.",
        program!(invariant::atomic),
    ),
    holds(
        "one-mutex",
        "one sync.Mutex for all fields",
        "Both fields change, and are read, as one.",
        program!(invariant::corrected),
    ),
    breaks(
        "atomic-and-plain",
        "atomic.AddInt64 here, a plain write under a sync.Mutex there",
        "The plain write undoes the addition that fell between its read and its write.",
        program!(mixed_access::broken),
    ),
    holds(
        "atomic-only",
        "atomic.AddInt64 everywhere",
        "An addition reads and writes in one indivisible step.",
        program!(mixed_access::corrected),
    ),
    breaks(
        "snapshot-plain-pointer",
        "a plain pointer to a fresh struct",
        "The pointer is seen before the struct that it points to is filled.",
        program!(snapshot_read::broken),
    ),
    holds(
        "snapshot-pointer",
        "an atomic.Pointer or atomic.Value to a fresh struct",
        "The pointer publishes what was written before it.",
        program!(snapshot_read::corrected),
    ),
    breaks(
        "snapshot-store",
        "atomic.Pointer: Load, copy, change, Store",
        "Store does not ask what it replaces, and the neighbour's snapshot is gone.",
        program!(snapshot_replace::broken),
    ),
    holds(
        "snapshot-swap",
        "atomic.Pointer: Load, copy, change, CompareAndSwap in a loop",
        "The swap refuses a stale base, as the API server does with a resourceVersion.",
        program!(snapshot_replace::corrected),
    ),
    breaks(
        "getter-pointer",
        "a locking getter that returns a pointer to the field",
        "The lock guards the copying of the pointer; what it points to is read without it.",
        program!(getter::broken),
    ),
    holds(
        "getter-copy",
        "a locking getter that returns a copy",
        "The copy is made while the lock is held.",
        program!(getter::corrected),
    ),
    breaks(
        "lazy-flag",
        "a cache that is started behind a plain bool",
        "Both start it, or one sees the flag before the items.",
        program!(lazy_cache::broken),
    ),
    holds(
        "lazy-once",
        "a cache that is started by sync.Once",
        "The flag is set after the items, and only one goroutine sets it.",
        program!(lazy_cache::corrected),
    ),
    breaks(
        "args-shared",
        "reflect.Value.Call with one argument slice for all callers",
        "Both calls are made with what the second caller put into the slice.",
        program!(args_buffer::broken),
    ),
    holds(
        "args-per-call",
        "reflect.Value.Call with an argument slice for each call",
        "No other thread knows the slice.",
        program!(args_buffer::corrected),
    ),
    breaks(
        "informer-in-place",
        "an object from a lister, changed in place",
        "Every other reconciler reads a status that no API server ever stored.",
        program!(informer::broken),
    ),
    holds(
        "informer-deep-copy",
        "a DeepCopy of an object from a lister",
        "The change is made to memory that no other thread shares.",
        program!(informer::corrected),
    ),
    breaks(
        "shallow-copy",
        "a struct copied by assignment, its map changed through the copy",
        "Assignment copies the reference to the map: both structs have the same one.",
        program!(shallow_copy::broken),
    ),
    holds(
        "deep-copy",
        "a struct copied by DeepCopy, its map changed through the copy",
        "The copy has a map of its own.",
        program!(shallow_copy::corrected),
    ),
    breaks(
        "map-plain",
        "a map that is written and read without a lock",
        "A map that is read while it is written ends the process, and often is not noticed.",
        program!(map::broken),
    ),
    holds(
        "map-mutex",
        "a map behind a sync.Mutex",
        "No goroutine reads the map while it is written.",
        program!(map::corrected),
    ),
    breaks(
        "rwmutex-rlock",
        "a write under sync.RWMutex.RLock",
        "RLock does not keep out another RLock: one of two increments is gone.",
        program!(read_lock::broken),
    ),
    holds(
        "rwmutex-lock",
        "the same write under sync.RWMutex.Lock",
        "Lock keeps out every other holder.",
        program!(read_lock::corrected),
    ),
];
