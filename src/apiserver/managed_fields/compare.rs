//! What a write changed: the fields it added, modified and removed, by the schema.

use std::collections::BTreeMap;

use serde_json::Value;

use super::path_set::{PathSet, Step};
use super::typed::{Shape, entries_of, item_step, items_of, shape};
use crate::apiserver::patch::same_json;
use crate::apiserver::schema::node::{ListType, Node};

/// The difference of two objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Comparison {
    pub added: PathSet,
    pub modified: PathSet,
    pub removed: PathSet,
}

impl Comparison {
    /// Without the fields that an endpoint resets.
    pub fn without(&self, reset: &PathSet) -> Comparison {
        Comparison {
            added: self.added.recursive_difference(reset),
            modified: self.modified.recursive_difference(reset),
            removed: self.removed.recursive_difference(reset),
        }
    }
}

/// Compares an object before and after a write.
pub(super) fn compare(before: &Value, after: &Value, root: &Node) -> Comparison {
    let mut out = Comparison::default();
    walk(Some(before), Some(after), root, &mut Vec::new(), &mut out);
    out
}

fn walk(
    left: Option<&Value>,
    right: Option<&Value>,
    node: &Node,
    path: &mut Vec<Step>,
    out: &mut Comparison,
) {
    if left.is_some() && left == right {
        return;
    }
    let (of_left, of_right) = (shape(node, left), shape(node, right));
    let leaf = if right.is_none() {
        descend(of_left, left, right, node, path, out)
    } else if left.is_none() || of_left == of_right {
        descend(of_right, left, right, node, path, out)
    } else {
        descend(of_left, left, right, node, path, out);
        descend(of_right, left, right, node, path, out)
    };
    match (leaf, left, right) {
        (false, None, _) => out.added.insert(path),
        (false, _, None) => out.removed.insert(path),
        _ => {}
    }
}

/// Compares under one shape; whether the value counts as a leaf.
fn descend(
    shape: Shape,
    left: Option<&Value>,
    right: Option<&Value>,
    node: &Node,
    path: &mut Vec<Step>,
    out: &mut Comparison,
) -> bool {
    match shape.resolved() {
        Shape::List => {
            let (before, after) = (items_of(left), items_of(right));
            if node.list == ListType::Atomic || (before.is_empty() && after.is_empty()) {
                return leaf(left, right, path, out);
            }
            walk_items(before, after, node, path, out);
            false
        }
        Shape::Map => {
            let (before, after) = (entries_of(left), entries_of(right));
            if node.atomic_map || (before.is_empty() && after.is_empty()) {
                return leaf(left, right, path, out);
            }
            let new = after.keys().filter(|key| !before.contains_key(*key));
            for key in before.keys().chain(new) {
                let Some(below) = node.field(key) else { continue };
                path.push(Step::field(key));
                walk(before.get(key), after.get(key), below, path, out);
                path.pop();
            }
            false
        }
        _ => leaf(left, right, path, out),
    }
}

fn leaf(left: Option<&Value>, right: Option<&Value>, path: &[Step], out: &mut Comparison) -> bool {
    match (left, right) {
        (None, _) => out.added.insert(path),
        (_, None) => out.removed.insert(path),
        (Some(left), Some(right)) if !same_json(left, right) => out.modified.insert(path),
        _ => {}
    }
    true
}

fn walk_items(
    before: &[Value],
    after: &[Value],
    node: &Node,
    path: &mut Vec<Step>,
    out: &mut Comparison,
) {
    let (before, after) = (by_step(before, node), by_step(after, node));
    let new = after.keys().filter(|step| !before.contains_key(*step));
    for step in before.keys().chain(new) {
        let none = Vec::new();
        let (old, new) = (before.get(step).unwrap_or(&none), after.get(step).unwrap_or(&none));
        path.push(step.clone());
        match (old.as_slice(), new.as_slice()) {
            ([], []) => {}
            ([] | [_], [] | [_]) => {
                walk(old.first().copied(), new.first().copied(), node.item(), path, out);
            }
            ([_, _, ..], [_, _, ..]) => {
                if old != new {
                    out.modified.insert(path);
                }
            }
            ([_, _, ..], _) => {
                if let Some(only) = new.first() {
                    walk(None, Some(*only), node.item(), path, out);
                }
                out.removed.insert(path);
            }
            (_, _) => {
                if let Some(only) = old.first() {
                    walk(Some(*only), None, node.item(), path, out);
                }
                out.added.insert(path);
            }
        }
        path.pop();
    }
}

fn by_step<'a>(items: &'a [Value], node: &Node) -> BTreeMap<Step, Vec<&'a Value>> {
    let mut map = BTreeMap::<Step, Vec<&Value>>::new();
    for item in items {
        if let Ok(step) = item_step(node, item) {
            map.entry(step).or_default().push(item);
        }
    }
    map
}
