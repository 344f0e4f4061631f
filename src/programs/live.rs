//! Programs that run: for one execution, or for many, one after the other.
//!
//! With `isolation: name` they live on. What was is deleted, they become quiet, and a new lot takes
//! over their watches, with the same objects under other names; nothing of that is judged. Next to
//! read: `execute.rs`, `wire.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use super::execute::{Drive, Ran};
use super::hunt::Plan;
use super::process::{Folder, Running};
use super::quiet::{self, Learnt};
use super::renamed::{Answers, Outbox};
use super::socket::Door;
use super::turn::Turn;
use super::wire::{self, Request, Wire};
use crate::apiserver::Status;
use crate::parking::{Answering, History, Lot, Reply};
use crate::rest::{self, HttpRequest};
use crate::scenario::outlives;
use crate::schedulers::rerun::{End, Guide};

/// How often programs may write again what was deleted between two executions.
const ROUNDS: u32 = 40;

/// How long two executions may take to be parted.
const PART_WITHIN: Duration = Duration::from_secs(20);

/// Programs that run, and the runtime that listens to them.
pub(super) struct Live {
    drive: Drive,
    runtime: Option<Runtime>,
}

impl Drop for Live {
    fn drop(&mut self) {
        // They are ended before their server is.
        self.drive.programs.clear();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Runs the programs once, started for this, as the guide says.
pub(super) fn once(plan: &Arc<Plan>, guide: &mut dyn Guide, mark: String, learnt: Learnt) -> Ran {
    match Live::start(plan, mark, learnt, None) {
        Ok(mut live) => live.run(guide),
        Err(words) => Ran::failed(words),
    }
}

impl Live {
    /// Starts them; for the execution with this number, if they are to live on.
    pub fn start(
        plan: &Arc<Plan>,
        mark: String,
        learnt: Learnt,
        number: Option<u64>,
    ) -> Result<Live, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime can be made: {error}"))?;
        let folder = Folder::new(mark).map_err(|error| format!("no folder: {error}"))?;
        let wire = number.map(|number| {
            let objects = plan.start.world.server.objects().into_iter();
            let lasting = objects.filter(|it| outlives(it["kind"].as_str().unwrap_or_default()));
            let uid = |it: serde_json::Value| Some(it["metadata"]["uid"].as_str()?.to_owned());
            let lasting: BTreeSet<String> = lasting.filter_map(uid).collect();
            let words = Arc::new(plan.scenario.words());
            Arc::new(Wire { number, offset: 0, words, lasting: Arc::new(lasting) })
        });
        let drive = Drive {
            plan: Arc::clone(plan),
            folder,
            door: Door::default(),
            lot: Lot::new(plan.start.clone()),
            outbox: Outbox::default(),
            programs: Vec::new(),
            variables: Vec::new(),
            turn: Turn::new(plan.programs.len(), learnt),
            wire,
            ended_watches: Vec::new(),
            earlier: None,
            lives: false,
            aftermath: vec![Duration::ZERO; plan.programs.len()],
            parted: Instant::now(),
        };
        let mut live = Live { drive, runtime: Some(runtime) };
        if let Some(runtime) = &live.runtime {
            runtime.block_on(live.drive.start())?;
        }
        Ok(live)
    }

    /// One execution, as the guide says.
    pub fn run(&mut self, guide: &mut dyn Guide) -> Ran {
        let Some(runtime) = &self.runtime else { return Ran::failed("no runtime".to_owned()) };
        let drive = &mut self.drive;
        let end = runtime.block_on(drive.go(guide));
        let end = drive.weighed(end);
        let ended = drive.programs.iter_mut().map(Running::ended).collect();
        for (worker, program) in drive.programs.iter_mut().enumerate() {
            drive.lot.say(worker, program.log.last());
        }
        Ran {
            end,
            history: drive.lot.end(),
            late: std::mem::take(&mut drive.turn.calm.late),
            learnt: drive.turn.calm.learnt.clone(),
            ended,
            interrupted: drive.turn.interrupted,
            slow: drive.turn.slow,
            earlier: drive.earlier.take(),
            states: std::mem::take(&mut drive.turn.states),
        }
    }

    /// Makes them ready for the execution with this number. Why they have to be started again, if
    /// that cannot be.
    pub fn next(&mut self, number: u64, learnt: Learnt) -> Result<(), String> {
        let Some(runtime) = &self.runtime else { return Err("no runtime".to_owned()) };
        runtime.block_on(self.drive.part(number, learnt))
    }
}

/// The longest that a program is given after its objects were deleted.
const AFTERMATH: Duration = Duration::from_millis(300);

impl Drive {
    /// Ends one execution, and begins the next one.
    async fn part(&mut self, number: u64, learnt: Learnt) -> Result<(), String> {
        self.turn.begin = Instant::now();
        let plan = Arc::clone(&self.plan);
        let mut force = false;
        for round in 0.. {
            let left = self.lot.clear(force);
            self.come_to_rest().await?;
            if left == 0 && self.lot.clear(false) == 0 {
                break;
            }
            // What finalizers keep is waited for once.
            force = true;
            if round >= ROUNDS {
                return Err("they write again what was deleted".to_owned());
            }
        }
        let mut next = Lot::new(plan.start.clone());
        if !self.lot.outlasts_alike(&next) {
            return Err("a Namespace or a definition has changed".to_owned());
        }
        let before = self.wire.as_deref().cloned().unwrap_or_default();
        let offset = before.offset + self.lot.revisions() + 1;
        let wire = Arc::new(Wire { number, offset, ..before });
        let mut watches = Vec::new();
        for (worker, http, mut sink) in self.lot.leave() {
            if wire.is_of_one(&http) {
                self.ended_watches.push(sink);
            } else {
                sink.wire = Some(Arc::clone(&wire));
                watches.push((worker, http, sink));
            }
        }
        next.adopt(watches);
        self.wire = Some(wire);
        self.lot = next;
        self.turn = Turn::new(self.programs.len(), learnt);
        self.lives = true;
        Ok(())
    }

    /// Until the programs have seen everything, and ask for nothing more.
    async fn come_to_rest(&mut self) -> Result<(), String> {
        let begin = Instant::now();
        let mut flushed = true;
        while flushed {
            self.lot.flush();
            self.parted = Instant::now();
            if let Some(words) = self.until_calm(None).await {
                return Err(words);
            }
            flushed = self.lot.flush() || self.asks_late().await;
            if begin.elapsed() > PART_WITHIN {
                return Err("they do not come to rest".to_owned());
            }
        }
        self.lot.end();
        Ok(())
    }

    /// A request in the names of the scenario; nothing if it was answered since it is about an
    /// earlier execution. What to say if its names cannot be changed.
    pub fn receive(
        &mut self,
        worker: usize,
        http: &mut HttpRequest,
        to: Answering,
    ) -> Result<Option<Answers>, String> {
        let outbox = self.outbox.clone();
        let Some(wire) = &self.wire else { return Ok(Some(Answers { to, wire: None, outbox })) };
        let renames = wire::is_of_resources(&http.path).then(|| Arc::clone(wire));
        match wire.receive(http, &self.plan.programs[worker].name) {
            Request::Now => Ok(Some(Answers { to, wire: renames, outbox })),
            Request::Refused(words) => Err(words),
            Request::Earlier => {
                self.remember_earlier(worker, format!("{} {}", http.method, http.path));
                let words = "the object is one of an earlier execution";
                to.answer(rest::refusal(&Status::because(404, "NotFound", words)));
                Ok(None)
            }
        }
    }

    /// A program has asked for an object of an earlier execution: from now on, it is given more
    /// time for that before the next one begins.
    pub fn remember_earlier(&mut self, worker: usize, what: String) {
        let needs = (self.parted.elapsed() * 3 / 2).min(AFTERMATH);
        self.aftermath[worker] = self.aftermath[worker].max(needs);
        self.earlier.get_or_insert((worker, what));
    }

    /// Gives each program the time that it has been seen to need. True if one asks.
    async fn asks_late(&self) -> bool {
        let waits = |worker: usize| {
            self.turn.given[worker].elapsed() < self.turn.calm.learnt.patience(worker)
                || self.parted.elapsed() < self.aftermath[worker]
        };
        while (0..self.programs.len()).any(waits) {
            tokio::time::sleep(quiet::STEP).await;
            if !self.door.arrivals.lock().is_empty() {
                return true;
            }
        }
        false
    }
}

impl Ran {
    /// Nothing has run, and this is why.
    pub fn failed(words: String) -> Ran {
        Ran {
            end: End::Failed(words),
            history: History::default(),
            late: Vec::new(),
            learnt: Learnt::default(),
            ended: Vec::new(),
            interrupted: false,
            slow: false,
            earlier: None,
            states: Vec::new(),
        }
    }
}
