//! loom behind the facade: every order of the threads, and every value a read may return.
//!
//! loom runs a program again and again until each order that can matter, under the C11 memory
//! model, has been run. Its limits (five threads, a number of branches, and permutation and
//! duration limits that end *as success*) come back from [`explore`] as a [`CutOff`], and only an
//! exploration without one is complete.
//!
//! Left out by loom itself: a total order of sequentially consistent accesses (they are treated as
//! acquire and release), load buffering, and values out of thin air; see `docs/memory.md`.
//! Read next: `shuttle.rs`, or `../getset/process.rs`, which is written against this.

use super::quiet::{message, quietly};
use super::{Backend, Lock, Plain, Race, Word};
use ::loom::sync::atomic::AtomicU64;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64 as Count, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// loom's threads.
#[derive(Debug, Clone, Copy)]
pub struct Loom;

impl Backend for Loom {
    const NAME: &'static str = "loom";
    type Mutex<T: Send + 'static> = ::loom::sync::Mutex<T>;
    type Word = AtomicU64;
    type Cell<T: Copy + Send + 'static> = Checked<T>;
    type Thread = ::loom::thread::JoinHandle<()>;

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::Thread {
        ::loom::thread::spawn(body)
    }

    fn join(thread: Self::Thread) {
        if let Err(panic) = thread.join() {
            resume_unwind(panic);
        }
    }
}

impl<T: Send + 'static> Lock<T> for ::loom::sync::Mutex<T> {
    type Guard<'a> = ::loom::sync::MutexGuard<'a, T>;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn lock(&self) -> Self::Guard<'_> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Word for AtomicU64 {
    fn new(value: u64) -> Self {
        Self::new(value)
    }

    fn load(&self, order: Ordering) -> u64 {
        self.load(order)
    }

    fn store(&self, value: u64, order: Ordering) {
        self.store(value, order);
    }

    fn fetch_add(&self, value: u64, order: Ordering) -> u64 {
        self.fetch_add(value, order)
    }

    fn compare_exchange(&self, old: u64, new: u64, order: Ordering) -> Result<u64, u64> {
        self.compare_exchange(old, new, order, Ordering::Relaxed)
    }
}

/// Plain memory whose races loom notices.
///
/// loom's cell may not be shared between threads in Rust's eyes; a standard mutex, which loom
/// does not see and which is never held across a switch, makes it shareable without ordering
/// anything. The copy beside the cell is the value for when loom refuses the access.
#[derive(Debug)]
pub struct Checked<T>(Mutex<(::loom::cell::Cell<T>, T)>);

impl<T: Copy + Send + 'static> Plain<T> for Checked<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new((::loom::cell::Cell::new(value), value)))
    }

    fn read(&self) -> Result<T, Race<T>> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        quietly(|| inner.0.get()).map_err(|_| Race(inner.1))
    }

    fn write(&self, value: T) -> Result<(), Race<T>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.1 = value;
        quietly(|| inner.0.set(value)).map_err(|_| Race(value))
    }
}

/// How far an exploration may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At most this many executions.
    pub executions: Option<u64>,
    /// At most this long.
    pub duration: Option<Duration>,
    /// At most this many switches away from a thread that could have gone on, per execution.
    pub preemptions: Option<usize>,
    /// At most this many points of choice in one execution.
    pub branches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { executions: None, duration: None, preemptions: None, branches: 10_000 }
    }
}

/// Why an exploration is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CutOff {
    /// The limit of executions was reached.
    Executions(u64),
    /// The time was over.
    Duration(Duration),
    /// Only orders with at most this many preemptions were tried.
    Preemptions(usize),
    /// One execution had more points of choice than allowed.
    Branches(usize),
    /// More threads than the engine has.
    Threads,
    /// Every thread waits for another one.
    Deadlock,
    /// The caller wanted no more.
    Asked,
    /// Anything else that the engine, or the program under it, panicked with.
    Panic(String),
}

impl fmt::Display for CutOff {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executions(limit) => write!(out, "stopped after {limit} executions"),
            Self::Duration(limit) => write!(out, "stopped after {} s", limit.as_secs_f64()),
            Self::Preemptions(bound) => {
                write!(out, "only orders with at most {bound} preemptions were tried")
            }
            Self::Branches(limit) => {
                write!(out, "one execution has more than {limit} points of choice")
            }
            Self::Threads => {
                let limit = ::loom::MAX_THREADS;
                write!(out, "loom runs at most {limit} threads, the first one among them")
            }
            Self::Deadlock => write!(out, "deadlock: every thread waits for another one"),
            Self::Asked => write!(out, "stopped at what was looked for"),
            Self::Panic(words) => write!(out, "the program under loom panicked: {words}"),
        }
    }
}

/// What [`explore`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explored {
    /// Executions run to their end.
    pub executions: u64,
    /// Nothing if every execution was run.
    pub cut_off: Option<CutOff>,
}

/// Ends an exploration before the next execution; never seen by anybody.
struct Stop(CutOff);

/// Runs `body` under loom once for every execution, as far as the limits and `go_on` allow.
///
/// `body` runs on the first of loom's five threads. `go_on` is asked before each execution.
pub fn explore(
    limits: Limits,
    go_on: impl Fn() -> bool + Send + Sync + 'static,
    body: impl Fn() + Send + Sync + 'static,
) -> Explored {
    let executions = Arc::new(Count::new(0));
    let count = executions.clone();
    let start = Instant::now();
    let outcome = quietly(move || {
        builder(limits).check(move || {
            if let Some(reason) = reason_to_stop(limits, count.load(Ordering::Relaxed), start) {
                resume_unwind(Box::new(Stop(reason)));
            }
            if !go_on() {
                resume_unwind(Box::new(Stop(CutOff::Asked)));
            }
            count.fetch_add(1, Ordering::Relaxed);
            body();
        });
    });
    let cut_off = match outcome {
        Ok(()) => limits.preemptions.map(CutOff::Preemptions),
        Err(payload) => Some(match payload.downcast::<Stop>() {
            Ok(stop) => stop.0,
            Err(payload) => explain(&message(&*payload), limits),
        }),
    };
    Explored { executions: executions.load(Ordering::Relaxed), cut_off }
}

/// loom's own limits are switched off, whatever the environment says: they end as success.
fn builder(limits: Limits) -> ::loom::model::Builder {
    let mut builder = ::loom::model::Builder::new();
    builder.max_threads = ::loom::MAX_THREADS;
    builder.max_branches = limits.branches;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = limits.preemptions;
    builder.checkpoint_file = None;
    builder.expect_explicit_explore = false;
    builder.location = false;
    builder.log = false;
    builder
}

fn reason_to_stop(limits: Limits, executions: u64, start: Instant) -> Option<CutOff> {
    if let Some(limit) = limits.executions.filter(|limit| executions >= *limit) {
        return Some(CutOff::Executions(limit));
    }
    let over = limits.duration.filter(|limit| start.elapsed() >= *limit);
    over.map(CutOff::Duration)
}

/// loom's panics, in words a reader can act on.
fn explain(words: &str, limits: Limits) -> CutOff {
    if words.starts_with("deadlock") {
        CutOff::Deadlock
    } else if words.contains("maximum number of branches") {
        CutOff::Branches(limits.branches)
    } else if words.contains("threads.len() < self.max") {
        CutOff::Threads
    } else {
        CutOff::Panic(words.trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(threads: usize) {
        let word = Arc::new(<AtomicU64 as Word>::new(0));
        let spawn = |_| {
            let word = word.clone();
            Loom::spawn(move || Word::store(&*word, 1, Ordering::SeqCst))
        };
        let started: Vec<_> = (1..threads).map(spawn).collect();
        started.into_iter().for_each(Loom::join);
    }

    #[test]
    fn every_limit_is_named_and_none_is_a_success() {
        let all = explore(Limits::default(), || true, || start(3));
        assert_eq!(all.cut_off, None);
        assert!(all.executions > 2, "{all:?}");

        let limits = Limits { executions: Some(2), ..Limits::default() };
        let some = explore(limits, || true, || start(3));
        assert_eq!(some, Explored { executions: 2, cut_off: Some(CutOff::Executions(2)) });

        let limits = Limits { executions: Some(all.executions), ..Limits::default() };
        assert_eq!(explore(limits, || true, || start(3)), all, "a limit that was not needed");

        let limits = Limits { duration: Some(Duration::ZERO), ..Limits::default() };
        let none = explore(limits, || true, || start(3));
        assert_eq!(none.cut_off, Some(CutOff::Duration(Duration::ZERO)));

        let limits = Limits { preemptions: Some(0), ..Limits::default() };
        let bounded = explore(limits, || true, || start(3));
        assert_eq!(bounded.cut_off, Some(CutOff::Preemptions(0)));

        let limits = Limits { branches: 2, ..Limits::default() };
        let branches = explore(limits, || true, || start(3)).cut_off;
        assert_eq!(branches, Some(CutOff::Branches(2)));

        let threads = explore(Limits::default(), || true, || start(6)).cut_off;
        assert_eq!(threads, Some(CutOff::Threads));
        let asked = explore(Limits::default(), || false, || start(2));
        assert_eq!(asked, Explored { executions: 0, cut_off: Some(CutOff::Asked) });
    }

    #[test]
    fn a_deadlock_and_a_panic_are_results() {
        let deadlock = explore(
            Limits::default(),
            || true,
            || {
                let pair =
                    Arc::new([(); 2].map(|()| <::loom::sync::Mutex<u64> as Lock<u64>>::new(0)));
                let other = pair.clone();
                let thread = Loom::spawn(move || {
                    let _first = Lock::lock(&other[0]);
                    let _second = Lock::lock(&other[1]);
                });
                {
                    let _second = Lock::lock(&pair[1]);
                    let _first = Lock::lock(&pair[0]);
                }
                Loom::join(thread);
            },
        );
        assert_eq!(deadlock.cut_off, Some(CutOff::Deadlock));

        let panic = explore(Limits::default(), || true, || panic!("on purpose"));
        assert_eq!(panic.cut_off, Some(CutOff::Panic("on purpose".to_owned())));
    }
}
