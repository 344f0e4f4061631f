//! client-go's `CreateTwoWayMergePatch`: the strategic merge patch between two objects.
//!
//! It differs from a merge patch in lists. A list with patch strategy `merge` is compared entry by
//! entry: a changed entry is sent as its changed fields beside its merge key, a new one whole, a
//! removed one as `$patch: delete` (a removed scalar under `$deleteFromPrimitiveList`), and the
//! order that is wanted as `$setElementOrder`. A map with strategy `retainKeys` (a Deployment's
//! `strategy`) names the keys that stay. Strategies and merge keys stand in the one table of
//! built-in kinds, `apiserver/schema/builtin/kinds.txt`. Next to read: `diff.rs`.

use serde_json::{Map, Value, json};

use crate::apiserver::schema::Schema;
use crate::apiserver::schema::node::Node;

type Fields = Map<String, Value>;

/// The strategic merge patch that turns `from` into `to`.
pub fn strategic_diff(schema: &Schema, from: &Value, to: &Value) -> Value {
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => {
            Value::Object(maps(from, to, schema.root(), false))
        }
        _ => to.clone(),
    }
}

fn below<'n>(node: &'n Node, key: &str) -> &'n Node {
    node.field(key).unwrap_or(Node::deduced())
}

/// `retain`: the map lists the keys that stay.
fn maps(from: &Fields, to: &Fields, node: &Node, retain: bool) -> Fields {
    let mut patch = Fields::new();
    for (key, new) in to {
        let inner = below(node, key);
        match (from.get(key), new) {
            (Some(old), new) if old == new => {}
            (Some(Value::Object(old)), Value::Object(new)) => {
                let changes = maps(old, new, inner, inner.patch.retain_keys);
                if !changes.is_empty() {
                    patch.insert(key.clone(), Value::Object(changes));
                }
            }
            (Some(Value::Array(old)), Value::Array(new)) if inner.patch.merge => {
                lists(key, old, new, inner, &mut patch);
            }
            (_, new) => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    let kept: Vec<&String> =
        to.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key).collect();
    if retain && !patch.is_empty() && !kept.is_empty() {
        patch.insert("$retainKeys".to_owned(), json!(kept));
    }
    patch
}

/// A list that is merged: its changes, its deletions and its order, each under a key of its own.
fn lists(name: &str, old: &[Value], new: &[Value], node: &Node, patch: &mut Fields) {
    let key = node.patch.merge_key.as_str();
    let keyed = |list: &[Value]| list.iter().all(|entry| entry.get(key).is_some());
    if old.is_empty() || !(key.is_empty() || keyed(old) && keyed(new)) {
        // Nothing to merge into; or entries without their key, which client-go refuses to compare.
        patch.insert(name.to_owned(), new.into());
        return;
    }
    let (mut changes, order) = match key {
        "" => {
            let gone: Vec<Value> = old.iter().filter(|item| !new.contains(item)).cloned().collect();
            if !gone.is_empty() {
                patch.insert(format!("$deleteFromPrimitiveList/{name}"), gone.into());
            }
            let added = new.iter().filter(|item| !old.contains(item)).cloned();
            (added.collect::<Vec<Value>>(), new.to_vec())
        }
        _ => {
            let order = new.iter().map(|entry| json!({ key: entry[key] })).collect();
            (entries(key, old, new, node), order)
        }
    };
    let order: Vec<Value> = order;
    if !changes.is_empty() {
        patch.insert(name.to_owned(), std::mem::take(&mut changes).into());
    }
    if !order.is_empty() {
        patch.insert(format!("$setElementOrder/{name}"), order.into());
    }
}

/// The changed and the new entries in their order, then what went.
fn entries(key: &str, old: &[Value], new: &[Value], node: &Node) -> Vec<Value> {
    let find = |list: &[Value], entry: &Value| list.iter().find(|e| e[key] == entry[key]).cloned();
    let mut changes = Vec::new();
    for entry in new {
        match (find(old, entry), entry) {
            (Some(Value::Object(before)), Value::Object(after)) => {
                let mut changed = maps(&before, after, node.item(), node.patch.retain_keys);
                if !changed.is_empty() {
                    changed.insert(key.to_owned(), entry[key].clone());
                    changes.push(Value::Object(changed));
                }
            }
            _ => changes.push(entry.clone()),
        }
    }
    let gone = old.iter().filter(|entry| find(new, entry).is_none());
    let mut gone: Vec<Value> =
        gone.map(|entry| json!({ "$patch": "delete", key: entry[key] })).collect();
    gone.sort_by_key(|entry| entry[key].to_string());
    changes.extend(gone);
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::{patch, schema::builtin};
    use proptest::prelude::*;

    fn diff(kind: &str, from: &Value, to: &Value) -> Value {
        let group = if kind == "Deployment" { "apps" } else { "" };
        let schema = builtin::schema(group, "v1", kind).expect("a built-in kind");
        let patch = strategic_diff(&schema, from, to);
        let patched =
            patch::strategic(&schema, from, &patch).expect("a patch that the server takes");
        assert_eq!(&patched, to, "{patch}");
        patch
    }

    #[test]
    fn an_entry_is_sent_as_what_changed_in_it() {
        let from = json!({"status": {"conditions": [
            {"type": "A", "status": "True"}, {"type": "B", "status": "True"}]}});
        let mut to = from.clone();
        to["status"]["conditions"][1]["message"] = "hot".into();
        assert_eq!(
            diff("Node", &from, &to),
            json!({"status": {
                "conditions": [{"type": "B", "message": "hot"}],
                "$setElementOrder/conditions": [{"type": "A"}, {"type": "B"}]}})
        );
    }

    #[test]
    fn what_went_is_deleted_by_its_key() {
        let from = json!({"status": {"conditions": [{"type": "A"}, {"type": "B"}]}});
        let to = json!({"status": {"conditions": [{"type": "B"}]}});
        assert_eq!(
            diff("Pod", &from, &to),
            json!({"status": {
                "conditions": [{"$patch": "delete", "type": "A"}],
                "$setElementOrder/conditions": [{"type": "B"}]}})
        );
        let from = json!({"metadata": {"finalizers": ["a/b", "c/d"]}});
        let to = json!({"metadata": {"finalizers": ["c/d", "e/f"]}});
        assert_eq!(
            diff("ConfigMap", &from, &to),
            json!({"metadata": {
                "finalizers": ["e/f"],
                "$deleteFromPrimitiveList/finalizers": ["a/b"],
                "$setElementOrder/finalizers": ["c/d", "e/f"]}})
        );
    }

    #[test]
    fn lists_of_lists_are_merged_too_and_others_sent_whole() {
        let container = |env: Value| json!({"name": "c", "env": env, "args": ["x"]});
        let pod = |env| json!({"spec": {"containers": [container(env), {"name": "d"}]}});
        let from = pod(json!([{"name": "A", "value": "1"}, {"name": "B", "value": "1"}]));
        let to = pod(json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]));
        assert_eq!(
            diff("Pod", &from, &to),
            json!({"spec": {
                "containers": [{"name": "c",
                    "env": [{"name": "B", "value": "2"}],
                    "$setElementOrder/env": [{"name": "A"}, {"name": "B"}]}],
                "$setElementOrder/containers": [{"name": "c"}, {"name": "d"}]}})
        );
        let mut args = from.clone();
        args["spec"]["containers"][0]["args"] = json!(["y"]);
        assert_eq!(
            diff("Pod", &from, &args)["spec"]["containers"],
            json!([{"name": "c", "args": ["y"]}])
        );
        let taints = |key: &str| json!({"spec": {"taints": [{"key": key}]}});
        assert_eq!(diff("Node", &taints("a"), &taints("b")), taints("b"));
    }

    #[test]
    fn retained_keys_are_named() {
        let from = json!({"spec": {"strategy": {
            "type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}});
        let to = json!({"spec": {"strategy": {"type": "Recreate"}}});
        assert_eq!(
            diff("Deployment", &from, &to),
            json!({"spec": {"strategy": {
                "$retainKeys": ["type"], "type": "Recreate", "rollingUpdate": null}}})
        );
    }

    #[test]
    fn the_first_entries_and_an_empty_list_are_sent_whole() {
        let none = json!({"status": {}});
        let one = json!({"status": {"conditions": [{"type": "A"}]}});
        assert_eq!(diff("Node", &none, &one), one);
        assert_eq!(diff("Node", &one, &none), json!({"status": {"conditions": null}}));
    }

    fn lists_of_entries() -> impl Strategy<Value = Value> {
        let entry = prop::collection::btree_map("[abc]", 0..3_u8, 0..3);
        prop::collection::btree_map("[A-D]", entry, 0..4).prop_map(|entries| {
            let entry = |(name, fields): (String, std::collections::BTreeMap<String, u8>)| {
                let mut entry = json!(fields);
                entry["type"] = name.into();
                entry
            };
            json!({"status": {"conditions": entries.into_iter().map(entry).collect::<Vec<_>>()}})
        })
    }

    proptest! {
        #[test]
        fn a_strategic_diff_applied_gives_what_was_wanted(
            from in lists_of_entries(), to in lists_of_entries()
        ) {
            let schema = builtin::schema("", "v1", "Node").expect("a built-in kind");
            let patch = strategic_diff(&schema, &from, &to);
            let patched = patch::strategic(&schema, &from, &patch);
            prop_assert_eq!(patched.expect("a patch that the server takes"), to);
        }
    }
}
