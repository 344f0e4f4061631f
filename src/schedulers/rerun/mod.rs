//! Exploring what cannot be cloned: real code is run again from the beginning.
//!
//! An execution is driven by a [`Guide`]: at each [`Point`] it is told who may move and a key of
//! the state, and picks. Two prefixes that lead to the same key have the same future, if the code
//! under test is deterministic; so there is a graph of states for real code too, each edge of it
//! executed once, and schedules are counted on it exactly ([`graph`]). Whether the code is
//! deterministic is checked all along: each prefix is run many times, and must lead to the keys it
//! led to before. Nothing here knows what is run: a kube-rs future, a process, a test's own
//! automaton. Next to read: `graph.rs`, then `walk.rs`.

pub mod checkpoint;
pub mod counts;
pub mod footprint;
pub mod graph;
pub mod sample;
pub mod spell;
pub mod walk;

#[cfg(test)]
mod tests;

use std::hash::{DefaultHasher, Hash, Hasher};

pub use footprint::Footprint;
pub use graph::{Graph, Mismatch};
pub use spell::Spelling;

/// What stands for a state: a digest of everything its future depends on.
pub type Key = u128;

/// A key of 128 bits for a value.
fn key_of(value: &(impl Hash + ?Sized)) -> Key {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, value).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// One move, by a name that means the same in every execution.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Move {
    /// The `nth` of the requests that this worker waits for is answered.
    Answer {
        /// Whose.
        worker: usize,
        /// Which, in an order that does not depend on when they arrived.
        nth: usize,
    },
    /// The `nth` stream of this worker is told what is on the way.
    Deliver {
        /// Whose.
        worker: usize,
        /// Which.
        nth: usize,
    },
    /// The request is handled, and its answer lost on the way.
    LoseAnswer {
        /// Whose.
        worker: usize,
        /// Which.
        nth: usize,
    },
    /// The stream breaks; whoever reads it has to list again.
    Break {
        /// Whose.
        worker: usize,
        /// Which.
        nth: usize,
    },
    /// The worker is stopped where it stands, and started again.
    Crash {
        /// Which.
        worker: usize,
    },
    /// The Lease of this worker goes to another holder.
    Depose {
        /// Whose.
        worker: usize,
    },
}

impl Move {
    /// Whose move it is.
    pub fn worker(self) -> usize {
        match self {
            Move::Answer { worker, .. }
            | Move::Deliver { worker, .. }
            | Move::LoseAnswer { worker, .. }
            | Move::Break { worker, .. }
            | Move::Crash { worker }
            | Move::Depose { worker } => worker,
        }
    }
}

/// Where an execution waits for a decision.
#[derive(Clone, Copy, Debug)]
pub struct Point<'a> {
    /// The state.
    pub key: Key,
    /// Who may move; none where the execution has ended.
    pub moves: &'a [Move],
    /// For each move the object that it writes, as a number, if it does; may be left empty.
    pub writes: &'a [Option<u64>],
}

/// Decides, and is told what its decisions did.
pub trait Guide {
    /// The move to make, as an index; `None` ends the execution here.
    fn choose(&mut self, point: Point<'_>) -> Option<usize>;

    /// Whether a move that it wants is not among these, and may still come: a program that starts,
    /// or whose timer has not fired. Only executions in real time can wait.
    fn waits(&self, _point: Point<'_>) -> bool {
        false
    }

    /// What the move that was chosen last has done.
    fn did(&mut self, _footprint: Footprint) {}
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End<O> {
    /// No worker had anything left to do; what was found then.
    Quiet(O),
    /// The guide wanted no more.
    Stopped,
    /// It was still busy after as many steps as are allowed.
    Steps,
    /// The code under test did something that ends the whole exploration, in words.
    Failed(String),
}
