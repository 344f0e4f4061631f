//! Runs one schedule again, step by step, and judges it.
//!
//! A witness is made here too: it is nothing but what a replay of its schedule shows.
//! Next to read: `properties/witness/mod.rs`.

use std::sync::Arc;

use super::prepared::Prepared;
use super::verdict::Replayed;
use super::verdict::{Length, Pointer, Witness};
use crate::properties::{Entry, Found, LossClass, find_witness};
use crate::scenario::{Diagnostic, Scenario};
use crate::schedulers::{self, Misfit, Replay, Schedule};
use crate::simulation::{Choice, World};
use crate::trace::{Actor, Trace};

/// Runs a schedule, given as text, on a scenario. It must fit from its first step to its last;
/// one that stops early is shown as far as it goes.
pub fn replay(scenario: &Arc<Scenario>, schedule: &str) -> Result<Replayed, Diagnostic> {
    let prepared = Prepared::new(scenario)?;
    let parsed = prepared.letters.parse(schedule).map_err(|error| {
        let end = (error.offset + 1).min(schedule.len()).max(error.offset);
        Diagnostic::in_argument(error.message.clone(), "--schedule", schedule, error.offset..end)
            .help(
                "one letter per step, as `huhu`, or names with commas; `~h` delivers to h's cache",
            )
    })?;
    if let Some(recorded) = &parsed.fingerprint
        && *recorded != prepared.fingerprint
    {
        return Err(Diagnostic::error(
            "this schedule was recorded for another version of the scenario",
        )
        .note(format!("recorded for {recorded}; this scenario is {}", prepared.fingerprint))
        .help(format!("to try the same choices anyway: --schedule {}", parsed.bare())));
    }
    let (world, run, misfit) = follow(&prepared.world, &parsed.choices);
    if let Some(misfit) = misfit.filter(|misfit| misfit.wanted.is_some()) {
        return Err(does_not_fit(&prepared, &misfit));
    }
    let trace = trace_of(&prepared.world, run.events, run.finished);
    let schedule = prepared.schedule(run.choices);
    let judged = judged(&prepared, &world, &schedule, run.finished);
    Ok(Replayed { scenario: Arc::clone(scenario), schedule, trace, judged })
}

/// How a run that led to this world is judged.
pub(super) fn judged(
    prepared: &Prepared,
    world: &World,
    schedule: &Schedule,
    finished: bool,
) -> Vec<(&'static str, bool, Option<Witness>)> {
    let decided = world.judge();
    let entries = prepared.observed.iter().enumerate();
    let judge = |(index, entry): (usize, &&'static Entry)| {
        let violated = decided[index] && finished && !entry.sometimes;
        let witness =
            violated.then(|| witness_of(prepared, index, entry.name, schedule.clone())).flatten();
        (entry.name, decided[index], witness)
    };
    entries.map(judge).collect()
}

fn does_not_fit(prepared: &Prepared, misfit: &Misfit) -> Diagnostic {
    let spell = |choice: &Choice| format!("`{}`", prepared.letters.spell(*choice));
    let possible: Vec<String> = misfit.possible.iter().map(spell).collect();
    let wanted = misfit.wanted.as_ref().map(spell).unwrap_or_default();
    let step = misfit.step + 1;
    let message = format!("the schedule does not fit the scenario: step {step} cannot be {wanted}");
    let why = match misfit.possible.as_slice() {
        [] => "every worker is done after the step before".to_owned(),
        _ => format!("possible there: {}", possible.join(", ")),
    };
    Diagnostic::error(message).note(why)
}

pub(super) fn follow(
    start: &World,
    choices: &[Choice],
) -> (World, schedulers::Run, Option<Misfit>) {
    let mut world = start.clone();
    let mut scheduler = Replay::new(choices.to_vec());
    // One step more than there are, so that a schedule that stops early is noticed.
    let run = schedulers::run(&mut world, &mut scheduler, choices.len() as u64 + 1);
    let misfit = scheduler.misfit(run.finished);
    (world, run, misfit)
}

/// The trace of a run.
pub(super) fn trace_of(start: &World, events: Vec<crate::trace::Event>, finished: bool) -> Trace {
    let setting = &start.setting;
    let cache = |spec: &crate::simulation::CacheSpec| setting.processes[spec.process].clone();
    Trace {
        workers: setting.workers.iter().map(|worker| worker.name.clone()).collect(),
        caches: setting.caches.iter().map(cache).collect(),
        initial: start.ending().objects.into_iter().collect(),
        events,
        said: Vec::new(),
        finished,
    }
}

/// The witness that a schedule is, for the observer with this index: what a replay shows.
pub(super) fn witness_of(
    prepared: &Prepared,
    observer: usize,
    property: &str,
    schedule: Schedule,
) -> Option<Witness> {
    let (world, run, _) = follow(&prepared.world, &schedule.choices);
    let trace = trace_of(&prepared.world, run.events, run.finished);
    let (memory, lists) = (&world.remembered[observer], &world.setting.lists);
    let ending = world.ending();
    let broken = || {
        let own = &world.setting.observers[observer];
        let (victim, field) = own.breach(&trace.events, &ending)?;
        let class = LossClass::Broken;
        Some(Found { class, victim, field, stale_read: None, culprit: None, finding: None })
    };
    let found = find_witness(property, memory, &trace, &ending, lists).or_else(broken)?;
    Some(witness(schedule, trace, found))
}

pub(super) fn witness(schedule: Schedule, trace: Trace, found: Found) -> Witness {
    let pointer = |at: usize| {
        let worker = match trace.events[at].actor {
            Actor::Worker(worker) => trace.workers[worker].clone(),
            Actor::Cache(cache) => format!("the cache of {}", trace.caches[cache]),
            Actor::World => "the outside world".to_owned(),
        };
        Pointer { worker, step: at + 1 }
    };
    Witness {
        class: found.class,
        victim: pointer(found.victim),
        field: found.field,
        stale_read: found.stale_read.map(pointer),
        culprit: found.culprit.map(pointer),
        length: Length::AsFound,
        finding: found.finding,
        schedule,
        trace,
    }
}
