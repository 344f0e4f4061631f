//! shuttle behind the facade: any number of threads, every order or a sample of them.
//!
//! shuttle switches between threads before each access to something shared and knows one memory
//! only, the sequentially consistent one: a read returns the last value written. What needs a
//! weaker memory to go wrong, loom finds and shuttle does not.
//! Next to read: `calls.rs`, our own scheduler for it.

use super::calls::{CallScheduler, announce};
use super::engine::{Engine, Plan};
use super::limits::{CutOff, Explored, Limits};
use super::play::Hook;
use super::quiet::{message, quietly};
use super::{Backend, Lock, Plain, Race, Token, Word};
use ::shuttle::scheduler::{
    DfsScheduler, PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId,
    UrwRandomScheduler,
};
use ::shuttle::sync::atomic::AtomicU64;
use ::shuttle::{Config, FailurePersistence, MaxSteps, Runner};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// shuttle's threads.
#[derive(Debug, Clone, Copy)]
pub struct Shuttle;

impl Backend for Shuttle {
    const NAME: &'static str = "shuttle";
    type Mutex<T: Send + 'static> = ::shuttle::sync::Mutex<T>;
    type Word = AtomicU64;
    type Cell<T: Copy + Send + 'static> = Whole<T>;
    type Sender = ::shuttle::sync::mpsc::Sender<Token>;
    type Receiver = ::shuttle::sync::mpsc::Receiver<Token>;
    type Thread = ::shuttle::thread::JoinHandle<()>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        ::shuttle::sync::mpsc::channel()
    }

    fn send(sender: &Self::Sender, token: Token) {
        // A receiver that is gone waits for nothing.
        let _ = sender.send(token);
    }

    fn receive(receiver: &Self::Receiver) -> Token {
        receiver.recv().unwrap_or(Token::End)
    }

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::Thread {
        ::shuttle::thread::spawn(body)
    }

    fn join(thread: Self::Thread) {
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

impl<T: Send + 'static> Lock<T> for ::shuttle::sync::Mutex<T> {
    type Guard<'a> = ::shuttle::sync::MutexGuard<'a, T>;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn lock(&self) -> Self::Guard<'_> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All orders are one to shuttle: sequential consistency.
impl Word for AtomicU64 {
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    fn load(&self, _: Ordering) -> u64 {
        self.load(Ordering::SeqCst)
    }

    fn store(&self, value: u64, _: Ordering) {
        self.store(value, Ordering::SeqCst);
    }

    fn fetch_add(&self, value: u64, _: Ordering) -> u64 {
        self.fetch_add(value, Ordering::SeqCst)
    }

    fn compare_exchange(&self, old: u64, new: u64, _: Ordering) -> Result<u64, u64> {
        self.compare_exchange(old, new, Ordering::SeqCst, Ordering::SeqCst)
    }
}

/// Plain memory: single accesses are whole, and another thread may come between any two.
#[derive(Debug)]
pub struct Whole<T>(::shuttle::sync::Mutex<T>);

impl<T: Copy + Send + 'static> Plain<T> for Whole<T> {
    fn new(value: T) -> Self {
        Self(::shuttle::sync::Mutex::new(value))
    }

    fn read(&self) -> Result<T, Race<T>> {
        Ok(*Lock::lock(&self.0))
    }

    fn write(&self, value: T) -> Result<(), Race<T>> {
        *Lock::lock(&self.0) = value;
        Ok(())
    }
}

/// Runs `body` under the scheduler of shuttle's, or ours, that the plan names. `body` is given
/// whom to tell of each step.
pub(super) fn explore(
    plan: &Plan,
    go_on: impl Fn() -> bool + 'static,
    body: impl Fn(Hook) + Send + Sync + 'static,
) -> Explored {
    let limits = plan.limits;
    let hook: Hook = match plan.engine {
        Engine::ShuttleCalls => announce,
        _ => |_| (),
    };
    let scheduler = scheduler(plan.engine, plan.seed, plan.depth);
    explore_with(limits, scheduler, go_on, move || body(hook))
}

/// Runs `body` under shuttle's exhaustive search.
#[cfg(feature = "loom")]
pub(crate) fn explore_all(limits: Limits, body: impl Fn() + Send + Sync + 'static) -> Explored {
    explore_with(limits, scheduler(Engine::ShuttleDfs, 0, 1), || true, body)
}

fn scheduler(engine: Engine, seed: u64, depth: usize) -> Box<dyn Scheduler> {
    match engine {
        Engine::ShuttleRandom => Box::new(RandomScheduler::new_from_seed(seed, usize::MAX)),
        Engine::ShuttlePct => Box::new(PctScheduler::new_from_seed(seed, depth.max(1), usize::MAX)),
        Engine::ShuttleUrw => Box::new(UrwRandomScheduler::new_from_seed(seed, usize::MAX)),
        Engine::ShuttleCalls => Box::new(CallScheduler::default()),
        _ => Box::new(DfsScheduler::new(None, false)),
    }
}

fn explore_with(
    limits: Limits,
    scheduler: Box<dyn Scheduler>,
    go_on: impl Fn() -> bool + 'static,
    body: impl Fn() + Send + Sync + 'static,
) -> Explored {
    let progress = Rc::new(RefCell::new(Explored { executions: 0, cut_off: None }));
    let go_on = Box::new(go_on);
    let start = Instant::now();
    let watched = Watched { scheduler, limits, start, go_on, progress: progress.clone() };
    let outcome = quietly(move || Runner::new(watched, config()).run(body));
    let mut explored = progress.borrow().clone();
    if let Err(payload) = outcome {
        let words = message(&*payload);
        let deadlock = words.starts_with("deadlock");
        explored.cut_off = Some(if deadlock { CutOff::Deadlock } else { CutOff::Panic(words) });
    }
    explored
}

/// No step limit and no time limit of shuttle's, stacks that hold a JSON merge, and nothing
/// printed or written.
fn config() -> Config {
    let mut config = Config::new();
    config.stack_size = 1024 * 1024;
    config.failure_persistence = FailurePersistence::None;
    config.max_steps = MaxSteps::None;
    config.max_time = None;
    config.silence_warnings = true;
    config
}

/// shuttle's first run in a process hooks panics for good, with that run's configuration. Whoever
/// calls this sets a hook of their own afterwards.
pub(super) fn first_run() {
    Runner::new(DfsScheduler::new(Some(1), false), config()).run(|| ());
}

impl Drop for Watched {
    /// shuttle's random scheduler, dropped before its last run, prints a seed that is not ours.
    /// It is forgotten instead: some hundred bytes for each exploration.
    fn drop(&mut self) {
        let none: Box<dyn Scheduler> = Box::new(CallScheduler::default());
        std::mem::forget(std::mem::replace(&mut self.scheduler, none));
    }
}

/// A scheduler that is asked before each execution whether there is to be one.
struct Watched {
    scheduler: Box<dyn Scheduler>,
    limits: Limits,
    start: Instant,
    go_on: Box<dyn Fn() -> bool>,
    progress: Rc<RefCell<Explored>>,
}

impl Scheduler for Watched {
    fn new_execution(&mut self) -> Option<Schedule> {
        let mut progress = self.progress.borrow_mut();
        let schedule = self.scheduler.new_execution()?;
        progress.cut_off = self.limits.reason_to_stop(progress.executions, self.start, &self.go_on);
        if progress.cut_off.is_some() {
            return None;
        }
        progress.executions += 1;
        Some(schedule)
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        self.scheduler.next_task(runnable, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.scheduler.next_u64()
    }
}
