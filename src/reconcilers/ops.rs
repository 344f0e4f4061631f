//! The operations of a program: what each of them asks for, and what a failure leads to.
//!
//! Next to read: `program.rs`, which runs them from top to bottom.

use std::sync::Arc;

use serde_json::Value;

use super::program::{Op, Slot};
use super::{Freshness, Job, Reader, Stopping, ValueExpr};
use crate::apiserver::{FieldPath, Key, Resource};

/// See [`Op::Lead`].
#[derive(Clone, Debug)]
pub enum LeadOp {
    /// The process leads from now on; the Lease that it acquired is in this slot.
    Start(Slot),
    /// The process has lost the Lease.
    Stop(Stopping),
    /// The run ends here unless the process leads; the Lease that it acquired is kept in this slot.
    Look(Slot),
}

/// See [`Op::List`].
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct ListOp {
    pub resource: Resource,
    pub namespace: Option<String>,
    /// The labels that an object must have.
    pub labels: Vec<(String, String)>,
    pub slot: Slot,
    pub reader: Reader,
    pub freshness: Freshness,
}

/// See [`Op::CacheWrite`].
#[derive(Clone, Debug)]
pub struct CacheWriteOp {
    /// What is changed in the copy, and of which object it is. Nothing is sent.
    pub job: Arc<Job>,
    /// The slot with the object.
    pub from: Slot,
    /// Slots that the values of `sets` look at.
    pub(super) values: u64,
}

/// See [`Op::Create`].
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct CreateOp {
    pub resource: Resource,
    pub namespace: Option<String>,
    /// The object without the values that come from slots.
    pub template: Value,
    /// These values: field, slot, field of the object in that slot.
    pub fills: Vec<(FieldPath, Slot, FieldPath)>,
    /// Where the new object is kept.
    pub slot: Slot,
    pub on_exists: OnExists,
    pub on_error: OnError,
}

/// What a create does when the name is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum OnExists {
    /// It is an error, as any other.
    #[default]
    Fail,
    /// Reads the object that is there, and goes on with it.
    Adopt,
    /// Goes on.
    Next,
}

/// See [`Op::Delete`].
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct DeleteOp {
    pub resource: Resource,
    pub victim: Victim,
    pub precondition: Option<Precondition>,
    pub on_error: OnError,
}

/// What is deleted.
#[derive(Clone, Debug)]
pub enum Victim {
    /// The object with this key.
    Key(Key),
    /// The object in a slot.
    Held(Slot),
    /// Each object of the list in a slot, unless all of these are so: a field of it is equal to a
    /// field of the object in another slot, or to a literal.
    Each {
        /// The list.
        slot: Slot,
        /// The objects that are spared.
        unless: Vec<(FieldPath, Term)>,
    },
}

/// A literal, or a field of what is in a slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// A literal; `None` is absent.
    Literal(Option<Value>),
    /// A field of the object in this slot.
    Held(Slot, FieldPath),
}

/// What a delete names so that the server refuses it if the object is another one by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precondition {
    /// The uid.
    Uid,
    /// The resourceVersion.
    Version,
}

/// What becomes of a run when a request fails for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Then {
    /// The run begins again, as a work queue does with a returned error.
    Requeue,
    /// The run ends, with its intent dropped.
    Drop,
    /// The error is ignored, and the run goes on.
    Next,
}

/// What becomes of a run, by the kind of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OnError {
    /// After a conflict.
    pub conflict: Then,
    /// After anything else.
    pub other: Then,
}

impl OnError {
    /// The same whatever the error.
    pub fn always(then: Then) -> OnError {
        OnError { conflict: then, other: then }
    }
}

impl CacheWriteOp {
    /// A copy of what is in a slot, with the job's changes.
    pub fn new(job: Arc<Job>, from: Slot) -> CacheWriteOp {
        let values = values_of(&job);
        CacheWriteOp { job, from, values }
    }
}

/// The slots that the values of a job look at.
pub(super) fn values_of(job: &Job) -> u64 {
    let slots = job.sets.iter().filter_map(|set| match &set.value {
        ValueExpr::Held { slot, .. } => Some(1 << slot),
        _ => None,
    });
    slots.fold(0, |all, slot: u64| all | slot)
}

impl Op {
    /// Has a read from a cache wait for this.
    pub fn read_at(&mut self, wanted: Freshness) {
        match self {
            Op::Read { freshness, .. } => *freshness = wanted,
            Op::List(list) => list.freshness = wanted,
            Op::Write(write) => write.freshness = wanted,
            _ => {}
        }
    }

    /// How far the cache must have come that the operation reads; `None` if it reads none.
    pub fn reads_cache_at(&self) -> Option<Freshness> {
        match self {
            Op::Read { reader: Reader::Cache, freshness, .. } => Some(*freshness),
            Op::List(list) if list.reader == Reader::Cache => Some(list.freshness),
            Op::Write(write) => {
                let loads = write.job.write.is_shared() && write.reader == Reader::Cache;
                let again = write.job.retry_read == Some(Reader::Cache);
                (loads || again).then_some(write.freshness)
            }
            _ => None,
        }
    }
}
