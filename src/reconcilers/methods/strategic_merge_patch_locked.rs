//! `strategic-merge-patch-locked`: the strategic merge patch with the read's resourceVersion in it.
//!
//! controller-runtime's `StrategicMergeFrom` with `MergeFromWithOptimisticLock`. A stale patch is
//! answered 409, and the worker reads again. Built-in kinds only. Next to read:
//! `strategic_merge_patch.rs`.

use serde_json::Value;

use super::{Draft, Refusal, WriteMethod};
use crate::apiserver::PatchKind;
use crate::client::strategic_diff;
use crate::reconcilers::bodies::wanted;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct StrategicMergePatchLocked;

impl WriteMethod for StrategicMergePatchLocked {
    fn name(&self) -> &'static str {
        "strategic-merge-patch-locked"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH, lists by patch key, with the version read; on 409 read again, diff again"
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        let patch = strategic_diff(&job.schema, read, &wanted(job, read, changes));
        Draft::locked(PatchKind::Strategic, patch, read)
    }

    fn sends_places(&self) -> bool {
        true
    }

    fn after_refusal(&self) -> Refusal {
        Refusal::ReadAgain
    }
}
