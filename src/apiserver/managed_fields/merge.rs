//! Merging an applied configuration into the live object, and removing fields again.
//!
//! Nothing is removed by merging; maps merge by field, list-type maps and sets by item, and all
//! else takes the applied value. The order of a merged list: items that both sides have come as
//! the configuration orders them, what only the live object has stays where it was.
//! Removing leaves null where the last field of a map or the last item of a list went, as a real
//! server does (which is why dropping all of a field that has a schema can be answered 422).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::path_set::{PathSet, Step};
use super::typed::{Shape, entries_of, item_step, items_of, shape};
use crate::apiserver::schema::node::{ListType, Node};

/// The live object with the configuration merged into it.
pub(super) fn merge(live: &Value, config: &Value, root: &Node) -> Value {
    walk(Some(live), Some(config), root).unwrap_or(Value::Null)
}

fn walk(left: Option<&Value>, right: Option<&Value>, node: &Node) -> Option<Value> {
    let keep = || right.or(left).cloned();
    let shape = match right {
        None => shape(node, left),
        Some(_) => shape(node, right),
    };
    match shape.resolved() {
        Shape::List => {
            let (live, config) = (items_of(left), items_of(right));
            if node.list == ListType::Atomic || (live.is_empty() && config.is_empty()) {
                return keep();
            }
            let merged = merge_items(live, config, node);
            (!merged.is_empty()).then_some(Value::Array(merged))
        }
        Shape::Map => {
            let (live, config) = (entries_of(left), entries_of(right));
            if node.atomic_map || (live.is_empty() && config.is_empty()) {
                return keep();
            }
            let mut merged = Map::new();
            let new = config.keys().filter(|key| !live.contains_key(*key));
            for key in live.keys().chain(new) {
                let below = node.field(key).unwrap_or(Node::deduced());
                if let Some(value) = walk(live.get(key), config.get(key), below) {
                    merged.insert(key.clone(), value);
                }
            }
            (!merged.is_empty()).then_some(Value::Object(merged))
        }
        _ => keep(),
    }
}

/// The items of each step of a list.
fn by_step<'a>(steps: &'a [Step], items: &'a [Value]) -> BTreeMap<&'a Step, Vec<&'a Value>> {
    let mut found = BTreeMap::<&Step, Vec<&Value>>::new();
    for (step, item) in steps.iter().zip(items) {
        found.entry(step).or_default().push(item);
    }
    found
}

/// The items of both sides. The walk takes from the live list what the configuration does not
/// have, and everything else in the configuration's order.
fn merge_items(live: &[Value], config: &[Value], node: &Node) -> Vec<Value> {
    let steps = |items: &[Value]| {
        items.iter().filter_map(|item| item_step(node, item).ok()).collect::<Vec<_>>()
    };
    let (live_steps, config_steps) = (steps(live), steps(config));
    if live_steps.len() != live.len() || config_steps.len() != config.len() {
        return config.to_vec();
    }
    let (of_live, wanted) = (by_step(&live_steps, live), by_step(&config_steps, config));
    let both = |step: &Step| {
        // Several live items of one step are not merged.
        let live = of_live.get(step).filter(|items| items.len() == 1).map(|items| items[0]);
        walk(live, wanted.get(step).map(|items| items[0]), node.item())
    };
    let mut shared = config_steps.iter().filter(|step| of_live.contains_key(step));
    let mut next_shared = shared.next();
    let mut merged = BTreeSet::new();
    let mut out = Vec::new();
    let (mut l, mut c) = (0, 0);
    while l < live.len() || c < config.len() {
        if l < live.len() && c < config.len() {
            let step = &live_steps[l];
            if *step == config_steps[c] {
                merged.insert(step);
                out.extend(both(step));
                (l, c) = (l + 1, c + 1);
                next_shared = shared.next();
                continue;
            }
            if wanted.contains_key(step) && next_shared.is_some_and(|shared| shared != step) {
                // Both have it, but it is not its turn.
                l += 1;
                continue;
            }
        }
        if l < live.len() {
            let step = &live_steps[l];
            if !wanted.contains_key(step) {
                out.extend(walk(Some(&live[l]), None, node.item()));
                l += 1;
                continue;
            }
            if merged.contains(step) {
                l += 1;
            }
        }
        if c < config.len() {
            let step = &config_steps[c];
            merged.insert(step);
            out.extend(both(step));
            c += 1;
            if next_shared == Some(step) {
                next_shared = shared.next();
            }
        }
    }
    out
}

/// The object without some of its fields and items.
pub(super) fn remove(value: &Value, gone: &PathSet, node: &Node) -> Value {
    match (shape(node, Some(value)).resolved(), value) {
        (Shape::List, Value::Array(items)) if node.list != ListType::Atomic => {
            let mut left = Vec::new();
            for item in items {
                let Ok(step) = item_step(node, item) else { continue };
                if gone.has(&step) {
                    continue;
                }
                left.push(match gone.below(&step) {
                    Some(below) => remove(item, below, node.item()),
                    None => item.clone(),
                });
            }
            if left.is_empty() { Value::Null } else { Value::Array(left) }
        }
        (Shape::Map, Value::Object(fields)) if !node.atomic_map => {
            let mut left = Map::new();
            for (key, inner) in fields {
                let step = Step::field(key);
                if gone.has(&step) {
                    continue;
                }
                let inner = match (gone.below(&step), node.field(key)) {
                    (Some(below), Some(node)) => remove(inner, below, node),
                    _ => inner.clone(),
                };
                left.insert(key.clone(), inner);
            }
            if left.is_empty() { Value::Null } else { Value::Object(left) }
        }
        (Shape::Scalar, scalar) => scalar.clone(),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::schema::Schema;
    use serde_json::json;

    fn order(live: &str, config: &str) -> String {
        let openapi = json!({ "type": "object", "properties": { "l": {
            "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } } } });
        let schema = Schema::parse(&openapi, "s").expect("a structural schema");
        let list =
            |text: &str| json!({ "l": text.chars().map(|c| c.to_string()).collect::<Vec<_>>() });
        let merged = merge(&list(live), &list(config), schema.root());
        merged["l"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The table of the library's own description of its order, and recorded cases.
    #[test]
    fn the_order_of_merged_lists() {
        for (live, config, merged) in [
            ("ab", "ca", "cab"),
            ("BA", "CA", "BCA"),
            ("abc", "cba", "cba"),
            ("abcd", "d", "abcd"),
            ("ab", "", "ab"),
            ("", "ab", "ab"),
            ("abc", "ac", "abc"),
            ("abc", "ca", "bca"),
        ] {
            assert_eq!(order(live, config), merged, "{live} + {config}");
        }
    }
}
