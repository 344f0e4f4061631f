//! Real threads, and the engines that pretend to be them: one facade, three backends.
//!
//! A Kubernetes controller runs its reconciles on threads; which thread moves next is not their
//! choice. A [`Backend`] lends what such code needs (a mutex, a word of memory with atomic access,
//! plain memory, threads), and three engines stand behind it: [`loom`] explores every order and
//! every value that the memory model allows, [`shuttle`] explores or samples orders under
//! sequential consistency, and [`os`] simply runs on the machine. All three are ordinary type
//! parameters, so they compile into one binary and run in one test process; nothing in the API
//! server or in the workers knows of them, and there is no `cfg(loom)` anywhere.
//!
//! `engine.rs` runs a world (the workers of a scenario, and one API server) on each of them.
//!
//! Left out: condition variables, read-write locks, async. Nothing here needs them.
//! Next to read: `os.rs` (the shortest backend), then `engine.rs` or `../getset/mod.rs`.

use std::ops::DerefMut;
use std::sync::atomic::Ordering;

#[cfg(feature = "shuttle")]
mod calls;
mod engine;
mod limits;
#[cfg(feature = "loom")]
#[doc(hidden)]
pub mod loom;
#[doc(hidden)]
pub mod os;
mod play;
pub(crate) mod quiet;
#[cfg(feature = "shuttle")]
#[doc(hidden)]
pub mod shuttle;
mod tally;
#[cfg(all(test, feature = "loom", feature = "shuttle"))]
mod tests;

pub(crate) use engine::run_while;
pub use engine::{ENGINES, Engine, Plan, Refusal, Report, run};
pub use limits::{CutOff, Explored, Limits};
pub use play::Cost;
pub use tally::{Losing, Outcome, Schedule, Tally};

/// What an engine lends to code that runs under it.
pub trait Backend: Copy + Send + Sync + 'static {
    /// The name that `--scheduler` and the documentation use.
    const NAME: &'static str;
    /// A mutex around a value.
    type Mutex<T: Send + 'static>: Lock<T>;
    /// One machine word with atomic access.
    type Word: Word;
    /// Plain memory: no atomicity, no order.
    type Cell<T: Copy + Send + 'static>: Plain<T>;
    /// The end of a channel that sends.
    type Sender: Send + 'static;
    /// The end of a channel that receives.
    type Receiver: Send + 'static;
    /// A started thread.
    type Thread: 'static;

    /// A channel without bounds.
    fn channel() -> (Self::Sender, Self::Receiver);

    /// Sends; never waits.
    fn send(sender: &Self::Sender, token: Token);

    /// Waits for a token and takes it.
    fn receive(receiver: &Self::Receiver) -> Token;

    /// Starts a thread.
    fn spawn(body: impl FnOnce() + Send + 'static) -> Self::Thread;

    /// Waits until a thread has ended; what it did happens before what follows.
    fn join(thread: Self::Thread);

    /// Calls `body`, on the first thread, where the stack is large enough for a step of any world.
    /// Nothing in it may use what the engine lends.
    fn with_room<R: Send>(body: impl FnOnce() -> R + Send) -> R {
        body()
    }
}

/// What a channel carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// There is something to do.
    Go,
    /// Nothing will come any more.
    End,
}

/// A mutex, as `sync.Mutex` around the value it guards.
pub trait Lock<T>: Send + Sync + 'static {
    /// Holds the mutex until it is dropped.
    type Guard<'a>: DerefMut<Target = T>
    where
        Self: 'a,
        T: 'a;

    /// An unlocked mutex.
    fn new(value: T) -> Self;

    /// Waits for the mutex and takes it.
    fn lock(&self) -> Self::Guard<'_>;
}

/// One machine word, accessed atomically in the given order.
pub trait Word: Send + Sync + 'static {
    /// A word that holds `value`.
    fn new(value: u64) -> Self;
    /// Reads the word.
    fn load(&self, order: Ordering) -> u64;
    /// Writes the word.
    fn store(&self, value: u64, order: Ordering);
    /// Adds to the word in one indivisible step; returns the value before.
    fn fetch_add(&self, value: u64, order: Ordering) -> u64;
    /// Replaces `old` by `new` in one indivisible step, or says what was there instead.
    fn compare_exchange(&self, old: u64, new: u64, order: Ordering) -> Result<u64, u64>;
}

/// Plain memory, whose racing accesses an engine may notice.
pub trait Plain<T: Copy>: Send + Sync + 'static {
    /// Memory that holds `value`.
    fn new(value: T) -> Self;
    /// Reads the memory.
    ///
    /// # Errors
    /// The value, and that another thread's write is not ordered before this read.
    fn read(&self) -> Result<T, Race<T>>;
    /// Writes the memory.
    ///
    /// # Errors
    /// The value, and that another thread's access is not ordered before this write.
    fn write(&self, value: T) -> Result<(), Race<T>>;
}

/// Two accesses to the same plain memory, at least one a write, and nothing orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Race<T>(pub T);
