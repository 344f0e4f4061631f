//! `apply`: server-side apply of exactly the fields in `sets`, under the worker's field manager.
//!
//! Owners of different fields, or of different entries of a `listType: map`, do not meet. A field
//! that another manager owns with another value is a conflict: 409, and the worker gives up.
//! Two workers with one field manager remove each other's fields. Next to read: `apply_force.rs`.

use serde_json::Value;

use super::{Draft, WriteMethod};
use crate::apiserver::PatchKind;
use crate::reconcilers::bodies::applied;
use crate::reconcilers::{Change, Job};

#[derive(Debug)]
pub(super) struct Apply;

impl WriteMethod for Apply {
    fn name(&self) -> &'static str {
        "apply"
    }

    fn summary(&self) -> &'static str {
        "read; PATCH (server-side apply) of the fields in `sets`; on a conflict give up"
    }

    fn draft(&self, job: &Job, _read: &Value, changes: &[Change]) -> Draft {
        Draft::patch(PatchKind::Apply, applied(job, changes))
    }
    fn needs_read(&self) -> bool {
        false
    }

    fn is_apply(&self) -> bool {
        true
    }
}
