//! The value validations of a structural schema, as a tree of their own.
//!
//! The same keywords as in JSON Schema, read once; `validate.rs` applies them. Under `allOf` and
//! the like there is nothing but rules, which is why they are not part of the nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::cel;
use super::field_error::FieldError;
use super::parse::{properties, strings, text};
use super::pattern::Pattern;

/// A bound on a number.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub limit: f64,
    pub exclusive: bool,
}

/// How the items of a list are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ListKind {
    /// Not at all.
    #[default]
    Atomic,
    /// By themselves.
    Set,
    /// By their keys.
    Map,
}

/// Where a schema stands in its definition.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub path: &'a str,
    /// The outermost list around it whose items have no old counterparts.
    pub uncorrelatable: Option<&'a str>,
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
    pub pattern: Option<Pattern>,
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
    pub list: ListKind,
    /// The rules in CEL that stand here.
    pub cel: Option<Arc<cel::Checks>>,
    /// Whether there are any, here or below.
    pub watched: bool,
}

impl Rules {
    /// Reads the rules of one schema on the spine, where rules in CEL may stand; what is wrong
    /// with those goes to `errors`. What cannot be read besides was refused by `parse.rs`.
    pub fn parse(schema: &Value, at: At<'_>, errors: &mut Vec<FieldError>) -> Rules {
        let mut rules = Rules::values(schema);
        let before = errors.len();
        rules.properties = properties(schema)
            .map(|(key, inner)| {
                let path = format!("{}.properties[{key}]", at.path);
                (key.clone(), Rules::parse(inner, At { path: &path, ..at }, errors))
            })
            .collect();
        rules.additional = below(schema, "additionalProperties").map(|inner| {
            let path = format!("{}.additionalProperties", at.path);
            Box::new(Rules::parse(inner, At { path: &path, ..at }, errors))
        });
        rules.items = below(schema, "items").map(|inner| {
            let path = format!("{}.items", at.path);
            let own = (rules.list != ListKind::Map).then_some(at.path);
            let at = At { path: &path, uncorrelatable: at.uncorrelatable.or(own) };
            Box::new(Rules::parse(inner, at, errors))
        });
        // The server looks at expressions only where nothing below is wrong.
        if errors.len() == before {
            let At { path, uncorrelatable } = at;
            rules.cel = cel::compile(&cel::Site { schema, path, uncorrelatable }, errors);
        }
        rules.watched = rules.cel.is_some()
            || rules.properties.values().any(|inner| inner.watched)
            || [&rules.additional, &rules.items].into_iter().flatten().any(|inner| inner.watched);
        rules
    }

    /// Whether the rules in CEL of a place on the way along a path of field names, steps into items
    /// skipped, see something: they are asked with the rest of the path.
    pub fn any_sees(&self, path: &[&str], sees: &dyn Fn(&cel::Checks, &[&str]) -> bool) -> bool {
        if !self.watched {
            return false;
        }
        if self.cel.as_ref().is_some_and(|checks| sees(checks, path)) {
            return true;
        }
        if let Some(items) = &self.items {
            return items.any_sees(path, sees);
        }
        let Some((first, rest)) = path.split_first() else { return false };
        let inner = [self.properties.get(*first), self.additional.as_deref()];
        inner.into_iter().flatten().any(|inner| inner.any_sees(rest, sees))
    }

    /// The rules of a place by a path of field names, steps into items skipped.
    pub fn at(&self, path: &[&str]) -> Option<&Rules> {
        if let Some(items) = &self.items {
            return items.at(path);
        }
        let Some((first, rest)) = path.split_first() else { return Some(self) };
        self.properties.get(*first).or(self.additional.as_deref())?.at(rest)
    }

    /// Whether a rule in CEL finds a value here equal to those only that are written alike: no time
    /// and no floating point number.
    pub fn is_exact(&self) -> bool {
        self.types == ["integer"] || self.format.is_empty() && self.types != ["number"]
    }

    /// Reads a schema under `allOf` and the like: it has no rules in CEL.
    fn nested(schema: &Value) -> Rules {
        let inner = |key: &str| below(schema, key).map(|inner| Box::new(Rules::nested(inner)));
        Rules {
            properties: properties(schema)
                .map(|(key, inner)| (key.clone(), Rules::nested(inner)))
                .collect(),
            additional: inner("additionalProperties"),
            items: inner("items"),
            ..Rules::values(schema)
        }
    }

    /// All of one schema but what stands below it.
    fn values(schema: &Value) -> Rules {
        let count = |key: &str| schema.get(key).and_then(Value::as_u64);
        let number = |key: &str| schema.get(key).and_then(Value::as_f64);
        let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let bound = |key: &str, exclusive: &str| {
            number(key).map(|limit| Bound { limit, exclusive: flag(exclusive) })
        };
        let many = |key: &str| {
            let list = schema.get(key).and_then(Value::as_array);
            list.into_iter().flatten().map(Rules::nested).collect::<Vec<_>>()
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
            pattern: (!pattern.is_empty()).then(|| Pattern::new(pattern)),
            min_items: count("minItems"),
            max_items: count("maxItems"),
            min_properties: count("minProperties"),
            max_properties: count("maxProperties"),
            all_of: many("allOf"),
            any_of: many("anyOf"),
            one_of: many("oneOf"),
            not: below(schema, "not").map(|inner| Box::new(Rules::nested(inner))),
            map_keys: strings(schema, "x-kubernetes-list-map-keys"),
            list: match text(schema, "x-kubernetes-list-type") {
                "set" => ListKind::Set,
                "map" => ListKind::Map,
                _ => ListKind::Atomic,
            },
            ..Rules::default()
        }
    }
}

/// A schema below this one.
fn below<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    schema.get(key).filter(|inner| inner.is_object())
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
