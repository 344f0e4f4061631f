//! `update`: PUT with the resourceVersion that was read; on 409 give up.
//!
//! The honest full update: the server refuses a stale one, so nothing is lost; the intent is
//! *dropped*, and the caller knows. Next to read: `update_retry.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct Update;

impl WriteMethod for Update {
    fn name(&self) -> &'static str {
        "update"
    }

    fn summary(&self) -> &'static str {
        "read; PUT with the resourceVersion that was read; on 409 give up"
    }

    fn names_version(&self) -> bool {
        true
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::put(job, read, changes)
    }
}
