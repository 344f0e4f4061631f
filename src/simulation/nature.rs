//! Of what nature a choice is: all that a scheduler may know of it, and never of which object.
//!
//! A scheduler that models time needs to know that one step is a request and another only a look
//! into a cache. Next to read: `schedulers/timed/mod.rs`.

use super::{Choice, World};
use crate::reconcilers::{Ask, Reader, Shared};

/// The nature of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nature {
    /// A worker's request to the API server; `begins` says whether a reconcile begins with it.
    Request {
        /// Whether it is the first step of a reconcile.
        begins: bool,
        /// How often the reconcile that is tried again has failed; 0 for any other step.
        failures: u32,
    },
    /// A worker's look into its cache, or a touch of memory: inside its process.
    Inside {
        /// Whether it is the first step of a reconcile.
        begins: bool,
        /// How often the reconcile that is tried again has failed; 0 for any other step.
        failures: u32,
    },
    /// A cache receives the oldest of this many events that are on the way to it.
    Delivery {
        /// Events on the way.
        queued: usize,
    },
    /// A fault.
    Fault,
}

impl World {
    /// Of what nature a choice is.
    pub fn nature(&self, choice: Choice) -> Nature {
        match choice {
            Choice::Deliver(cache) => Nature::Delivery { queued: self.caches[cache].lag() },
            Choice::Fault(_) => Nature::Fault,
            Choice::Worker(worker) => {
                let progress = self.workers[worker].progress();
                let (begins, failures) = (!progress.under_way, progress.requeued);
                let memory = &self.memories[self.setting.workers[worker].process].object;
                match self.workers[worker].ask() {
                    Ask::Api(_) | Ask::Shared(Shared::Put { .. }) => {
                        Nature::Request { begins, failures }
                    }
                    Ask::Shared(Shared::Load { from: Reader::Live, .. }) if memory.is_none() => {
                        Nature::Request { begins, failures }
                    }
                    // A call to the outside takes as long as a request.
                    Ask::Effect(_) => Nature::Request { begins, failures },
                    Ask::Cache(_)
                    | Ask::CacheList(_)
                    | Ask::CacheWrite(_)
                    | Ask::Shared(_)
                    | Ask::Lead(_)
                    | Ask::Done => Nature::Inside { begins, failures },
                }
            }
        }
    }
}
