//! Workers of one's own (Rust types, not scenario files) under every scheduler.
//!
//! ```
//! # use lostwrite::{apiserver::ApiServer, check::Workers};
//! # let server = ApiServer::new(Default::default());
//! let workers = Workers::on(server, Vec::new());
//! assert!(workers.check("exhaustive").unwrap().is_safe());
//! ```
//!
//! `examples/own_worker.rs` is such a worker, and its test. What is judged is `no-lost-write`,
//! from the intents that the workers state with their writes. Left out: caches, faults, and the
//! random schedulers of ours, which scenarios have. Next to read: `threads/engine.rs`.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use super::options::DEFAULT_MAX_STEPS;
use super::replay::{follow, trace_of, witness};
use super::serial;
use super::verdict::{Verdict, Witness};
use crate::apiserver::{ApiServer, Key, Options, Request, Verb};
use crate::history::Lists;
use crate::properties::{self, Jobs, NoLostWrite, find_witness};
use crate::reconcilers::{Ask, Basis, BoxedWorker, Call, Change, WorkerValue};
use crate::scenario::Diagnostic;
use crate::schedulers::{Count, Letters, Schedule, exhaustive};
use crate::simulation::{Choice, FaultBudget, Setting, WorkerInfo, World};
use crate::threads::{self, CutOff, Engine, Plan};

/// Some workers on one API server.
#[derive(Clone, Debug)]
pub struct Workers {
    server: ApiServer,
    objects: Vec<Key>,
    workers: Vec<BoxedWorker>,
}

/// What a check of one's own workers found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The scheduler's name.
    pub scheduler: String,
    /// Whether `no-lost-write` holds; `Unknown` if nothing was lost and not everything was run.
    pub verdict: Verdict,
    /// Schedules in all, and how many of them lose a write, where every one was covered.
    pub schedules: Option<(Count, Count)>,
    /// Executions, for engines that run schedules one by one.
    pub executions: Option<u64>,
    /// A losing schedule, if there is one.
    pub witness: Option<Witness>,
}

impl Workers {
    /// No workers yet, on a server that holds these objects.
    #[must_use]
    pub fn on(server: ApiServer, objects: Vec<Key>) -> Workers {
        Workers { server, objects, workers: Vec::new() }
    }

    /// And this worker, in a process of its own.
    #[must_use]
    pub fn and(mut self, worker: impl WorkerValue + 'static) -> Workers {
        self.workers.push(Box::new(worker));
        self
    }

    /// The world before its first step, watched by `no-lost-write`.
    #[must_use]
    pub fn world(&self) -> World {
        let kind = |key: &Key| self.server.kind_of(&key.resource);
        let lists = |key: &Key| Some((key.clone(), Lists::of(&*kind(key)?)));
        let lists = Arc::new(self.objects.iter().filter_map(lists).collect());
        let jobs = vec![None; self.workers.len()];
        let jobs = Jobs { jobs, lists, serial: serial::none(), invariants: Vec::new() };
        let info = |(process, worker): (usize, &BoxedWorker)| WorkerInfo {
            name: worker.name().to_owned(),
            process,
            cache: None,
            turn: Default::default(),
        };
        let setting = Setting {
            workers: self.workers.iter().enumerate().map(info).collect(),
            processes: self.workers.iter().map(|worker| worker.name().to_owned()).collect(),
            objects: self.objects.clone(),
            lists: Arc::clone(&jobs.lists),
            observers: properties::named(properties::NO_LOST_WRITE)
                .map(|p| p.build(&jobs))
                .into_iter()
                .collect(),
            ..Setting::default()
        };
        let (server, workers) = (self.server.clone(), self.workers.clone());
        World::new(Arc::new(setting), server, workers, FaultBudget::default())
    }

    /// Checks them under `exhaustive`, `loom`, or any other thread engine.
    ///
    /// # Errors
    /// An unknown scheduler, or more workers than it can run.
    pub fn check(&self, scheduler: &str) -> Result<Checked, Diagnostic> {
        let world = self.world();
        let (losing, complete, schedules, executions) = match Engine::named(scheduler) {
            None if scheduler == "exhaustive" => {
                let explored = exhaustive::explore(&world, Default::default(), &mut |_| None);
                let counts = explored.counts(DEFAULT_MAX_STEPS);
                let schedules = counts.map(|mut n| (n.schedules, n.decided.swap_remove(0)));
                (explored.shortest(0), explored.stopped_by.is_none(), schedules, None)
            }
            None => {
                let message = format!("no `{scheduler}` for workers of one's own");
                return Err(Diagnostic::error(message).help("use `exhaustive` or a thread engine"));
            }
            Some(engine) => {
                let report = threads::run(&world, &Plan::new(engine))
                    .map_err(|refusal| Diagnostic::error(refusal.to_string()))?;
                if let Some(CutOff::Panic(words)) = &report.cut_off {
                    return Err(Diagnostic::error(format!("a worker panicked: {words}")));
                }
                let all = report.tally.schedules.as_ref().filter(|_| report.is_complete());
                let schedules = all.map(|all| {
                    let losing = all.values().filter(|outcome| outcome.decided[0]).count();
                    (Count::from(all.len() as u64), Count::from(losing as u64))
                });
                let losing = report.tally.losing[0].schedule.clone();
                (losing, report.is_complete(), schedules, Some(report.executions))
            }
        };
        let verdict = match (&losing, complete) {
            (Some(_), _) => Verdict::Violated,
            (None, true) => Verdict::Holds,
            (None, false) => Verdict::Unknown,
        };
        let witness = losing.and_then(|choices| self.witness(&world, choices));
        let scheduler = scheduler.to_owned();
        Ok(Checked { scheduler, verdict, schedules, executions, witness })
    }

    /// Runs one schedule, as text, and returns its witness if it loses a write.
    ///
    /// # Errors
    /// A text that is no schedule.
    pub fn replay(&self, schedule: &str) -> Result<Option<Witness>, Diagnostic> {
        let world = self.world();
        let parsed =
            Arc::new(Letters::assign(&world.setting)).parse(schedule).map_err(|error| {
                let at = error.offset.min(schedule.len())..schedule.len();
                Diagnostic::in_argument(error.message.clone(), "schedule", schedule, at)
            })?;
        Ok(self.witness(&world, parsed.choices))
    }

    fn witness(&self, start: &World, choices: Vec<Choice>) -> Option<Witness> {
        let letters = Arc::new(Letters::assign(&start.setting));
        let (world, run, _) = follow(start, &choices);
        let trace = trace_of(start, run.events, run.finished);
        let remembered = world.remembered.first()?;
        let name = <NoLostWrite as properties::Property>::NAME;
        let found = find_witness(name, remembered, &trace, &world.ending(), &start.setting.lists)?;
        let schedule = Schedule { fingerprint: None, choices, letters, text: None };
        Some(witness(schedule, trace, found))
    }
}

impl Checked {
    /// Whether no schedule loses a write, all of them having been covered.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.verdict == Verdict::Holds
    }

    /// Panics with the losing schedule unless [`Checked::is_safe`].
    ///
    /// # Panics
    /// That is what it is for.
    pub fn assert_safe(&self) {
        assert!(self.is_safe(), "{self}");
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.scheduler, self.verdict.as_str())?;
        if let Some((all, losing)) = &self.schedules {
            write!(out, ", {losing} of {all} schedules lose a write")?;
        }
        if let Some(executions) = self.executions {
            write!(out, ", {executions} executions")?;
        }
        let Some(witness) = &self.witness else { return Ok(()) };
        let Witness { schedule, class, victim, field, .. } = witness;
        write!(out, "; `{schedule}` loses {field} of {} ({})", victim.worker, class.as_str())?;
        for (pointer, role) in [
            (Some(victim), "wrote it"),
            (witness.stale_read.as_ref(), "had read before"),
            (witness.culprit.as_ref(), "took it away"),
        ] {
            if let Some(pointer) = pointer {
                write!(out, ", step {}: {} {role}", pointer.step, pointer.worker)?;
            }
        }
        Ok(())
    }
}

/// What a worker asks to read an object from the API server.
#[must_use]
pub fn get(key: &Key, who: &str) -> Ask {
    call(request(key, who, Verb::Get, None), None, Vec::new())
}

/// What a worker asks to replace an object that it made of `read`, meaning `changes`.
#[must_use]
pub fn put(key: &Key, who: &str, read: &Value, body: Value, changes: Vec<Change>) -> Ask {
    call(request(key, who, Verb::Update, Some(Arc::new(body))), Some(Basis::of(read)), changes)
}

fn call(request: Request, basis: Option<Basis>, intent: Vec<Change>) -> Ask {
    Ask::Api(Call { request: Arc::new(request), basis, intent: intent.into(), only_version: false })
}

fn request(key: &Key, who: &str, verb: Verb, body: Option<Arc<Value>>) -> Request {
    Request {
        verb,
        resource: key.resource.clone(),
        namespace: key.namespace.clone(),
        name: Some(key.name.clone()),
        subresource: None,
        options: Options::default(),
        body,
        user_agent: who.to_owned(),
        time: 0,
    }
}
