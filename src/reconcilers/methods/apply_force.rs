//! `apply-force`: server-side apply with `force`, which takes what is another manager's.
//!
//! Next to read: `apply.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::apiserver::PatchKind;
use crate::reconcilers::bodies::applied;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct ApplyForce;

impl WriteMethod for ApplyForce {
    fn name(&self) -> &'static str {
        "apply-force"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH (server-side apply) with force: it takes over fields of other managers"
    }

    fn draft(&self, job: &Job, _read: &Value, changes: &[Change]) -> Draft {
        Draft { force: true, ..Draft::patch(PatchKind::Apply, applied(job, changes)) }
    }
    fn needs_read(&self) -> bool {
        false
    }

    fn is_apply(&self) -> bool {
        true
    }
}
