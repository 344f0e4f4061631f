//! Sampling: many single runs under a scheduler that chooses by chance, by turns, or by time.
//!
//! The first run that violates a property becomes its witness, made short (`shorten.rs`). What no
//! run violates is `unknown`. Next to read: `schedulers/random.rs`, then `timed.rs`.

use super::coverage::Seen;
use super::explore::{Outcome, Prepared};
use super::shorten::Shortener;
use super::timed::timed;
use super::{
    Bound, Costs, DEFAULT_MAX_STEPS, DEFAULT_RUNS, Exploration, Options, Progress, PropertyResult,
    Verdict,
};
use crate::scenario::Diagnostic;
use crate::schedulers::{self, Count, Pct, Random, RoundRobin, Run, Scheduler, run_watched};
use crate::simulation::{Choice, World};

/// How many runs are made between two pulses.
const PULSE: u64 = 64;

pub(super) fn sampled(
    prepared: &Prepared,
    name: &str,
    options: &Options,
) -> Result<Outcome, Diagnostic> {
    let entry = schedulers::named(name).ok_or_else(|| unknown_scheduler(name))?;
    if name == "timed" {
        return timed(prepared, options);
    }
    let mut scheduler: Box<dyn Scheduler> = match name {
        "random" => Box::new(Random::new(options.seed)),
        "pct" => Box::new(Pct::new(options.seed, options.depth)),
        _ => Box::new(RoundRobin::default()),
    };
    let mut tally = Tally::new(prepared);
    let max_steps = options.max_steps.unwrap_or(DEFAULT_MAX_STEPS);
    // Shard i of n makes every n-th run; the seed of a run follows from its number.
    let (shard, all) = (options.shard, options.runs.unwrap_or(DEFAULT_RUNS));
    let own = shard.map_or(all, |shard| shard.share_of(all));
    let own = Options { runs: Some(own), ..options.clone() };
    let mut number = 0;
    let stopped_by = tally.runs(&own, true, &mut |world, watch| {
        while scheduler.begin() {
            number += 1;
            if shard.is_none_or(|shard| shard.takes(number - 1)) {
                return Some(run_watched(world, &mut *scheduler, max_steps, watch));
            }
        }
        None
    });
    let exploration = Exploration {
        seed: (name != "round-robin").then_some(options.seed),
        guarantee: scheduler.guarantee(),
        ..tally.exploration(entry.name, stopped_by)
    };
    let costs = tally.costs();
    let mut shortener = Shortener::new(prepared, options.pulse.clone());
    Ok((exploration, tally.properties(&mut shortener), costs))
}

fn unknown_scheduler(name: &str) -> Diagnostic {
    let known: Vec<&str> = schedulers::all().iter().map(|entry| entry.name).collect();
    Diagnostic::error(format!("unknown scheduler `{name}`"))
        .help(format!("one of: {}", known.join(", ")))
}

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
    seen: Seen,
}

impl<'p> Tally<'p> {
    pub(super) fn new(prepared: &'p Prepared) -> Self {
        let observers = prepared.observed.len();
        let (first, decided, seen) = (vec![None; observers], vec![0; observers], Seen::default());
        Tally { prepared, runs: 0, first, decided, max_attempts: 0, seen }
    }

    /// Lets runs be made until there are enough of them, or nothing new can come of them, or the
    /// pulse says so.
    pub(super) fn runs(&mut self, options: &Options, settle: bool, make: Make<'_>) -> Bound {
        let most = options.runs.unwrap_or(DEFAULT_RUNS);
        while self.runs < most {
            let mut world = self.prepared.world.clone();
            let seen = &mut self.seen;
            seen.state(&world);
            let Some(run) = make(&mut world, &mut |world| seen.state(world)) else { break };
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
        self.seen.schedule(&run.choices);
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
            coverage: Some(self.seen.coverage()),
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
