//! A write that has been computed and not yet been answered.
//!
//! Next to read: `reconciler.rs`, which sends it.

use std::sync::Arc;

use serde_json::Value;

use super::held::Held;
use super::methods::Draft;
use super::program::WriteOp;
use super::revisions::{rename_basis, rename_in, sent_revision, tested_version};
use super::{Basis, Call, Change, Exchange, Job, ValueExpr};
use crate::apiserver::{Key, Options, PatchKind, Request, Revision, Verb};
use crate::client::decoded;

/// See the head of the file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Write {
    draft: Draft,
    basis: Option<Basis>,
    intent: Arc<[Change]>,
    /// Of which object, if that is not the job's.
    key: Option<Key>,
}

/// What became of computing a write.
pub(super) enum Computed {
    /// This is sent.
    Send(Box<Write>),
    /// What was read is not as the job's `when` wants it.
    Nothing,
    /// The job's setter does not let it pass.
    Refused,
}

impl Write {
    /// What an operation sends, given the object that it read.
    pub(super) fn computed(op: &WriteOp, read: Option<&Arc<Value>>, held: &Held) -> Computed {
        let mut object = read.cloned().unwrap_or_default();
        if op.job.knows.is_some() {
            decoded(op.job.knows.as_deref(), Arc::make_mut(&mut object));
        }
        let held_objects = held;
        let held = |slot, path: &_| held.field(slot, path);
        let Some(intent) = op.job.decision().changes_beside(&object, &held) else {
            return Computed::Nothing;
        };
        if !op.job.passes(&object, &intent) {
            return Computed::Refused;
        }
        let key = op.dynamic.then(|| key_of(&op.job, &object));
        let draft = match &key {
            None => op.job.write.draft(&op.job, &object, &intent),
            Some(key) => {
                let mut job = Job::clone(&op.job);
                job.key = key.clone();
                job.write.draft(&job, &object, &intent)
            }
        };
        let basis = read.map(|read| Basis::of(read)).map(|basis| oldest(op, basis, held_objects));
        Computed::Send(Box::new(Write { draft, basis, intent, key }))
    }

    /// A PUT of what the process holds in memory.
    pub(super) fn of_memory(changes: &Arc<[Change]>, basis: &Basis) -> Write {
        let draft = Draft { verb: Verb::Update, body: Value::Null, force: false };
        Write { draft, basis: Some(basis.clone()), intent: Arc::clone(changes), key: None }
    }

    /// The key of the object, if that is not the job's.
    pub(super) fn dynamic_key(&self) -> Option<Key> {
        self.key.clone()
    }

    /// The request.
    pub(super) fn call(&self, op: &WriteOp) -> Call {
        let Write { draft, basis, intent, key } = self;
        let job = &op.job;
        let key = key.as_ref().unwrap_or(&job.key);
        let request = Request {
            verb: draft.verb,
            resource: key.resource.clone(),
            namespace: key.namespace.clone(),
            name: Some(key.name.clone()),
            subresource: job.subresource,
            options: Options {
                field_manager: Some(job.field_manager.clone()),
                force: (draft.force && draft.verb == Verb::Patch(PatchKind::Apply)).then_some(true),
                ..Options::default()
            },
            body: Some(Arc::new(draft.body.clone())),
            user_agent: job.name.clone(),
            time: job.time,
        };
        let (basis, intent) = (basis.clone(), Arc::clone(intent));
        Call { request: Arc::new(request), basis, intent, only_version: false }
    }

    /// Puts another resourceVersion into the body.
    pub(super) fn restamp(&mut self, version: &Value) {
        self.draft.body["metadata"]["resourceVersion"] = version.clone();
    }

    /// Forgets which revision it was made from, if none of its changes asks.
    pub(super) fn forget_past(&mut self) {
        if !self.intent.iter().any(asks_for_basis)
            && let Some(basis) = &mut self.basis
        {
            basis.revision = Revision(0);
        }
    }

    pub(super) fn exchange(&mut self, exchange: &Exchange) {
        exchange.exchange_in(&mut self.draft.body);
        self.intent = exchange.changes(&self.intent);
    }

    pub(super) fn basis_revision(&self) -> Option<Revision> {
        self.basis.as_ref().map(|basis| basis.revision)
    }

    pub(super) fn revisions(&self) -> impl Iterator<Item = Revision> {
        [self.basis_revision(), sent_revision(&self.draft.body)].into_iter().flatten()
    }

    /// Renames the revisions; a body that the server is certain to refuse is forgotten, unless it
    /// `lives`.
    pub(super) fn rename_revisions(
        &mut self,
        rename: &dyn Fn(Revision) -> Revision,
        is_live: &dyn Fn(Revision) -> bool,
        lives: bool,
    ) {
        let sent = sent_revision(&self.draft.body);
        if !lives && sent.is_some_and(|revision| !is_live(revision)) {
            self.forget();
        }
        if let Some(basis) = &mut self.basis {
            rename_basis(basis, rename);
        }
        rename_in(&mut self.draft.body, rename);
    }

    /// Renames the revisions of a body whose version will be overwritten.
    pub(super) fn rename_stale(&mut self, rename: &dyn Fn(Revision) -> Revision) {
        if let Some(basis) = &mut self.basis {
            rename_basis(basis, rename);
        }
        rename_in(&mut self.draft.body, &|_| Revision(0));
    }

    /// Keeps only what decides that the server refuses a stale write: the server compares the
    /// resourceVersion before it looks at anything else that a write contains, so everything else
    /// is dead. Never for a method that sends the same body again.
    fn forget(&mut self) {
        self.intent = [].into();
        match &mut self.draft.body {
            Value::Array(operations) => operations.retain(|o| tested_version(o).is_some()),
            Value::Object(body) => {
                body.retain(|key, _| matches!(key.as_str(), "apiVersion" | "kind" | "metadata"));
                if let Some(Value::Object(metadata)) = body.get_mut("metadata") {
                    let identity = ["name", "namespace", "uid", "resourceVersion"];
                    metadata.retain(|key, _| identity.contains(&key.as_str()));
                }
            }
            _ => {}
        }
    }
}

/// Whether the revision that a change was decided from matters: of a value computed from what was
/// read, or of one that was decided upon because of what was read.
pub(super) fn asks_for_basis(change: &Change) -> bool {
    let guarded = change.meaning.as_ref().is_some_and(|meaning| !meaning.guards.is_empty());
    change.derived || guarded
}

/// The basis of a write: the oldest read of its object that it was computed from.
fn oldest(op: &WriteOp, mut basis: Basis, held: &Held) -> Basis {
    for set in &op.job.sets {
        if let ValueExpr::Held { slot, own: true, .. } = &set.value
            && let Some(object) = held.one(*slot)
        {
            basis.revision = basis.revision.min(Basis::of(object).revision);
        }
    }
    basis
}

/// The key of an object of the job's kind.
fn key_of(job: &Job, object: &Value) -> Key {
    let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
    Key {
        resource: job.key.resource.clone(),
        namespace: text("namespace"),
        name: text("name").unwrap_or_default(),
    }
}
