//! `json-patch-tested`: the JSON patch behind a `test` of the resourceVersion.
//!
//! A failed `test` is 422 Invalid, not 409, so `RetryOnConflict` does not see it; this worker
//! knows, and reads again. Next to read: `merge_patch_locked.rs`.

use serde_json::{Value, json};

use super::{Draft, Refusal, WriteMethod};
use crate::apiserver::{PatchKind, Response};
use crate::client::json_diff;
use crate::reconcilers::bodies::wanted;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct JsonPatchTested;

impl WriteMethod for JsonPatchTested {
    fn name(&self) -> &'static str {
        "json-patch-tested"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH (RFC 6902) behind a test of the resourceVersion; on 422 read again"
    }

    fn sends_places(&self) -> bool {
        true
    }

    fn names_version(&self) -> bool {
        true
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        let version = &read["metadata"]["resourceVersion"];
        let test = json!({"op": "test", "path": "/metadata/resourceVersion", "value": version});
        let mut operations = vec![test];
        operations.extend(json_diff(read, &wanted(job, read, changes)));
        Draft::patch(PatchKind::Json, Value::Array(operations))
    }

    fn is_conflict(&self, response: &Response) -> bool {
        response.code == 422 || response.code == 409
    }

    fn after_refusal(&self) -> Refusal {
        Refusal::ReadAgain
    }
}
