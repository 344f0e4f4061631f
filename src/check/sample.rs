//! Sampling: many single runs under a scheduler that chooses by chance, or by turns.
//!
//! The first run that violates a property is its witness, after its switches between workers have
//! been reduced as far as single moves allow. What no run violates is `unknown`.
//! Next to read: `schedulers/random.rs`.

use super::explore::{Outcome, Prepared};
use super::replay::witness_of;
use super::{
    Bound, Costs, DEFAULT_MAX_STEPS, DEFAULT_RUNS, Exploration, Options, Progress, PropertyResult,
    Verdict,
};
use crate::scenario::Diagnostic;
use crate::schedulers::{self, Count, Pct, Random, Replay, RoundRobin, Scheduler};
use crate::simulation::Choice;

/// How many runs are made between two pulses.
const PULSE: u64 = 64;

pub(super) fn sampled(
    prepared: &Prepared,
    name: &str,
    options: &Options,
) -> Result<Outcome, Diagnostic> {
    let entry = schedulers::named(name).ok_or_else(|| unknown_scheduler(name))?;
    let mut scheduler: Box<dyn Scheduler> = match name {
        "random" => Box::new(Random::new(options.seed)),
        "pct" => Box::new(Pct::new(options.seed, options.depth)),
        _ => Box::new(RoundRobin::default()),
    };
    let seeded = name != "round-robin";
    let mut tally = Tally::new(prepared.observed.len());
    let max_steps = options.max_steps.unwrap_or(DEFAULT_MAX_STEPS);
    let most = options.runs.unwrap_or(DEFAULT_RUNS);
    let mut stopped_by = None;
    while tally.runs < most && stopped_by.is_none() && scheduler.begin() {
        tally.add(prepared, &mut *scheduler, max_steps);
        if tally.runs.is_multiple_of(PULSE) {
            let of = Some(most);
            let progress = Progress { done: tally.runs, of, ..Progress::default() };
            stopped_by = options.pulse.as_ref().and_then(|pulse| pulse(progress));
        }
        if tally.settled(prepared) {
            break;
        }
    }
    let runs = tally.runs;
    let exploration = Exploration {
        scheduler: entry.name,
        complete: false,
        stopped_by: Some(stopped_by.unwrap_or(Bound::Runs(most))),
        states: None,
        transitions: None,
        schedules: None,
        cyclic: false,
        executions: Some(runs),
        seed: seeded.then_some(options.seed),
    };
    let costs = Costs { max_attempts: tally.max_attempts, ..Costs::default() };
    Ok((exploration, tally.properties(prepared), costs))
}

fn unknown_scheduler(name: &str) -> Diagnostic {
    let known: Vec<&str> = schedulers::all().iter().map(|entry| entry.name).collect();
    Diagnostic::error(format!("unknown scheduler `{name}`"))
        .help(format!("one of: {}", known.join(", ")))
}

/// What the runs so far have shown.
struct Tally {
    runs: u64,
    /// The first schedule that decided each observer, and in how many runs it was decided.
    first: Vec<Option<Vec<Choice>>>,
    decided: Vec<u64>,
    max_attempts: u32,
}

impl Tally {
    fn new(observers: usize) -> Tally {
        let (first, decided) = (vec![None; observers], vec![0; observers]);
        Tally { runs: 0, first, decided, max_attempts: 0 }
    }

    fn add(&mut self, prepared: &Prepared, scheduler: &mut dyn Scheduler, max_steps: u64) {
        let mut world = prepared.world.clone();
        let run = schedulers::run(&mut world, scheduler, max_steps);
        self.runs += 1;
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
    fn settled(&self, prepared: &Prepared) -> bool {
        let observed = prepared.observed.iter().enumerate().take(prepared.judged);
        observed.filter(|(_, entry)| !entry.sometimes).any(|(i, _)| self.first[i].is_some())
    }

    fn properties(self, prepared: &Prepared) -> Vec<PropertyResult> {
        let observed = prepared.observed.iter().enumerate();
        let result = observed.map(|(index, entry)| {
            let verdict = match (entry.sometimes, &self.first[index]) {
                (false, Some(_)) => Verdict::Violated,
                (true, Some(_)) => Verdict::Holds,
                (_, None) => Verdict::Unknown,
            };
            let first = self.first[index].as_ref().filter(|_| !entry.sometimes);
            let schedule = first.map(|choices| prepared.schedule(shrunk(prepared, index, choices)));
            let witness = schedule.and_then(|s| witness_of(prepared, index, entry.name, s));
            let judged = index < prepared.judged;
            let schedules = Some(Count::from(self.decided[index]));
            PropertyResult { name: entry.name, verdict, judged, schedules, exact: None, witness }
        });
        result.collect()
    }
}

/// Moves single steps next to the same worker's previous step as long as the observer stays
/// decided and switches become fewer.
pub(super) fn shrunk(prepared: &Prepared, observer: usize, choices: &[Choice]) -> Vec<Choice> {
    let mut best = choices.to_vec();
    let mut improved = true;
    while improved {
        improved = false;
        for from in 1..best.len() {
            let before = best[..from].iter().rposition(|choice| *choice == best[from]);
            let Some(to) = before.map(|at| at + 1).filter(|&to| to < from) else { continue };
            let mut candidate = best.clone();
            let step = candidate.remove(from);
            candidate.insert(to, step);
            if let Some(made) = still_decides(prepared, observer, &candidate)
                && (made.len(), switches(&made)) < (best.len(), switches(&best))
            {
                (best, improved) = (made, true);
                break;
            }
        }
    }
    best
}

fn switches(choices: &[Choice]) -> usize {
    choices.windows(2).filter(|pair| pair[0] != pair[1]).count()
}

/// The choices actually made, if they still decide the observer.
fn still_decides(prepared: &Prepared, observer: usize, choices: &[Choice]) -> Option<Vec<Choice>> {
    let mut world = prepared.world.clone();
    let mut scheduler = Replay::new(choices.to_vec());
    let run = schedulers::run(&mut world, &mut scheduler, choices.len() as u64);
    (run.finished && world.judge()[observer]).then_some(run.choices)
}
