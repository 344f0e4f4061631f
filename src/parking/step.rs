//! What happened, step by step: for the judge, and for the drawing.
//!
//! Next to read: `lot.rs`, which writes it down.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{Key, Revision, Subresource, Verb};
use crate::rest::HttpRequest;
use crate::schedulers::rerun::Move;
use crate::trace::Event;

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Whose.
    pub worker: usize,
    /// The move that made it; `None` if it was simply done.
    pub chosen: Option<Move>,
    /// What was done.
    pub what: What,
    /// The store's revision after it.
    pub revision: Revision,
}

/// What was done in one step.
#[derive(Clone, Debug)]
pub enum What {
    /// A request was handled.
    Exchange(Box<Exchange>),
    /// A watch was told these events: their type, and the object as it came.
    Delivered(Vec<(String, Arc<Value>)>),
    /// A modelled worker, or its cache, moved.
    Modelled(Box<Event>),
    /// A watch was broken.
    Broken,
    /// The worker was started again.
    Restarted,
    /// No worker could move, and this many milliseconds passed.
    Time(u64),
}

/// A request, and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// As it was sent.
    pub http: HttpRequest,
    /// What it asked for.
    pub verb: Verb,
    /// The object it is about: of a creation, the one that was made.
    pub key: Option<Key>,
    /// What of the object, if not all of it.
    pub subresource: Option<Subresource>,
    /// Whether it names itself a dry run.
    pub dry_run: bool,
    /// The status code of the answer.
    pub code: u16,
    /// The answer, if it is JSON.
    pub response: Option<Arc<Value>>,
    /// Whether the answer reached its worker.
    pub answered: bool,
    /// The objects, with their versions, that the worker was given by it.
    pub given: Vec<Arc<Value>>,
    /// The object before.
    pub before: Option<Arc<Value>>,
    /// The object after.
    pub after: Option<Arc<Value>>,
    /// Whether the store moved.
    pub committed: bool,
}

impl Exchange {
    /// Whether it is a write that was accepted.
    pub fn is_write(&self) -> bool {
        !self.dry_run && !matches!(self.verb, Verb::Get | Verb::List | Verb::Watch)
    }

    /// Whether the server answered 2xx.
    pub fn is_success(&self) -> bool {
        self.code / 100 == 2
    }
}
