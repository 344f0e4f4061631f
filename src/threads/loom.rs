//! loom behind the facade: every order of the threads, and every value a read may return.
//!
//! loom runs a program again and again until each order that can matter, under the C11 memory
//! model, has been run. Its limits (five threads, a number of branches, and permutation and
//! duration limits that end *as success*) come back from [`explore`] as a [`CutOff`], and only an
//! exploration without one is complete.
//!
//! Left out by loom itself: a total order of sequentially consistent accesses (they are treated as
//! acquire and release), load buffering, and values out of thin air; see `docs/memory.md`.
//! Next to read: `shuttle.rs`, or `../getset/process.rs`, which is written against this.

use super::limits::{CutOff, Explored, Limits};
use super::quiet::{message, quietly};
use super::{Backend, Lock, Plain, Race, Token, Word};
use ::loom::sync::atomic::AtomicU64;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64 as Count, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// A mebibyte, in the unit of loom's coroutines.
const STACK_WORDS: usize = 1024 * 1024 / size_of::<usize>();

/// loom's threads.
#[derive(Debug, Clone, Copy)]
pub struct Loom;

impl Backend for Loom {
    const NAME: &'static str = "loom";
    type Mutex<T: Send + 'static> = ::loom::sync::Mutex<T>;
    type Word = AtomicU64;
    type Cell<T: Copy + Send + 'static> = Checked<T>;
    type Sender = ::loom::sync::mpsc::Sender<Token>;
    type Receiver = ::loom::sync::mpsc::Receiver<Token>;
    type Thread = ::loom::thread::JoinHandle<()>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        ::loom::sync::mpsc::channel()
    }

    fn send(sender: &Self::Sender, token: Token) {
        // A receiver that is gone waits for nothing.
        let _ = sender.send(token);
    }

    fn receive(receiver: &Self::Receiver) -> Token {
        receiver.recv().unwrap_or(Token::End)
    }

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::Thread {
        let builder = ::loom::thread::Builder::new().stack_size(STACK_WORDS);
        builder.spawn(body).expect("loom starts a thread, or panics")
    }

    fn join(thread: Self::Thread) {
        if let Err(panic) = thread.join() {
            resume_unwind(panic);
        }
    }

    /// loom's first thread has 32 KiB, whatever one asks for: a coroutine inside it has more.
    fn with_room<R: Send>(body: impl FnOnce() -> R + Send) -> R {
        let mut result = None;
        let into = &mut result;
        let run = move || *into = Some(body());
        generator::Gn::<()>::new_opt(STACK_WORDS, run).resume();
        result.expect("a coroutine that does not yield has ended")
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

/// Ends an exploration before the next execution; never shown.
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
            let so_far = count.load(Ordering::Relaxed);
            if let Some(reason) = limits.reason_to_stop(so_far, start, &go_on) {
                resume_unwind(Box::new(Stop(reason)));
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
    use std::time::Duration;

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
