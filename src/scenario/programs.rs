//! What a scenario says of programs: plain data, read by `validate/programs.rs`.
//!
//! A scenario whose workers are programs is run by `crate::programs` and by nothing else. Next to
//! read: `schema_programs.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::{Isolation, Scenario};
use crate::apiserver::{FieldPath, Kind};

/// A command line, and variables of its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSpec {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// Name and value.
    pub env: Vec<(String, String)>,
}

/// What a scenario says of all of its programs.
#[derive(Clone, Debug, Default)]
pub struct Programs {
    /// Whether requests about Leases are choices.
    pub leases_race: bool,
    /// How often the Lease of a leader may go to another holder in an execution.
    pub leases_lost: u32,
    /// What parts one execution from the next.
    pub isolation: Isolation,
    /// What happens from outside, in this order.
    pub stimuli: Vec<Stimulus>,
    /// What each program may use up, where the scenario says it.
    pub limits: LimitsSpec,
}

/// Limits, where a scenario states them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct LimitsSpec {
    pub memory: Option<u64>,
    pub processes: Option<u32>,
    pub files: Option<u64>,
    pub requests: Option<u64>,
    pub watches: Option<u32>,
}

/// Something that happens to the cluster from outside.
#[derive(Clone, Debug)]
pub struct Stimulus {
    /// The kind of the object.
    pub kind: Arc<Kind>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// What is done.
    pub act: Act,
    /// Whether it comes only when no worker can move.
    pub settled: bool,
}

/// What a stimulus does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Creates the object.
    Create(Value),
    /// Sends a merge patch to the object, or to its status.
    Patch(Value, bool),
    /// Deletes it.
    Delete,
    /// Sets its replicas.
    Scale(u32),
    /// Reads it, changes these fields, and sends it back; of the status if so.
    Edit(Vec<(FieldPath, Value)>, bool),
}

impl Scenario {
    /// Whether a worker of this scenario is a program.
    pub fn starts_programs(&self) -> bool {
        self.workers.iter().any(|worker| worker.run.is_some())
    }

    /// The same scenario without its programs and its invariants: what is modelled.
    #[cfg(all(feature = "serve", target_os = "linux"))]
    #[must_use]
    pub(crate) fn modelled(&self) -> Scenario {
        let mut scenario = self.clone();
        scenario.workers.retain(|worker| worker.run.is_none());
        scenario.invariants.clear();
        scenario
    }
}
