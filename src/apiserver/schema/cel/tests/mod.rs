//! What a server says to values by rules: each row is a neighbour of another, by one detail.
//!
//! The texts are those of `apiextensions-apiserver` v1.36 (`schema/cel/validation.go` and its
//! tests, where objects and lists are no longer printed).

mod asking;
mod language;
mod neighbours;

use serde_json::{Value, json};

use super::super::{FieldError, Schema};

/// A schema with this under `spec`, and a status.
fn under_spec(spec: Value) -> Schema {
    with_root(spec, json!([]))
}

fn with_root(spec: Value, rules: Value) -> Schema {
    let schema = json!({
        "type": "object",
        "x-kubernetes-validations": rules,
        "properties": {
            "spec": spec,
            "status": { "type": "object", "properties": { "ready": { "type": "boolean" } } },
        },
    });
    Schema::parse(&schema, "schema").unwrap()
}

fn object(spec: &Value) -> Value {
    json!({
        "apiVersion": "demo.example.com/v1", "kind": "Gear",
        "metadata": { "name": "g", "uid": "u" }, "spec": spec,
    })
}

fn texts(errors: &[FieldError]) -> Vec<String> {
    errors.iter().map(FieldError::text).collect()
}

/// Errors of a create (`old` is null) or an update of the spec.
fn say(schema: &Schema, old: &Value, new: &Value) -> Vec<String> {
    let before = (!old.is_null()).then(|| object(old));
    texts(&schema.validate(&object(new), before.as_ref(), &mut Vec::new()))
}

/// One rule of a value that has a type and more.
fn ruled(mut schema: Value, rule: &str) -> Value {
    schema["x-kubernetes-validations"] = json!([{ "rule": rule }]);
    schema
}

fn list(list_type: &str, items: Value) -> Value {
    let mut list = json!({ "type": "array", "items": items });
    if !list_type.is_empty() {
        list["x-kubernetes-list-type"] = list_type.into();
    }
    if list_type == "map" {
        list["x-kubernetes-list-map-keys"] = json!(["k"]);
    }
    list
}

fn entry(rule: &str) -> Value {
    let schema = json!({
        "type": "object", "required": ["k"],
        "properties": { "k": { "type": "string" }, "n": { "type": "integer" } },
    });
    ruled(schema, rule)
}

const NONE: [&str; 0] = [];
