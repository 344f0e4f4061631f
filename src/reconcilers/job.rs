//! What one write of a worker is told: which object, which fields, how to write them.
//!
//! A [`Job`] never changes during a run; the worker that does it is a small value beside it.
//! `scenario/` makes jobs from files: one for each write of a worker (there, a `WorkerSpec`).
//! Next to read: `program.rs`, the runs that a job is part of.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::condition::Condition;
use super::methods::{Refusal, WriteMethod};
use super::value::ValueExpr;
use crate::apiserver::schema::Schema;
use crate::apiserver::{FieldPath, Key, ListType, PatchKind, Step, Subresource, Verb};
use crate::history::{Change, Lists};
use crate::reconcilers::bodies::wanted;

/// Where a worker reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reader {
    /// A GET.
    #[default]
    Live,
    /// The informer cache of its process.
    Cache,
}

/// How far an informer cache must have come before a worker reads it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freshness {
    /// The cache has listed, at any time.
    #[default]
    Eventual,
    /// The cache begins without its list, and has listed: its `HasSynced` was waited for.
    Synced,
    /// The cache begins without its list, and may still be empty: nothing was waited for.
    BeforeSync,
    /// The cache has listed, and has every acknowledged write of its process to what is read.
    ReadYourWrites,
}

impl Freshness {
    /// Whether a cache with such a reader begins without its list.
    pub fn begins_unsynced(self) -> bool {
        matches!(self, Freshness::Synced | Freshness::BeforeSync)
    }

    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Freshness::Eventual => "eventual",
            Freshness::Synced | Freshness::BeforeSync => "synced",
            Freshness::ReadYourWrites => "read-your-writes",
        }
    }
}

/// How many tries a retrying method has in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attempts {
    /// At most this many.
    AtMost(u32),
    /// As many as it takes.
    Unlimited,
}

impl Attempts {
    /// Whether another try is allowed after `made` of them.
    pub fn allows_another(self, made: u32) -> bool {
        match self {
            Attempts::AtMost(limit) => made < limit,
            Attempts::Unlimited => true,
        }
    }

    /// One more than `made`. Without a limit the count stops at client-go's five, so that a retry
    /// without end is a cycle of states and not an endless line of them.
    pub(super) fn counted(self, made: u32) -> u32 {
        const TOLD_APART: u32 = 5;
        let most = match self {
            Attempts::AtMost(_) => u32::MAX,
            Attempts::Unlimited => TOLD_APART,
        };
        made.saturating_add(1).min(most)
    }
}

/// When a method that sends an old body under a new resourceVersion takes that version by a GET.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Restamp {
    /// After a 409.
    #[default]
    OnConflict,
    /// Before its first write, too.
    Before,
}

/// One field that a worker means to set.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Set {
    /// The field.
    pub path: FieldPath,
    /// What it is to become.
    pub value: ValueExpr,
    /// The type of the list it names, if it names one (what `apply` sends depends on it).
    pub list: Option<ListType>,
}

impl Set {
    /// Whether what is sent for it may contain a list, or stand in one.
    fn brings_list(&self) -> bool {
        let in_list = self.path.steps().iter().any(|step| !matches!(step, Step::Key(_)));
        in_list
            || match &self.value {
                ValueExpr::Literal(value) | ValueExpr::Exactly(value) => contains_list(value),
                ValueExpr::Add(_) | ValueExpr::Remove => false,
                // What is copied is no list, if it decodes as what stands there.
                ValueExpr::Read(_) | ValueExpr::Held { .. } => false,
                ValueExpr::Append(_) | ValueExpr::RemoveItem(_) => true,
            }
    }
}

fn contains_list(value: &Value) -> bool {
    match value {
        Value::Array(_) => true,
        Value::Object(fields) => fields.values().any(contains_list),
        _ => false,
    }
}

/// What a worker decides from an object that it holds: whether it writes, and what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Decision {
    /// The fields to set.
    pub sets: Vec<Set>,
    /// Writes only if the object looks so.
    pub when: Vec<(FieldPath, Option<Value>)>,
    /// The status fields that its client sees; all of them for `None`.
    pub knows: Option<Vec<FieldPath>>,
    /// See [`Job::decided`].
    pub decided: Vec<FieldPath>,
    /// See [`Job::guards`].
    pub guards: bool,
    /// See [`Job::lists`].
    pub lists: Lists,
}

/// One write of a worker.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Job {
    pub name: String,
    pub key: Key,
    /// `apiVersion` and `kind` of the object.
    pub api_version: String,
    pub kind: String,
    /// What the client knows of the kind: its merge keys and patch strategies.
    pub schema: Arc<Schema>,
    pub write: &'static dyn WriteMethod,
    /// `Some("status")`, or `None` for the object's own endpoint.
    pub subresource: Option<Subresource>,
    /// Whether a PUT of an object that is gone creates it.
    pub creates: bool,
    pub sets: Vec<Set>,
    /// Writes only if what it read looks so.
    pub when: Vec<(FieldPath, Option<Value>)>,
    /// The fields of the same object that earlier steps of the run have tested.
    pub decided: Vec<FieldPath>,
    /// Whether a judge has to know what `when` and those tests were decided from: a worker writes a
    /// field that they look at, and one that this worker writes.
    pub guards: bool,
    /// What the schema of the object says about its lists.
    pub lists: Lists,
    pub field_manager: String,
    pub attempts: Attempts,
    /// Where a retry reads again; `None`: nowhere, it sends the same body again.
    pub retry_read: Option<Reader>,
    /// When a method that sends an old body under a new resourceVersion takes that version.
    pub restamp: Restamp,
    /// The fields that the client's struct leaves out of a PUT (`omitempty`).
    pub omit: Vec<FieldPath>,
    /// Whether a response is decoded into a typed struct (or replaces an unstructured map).
    pub typed: bool,
    /// The status fields its typed client knows: it neither sees nor sends any other.
    pub knows: Option<Vec<FieldPath>>,
    /// What its setter asks of the object that it is about to send.
    pub validate: Vec<(FieldPath, Condition)>,
    /// The time at which every request is made: the model has no clock.
    pub time: i64,
}

/// Whether what stands at a path is a resourceVersion, or contains one.
pub fn shows_version(path: &FieldPath) -> bool {
    let version = ["metadata", "resourceVersion"];
    let same = |(step, name): (&Step, &str)| matches!(step, Step::Key(key) if key == name);
    path.steps().iter().zip(version).all(same)
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.write.name())
    }
}

impl Job {
    /// Whether it takes a new resourceVersion before its first write.
    pub(super) fn restamps_first(&self) -> bool {
        self.restamp == Restamp::Before && self.write.after_refusal() == Refusal::Restamp
    }

    /// What it decides from an object that it holds.
    pub fn decision(&self) -> Decision {
        Decision {
            sets: self.sets.clone(),
            when: self.when.clone(),
            knows: self.knows.clone(),
            decided: self.decided.clone(),
            guards: self.guards,
            lists: self.lists.clone(),
        }
    }

    /// Whether its setter lets the object pass that these changes make of what was read.
    pub fn passes(&self, read: &Value, changes: &[Change]) -> bool {
        self.validate.is_empty() || {
            let wanted = wanted(self, read, changes);
            let field = |path: &FieldPath| path.get(&wanted).cloned();
            self.validate
                .iter()
                .all(|(path, rule)| rule.is_met(path.get(&wanted), &|_, path| field(path)))
        }
    }

    /// Whether a judge has to know what its `when` was decided from.
    pub fn is_guarded_among(&self, jobs: &[Arc<Job>]) -> bool {
        let meets = |a: &FieldPath, b: &FieldPath| {
            let same = |(a, b): (&Step, &Step)| {
                a == b || matches!(a, Step::Index(_)) || matches!(b, Step::Index(_))
            };
            a.steps().iter().zip(b.steps()).all(same)
        };
        jobs.iter().filter(|job| job.key == self.key).any(|job| {
            let writes = |path: &FieldPath| job.sets.iter().any(|set| meets(&set.path, path));
            let tested = self.when.iter().map(|(path, _)| path).chain(&self.decided);
            tested.into_iter().any(writes) && self.sets.iter().any(|set| writes(&set.path))
        })
    }

    /// Whether the server refuses a write that names an old version for that alone, whatever else
    /// is in it. Of JSON patches the operation that tests the version comes first. Otherwise the
    /// server merges and decodes a body before it compares versions, so what is written must have
    /// a type that fits, and a strategic merge patch may bring no list, whose entries could lack
    /// their merge key. And a PUT of some kinds creates an object that is gone, whatever version
    /// it names.
    pub fn is_refused_when_stale(&self) -> bool {
        let sends = self.write.sends();
        let merges = |set: &Set| match sends {
            Verb::Patch(PatchKind::Strategic) => !set.brings_list(),
            _ => true,
        };
        match sends {
            Verb::Patch(PatchKind::Json) => self.write.names_version(),
            Verb::Update if self.creates => false,
            _ => self.sets.iter().all(|set| self.decodes(set) && merges(set)),
        }
    }

    /// Whether the decoder takes what a set writes, whatever was read.
    fn decodes(&self, set: &Set) -> bool {
        let alone = |value: Value| {
            let mut object = json!({});
            set.path.set(&mut object, value);
            self.schema.decode(&object).is_ok()
        };
        match &set.value {
            ValueExpr::Literal(value) | ValueExpr::Exactly(value) => alone(value.clone()),
            ValueExpr::Add(number) => alone(number.clone().into()),
            ValueExpr::Append(item) => alone(json!([item])),
            ValueExpr::Remove | ValueExpr::RemoveItem(_) => true,
            ValueExpr::Read(from) | ValueExpr::Held { path: from, own: true, .. } => {
                let field = |path: &FieldPath| matches!(path.steps().last(), Some(Step::Key(_)));
                let (from, to) = (from, &set.path);
                field(from)
                    && field(to)
                    && self.schema.decodes_alike(&from.field_names(), &to.field_names())
            }
            ValueExpr::Held { own: false, .. } => false,
        }
    }

    /// Whether a value that it writes shows a resourceVersion as a number.
    pub(super) fn copies_resource_version(&self) -> bool {
        self.when.iter().any(|(path, _)| shows_version(path))
            || self
                .validate
                .iter()
                .any(|(path, rule)| shows_version(path) || rule.path().is_some_and(shows_version))
            || self.sets.iter().any(|set| match &set.value {
                ValueExpr::Read(from) | ValueExpr::Held { path: from, .. } => shows_version(from),
                _ => shows_version(&set.path),
            })
    }
}
