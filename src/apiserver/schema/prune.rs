//! Pruning: fields that the schema does not know are dropped, and named.
//!
//! The names come in the server's order: metadata first, then the rest, sorted. What stands under
//! `x-kubernetes-preserve-unknown-fields` stays. Next to read: `defaults.rs`.

use serde_json::Value;

use super::node::{Additional, Node};
use super::place::Place;

/// The fields of every resource that pruning leaves alone at its root.
const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Prunes an object by a schema; the paths of what went.
pub(super) fn prune(object: &mut Value, root: &Node, is_resource: bool) -> Vec<String> {
    let mut pruner = Pruner { gone: Vec::new() };
    match object {
        Value::Object(fields) if is_resource => {
            let mut kept = serde_json::Map::new();
            for field in META {
                kept.extend(fields.remove_entry(field));
            }
            pruner.value(object, Some(root), false, &Place::Root);
            if let Value::Object(fields) = object {
                fields.extend(kept);
            }
        }
        _ => pruner.value(object, Some(root), false, &Place::Root),
    }
    pruner.gone.sort();
    pruner.gone
}

struct Pruner {
    gone: Vec<String>,
}

impl Pruner {
    /// `spare`: the items of a list whose unknown fields are preserved keep theirs.
    fn value(&mut self, value: &mut Value, node: Option<&Node>, spare: bool, path: &Place<'_>) {
        let spare = spare || node.is_some_and(|node| node.preserve);
        match value {
            Value::Object(_) if spare && node.is_none() => {}
            Value::Object(fields) => {
                let embedded = node.is_some_and(|node| node.embedded);
                fields.retain(|key, inner| {
                    let at = Place::Field(path, key);
                    match below(node, key) {
                        Below::Known(node) => self.value(inner, Some(node), false, &at),
                        Below::Anything => self.value(inner, None, false, &at),
                        Below::Unknown if spare => {}
                        Below::Unknown => {
                            self.gone.push(at.to_string());
                            return false;
                        }
                    }
                    if embedded
                        && key == "metadata"
                        && let Below::Known(node) = below(node, key)
                    {
                        super::decode::round_trip(inner, node);
                    }
                    true
                });
            }
            Value::Array(items) => {
                let item = node.and_then(|node| node.items.as_deref());
                for (index, inner) in items.iter_mut().enumerate() {
                    self.value(inner, item, spare, &Place::Item(path, index));
                }
            }
            _ => {}
        }
    }
}

enum Below<'a> {
    Known(&'a Node),
    Anything,
    Unknown,
}

fn below<'a>(node: Option<&'a Node>, key: &str) -> Below<'a> {
    let Some(node) = node else {
        return Below::Unknown;
    };
    if let Some(property) = node.properties.get(key) {
        return Below::Known(property);
    }
    match &node.additional {
        Additional::Of(node) => Below::Known(node),
        Additional::Any => Below::Anything,
        Additional::Unsaid => Below::Unknown,
    }
}
