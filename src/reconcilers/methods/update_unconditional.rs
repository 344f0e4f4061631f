//! `update-unconditional`: PUT without a resourceVersion.
//!
//! Most built-in kinds take it and replace the object; a custom resource answers 422, because its
//! strategy does not allow unconditional updates. Next to read: `update.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct UpdateUnconditional;

impl WriteMethod for UpdateUnconditional {
    fn name(&self) -> &'static str {
        "update-unconditional"
    }

    fn summary(&self) -> &'static str {
        "read; PUT without a resourceVersion (422 on a custom resource)"
    }

    fn draft(&self, job: &Job, read: &Value, changes: &[Change]) -> Draft {
        let mut draft = Draft::put(job, read, changes);
        if let Some(Value::Object(metadata)) = draft.body.get_mut("metadata") {
            metadata.remove("resourceVersion");
        }
        draft
    }
}
