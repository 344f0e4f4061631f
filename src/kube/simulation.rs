//! What is to be run: objects, workers, rules, bounds.
//!
//! Next to read: `explore.rs`, which runs it.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::checked::Checked;
use super::client::Service;
use crate::parking::{Deliveries, Mask, Rules};

/// A worker's future.
pub(super) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a worker: once for each execution.
pub(super) type Starter = Arc<dyn Fn(Service) -> Running + Send + Sync>;

/// Which orders are run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Orders {
    /// All of them, as the graph of states.
    Exhaustive,
    /// This many, at random, from a seed.
    Random { runs: u64, seed: u64 },
    /// This many, by PCT, for violations of this depth.
    Pct { runs: u64, seed: u64, depth: u32 },
    /// `runs` of them, each schedule about equally likely.
    Uniform { runs: u64, seed: u64 },
    /// This one.
    Replay(String),
}

/// Real workers, modelled ones, and the cluster in which they work.
#[derive(Clone)]
#[must_use = "nothing is run before `check`"]
pub struct Simulation {
    pub(super) crds: Vec<Value>,
    pub(super) objects: Vec<Value>,
    pub(super) workers: Vec<(String, Starter)>,
    /// Where in the test each of them was given.
    pub(super) places: Vec<&'static Location<'static>>,
    /// Scenario texts, each with `workers`.
    pub(super) modelled: Vec<String>,
    /// Texts, each with `invariants`.
    pub(super) invariants: Vec<String>,
    pub(super) rules: Rules,
    pub(super) ignored: Vec<String>,
    pub(super) orders: Orders,
    pub(super) max_states: u64,
    pub(super) max_executions: Option<u64>,
    pub(super) max_steps: u64,
    pub(super) timeout: Option<Duration>,
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) patience: Duration,
    pub(super) time: Duration,
    pub(super) threads: usize,
    pub(super) infer: bool,
    pub(super) merge: bool,
    /// What is wrong with what was given.
    pub(super) mistake: Option<String>,
}

impl Default for Simulation {
    fn default() -> Self {
        Simulation {
            crds: Vec::new(),
            objects: Vec::new(),
            workers: Vec::new(),
            places: Vec::new(),
            modelled: Vec::new(),
            invariants: Vec::new(),
            rules: Rules::default(),
            ignored: Vec::new(),
            orders: Orders::Exhaustive,
            max_states: 1_000_000,
            max_executions: None,
            max_steps: 500,
            timeout: Some(Duration::from_secs(60)),
            checkpoint: None,
            patience: Duration::from_secs(10),
            time: Duration::from_secs(120),
            threads: 1,
            infer: true,
            merge: true,
            mistake: None,
        }
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workers: Vec<&str> = self.workers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Simulation")
            .field("workers", &workers)
            .field("objects", &self.objects.len())
            .field("orders", &self.orders)
            .finish_non_exhaustive()
    }
}

impl Simulation {
    /// An empty cluster: the built-in kinds, no worker.
    pub fn new() -> Simulation {
        Simulation::default()
    }

    /// A CustomResourceDefinition: `Widget::crd()`, or any value of one.
    pub fn crd(mut self, crd: impl Serialize) -> Simulation {
        match serde_json::to_value(crd) {
            Ok(crd) => self.crds.push(crd),
            Err(error) => self.wrong(format!("a CustomResourceDefinition: {error}")),
        }
        self
    }

    /// An object that is there before the first step, with its status.
    pub fn object(mut self, object: impl Serialize) -> Simulation {
        match serde_json::to_value(object) {
            Ok(object) => self.objects.push(object),
            Err(error) => self.wrong(format!("an object: {error}")),
        }
        self
    }

    /// A worker: async code that is given a client. It is started again for each execution, and may
    /// run for ever (`Controller::run(..)`, a loop) or end (one reconcile).
    #[track_caller]
    pub fn controller<F, O>(
        self,
        name: &str,
        run: impl Fn(::kube::Client) -> F + Send + Sync + 'static,
    ) -> Simulation
    where
        F: Future<Output = O> + Send + 'static,
    {
        self.service(name, move |service| run(::kube::Client::new(service, "default")))
    }

    /// A worker that makes its client itself: one of another version of kube, or with another
    /// default namespace: `kube::Client::new(service, "default")`.
    #[track_caller]
    pub fn service<F, O>(
        mut self,
        name: &str,
        run: impl Fn(Service) -> F + Send + Sync + 'static,
    ) -> Simulation
    where
        F: Future<Output = O> + Send + 'static,
    {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.chars().all(plain)
        {
            self.wrong(format!(
                "{name:?} is not a valid worker name: a name begins with a letter and has letters, \
                 digits, `-`, `_` and `.`"
            ));
        }
        if self.workers.iter().any(|(known, _)| known == name) {
            self.wrong(format!("two workers are called `{name}`"));
        }
        let run = Arc::new(run);
        let starter: Starter = Arc::new(move |service| {
            let run = Arc::clone(&run);
            Box::pin(async move {
                run(service).await;
            })
        });
        self.workers.push((name.to_owned(), starter));
        self.places.push(Location::caller());
        self
    }

    /// Modelled workers beside the real ones: the text of a scenario, or just its `workers:`.
    /// Objects and CRDs that it names and the simulation does not have are added.
    pub fn worker(mut self, text: &str) -> Simulation {
        self.modelled.push(text.to_owned());
        self
    }

    /// What must hold of the objects besides that no write is lost: the `invariants:` of a scenario
    /// (`docs/scenario-format.md`). A rule may name a worker, real or modelled. Invariants are
    /// counted and told like losses, and [`assert_safe`](Checked::assert_safe) wants them to hold.
    pub fn invariants(mut self, text: &str) -> Simulation {
        self.invariants.push(text.to_owned());
        self
    }

    /// A path whose value differs from execution to execution, and is not compared:
    /// `status.conditions[*].lastTransitionTime`. What is sent and stored does not change.
    pub fn ignore(mut self, path: &str) -> Simulation {
        self.rules.ignore.push(Mask::new(path));
        self.ignored.push(path.to_owned());
        self
    }

    /// Each watch event is a move of its own, instead of a stream catching up in one.
    pub fn single_deliveries(mut self) -> Simulation {
        self.rules.deliveries = Deliveries::Single;
        self
    }

    /// Requests about Leases are choices: who leads is raced for.
    pub fn leases_race(mut self) -> Simulation {
        self.rules.leases_race = true;
        self
    }

    /// The maximum number of answers to writes, per schedule, that are lost after the commit.
    pub fn lost_answers(mut self, most: u32) -> Simulation {
        self.rules.lost_answers = most;
        self
    }

    /// The maximum number of watches, per schedule, that break (410; the informer lists again).
    pub fn watch_gaps(mut self, most: u32) -> Simulation {
        self.rules.watch_gaps = most;
        self
    }

    /// The maximum number of times, per schedule, that a worker is stopped where it stands and
    /// started again.
    pub fn crashes(mut self, most: u32) -> Simulation {
        self.rules.crashes = most;
        self
    }

    /// The maximum number of times, per schedule, that the Lease of a worker goes to another
    /// holder, as if it had not been renewed in time.
    pub fn leases_lost(mut self, most: u32) -> Simulation {
        self.rules.leases_lost = most;
        self
    }

    /// Random orders, `runs` of them from a seed, instead of all.
    pub fn random(mut self, runs: u64, seed: u64) -> Simulation {
        self.orders = Orders::Random { runs, seed };
        self
    }

    /// `runs` orders, each schedule about equally likely: a worker that has much to do yet moves
    /// more often. How much that is, is estimated from the runs before.
    pub fn uniform(mut self, runs: u64, seed: u64) -> Simulation {
        self.orders = Orders::Uniform { runs, seed };
        self
    }

    /// `runs` orders by PCT, which finds a violation of this depth with a known probability.
    pub fn pct(mut self, runs: u64, seed: u64, depth: u32) -> Simulation {
        self.orders = Orders::Pct { runs, seed, depth };
        self
    }

    /// This order, as a loss was reported: `1.7c1e.aabb`.
    pub fn replay(mut self, schedule: &str) -> Simulation {
        self.orders = Orders::Replay(schedule.to_owned());
        self
    }

    /// Distinct states at most; a million unless told otherwise.
    pub fn max_states(mut self, most: u64) -> Simulation {
        self.max_states = most;
        self
    }

    /// Executions at most.
    pub fn max_executions(mut self, most: u64) -> Simulation {
        self.max_executions = Some(most);
        self
    }

    /// Moves of one execution at most; 500 unless told otherwise.
    pub fn max_steps(mut self, most: u64) -> Simulation {
        self.max_steps = most;
        self
    }

    /// Ends the exploration after so long, a minute unless told otherwise; what is not covered then
    /// is unknown.
    pub fn timeout(mut self, most: Duration) -> Simulation {
        self.timeout = Some(most);
        self
    }

    /// Where an exploration that a bound stops leaves what it knows, and goes on from the next
    /// time. Removed when every schedule is covered.
    pub fn checkpoint(mut self, file: impl Into<PathBuf>) -> Simulation {
        self.checkpoint = Some(file.into());
        self
    }

    /// How long the code may keep the thread before it is told to be stuck; ten seconds unless told
    /// otherwise.
    pub fn patience(mut self, most: Duration) -> Simulation {
        self.patience = most;
        self
    }

    /// How much virtual time passes in one execution, at most, while no worker could move:
    /// two minutes unless told otherwise, so that retries end and resyncs do not begin.
    pub fn time(mut self, most: Duration) -> Simulation {
        self.time = most;
        self
    }

    /// Threads that run executions side by side. Counts do not depend on it.
    pub fn threads(mut self, threads: usize) -> Simulation {
        self.threads = threads.max(1);
        self
    }

    /// Whether moves that may change places are run in one order only. It changes no count; off for
    /// comparison.
    pub fn reduce(mut self, on: bool) -> Simulation {
        self.infer = on;
        self
    }

    /// Whether prefixes that lead to one state are explored once. It changes no count; off for
    /// comparison, each schedule is run by itself.
    pub fn merge(mut self, on: bool) -> Simulation {
        (self.merge, self.infer) = (on, on && self.infer);
        self
    }

    /// Runs it.
    pub fn check(self) -> Checked {
        super::explore::check(self)
    }

    pub(super) fn wrong(&mut self, words: String) {
        self.mistake.get_or_insert(words);
    }
}
