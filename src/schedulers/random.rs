//! A random walk from a seed: at each step, each choice is equally likely.
//!
//! Schedules are *not* equally likely under it: a step taken where few may move weighs more.
//! Next to read: `pct.rs`, then `timed/mod.rs`.

use super::Scheduler;
use crate::rng::Rng;
use crate::simulation::Choice;

/// A random walk.
#[derive(Clone, Debug)]
pub struct Random {
    seed: u64,
    run: u64,
    rng: Rng,
}

impl Random {
    /// The walks that this seed names.
    pub fn new(seed: u64) -> Self {
        Random { seed, run: 0, rng: Rng::new(seed) }
    }
}

impl Scheduler for Random {
    fn begin(&mut self) -> bool {
        self.rng = Rng::for_run(self.seed, self.run);
        self.run += 1;
        true
    }

    fn choose(&mut self, choices: &[Choice]) -> Option<usize> {
        Some(self.rng.below(choices.len()))
    }
}
