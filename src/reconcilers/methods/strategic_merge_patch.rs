//! `strategic-merge-patch`: PATCH, lists merged by their patch key. Built-in kinds only.
//!
//! client-go's `CreateTwoWayMergePatch`: a list with a merge key is sent as the fields that change
//! in its entries, any other list whole. A custom resource answers 415. Next to read:
//! `client/strategic.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::apiserver::PatchKind;
use crate::client::strategic_diff;
use crate::reconcilers::bodies::wanted;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct StrategicMergePatch;

impl WriteMethod for StrategicMergePatch {
    fn name(&self) -> &'static str {
        "strategic-merge-patch"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH with lists merged by their patch key (built-in kinds; 415 otherwise)"
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        let patch = strategic_diff(&job.schema, read, &wanted(job, read, changes));
        Draft::patch(PatchKind::Strategic, patch)
    }

    fn sends_places(&self) -> bool {
        true
    }
}
