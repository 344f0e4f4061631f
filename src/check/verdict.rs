//! What a check found about one property or one schedule, as plain data.
//!
//! Next to read: `result.rs`, which has all of a check.

use std::sync::Arc;
use std::time::Duration;

use super::timed_runs::TimedRuns;
use crate::apiserver::FieldPath;
use crate::history::{Finding, LossClass};
use crate::scenario::Scenario;
use crate::schedulers::exhaustive::Odds;
use crate::schedulers::{Bound, Count, Guarantee, Schedule};
use crate::trace::Trace;

/// Holds, violated, or not known: a bounded search that found nothing is `Unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// In every schedule.
    Holds,
    /// In at least one schedule it does not hold; there is a witness.
    Violated,
    /// Nothing was found in what was explored, and not everything was.
    Unknown,
}

impl Verdict {
    /// Of a property that should always hold, or `sometimes`: whether a schedule decided it, and
    /// whether all schedules were covered.
    pub(super) fn of(sometimes: bool, decided: bool, covered: bool) -> Verdict {
        match (decided, covered) {
            (true, _) if sometimes => Verdict::Holds,
            (true, _) => Verdict::Violated,
            (false, false) => Verdict::Unknown,
            (false, true) if sometimes => Verdict::Violated,
            (false, true) => Verdict::Holds,
        }
    }

    /// As the JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Unknown => "unknown",
        }
    }
}

/// One step of the witness that a report points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// The worker's name.
    pub worker: String,
    /// The step, from 1.
    pub step: usize,
}

/// The losing schedule and its three steps.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The losing schedule; `length` says how it compares with others.
    pub schedule: Schedule,
    /// What happened under it.
    pub trace: Trace,
    /// How the write was lost.
    pub class: LossClass,
    /// The acknowledged write that is gone (for `converges`: the intent that was dropped).
    pub victim: Pointer,
    /// The field of the victim's intent that is gone.
    pub field: String,
    /// The read that was out of date.
    pub stale_read: Option<Pointer>,
    /// The write that took the field away.
    pub culprit: Option<Pointer>,
    /// What the judge found, its writes told as steps from 0: the leaf, how it was to be, and the
    /// leaf that was read for it. Of `no-lost-write` only.
    pub finding: Option<Finding>,
    /// How short its schedule is, as far as that is known.
    pub length: Length,
}

/// How short a witness's schedule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// No schedule that violates the property is shorter.
    Shortest,
    /// A local minimum: found with this many steps; no single move made it shorter.
    ShortenedFrom(usize),
    /// Nothing is known about that: it was given, or found so.
    AsFound,
}

/// What was found about one property.
#[derive(Clone, Debug)]
pub struct PropertyResult {
    /// Its name.
    pub name: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the scenario asked for it; otherwise it is only told as a note.
    pub judged: bool,
    /// In how many schedules it is violated; for `raced`, in how many the runs overlapped.
    pub schedules: Option<Count>,
    /// For real threads, which show how rarely a test meets what is there: in how many schedules
    /// it is violated (met), and of how many, as the exhaustive search counts them.
    pub exact: Option<(Count, Count)>,
    /// How likely a scheduler that picks at random at each step is to violate (meet) it: exact,
    /// where the exhaustive search covered everything and something does.
    pub odds: Option<Odds>,
    /// The witness of a violation.
    pub witness: Option<Witness>,
}

/// How the schedules were explored.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// The scheduler's name.
    pub scheduler: &'static str,
    /// Whether every schedule was covered.
    pub complete: bool,
    /// What stopped it, if it is not complete.
    pub stopped_by: Option<Bound>,
    /// Distinct states, where states are kept.
    pub states: Option<u64>,
    /// Transitions between them.
    pub transitions: Option<u64>,
    /// Schedules in all; `None` where they cannot be known.
    pub schedules: Option<Count>,
    /// Whether the state graph has a cycle, so that schedules without end exist; the counts are
    /// then of schedules up to `Bound::Steps`.
    pub cyclic: bool,
    /// Executions, for schedulers that run schedules one by one.
    pub executions: Option<u64>,
    /// The seed, if anything was random.
    pub seed: Option<u64>,
    /// What a sample has covered.
    pub coverage: Option<Coverage>,
    /// What each run of a sample finds at least, where that is known.
    pub guarantee: Option<Guarantee>,
    /// What runs in simulated time showed.
    pub timed: Option<Arc<TimedRuns>>,
    /// What an exhaustive search had to do.
    pub work: Option<SearchWork>,
}

/// What a sample has covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Distinct states reached.
    pub states: u64,
    /// Distinct schedules run.
    pub schedules: u64,
}

/// What an exhaustive search had to do.
#[derive(Clone, Debug)]
pub struct SearchWork {
    /// Steps whose effect was looked up.
    pub looked_up: u64,
    /// Steps that the real server, cache or memory performed.
    pub computed: u64,
    /// Bytes that states and transitions took.
    pub bytes: u64,
    /// The workers that were explored up to permutation, by index, class by class.
    pub symmetric: Vec<Vec<usize>>,
    /// Threads it was allowed.
    pub threads: usize,
    /// How long the search took, if the caller gave a clock. Never printed to stdout.
    pub time: Option<Duration>,
    /// How long the passes over its graph took: counts, odds, shortest schedules.
    pub afterwards: Option<Duration>,
}

/// What optimistic locking cost, and what else is counted beside the verdicts.
#[derive(Clone, Debug, Default)]
pub struct Costs {
    /// Schedules with at least one conflict.
    pub with_conflict: Option<Count>,
    /// API calls of all schedules together; divided by the schedules, the mean.
    pub calls: Option<Count>,
    /// The most API calls in one schedule.
    pub most_calls: Option<u64>,
    /// The most write attempts in one reconcile.
    pub max_attempts: u32,
    /// Schedules in which an acknowledged write is gone for a while and comes back, before anything
    /// is lost for good.
    pub repaired: Option<Count>,
    /// Schedules in which a run finds nothing to do (`when`).
    pub skipped: Option<Count>,
}

/// What became of `expect`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Everything expected is so.
    Met,
    /// Something is otherwise.
    Unmet,
    /// The scenario states none.
    None,
    /// It could not be decided within the bounds.
    Undecided,
}

/// How another write method does on the same scenario.
#[derive(Clone, Debug)]
pub struct Advice {
    /// Its name.
    pub write: &'static str,
    /// `no-lost-write` under it.
    pub verdict: Verdict,
    /// In how many schedules it loses, of how many.
    pub losing: Option<Count>,
    /// Schedules in all.
    pub schedules: Option<Count>,
    /// Whether a worker gives up in some schedule: it loses nothing, but does not converge.
    pub gives_up: bool,
    /// Why it does not apply to this kind of object (a 4xx in every schedule), if it does not.
    pub refused: Option<String>,
}

/// One schedule, run again.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// The schedule.
    pub schedule: Schedule,
    /// What happened.
    pub trace: Trace,
    /// The properties it was judged by, whether each is decided (violated; for `raced`: met), and
    /// the witness of a violation.
    pub judged: Vec<(&'static str, bool, Option<Witness>)>,
}

/// A list without a list type, and what apply does once it has one.
#[derive(Clone, Debug)]
pub struct ListTyped {
    /// The list.
    pub list: FieldPath,
    /// The key that tells its entries apart.
    pub key: String,
    /// `no-lost-write` of the same scenario, all workers applying, with the list type.
    pub verdict: Verdict,
    /// In how many schedules it loses.
    pub losing: Option<Count>,
    /// Schedules in all.
    pub schedules: Option<Count>,
}

/// What one exploration found.
pub(super) type Outcome = (Exploration, Vec<PropertyResult>, Costs);
