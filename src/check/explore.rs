//! Checks a scenario under a scheduler.
//!
//! The exhaustive search gives verdicts, counts and the shortest losing schedule; a sampling
//! scheduler gives a violation or nothing, and nothing is `unknown`, never `holds`. A witness is
//! always what a replay of its schedule shows. Next to read: `replay.rs`.

use std::sync::Arc;

use super::exhaustive::exhaustively;
use super::judge::{expectation, properties_of};
use super::list_type::with_list_type;
use super::{
    Advice, CheckResult, Costs, Expectation, Exploration, Options, PropertyResult, Verdict, lesson,
    sample, serial, threaded,
};
use crate::apiserver::{PatchKind, Verb};
use crate::properties;
use crate::properties::Entry;
use crate::reconcilers::methods::{self, WriteMethod};
use crate::scenario::{Diagnostic, Expect, Plan, Scenario};
use crate::schedulers::timed::Timing;
use crate::schedulers::{self, Letters, Schedule};
use crate::simulation::{Observer, World};
use crate::threads::Engine;
use crate::trace::Action;

/// A scenario made ready to be run.
pub(super) struct Prepared {
    pub observed: Vec<&'static Entry>,
    pub judged: usize,
    pub world: World,
    pub letters: Arc<Letters>,
    pub fingerprint: String,
    pub timing: Timing,
    tallies: [Arc<dyn Observer>; 2],
}

impl Prepared {
    pub(super) fn new(scenario: &Arc<Scenario>) -> Result<Prepared, Diagnostic> {
        Prepared::with_notes(scenario, |_| true)
    }

    /// Observes, besides what is judged, only what is wanted as a note.
    pub(super) fn with_notes(
        scenario: &Arc<Scenario>,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Prepared, Diagnostic> {
        let plan = Plan::new(scenario)?;
        let (mut observed, judged) = properties_of(scenario);
        let mut at = 0..;
        observed.retain(|entry| at.next().is_some_and(|at| at < judged) || wanted(entry));
        let alone = plan.world(&[], serial::none());
        let world = plan.world(&observed, serial::orders(alone));
        let letters = Arc::new(Letters::assign(&world.setting));
        let fingerprint = format!("{:016x}", scenario.fingerprint())[..4].to_owned();
        let timing = scenario.timing.clone();
        let tallies = plan.tallies();
        Ok(Prepared { observed, judged, world, letters, fingerprint, timing, tallies })
    }

    /// The same world, watched also by what is counted beside the verdicts.
    pub(super) fn counting(&self) -> World {
        let mut setting = (*self.world.setting).clone();
        setting.observers.extend(self.tallies.iter().cloned());
        let World { server, workers, faults, .. } = self.world.clone();
        World::new(Arc::new(setting), server, workers, faults)
    }

    pub(super) fn schedule(&self, choices: Vec<crate::simulation::Choice>) -> Schedule {
        let fingerprint = Some(self.fingerprint.clone());
        Schedule { fingerprint, choices, letters: Arc::clone(&self.letters), text: None }
    }
}

/// The world of a scenario before its first step, watched by the properties that a check of it
/// observes: for a scheduler, or a search, of one's own.
///
/// # Errors
/// What the API server refuses of the scenario.
pub fn world(scenario: &Arc<Scenario>) -> Result<World, Diagnostic> {
    Prepared::new(scenario).map(|prepared| prepared.world)
}

/// Checks a scenario.
pub fn run(scenario: &Arc<Scenario>, options: &Options) -> Result<CheckResult, Diagnostic> {
    // Whether runs overlapped is asked across objects; without counting, it is left out.
    let prepared = Prepared::with_notes(scenario, |entry| options.count || !entry.sometimes)?;
    if options.shard.is_some() && !matches!(&*options.scheduler, "exhaustive" | "random" | "pct") {
        let message = format!("`{}` cannot be split into shards", options.scheduler);
        return Err(Diagnostic::error(message).help("--shard splits exhaustive, random and pct"));
    }
    let (exploration, properties, costs) = match options.scheduler.as_str() {
        "exhaustive" => exhaustively(&prepared, options)?,
        name => match Engine::named(name) {
            Some(engine) => threaded::run(&prepared, engine, options)?,
            None => sample::sampled(&prepared, name, options)?,
        },
    };
    let refused = (scenario.expect == Expect::Rejected).then(|| refusal(scenario)).flatten();
    let stated = match (options.expect, &scenario.expect) {
        (false, _) => Expectation::None,
        (true, Expect::Rejected) if refused.is_some() => Expectation::Met,
        (true, Expect::Rejected) => Expectation::Unmet,
        (true, _) => expectation(scenario, &properties),
    };
    let mut result = CheckResult {
        scenario: Arc::clone(scenario),
        overrides: options.overrides.clone(),
        fingerprint: prepared.fingerprint.clone(),
        exploration,
        properties,
        costs,
        expectation: stated,
        refused,
        advice: Vec::new(),
        list_type: None,
        run: None,
        lesson: None,
        notes: Vec::new(),
    };
    let lost =
        result.property(properties::NO_LOST_WRITE).is_some_and(|p| p.verdict == Verdict::Violated);
    if options.advice && lost {
        result.advice = advice(scenario, options);
        result.list_type = with_list_type(scenario, &bounded(options));
    }
    if options.lesson {
        result.lesson = Some(Arc::new(lesson(&result, None, options)?));
    }
    Ok(result)
}

/// What one exploration found.
pub(super) type Outcome = (Exploration, Vec<PropertyResult>, Costs);

/// States that a measurement beside a verdict may take.
pub(super) const ADVICE_STATES: u64 = 200_000;

/// Random schedules that a measurement beside a verdict tries, if its search is stopped.
pub(super) const ADVICE_RUNS: u64 = 32;

/// Runs the other write methods on the same scenario.
fn advice(scenario: &Arc<Scenario>, options: &Options) -> Vec<Advice> {
    let uses = |name: &str| scenario.workers.iter().all(|worker| worker.write == name);
    let others = methods::all().iter().filter(|method| !uses(method.name()));
    others.filter_map(|method| measured(scenario, options, *method)).collect()
}

fn measured(
    scenario: &Arc<Scenario>,
    options: &Options,
    write: &'static dyn WriteMethod,
) -> Option<Advice> {
    let other = Arc::new(scenario.writing(write));
    let write = write.name();
    if let Some(refused) = refusal(&other) {
        let refused = Some(refused);
        return Some(Advice {
            write,
            verdict: Verdict::Unknown,
            losing: None,
            schedules: None,
            gives_up: false,
            refused,
        });
    }
    let result = run(&other, &bounded(options)).ok()?;
    let lost = result.property(properties::NO_LOST_WRITE)?;
    let converges = result.property(properties::CONVERGES).map(|property| property.verdict);
    Some(Advice {
        write,
        verdict: lost.verdict,
        losing: lost.schedules.clone(),
        schedules: result.exploration.schedules.clone(),
        gives_up: converges == Some(Verdict::Violated),
        refused: None,
    })
}

/// The bounds of a measurement beside a verdict.
pub(super) fn bounded(options: &Options) -> Options {
    Options {
        advice: false,
        max_states: Some(options.max_states.unwrap_or(ADVICE_STATES).min(ADVICE_STATES)),
        max_steps: options.max_steps,
        max_memory: options.max_memory,
        runs: Some(ADVICE_RUNS),
        scheduler: "exhaustive".to_owned(),
        pulse: options.pulse.clone(),
        ..Options::default()
    }
}

/// Why the server refuses the way a scenario writes, whoever moves when: what it answers to a
/// worker that is alone.
pub(super) fn refusal(scenario: &Arc<Scenario>) -> Option<String> {
    if scenario.workers.iter().any(|worker| worker.unsayable().is_some()) {
        return Some(crate::scenario::NOT_BY_APPLY.to_owned());
    }
    let prepared = Prepared::new(scenario).ok()?;
    (0..prepared.world.workers.len()).find_map(|worker| {
        let mut world = prepared.world.clone();
        let alone = crate::simulation::Choice::Worker(worker);
        let choose = |choices: &[crate::simulation::Choice]| {
            let moves = choices.iter().position(|choice| *choice == alone);
            // Its cache may have to sync first.
            let delivers = |choice: &_| matches!(choice, crate::simulation::Choice::Deliver(_));
            moves.or_else(|| choices.iter().position(delivers))
        };
        let run = schedulers::run(&mut world, &mut schedulers::Manual(choose), 16);
        let refused = run.events.iter().find(|event| {
            let tested = matches!(event.action, Action::Write { patch: Some(PatchKind::Json), .. });
            let unreadable = event.code == Some(422) && !tested;
            event.is_write() && (unreadable || matches!(event.code, Some(400 | 404 | 405 | 415)))
        })?;
        let verb = match &refused.action {
            Action::Write { verb: Verb::Update, .. } => "PUT",
            _ => "PATCH",
        };
        let message = refused.message.clone().unwrap_or_default();
        Some(format!("{verb} is answered {}: {message}", refused.code?))
    })
}
