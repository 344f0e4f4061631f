//! Defaulting: a missing field gets its default where its parent exists; nulls that may not be
//! stored go, or become the default. Next to read: `validate.rs`.

use serde_json::Value;

use super::node::{Additional, Node};

/// Drops nulls that are neither nullable nor have a default to become.
pub(super) fn drop_nulls(value: &mut Value, node: Option<&Node>) {
    match value {
        Value::Object(fields) => {
            fields.retain(|key, inner| {
                let below = node.and_then(|node| below(node, key));
                let keep = !inner.is_null()
                    || below.is_none_or(|node| node.nullable || node.default.is_some());
                if keep {
                    drop_nulls(inner, below);
                }
                keep
            });
        }
        Value::Array(items) => {
            let item = node.and_then(|node| node.items.as_deref());
            for inner in items {
                drop_nulls(inner, item);
            }
        }
        _ => {}
    }
}

/// Fills in the defaults.
pub(super) fn fill(value: &mut Value, node: &Node) {
    match value {
        Value::Object(fields) => {
            for (key, property) in &node.properties {
                let Some(default) = &property.default else {
                    continue;
                };
                let wanted = match fields.get(key) {
                    None => true,
                    Some(found) => found.is_null() && !property.nullable,
                };
                if wanted {
                    fields.insert(key.clone(), default.clone());
                }
            }
            for (key, inner) in fields.iter_mut() {
                if let Some(below) = below(node, key) {
                    fill_null(inner, below);
                    fill(inner, below);
                }
            }
        }
        Value::Array(items) => {
            let Some(item) = node.items.as_deref() else {
                return;
            };
            for inner in items {
                fill_null(inner, item);
                fill(inner, item);
            }
        }
        _ => {}
    }
}

fn fill_null(value: &mut Value, node: &Node) {
    if value.is_null()
        && !node.nullable
        && let Some(default) = &node.default
    {
        *value = default.clone();
    }
}

fn below<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match (node.properties.get(key), &node.additional) {
        (Some(property), _) => Some(property),
        (None, Additional::Of(node)) => Some(node),
        _ => None,
    }
}
