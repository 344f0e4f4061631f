//! From what was read to what is sent: the bodies that client libraries make.
//!
//! [`merge_diff`] is client-go's `MergeFrom` (RFC 7386, lists whole), [`json_diff`] the RFC 6902
//! operations of the usual diff libraries (list entries by index), [`strategic_diff`] keeps a
//! list with a merge key to the entries that change, [`applied`] is the apply configuration of
//! exactly the fields a worker means to set. Modelled clients hold objects without
//! `managedFields`, as a cache with `TransformStripManagedFields` does; the server keeps what is
//! left out. Next to read: `shared.rs`.

use serde_json::{Map, Value, json};

use crate::apiserver::{FieldPath, ListType, Step};
use crate::reconcilers::{Change, Job, ValueExpr};

/// The object as the worker wants it: as read, with its changes made.
pub fn wanted(_job: &Job, read: &Value, changes: &[Change]) -> Value {
    let mut object = read.clone();
    for change in changes {
        make(change, &mut object);
    }
    object
}

/// Makes one change to an object.
pub fn make(change: &Change, object: &mut Value) {
    match &change.value {
        Some(value) => change.path.set(object, value.clone()),
        None => {
            change.path.remove(object);
        }
    }
}

/// The body of a PUT: the object as wanted, without the status fields that a typed client with an
/// old struct does not know.
pub fn put_body(job: &Job, read: &Value, changes: &[Change]) -> Value {
    let mut body = wanted(job, read, changes);
    if let Some(known) = &job.knows
        && let Some(status) = body.get_mut("status").map(Value::take)
    {
        let whole = json!({ "status": status });
        body["status"] = json!({});
        for path in known {
            if let Some(value) = path.get(&whole) {
                path.set(&mut body, value.clone());
            }
        }
    }
    body
}

/// The JSON merge patch that turns `from` into `to`: lists whole, removed keys as null.
pub fn merge_diff(from: &Value, to: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (from, to) else {
        return to.clone();
    };
    let mut patch = Map::new();
    for (key, value) in new {
        match old.get(key) {
            Some(before) if before == value => {}
            Some(before @ Value::Object(_)) if value.is_object() => {
                patch.insert(key.clone(), merge_diff(before, value));
            }
            _ => {
                patch.insert(key.clone(), value.clone());
            }
        }
    }
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::Object(patch)
}

/// RFC 6902 operations that turn `from` into `to`: list entries by index.
pub fn json_diff(from: &Value, to: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    diff_at("", from, to, &mut operations);
    operations
}

fn diff_at(path: &str, from: &Value, to: &Value, operations: &mut Vec<Value>) {
    match (from, to) {
        _ if from == to => {}
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().filter(|key| !new.contains_key(*key)) {
                operations.push(json!({"op": "remove", "path": pointer(path, key)}));
            }
            for (key, value) in new {
                let path = pointer(path, key);
                match old.get(key) {
                    Some(before) => diff_at(&path, before, value, operations),
                    None => operations.push(json!({"op": "add", "path": path, "value": value})),
                }
            }
        }
        (Value::Array(old), Value::Array(new)) => list_diff(path, old, new, operations),
        _ => operations.push(json!({"op": "replace", "path": path, "value": to})),
    }
}

/// Entries at the same index are compared; the rest is added at the end, or removed from it.
/// A removal in the middle is recognised, so that what follows keeps its identity.
fn list_diff(path: &str, old: &[Value], new: &[Value], operations: &mut Vec<Value>) {
    let removed = old.len().checked_sub(new.len()).filter(|&n| n > 0);
    if let Some(count) = removed
        && let Some(at) =
            (0..=new.len()).find(|&at| old[..at] == new[..at] && old[at + count..] == new[at..])
    {
        let remove = json!({"op": "remove", "path": format!("{path}/{at}")});
        operations.extend(std::iter::repeat_n(remove, count));
        return;
    }
    for (index, (before, after)) in old.iter().zip(new).enumerate() {
        diff_at(&format!("{path}/{index}"), before, after, operations);
    }
    for index in (new.len()..old.len()).rev() {
        operations.push(json!({"op": "remove", "path": format!("{path}/{index}")}));
    }
    for (index, value) in new.iter().enumerate().skip(old.len()) {
        operations.push(json!({"op": "add", "path": format!("{path}/{index}"), "value": value}));
    }
}

fn pointer(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// A strategic merge patch: the merge patch, but lists with a merge key only as the entries that
/// change.
pub fn strategic_diff(job: &Job, read: &Value, wanted: &Value, changes: &[Change]) -> Value {
    let mut patch = merge_diff(read, wanted);
    for (set, change) in job.sets.iter().zip(changes) {
        let Some(ListType::Map(keys)) = &set.list else { continue };
        let Some(list) = change.path.outermost_list() else { continue };
        let Some(key) = keys.first().filter(|_| list.get(&patch).is_some()) else { continue };
        let old = list.get(read).and_then(Value::as_array).cloned().unwrap_or_default();
        let new = list.get(wanted).and_then(Value::as_array).cloned().unwrap_or_default();
        list.set(&mut patch, Value::Array(keyed_diff(key, &old, &new)));
    }
    patch
}

fn keyed_diff(key: &str, old: &[Value], new: &[Value]) -> Vec<Value> {
    let find = |list: &[Value], entry: &Value| list.iter().find(|e| e[key] == entry[key]).cloned();
    let mut entries = Vec::new();
    for entry in new {
        match find(old, entry) {
            Some(before) if before == *entry => {}
            Some(before) => {
                let mut diff = merge_diff(&before, entry);
                diff[key] = entry[key].clone();
                entries.push(diff);
            }
            None => entries.push(entry.clone()),
        }
    }
    for entry in old.iter().filter(|entry| find(new, entry).is_none()) {
        entries.push(json!({"$patch": "delete", key: entry[key]}));
    }
    entries
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
    body
}

fn append(path: &FieldPath, body: &mut Value, item: Value) {
    let at = path.get(body).and_then(Value::as_array).map_or(0, Vec::len);
    path.child(Step::Index(at)).set(body, item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_merge_diff_sends_lists_whole_and_nulls_for_what_went() {
        let from = json!({"status": {"a": 1, "b": 2, "list": [1, 2]}, "spec": {"x": 1}});
        let to = json!({"status": {"a": 1, "list": [1, 2, 3]}, "spec": {"x": 1}});
        assert_eq!(merge_diff(&from, &to), json!({"status": {"b": null, "list": [1, 2, 3]}}));
        assert_eq!(merge_diff(&from, &from), json!({}));
    }

    #[test]
    fn a_json_diff_names_list_entries_by_index() {
        let from = json!({"c": [{"t": "A", "s": 1}]});
        let to = json!({"c": [{"t": "A", "s": 2}, {"t": "B"}], "a/b": 1});
        let operations = json_diff(&from, &to);
        assert_eq!(
            Value::Array(operations),
            json!([
                {"op": "add", "path": "/a~1b", "value": 1},
                {"op": "replace", "path": "/c/0/s", "value": 2},
                {"op": "add", "path": "/c/1", "value": {"t": "B"}}])
        );
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(json!(1)), Just(json!("x")), Just(json!(true))];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
                prop::collection::btree_map("[ab/~]{1,2}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_json_diff_applied_gives_what_was_wanted(from in values(), to in values()) {
            let (from, to) = (json!({"root": from}), json!({"root": to}));
            let patch = Value::Array(json_diff(&from, &to));
            prop_assert_eq!(crate::apiserver::patch::json(&from, &patch).unwrap(), to);
        }

        #[test]
        fn a_merge_diff_applied_gives_what_was_wanted(from in values(), to in values()) {
            let (from, to) = (json!({"root": from}), json!({"root": to}));
            let patch = merge_diff(&from, &to);
            let patched = crate::apiserver::patch::merge(&from, &patch).unwrap();
            prop_assert_eq!(patched, to);
        }
    }
}
