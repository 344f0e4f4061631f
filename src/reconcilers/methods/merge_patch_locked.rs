//! `merge-patch-locked`: the merge patch with the read's resourceVersion in it.
//!
//! controller-runtime's `MergeFromWithOptimisticLock`: the version is a precondition, a stale patch
//! is answered 409, and the worker reads again. Next to read: `json_patch_tested.rs`.

use serde_json::Value;

use super::{Draft, Refusal, WriteMethod};
use crate::apiserver::PatchKind;
use crate::client::merge_diff;
use crate::reconcilers::bodies::wanted;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct MergePatchLocked;

impl WriteMethod for MergePatchLocked {
    fn name(&self) -> &'static str {
        "merge-patch-locked"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH with the difference and the version read; on 409 read again, diff again"
    }

    fn names_version(&self) -> bool {
        true
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::locked(PatchKind::Merge, merge_diff(read, &wanted(job, read, changes)), read)
    }

    fn after_refusal(&self) -> Refusal {
        Refusal::ReadAgain
    }
}
