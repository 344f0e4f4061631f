//! What a controller does, as small step machines: read, modify, write.

mod bodies;
mod condition;
mod exchange;
mod held;
mod intent;
mod job;
pub mod methods;
mod ops;
mod program;
mod reconciler;
mod requests;
mod revisions;
mod value;
mod worker;
mod write;

pub use crate::client::Selection;
pub use crate::history::Change;
pub use condition::{Comparison, Condition, Test};
pub use exchange::Exchange;
pub use job::{Attempts, Decision, Freshness, Job, Reader, Restamp, Set};
pub use program::{
    CacheWriteOp, CreateOp, DeleteOp, LeadOp, ListOp, OnError, OnExists, Op, Precondition, Program,
    SLOTS, Slot, Term, Then, Victim, WriteOp,
};
pub use reconciler::Reconciler;
pub(crate) use revisions::{renamed, sent_revision};
pub use value::ValueExpr;
pub use worker::{
    Answer, Ask, Basis, BoxedWorker, CacheWrite, Call, Lead, Progress, Shared, Stopping, Worker,
    WorkerValue,
};
