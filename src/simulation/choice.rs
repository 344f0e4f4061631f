//! What may happen next: a worker's step, a cache delivery, a fault.
//!
//! Next to read: `world.rs`, which lists choices and takes them.

use crate::trace::Fault;

/// One choice of the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// The worker with this index takes its next step.
    Worker(usize),
    /// The cache with this index receives the next event of its watch.
    Deliver(usize),
    /// A fault strikes.
    Fault(Fault),
}
