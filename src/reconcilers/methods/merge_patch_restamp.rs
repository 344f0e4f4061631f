//! `merge-patch-restamp`: the locked merge patch; on 409 only its resourceVersion is refreshed.
//!
//! `RetryOnConflict` around a patch whose body was computed before: the retry takes the new version
//! by a GET, puts it into the patch, and sends the rest as it was. The list in it is still the list
//! of the first read. Next to read: `update_restamp.rs`.

use serde_json::Value;

use super::{Draft, Refusal, WriteMethod};
use crate::apiserver::PatchKind;
use crate::client::merge_diff;
use crate::reconcilers::bodies::wanted;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct MergePatchRestamp;

impl WriteMethod for MergePatchRestamp {
    fn name(&self) -> &'static str {
        "merge-patch-restamp"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH with the version read; on 409 GET only the new version, PATCH the old body"
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::locked(PatchKind::Merge, merge_diff(read, &wanted(job, read, changes)), read)
    }

    fn after_refusal(&self) -> Refusal {
        Refusal::Restamp
    }
}
