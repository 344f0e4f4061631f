//! A scenario: who writes which fields of which object, how; and what is expected of it.
//!
//! The way of a text: `yaml.rs` reads it into nodes with places (`node.rs`); `shape.rs` compares
//! them with the JSON Schema, which is generated from the types in `schema.rs`; `validate.rs` makes
//! sense of them, with `values.rs` for field paths and values, `steps.rs` for steps, `timing.rs`
//! for durations, `crds.rs` and `cluster.rs` for what is installed, `probe.rs` and `refusals.rs`
//! for what the server says to each worker. Every mistake is a `diagnostic.rs` with place, caret
//! and way out. What comes out is a [`Scenario`]: plain data; `builtin.rs` holds the shipped ones,
//! `build.rs` makes a world.
//! Next to read: `load.rs`, then `simulation/mod.rs`.

mod answered;
mod build;
pub mod builtin;
mod cluster;
mod conditions;
mod controllers;
mod crds;
mod definitions;
mod diagnostic;
mod fingerprint;
mod from_crd;
mod invariants;
mod isolation;
mod kinds;
mod load;
mod manifest;
pub(crate) mod manifests;
mod names;
mod node;
mod probe;
mod programs;
mod reference;
mod refusals;
mod scalar;
mod schema;
mod schema_controllers;
mod schema_kinds;
mod schema_programs;
mod schema_readers;
mod schema_steps;
mod schema_timing;
mod shadows;
mod shape;
mod starter;
mod steps;
mod suggest;
mod timing;
mod unreadable;
mod useless_keys;
mod validate;
mod values;
pub(crate) mod yaml;

pub(crate) use build::Plan;
#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use build::TIME;
#[cfg(any(feature = "cli", feature = "serve"))]
pub(crate) use crds::read_bounded;
pub use crds::{Disk, Files};
pub use definitions::Definitions;
pub use diagnostic::{Diagnostic, DiagnosticStyle, Mistakes, Severity, SourceText};
pub(crate) use diagnostic::{clean, clean_long, harmless};
pub use from_crd::{RACES, from_crd};
pub use isolation::Isolation;
#[cfg(all(feature = "serve", target_os = "linux"))]
pub(crate) use isolation::{Words, is_fixed, outlives};
#[cfg(any(feature = "cli", feature = "serve"))]
pub(crate) use node::Node;
pub use programs::{Act, LimitsSpec, Programs, RunSpec, Stimulus};
pub use reference::reference;
pub use schema::json_schema;
pub use starter::{TEMPLATES, Template, starter};

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{FieldPath, Subresource};
use crate::properties::Invariant;
use crate::reconcilers::methods::{Refusal, WriteMethod};
use crate::reconcilers::{
    Attempts, Condition, Freshness, OnError, Op, Reader, Restamp, ValueExpr, WriteOp,
};
use crate::schedulers::timed::{Backoff, Nanos, Timing};
use crate::simulation::{FaultBudget, Watched};
use crate::trace::{Action, Event};

/// A scenario, read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// `metadata.name`.
    pub name: String,
    /// The description: what it teaches.
    pub description: String,
    /// Where it came from.
    pub source: Source,
    /// CustomResourceDefinitions, as objects (files already read).
    pub crds: Arc<Definitions>,
    /// The objects that are there before the first step.
    pub objects: Vec<Value>,
    /// The workers, in the order of the file.
    pub workers: Vec<WorkerSpec>,
    /// The controllers that run them, replica by replica.
    pub controllers: Vec<ControllerSpec>,
    /// The maximum of each kind of fault in a schedule.
    pub faults: FaultBudget,
    /// How long everything takes, for the scheduler `timed`.
    pub timing: Timing,
    /// The invariants of its own.
    pub invariants: Vec<Invariant>,
    /// What it says of its programs, if workers are programs.
    pub programs: Programs,
    /// The names of the properties to be judged.
    pub properties: Vec<String>,
    /// What is expected.
    pub expect: Expect,
    /// What is probably not meant so, but can be run; and notes.
    pub warnings: Vec<Diagnostic>,
    /// A server with the definitions installed, once one was made: they are large.
    pub(crate) base: std::sync::OnceLock<crate::apiserver::ApiServer>,
}

/// Where a scenario came from.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// As the user named it: a path, the name of a shipped scenario, or `-`.
    pub name: String,
    /// The path to show in commands and annotations; `None` for a shipped scenario or stdin.
    pub file: Option<String>,
    /// The text of the document (only this scenario's document of a file with several).
    pub text: String,
    /// The line of the file on which `text` starts, from 1.
    pub first_line: usize,
    /// The files that the text names (CRDs), with their texts: what a recording needs besides it.
    pub files: Vec<(String, String)>,
}

/// One worker, as the file says it, with the defaults filled in.
///
/// It is no [`Job`](crate::reconcilers::Job): a worker is a name, a process and runs, and `steps`
/// or `run` instead of a write. A job is one write of it, with the names of this file resolved
/// (object to key, method to code, schema to lists). `build.rs` makes the jobs of a worker, one for
/// each write of its steps; diagnostics and renderers need the file's own words, a search the jobs.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct WorkerSpec {
    pub name: String,
    pub object: ObjectRef,
    pub read: Reader,
    /// How far the cache must have come that it reads.
    pub freshness: Freshness,
    /// It puts what it sets into the cache of its process, and sends nothing.
    pub cache_write: bool,
    /// The name of a write method in the table of `reconcilers/methods`; with `steps`, that of the
    /// first write.
    pub write: String,
    /// The status, or `None` for `main`.
    pub subresource: Option<Subresource>,
    pub sets: Vec<(FieldPath, ValueExpr)>,
    pub when: Vec<(FieldPath, Option<Value>)>,
    /// The process's name; a process of its own has the worker's name.
    pub process: String,
    pub field_manager: String,
    pub attempts: Attempts,
    /// `None`: a retry sends the same body again.
    pub retry_read: Option<Reader>,
    pub restamp: Restamp,
    /// The fields that a PUT leaves out.
    pub omit: Vec<FieldPath>,
    pub runs: u32,
    pub typed: bool,
    pub knows: Option<Vec<FieldPath>>,
    /// What its setter asks of the object before it sends it.
    pub validate: Vec<(FieldPath, Condition)>,
    /// The line of the file on which `write:` stands, for annotations.
    pub write_line: usize,
    /// The long form: what each run does, instead of one read and one write.
    pub steps: Option<StepsSpec>,
    /// The command line, if the worker is a program.
    pub run: Option<RunSpec>,
}

/// One replica of a controller, with the defaults filled in.
#[derive(Clone, Debug)]
pub struct ControllerSpec {
    /// The controller, and which replica of it.
    pub name: String,
    /// Its workers, by index.
    pub workers: Vec<usize>,
    /// How many reconciles run at once.
    pub concurrency: usize,
    /// Whether that is said of each key.
    pub per_key: bool,
    /// What queues its keys; `None` if nothing needs to.
    pub trigger: Option<TriggerSpec>,
    /// What becomes of a key that failed; `None` if its worker says that.
    pub requeue: Option<RequeueSpec>,
    /// Whether it works only while its process leads.
    pub leads: bool,
}

impl ControllerSpec {
    /// Whether its queue drops a key after some time.
    pub fn has_deadline(&self) -> bool {
        self.requeue.as_ref().is_some_and(|requeue| requeue.deadline.is_some())
    }

    /// What changes schedules: not how long anything takes.
    fn meaning(&self) -> impl std::fmt::Debug + use<'_> {
        let requeue = self.requeue.as_ref();
        let requeue = requeue.map(|requeue| (requeue.attempts, requeue.deadline.is_some()));
        let limit = (self.concurrency, self.per_key, self.leads);
        (&self.name, &self.workers, limit, &self.trigger, requeue)
    }
}

/// What queues keys.
#[derive(Clone, Debug)]
pub struct TriggerSpec {
    /// What is watched; `None` for the key of each worker.
    pub watch: Option<Watched>,
    /// How often a resync queues every key.
    pub resync: u32,
}

/// What becomes of a key that failed.
#[derive(Clone, Debug)]
pub struct RequeueSpec {
    /// How long it waits.
    pub backoff: Backoff,
    /// How often it is tried in all.
    pub attempts: Option<Attempts>,
    /// When it is dropped.
    pub deadline: Option<Nanos>,
}

/// What server-side apply has no words for.
pub(crate) const NOT_BY_APPLY: &str =
    "an apply says what is to be there, and so cannot take an item out of a list";

impl WorkerSpec {
    /// Where it reads: `live`, or `cache` with how far that must have come.
    pub fn reads_from(&self) -> &'static str {
        match (self.read, self.freshness) {
            (Reader::Live, _) => "live",
            (Reader::Cache, Freshness::Eventual) => "cache",
            (Reader::Cache, Freshness::Synced) => "cache (synced)",
            (Reader::Cache, Freshness::BeforeSync) => "cache (before sync)",
            (Reader::Cache, Freshness::ReadYourWrites) => "cache (read-your-writes)",
        }
    }

    /// The entry of `sets` that this worker's write method cannot send: `{ $remove: item }`.
    pub(crate) fn unsayable(&self) -> Option<usize> {
        let removes =
            |(_, value): &(FieldPath, ValueExpr)| matches!(value, ValueExpr::RemoveItem(_));
        self.write.starts_with("apply").then(|| self.sets.iter().position(removes)).flatten()
    }
}

/// The long form of a worker's reconcile.
#[derive(Clone, Debug)]
pub struct StepsSpec {
    /// The steps as the file has them, and what the worker says about all of them.
    pub text: Value,
    /// What they were compiled to.
    pub code: Vec<Op>,
    /// For each operation, where its step stands in the file.
    pub places: Vec<Range<usize>>,
    /// What becomes of a run that fails.
    pub on_error: OnError,
}

impl StepsSpec {
    /// The writes, in the order of the file.
    pub fn writes(&self) -> impl Iterator<Item = &WriteOp> {
        self.code.iter().filter_map(|op| match op {
            Op::Write(write) => Some(write),
            _ => None,
        })
    }

    /// The write method of the step that an event is: the first that sends such a request.
    pub fn method(&self, event: &Event) -> Option<&'static str> {
        let sends = |method: &&'static dyn WriteMethod| match &event.action {
            Action::Write { verb, .. } => method.sends() == *verb,
            Action::ReadRevision => method.after_refusal() == Refusal::Restamp,
            _ => method.is_shared(),
        };
        let mut methods = self.writes().map(|write| write.job.write);
        methods.find(sends).map(|method| method.name())
    }

    /// The same steps, with every write by this method that can be made by it.
    fn writing(&mut self, method: &'static dyn WriteMethod) {
        for op in &mut self.code {
            if let Op::Write(write) = op
                && (write.from.is_some() || !method.needs_read())
                && !(write.dynamic && method.is_shared())
            {
                Arc::make_mut(&mut write.job).write = method;
            }
        }
    }

    /// The same steps, with every object read there.
    fn reading(&mut self, from: Reader) {
        for op in &mut self.code {
            match op {
                Op::Read { reader, .. } => *reader = from,
                Op::List(list) => list.reader = from,
                _ => {}
            }
        }
    }
}

impl Scenario {
    /// The same scenario with every look into a cache waiting for this.
    #[must_use]
    pub fn with_freshness(&self, freshness: Freshness) -> Scenario {
        let mut scenario = self.clone();
        for worker in &mut scenario.workers {
            worker.freshness = freshness;
            let code = worker.steps.iter_mut().flat_map(|steps| &mut steps.code);
            code.for_each(|op| op.read_at(freshness));
        }
        scenario
    }
}

/// `Kind/name` or `Kind/namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct ObjectRef {
    pub kind: String,
    pub namespace: Option<String>,
    pub name: String,
}

/// What a scenario expects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expect {
    /// Nothing is stated.
    #[default]
    Unstated,
    /// The server refuses a request for a reason that is the scenario's point (`rejected`).
    Rejected,
    /// A verdict per property: `true` for `holds`, `false` for `violated`. `lost` and `safe` are
    /// `no-lost-write` violated and held.
    Verdicts(BTreeMap<String, bool>),
}
