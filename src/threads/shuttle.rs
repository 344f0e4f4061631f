//! shuttle behind the facade: any number of threads, every order or a sample of them.
//!
//! shuttle switches between threads before each access to something shared and knows one memory
//! only, the sequentially consistent one: a read returns the last value written. What needs a
//! weaker memory to go wrong, loom finds and shuttle does not.
//! Read next: `os.rs`.

use super::{Backend, Lock, Plain, Race, Word};
use ::shuttle::sync::atomic::AtomicU64;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// shuttle's threads.
#[derive(Debug, Clone, Copy)]
pub struct Shuttle;

impl Backend for Shuttle {
    const NAME: &'static str = "shuttle";
    type Mutex<T: Send + 'static> = ::shuttle::sync::Mutex<T>;
    type Word = AtomicU64;
    type Cell<T: Copy + Send + 'static> = Whole<T>;
    type Thread = ::shuttle::thread::JoinHandle<()>;

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
