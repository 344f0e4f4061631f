//! The machine's own threads, with parking_lot's mutex: ordinary testing, for comparison.
//!
//! Whatever order the machine happens to choose is the order that runs; nothing is explored and
//! nothing can be replayed from a seed. Plain memory is a small locked value here, because safe
//! Rust cannot express a data race: single accesses are whole, and nothing orders two of them.
//! Next to read: `loom.rs`.

use super::limits::{CutOff, Explored, Limits};
use super::quiet::{message, quietly};
use super::{Backend, Lock, Plain, Race, Token, Word};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Instant;

/// Threads of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct Os;

impl Backend for Os {
    const NAME: &'static str = "threads";
    type Mutex<T: Send + 'static> = parking_lot::Mutex<T>;
    type Word = AtomicU64;
    type Cell<T: Copy + Send + 'static> = Whole<T>;
    type Sender = mpsc::Sender<Token>;
    type Receiver = mpsc::Receiver<Token>;
    type Thread = std::thread::JoinHandle<()>;

    fn channel() -> (Self::Sender, Self::Receiver) {
        mpsc::channel()
    }

    fn send(sender: &Self::Sender, token: Token) {
        // A receiver that is gone waits for nothing.
        let _ = sender.send(token);
    }

    fn receive(receiver: &Self::Receiver) -> Token {
        receiver.recv().unwrap_or(Token::End)
    }

    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::Thread {
        std::thread::spawn(body)
    }

    fn join(thread: Self::Thread) {
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

impl<T: Send + 'static> Lock<T> for parking_lot::Mutex<T> {
    type Guard<'a> = parking_lot::MutexGuard<'a, T>;

    fn new(value: T) -> Self {
        Self::new(value)
    }

    fn lock(&self) -> Self::Guard<'_> {
        self.lock()
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

/// Plain memory as safe Rust can offer it.
#[derive(Debug)]
pub struct Whole<T>(parking_lot::Mutex<T>);

impl<T: Copy + Send + 'static> Plain<T> for Whole<T> {
    fn new(value: T) -> Self {
        Self(parking_lot::Mutex::new(value))
    }

    fn read(&self) -> Result<T, Race<T>> {
        Ok(*self.0.lock())
    }

    fn write(&self, value: T) -> Result<(), Race<T>> {
        *self.0.lock() = value;
        Ok(())
    }
}

/// Runs `body` again and again, each time until the threads that it started have ended.
pub(super) fn explore(
    limits: Limits,
    go_on: impl Fn() -> bool,
    body: impl Fn() -> Vec<std::thread::JoinHandle<()>>,
) -> Explored {
    let start = Instant::now();
    let mut executions = 0;
    loop {
        if let Some(reason) = limits.reason_to_stop(executions, start, &go_on) {
            return Explored { executions, cut_off: Some(reason) };
        }
        let run = quietly(|| body().into_iter().for_each(Os::join));
        executions += 1;
        if let Err(payload) = run {
            let cut_off = Some(CutOff::Panic(message(&*payload)));
            return Explored { executions, cut_off };
        }
    }
}
