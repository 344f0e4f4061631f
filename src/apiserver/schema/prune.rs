//! Pruning: fields that the schema does not know are dropped, and named.
//!
//! The names come in the server's order: metadata first, then the rest, sorted. What stands under
//! `x-kubernetes-preserve-unknown-fields` stays. Next to read: `defaults.rs`.

use serde_json::Value;

use super::node::{Additional, Node};

/// The fields of every resource that pruning leaves alone at its root.
const META: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Prunes an object by a schema; the paths of what went.
pub(super) fn prune(object: &mut Value, root: &Node, is_resource: bool) -> Vec<String> {
    let mut paths = Vec::new();
    walk(object, Some(root), is_resource, "", &mut paths);
    paths.sort();
    paths
}

fn walk(value: &mut Value, node: Option<&Node>, root: bool, path: &str, out: &mut Vec<String>) {
    let preserve = node.is_some_and(|node| node.preserve);
    let embedded = root || node.is_some_and(|node| node.embedded);
    match value {
        Value::Object(fields) => {
            let mut gone = Vec::new();
            for (key, inner) in fields.iter_mut() {
                if embedded && META.contains(&key.as_str()) {
                    continue;
                }
                let at = join(path, key);
                match below(node, key) {
                    Below::Known(node) => walk(inner, Some(node), false, &at, out),
                    Below::Anything => walk(inner, None, false, &at, out),
                    Below::Unknown if preserve => {}
                    Below::Unknown => {
                        out.push(at);
                        gone.push(key.clone());
                    }
                }
            }
            for key in gone {
                fields.remove(&key);
            }
        }
        Value::Array(items) => {
            let item = node.and_then(|node| node.items.as_deref());
            for (index, inner) in items.iter_mut().enumerate() {
                if preserve && item.is_none() {
                    continue;
                }
                walk(inner, item, false, &format!("{path}[{index}]"), out);
            }
        }
        _ => {}
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

pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
