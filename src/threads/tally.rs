//! What the executions of an engine add up to: how many, how many of them lose, the clearest losing
//! schedule, and the distinct schedules among them.
//!
//! Engines run some schedules more than once, so executions are not schedules; the distinct ones
//! are counted here, and when an exhaustive engine is through, these counts are exact. The tally
//! is written under the world's lock and through standard primitives, so no engine sees it.
//! Of several losing schedules the one with the fewest steps is kept, then the one with the fewest
//! switches between actors, then the smallest: it does not depend on which came first.
//! Next to read: `engine.rs`.

use super::play::{Cost, Ended};
use crate::simulation::{Choice, Ending};
use std::collections::BTreeMap;

/// Distinct schedules that are remembered at most.
const DISTINCT_MAX: usize = 500_000;

/// Executions that an observer decided (for a property: that violate it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Losing {
    /// How many.
    pub executions: u64,
    /// The number of the first of them, from 1.
    pub first: Option<u64>,
    /// The clearest of their schedules.
    pub schedule: Option<Vec<Choice>>,
}

/// What one schedule came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What each observer decided.
    pub decided: Vec<bool>,
    /// What it cost.
    pub cost: Cost,
    /// What was left, if that was to be kept.
    pub ending: Option<Ending>,
}

/// What all executions add up to.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Executions that ended.
    pub executions: u64,
    /// Of these, the ones that had too many steps.
    pub unfinished: u64,
    /// For each observer of the world, by index.
    pub losing: Vec<Losing>,
    /// The most write attempts in one reconcile.
    pub attempts: u32,
    /// Every distinct schedule; `None` if they are too many to remember.
    pub schedules: Option<BTreeMap<Schedule, Outcome>>,
}

/// The steps of a schedule: each worker's index, then the caches' from there on.
pub type Schedule = Box<[u32]>;

impl Tally {
    pub(super) fn new(observers: usize) -> Tally {
        Tally {
            executions: 0,
            unfinished: 0,
            losing: vec![Losing::default(); observers],
            attempts: 0,
            schedules: Some(BTreeMap::new()),
        }
    }

    pub(super) fn count(&mut self, ended: &Ended<'_>, keep: bool) {
        self.executions += 1;
        self.attempts = self.attempts.max(ended.cost.attempts);
        if !ended.finished {
            self.unfinished += 1;
            return;
        }
        let decided = ended.world.judge();
        for (losing, _) in self.losing.iter_mut().zip(&decided).filter(|(_, decided)| **decided) {
            losing.executions += 1;
            losing.first.get_or_insert(self.executions);
            let best = losing.schedule.as_deref();
            if best.is_none_or(|best| clearness(ended.choices) < clearness(best)) {
                losing.schedule = Some(ended.choices.to_vec());
            }
        }
        if let Some(schedules) = &mut self.schedules {
            schedules.entry(packed(ended)).or_insert_with(|| Outcome {
                decided,
                cost: ended.cost,
                ending: keep.then(|| ended.world.ending()),
            });
            if schedules.len() > DISTINCT_MAX {
                self.schedules = None;
            }
        }
    }
}

fn clearness(choices: &[Choice]) -> (usize, usize, &[Choice]) {
    let switches = choices.windows(2).filter(|pair| pair[0] != pair[1]).count();
    (choices.len(), switches, choices)
}

fn packed(ended: &Ended<'_>) -> Schedule {
    let workers = ended.world.workers.len();
    let index = |choice: &Choice| match *choice {
        Choice::Worker(worker) => worker as u32,
        Choice::Deliver(cache) => (workers + cache) as u32,
        Choice::Fault(_) => u32::MAX,
    };
    ended.choices.iter().map(index).collect()
}
