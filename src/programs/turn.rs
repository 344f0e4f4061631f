//! What an execution of programs keeps to itself, also where the programs live on.
//!
//! Next to read: `execute.rs`.

use std::time::{Duration, Instant};

use super::differences::State;
use super::quiet::{Calm, Learnt};

/// What is of one execution. The next one has another.
pub(super) struct Turn {
    pub calm: Calm,
    /// How many requests each program has made.
    pub requests: Vec<u64>,
    /// When each has last asked, was answered or was told something.
    pub given: Vec<Instant>,
    /// How long programs were waited for after their moves, in all.
    pub patient: Duration,
    pub begin: Instant,
    pub interrupted: bool,
    pub slow: bool,
    /// The states that were passed.
    pub states: Vec<State>,
}

impl Turn {
    pub fn new(programs: usize, learnt: Learnt) -> Turn {
        Turn {
            calm: Calm::new(learnt),
            requests: vec![0; programs],
            given: vec![Instant::now(); programs],
            patient: Duration::ZERO,
            begin: Instant::now(),
            interrupted: false,
            slow: false,
            states: Vec::new(),
        }
    }
}
