//! What the server answered, in words, and the way out.
//!
//! Next to read: `refusals.rs`.

use super::WorkerSpec;
use crate::apiserver::{Kind, Response};

/// Whether the worker writes to an endpoint that the kind does not have.
pub(super) fn is_missing_endpoint(spec: &WorkerSpec, response: &Response) -> bool {
    response.code == 404 && spec.subresource.is_some()
}

pub(super) fn said(response: &Response) -> String {
    let status = response.status();
    let causes = status.and_then(|status| status.details.as_ref()).map(|details| &details.causes);
    match causes.map(Vec::as_slice) {
        Some([cause]) => {
            let part = |text: &Option<String>| text.clone().unwrap_or_default();
            format!("{}: {}", part(&cause.field), part(&cause.message))
        }
        _ => status.and_then(|status| status.message.clone()).unwrap_or_default(),
    }
}

/// What it comes to, and the way out.
pub(super) fn explained(
    kind: &Kind,
    spec: &WorkerSpec,
    response: &Response,
) -> (String, Option<String>) {
    let who = match kind.is_custom() {
        true => format!("`{}` is a custom resource, so the API server", kind.kind),
        false => format!("for `{}` the API server", kind.kind),
    };
    match (spec.write.as_str(), response.code) {
        ("update-unconditional", 422) if !kind.unconditional_update => (
            format!("{who} refuses an update without a resourceVersion"),
            Some(
                "use `update-restamp` to show the same loss for a custom resource, or a built-in \
                 kind"
                    .to_owned(),
            ),
        ),
        (_, 415) => (
            format!("{who} takes no strategic merge patch"),
            Some(
                "use `merge-patch` (lists are replaced whole) or `apply` (lists of type map are \
                 merged by key)"
                    .to_owned(),
            ),
        ),
        _ if is_missing_endpoint(spec, response) => (
            format!("`{}` has no status subresource", kind.kind),
            Some("remove `subresource`: the object is written as a whole".to_owned()),
        ),
        _ => (format!("the API server refuses what `{}` writes", spec.name), None),
    }
}
