//! The engines: loom, shuttle's schedulers and the machine's threads, on one world.
//!
//! Each runs the same `play.rs`. An engine that ended by itself has covered every schedule; one
//! that was stopped, by a limit or at a loss, has not, and says why. What an engine cannot express
//! it refuses with a sentence that names another scheduler. `docs/engines.md` has the measured
//! speeds. Next to read: `play.rs`.

use super::limits::{CutOff, Explored, Limits};
use super::play::{self, Ended};
use super::tally::Tally;
use crate::simulation::World;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Who schedules the threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Engine {
    /// loom's exhaustive search.
    Loom,
    /// shuttle, a uniform choice at each of its points.
    ShuttleRandom,
    /// shuttle, probabilistic concurrency testing.
    ShuttlePct,
    /// shuttle, a walk that comes nearer to uniform over whole schedules.
    ShuttleUrw,
    /// shuttle's exhaustive search, at each lock and unlock.
    ShuttleDfs,
    /// shuttle with a scheduler of ours: exhaustive, one choice per step.
    ShuttleCalls,
    /// The machine's threads.
    Threads,
}

/// All engines and their names. `schedulers::all` says in a line what each does.
pub const ENGINES: &[(Engine, &str)] = &[
    (Engine::Loom, "loom"),
    (Engine::ShuttleRandom, "shuttle-random"),
    (Engine::ShuttlePct, "shuttle-pct"),
    (Engine::ShuttleUrw, "shuttle-urw"),
    (Engine::ShuttleDfs, "shuttle-dfs"),
    (Engine::ShuttleCalls, "shuttle-calls"),
    (Engine::Threads, "threads"),
];

impl Engine {
    /// The engine of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Engine> {
        ENGINES.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        ENGINES.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }

    /// Whether it ends by itself, having covered every schedule.
    #[must_use]
    pub fn is_exhaustive(self) -> bool {
        matches!(self, Engine::Loom | Engine::ShuttleDfs | Engine::ShuttleCalls)
    }

    /// Whether the seed decides what it does.
    #[must_use]
    pub fn is_seeded(self) -> bool {
        matches!(self, Engine::ShuttleRandom | Engine::ShuttlePct | Engine::ShuttleUrw)
    }
}

/// What to run, and how far.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Who schedules.
    pub engine: Engine,
    /// Executions (`--runs`) and time (`--max-duration`), and loom's `--preemption-bound`.
    pub limits: Limits,
    /// For the random engines.
    pub seed: u64,
    /// For `shuttle-pct`: one more than the number of preemptions.
    pub depth: usize,
    /// An execution with more steps than this is cut off.
    pub steps_max: usize,
    /// Stop once one of these observers, by index, has decided an execution.
    pub stop_at: Vec<usize>,
    /// Keep the ending of every distinct schedule.
    pub keep: bool,
}

impl Plan {
    /// The plan that covers everything `engine` covers, or 1,000 runs of one that never ends.
    #[must_use]
    pub fn new(engine: Engine) -> Plan {
        let executions = (!engine.is_exhaustive()).then_some(1_000);
        let limits = Limits { executions, ..Limits::default() };
        let stop_at = Vec::new();
        Plan { engine, limits, seed: 0, depth: 3, steps_max: 1_000, stop_at, keep: false }
    }
}

/// What an engine found.
#[derive(Debug, Clone)]
pub struct Report {
    /// Executions run.
    pub executions: u64,
    /// Nothing if every schedule was covered.
    pub cut_off: Option<CutOff>,
    /// What they add up to.
    pub tally: Tally,
}

impl Report {
    /// Whether every schedule was covered, so that a property that was never violated holds.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.cut_off.is_none()
    }
}

/// Why an engine does not run a world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Faults are choices of a scheduler.
    Faults(Engine),
    /// No thread of an engine waits for a work queue or a lease.
    Turns(Engine),
    /// loom's threads are few.
    TooManyThreads {
        /// Unfinished workers.
        workers: usize,
        /// Informer caches.
        caches: usize,
    },
    /// `shuttle-pct` needs two threads to have anything to choose.
    OneThread,
    /// The crate was built without it.
    NotBuilt(Engine),
    /// shuttle would take the seed from there.
    SeedInEnvironment,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Faults(engine) => write!(
                out,
                "`{}` runs workers and cache deliveries on threads, and no thread makes a fault: \
                 use `exhaustive` or one of our own random schedulers",
                engine.name()
            ),
            Refusal::Turns(engine) => write!(
                out,
                "`{}` has one thread for each worker, and none of them waits for a work queue, an \
                 event or a lease: use `exhaustive` or one of our own random schedulers",
                engine.name()
            ),
            Refusal::TooManyThreads { workers, caches } => write!(
                out,
                "loom has {LOOM_THREADS} threads, and {workers} workers with {caches} informer \
                 caches need {}: use `shuttle-calls` or `exhaustive`",
                workers + caches
            ),
            Refusal::OneThread => write!(
                out,
                "`shuttle-pct` chooses between threads, and there is only one: use `exhaustive`"
            ),
            Refusal::NotBuilt(engine) => {
                let feature = if *engine == Engine::Loom { "loom" } else { "shuttle" };
                write!(out, "this build is without the Cargo feature `{feature}`")
            }
            Refusal::SeedInEnvironment => write!(
                out,
                "the environment variable SHUTTLE_RANDOM_SEED would replace the seed: unset it"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

/// loom's threads, the first one among them.
const LOOM_THREADS: usize = 5;

/// Runs `world` from where it is to its end, again and again, as `plan` says.
///
/// # Errors
/// What the engine cannot express.
pub fn run(world: &World, plan: &Plan) -> Result<Report, Refusal> {
    run_while(world, plan, |_| true)
}

/// The same as long as `go_on`, asked before each execution with the number of those before it,
/// says so.
///
/// # Errors
/// What the engine cannot express.
pub fn run_while(
    world: &World,
    plan: &Plan,
    go_on: impl Fn(u64) -> bool + Send + Sync + 'static,
) -> Result<Report, Refusal> {
    refuse(world, plan.engine)?;
    let tally = Arc::new(Mutex::new(Tally::new(world.setting.observers.len())));
    let (notebook, keep) = (tally.clone(), plan.keep);
    let judge = move |ended: &Ended<'_>| lock(&notebook).count(ended, keep);
    let (notebook, stop_at) = (tally.clone(), plan.stop_at.clone());
    let go_on = move || {
        let tally = lock(&notebook);
        let mut losing = stop_at.iter().filter_map(|at| tally.losing.get(*at));
        losing.all(|losing| losing.executions == 0) && go_on(tally.executions)
    };
    let Explored { executions, cut_off } = explore(world, plan, go_on, judge)?;
    let none = Tally::new(world.setting.observers.len());
    let tally = std::mem::replace(&mut *lock(&tally), none);
    let too_long = (tally.unfinished > 0).then_some(CutOff::Steps(plan.steps_max));
    Ok(Report { executions, cut_off: cut_off.or(too_long), tally })
}

fn lock(tally: &Mutex<Tally>) -> std::sync::MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refuse(world: &World, engine: Engine) -> Result<(), Refusal> {
    if world.faults != Default::default() {
        return Err(Refusal::Faults(engine));
    }
    if world.setting.has_turns() {
        return Err(Refusal::Turns(engine));
    }
    let (threads, caches) = (play::threads(world).len(), world.caches.len());
    match engine {
        Engine::Loom if threads > LOOM_THREADS => {
            Err(Refusal::TooManyThreads { workers: threads - caches, caches })
        }
        Engine::ShuttlePct if threads < 2 => Err(Refusal::OneThread),
        engine if engine.is_seeded() && std::env::var_os("SHUTTLE_RANDOM_SEED").is_some() => {
            Err(Refusal::SeedInEnvironment)
        }
        _ => Ok(()),
    }
}

fn explore(
    world: &World,
    plan: &Plan,
    go_on: impl Fn() -> bool + Send + Sync + 'static,
    judge: impl play::Judge,
) -> Result<Explored, Refusal> {
    let (world, steps_max, judge) = (world.clone(), plan.steps_max, Arc::new(judge));
    match plan.engine {
        Engine::Threads => Ok(super::os::explore(plan.limits, go_on, || {
            play::play::<super::os::Os, _>(&world, steps_max, |_| (), &judge)
        })),
        #[cfg(feature = "loom")]
        Engine::Loom => Ok(super::loom::explore(plan.limits, go_on, move || {
            play::play::<super::loom::Loom, _>(&world, steps_max, |_| (), &judge);
        })),
        #[cfg(not(feature = "loom"))]
        Engine::Loom => Err(Refusal::NotBuilt(Engine::Loom)),
        #[cfg(feature = "shuttle")]
        _ => Ok(super::shuttle::explore(plan, go_on, move |hook| {
            play::play::<super::shuttle::Shuttle, _>(&world, steps_max, hook, &judge);
        })),
        #[cfg(not(feature = "shuttle"))]
        engine => Err(Refusal::NotBuilt(engine)),
    }
}
