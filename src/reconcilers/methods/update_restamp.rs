//! `update-restamp`: on 409 take only the new resourceVersion and send the old body again.
//!
//! The wrong retry, and the bug of this product's title on a custom resource: the server *did*
//! object, and the client overruled it. The body is still the object as first read, so everything
//! that others wrote since is put back, under a version that says it was seen.
//! Next to read: `properties/no_lost_write.rs`, which catches it.

use serde_json::Value;

use super::{Draft, Refusal, WriteMethod};
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct UpdateRestamp;

impl WriteMethod for UpdateRestamp {
    fn name(&self) -> &'static str {
        "update-restamp"
    }

    fn summary(&self) -> &'static str {
        "read; PUT with the version read; on 409 GET only the new version, PUT the old body"
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::put(job, read, changes)
    }

    fn after_refusal(&self) -> Refusal {
        Refusal::Restamp
    }
}
