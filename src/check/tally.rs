//! What single runs have shown so far: of how many, which properties they decided, and the first
//! schedule of each.
//!
//! Next to read: `sample.rs` and `timed.rs`, which make the runs.

use super::coverage::Seen;
use super::options::{DEFAULT_RUNS, Options, Progress};
use super::prepared::Prepared;
use super::shorten::Shortener;
use super::verdict::{Costs, Exploration, PropertyResult, Verdict};
use crate::schedulers::{Bound, Count, Run};
use crate::simulation::{Choice, World};

/// How many runs are made between two pulses.
const PULSE: u64 = 64;

/// Makes one run of a world, showing it after each step; `None` if there is none to make any more.
pub(super) type Make<'m> = &'m mut dyn FnMut(&mut World, &mut dyn FnMut(&World)) -> Option<Run>;

/// What the runs so far have shown.
pub(super) struct Tally<'p> {
    prepared: &'p Prepared,
    pub(super) runs: u64,
    /// The first schedule that decided each observer, and in how many runs it was decided.
    first: Vec<Option<Vec<Choice>>>,
    pub(super) decided: Vec<u64>,
    max_attempts: u32,
    /// What the runs have covered, if that is asked for: it takes as long as the runs themselves.
    seen: Option<Seen>,
}

impl<'p> Tally<'p> {
    pub(super) fn new(prepared: &'p Prepared) -> Self {
        let observers = prepared.observed.len();
        let (first, decided) = (vec![None; observers], vec![0; observers]);
        Tally { prepared, runs: 0, first, decided, max_attempts: 0, seen: None }
    }

    /// That also says what the runs have covered.
    pub(super) fn with_coverage(self) -> Self {
        Tally { seen: Some(Seen::default()), ..self }
    }

    /// Lets runs be made until there are enough of them, or nothing new can come of them, or the
    /// pulse says so.
    pub(super) fn runs(&mut self, options: &Options, settle: bool, make: Make<'_>) -> Bound {
        let most = options.runs.unwrap_or(DEFAULT_RUNS);
        while self.runs < most {
            let mut world = self.prepared.world.clone();
            let mut see = |world: &World| self.seen.iter_mut().for_each(|seen| seen.state(world));
            see(&world);
            let Some(run) = make(&mut world, &mut see) else { break };
            self.add(&world, &run);
            if settle && self.is_settled() {
                break;
            }
            let progress = Progress { done: self.runs, of: Some(most), ..Progress::default() };
            let pulse = options.pulse.as_ref().filter(|_| self.runs.is_multiple_of(PULSE));
            if let Some(bound) = pulse.and_then(|pulse| pulse(progress)) {
                return bound;
            }
        }
        Bound::Runs(most)
    }

    fn add(&mut self, world: &World, run: &Run) {
        self.runs += 1;
        self.seen.iter_mut().for_each(|seen| seen.schedule(&run.choices));
        let attempts = run.events.iter().filter(|event| event.is_write());
        let attempts = attempts.map(|event| event.mark.attempts).max().unwrap_or(0);
        self.max_attempts = self.max_attempts.max(attempts);
        if !run.finished {
            return;
        }
        for (observer, decided) in world.judge().into_iter().enumerate() {
            self.decided[observer] += u64::from(decided);
            if decided && self.first[observer].is_none() {
                self.first[observer] = Some(run.choices.clone());
            }
        }
    }

    /// A judged property is violated: the rest would only be more of the same.
    pub(super) fn is_settled(&self) -> bool {
        let observed = self.prepared.observed.iter().enumerate().take(self.prepared.judged);
        observed.filter(|(_, entry)| !entry.sometimes).any(|(i, _)| self.first[i].is_some())
    }

    pub(super) fn exploration(&self, scheduler: &'static str, stopped_by: Bound) -> Exploration {
        Exploration {
            scheduler,
            complete: false,
            stopped_by: Some(stopped_by),
            states: None,
            transitions: None,
            schedules: None,
            cyclic: false,
            executions: Some(self.runs),
            seed: None,
            coverage: self.seen.as_ref().map(Seen::coverage),
            guarantee: None,
            timed: None,
            work: None,
        }
    }

    pub(super) fn costs(&self) -> Costs {
        Costs { max_attempts: self.max_attempts, ..Costs::default() }
    }

    pub(super) fn properties(self, shortener: &mut Shortener<'_>) -> Vec<PropertyResult> {
        let observed = self.prepared.observed.iter().enumerate();
        let result = observed.map(|(index, entry)| {
            let verdict = match (entry.sometimes, &self.first[index]) {
                (false, Some(_)) => Verdict::Violated,
                (true, Some(_)) => Verdict::Holds,
                (_, None) => Verdict::Unknown,
            };
            let first = self.first[index].as_ref().filter(|_| !entry.sometimes);
            let witness = first.and_then(|choices| shortener.witness(index, choices));
            let judged = index < self.prepared.judged;
            let schedules = Some(Count::from(self.decided[index]));
            let (name, exact, odds) = (entry.name, None, None);
            PropertyResult { name, verdict, judged, schedules, exact, odds, witness }
        });
        result.collect()
    }
}
