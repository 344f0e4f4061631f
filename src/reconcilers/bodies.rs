//! What a worker wants of the object that it read, as the body of a request.
//!
//! Next to read: `methods/mod.rs`; `client/diff.rs`, the patches that are computed from two
//! objects.

use serde_json::{Value, json};

use super::{Change, Job, ValueExpr};
use crate::apiserver::{FieldPath, ListType, Step};
use crate::client::{decoded, make};

/// The object as the worker wants it: as read, with its changes made, in the struct of its client.
pub fn wanted(job: &Job, read: &Value, changes: &[Change]) -> Value {
    let mut object = read.clone();
    for change in changes {
        make(change, &mut object);
    }
    decoded(job.knows.as_deref(), &mut object);
    object
}

/// A merge patch that holds exactly the fields in `sets`, whatever was read: a value where one is
/// set, `null` where a field is to go. An entry of a list is sent as a list of that entry; to
/// remove an entry, the list is sent as it was read, without it.
pub fn literal(job: &Job, read: &Value, changes: &[Change]) -> Value {
    let mut patch = json!({});
    let removed = changes.iter().filter(|change| change.value.is_none());
    for change in removed {
        match change.path.outermost_list() {
            None => change.path.set(&mut patch, Value::Null),
            Some(list) => {
                let start = match list.get(&patch) {
                    Some(_) => patch.clone(),
                    None => read.clone(),
                };
                let mut without = start;
                change.path.remove(&mut without);
                list.set(&mut patch, list.get(&without).cloned().unwrap_or_else(|| json!([])));
            }
        }
    }
    for change in changes {
        if let Some(value) = &change.value {
            change.path.set(&mut patch, value.clone());
        }
    }
    decoded(job.knows.as_deref(), &mut patch);
    if job.knows.is_some() && patch["status"] == json!({}) {
        patch.as_object_mut().map(|fields| fields.remove("status"));
    }
    patch
}

/// The apply configuration: identity, and exactly the fields the worker means to set.
///
/// `$append` to a list that is merged by item contributes its item; to an atomic list, the whole
/// list as read with the item at its end. A field to be removed is left out: not applying what
/// one applied before is how a field manager removes.
pub fn applied(job: &Job, changes: &[Change]) -> Value {
    let mut body = json!({
        "apiVersion": job.api_version,
        "kind": job.kind,
        "metadata": { "name": job.key.name },
    });
    if let Some(namespace) = &job.key.namespace {
        body["metadata"]["namespace"] = json!(namespace);
    }
    for (set, change) in job.sets.iter().zip(changes) {
        match (&set.value, &set.list, &change.value) {
            (ValueExpr::Append(item), Some(ListType::Set | ListType::Map(_)), _) => {
                append(&change.path, &mut body, item.clone());
            }
            (_, _, Some(value)) => change.path.set(&mut body, value.clone()),
            (_, _, None) => {}
        }
    }
    decoded(job.knows.as_deref(), &mut body);
    if job.knows.is_some() && body["status"] == json!({}) {
        body.as_object_mut().map(|fields| fields.remove("status"));
    }
    body
}

fn append(path: &FieldPath, body: &mut Value, item: Value) {
    let at = path.get(body).and_then(Value::as_array).map_or(0, Vec::len);
    path.child(Step::Index(at)).set(body, item);
}
