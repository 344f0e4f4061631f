//! Probabilistic concurrency testing: random priorities that change at a few random steps.
//!
//! Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler with probabilistic
//! guarantees of finding bugs" (ASPLOS 2010): with `n` threads, `k` steps and a bug of depth `d`,
//! one run finds it with probability at least `1/(n * k^(d-1))`. Each worker gets a random
//! priority; the highest that may move, moves; at `d - 1` random steps the one that moves drops
//! below all others. Here "threads" are whatever may be chosen (workers, caches, faults), each with
//! a priority from its first appearance, and `k` is the longest run seen so far, so the bound holds
//! from the run on in which `k` has been reached. Next to read: `schedule.rs`.

use std::collections::BTreeMap;

use super::Scheduler;
use crate::rng::Rng;
use crate::simulation::Choice;

/// PCT.
#[derive(Clone, Debug)]
pub struct Pct {
    seed: u64,
    depth: u32,
    run: u64,
    rng: Rng,
    /// Higher moves first; changed ones are negative.
    priorities: BTreeMap<Choice, i64>,
    /// The steps at which the mover's priority drops.
    change_at: Vec<usize>,
    step: usize,
    longest: usize,
    /// The most who ever had a priority in one run.
    movers: usize,
}

/// What each run of PCT finds at least: with `movers` who may move and no run longer than `steps`,
/// a violation of depth `depth` with a probability of 1/(movers x steps^(depth - 1)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarantee {
    /// `n`: the most who may have moved in one run.
    pub movers: u64,
    /// `k`: the steps of the longest run.
    pub steps: u64,
    /// `d`: the ordering constraints that the violation needs.
    pub depth: u32,
}

impl Guarantee {
    /// The inverse of the probability.
    pub fn one_in(&self) -> f64 {
        let steps = (1..self.depth).map(|_| self.steps as f64);
        steps.fold(self.movers as f64, |product, steps| product * steps)
    }
}

impl Pct {
    /// The runs that this seed names, for bugs of this depth.
    pub fn new(seed: u64, depth: u32) -> Self {
        let rng = Rng::new(seed);
        let (priorities, change_at) = (BTreeMap::new(), Vec::new());
        Pct { seed, depth, run: 0, rng, priorities, change_at, step: 0, longest: 0, movers: 0 }
    }
}

impl Scheduler for Pct {
    fn begin(&mut self) -> bool {
        self.longest = self.longest.max(self.step);
        self.rng = Rng::for_run(self.seed, self.run);
        self.run += 1;
        self.step = 0;
        self.priorities.clear();
        let steps = self.longest.max(2);
        self.change_at = (1..self.depth).map(|_| self.rng.below(steps)).collect();
        true
    }

    fn choose(&mut self, choices: &[Choice]) -> Option<usize> {
        for choice in choices {
            let random = (self.rng.next() >> 2) as i64;
            self.priorities.entry(*choice).or_insert(random);
        }
        let highest = |priorities: &BTreeMap<Choice, i64>| {
            (0..choices.len()).max_by_key(|&index| priorities[&choices[index]])
        };
        let mut chosen = highest(&self.priorities)?;
        for change in (0..self.change_at.len()).filter(|&i| self.change_at[i] == self.step) {
            self.priorities.insert(choices[chosen], -1 - change as i64);
            chosen = highest(&self.priorities)?;
        }
        self.step += 1;
        self.movers = self.movers.max(self.priorities.len());
        Some(chosen)
    }

    fn guarantee(&self) -> Option<Guarantee> {
        let steps = self.longest.max(self.step).max(1) as u64;
        Some(Guarantee { movers: self.movers.max(1) as u64, steps, depth: self.depth.max(1) })
    }
}
