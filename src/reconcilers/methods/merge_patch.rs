//! `merge-patch`: PATCH with the difference between what was read and what is wanted.
//!
//! client-go's `MergeFrom`: no resourceVersion, so the server has nothing to compare and never
//! answers 409; lists are sent whole; an empty difference is sent as `{}` and says nothing.
//! Safe for fields of one's own, not for a shared list. Next to read: `merge_patch_locked.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::apiserver::PatchKind;
use crate::client::merge_diff;
use crate::reconcilers::bodies::wanted;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct MergePatch;

impl WriteMethod for MergePatch {
    fn name(&self) -> &'static str {
        "merge-patch"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH with the difference (MergeFrom): lists whole, no resourceVersion"
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::patch(PatchKind::Merge, merge_diff(read, &wanted(job, read, changes)))
    }
}
