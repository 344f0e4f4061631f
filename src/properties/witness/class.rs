//! How a write was lost: the class that a witness names.
//!
//! Decided from what was sent and what was there, never from the name of a write method.
//! Next to read: `check/result.rs`, which lists the classes.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{FieldPath, PatchKind, Verb};
use crate::properties::LossClass;
use crate::reconcilers::{Basis, Change};
use crate::trace::{Action, Event};

/// How a culprit took a field away from a victim.
pub(super) fn of_culprit(culprit: &Event, victim: &Event, path: &FieldPath) -> LossClass {
    let uid = |event: &Event| event.after.as_deref().map(|object| Basis::of(object).uid);
    if uid(culprit) != uid(victim) {
        return LossClass::WrongObject;
    }
    match &culprit.action {
        Action::Write { verb: Verb::Patch, patch: Some(kind), sent, .. } => {
            let list = path.outermost_list().or_else(|| list_itself(path, culprit));
            match (kind, list) {
                (PatchKind::Merge | PatchKind::Strategic | PatchKind::Apply, Some(list))
                    if list.get(sent).is_some_and(Value::is_array) =>
                {
                    LossClass::ListReplaced
                }
                (PatchKind::Json, Some(_)) => LossClass::ListReplaced,
                _ => LossClass::Clobber,
            }
        }
        _ => LossClass::Clobber,
    }
}

/// The field itself, if it is a list.
fn list_itself(path: &FieldPath, culprit: &Event) -> Option<FieldPath> {
    let is_list = |object: &Option<Arc<Value>>| {
        object.as_deref().and_then(|object| path.get(object)).is_some_and(Value::is_array)
    };
    (is_list(&culprit.before) || is_list(&culprit.after)).then(|| path.clone())
}

/// How a field came never to be there, although the write that meant it was acknowledged.
pub(super) fn of_absence(event: &Event, change: &Change) -> LossClass {
    if sends(event, change) {
        return LossClass::Ignored;
    }
    // The diff did not contain it. If it did contain another field of the same intent, the result
    // is a combination that no worker computed.
    let mut others = event.intent.iter().filter(|other| other.path != change.path);
    if others.any(|other| sends(event, other)) { LossClass::Torn } else { LossClass::Omitted }
}

/// Whether the body of a write says what the change wants.
fn sends(event: &Event, change: &Change) -> bool {
    let Action::Write { patch, sent, .. } = &event.action else { return false };
    match (patch, &change.value) {
        (Some(PatchKind::Json), _) => {
            let root = format!("/{}", change.path.field_names().join("/"));
            let operations = sent.as_array().into_iter().flatten();
            operations.filter(|o| o["op"] != "test").any(|operation| {
                let path = operation["path"].as_str().unwrap_or_default();
                root.starts_with(path) || path.starts_with(&root)
            })
        }
        // A removal is sent as null in a merge patch, by absence in a PUT.
        (Some(PatchKind::Merge), None) => change.path.get(sent).is_some(),
        (_, None) => true,
        (_, Some(wanted)) => change.path.satisfied_by(sent, Some(wanted)),
    }
}
