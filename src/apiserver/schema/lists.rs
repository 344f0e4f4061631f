//! The uniqueness of list-type sets and of the keys of list-type maps.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::field_error::FieldError;
use super::node::{Additional, ListType, Node};

/// Duplicates anywhere in an object but its metadata (a finalizer may stand there twice), as the
/// server reports them.
pub(super) fn validate(object: &Value, root: &Node) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let content = root.properties.iter().filter(|(key, _)| *key != "metadata");
    for (key, property) in content {
        if let Some(inner) = object.get(key) {
            walk(inner, property, key, &mut errors);
        }
    }
    errors
}

fn walk(value: &Value, node: &Node, path: &str, errors: &mut Vec<FieldError>) {
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                if let Some(property) = node.properties.get(key) {
                    walk(inner, property, &format!("{path}.{key}"), errors);
                } else if let Additional::Of(property) = &node.additional {
                    walk(inner, property, &format!("{path}[{key}]"), errors);
                }
            }
        }
        Value::Array(items) => {
            match &node.list {
                ListType::Atomic => {}
                ListType::Set => duplicates(items.clone(), path, errors),
                ListType::Map(keys) => map(items, keys, path, errors),
            }
            if let Some(item) = &node.items {
                for (index, inner) in items.iter().enumerate() {
                    walk(inner, item, &format!("{path}[{index}]"), errors);
                }
            }
        }
        _ => {}
    }
}

fn map(items: &[Value], keys: &[String], path: &str, errors: &mut Vec<FieldError>) {
    let wrong = items.iter().position(|item| !item.is_null() && !item.is_object());
    if let Some(index) = wrong {
        let detail = "must be an object for an array of list-type map";
        errors.push(FieldError::invalid(&format!("{path}[{index}]"), &items[index], detail));
        return;
    }
    let key = |item: &Value| {
        let present = keys.iter().filter_map(|key| Some((key.clone(), item.get(key)?.clone())));
        Value::Object(present.collect::<Map<_, _>>())
    };
    duplicates(items.iter().map(key).collect(), path, errors);
}

/// Every value that is met a second time is one error; a third time is not reported.
fn duplicates(values: Vec<Value>, path: &str, errors: &mut Vec<FieldError>) {
    let mut met = BTreeMap::<String, usize>::new();
    for (index, value) in values.iter().enumerate() {
        let times = met.entry(value.to_string()).or_default();
        *times += 1;
        if *times == 2 {
            errors.push(FieldError::duplicate(&format!("{path}[{index}]"), value));
        }
    }
}
