//! Hunting for a lost write of programs: run, judge, predict, steer, confirm.
//!
//! Next to read: `crate::schedulers::rerun::sample`, whose `Steer` this uses.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::execute::{self, Ran};
use super::hunted::{Hunted, Loss};
use crate::parking::{History, Judged, Rules, Start, Teller, What, drawing, judged, object_number};
use crate::schedulers::rerun::sample::{Dice, Follow, Steer};
use crate::schedulers::rerun::{End, Move, Spelling};
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
    executions: u64,
    seed: u64,
    predict: bool,
    replay: Option<String>,
    linger: Duration,
    timeout: Duration,
    until: Until,
    folder: PathBuf,
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
        })
    }

    /// Runs it.
    pub fn run(self) -> Hunted {
        let workers: Vec<String> = self.programs.iter().map(|it| it.name.clone()).collect();
        let mut digest = crate::parking::Digest::default();
        digest.feed(&workers);
        let spelling = Spelling::new(&workers, digest.finish() as u16);
        let mut hunted =
            Hunted { workers, executions: 0, tainted: 0, loss: None, unconfirmed: 0, failed: None };
        match self.plan() {
            Ok(plan) => Session { plan, spelling, hunted: &mut hunted }.all(&self),
            Err(words) => hunted.failed = Some(words),
        }
        hunted
    }
}

struct Session<'h> {
    plan: Plan,
    spelling: Spelling,
    hunted: &'h mut Hunted,
}

impl Session<'_> {
    fn all(&mut self, hunt: &Hunt) {
        if let Some(text) = &hunt.replay {
            match self.spelling.parse(text) {
                Ok(moves) => {
                    let mut follow = Follow::new(moves);
                    self.once(&mut follow, |it| it.made.clone(), "replay");
                }
                Err(error) => self.hunted.failed = Some(error.to_string()),
            }
            return;
        }
        let mut predictions = Vec::new();
        if hunt.predict {
            let mut first = Follow::new(Vec::new());
            let Some(history) = self.once(&mut first, |it| it.made.clone(), "first run") else {
                return;
            };
            predictions = predicted(&history);
        }
        for (first, then, object) in predictions {
            if self.over(hunt) {
                return;
            }
            let mut steer = Steer::new(first, then, object);
            self.once(&mut steer, |it| it.made.clone(), "predicted");
        }
        let mut run = 0;
        while !self.over(hunt) {
            self.once(&mut Dice::random(hunt.seed, run), |it| it.made.clone(), "random");
            run += 1;
        }
    }

    fn over(&self, hunt: &Hunt) -> bool {
        let found = self.hunted.loss.is_some() || self.hunted.failed.is_some();
        found || self.hunted.executions >= hunt.executions
    }

    /// One execution; its history, if it came to an end and nothing was found.
    fn once<G: crate::schedulers::rerun::Guide>(
        &mut self,
        guide: &mut G,
        made: impl Fn(&G) -> Vec<Move>,
        how: &'static str,
    ) -> Option<History> {
        let ran = self.execute(guide)?;
        let judged = judged(&ran.history.steps, &ran.history.kinds);
        if judged.losses.is_empty() {
            return Some(ran.history);
        }
        let moves = made(guide);
        if how == "replay" {
            self.keep(ran, &judged, &moves, how);
            return None;
        }
        // What its own replay does not show is no loss.
        let again = self.execute(&mut Follow::new(moves.clone()))?;
        let confirmed = judged_of(&again);
        match confirmed.losses.is_empty() {
            true => self.hunted.unconfirmed += 1,
            false => self.keep(again, &confirmed, &moves, how),
        }
        None
    }

    fn execute(&mut self, guide: &mut dyn crate::schedulers::rerun::Guide) -> Option<Ran> {
        self.hunted.executions += 1;
        let ran = execute::run(&self.plan, guide, self.hunted.executions);
        self.hunted.tainted += u64::from(ran.late > 0);
        match &ran.end {
            End::Quiet(()) => Some(ran),
            End::Failed(words) => {
                let said = self.said(&ran);
                let said: String = said
                    .iter()
                    .map(|(who, lines)| {
                        format!("\n  {who}: {}", lines.last().cloned().unwrap_or_default())
                    })
                    .collect();
                self.hunted.failed = Some(format!("{words}{said}"));
                None
            }
            End::Steps => {
                self.hunted.failed = Some(format!(
                    "the programs are still busy after {} steps",
                    self.plan.max_steps
                ));
                None
            }
            End::Stopped => None,
        }
    }

    fn said(&self, ran: &Ran) -> Vec<(String, Vec<String>)> {
        self.hunted.workers.iter().cloned().zip(ran.said.iter().cloned()).collect()
    }

    fn keep(&mut self, ran: Ran, judged: &Judged, moves: &[Move], how: &'static str) {
        let stays = judged.lost().next();
        let Some(loss) = stays.or_else(|| judged.repaired().next()) else { return };
        let scenario = Teller::new(&ran.history, judged).scenario("from-a-run");
        let said = self.said(&ran);
        self.hunted.loss = Some(Loss {
            schedule: self.spelling.text(moves),
            how,
            stays: stays.is_some(),
            drawing: drawing(&ran.history, judged, loss),
            said,
            scenario,
        });
    }
}

fn judged_of(ran: &Ran) -> Judged {
    judged(&ran.history.steps, &ran.history.kinds)
}

/// Which writes would be lost if another's came in between: of each pair that writes one object,
/// the write without a resourceVersion comes after the other's. Those first.
fn predicted(history: &History) -> Vec<(usize, usize, u64)> {
    let mut writes: BTreeSet<(u64, usize, bool)> = BTreeSet::new();
    for step in &history.steps {
        let What::Exchange(exchange) = &step.what else { continue };
        let Some(key) = exchange.key.as_ref().filter(|_| exchange.is_write()) else { continue };
        let object = object_number(&key.resource, key.namespace.as_deref(), &key.name);
        let body = String::from_utf8_lossy(&exchange.http.body);
        writes.insert((object, step.worker, body.contains("\"resourceVersion\":\"")));
    }
    let mut found = Vec::new();
    for locked in [false, true] {
        for (object, then, _) in writes.iter().filter(|it| it.2 == locked) {
            for (_, first, _) in writes.iter().filter(|it| it.0 == *object && it.1 != *then) {
                let prediction = (*first, *then, *object);
                if !found.contains(&prediction) {
                    found.push(prediction);
                }
            }
        }
    }
    found
}
