//! What a controller does, as small step machines: read, modify, write.

mod exchange;
mod intent;
mod job;
pub mod methods;
mod reconciler;
mod revisions;
mod value;
mod worker;

pub use crate::history::Change;
pub use exchange::Exchange;
pub use job::{Attempts, Decision, Job, Reader, Set};
pub use reconciler::Reconciler;
pub(crate) use revisions::{renamed, sent_revision};
pub use value::ValueExpr;
pub use worker::{Answer, Ask, Basis, BoxedWorker, Call, Progress, Shared, Worker, WorkerValue};
