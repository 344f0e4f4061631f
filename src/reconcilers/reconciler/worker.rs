//! What a reconciler asks in each phase, how it takes an answer, and what a search may change in
//! it.

use std::sync::Arc;

use serde_json::Value;

use super::{Phase, Reconciler};
use crate::apiserver::{Body, Key, Response, Revision};
use crate::client::{make, without_managed_fields};
use crate::reconcilers::methods::Refusal;
use crate::reconcilers::program::{CacheWriteOp, LeadOp, Op, Program};
use crate::reconcilers::requests::{self, Target};
use crate::reconcilers::revisions::renamed;
use crate::reconcilers::write::Write;
use crate::reconcilers::{
    Answer, Ask, Basis, BoxedWorker, CacheWrite, Call, Change, Exchange, Freshness, Lead, Progress,
    Reader, Shared, Worker,
};

impl Reconciler {
    /// The first request of the operation.
    fn first(&self) -> Ask {
        let program = &self.program;
        match &program.code[self.at] {
            Op::Read { key, reader: Reader::Live, .. } => Ask::Api(requests::get(program, key)),
            Op::Read { key, reader: Reader::Cache, .. } => Ask::Cache(key.clone()),
            Op::List(list) => match list.reader {
                Reader::Live => Ask::Api(requests::list(program, list)),
                Reader::Cache => Ask::CacheList(Arc::new(requests::selection(list))),
            },
            Op::Create(create) => Ask::Api(requests::create(program, create, &self.held)),
            Op::Effect { name } => Ask::Effect(Arc::clone(name)),
            Op::Lead(LeadOp::Start(slot)) => match self.held.one(*slot) {
                Some(lease) => Ask::Lead(Lead::Start(Arc::clone(lease))),
                None => Ask::Lead(Lead::Look),
            },
            Op::Lead(LeadOp::Stop(stopping)) => Ask::Lead(Lead::Stop(*stopping)),
            Op::Lead(LeadOp::Look(_)) => Ask::Lead(Lead::Look),
            _ => Ask::Done,
        }
    }

    /// A read of a write's object.
    fn read_again(&self, key: Option<&Key>, reader: Reader) -> Ask {
        let Some(op) = self.program.write_at(self.at) else { return Ask::Done };
        let key = key.unwrap_or(&op.job.key);
        match reader {
            Reader::Cache => Ask::Cache(key.clone()),
            Reader::Live => Ask::Api(requests::get(&self.program, key)),
        }
    }

    fn load(&self) -> Ask {
        let Some(op) = self.program.write_at(self.at) else { return Ask::Done };
        let call = requests::get(&self.program, &op.job.key);
        Ask::Shared(Shared::Load { call, from: op.reader })
    }

    fn touch(&self) -> Ask {
        let Some(op) = self.program.write_at(self.at) else { return Ask::Done };
        Ask::Shared(Shared::Touch(Arc::new(op.job.decision())))
    }

    fn send(&self, write: &Write) -> Call {
        match self.program.write_at(self.at) {
            Some(op) => write.call(op),
            None => unreachable!("only a write operation has a write"),
        }
    }

    /// Body and basis are what memory holds when it is sent.
    fn send_shared(&self, changes: &Arc<[Change]>) -> Call {
        self.send(&Write::of_memory(changes, &Basis::of(&Value::Null)))
    }
}

impl Reconciler {
    /// The operation of its program that it is at.
    pub(crate) fn place(&self) -> usize {
        self.at
    }

    /// Changes the copy that it is about to put into the cache.
    pub(super) fn compute_copy(&mut self, op: &CacheWriteOp) {
        let Some(read) = self.held.one(op.from).cloned() else { return self.drop_intent() };
        let held = |slot, path: &_| self.held.field(slot, path);
        let Some(intent) = op.job.decision().changes_beside(&read, &held) else {
            return self.finish(false, false);
        };
        let mut object = read;
        intent.iter().for_each(|change| make(change, Arc::make_mut(&mut object)));
        let later = self.program.live(self.at + 1);
        self.held.keep(later);
        if later >> op.from & 1 == 1 {
            self.held.bind(op.from, Some(Arc::clone(&object)));
        }
        let key = match op.job.key.name.is_empty() {
            false => op.job.key.clone(),
            true => Target::of(&op.job.key.resource, &object).key,
        };
        self.phase = Phase::CacheWrite(CacheWrite { key, object, intent });
    }
}

impl Worker for Reconciler {
    fn name(&self) -> &str {
        &self.program.name
    }

    fn ask(&self) -> Ask {
        match &self.phase {
            Phase::Begin => self.first(),
            Phase::ReadAgain(key) => {
                let reader = self.program.write_at(self.at).and_then(|op| op.job.retry_read);
                self.read_again(key.as_ref(), reader.unwrap_or_default())
            }
            Phase::Restamp(write) => {
                match self.read_again(write.dynamic_key().as_ref(), Reader::Live) {
                    Ask::Api(call) => Ask::Api(Call { only_version: true, ..call }),
                    ask => ask,
                }
            }
            Phase::Write(write) => Ask::Api(self.send(write)),
            Phase::Load => self.load(),
            Phase::Touch => self.touch(),
            Phase::PutShared { changes } => {
                let op = self.program.write_at(self.at);
                let knows = op.and_then(|op| op.job.knows.clone());
                let omit = op.map(|op| op.job.omit.clone()).unwrap_or_default();
                Ask::Shared(Shared::Put { call: self.send_shared(changes), knows, omit })
            }
            Phase::Decode { object } => {
                let typed = self.program.write_at(self.at).is_none_or(|op| op.job.typed);
                Ask::Shared(Shared::Decode { object: Arc::clone(object), replace: !typed })
            }
            Phase::Adopt => match &self.program.code[self.at] {
                Op::Create(create) => {
                    let key = requests::created_key(create, &self.held);
                    Ask::Api(requests::get(&self.program, &key))
                }
                _ => Ask::Done,
            },
            Phase::Delete(targets) => match (targets.last(), &self.program.code[self.at]) {
                (Some(target), Op::Delete(op)) => {
                    Ask::Api(requests::delete(&self.program, op, target))
                }
                _ => Ask::Done,
            },
            Phase::CacheWrite(write) => Ask::CacheWrite(write.clone()),
            Phase::Done => Ask::Done,
        }
    }

    fn freshness(&self) -> Freshness {
        self.program.code.get(self.at).and_then(Op::reads_cache_at).unwrap_or_default()
    }

    fn may_look(&self) -> bool {
        let program = &self.program;
        let looks = |op: &Op| op.reads_cache_at().is_some();
        let another = self.progress.finished + 1 < program.runs;
        if self.phase == Phase::Done || !program.code.iter().any(looks) {
            return false;
        }
        if another || program.attempts.allows_another(self.requeued + 1) {
            return true;
        }
        let here = match (&self.phase, program.code.get(self.at)) {
            (Phase::Begin | Phase::Load | Phase::ReadAgain(_), Some(op)) => looks(op),
            (Phase::Write(_), Some(Op::Write(op))) => {
                op.job.retry_read == Some(Reader::Cache)
                    && op.job.attempts.allows_another(self.tries + 1)
            }
            // Once an object is in memory, it is read from there; a new version is read live.
            _ => false,
        };
        here || program.code.iter().skip(self.at + 1).any(looks)
    }

    fn answer(&mut self, answer: &Answer) {
        self.progress.under_way = true;
        self.progress.requeued = 0;
        let response = match answer {
            Answer::Response(response) => Some(response),
            _ => None,
        };
        let object = match answer {
            Answer::Response(response) => response.object().filter(|_| response.is_success()),
            Answer::Cached(object) | Answer::Shared(object) | Answer::Touched(object, _) => {
                object.as_ref()
            }
            Answer::Lost | Answer::Listed(_) | Answer::Done => None,
        };
        match std::mem::replace(&mut self.phase, Phase::Done) {
            Phase::Begin => match (&self.program.code[self.at], answer) {
                (Op::List(_), Answer::Listed(objects)) => self.has_listed(objects.to_vec()),
                (Op::List(_), _) => self.has_listed(response.map(items).unwrap_or_default()),
                (Op::Create(_), _) => self.has_created(response),
                (Op::Effect { .. }, _) => self.go_on(),
                (Op::Lead(_), _) => self.has_looked(object),
                _ => self.has_read(object),
            },
            Phase::ReadAgain(_) | Phase::Adopt => self.has_read(object),
            Phase::Write(write) => self.has_written(write, response),
            Phase::Restamp(write) => self.has_new_version(write, object),
            Phase::Load if object.is_some() => self.phase = Phase::Touch,
            Phase::Load => self.drop_intent(),
            Phase::Touch => match answer {
                Answer::Touched(held, changes) => self.has_touched(held.as_ref(), changes.as_ref()),
                _ => self.drop_intent(),
            },
            Phase::PutShared { .. } => self.has_put_shared(response),
            Phase::Decode { object } => {
                self.held_after_decoding(object);
                self.go_on();
            }
            Phase::Delete(targets) => self.has_deleted(targets, response),
            Phase::CacheWrite(_) => self.go_on(),
            Phase::Done => {}
        }
    }

    fn progress(&self) -> Progress {
        self.progress
    }

    fn program(&self) -> Option<Arc<Program>> {
        Some(Arc::clone(&self.program))
    }

    fn forget_past(&mut self) {
        // What the past runs came to was told when they ended.
        (self.progress.acknowledged, self.progress.dropped) = (0, 0);
        // Only a derived value, or a decision, asks which revision it was made from. (What a
        // precondition names stands in the body.)
        match &mut self.phase {
            Phase::Write(write) | Phase::Restamp(write) => write.forget_past(),
            _ => {}
        }
    }

    fn exchanged(&self, exchange: &Exchange) -> Option<BoxedWorker> {
        let mut moved = self.clone();
        moved.program = exchange.program(&self.program);
        if self.program.only_key() != Some(exchange.key()) {
            return Some(Box::new(moved));
        }
        moved.held.exchange(exchange);
        match &mut moved.phase {
            Phase::Write(write) | Phase::Restamp(write) => write.exchange(exchange),
            Phase::PutShared { changes } => {
                *changes = exchange.changes(changes);
            }
            Phase::Decode { object } => *object = exchange.object(object),
            // A program that deletes or creates, or writes to its cache, is not exchanged.
            Phase::Begin | Phase::ReadAgain(_) | Phase::Load | Phase::Touch | Phase::Done => {}
            Phase::Adopt | Phase::Delete(_) | Phase::CacheWrite(_) => return None,
        }
        Some(Box::new(moved))
    }

    fn restart(&mut self) -> bool {
        self.begin();
        true
    }

    fn give_up(&mut self) {
        self.drop_intent();
    }

    fn revisions(&self) -> Option<Vec<Revision>> {
        // A worker that copies a resourceVersion into a field makes the number itself visible.
        if self.program.shows_versions() {
            return None;
        }
        let mut held = self.held.revisions();
        match &self.phase {
            Phase::Write(write) => held.extend(write.revisions()),
            // The old body's version will be overwritten; only the basis is still looked at.
            Phase::Restamp(write) => held.extend(write.basis_revision()),
            Phase::Decode { object } => held.push(Basis::of(object).revision),
            Phase::CacheWrite(write) => held.push(Basis::of(&write.object).revision),
            Phase::Delete(targets) => {
                let objects = targets.iter().filter_map(|target| target.object.as_ref());
                held.extend(objects.map(|object| Basis::of(object).revision));
            }
            Phase::Begin
            | Phase::ReadAgain(_)
            | Phase::Load
            | Phase::Touch
            | Phase::PutShared { .. }
            | Phase::Adopt
            | Phase::Done => {}
        }
        Some(held)
    }

    fn rename_revisions(
        &mut self,
        rename: &dyn Fn(Revision) -> Revision,
        is_live: &dyn Fn(Revision) -> bool,
    ) {
        let op = self.program.write_at(self.at);
        // Whether a body with an old version still matters: it may be sent with a newer one, or may
        // be answered by something else than its version.
        let lives = op.is_some_and(|op| {
            op.job.write.after_refusal() == Refusal::Restamp || !op.job.is_refused_when_stale()
        });
        self.held.rename_revisions(rename);
        match &mut self.phase {
            Phase::Write(write) => write.rename_revisions(rename, is_live, lives),
            Phase::Restamp(write) => write.rename_stale(rename),
            Phase::Decode { object } => *object = renamed(object, rename),
            Phase::CacheWrite(write) => write.object = renamed(&write.object, rename),
            Phase::Delete(targets) => {
                for object in targets.iter_mut().filter_map(|target| target.object.as_mut()) {
                    *object = renamed(object, rename);
                }
            }
            Phase::Begin
            | Phase::ReadAgain(_)
            | Phase::Load
            | Phase::Touch
            | Phase::PutShared { .. }
            | Phase::Adopt
            | Phase::Done => {}
        }
    }
}

/// The objects of a list.
fn items(response: &Response) -> Vec<Arc<Value>> {
    match &response.body {
        Body::List(list) => {
            let items = list["items"].as_array().into_iter().flatten();
            items.map(|item| without_managed_fields(&Arc::new(item.clone()))).collect()
        }
        _ => Vec::new(),
    }
}
