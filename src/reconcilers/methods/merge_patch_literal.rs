//! `merge-patch-literal`: PATCH with exactly the fields in `sets`, no difference computed.
//!
//! What `Patch::Merge(json!(...))` of kube-rs, a dict patch of kopf and `kubectl patch` send. A
//! field is sent even if it is so already, so nothing is omitted. Maps are merged into what is
//! there. A list holds only the entries that `sets` names, and replaces the whole list.
//! Next to read: `merge_patch.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::apiserver::PatchKind;
use crate::reconcilers::bodies::literal;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct MergePatchLiteral;

impl WriteMethod for MergePatchLiteral {
    fn name(&self) -> &'static str {
        "merge-patch-literal"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH with exactly `sets` (kube-rs, kopf): no difference, lists whole, no version"
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        Draft::patch(PatchKind::Merge, literal(job, read, changes))
    }

    fn needs_read(&self) -> bool {
        false
    }
}
