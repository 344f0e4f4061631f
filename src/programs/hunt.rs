//! Hunting for a lost write of programs: run, judge, predict, steer, confirm.
//!
//! Next to read: `crate::schedulers::rerun::sample`, whose `Steer` this uses.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::hunted::Hunted;
use super::limits::Limits;
use super::session::Session;
use crate::parking::{Rules, Start};
use crate::schedulers::rerun::Spelling;
use crate::simulation::{FaultBudget, Setting, World};

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
    pub start: Start,
    pub programs: Vec<Program>,
    pub max_steps: u64,
    pub settle_within: Duration,
    pub start_within: Duration,
    pub linger: Duration,
    pub timeout: Duration,
    pub until: Until,
    pub folder: PathBuf,
    pub limits: Limits,
}

/// Says whether to stop.
#[derive(Clone)]
pub(super) struct Until(pub std::sync::Arc<dyn Fn() -> bool + Send + Sync>);

impl fmt::Debug for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Until")
    }
}

/// Programs, and the cluster in which they work.
#[derive(Clone, Debug)]
#[must_use = "nothing is started before `run`"]
pub struct Hunt {
    crds: Vec<Value>,
    objects: Vec<Value>,
    programs: Vec<Program>,
    rules: Rules,
    pub(super) executions: u64,
    pub(super) seed: u64,
    pub(super) predict: bool,
    pub(super) replay: Option<String>,
    linger: Duration,
    timeout: Duration,
    until: Until,
    folder: PathBuf,
    limits: Limits,
}

impl Default for Hunt {
    fn default() -> Self {
        Hunt {
            crds: Vec::new(),
            objects: Vec::new(),
            programs: Vec::new(),
            rules: Rules::default(),
            executions: 20,
            seed: 0,
            predict: true,
            replay: None,
            linger: Duration::from_millis(300),
            timeout: Duration::from_secs(60),
            until: Until(std::sync::Arc::new(|| false)),
            folder: PathBuf::from("."),
            limits: Limits::default(),
        }
    }
}

impl Hunt {
    /// An empty cluster.
    pub fn new() -> Hunt {
        Hunt::default()
    }

    /// A CustomResourceDefinition.
    pub fn crd(mut self, crd: impl Serialize) -> Hunt {
        self.crds.push(serde_json::to_value(crd).unwrap_or_default());
        self
    }

    /// An object that is there before anybody moves.
    pub fn object(mut self, object: impl Serialize) -> Hunt {
        self.objects.push(serde_json::to_value(object).unwrap_or_default());
        self
    }

    /// A program: it is started for each execution, with `KUBECONFIG` in its environment.
    pub fn program(mut self, name: &str, run: &[impl AsRef<str>]) -> Hunt {
        let run = run.iter().map(|part| part.as_ref().to_owned()).collect();
        self.programs.push(Program { name: name.to_owned(), run, env: Vec::new() });
        self
    }

    /// A variable in the environment of the program that was named last.
    pub fn env(mut self, key: &str, value: &str) -> Hunt {
        if let Some(program) = self.programs.last_mut() {
            program.env.push((key.to_owned(), value.to_owned()));
        }
        self
    }

    /// The folder in which programs are started; the current one unless told otherwise.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Hunt {
        self.folder = folder.into();
        self
    }

    /// Requests about Leases are choices: who leads is raced for.
    pub fn leases_race(mut self) -> Hunt {
        self.rules.leases_race = true;
        self
    }

    /// Executions at most; twenty unless told otherwise.
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
        self.predict = false;
        self
    }

    /// This order, as a loss was reported.
    pub fn replay(mut self, schedule: &str) -> Hunt {
        self.replay = Some(schedule.to_owned());
        self
    }

    /// How long nobody must ask before an execution counts as over; 300 ms unless told otherwise.
    pub fn linger(mut self, linger: Duration) -> Hunt {
        self.linger = linger;
        self
    }

    /// How long one execution may take; a minute unless told otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Hunt {
        self.timeout = timeout;
        self
    }

    /// What each program may use up.
    pub fn limits(mut self, limits: Limits) -> Hunt {
        self.limits = limits;
        self
    }

    /// Stops, and ends the programs, as soon as this is true: after Ctrl-C, say.
    pub fn until(mut self, stop: impl Fn() -> bool + Send + Sync + 'static) -> Hunt {
        self.until = Until(std::sync::Arc::new(stop));
        self
    }

    /// One execution without steering: whatever order comes, judged.
    pub fn record(self) -> Hunt {
        self.executions(1)
    }

    fn plan(&self) -> Result<Plan, String> {
        let time = 1_767_225_600;
        let mut server = Start::server();
        for crd in &self.crds {
            server.install_crd(crd, time).map_err(|status| {
                format!("the API server refuses a CRD: {}", status.message.unwrap_or_default())
            })?;
        }
        for object in &self.objects {
            server.seed_object(object, time).map_err(|status| {
                format!("the API server refuses an object: {}", status.message.unwrap_or_default())
            })?;
        }
        let setting = Setting { time, ..Setting::default() };
        let world = World::new(setting.into(), server, Vec::new(), FaultBudget::default());
        let real = self.programs.iter().map(|program| program.name.clone()).collect();
        Ok(Plan {
            start: Start { world, real, rules: self.rules.clone() },
            programs: self.programs.clone(),
            max_steps: 500,
            settle_within: Duration::from_secs(10),
            start_within: Duration::from_secs(30).min(self.timeout),
            linger: self.linger,
            timeout: self.timeout,
            until: self.until.clone(),
            folder: self.folder.clone(),
            limits: self.limits,
        })
    }

    /// Runs it.
    pub fn run(self) -> Hunted {
        let workers: Vec<String> = self.programs.iter().map(|it| it.name.clone()).collect();
        let mut digest = crate::parking::Digest::default();
        digest.feed(&workers);
        let spelling = Spelling::new(&workers, digest.finish() as u16);
        let mut hunted = Hunted { workers, ..Hunted::default() };
        let session = self.plan().and_then(|plan| Session::new(plan, spelling, &mut hunted));
        if let Err(words) = session.map(|mut session| session.all(&self)) {
            hunted.failed = Some(words);
        }
        hunted
    }
}
