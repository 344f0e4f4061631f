//! What happened: the events of one run, in order.
//!
//! `event.rs` is one step. A [`Trace`] is made by replaying a schedule, never by a search.
//! Next to read: `report/`, which draws traces.

mod event;

use std::sync::Arc;

use serde_json::Value;

pub use event::{Action, Actor, Event, Fault, Leads, Loaded, RunMark};

use crate::apiserver::Key;

/// The events of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The names of the workers, by index.
    pub workers: Arc<[String]>,
    /// The names of the caches (their processes), by index.
    pub caches: Arc<[String]>,
    /// The objects before the first step.
    pub initial: Vec<(Key, Arc<Value>)>,
    /// The steps; step `n` of a report is `events[n - 1]`.
    pub events: Vec<Event>,
    /// Lines that real workers have printed: the index of the event, and the line.
    pub said: Vec<(usize, String)>,
    /// Whether every worker was done at the end.
    pub finished: bool,
}
