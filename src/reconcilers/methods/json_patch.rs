//! `json-patch`: PATCH with RFC 6902 operations for the same difference, no `test`.
//!
//! List entries are named by index, so an operation computed from a stale read can hit another
//! worker's entry. Next to read: `json_patch_tested.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::apiserver::PatchKind;
use crate::client::json_diff;
use crate::reconcilers::bodies::wanted;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct JsonPatch;

impl WriteMethod for JsonPatch {
    fn name(&self) -> &'static str {
        "json-patch"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH with RFC 6902 operations, list entries by index, no test"
    }

    fn sends_places(&self) -> bool {
        true
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        let operations = json_diff(read, &wanted(job, read, changes));
        Draft::patch(PatchKind::Json, Value::Array(operations))
    }
}
