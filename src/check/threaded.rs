//! Checks under a thread engine: loom, shuttle, or the machine's own threads.
//!
//! An engine that ends by itself has covered every schedule, and then its verdicts and its counts
//! (of distinct schedules) are as exact as those of the exhaustive search; one that was stopped
//! has found a violation or nothing, and nothing is `unknown`. Next to read: `threads/engine.rs`.

use std::sync::{Arc, Mutex, PoisonError};

use super::options::{DEFAULT_MAX_STEPS, DEFAULT_RUNS, Options, Progress};
use super::prepared::Prepared;
use super::replay::witness_of;
use super::shorten::Shortener;
use super::verdict::Outcome;
use super::verdict::{Costs, Exploration, PropertyResult, Verdict};
use crate::properties::Entry;
use crate::scenario::Diagnostic;
use crate::schedulers::Bound;
use crate::schedulers::Count;
use crate::threads::{self, CutOff, Engine, Limits, Plan, Report};

/// How many executions are made between two pulses.
const PULSE: u64 = 64;

pub(super) fn run(
    prepared: &Prepared,
    engine: Engine,
    options: &Options,
) -> Result<Outcome, Diagnostic> {
    let plan = plan(prepared, engine, options);
    let stopped = Arc::new(Mutex::new(None));
    let (note, pulse, of) = (stopped.clone(), options.pulse.clone(), options.runs);
    let go_on = move |done: u64| {
        let progress = Progress { done, of, ..Progress::default() };
        let pulse = pulse.as_ref().filter(|_| done > 0 && done.is_multiple_of(PULSE));
        let bound = pulse.and_then(|pulse| pulse(progress));
        let go_on = bound.is_none();
        *note.lock().unwrap_or_else(PoisonError::into_inner) = bound;
        go_on
    };
    let report = threads::run_while(&prepared.world, &plan, go_on).map_err(|refusal| {
        Diagnostic::error(format!("`{}` cannot run this scenario", engine.name()))
            .note(refusal.to_string())
    })?;
    if let Some(CutOff::Panic(words)) = &report.cut_off {
        return Err(Diagnostic::error(format!("`{}` panicked: {words}", engine.name())));
    }
    let stopped = stopped.lock().unwrap_or_else(PoisonError::into_inner).take();
    let mut told = told(prepared, &plan, &report, stopped);
    if engine == Engine::Threads {
        Shortener::new(prepared, options.pulse.clone()).beside(&mut told.1);
    }
    Ok(told)
}

/// What a report says of the scenario.
pub(super) fn told(
    prepared: &Prepared,
    plan: &Plan,
    report: &Report,
    stopped: Option<Bound>,
) -> Outcome {
    let engine = plan.engine;
    let observed = prepared.observed.iter().enumerate();
    let mut shortener = Shortener::new(prepared, None);
    let properties = observed.map(|at| property(prepared, &mut shortener, report, engine, at));
    let exploration = Exploration {
        scheduler: engine.name(),
        complete: report.is_complete(),
        stopped_by: report.cut_off.as_ref().map(|cut_off| bound(cut_off, stopped, plan)),
        states: None,
        transitions: None,
        schedules: counted(report, |_| true),
        cyclic: false,
        executions: Some(report.executions),
        seed: engine.is_seeded().then_some(plan.seed),
        coverage: None,
        guarantee: None,
        timed: None,
        work: None,
    };
    (exploration, properties.collect(), costs(report))
}

fn plan(prepared: &Prepared, engine: Engine, options: &Options) -> Plan {
    let judged = prepared.observed.iter().take(prepared.judged).enumerate();
    let violable = judged.filter(|(_, entry)| !entry.sometimes).map(|(at, _)| at);
    // A seeded sampler has said what it can once a judged property is violated; on real threads
    // the question is how often.
    let stop_at = if engine.is_seeded() { violable.collect() } else { Vec::new() };
    let unless_told = (!engine.is_exhaustive()).then_some(DEFAULT_RUNS);
    let limits = Limits {
        executions: options.runs.or(unless_told),
        preemptions: options.preemption_bound.filter(|_| engine == Engine::Loom),
        ..Limits::default()
    };
    Plan {
        limits,
        seed: options.seed,
        depth: options.depth as usize,
        steps_max: options.max_steps.unwrap_or(DEFAULT_MAX_STEPS) as usize,
        stop_at,
        ..Plan::new(engine)
    }
}

fn bound(cut_off: &CutOff, stopped: Option<Bound>, plan: &Plan) -> Bound {
    match (cut_off, stopped, plan.limits.executions) {
        (CutOff::Asked, Some(bound), _) => bound,
        (CutOff::Asked, None, Some(runs)) => Bound::Runs(runs),
        (CutOff::Executions(runs), ..) => Bound::Runs(*runs),
        (CutOff::Steps(steps), ..) => Bound::Steps(*steps as u64),
        (other, ..) => Bound::Engine(other.to_string()),
    }
}

fn property(
    prepared: &Prepared,
    shortener: &mut Shortener<'_>,
    report: &Report,
    engine: Engine,
    (at, entry): (usize, &&'static Entry),
) -> PropertyResult {
    let losing = &report.tally.losing[at];
    let decided = losing.executions > 0;
    let verdict = Verdict::of(entry.sometimes, decided, report.is_complete());
    let schedule = losing.schedule.as_ref().filter(|_| !entry.sometimes);
    let witness = schedule.and_then(|choices| match engine.is_exhaustive() {
        true => witness_of(prepared, at, entry.name, prepared.schedule(choices.clone())),
        false => shortener.witness(at, choices),
    });
    let schedules = match report.is_complete() {
        true => counted(report, |outcome| outcome.decided[at]),
        false => Some(Count::from(losing.executions)),
    };
    let judged = at < prepared.judged;
    PropertyResult {
        name: entry.name,
        verdict,
        judged,
        schedules,
        exact: None,
        odds: None,
        witness,
    }
}

/// How many distinct schedules are so, if all of them are known.
fn counted(report: &Report, is_so: impl Fn(&threads::Outcome) -> bool) -> Option<Count> {
    let schedules = report.tally.schedules.as_ref().filter(|_| report.is_complete())?;
    Some(Count::from(schedules.values().filter(|outcome| is_so(outcome)).count() as u64))
}

fn costs(report: &Report) -> Costs {
    let schedules = report.tally.schedules.as_ref().filter(|_| report.is_complete());
    let calls = |outcome: &threads::Outcome| outcome.cost.calls;
    Costs {
        with_conflict: counted(report, |outcome| outcome.cost.conflict),
        calls: schedules.map(|all| Count::from(all.values().map(calls).sum::<u64>())),
        most_calls: schedules.and_then(|all| all.values().map(calls).max()),
        max_attempts: report.tally.attempts,
        ..Costs::default()
    }
}
