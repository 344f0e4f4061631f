//! The closed world: server, caches, workers and faults.

mod choice;

pub use choice::Choice;
