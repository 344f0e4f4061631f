//! What clients send, and what the log calls it.

use lostwrite::history::LeafPath;
use serde_json::{Map, Value, json};

use super::cluster::Client;

pub fn definition(listed: bool) -> Value {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let mut status = open.clone();
    if listed {
        let mut items = open.clone();
        items["required"] = json!(["type"]);
        items["properties"]["type"] = json!({ "type": "string" });
        status["properties"]["conditions"] = json!({
            "type": "array", "items": items, "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"],
        });
    }
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.example.com" },
        "spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "properties": { "spec": open, "status": status },
                } },
            }],
        },
    })
}

pub fn verb_of(method: &str) -> &'static str {
    if method == "PUT" { "update" } else { "patch" }
}

pub fn time(micros: u64) -> String {
    let time = jiff::Timestamp::from_microsecond(micros as i64).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// An object with what is meant.
pub fn with(base: &Value, intent: &[(LeafPath, Value)]) -> Value {
    let mut object = base.clone();
    for (path, value) in intent {
        lostwrite::history::infer::put(&mut object, path.parts(), Some(value.clone()));
    }
    object
}

/// A merge patch between two objects: lists whole.
pub fn merge(from: &Value, to: &Value) -> Value {
    let (Value::Object(a), Value::Object(b)) = (from, to) else { return to.clone() };
    let mut patch = Map::new();
    for (key, value) in b {
        match a.get(key) {
            Some(old) if old == value => {}
            Some(old) if old.is_object() && value.is_object() => {
                patch.insert(key.clone(), merge(old, value));
            }
            _ => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(patch)
}

/// The same as RFC 6902 operations: entries by index.
pub fn operations(from: &Value, to: &Value, client: &Client) -> Vec<Value> {
    let Some(name) = &client.condition else {
        let path = format!("/status/{}", client.field);
        return vec![json!({ "op": "add", "path": path, "value": to["status"][&client.field] })];
    };
    let conditions =
        |of: &Value| of["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let place = |of: &[Value]| of.iter().position(|it| it["type"] == name.as_str());
    let (old, new) = (conditions(from), conditions(to));
    let entry = &new[place(&new).unwrap()];
    match place(&old) {
        None => vec![json!({ "op": "add", "path": "/status/conditions/-", "value": entry })],
        Some(at) => {
            let fields = entry.as_object().unwrap().iter();
            let changed = fields.filter(|(key, value)| old[at].get(key.as_str()) != Some(value));
            changed
                .map(|(key, value)| {
                    let path = format!("/status/conditions/{at}/{key}");
                    json!({ "op": "add", "path": path, "value": value })
                })
                .collect()
        }
    }
}
