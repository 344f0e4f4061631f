//! Strategic merge patch: a merge patch that knows the merge keys of built-in lists.
//!
//! Lists with patch strategy `merge` merge by their merge key (or as sets of scalars): patched
//! items come in the patch's order, *before* the server's own items unless the live list says
//! otherwise. The directives are `$patch: replace | delete`, `$retainKeys`,
//! `$deleteFromPrimitiveList/<list>` and `$setElementOrder/<list>`. Strategies and keys stand in
//! `schema/builtin/kinds.txt`. Next to read: `element_order.rs`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::PatchError;
use super::element_order::{Places, check_order, identity, ordered, overwrite};
use crate::apiserver::schema::Schema;
use crate::apiserver::schema::node::Node;

pub(super) const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const SET_ORDER: &str = "$setElementOrder/";

type Fields = Map<String, Value>;

/// Applies a strategic merge patch to an object of a built-in kind.
pub fn strategic(schema: &Schema, object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let changes = match patch {
        Value::Object(changes) => changes.clone(),
        Value::Null => Fields::new(),
        other => {
            return Err(PatchError::Malformed(format!(
                "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                super::go_json_type(other)
            )));
        }
    };
    let live = object.as_object().cloned().unwrap_or_default();
    merge_map(live, changes, schema.root()).map(Value::Object)
}

pub(super) fn failed<T>(text: String) -> Result<T, PatchError> {
    Err(PatchError::Failed(text))
}

fn malformed(what: &str) -> PatchError {
    PatchError::Malformed(format!("invalid patch format of {what}"))
}

fn below<'a>(node: &'a Node, key: &str) -> &'a Node {
    node.field(key).unwrap_or(Node::deduced())
}

fn merge_map(mut live: Fields, mut patch: Fields, node: &Node) -> Result<Fields, PatchError> {
    match patch.remove(DIRECTIVE) {
        None => {}
        Some(directive) if directive == "replace" => return Ok(patch),
        Some(directive) if directive == "delete" => return Ok(Fields::new()),
        Some(other) => return failed(format!("unknown patch type: {other} in a map")),
    }
    retain_keys(&mut live, &mut patch)?;
    set_element_orders(&mut live, &mut patch, node)?;
    for (key, change) in patch {
        if let Some(list) = key.strip_prefix(DELETE_FROM) {
            let gone = change.as_array().ok_or_else(|| malformed("primitive list"))?;
            if let Some(Value::Array(items)) = live.get_mut(list) {
                let gone = Places::of(gone, "");
                items.retain(|item| gone.get(item, "").is_none());
            }
            continue;
        }
        if change.is_null() {
            live.remove(&key);
            continue;
        }
        let inner = below(node, &key);
        let merged = match (live.remove(&key), change) {
            (Some(Value::Object(live)), Value::Object(change)) => {
                Some(Value::Object(merge_map(live, change, inner)?))
            }
            (Some(Value::Array(live)), Value::Array(change)) if inner.patch.merge => {
                Some(Value::Array(merge_list(live, change, inner)?))
            }
            (Some(Value::Array(_)), Value::Array(change)) => Some(Value::Array(change)),
            (_, change) => without_directives(without_nulls(change)),
        };
        if let Some(merged) = merged {
            live.insert(key, merged);
        }
    }
    Ok(live)
}

/// `$retainKeys` names all fields that stay; the patch may not name others.
fn retain_keys(live: &mut Fields, patch: &mut Fields) -> Result<(), PatchError> {
    let Some(kept) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let kept = kept.as_array().ok_or_else(|| malformed("retainKeys"))?;
    let kept: BTreeSet<&str> = kept.iter().filter_map(Value::as_str).collect();
    let is_kept = |key: &str| kept.contains(key);
    let is_list_directive = |key: &str| key.starts_with(DELETE_FROM) || key.starts_with(SET_ORDER);
    for (key, value) in patch.iter() {
        if !value.is_null() && !is_list_directive(key) && !is_kept(key) {
            return Err(malformed("retainKeys"));
        }
    }
    live.retain(|key, _| is_kept(key));
    Ok(())
}

/// Lists whose order the patch gives are merged and ordered here, and leave the patch.
fn set_element_orders(
    live: &mut Fields,
    patch: &mut Fields,
    node: &Node,
) -> Result<(), PatchError> {
    let directives = patch.keys().filter(|key| key.starts_with(SET_ORDER)).cloned();
    for directive in directives.collect::<Vec<_>>() {
        let order = patch.remove(&directive).unwrap_or_default();
        let wrong = || malformed("setElementOrder list");
        let order = order.as_array().ok_or_else(wrong)?;
        let name = directive.strip_prefix(SET_ORDER).unwrap_or_default();
        let list = |fields: &mut Fields| match fields.remove(name) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(_) => Err(wrong()),
        };
        let inner = below(node, name);
        let (before, change) = (list(live)?, list(patch)?);
        let key = &inner.patch.merge_key;
        let mut server_order = before.clone().unwrap_or_default();
        if let Some(change) = &change {
            check_order(change, order, key)?;
            overwrite(&mut server_order, change, key);
        }
        let nothing = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
        let merged = match (before, change) {
            (None, None) => continue,
            (before, change) if nothing(&before) && nothing(&change) => {
                return failed("no elements in any of the given slices".to_owned());
            }
            (Some(before), None) => before,
            (None, Some(change)) => match without_directives(Value::Array(change)) {
                Some(Value::Array(items)) => items,
                _ => continue,
            },
            (Some(before), Some(change)) if inner.patch.merge => merge_list(before, change, inner)?,
            (Some(_), Some(change)) => change,
        };
        live.insert(name.to_owned(), Value::Array(ordered(merged, order, &server_order, key)));
    }
    Ok(())
}

fn merge_list(live: Vec<Value>, patch: Vec<Value>, node: &Node) -> Result<Vec<Value>, PatchError> {
    let key = node.patch.merge_key.as_str();
    let first = live.first().or(patch.first());
    if !first.is_some_and(Value::is_object) {
        let mut merged = live.clone();
        let mut there = Places::of(&live, "");
        for item in &patch {
            if there.get(item, "").is_none() {
                there.insert(item, "", merged.len());
                merged.push(item.clone());
            }
        }
        return Ok(ordered(merged, &patch, &live, ""));
    }
    if key.is_empty() {
        return failed("cannot merge lists without merge key".to_owned());
    }
    let (live, patch) = apply_directives(live, patch, key)?;
    let mut merged = live.clone();
    let mut there = Places::of(&merged, key);
    for change in &patch {
        require_key(change, key)?;
        match (there.get(change, key), change) {
            (Some(index), Value::Object(change)) => {
                let before = merged[index].as_object().cloned().unwrap_or_default();
                merged[index] = Value::Object(merge_map(before, change.clone(), node.item())?);
            }
            _ => {
                there.insert(change, key, merged.len());
                merged.push(change.clone());
            }
        }
    }
    merged.iter().try_for_each(|item| require_key(item, key))?;
    Ok(ordered(merged, &patch, &live, key))
}

fn require_key(item: &Value, key: &str) -> Result<(), PatchError> {
    match item {
        Value::Object(fields) if fields.contains_key(key) => Ok(()),
        _ => failed(format!("map: {item} does not contain declared merge key: {key}")),
    }
}

/// Takes the items with `$patch` out of a patch's list and does what they say.
fn apply_directives(
    mut live: Vec<Value>,
    patch: Vec<Value>,
    key: &str,
) -> Result<(Vec<Value>, Vec<Value>), PatchError> {
    let mut rest = Vec::new();
    let mut gone = BTreeSet::new();
    let mut replace = false;
    for item in patch {
        match item.get(DIRECTIVE).map(|directive| directive.as_str().unwrap_or_default()) {
            None => rest.push(item),
            Some("delete") => {
                require_key(&item, key)?;
                gone.extend(identity(&item, key));
            }
            Some("replace") => replace = true,
            Some("merge") => {
                return failed("merging lists cannot yet be specified in the patch".to_owned());
            }
            Some(other) => return failed(format!("unknown patch type: {other} in map: {item}")),
        }
    }
    if !gone.is_empty() {
        live.retain(|item| identity(item, key).is_none_or(|own| !gone.contains(&own)));
    }
    Ok(if replace { (rest, Vec::new()) } else { (live, rest) })
}

/// Nulls of a patch that meet nothing to delete.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            fields.map(|(key, value)| (key, without_nulls(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// What is left of a value without the maps that carry a directive.
fn without_directives(value: Value) -> Option<Value> {
    Some(match value {
        Value::Object(fields) if fields.contains_key(DIRECTIVE) => return None,
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.filter_map(|(key, value)| Some((key, without_directives(value)?))).collect()
        }
        Value::Array(items) => items.into_iter().filter_map(without_directives).collect(),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::schema::builtin;
    use serde_json::json;

    fn pod(live: Value, patch: Value) -> Result<Value, PatchError> {
        let schema = builtin::schema("", "v1", "Pod").expect("a built-in kind");
        strategic(&schema, &live, &patch)
    }

    fn conditions(types: &str) -> Value {
        let items = types.chars().map(|c| json!({ "type": c.to_string(), "status": "True" }));
        json!({ "status": { "conditions": items.collect::<Vec<_>>() } })
    }

    fn order(live: &str, patch: Value) -> String {
        let patched = pod(conditions(live), patch).expect("a valid patch");
        let items = patched["status"]["conditions"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["type"].as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn new_items_come_before_the_old_ones() {
        for (live, patch, merged) in
            [("A", "B", "BA"), ("AB", "B", "AB"), ("ABC", "CA", "BCA"), ("AB", "CB", "CAB")]
        {
            assert_eq!(order(live, conditions(patch)), merged, "{live} + {patch}");
        }
    }

    #[test]
    fn items_merge_field_by_field() {
        let patch = json!({ "status": { "conditions": [{ "type": "A", "reason": "R" }] } });
        let patched = pod(conditions("A"), patch).expect("a valid patch");
        assert_eq!(
            patched["status"]["conditions"],
            json!([{ "type": "A", "status": "True", "reason": "R" }])
        );
    }

    #[test]
    fn directives_delete_and_replace_items() {
        let delete = json!({ "status": { "conditions": [{ "$patch": "delete", "type": "A" }] } });
        assert_eq!(order("AB", delete), "B");
        let replace = json!({ "status": { "conditions": [
            { "type": "C" }, { "$patch": "replace" }] } });
        assert_eq!(order("AB", replace), "C");
    }

    #[test]
    fn the_order_can_be_set() {
        let patch = json!({ "status": { "$setElementOrder/conditions": [
            { "type": "B" }, { "type": "A" }] } });
        assert_eq!(order("AB", patch), "BA");
        let both = json!({ "status": {
            "$setElementOrder/conditions": [{ "type": "C" }, { "type": "A" }],
            "conditions": [{ "type": "C" }] } });
        assert_eq!(order("AB", both), "CAB");
        // Recorded: B is the server's own, and C, deleted, leaves its room to D.
        let deleting = json!({ "status": {
            "$setElementOrder/conditions": [{ "type": "D" }, { "type": "A" }],
            "conditions": [{ "type": "D" }, { "$patch": "delete", "type": "C" }] } });
        assert_eq!(order("CAB", deleting), "BDA");
    }

    #[test]
    fn finalizers_are_a_set_with_a_list_of_deletions() {
        let live = json!({ "metadata": { "finalizers": ["a/b", "c/d"] } });
        let patch = json!({ "metadata": {
            "finalizers": ["e/f"], "$deleteFromPrimitiveList/finalizers": ["a/b"] } });
        let patched = pod(live, patch).expect("a valid patch");
        assert_eq!(patched, json!({ "metadata": { "finalizers": ["e/f", "c/d"] } }));
    }

    #[test]
    fn retain_keys_and_map_directives() {
        let live = json!({ "spec": { "a": { "x": 1, "y": 2 }, "b": { "z": 1 } } });
        let patch = json!({ "spec": { "a": { "$retainKeys": ["x"], "x": 3 },
                                      "b": { "$patch": "replace", "q": 1 } } });
        assert_eq!(
            pod(live.clone(), patch),
            Ok(json!({ "spec": { "a": { "x": 3 }, "b": { "q": 1 } } }))
        );
        let wrong = json!({ "spec": { "a": { "$retainKeys": ["x"], "y": 3 } } });
        assert!(matches!(pod(live, wrong), Err(PatchError::Malformed(_))));
    }

    #[test]
    fn an_item_without_its_merge_key_is_refused() {
        let patch = json!({ "status": { "conditions": [{ "status": "True" }] } });
        assert!(matches!(pod(conditions("A"), patch), Err(PatchError::Failed(_))));
    }
}
