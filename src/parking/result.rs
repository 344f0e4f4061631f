//! What one execution shows, as a check of a scenario tells it: violated properties with their
//! witnesses, and the scenario that models the workers.
//!
//! From here every renderer works (`crate::report`). Next to read: `telling.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::history::History;
use super::outside::NAME;
use super::telling::Teller;
use super::verdict::Judged;
use crate::check::{
    CheckResult, Costs, Expectation, Exploration, Length, LossClass, Pointer, PropertyResult,
    Replayed, Verdict, Witness,
};
use crate::properties::{NO_LOST_WRITE, SerialOrders, invariant_entry};
use crate::scenario::{self, Expect, Scenario};
use crate::schedulers::{Letters, Schedule};
use crate::simulation::{Ending, Setting, WorkerInfo};
use crate::trace::{Actor, Fault, Trace};

/// What one execution shows.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The user's scenario, each program modelled by its first write, where it made one.
    pub scenario: Arc<Scenario>,
    /// The properties that are violated, each with its witness, as far as it can be drawn.
    pub violated: Vec<(&'static str, Option<Witness>)>,
}

impl Shown {
    /// Judges an execution: losses are known, the scenario's own invariants are asked here.
    pub fn new(scenario: &Scenario, history: &History, judged: &Judged, text: &str) -> Shown {
        let teller = Teller::new(history, judged);
        let stays = judged.lost().next();
        let loss = stays.or_else(|| judged.repaired().next());
        let told = loss.and_then(|loss| teller.tell("real", loss));
        let model = told.as_ref().map(|told| told.scenario.clone());
        let shown = modelled(scenario, model.as_ref(), &history.workers);
        let order: Vec<usize> = history
            .workers
            .iter()
            .map(|name| shown.workers.iter().position(|spec| spec.name == *name).unwrap_or(0))
            .collect();
        let finish = |mut witness: Witness| {
            reorder(&mut witness.trace, &order, &shown);
            witness.schedule.text = Some(text.into());
            witness
        };
        let mut violated = Vec::new();
        if loss.is_some() {
            let witness = told.map(|told| finish(told.witness));
            violated.push((NO_LOST_WRITE, witness));
        }
        if !scenario.invariants.is_empty() {
            let mut trace = teller.trace();
            reorder(&mut trace, &order, &shown);
            let schedule = Schedule { text: Some(text.into()), ..teller.schedule() };
            violated.extend(broken(scenario, &trace, &schedule));
        }
        Shown { scenario: Arc::new(shown), violated }
    }

    /// Whether a property is violated.
    pub fn violates(&self, name: &str) -> bool {
        self.violated.iter().any(|(violated, _)| *violated == name)
    }
}

/// The user's scenario with what is known of each worker that is a program.
fn modelled(scenario: &Scenario, model: Option<&Scenario>, names: &[String]) -> Scenario {
    let mut shown = scenario.clone();
    let known = |name: &str| model?.workers.iter().find(|spec| spec.name == name);
    for spec in shown.workers.iter_mut().filter(|spec| spec.run.is_some()) {
        if let Some(known) = known(&spec.name) {
            let (run, write_line) = (spec.run.take(), spec.write_line);
            *spec = known.clone();
            (spec.run, spec.write_line) = (run, write_line);
        }
    }
    for name in names {
        if shown.workers.iter().all(|spec| spec.name != *name)
            && let Some(spec) = known(name).or(scenario.workers.first())
        {
            let mut spec = spec.clone();
            (spec.name, spec.process) = (name.clone(), name.clone());
            shown.workers.push(spec);
        }
    }
    shown
}

/// Numbers the workers of a trace as this scenario does.
fn reorder(trace: &mut Trace, order: &[usize], scenario: &Scenario) {
    let names: Arc<[String]> = scenario.workers.iter().map(|spec| spec.name.clone()).collect();
    let to = |worker: usize| order.get(worker).copied().unwrap_or(worker);
    for event in &mut trace.events {
        event.actor = match event.actor {
            Actor::Worker(worker) => Actor::Worker(to(worker)),
            Actor::Cache(cache) => Actor::Cache(to(cache)),
            Actor::World => Actor::World,
        };
        if let crate::trace::Action::Fault(Fault::LostResponse(worker)) = &mut event.action {
            *worker = to(*worker);
        }
    }
    trace.workers = Arc::clone(&names);
    trace.caches = names;
}

/// The invariants of the scenario that this run breaks.
fn broken(
    scenario: &Scenario,
    trace: &Trace,
    schedule: &Schedule,
) -> Vec<(&'static str, Option<Witness>)> {
    let Ok(plan) = scenario::Plan::new(scenario) else { return Vec::new() };
    let own = scenario.invariants.iter().map(|own| invariant_entry(own.name));
    let entries: Vec<_> = own.collect();
    let world = plan.world(&entries, SerialOrders(Arc::new(|_, _| true)));
    let mut objects: BTreeMap<_, _> = trace.initial.iter().cloned().collect();
    for event in trace.events.iter().filter(|event| event.committed) {
        if let Some(key) = &event.key {
            match &event.after {
                Some(after) => objects.insert(key.clone(), Arc::clone(after)),
                None => objects.remove(key),
            };
        }
    }
    let ending = Ending { objects };
    let mut found = Vec::new();
    for (entry, observer) in entries.iter().zip(&world.setting.observers) {
        let mut memory = observer.start();
        let mut decided = false;
        for event in &trace.events {
            decided |= observer.observe(&mut memory, event);
        }
        if !decided && !observer.decides_at_end(&memory, &ending) {
            continue;
        }
        let breach = observer.breach(&trace.events, &ending);
        let witness = breach.map(|(at, field)| Witness {
            schedule: schedule.clone(),
            trace: trace.clone(),
            class: LossClass::Broken,
            victim: pointer(trace, at),
            field,
            stale_read: None,
            culprit: None,
            finding: None,
            length: Length::AsFound,
        });
        found.push((entry.name, witness));
    }
    found
}

fn pointer(trace: &Trace, at: usize) -> Pointer {
    let worker = match trace.events.get(at).map(|event| event.actor) {
        Some(Actor::Worker(worker)) => trace.workers[worker].clone(),
        Some(Actor::Cache(cache)) => format!("the cache of {}", trace.caches[cache]),
        _ => NAME.to_owned(),
    };
    Pointer { worker, step: at + 1 }
}

/// How executions were made.
#[derive(Clone, Debug)]
pub struct Explored {
    /// The scheduler, its bounds, and what it covered.
    pub exploration: Exploration,
    /// Flags to repeat in commands.
    pub overrides: Vec<String>,
    /// The first four hex digits of the fingerprint.
    pub fingerprint: String,
    /// Notes for people: taints, divergences, programs that ended.
    pub notes: Vec<String>,
}

/// The result of a check, for every renderer.
pub fn result(scenario: &Scenario, explored: Explored, shown: Option<&Shown>) -> CheckResult {
    let Explored { exploration, overrides, fingerprint, notes } = explored;
    let complete = exploration.complete;
    let all: Vec<&'static str> = scenario
        .properties
        .iter()
        .filter_map(|name| {
            let own = scenario.invariants.iter().find(|own| own.name == name.as_str());
            let own = own.map(|own| own.name);
            own.or_else(|| (name == NO_LOST_WRITE).then_some(NO_LOST_WRITE))
        })
        .collect();
    let properties = all.into_iter().map(|name| {
        let violated = shown.and_then(|shown| shown.violated.iter().find(|it| it.0 == name));
        PropertyResult {
            name,
            verdict: match (violated, complete) {
                (Some(_), _) => Verdict::Violated,
                (None, true) => Verdict::Holds,
                (None, false) => Verdict::Unknown,
            },
            judged: true,
            schedules: None,
            exact: None,
            odds: None,
            witness: violated.and_then(|(_, witness)| witness.clone()),
        }
    });
    let properties: Vec<PropertyResult> = properties.collect();
    let expectation = match &scenario.expect {
        Expect::Rejected => Expectation::None,
        _ => crate::check::expectation(scenario, &properties),
    };
    let scenario = shown.map_or_else(|| Arc::new(scenario.clone()), |it| Arc::clone(&it.scenario));
    let lesson = properties.iter().find_map(|it| Some((it.name, it.witness.clone()?)));
    let lesson = lesson.map(|(name, witness)| {
        let setting = Setting {
            workers: (0..)
                .zip(&scenario.workers)
                .map(|(process, spec)| info(process, &spec.name))
                .collect(),
            ..Setting::default()
        };
        let run = Replayed {
            scenario: Arc::clone(&scenario),
            schedule: witness.schedule.clone(),
            trace: witness.trace.clone(),
            judged: vec![(name, true, Some(witness))],
        };
        Arc::new(crate::check::of_run(run, Letters::assign(&setting).workers))
    });
    CheckResult {
        scenario,
        overrides,
        fingerprint,
        exploration,
        properties,
        costs: Costs::default(),
        expectation,
        refused: None,
        advice: Vec::new(),
        list_type: None,
        run: None,
        lesson,
        notes,
    }
}

fn info(process: usize, name: &str) -> WorkerInfo {
    WorkerInfo { name: name.to_owned(), process, cache: None, turn: Default::default() }
}

/// The loss that is drawn: one that stays, or else one that was repaired.
#[cfg(all(feature = "serve", target_os = "linux"))]
pub(crate) fn drawn(judged: &Judged) -> Option<&super::verdict::Loss> {
    judged.lost().next().or_else(|| judged.repaired().next())
}
