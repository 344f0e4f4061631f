//! The skeleton that every write method shares: read, modify, write, and what a refusal leads to.
//!
//! A [`Reconciler`] does one [`Job`] so many times. Its phases are the calls of the method's line
//! in the scenario format; computing between two calls happens inside [`Worker::answer`] and is
//! no step. A 404 on a read, a refusal that the method has no rule for, and a spent budget all end
//! the reconcile with its intent *dropped*: visible, not lost. Next to read: `methods/mod.rs`.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::methods::{Draft, Refusal};
use super::revisions::{rename_basis, rename_in, renamed, sent_revision, tested_version};
use super::{
    Answer, Ask, Attempts, Basis, BoxedWorker, Call, Change, Exchange, Job, Progress, Reader,
    Shared, Worker,
};
use crate::apiserver::{Options, PatchKind, Request, Response, Revision, Verb};
use crate::client::{decoded, without_managed_fields};

/// A worker that does a [`Job`].
#[derive(Clone, Debug)]
pub struct Reconciler {
    job: Arc<Job>,
    phase: Phase,
    progress: Progress,
}

/// What the reconciler does next, and what it holds for that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Read,
    ReadAgain,
    Write(Write),
    /// GET only to take the new resourceVersion.
    Restamp(Write),
    Load,
    Touch,
    PutShared {
        changes: Arc<[Change]>,
        basis: Basis,
    },
    Decode {
        object: Arc<Value>,
    },
    Done,
}

/// A write that has been computed and not yet sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Write {
    draft: Draft,
    basis: Basis,
    intent: Arc<[Change]>,
}

impl Write {
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

impl PartialEq for Reconciler {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.job, &other.job)
            && self.phase == other.phase
            && self.progress == other.progress
    }
}

impl Eq for Reconciler {}

impl Hash for Reconciler {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.job.name.hash(state);
        self.phase.hash(state);
        self.progress.hash(state);
    }
}

impl Reconciler {
    /// A worker at the beginning of its job.
    pub fn new(job: Arc<Job>) -> Self {
        let mut reconciler = Reconciler { job, phase: Phase::Done, progress: Progress::default() };
        reconciler.begin();
        reconciler
    }

    fn begin(&mut self) {
        self.progress.under_way = false;
        self.progress.attempts = 0;
        self.phase = match () {
            () if self.progress.finished >= self.job.runs => Phase::Done,
            () if self.job.write.is_shared() => Phase::Load,
            () => Phase::Read,
        };
    }

    fn finish(&mut self, acknowledged: bool, dropped: bool) {
        self.progress.finished += 1;
        self.progress.acknowledged += u32::from(acknowledged);
        self.progress.dropped += u32::from(dropped);
        self.begin();
    }

    fn drop_intent(&mut self) {
        self.finish(false, true);
    }

    fn request(&self, verb: Verb) -> Request {
        Request {
            verb,
            patch: None,
            resource: self.job.key.resource.clone(),
            namespace: self.job.key.namespace.clone(),
            name: Some(self.job.key.name.clone()),
            subresource: None,
            options: Options::default(),
            body: None,
            user_agent: self.job.name.clone(),
            time: self.job.time,
        }
    }

    fn get(&self) -> Call {
        Call { request: Arc::new(self.request(Verb::Get)), basis: None, intent: [].into() }
    }

    fn read(&self, reader: Reader) -> Ask {
        match reader {
            Reader::Live => Ask::Api(self.get()),
            Reader::Cache => Ask::Cache(self.job.key.clone()),
        }
    }

    fn write(&self, write: &Write) -> Call {
        let Write { draft, basis, intent } = write;
        let mut request = self.request(draft.verb);
        request.patch = draft.patch;
        request.subresource = self.job.subresource.clone();
        request.options.field_manager = Some(self.job.field_manager.clone());
        request.options.force =
            (draft.force && draft.patch == Some(PatchKind::Apply)).then_some(true);
        request.body = Some(Arc::new(draft.body.clone()));
        Call { request: Arc::new(request), basis: Some(basis.clone()), intent: Arc::clone(intent) }
    }

    fn put_shared(&self, changes: &Arc<[Change]>, basis: &Basis) -> Call {
        let draft = Draft { verb: Verb::Update, patch: None, body: Value::Null, force: false };
        let (basis, intent) = (basis.clone(), Arc::clone(changes));
        self.write(&Write { draft, basis, intent })
    }

    fn has_read(&mut self, object: Option<&Arc<Value>>) {
        let Some(mut read) = object.map(without_managed_fields) else {
            return self.drop_intent();
        };
        if self.job.knows.is_some() {
            decoded(self.job.knows.as_deref(), Arc::make_mut(&mut read));
        }
        let Some(intent) = self.job.decision().changes(&read) else {
            return self.finish(false, false);
        };
        let draft = self.job.write.draft(&self.job, &read, &intent);
        self.phase = Phase::Write(Write { draft, basis: Basis::of(&read), intent });
    }

    fn has_touched(&mut self, held: Option<&Arc<Value>>, changes: Option<&Arc<[Change]>>) {
        match (held, changes) {
            (None, _) => self.drop_intent(),
            (_, None) => self.finish(false, false),
            (Some(held), Some(changes)) => {
                let (changes, basis) = (Arc::clone(changes), Basis::of(held));
                self.phase = Phase::PutShared { changes, basis };
            }
        }
    }

    /// Counts a write. Without a limit the count stops at client-go's five, so that a retry without
    /// end is a cycle of states and not an endless line of them.
    fn count_attempt(&mut self) {
        const TOLD_APART: u32 = 5;
        let most = match self.job.attempts {
            Attempts::AtMost(_) => u32::MAX,
            Attempts::Unlimited => TOLD_APART,
        };
        self.progress.attempts = self.progress.attempts.saturating_add(1).min(most);
    }

    fn has_written(&mut self, write: Write, response: Option<&Response>) {
        self.count_attempt();
        let conflict = match response {
            Some(response) if response.is_success() => return self.finish(true, false),
            Some(response) => self.job.write.is_conflict(response),
            None => true,
        };
        let again = conflict && self.job.attempts.allows_another(self.progress.attempts);
        match self.job.write.after_refusal() {
            Refusal::ReadAgain if again => self.phase = Phase::ReadAgain,
            Refusal::Restamp if again => self.phase = Phase::Restamp(write),
            _ => self.drop_intent(),
        }
    }

    fn has_put_shared(&mut self, response: Option<&Response>) {
        self.count_attempt();
        match response.and_then(Response::object) {
            Some(object) if response.is_some_and(Response::is_success) => {
                self.phase = Phase::Decode { object: without_managed_fields(object) };
            }
            _ => self.drop_intent(),
        }
    }

    fn has_new_version(&mut self, mut write: Write, object: Option<&Arc<Value>>) {
        let Some(object) = object else {
            return self.drop_intent();
        };
        write.draft.body["metadata"]["resourceVersion"] =
            object["metadata"]["resourceVersion"].clone();
        self.phase = Phase::Write(write);
    }
}

impl Worker for Reconciler {
    fn name(&self) -> &str {
        &self.job.name
    }

    fn ask(&self) -> Ask {
        match &self.phase {
            Phase::Read => self.read(self.job.read),
            Phase::ReadAgain => self.read(self.job.retry_read),
            Phase::Restamp(_) => Ask::Api(self.get()),
            Phase::Write(write) => Ask::Api(self.write(write)),
            Phase::Load => Ask::Shared(Shared::Load { call: self.get(), from: self.job.read }),
            Phase::Touch => Ask::Shared(Shared::Touch(Arc::new(self.job.decision()))),
            Phase::PutShared { changes, basis } => {
                let (call, knows) = (self.put_shared(changes, basis), self.job.knows.clone());
                Ask::Shared(Shared::Put { call, knows })
            }
            Phase::Decode { object } => {
                Ask::Shared(Shared::Decode { object: Arc::clone(object), replace: !self.job.typed })
            }
            Phase::Done => Ask::Done,
        }
    }

    fn answer(&mut self, answer: &Answer) {
        self.progress.under_way = true;
        let response = match answer {
            Answer::Response(response) => Some(response),
            _ => None,
        };
        let object = match answer {
            Answer::Response(response) => response.object().filter(|_| response.is_success()),
            Answer::Cached(object) | Answer::Shared(object) | Answer::Touched(object, _) => {
                object.as_ref()
            }
            Answer::Lost => None,
        };
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Read | Phase::ReadAgain => self.has_read(object),
            Phase::Write(write) => self.has_written(write, response),
            Phase::Restamp(write) => self.has_new_version(write, object),
            Phase::Load if object.is_some() => self.phase = Phase::Touch,
            Phase::Load => self.drop_intent(),
            Phase::Touch => match answer {
                Answer::Touched(held, changes) => self.has_touched(held.as_ref(), changes.as_ref()),
                _ => self.drop_intent(),
            },
            Phase::PutShared { .. } => self.has_put_shared(response),
            Phase::Decode { .. } => self.finish(true, false),
            Phase::Done => {}
        }
    }

    fn progress(&self) -> Progress {
        self.progress
    }

    fn job(&self) -> Option<Arc<Job>> {
        Some(Arc::clone(&self.job))
    }

    fn settle(&mut self) {
        // What the past runs came to was told when they ended.
        (self.progress.acknowledged, self.progress.dropped) = (0, 0);
        // Only a derived value, or a decision, asks which revision it was made from. (What a
        // precondition names stands in the body.)
        let (basis, intent) = match &mut self.phase {
            Phase::Write(write) | Phase::Restamp(write) => (&mut write.basis, &write.intent),
            Phase::PutShared { basis, changes } => (basis, &*changes),
            _ => return,
        };
        let guarded = |change: &Change| {
            change.meaning.as_ref().is_some_and(|meaning| !meaning.guards.is_empty())
        };
        if !intent.iter().any(|change| change.derived || guarded(change)) {
            basis.revision = Revision(0);
        }
    }

    fn exchanged(&self, exchange: &Exchange) -> Option<BoxedWorker> {
        let mut moved = self.clone();
        moved.job = exchange.job(&self.job);
        if self.job.key != *exchange.key() {
            return Some(Box::new(moved));
        }
        match &mut moved.phase {
            Phase::Write(write) | Phase::Restamp(write) => {
                exchange.exchange_in(&mut write.draft.body);
                write.intent = exchange.changes(&write.intent);
            }
            Phase::PutShared { changes, .. } => *changes = exchange.changes(changes),
            Phase::Decode { object } => *object = exchange.object(object),
            Phase::Read | Phase::ReadAgain | Phase::Load | Phase::Touch | Phase::Done => {}
        }
        Some(Box::new(moved))
    }

    fn restart(&mut self) -> bool {
        self.begin();
        true
    }

    fn revisions(&self) -> Option<Vec<Revision>> {
        // A worker that copies a resourceVersion into a field makes the number itself visible.
        if self.job.copies_resource_version() {
            return None;
        }
        let of_write = |write: &Write| {
            let sent = sent_revision(&write.draft.body);
            [Some(write.basis.revision), sent].into_iter().flatten().collect()
        };
        Some(match &self.phase {
            Phase::Write(write) => of_write(write),
            // The old body's version will be overwritten; only the basis is still looked at.
            Phase::Restamp(write) => vec![write.basis.revision],
            Phase::PutShared { basis, .. } => vec![basis.revision],
            Phase::Decode { object } => vec![Basis::of(object).revision],
            Phase::Read | Phase::ReadAgain | Phase::Load | Phase::Touch | Phase::Done => Vec::new(),
        })
    }

    fn rename_revisions(
        &mut self,
        rename: &dyn Fn(Revision) -> Revision,
        is_live: &dyn Fn(Revision) -> bool,
    ) {
        let restamps = self.job.write.after_refusal() == Refusal::Restamp;
        match &mut self.phase {
            Phase::Write(write) => {
                let sent = sent_revision(&write.draft.body);
                if !restamps && sent.is_some_and(|revision| !is_live(revision)) {
                    write.forget();
                }
                rename_basis(&mut write.basis, rename);
                rename_in(&mut write.draft.body, rename);
            }
            Phase::Restamp(write) => {
                rename_basis(&mut write.basis, rename);
                rename_in(&mut write.draft.body, &|_| Revision(0));
            }
            Phase::PutShared { basis, .. } => rename_basis(basis, rename),
            Phase::Decode { object } => *object = renamed(object, rename),
            Phase::Read | Phase::ReadAgain | Phase::Load | Phase::Touch | Phase::Done => {}
        }
    }
}
