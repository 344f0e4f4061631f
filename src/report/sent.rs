//! What a write says, from its body: nothing, a field, a status sent to the wrong endpoint.

use serde_json::Value;

use crate::apiserver::{FieldPath, Verb};
use crate::trace::{Action, Event};

/// Whether a patch was sent that says nothing.
pub fn is_empty_patch(event: &Event) -> bool {
    let Action::Write { sent, verb: Verb::Patch(_), .. } = &event.action else { return false };
    match sent.as_ref() {
        Value::Object(map) => map.keys().all(|key| key == "metadata") && !says(&sent["metadata"]),
        Value::Array(operations) => operations.iter().all(|operation| operation["op"] == "test"),
        _ => false,
    }
}

fn says(metadata: &Value) -> bool {
    let Value::Object(map) = metadata else { return false };
    map.keys().any(|key| !["resourceVersion", "uid", "name", "namespace"].contains(&key.as_str()))
}

/// Whether a patch names this field, be it to remove it.
pub(super) fn is_sent(path: &FieldPath, sent: &Value) -> bool {
    path.get(sent).is_some()
}

/// Whether a write of status fields goes to the object's own endpoint.
pub fn is_status_on_main(event: &Event) -> bool {
    let status = event.intent.iter().any(|change| change.path.root() == Some("status"));
    matches!(&event.action, Action::Write { subresource: None, .. }) && status
}
