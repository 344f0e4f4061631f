//! Programs, and the cluster in which they work: what a hunt is made of.
//!
//! Everything becomes a scenario, so that a hunt in Rust and one of a file are the same. Next to
//! read: `session.rs`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::hunted::Hunted;
use super::limits::Limits;
use super::session::Session;
use crate::parking::{Rules, Start};
use crate::scenario::{Isolation, Scenario};
use crate::schedulers::rerun::Spelling;

/// A program.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub name: String,
    pub run: Vec<String>,
    pub env: Vec<(String, String)>,
}

/// What an execution needs.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub scenario: Scenario,
    pub start: Start,
    pub programs: Vec<Program>,
    pub max_steps: u64,
    pub settle_within: Duration,
    pub start_within: Duration,
    pub linger: Duration,
    pub timeout: Duration,
    pub until: Until,
    pub told: Progress,
    pub folder: PathBuf,
    pub limits: Limits,
    pub tls: bool,
}

/// Says whether to stop.
#[derive(Clone)]
pub(super) struct Until(pub std::sync::Arc<dyn Fn() -> bool + Send + Sync>);

impl fmt::Debug for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Until")
    }
}

/// Told before each execution: which it is, and of how many.
#[derive(Clone)]
pub(super) struct Progress(pub std::sync::Arc<dyn Fn(u64, u64) + Send + Sync>);

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}

/// How the orders are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Orders {
    /// Predict, steer, confirm; then at random.
    Hunt,
    /// At random.
    Random,
    /// As the requests come; one execution, which is only judged.
    Record,
}

/// Half of the time that an execution may take: the least that programs may take to start, and to
/// become quiet.
const HALF: Duration = Duration::from_secs(30);

/// Programs, and the cluster in which they work.
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `run`"]
pub struct Hunt {
    /// Keys of a scenario.
    document: Value,
    /// A scenario of a file, instead.
    scenario: Option<Box<Scenario>>,
    mistake: Option<String>,
    pub(super) executions: u64,
    pub(super) seed: u64,
    pub(super) orders: Orders,
    pub(super) replay: Option<String>,
    linger: Duration,
    timeout: Duration,
    until: Until,
    told: Progress,
    folder: PathBuf,
    limits: Limits,
    tls: bool,
    isolation: Option<Isolation>,
}

impl Default for Hunt {
    fn default() -> Self {
        Hunt {
            document: json!({
                "apiVersion": "lostwrite.dev/v1alpha1", "kind": "Scenario",
                "metadata": { "name": "programs" }, "crds": [], "objects": [], "workers": [],
            }),
            scenario: None,
            mistake: None,
            executions: 20,
            seed: 0,
            orders: Orders::Hunt,
            replay: None,
            linger: Duration::from_millis(300),
            timeout: HALF * 2,
            until: Until(std::sync::Arc::new(|| false)),
            told: Progress(std::sync::Arc::new(|_, _| ())),
            folder: PathBuf::from("."),
            limits: Limits::default(),
            tls: false,
            isolation: None,
        }
    }
}

impl Hunt {
    /// An empty cluster.
    pub fn new() -> Hunt {
        Hunt::default()
    }

    /// The programs, modelled workers and stimuli of a scenario, with its objects, limits, faults
    /// and invariants.
    pub fn of(scenario: Scenario) -> Hunt {
        Hunt { scenario: Some(Box::new(scenario)), ..Hunt::default() }
    }

    fn add(&mut self, key: &str, value: impl Serialize) {
        match (serde_json::to_value(value), &mut self.document[key]) {
            (Ok(value), Value::Array(list)) => list.push(value),
            (Ok(value), list) => *list = json!([value]),
            (Err(error), _) => self.mistake = Some(format!("`{key}`: {error}")),
        }
    }

    /// A CustomResourceDefinition.
    pub fn crd(mut self, crd: impl Serialize) -> Hunt {
        self.add("crds", crd);
        self
    }

    /// An object that is there before the first step.
    pub fn object(mut self, object: impl Serialize) -> Hunt {
        self.add("objects", object);
        self
    }

    /// A program: it is started for each execution, with `KUBECONFIG` in its environment.
    pub fn program(mut self, name: &str, run: &[impl AsRef<str>]) -> Hunt {
        let run: Vec<&str> = run.iter().map(AsRef::as_ref).collect();
        self.add("workers", json!({ "name": name, "run": run }));
        self
    }

    /// A variable in the environment of the program that was named last.
    pub fn env(mut self, key: &str, value: &str) -> Hunt {
        if let Some(last) = self.document["workers"].as_array_mut().and_then(|it| it.last_mut()) {
            last["env"][key] = json!(value);
        }
        self
    }

    /// Modelled workers beside the programs: the `workers:` of a scenario, as YAML.
    pub fn worker(mut self, text: &str) -> Hunt {
        match serde_saphyr::from_str::<Value>(text) {
            Ok(Value::Object(mut keys)) => {
                for worker in keys["workers"].take().as_array().into_iter().flatten() {
                    self.add("workers", worker);
                }
            }
            Ok(_) => self.mistake = Some("modelled workers stand under `workers:`".to_owned()),
            Err(error) => self.mistake = Some(format!("modelled workers: {error}")),
        }
        self
    }

    /// What happens from outside: an entry of `stimuli` of a scenario.
    pub fn stimulus(mut self, stimulus: impl Serialize) -> Hunt {
        self.add("stimuli", stimulus);
        self
    }

    /// An entry of `invariants` of a scenario.
    pub fn invariant(mut self, invariant: impl Serialize) -> Hunt {
        self.add("invariants", invariant);
        self
    }

    /// The `faults` of a scenario: `json!({ "lostResponses": 1 })`.
    pub fn faults(mut self, faults: Value) -> Hunt {
        self.document["faults"] = faults;
        self
    }

    /// The folder in which programs are started. Default: the current one.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Hunt {
        self.folder = folder.into();
        self
    }

    /// Requests about Leases are choices: who leads is raced for.
    pub fn leases_race(mut self) -> Hunt {
        self.document["leases"] = json!("race");
        self
    }

    /// The maximum number of executions. Default: 20.
    pub fn executions(mut self, most: u64) -> Hunt {
        self.executions = most;
        self
    }

    /// What random orders start from.
    pub fn seed(mut self, seed: u64) -> Hunt {
        self.seed = seed;
        self
    }

    /// Random orders only.
    pub fn random(mut self) -> Hunt {
        self.orders = Orders::Random;
        self
    }

    /// This order, as a loss was reported.
    pub fn replay(mut self, schedule: &str) -> Hunt {
        self.replay = Some(schedule.to_owned());
        self
    }

    /// How long no request may come before an execution counts as over. Default: 300 ms.
    pub fn linger(mut self, linger: Duration) -> Hunt {
        self.linger = linger;
        self
    }

    /// How long one execution may take. Default: one minute.
    pub fn timeout(mut self, timeout: Duration) -> Hunt {
        self.timeout = timeout;
        self
    }

    /// What each program may use up.
    pub fn limits(mut self, limits: Limits) -> Hunt {
        self.limits = limits;
        self
    }

    /// Programs are served over TLS, with an authority that their kubeconfig names, and find what a
    /// pod finds: `KUBERNETES_SERVICE_HOST` and `_PORT`, and in the folder that
    /// `LOSTWRITE_SERVICE_ACCOUNT` names, `ca.crt`, `token` and `namespace`.
    pub fn tls(mut self) -> Hunt {
        self.tls = true;
        self
    }

    /// What parts one execution from the next. A record and a replay are one execution, of programs
    /// that are started for it.
    pub fn isolation(mut self, isolation: Isolation) -> Hunt {
        self.isolation = Some(isolation);
        self
    }

    /// Stops, and ends the programs, as soon as this is true: after Ctrl-C, say.
    pub fn until(mut self, stop: impl Fn() -> bool + Send + Sync + 'static) -> Hunt {
        self.until = Until(std::sync::Arc::new(stop));
        self
    }

    /// Called before each execution with its number and the maximum.
    pub fn progress(mut self, tell: impl Fn(u64, u64) + Send + Sync + 'static) -> Hunt {
        self.told = Progress(std::sync::Arc::new(tell));
        self
    }

    /// One execution without steering: requests are answered as they come, and judged.
    pub fn record(mut self) -> Hunt {
        self.orders = Orders::Record;
        self.executions(1)
    }

    fn scenario(&self) -> Result<Scenario, String> {
        if let Some(words) = &self.mistake {
            return Err(words.clone());
        }
        if let Some(scenario) = &self.scenario {
            return Ok((**scenario).clone());
        }
        let mut document = self.document.clone();
        if document["objects"].as_array().is_some_and(Vec::is_empty) {
            let name = json!({ "name": "lostwrite" });
            let space = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": name });
            document["objects"] = json!([space]);
        }
        let read = Scenario::from_str("programs", &document.to_string());
        let read = read.map_err(|mistakes| mistakes.to_string())?;
        read.into_iter().next().ok_or_else(|| "there is no scenario".to_owned())
    }

    fn plan(&self, scenario: Scenario) -> Result<Plan, String> {
        let faults = scenario.faults;
        let rules = Rules {
            leases_race: scenario.programs.leases_race,
            lost_answers: faults.lost_responses,
            watch_gaps: faults.watch_gaps,
            crashes: faults.crashes,
            leases_lost: scenario.programs.leases_lost,
            real_time: true,
            ..Rules::default()
        };
        let start = Start::of(&scenario, rules)?;
        let program = |spec: &crate::scenario::WorkerSpec| {
            let run = spec.run.clone()?;
            Some(Program { name: spec.name.clone(), run: run.command, env: run.env })
        };
        let programs = scenario.workers.iter().filter_map(program).collect();
        let said = scenario.programs.limits;
        let limits = Limits {
            memory: said.memory.unwrap_or(self.limits.memory),
            processes: said.processes.map_or(self.limits.processes, |n| n as usize),
            files: said.files.unwrap_or(self.limits.files),
            requests: said.requests.unwrap_or(self.limits.requests),
            watches: said.watches.map_or(self.limits.watches, |n| n as usize),
            ..self.limits
        };
        Ok(Plan {
            scenario,
            start,
            programs,
            max_steps: 500,
            settle_within: HALF.max(self.timeout / 2),
            start_within: HALF.max(self.timeout / 2).min(self.timeout),
            linger: self.linger,
            timeout: self.timeout,
            until: self.until.clone(),
            told: self.told.clone(),
            folder: self.folder.clone(),
            limits,
            tls: self.tls,
        })
    }

    /// Runs it.
    pub fn run(self) -> Hunted {
        let mut hunted = Hunted { seed: self.seed, ..Hunted::default() };
        hunted.scheduler = match (self.orders, &self.replay) {
            (_, Some(_)) => "replay",
            (Orders::Hunt, _) => "hunt",
            (Orders::Random, _) => "random",
            (Orders::Record, _) => "record",
        };
        if let Err(words) = self.hunted(&mut hunted) {
            hunted.failed = Some(words);
        }
        hunted
    }

    fn hunted(&self, hunted: &mut Hunted) -> Result<(), String> {
        let scenario = self.scenario()?;
        let fingerprint = (scenario.fingerprint() >> 48) as u16;
        hunted.scenario = Some(scenario.clone());
        if self.replay.is_none() && self.orders != Orders::Record {
            hunted.isolation = self.isolation.unwrap_or(scenario.programs.isolation);
        }
        if hunted.isolation == Isolation::Name {
            scenario.may_be_parted()?;
        }
        let plan = self.plan(scenario)?;
        let modelled = plan.start.world.setting.workers.iter().map(|info| info.name.clone());
        hunted.workers = plan.start.real.iter().cloned().chain(modelled).collect();
        let spelling = Spelling::new(&hunted.workers, fingerprint);
        Session::new(plan, spelling, hunted)?.all(self);
        Ok(())
    }
}
