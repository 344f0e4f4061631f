//! `update-retry`: on 409 read again, compute again, PUT again. The right retry.
//!
//! client-go's `RetryOnConflict` around Get, mutate and Update. Next to read: `update_restamp.rs`,
//! which looks almost the same.

use serde_json::Value;

use super::{Draft, Refusal, WriteMethod};
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct UpdateRetry;

impl WriteMethod for UpdateRetry {
    fn name(&self) -> &'static str {
        "update-retry"
    }

    fn summary(&self) -> &'static str {
        "read; PUT with the version read; on 409 read again, compute again, PUT again"
    }

    fn names_version(&self) -> bool {
        true
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::put(job, read, changes)
    }

    fn after_refusal(&self) -> Refusal {
        Refusal::ReadAgain
    }
}
