//! Requests, leaves and objects of real workers in the words of scenarios.
//!
//! Next to read: `telling.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::names::BASE;
use crate::apiserver::{FieldPath, PatchKind};
use crate::history::{LeafPath, Meant, Want};
use crate::reconcilers::Change;

/// The write method that sends such a request.
pub(super) fn method(patch: Option<PatchKind>, locked: bool, force: bool) -> &'static str {
    match patch {
        Some(PatchKind::Merge) if locked => "merge-patch-locked",
        Some(PatchKind::Merge) => "merge-patch",
        Some(PatchKind::Json) if locked => "json-patch-tested",
        Some(PatchKind::Json) => "json-patch",
        Some(PatchKind::Strategic) => "strategic-merge-patch",
        Some(PatchKind::Apply) if force => "apply-force",
        Some(PatchKind::Apply) => "apply",
        None if locked => "update-retry",
        None => "update-unconditional",
    }
}

/// A leaf as a change of a field, as far as a field path can name it.
pub(super) fn change_of(meant: &Meant) -> Option<Change> {
    let value = match &meant.want {
        Want::Is(text) => Some(serde_json::from_str(text).ok()?),
        Want::Absent => None,
        Want::There | Want::Only(_) => return None,
    };
    Some(Change::set(field_path(&meant.leaf)?, value))
}

pub(super) fn field_path(leaf: &LeafPath) -> Option<FieldPath> {
    leaf.as_field_path()
}

/// An object as people are told of it: its revisions from 1.
pub(super) fn rebased(object: &Arc<Value>) -> Arc<Value> {
    fn walk(value: &mut Value) {
        match value {
            Value::String(text) if text.len() == 10 && text.starts_with("731") => {
                if let Ok(number) = text.parse::<u64>()
                    && (BASE..BASE + 1_000_000).contains(&number)
                {
                    *text = (number - BASE).to_string();
                }
            }
            Value::Object(fields) => fields.values_mut().for_each(walk),
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    let mut object = Value::clone(object);
    walk(&mut object);
    Arc::new(object)
}

/// What a client would have to send to make the object so.
pub(super) fn manifest(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        let servers =
            ["resourceVersion", "uid", "generation", "creationTimestamp", "managedFields"];
        servers.iter().for_each(|field| drop(metadata.remove(*field)));
    }
    object
}
