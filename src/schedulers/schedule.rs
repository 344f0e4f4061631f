//! A schedule: the choices made, and their text form `1.7c1e.huhu`.
//!
//! Format version, the first four hex digits of the scenario's fingerprint, then one letter per
//! step: the worker's letter; `~h` for a delivery to the cache of h's process; `!` prefixes a
//! fault (`!lh` the response to h is lost, `!ch` h's process crashes, `!wh` the watch of its cache
//! breaks, `!r` the object is recreated); `h12` repeats `h` twelve times. Bare letters are
//! accepted, with spaces. Next to read: `simulation/choice.rs`.

use std::sync::Arc;

use crate::simulation::Choice;

/// The version of the text form.
pub const FORMAT: u32 = 1;

/// The choices of one run, with the letters to print them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The scenario's fingerprint (four hex digits); `None` for bare letters.
    pub fingerprint: Option<String>,
    /// The choices.
    pub choices: Vec<Choice>,
    /// How each kind of choice is spelled.
    pub letters: Arc<Letters>,
}

/// The letters of a scenario's workers, and the caches and processes they name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letters {
    /// One letter per worker.
    pub workers: Vec<char>,
    /// The cache of each worker's process, if it has one.
    pub cache_of: Vec<Option<usize>>,
    /// The process of each worker.
    pub process_of: Vec<usize>,
}
