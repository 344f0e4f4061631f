//! The value validations of a structural schema, as a tree of their own.
//!
//! The same keywords as in JSON Schema, read once; `validate.rs` applies them. Under `allOf` and
//! the like there is nothing but rules, which is why they are not part of the nodes.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use super::parse::{properties, strings, text};

/// A bound on a number.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub limit: f64,
    pub exclusive: bool,
}

/// What one schema, nested or not, demands of a value.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    /// The allowed types by their JSON Schema names; empty for any.
    pub types: Vec<&'static str>,
    pub nullable: bool,
    /// A format that the server knows; others are ignored by it as well.
    pub format: String,
    pub choices: Vec<Value>,
    pub required: Vec<String>,
    pub minimum: Option<Bound>,
    pub maximum: Option<Bound>,
    pub multiple_of: Option<f64>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub pattern: Option<(String, Regex)>,
    pub min_items: Option<u64>,
    pub max_items: Option<u64>,
    pub min_properties: Option<u64>,
    pub max_properties: Option<u64>,
    pub properties: BTreeMap<String, Rules>,
    pub additional: Option<Box<Rules>>,
    pub items: Option<Box<Rules>>,
    pub all_of: Vec<Rules>,
    pub any_of: Vec<Rules>,
    pub one_of: Vec<Rules>,
    pub not: Option<Box<Rules>>,
    /// How items correlate with the old object's, for ratcheting: the keys of a list-type map.
    pub map_keys: Vec<String>,
    pub atomic_map: bool,
}

impl Rules {
    /// Reads the rules of one schema. What cannot be read was refused by `parse.rs`.
    pub fn parse(schema: &Value) -> Rules {
        let count = |key: &str| schema.get(key).and_then(Value::as_u64);
        let number = |key: &str| schema.get(key).and_then(Value::as_f64);
        let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let bound = |key: &str, exclusive: &str| {
            number(key).map(|limit| Bound { limit, exclusive: flag(exclusive) })
        };
        let many = |key: &str| {
            let list = schema.get(key).and_then(Value::as_array);
            list.into_iter().flatten().map(Rules::parse).collect::<Vec<_>>()
        };
        let one = |key: &str| {
            schema
                .get(key)
                .filter(|inner| inner.is_object())
                .map(|inner| Rules::parse(inner).into())
        };
        let types = types(schema);
        let pattern = text(schema, "pattern");
        Rules {
            nullable: flag("nullable"),
            format: known_format(&types, text(schema, "format")),
            types,
            choices: schema.get("enum").and_then(Value::as_array).cloned().unwrap_or_default(),
            required: strings(schema, "required"),
            minimum: bound("minimum", "exclusiveMinimum"),
            maximum: bound("maximum", "exclusiveMaximum"),
            multiple_of: number("multipleOf"),
            min_length: count("minLength"),
            max_length: count("maxLength"),
            pattern: Regex::new(pattern)
                .ok()
                .filter(|_| !pattern.is_empty())
                .map(|regex| (pattern.to_owned(), regex)),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            properties: properties(schema)
                .map(|(key, inner)| (key.clone(), Rules::parse(inner)))
                .collect(),
            additional: one("additionalProperties"),
            items: one("items"),
            all_of: many("allOf"),
            any_of: many("anyOf"),
            one_of: many("oneOf"),
            not: one("not"),
            map_keys: strings(schema, "x-kubernetes-list-map-keys"),
            atomic_map: text(schema, "x-kubernetes-map-type") == "atomic",
        }
    }
}

fn types(schema: &Value) -> Vec<&'static str> {
    if schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true)) {
        return vec!["integer", "string"];
    }
    match text(schema, "type") {
        "object" => vec!["object"],
        "array" => vec!["array"],
        "string" => vec!["string"],
        "integer" => vec!["integer"],
        "number" => vec!["number"],
        "boolean" => vec!["boolean"],
        _ => Vec::new(),
    }
}

/// The format if the server enforces it for this type, otherwise nothing.
fn known_format(types: &[&str], format: &str) -> String {
    let known = match types {
        [] | ["string"] => super::format::is_known(format),
        ["integer"] => ["int32", "int64"].contains(&format),
        ["number"] => ["float", "double"].contains(&format),
        _ => false,
    };
    if known { format.to_owned() } else { String::new() }
}
