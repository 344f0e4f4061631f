//! The machine's own threads, with parking_lot's mutex: ordinary testing, for comparison.
//!
//! Whatever order the machine happens to choose is the order that runs; nothing is explored and
//! nothing can be replayed from a seed. Plain memory is a small locked value here, because safe
//! Rust cannot express a data race: single accesses are whole, and nothing orders two of them.
//! Read next: `loom.rs`.

use super::{Backend, Lock, Plain, Race, Word};
use std::sync::atomic::{AtomicU64, Ordering};

/// Threads of the operating system.
#[derive(Debug, Clone, Copy)]
pub struct Os;

impl Backend for Os {
    const NAME: &'static str = "threads";
    type Mutex<T: Send + 'static> = parking_lot::Mutex<T>;
    type Word = AtomicU64;
    type Cell<T: Copy + Send + 'static> = Whole<T>;
    type Thread = std::thread::JoinHandle<()>;

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
