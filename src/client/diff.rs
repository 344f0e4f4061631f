//! From what was read to what is sent: the bodies that client libraries make.
//!
//! [`merge_diff`] is client-go's `MergeFrom` (RFC 7386, lists whole), [`json_diff`] the RFC 6902
//! operations of the usual diff libraries (list entries by index). Modelled clients hold objects
//! without `managedFields`, as a cache with `TransformStripManagedFields` does; the server keeps
//! what is left out. Next to read: `strategic.rs`.

use serde_json::{Map, Value, json};

use crate::apiserver::FieldPath;
use crate::history::Change;

/// Removes the fields that a client's struct leaves out when it is encoded (`omitempty`).
pub fn leave_out(omitted: &[FieldPath], object: &mut Value) {
    for path in omitted {
        path.remove(object);
    }
}

/// What a typed client with an old struct has of an object: the status fields that it knows, all
/// of them for `None`. Whatever it decodes, changes and sends goes through that struct.
pub fn decoded(knows: Option<&[FieldPath]>, object: &mut Value) {
    let Some(known) = knows else { return };
    let Some(status) = object.get_mut("status").map(Value::take) else { return };
    let whole = json!({ "status": status });
    object["status"] = json!({});
    for path in known {
        if let Some(value) = path.get(&whole) {
            path.set(object, value.clone());
        }
    }
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

    #[test]
    fn leaves_out_what_a_struct_omits() {
        let mut object = json!({"spec": {"replicas": 3, "x": 1}});
        leave_out(&["spec.replicas".parse().unwrap(), "status.y".parse().unwrap()], &mut object);
        assert_eq!(object, json!({"spec": {"x": 1}}));
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
