//! Which patch a request is: content types are not in an audit event.
//!
//! Next to read: `log.rs`.

use serde_json::Value;

use super::event::AuditEvent;
use crate::history::infer::Method;

/// Which patch, as far as the request tells: content types are not in an audit event.
pub fn patch_of(event: &AuditEvent, body: &Value) -> Method {
    let whole = body["kind"].is_string() && body["apiVersion"].is_string();
    if body.is_array() {
        return Method::JsonPatch;
    }
    if event.parameter("force").is_some() || whole && event.parameter("fieldManager").is_some() {
        return Method::Apply;
    }
    match has_directive(body) {
        true => Method::StrategicMergePatch,
        false => Method::MergePatch,
    }
}

fn has_directive(patch: &Value) -> bool {
    match patch {
        Value::Object(fields) => {
            fields.iter().any(|(key, inner)| key.starts_with('$') || has_directive(inner))
        }
        Value::Array(items) => items.iter().any(has_directive),
        _ => false,
    }
}
