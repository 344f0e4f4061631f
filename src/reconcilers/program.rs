//! What a worker does in each run, as code: read, test, write, create, delete, one after the other.
//!
//! A [`Program`] never changes during a run. The short form of a scenario's worker (one read, one
//! write) is the program of two operations that [`Program::short`] makes; `steps` of a scenario are
//! compiled by `scenario/compile.rs`. What a run has read is kept in *slots*; a slot that no later
//! operation looks at is forgotten at once, so that two states with the same future are one state.
//! Next to read: `reconciler.rs`, which runs a program.

use std::sync::Arc;

use super::condition::Test;
use super::job::shows_version;
use super::ops::values_of;
pub use super::ops::{
    CacheWriteOp, CreateOp, DeleteOp, LeadOp, ListOp, OnError, OnExists, Precondition, Term, Then,
    Victim,
};
use super::{Attempts, Freshness, Job, Reader};
use crate::apiserver::Key;

/// Where a run keeps what it has read; at most [`SLOTS`] of them.
pub type Slot = usize;

/// The maximum number of slots of one program.
pub const SLOTS: usize = 64;

/// What one worker does, `runs` times.
#[derive(Clone, Debug)]
pub struct Program {
    /// Who; also its User-Agent.
    pub name: String,
    /// The index of its process: workers of one process share a cache and memory.
    pub process: usize,
    /// How many reconciles, one after the other.
    pub runs: u32,
    /// How often a run that failed is begun, in all, before it is dropped.
    pub attempts: Attempts,
    /// Whether a run that failed waits in a work queue until it is tried again, so that others may
    /// go first.
    pub queued: bool,
    /// The time at which every request is made: the model has no clock.
    pub time: i64,
    /// The operations.
    pub code: Vec<Op>,
    /// For each place in the code, the slots that are looked at from there on, as bits.
    pub(super) live: Vec<u64>,
    /// Whether a value or a test shows a resourceVersion as a number.
    pub(super) shows_versions: bool,
}

/// One operation. A test and a jump are not steps of a schedule; everything else is.
#[derive(Clone, Debug)]
pub enum Op {
    /// Reads one object into a slot.
    Read {
        /// Which object.
        key: Key,
        /// Where it is kept.
        slot: Slot,
        /// Live, or from the informer cache.
        reader: Reader,
        /// How far that cache must have come.
        freshness: Freshness,
    },
    /// Reads all objects of a kind that have these labels.
    List(ListOp),
    /// Goes on if every test is met, and elsewhere if not.
    Test {
        /// The tests.
        tests: Vec<Test>,
        /// Where to go on otherwise.
        otherwise: usize,
    },
    /// Writes an object by a write method.
    Write(WriteOp),
    /// Creates an object.
    Create(CreateOp),
    /// Deletes objects.
    Delete(DeleteOp),
    /// Puts a copy of an object into the informer cache of its process.
    CacheWrite(CacheWriteOp),
    /// Does something outside of the cluster, which cannot be undone.
    Effect {
        /// Its name.
        name: Arc<str>,
    },
    /// A touch of what the process knows about its leadership.
    Lead(LeadOp),
    /// Goes on elsewhere.
    Jump(usize),
    /// The run ends here, with nothing more to do.
    Stop,
}

/// See [`Op::Write`].
#[derive(Clone, Debug)]
pub struct WriteOp {
    /// What is written, and how.
    pub job: Arc<Job>,
    /// The slot with the object that the write is computed from; `None` if it is computed from
    /// nothing (an apply, a literal patch). A shared object is in the memory of the process.
    pub from: Option<Slot>,
    /// Where an object that is shared in memory is read from, if no worker has read it yet.
    pub reader: Reader,
    /// How far the cache must have come that the object, or a retry, is read from.
    pub freshness: Freshness,
    /// Whether the object is whichever the slot holds, and not the job's.
    pub dynamic: bool,
    /// What becomes of the run when the method gives up.
    pub on_error: OnError,
    /// Slots that the values of `sets` look at.
    pub(super) values: u64,
}

impl Program {
    /// A program of these operations, of which the last need not be a [`Op::Stop`].
    pub fn new(
        (name, process): (String, usize),
        (runs, attempts): (u32, Attempts),
        time: i64,
        code: Vec<Op>,
    ) -> Program {
        let live = live(&code);
        let shows_versions = code.iter().any(Op::shows_versions);
        let queued = false;
        Program { name, process, runs, attempts, queued, time, code, live, shows_versions }
    }

    /// The short form: reads the object, writes it, and a refusal that the method has no rule for
    /// ends the run.
    pub fn short(job: Job, process: usize, reader: Reader, runs: u32) -> Program {
        let name = job.name.clone();
        let (key, time, shared) = (job.key.clone(), job.time, job.write.is_shared());
        let mut write = WriteOp::new(Arc::new(job), Some(0), OnError::always(Then::Drop));
        write.reader = reader;
        let freshness = Freshness::default();
        let mut code = vec![Op::Read { key, slot: 0, reader, freshness }, Op::Write(write)];
        if shared {
            code.remove(0);
        }
        Program::new((name, process), (runs, Attempts::AtMost(1)), time, code)
    }

    /// The short form that sends nothing: it puts what it would write into the informer cache.
    pub fn short_in_cache(job: Job, process: usize, reader: Reader, runs: u32) -> Program {
        let (name, key, time) = (job.name.clone(), job.key.clone(), job.time);
        let freshness = Freshness::default();
        let write = CacheWriteOp::new(Arc::new(job), 0);
        let code = vec![Op::Read { key, slot: 0, reader, freshness }, Op::CacheWrite(write)];
        Program::new((name, process), (runs, Attempts::AtMost(1)), time, code)
    }

    /// Has every read from a cache wait for this.
    pub fn read_at(&mut self, freshness: Freshness) {
        self.code.iter_mut().for_each(|op| op.read_at(freshness));
    }

    /// The slots that are looked at from a place in the code on, as bits.
    pub(super) fn live(&self, at: usize) -> u64 {
        self.live.get(at).copied().unwrap_or(0)
    }

    /// Whether a value that it writes shows a resourceVersion as a number.
    pub(super) fn shows_versions(&self) -> bool {
        self.shows_versions
    }

    /// Says of each of its writes whether a judge has to know what it was decided from, among all
    /// writes of a scenario.
    pub fn guard(&mut self, jobs: &[Arc<Job>]) {
        for op in &mut self.code {
            if let Op::Write(write) = op {
                let guards = write.job.is_guarded_among(jobs);
                Arc::make_mut(&mut write.job).guards = guards;
            }
        }
    }

    /// The write at a place in the code, if there is one.
    pub(super) fn write_at(&self, at: usize) -> Option<&WriteOp> {
        match self.code.get(at) {
            Some(Op::Write(write)) => Some(write),
            _ => None,
        }
    }

    /// Its writes, in the order of the code.
    pub fn jobs(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.code.iter().filter_map(|op| match op {
            Op::Write(write) => Some(&write.job),
            _ => None,
        })
    }

    /// The only object it has to do with; `None` if there are several, or none that is known
    /// beforehand.
    pub fn only_key(&self) -> Option<&Key> {
        let mut keys = self.code.iter().filter_map(|op| match op {
            Op::Read { key, .. } => Some(Some(key)),
            Op::Write(write) if write.dynamic => Some(None),
            Op::Write(write) => Some(Some(&write.job.key)),
            Op::List(_) | Op::Create(_) | Op::Delete(_) | Op::Lead(_) => Some(None),
            // A copy that the server does not have is more than the object.
            Op::CacheWrite(_) => Some(None),
            Op::Test { .. } | Op::Effect { .. } | Op::Jump(_) | Op::Stop => None,
        });
        let first = keys.next()??;
        keys.all(|key| key == Some(first)).then_some(first)
    }

    /// Whether a retry of it may never end.
    pub fn is_unlimited(&self) -> bool {
        self.attempts == Attempts::Unlimited
            || self.jobs().any(|job| job.attempts == Attempts::Unlimited)
    }
}

impl WriteOp {
    /// A write of the job's object, computed from what is in a slot.
    pub fn new(job: Arc<Job>, from: Option<Slot>, on_error: OnError) -> WriteOp {
        let (values, freshness) = (values_of(&job), Freshness::default());
        WriteOp { job, from, reader: Reader::Live, freshness, dynamic: false, on_error, values }
    }
}

impl Op {
    /// The slots that it looks at.
    fn uses(&self) -> u64 {
        let bit = |slot: &Slot| 1_u64 << slot;
        let term = |term: &Term| match term {
            Term::Held(slot, _) => bit(slot),
            Term::Literal(_) => 0,
        };
        match self {
            Op::Test { tests, .. } => {
                tests.iter().fold(0, |all, test| all | bit(&test.slot) | test.condition.uses())
            }
            Op::Write(write) => write.values | write.from.as_ref().map_or(0, bit),
            Op::CacheWrite(write) => write.values | bit(&write.from),
            Op::Create(create) => create.fills.iter().fold(0, |all, (_, slot, _)| all | bit(slot)),
            Op::Delete(delete) => match &delete.victim {
                Victim::Key(_) => 0,
                Victim::Held(slot) => bit(slot),
                Victim::Each { slot, unless } => {
                    unless.iter().fold(bit(slot), |all, (_, value)| all | term(value))
                }
            },
            Op::Lead(LeadOp::Start(slot)) => bit(slot),
            Op::Lead(LeadOp::Stop(_) | LeadOp::Look(_))
            | Op::Read { .. }
            | Op::List(_)
            | Op::Effect { .. }
            | Op::Jump(_)
            | Op::Stop => 0,
        }
    }

    /// The slot that it fills, whatever was in it.
    fn fills(&self) -> u64 {
        match self {
            Op::Read { slot, .. } => 1 << slot,
            Op::List(list) => 1 << list.slot,
            Op::Lead(LeadOp::Look(slot)) => 1 << slot,
            _ => 0,
        }
    }

    fn shows_versions(&self) -> bool {
        let held = |term: &Term| matches!(term, Term::Held(_, path) if shows_version(path));
        match self {
            Op::Test { tests, .. } => tests.iter().any(Test::shows_versions),
            Op::Write(write) => write.job.copies_resource_version(),
            Op::CacheWrite(write) => write.job.copies_resource_version(),
            Op::Create(create) => create.fills.iter().any(|(_, _, path)| shows_version(path)),
            Op::Delete(delete) => match &delete.victim {
                Victim::Each { unless, .. } => {
                    unless.iter().any(|(path, term)| shows_version(path) || held(term))
                }
                Victim::Key(_) | Victim::Held(_) => false,
            },
            _ => false,
        }
    }
}

/// The slots that are looked at from each place on. Code only goes forward, so one pass from its
/// end is enough.
fn live(code: &[Op]) -> Vec<u64> {
    let mut live = vec![0; code.len() + 1];
    for (at, op) in code.iter().enumerate().rev() {
        let after = match op {
            Op::Test { otherwise, .. } => live[at + 1] | live[*otherwise],
            Op::Jump(to) => live[*to],
            Op::Stop => 0,
            _ => live[at + 1],
        };
        live[at] = after & !op.fills() | op.uses();
    }
    live
}
