//! What a simulation found, and the assertions of a test.
//!
//! Next to read: `shown.rs`, how it is printed; `history.rs`.

use std::time::Duration;

use super::drive::Ran;
use super::history::{self, Found};
use super::reported::Origin;
use crate::parking::Teller;
use crate::schedulers::rerun::{End, Key, Move, Spelling};
use crate::schedulers::{Bound, Count};

/// What was found.
#[derive(Debug)]
pub struct Checked {
    pub(super) workers: Vec<String>,
    pub(super) spelling: Spelling,
    pub(super) outcome: Outcome,
    pub(super) origin: Origin,
    /// How long it took. Never printed.
    pub(super) time: Duration,
}

/// How it went.
#[derive(Debug)]
pub enum Outcome {
    /// Orders were run, and each judged.
    Explored(Box<Explored>),
    /// One order was run.
    Replayed(Box<Run>),
    /// The code under test did what no exploration can go on from: it panicked, or kept the thread.
    Failed {
        /// What, and what to do.
        words: String,
        /// The schedule until then.
        moves: Vec<Move>,
    },
    /// The same schedule led to different states.
    Unsteady {
        /// Where they differ, and the mask to paste.
        words: String,
        /// The schedule.
        moves: Vec<Move>,
    },
}

/// What some orders, or all, have shown.
#[derive(Debug, Default)]
pub struct Explored {
    /// Distinct states, where they are kept.
    pub states: Option<u64>,
    /// Moves between them.
    pub transitions: Option<u64>,
    /// How often the code was run.
    pub executions: u64,
    /// Moves in all of these.
    pub steps: u64,
    /// Transitions that follow from others, so that they did not have to be run.
    pub inferred: u64,
    /// Schedules in all, if every one was covered.
    pub schedules: Option<Count>,
    /// Schedules at the end of which a write is lost.
    pub losing: Option<Count>,
    /// Schedules in which a write was lost and repaired, and none is lost at the end.
    pub repairing: Option<Count>,
    /// Different ends (or runs) that were seen with a loss at the end.
    pub seen_lost: u64,
    /// The same with nothing but repaired ones.
    pub seen_repaired: u64,
    /// What stopped it, if something did.
    pub bound: Option<Bound>,
    /// The shortest losing schedule.
    pub lost: Option<Run>,
    /// The shortest schedule with a loss that was repaired.
    pub repaired: Option<Run>,
    /// The invariants of the simulation, in their order.
    pub broken: Vec<Broken>,
}

/// An invariant, and in which schedules it is broken.
#[derive(Debug)]
pub struct Broken {
    /// Its name.
    pub name: &'static str,
    /// In how many schedules, if every one was covered.
    pub schedules: Option<Count>,
    /// Different ends (or runs) in which it was seen to be broken.
    pub seen: u64,
    /// The shortest such schedule.
    pub run: Option<Run>,
}

/// One schedule, and what happened in it.
#[derive(Debug)]
pub struct Run {
    pub(super) moves: Vec<Move>,
    pub(super) keys: Vec<Key>,
    pub(super) left_at: Option<usize>,
    pub(super) found: Option<Found>,
    pub(super) ran: Ran,
}

impl Default for Run {
    fn default() -> Self {
        let ran = Ran { end: End::Stopped, history: Default::default(), broken: Vec::new() };
        Run { moves: Vec::new(), keys: Vec::new(), left_at: None, found: None, ran }
    }
}

impl Run {
    /// Losses at its end, and losses that were repaired; `None` if it did not come to an end.
    pub fn losses(&self) -> Option<(usize, usize)> {
        self.found.as_ref().map(|found| (found.lost, found.repaired))
    }

    /// The invariants that it breaks, by their place in the list.
    pub fn broken(&self) -> Vec<usize> {
        self.found.as_ref().map(|found| found.broken.clone()).unwrap_or_default()
    }

    /// A scenario that models the workers, each with its first write.
    pub fn to_scenario(&self, name: &str) -> Option<String> {
        let judged = history::losses(&self.ran);
        Teller::new(&self.ran.history, &judged).scenario(name)
    }
}

impl Explored {
    /// Whether no write is lost in any schedule, not even for a while, and every invariant holds.
    pub fn is_safe(&self) -> bool {
        self.is_complete() && self.seen_lost + self.seen_repaired == 0 && self.keeps_invariants()
    }

    fn keeps_invariants(&self) -> bool {
        self.broken.iter().all(|own| own.seen == 0)
    }

    /// The schedules that are shown: one with a loss, and one for each invariant that is broken.
    pub(super) fn runs(&self) -> impl Iterator<Item = &Run> {
        let loss = self.lost.as_ref().or(self.repaired.as_ref());
        loss.into_iter().chain(self.broken.iter().filter_map(|own| own.run.as_ref()))
    }

    /// Whether every schedule was covered.
    pub fn is_complete(&self) -> bool {
        self.bound.is_none() && self.schedules.is_some()
    }
}

impl Checked {
    pub(super) fn new(workers: Vec<String>, spelling: Spelling, outcome: Outcome) -> Checked {
        let (origin, time) = (Origin::default(), Duration::ZERO);
        Checked { workers, spelling, outcome, origin, time }
    }

    pub(super) fn failed(workers: Vec<String>, words: String) -> Checked {
        let spelling = Spelling::new(&workers, 0);
        Checked::new(workers, spelling, Outcome::Failed { words, moves: Vec::new() })
    }

    /// How it went.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// What the orders have shown, if they could be run.
    pub fn explored(&self) -> Option<&Explored> {
        match &self.outcome {
            Outcome::Explored(explored) => Some(explored),
            _ => None,
        }
    }

    /// The schedule that shows a loss, as text for [`replay`](super::Simulation::replay): one that
    /// stays if there is one, or one that is repaired; without either, one that breaks an
    /// invariant.
    pub fn schedule(&self) -> Option<String> {
        let run = self.explored()?.runs().next()?;
        Some(self.spelling.text(&run.moves))
    }

    /// A scenario that models the losing schedule's workers, each with its first write.
    pub fn to_scenario(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Explored(found) => {
                found.lost.as_ref().or(found.repaired.as_ref())?.to_scenario("from-a-run")
            }
            Outcome::Replayed(run) => run.to_scenario("from-a-run"),
            _ => None,
        }
    }

    /// How long it took.
    pub fn time(&self) -> Duration {
        self.time
    }

    /// In every schedule, no write of any worker is lost, not even for a while, and every
    /// [invariant](super::Simulation::invariants) holds.
    ///
    /// # Panics
    /// If one is, with the drawing, the replay, and what makes it a regression test; if not
    /// everything could be covered; if the code cannot be run.
    #[track_caller]
    pub fn assert_safe(&self) {
        let safe = match &self.outcome {
            Outcome::Explored(found) => found.is_safe(),
            Outcome::Replayed(run) => run.losses() == Some((0, 0)) && run.broken().is_empty(),
            Outcome::Failed { .. } | Outcome::Unsteady { .. } => false,
        };
        assert!(safe, "{} is not safe\n\n{self}", self.workers.join(", "));
    }

    /// In every schedule, no write is lost any more when all is quiet; for a while it may be. Every
    /// invariant holds.
    ///
    /// # Panics
    /// As [`assert_safe`](Checked::assert_safe).
    #[track_caller]
    pub fn assert_converges_safe(&self) {
        let safe = match &self.outcome {
            Outcome::Explored(found) => {
                found.is_complete() && found.seen_lost == 0 && found.keeps_invariants()
            }
            Outcome::Replayed(run) => {
                run.losses().is_some_and(|(lost, _)| lost == 0) && run.broken().is_empty()
            }
            Outcome::Failed { .. } | Outcome::Unsteady { .. } => false,
        };
        assert!(safe, "{} does not converge safely\n\n{self}", self.workers.join(", "));
    }

    /// A write is lost in some schedule, be it for a while: the test that shows a bug before it is
    /// mended, and the regression test of a replay.
    ///
    /// # Panics
    /// If none is; if the code cannot be run.
    #[track_caller]
    pub fn assert_lost(&self) {
        let lost = match &self.outcome {
            Outcome::Explored(found) => found.seen_lost + found.seen_repaired > 0,
            Outcome::Replayed(run) => run.losses().is_some_and(|(lost, back)| lost + back > 0),
            Outcome::Failed { .. } | Outcome::Unsteady { .. } => false,
        };
        assert!(lost, "{} lose nothing\n\n{self}", self.workers.join(", "));
    }

    /// Some schedule breaks this invariant: the test that shows it before the code is mended.
    ///
    /// # Panics
    /// If none does, if there is no such invariant, or if the code cannot be run.
    #[track_caller]
    pub fn assert_breaks(&self, invariant: &str) {
        let names = self.origin.invariants();
        let place = names.iter().position(|name| *name == invariant);
        let breaks = |place: usize| match &self.outcome {
            Outcome::Explored(found) => found.broken.get(place).is_some_and(|own| own.seen > 0),
            Outcome::Replayed(run) => run.broken().contains(&place),
            Outcome::Failed { .. } | Outcome::Unsteady { .. } => false,
        };
        let known = || format!("the invariants are: {}", names.join(", "));
        assert!(place.is_some(), "no invariant is called {invariant}; {}", known());
        assert!(place.is_some_and(breaks), "no schedule breaks {invariant}\n\n{self}");
    }
}
