//! Replay: the choices of a schedule, one by one, or the exact step where it no longer fits.
//!
//! Next to read: `schedule.rs`.

use super::Scheduler;
use crate::simulation::Choice;

/// Follows a schedule.
#[derive(Clone, Debug)]
pub struct Replay {
    choices: Vec<Choice>,
    at: usize,
    begun: bool,
    misfit: Option<Misfit>,
}

/// Where a schedule does not fit the scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The step, from 0.
    pub step: usize,
    /// What the schedule wants.
    pub wanted: Option<Choice>,
    /// What is possible.
    pub possible: Vec<Choice>,
}

impl Replay {
    /// Follows these choices.
    pub fn new(choices: Vec<Choice>) -> Self {
        Replay { choices, at: 0, begun: false, misfit: None }
    }

    /// Where it did not fit, if it did not. `finished` says whether the run came to its end.
    pub fn misfit(self, finished: bool) -> Option<Misfit> {
        let too_long = finished && self.at < self.choices.len();
        let rest = || Misfit {
            step: self.at,
            wanted: self.choices.get(self.at).copied(),
            possible: Vec::new(),
        };
        self.misfit.clone().or_else(|| too_long.then(rest))
    }
}

impl Scheduler for Replay {
    fn begin(&mut self) -> bool {
        !std::mem::replace(&mut self.begun, true)
    }

    fn choose(&mut self, choices: &[Choice]) -> Option<usize> {
        let wanted = self.choices.get(self.at).copied();
        let found = wanted.and_then(|wanted| choices.iter().position(|choice| *choice == wanted));
        match found {
            Some(_) => self.at += 1,
            None => {
                self.misfit = Some(Misfit { step: self.at, wanted, possible: choices.to_vec() });
            }
        }
        found
    }
}
