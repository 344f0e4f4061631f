//! Runs a [`Program`]: read, modify, write, and what a refusal leads to.
//!
//! A [`Reconciler`] does one program in each run. Its phases are the requests of the program's
//! operations, those of a write method being its line in the scenario format; computing between two
//! of them happens inside [`Worker::answer`](super::Worker::answer) and is no step. An absent
//! object, a refusal without a rule, and a spent budget all end the reconcile with its
//! intent *dropped*: visible, not lost. Next to read: `reconciler/worker.rs`, `methods/mod.rs`.

mod worker;

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::held::Held;
use super::methods::Refusal;
use super::program::{DeleteOp, LeadOp, OnExists, Op, Program, Term, Then, Victim, WriteOp};
use super::requests::Target;
use super::write::{Computed, Write};
use super::{CacheWrite, Change, Progress};
use crate::apiserver::{Key, Response};
use crate::client::without_managed_fields;

/// A worker that runs a [`Program`].
#[derive(Clone, Debug)]
pub struct Reconciler {
    program: Arc<Program>,
    /// The operation that it is at.
    at: usize,
    held: Held,
    phase: Phase,
    progress: Progress,
    /// How often the run under way was begun again, and how often the write under way was tried.
    requeued: u32,
    tries: u32,
}

/// What the reconciler does next, and what it holds for that.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// The first request of the operation.
    Begin,
    /// Reads the object of a write again; it has this key, or that of the job.
    ReadAgain(Option<Key>),
    Write(Write),
    /// GET only to take the new resourceVersion.
    Restamp(Write),
    Load,
    Touch,
    PutShared {
        changes: Arc<[Change]>,
    },
    Decode {
        object: Arc<Value>,
    },
    /// Reads the object whose name a create wanted.
    Adopt,
    /// Deletes these, from the last to the first.
    Delete(Vec<Target>),
    CacheWrite(CacheWrite),
    Done,
}

impl PartialEq for Reconciler {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.program, &other.program)
            && (self.at, self.requeued, self.tries) == (other.at, other.requeued, other.tries)
            && self.phase == other.phase
            && self.progress == other.progress
            && self.held == other.held
    }
}

impl Eq for Reconciler {}

impl Hash for Reconciler {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.program.name.hash(state);
        (self.at, self.requeued, self.tries).hash(state);
        self.held.hash(state);
        self.phase.hash(state);
        self.progress.hash(state);
    }
}

impl Reconciler {
    /// A worker at the beginning of its program.
    pub fn new(program: Arc<Program>) -> Self {
        let mut reconciler = Reconciler {
            program,
            at: 0,
            held: Held::default(),
            phase: Phase::Done,
            progress: Progress::default(),
            requeued: 0,
            tries: 0,
        };
        reconciler.begin();
        reconciler
    }

    fn begin(&mut self) {
        self.progress = Progress { under_way: false, attempts: 0, requeued: 0, ..self.progress };
        (self.requeued, self.tries) = (0, 0);
        match self.progress.finished >= self.program.runs {
            true => {
                self.held.clear();
                (self.at, self.phase) = (0, Phase::Done);
            }
            false => self.go_to(0),
        }
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

    /// Goes on at a place in the code: to the next operation that makes a request.
    fn go_to(&mut self, place: usize) {
        let program = Arc::clone(&self.program);
        self.at = place;
        loop {
            self.held.keep(program.live(self.at));
            match program.code.get(self.at) {
                None => return self.finish(true, false),
                Some(Op::Stop) => return self.finish(false, false),
                Some(Op::Jump(to)) => self.at = *to,
                Some(Op::Test { tests, otherwise }) => {
                    let met = tests.iter().all(|test| {
                        let found = self.held.one(test.slot).map(|object| &**object);
                        let found = match &test.path {
                            Some(path) => found.and_then(|object| path.get(object)),
                            None => found,
                        };
                        test.condition.is_met(found, &|slot, path| self.held.field(slot, path))
                    });
                    self.at = if met { self.at + 1 } else { *otherwise };
                }
                Some(Op::Write(write)) => return self.compute(write),
                Some(Op::CacheWrite(write)) => return self.compute_copy(write),
                Some(Op::Delete(delete)) => {
                    let targets = self.targets(delete);
                    if !targets.is_empty() {
                        self.phase = Phase::Delete(targets);
                        return;
                    }
                    self.at += 1;
                }
                Some(
                    Op::Read { .. } | Op::List(_) | Op::Create(_) | Op::Effect { .. } | Op::Lead(_),
                ) => {
                    self.phase = Phase::Begin;
                    return;
                }
            }
        }
    }

    fn go_on(&mut self) {
        (self.progress.attempts, self.tries) = (0, 0);
        self.go_to(self.at + 1);
    }

    /// A request failed for good.
    fn fail(&mut self, then: Then) {
        match then {
            Then::Next => self.go_on(),
            Then::Requeue if self.program.attempts.allows_another(self.requeued + 1) => {
                (self.requeued, self.tries) = (self.program.attempts.counted(self.requeued), 0);
                if self.program.queued {
                    self.progress.under_way = false;
                    self.progress.requeued = self.requeued;
                }
                self.go_to(0);
            }
            Then::Requeue | Then::Drop => self.drop_intent(),
        }
    }

    /// Computes what a write sends, from what its slot holds.
    fn compute(&mut self, op: &WriteOp) {
        if op.job.write.is_shared() {
            self.phase = Phase::Load;
            return;
        }
        let read = op.from.and_then(|slot| self.held.one(slot)).cloned();
        if op.from.is_some() && read.is_none() {
            // There is no such object.
            return match op.on_error.other {
                Then::Next => self.go_on(),
                Then::Requeue | Then::Drop => self.drop_intent(),
            };
        }
        let write = match Write::computed(op, read.as_ref(), &self.held) {
            Computed::Send(write) => *write,
            Computed::Nothing => return self.finish(false, false),
            Computed::Refused => return self.drop_intent(),
        };
        let again = match op.job.write.after_refusal() {
            Refusal::ReadAgain => op.values,
            Refusal::Restamp | Refusal::GiveUp => 0,
        };
        self.held.keep(self.program.live(self.at + 1) | again);
        self.phase = match op.job.restamps_first() {
            true => Phase::Restamp(write),
            false => Phase::Write(write),
        };
    }

    fn has_touched(&mut self, held: Option<&Arc<Value>>, changes: Option<&Arc<[Change]>>) {
        match (held, changes) {
            (None, _) => self.drop_intent(),
            (_, None) => self.finish(false, false),
            (Some(_), Some(changes)) => {
                self.phase = Phase::PutShared { changes: Arc::clone(changes) };
            }
        }
    }

    fn has_read(&mut self, object: Option<&Arc<Value>>) {
        let object = object.map(without_managed_fields);
        let program = Arc::clone(&self.program);
        match &program.code[self.at] {
            Op::Read { slot, .. } => self.held.bind(*slot, object),
            Op::Create(create) => match object {
                Some(_) => self.held.bind(create.slot, object),
                None => return self.fail(create.on_error.other),
            },
            Op::Write(op) => {
                // The retry of a write.
                let Some(slot) = op.from else { return };
                self.held.bind(slot, object);
                return self.compute(op);
            }
            _ => {}
        }
        self.go_on();
    }

    fn count_attempt(&mut self) {
        let write = self.program.write_at(self.at);
        let attempts = write.map_or(self.program.attempts, |op| op.job.attempts);
        self.progress.attempts = attempts.counted(self.progress.attempts);
        self.tries = attempts.counted(self.tries);
    }

    fn has_written(&mut self, write: Write, response: Option<&Response>) {
        self.count_attempt();
        let program = Arc::clone(&self.program);
        let Some(op) = program.write_at(self.at) else { return };
        let conflict = match response {
            Some(response) if response.is_success() => return self.has_been_written(response),
            Some(response) => op.job.write.is_conflict(response),
            None => true,
        };
        let again = conflict && op.job.attempts.allows_another(self.tries);
        match op.job.write.after_refusal() {
            Refusal::ReadAgain if again && op.job.retry_read.is_none() => {
                self.phase = Phase::Write(write);
            }
            Refusal::ReadAgain if again => self.phase = Phase::ReadAgain(write.dynamic_key()),
            Refusal::Restamp if again => self.phase = Phase::Restamp(write),
            _ => self.fail(if conflict { op.on_error.conflict } else { op.on_error.other }),
        }
    }

    /// What is held is from now on what the server answered, as a client decodes it.
    fn has_been_written(&mut self, response: &Response) {
        let slot = self.program.write_at(self.at).and_then(|op| op.from);
        let later = self.program.live(self.at + 1);
        if let Some(slot) = slot.filter(|slot| later >> slot & 1 == 1) {
            self.held.bind(slot, response.object().map(without_managed_fields));
        }
        self.go_on();
    }

    fn has_put_shared(&mut self, response: Option<&Response>) {
        self.count_attempt();
        match response.and_then(Response::object) {
            Some(object) if response.is_some_and(Response::is_success) => {
                self.phase = Phase::Decode { object: without_managed_fields(object) };
            }
            _ => {
                let write = self.program.write_at(self.at);
                self.fail(write.map_or(Then::Drop, |op| op.on_error.conflict));
            }
        }
    }

    /// The shared object, as the worker holds it once a response is decoded into it.
    fn held_after_decoding(&mut self, object: Arc<Value>) {
        let slot = self.program.write_at(self.at).and_then(|op| op.from);
        if let Some(slot) = slot {
            self.held.bind(slot, Some(object));
        }
    }

    fn has_new_version(&mut self, mut write: Write, object: Option<&Arc<Value>>) {
        let Some(object) = object else {
            return self.drop_intent();
        };
        write.restamp(&object["metadata"]["resourceVersion"]);
        self.phase = Phase::Write(write);
    }

    fn has_created(&mut self, response: Option<&Response>) {
        self.count_attempt();
        let program = Arc::clone(&self.program);
        let Op::Create(create) = &program.code[self.at] else { return };
        let exists = response.and_then(Response::status);
        let exists = exists.is_some_and(|status| status.reason == Some("AlreadyExists"));
        match response {
            Some(response) if response.is_success() => {
                self.held.bind(create.slot, response.object().map(without_managed_fields));
                self.go_on();
            }
            _ if exists && create.on_exists == OnExists::Next => self.go_on(),
            _ if exists && create.on_exists == OnExists::Adopt => self.phase = Phase::Adopt,
            _ => self.fail(create.on_error.other),
        }
    }

    /// What the process knows about its leadership.
    fn has_looked(&mut self, lease: Option<&Arc<Value>>) {
        let program = Arc::clone(&self.program);
        match (&program.code[self.at], lease) {
            (Op::Lead(LeadOp::Look(_)), None) => return self.finish(false, false),
            (Op::Lead(LeadOp::Look(slot)), Some(_)) => self.held.bind(*slot, lease.cloned()),
            _ => {}
        }
        self.go_on();
    }

    fn has_listed(&mut self, objects: Vec<Arc<Value>>) {
        if let Some(Op::List(list)) = self.program.code.get(self.at) {
            let slot = list.slot;
            self.held.bind_list(slot, objects);
        }
        self.go_on();
    }

    /// What a delete operation deletes, the first one last.
    fn targets(&self, op: &DeleteOp) -> Vec<Target> {
        let resource = &op.resource;
        match &op.victim {
            Victim::Key(key) => vec![Target { key: key.clone(), object: None }],
            Victim::Held(slot) => self
                .held
                .one(*slot)
                .map(|object| Target::of(resource, object))
                .into_iter()
                .collect(),
            Victim::Each { slot, unless } => {
                let value = |term: &Term| match term {
                    Term::Literal(value) => value.clone(),
                    Term::Held(slot, path) => self.held.field(*slot, path),
                };
                let spared = |object: &Arc<Value>| {
                    !unless.is_empty()
                        && unless
                            .iter()
                            .all(|(path, term)| path.satisfied_by(object, value(term).as_ref()))
                };
                let mut all = self.held.all(*slot);
                all.retain(|object| !spared(object));
                all.iter().rev().map(|object| Target::of(resource, object)).collect()
            }
        }
    }

    fn has_deleted(&mut self, mut targets: Vec<Target>, response: Option<&Response>) {
        self.count_attempt();
        let program = Arc::clone(&self.program);
        let Op::Delete(delete) = &program.code[self.at] else { return };
        targets.pop();
        match response {
            // What is gone already need not be deleted.
            Some(response) if response.is_success() || response.code == 404 => {
                match targets.is_empty() {
                    true => self.go_on(),
                    false => self.phase = Phase::Delete(targets),
                }
            }
            Some(response) if response.code == 409 => self.fail(delete.on_error.conflict),
            _ => self.fail(delete.on_error.other),
        }
    }
}
