//! What the executions of an engine add up to: how many, how many of them lose, and the clearest
//! losing schedule.
//!
//! The tally is written under the world's lock and through standard primitives, so no engine sees
//! it. Of several losing schedules the one with the fewest steps is kept, then the one with the
//! fewest switches between actors, then the smallest: it does not depend on which came first.
//! Read next: `engine.rs`.

use super::play::Ended;
use crate::simulation::{Choice, Ending};
use std::collections::BTreeMap;

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

/// What all executions add up to.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Executions that ended.
    pub executions: u64,
    /// Of these, the ones that had too many steps.
    pub unfinished: u64,
    /// For each observer of the world, by index.
    pub losing: Vec<Losing>,
    /// Every distinct schedule with its ending and what each observer said, if asked for.
    pub schedules: BTreeMap<Vec<Choice>, (Ending, Vec<bool>)>,
}

impl Tally {
    pub(super) fn count(&mut self, ended: &Ended<'_>, keep: bool) {
        self.executions += 1;
        if !ended.finished {
            self.unfinished += 1;
            return;
        }
        let decided = ended.world.judge();
        self.losing.resize(decided.len(), Losing::default());
        for (losing, _) in self.losing.iter_mut().zip(&decided).filter(|(_, decided)| **decided) {
            losing.executions += 1;
            losing.first.get_or_insert(self.executions);
            let best = losing.schedule.as_deref();
            if best.is_none_or(|best| cost(ended.choices) < cost(best)) {
                losing.schedule = Some(ended.choices.to_vec());
            }
        }
        if keep {
            let judged = (ended.world.ending(), decided);
            self.schedules.entry(ended.choices.to_vec()).or_insert(judged);
        }
    }
}

fn cost(choices: &[Choice]) -> (usize, usize, &[Choice]) {
    let switches = choices.windows(2).filter(|pair| pair[0] != pair[1]).count();
    (choices.len(), switches, choices)
}
