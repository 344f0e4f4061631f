//! A Go process in miniature: goroutines, machine words, plain memory and a mutex, all recorded.
//!
//! A model of this folder is a function that fills a [`Process`]; an engine then runs the process
//! in every order it knows. Each access writes one line on a tape that the engine does not see,
//! so an offending order can be drawn afterwards. How the accesses stand for Go's:
//!
//! - [`Word::get`] and [`Word::set`] are plain accesses to a word-sized variable that races: each
//!   sees some value that was written, and orders nothing. Under loom: relaxed.
//! - [`Word::load`], `store`, `add` and `compare_and_swap` are `sync/atomic`. Under loom:
//!   sequentially consistent.
//! - [`Memory`] is a plain variable that must not race; one that does is reported, as `-race` does.
//!   Under loom: a checked cell.
//! - [`Mutex`] is `sync.Mutex`, and [`Process::after`] is what follows `WaitGroup.Wait`.
//!
//! Left out: channels, `sync.RWMutex`, garbage. Next to read: `get_then_set.rs`, the first model.

use super::tape::{Tape, Touch};
use crate::threads::{Backend, Lock as _, Plain as _, Word as _};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};

type Body = Box<dyn FnOnce(&Goroutine) + Send>;

/// One process, before it runs.
pub struct Process<B: Backend> {
    tape: Arc<Tape>,
    goroutines: Vec<Body>,
    after: Option<Body>,
    backend: PhantomData<B>,
}

impl<B: Backend> Process<B> {
    /// An empty process that writes on `tape`.
    pub(super) fn new(tape: Arc<Tape>) -> Self {
        Self { tape, goroutines: Vec::new(), after: None, backend: PhantomData }
    }

    /// A machine word.
    pub fn word(&self, name: &'static str, value: u64) -> Word<B> {
        self.word_shown(name, value, |value| value.to_string())
    }

    /// A machine word whose values mean something: `show` says what.
    pub fn word_shown(&self, name: &'static str, value: u64, show: Show) -> Word<B> {
        self.tape.begin(name, show(value));
        Word { name, show, word: B::Word::new(value) }
    }

    /// Plain memory that must not be accessed by two goroutines without an order.
    pub fn memory(&self, name: &'static str, value: u64) -> Memory<B> {
        self.tape.begin(name, value.to_string());
        Memory { name, cell: B::Cell::new(value) }
    }

    /// An unlocked mutex.
    pub fn mutex(&self, name: &'static str) -> Mutex<B> {
        Mutex { name, mutex: B::Mutex::new(()) }
    }

    /// A goroutine that works on `shared`.
    pub fn go<S: Send + Sync + 'static>(
        &mut self,
        name: &'static str,
        shared: &Arc<S>,
        body: impl FnOnce(&Goroutine, &S) + Send + 'static,
    ) {
        self.tape.lane(name);
        let shared = shared.clone();
        self.goroutines.push(Box::new(move |me| body(me, &shared)));
    }

    /// What the first goroutine does when all of them have ended.
    pub fn after<S: Send + Sync + 'static>(
        &mut self,
        shared: &Arc<S>,
        body: impl FnOnce(&Goroutine, &S) + Send + 'static,
    ) {
        let shared = shared.clone();
        self.after = Some(Box::new(move |me| body(me, &shared)));
    }

    /// Runs the process: the first goroutine on the calling thread, the others on their own.
    pub(super) fn run(self) {
        let tape = self.tape;
        let on = |lane| Goroutine { lane, tape: tape.clone() };
        let mut bodies = self.goroutines.into_iter().enumerate();
        let first = bodies.next();
        let spawn = |(lane, body): (usize, Body)| {
            let me = on(lane);
            B::spawn(move || body(&me))
        };
        let threads: Vec<_> = bodies.map(spawn).collect();
        if let Some((lane, body)) = first {
            body(&on(lane));
        }
        threads.into_iter().for_each(B::join);
        if let Some(after) = self.after {
            let me = on(0);
            me.note("wg.Wait()");
            after(&me);
        }
    }
}

impl<B: Backend> fmt::Debug for Process<B> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Process({} goroutines, {})", self.goroutines.len(), B::NAME)
    }
}

/// Who is running: every access names it, so that the tape knows the lane.
#[derive(Debug)]
pub struct Goroutine {
    lane: usize,
    tape: Arc<Tape>,
}

impl Goroutine {
    /// Says that this execution went wrong, and how; the first such sentence counts.
    pub fn wrong(&self, what: impl Into<String>) {
        self.tape.wrong(self.lane, what.into());
    }

    /// A line of the drawing that touches nothing shared.
    pub fn note(&self, what: impl Into<String>) {
        self.tape.touch(self.lane, Touch::Note, "", what.into());
    }

    fn did(&self, touch: Touch, name: &'static str, value: String) {
        self.tape.touch(self.lane, touch, name, value);
    }
}

/// How a value of a word is shown.
pub type Show = fn(u64) -> String;

/// A machine word. `get` and `set` are plain accesses; the others are `sync/atomic`.
#[derive(Debug)]
pub struct Word<B: Backend> {
    name: &'static str,
    show: Show,
    word: B::Word,
}

impl<B: Backend> Word<B> {
    /// A plain read.
    pub fn get(&self, me: &Goroutine) -> u64 {
        self.did(me, Touch::Read, self.word.load(Relaxed))
    }

    /// A plain write.
    pub fn set(&self, me: &Goroutine, value: u64) {
        self.word.store(value, Relaxed);
        self.did(me, Touch::Write, value);
    }

    /// `atomic.Load`.
    pub fn load(&self, me: &Goroutine) -> u64 {
        self.did(me, Touch::Load, self.word.load(SeqCst))
    }

    /// `atomic.Store`.
    pub fn store(&self, me: &Goroutine, value: u64) {
        self.word.store(value, SeqCst);
        self.did(me, Touch::Store, value);
    }

    /// `atomic.Add`; returns the new value, as Go does.
    pub fn add(&self, me: &Goroutine, delta: u64) -> u64 {
        let before = self.word.fetch_add(delta, SeqCst);
        self.did(me, Touch::Add, before + delta)
    }

    /// `atomic.CompareAndSwap`.
    pub fn compare_and_swap(&self, me: &Goroutine, old: u64, new: u64) -> bool {
        let result = self.word.compare_exchange(old, new, SeqCst);
        match result {
            Ok(_) => self.did(me, Touch::Swap, new),
            Err(found) => self.did(me, Touch::Refused, found),
        };
        result.is_ok()
    }

    fn did(&self, me: &Goroutine, touch: Touch, value: u64) -> u64 {
        me.did(touch, self.name, (self.show)(value));
        value
    }
}

/// Plain memory; an access that nothing orders is a data race.
#[derive(Debug)]
pub struct Memory<B: Backend> {
    name: &'static str,
    cell: B::Cell<u64>,
}

impl<B: Backend> Memory<B> {
    /// A plain read.
    pub fn read(&self, me: &Goroutine) -> u64 {
        let result = self.cell.read();
        let value = result.unwrap_or_else(|race| race.0);
        me.did(Touch::Read, self.name, value.to_string());
        if result.is_err() {
            me.wrong(format!("a data race: nothing orders this read of {}", self.name));
        }
        value
    }

    /// A plain write.
    pub fn write(&self, me: &Goroutine, value: u64) {
        let result = self.cell.write(value);
        me.did(Touch::Write, self.name, value.to_string());
        if result.is_err() {
            me.wrong(format!("a data race: nothing orders this write of {}", self.name));
        }
    }
}

/// A `sync.Mutex`.
#[derive(Debug)]
pub struct Mutex<B: Backend> {
    name: &'static str,
    mutex: B::Mutex<()>,
}

impl<B: Backend> Mutex<B> {
    /// Locks; unlocks when the guard is dropped.
    pub fn lock<'a>(&'a self, me: &'a Goroutine) -> Held<'a, B> {
        let guard = self.mutex.lock();
        me.tape.touch(me.lane, Touch::Lock, self.name, String::new());
        Held { name: self.name, me, guard: Some(guard) }
    }
}

/// A locked mutex.
pub struct Held<'a, B: Backend> {
    name: &'static str,
    me: &'a Goroutine,
    guard: Option<<B::Mutex<()> as crate::threads::Lock<()>>::Guard<'a>>,
}

impl<B: Backend> fmt::Debug for Held<'_, B> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Held({})", self.name)
    }
}

impl<B: Backend> Drop for Held<'_, B> {
    fn drop(&mut self) {
        self.me.tape.touch(self.me.lane, Touch::Unlock, self.name, String::new());
        drop(self.guard.take());
    }
}
