//! The closed world: API server, caches, shared memories, workers, a budget of faults, and what
//! the properties remember; a value.
//!
//! Three words: a [`World`] lists its [`Choice`]s, a scheduler picks one, and
//! [`World::take`] performs that one step and returns the event. `step.rs` is what one step does to
//! the server; thread engines use it directly, under a lock. Nothing here knows who chooses.
//! Next to read: `world.rs`, then `schedulers/mod.rs`.

mod caches;
mod choice;
mod nature;
mod observer;
mod setting;
mod step;
mod turn;
mod world;

pub(crate) use caches::Publication;
pub(crate) use caches::awaited;
pub use choice::Choice;
pub use nature::Nature;
pub use observer::{BoxedMemory, Ending, MemoryValue, Observer};
pub use setting::{CacheSpec, Setting, WorkerInfo};
pub use step::SharedObject;
pub(crate) use step::deliver;
pub use step::{Performed, crash, perform, recreate, relist};
pub(crate) use step::{Served, sent, serve, tell};
pub use turn::{Memory, Queue, Standing, Turn, Wait, Watched};
pub(crate) use world::mark;
pub use world::{FaultBudget, World};
