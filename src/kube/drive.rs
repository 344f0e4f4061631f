//! One execution: workers are started, run until no worker can go on, and then one move is made.
//!
//! Next to read: `quiet.rs`, how that is known; `explore.rs`, who decides.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, sleep};

use super::client::{Arrivals, Service};
use super::panics;
use super::quiet::Quiet;
use super::simulation::Starter;
use super::watchdog::Beat;
use crate::apiserver::Revision;
use crate::parking::{Answering, History, Lot, Start};
use crate::properties::Invariant;
use crate::schedulers::rerun::{End, Guide, Move, Point};

/// What an execution needs.
#[derive(Clone)]
pub(super) struct Plan {
    pub start: Start,
    pub workers: Vec<(String, Starter)>,
    /// What must hold besides that no write is lost.
    pub invariants: Vec<Invariant>,
    pub max_steps: u64,
    pub time: Duration,
}

/// What happened in one execution.
#[derive(Debug)]
pub(super) struct Ran {
    pub end: End<()>,
    pub history: History,
    /// Which invariants it breaks.
    pub broken: Vec<usize>,
}

/// Rounds of time in which requests were made and nothing was written, before a worker that asks
/// again and again counts as quiet.
const IDLE_ROUNDS: u64 = 2;

/// Runs the workers once, as the guide says.
pub(super) fn run(plan: &Plan, guide: &mut dyn Guide, beat: &Arc<Beat>) -> Ran {
    panics::listen();
    let quiet = Arc::new(Quiet::default());
    let runtime = match quiet.runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            let end = End::Failed(format!("no runtime can be made: {error}"));
            return Ran { end, history: History::default(), broken: Vec::new() };
        }
    };
    let mut lot = Lot::new(plan.start.clone());
    lot.watch(&plan.invariants);
    let mut drive = Drive {
        plan,
        quiet,
        beat,
        arrivals: Arc::default(),
        lot,
        tasks: Vec::new(),
        spent: Duration::ZERO,
        idle: 0,
        passed_at: None,
        asked: false,
    };
    let end = runtime.block_on(drive.go(guide));
    drive.tasks.iter().flatten().for_each(JoinHandle::abort);
    let Drive { lot, .. } = drive;
    let broken = lot.broken();
    let history = lot.into_history();
    runtime.shutdown_background();
    Ran { end, history, broken }
}

struct Drive<'p> {
    plan: &'p Plan,
    quiet: Arc<Quiet>,
    beat: &'p Arc<Beat>,
    arrivals: Arc<Mutex<Arrivals>>,
    lot: Lot<Answering>,
    /// `None` for a worker that has ended.
    tasks: Vec<Option<JoinHandle<()>>>,
    /// Virtual time.
    spent: Duration,
    idle: u64,
    /// The revision when time last passed.
    passed_at: Option<Revision>,
    asked: bool,
}

impl Drive<'_> {
    async fn go(&mut self, guide: &mut dyn Guide) -> End<()> {
        for worker in 0..self.plan.workers.len() {
            let task = self.start(worker);
            self.tasks.push(Some(task));
        }
        let mut made: Option<Move> = None;
        let mut steps = 0;
        loop {
            self.quiet.reached().await;
            self.beat.tick();
            let waiting = std::mem::take(&mut self.arrivals.lock().waiting);
            self.asked |= !waiting.is_empty();
            for (worker, http, reply) in waiting {
                self.lot.park(worker, http, reply);
            }
            if let Some(words) = self.collect().await {
                return End::Failed(words);
            }
            if self.lot.settle() {
                continue;
            }
            let mut moves = self.lot.moves();
            if self.lot.may_crash() && !moves.is_empty() {
                let alive = (0..self.tasks.len()).filter(|worker| self.tasks[*worker].is_some());
                moves.extend(alive.map(|worker| Move::Crash { worker }));
            }
            if moves.is_empty() && self.pass_time().await {
                continue;
            }
            if moves.is_empty() {
                moves.extend(self.lot.settled_move());
            }
            let mut footprint = self.lot.take_footprint();
            footprint.alone |= self.passed_at.is_some() && self.spent > Duration::ZERO;
            if made.is_some() {
                guide.did(footprint);
            }
            if steps >= self.plan.max_steps && !moves.is_empty() {
                return End::Steps;
            }
            let key = self.lot.key(&[self.spent.as_millis() as u64, self.idle]);
            let writes = self.lot.writes(&moves);
            let chosen = guide.choose(Point { key, moves: &moves, writes: &writes });
            let Some(chosen) = chosen else {
                return if moves.is_empty() { End::Quiet(()) } else { End::Stopped };
            };
            let chosen = moves[chosen];
            self.beat.note(chosen);
            steps += 1;
            match chosen {
                Move::Crash { worker } if worker < self.tasks.len() => self.restart(worker).await,
                _ => self.lot.take(chosen),
            }
            made = Some(chosen);
        }
    }

    fn start(&self, worker: usize) -> JoinHandle<()> {
        let (_, starter) = &self.plan.workers[worker];
        let service = Service::new(&self.arrivals, worker);
        let starter = Arc::clone(starter);
        tokio::spawn(async move { starter(service).await })
    }

    async fn restart(&mut self, worker: usize) {
        if let Some(task) = self.tasks[worker].take() {
            task.abort();
            let _ = task.await;
        }
        self.lot.restarted(worker);
        let task = self.start(worker);
        self.tasks[worker] = Some(task);
    }

    /// Takes notice of workers that have ended; what to say if one has panicked.
    async fn collect(&mut self) -> Option<String> {
        for (worker, task) in self.tasks.iter_mut().enumerate() {
            if task.as_ref().is_some_and(JoinHandle::is_finished)
                && let Some(ended) = task.take()
                && let Err(error) = ended.await
                && error.is_panic()
            {
                let name = &self.plan.workers[worker].0;
                let place = panics::place().map_or(String::new(), |place| format!(" at {place}"));
                return Some(format!("`{name}` panicked{place}: {}", words_of(error)));
            }
        }
        None
    }

    /// No worker can move: lets time pass until one asks again. False if none will.
    async fn pass_time(&mut self) -> bool {
        let now = self.lot.server().revision();
        let left = self.plan.time.saturating_sub(self.spent);
        match self.passed_at == Some(now) && self.asked {
            true => self.idle += 1,
            false if self.passed_at != Some(now) => self.idle = 0,
            false => {}
        }
        let alive = self.tasks.iter().any(Option::is_some);
        if !alive || left.is_zero() || self.idle >= IDLE_ROUNDS {
            return false;
        }
        let begin = Instant::now();
        let mut sleep = pin!(sleep(left));
        let arrivals = &self.arrivals;
        let came = poll_fn(|context| {
            let mut arrivals = arrivals.lock();
            if !arrivals.waiting.is_empty() {
                return Poll::Ready(true);
            }
            arrivals.listener = Some(context.waker().clone());
            sleep.as_mut().poll(context).map(|()| false)
        })
        .await;
        arrivals.lock().listener = None;
        if came {
            let passed = begin.elapsed();
            self.spent += passed;
            self.passed_at = Some(now);
            self.asked = false;
            self.lot.pass(passed.as_millis() as u64, self.spent.as_secs() as i64);
        }
        came
    }
}

/// The words of a panic, with the way out where we know one.
fn words_of(error: JoinError) -> String {
    let payload = error.into_panic();
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    let text = text.unwrap_or_else(|| "without words".to_owned());
    let hint = if text.contains("multi-threaded runtime") || text.contains("can call blocking") {
        "\n  help: an execution has a runtime of one thread, on which `block_in_place` cannot \
         work; await instead, or use `spawn_blocking`"
    } else if text.contains("runtime from within a runtime") {
        "\n  help: the worker runs on a runtime already; await instead of `block_on`"
    } else if text.contains("IO is disabled") || text.contains("enable_io") {
        "\n  help: there are no sockets in a simulation, since their order could not be chosen: \
         use the client that the worker is given; and no signals: do without \
         `shutdown_on_signal`"
    } else {
        ""
    };
    format!("{text}{hint}")
}
