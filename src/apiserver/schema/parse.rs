//! From a CRD's `openAPIV3Schema` to nodes and rules, refusing what is not structural.
//!
//! The checks are those a real server makes when the CRD is created, with its texts, as far as
//! they bear on objects; documentation fields, `example` and the like are not looked at.
//! Next to read: `rules.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::field_error::FieldError;
use super::node::{Additional, ListType, Node, Type};
use super::pattern;
use super::rules::{At, Rules};

/// Where in the schema a node stands; the text of a missing `type` depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Root,
    Item,
    Field,
}

/// Reads a whole schema that stands at `path`.
pub(super) fn parse(openapi: &Value, path: &str) -> Result<(Node, Rules), Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut parser = Parser { errors: &mut errors };
    let mut node = parser.node(openapi, path, Level::Root, false);
    parser.nested(openapi, path);
    let rules = Rules::parse(openapi, At { path, uncorrelatable: None }, &mut errors);
    add_metadata(&mut node);
    if errors.is_empty() {
        return Ok((node, rules));
    }
    errors.sort_by_key(FieldError::text);
    Err(errors)
}

/// The fields that every resource has, whether its schema says so or not.
pub(super) fn add_metadata(node: &mut Node) {
    let string = Arc::new(Node { ty: Type::String, ..Node::default() });
    node.properties.insert("apiVersion".to_owned(), string.clone());
    node.properties.insert("kind".to_owned(), string);
    node.properties.insert("metadata".to_owned(), super::builtin::object_meta());
}

struct Parser<'a> {
    errors: &'a mut Vec<FieldError>,
}

impl Parser<'_> {
    fn node(&mut self, schema: &Value, path: &str, level: Level, open: bool) -> Node {
        let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let preserve = flag("x-kubernetes-preserve-unknown-fields");
        let open = open || preserve;
        let mut node = Node {
            ty: type_of(schema),
            nullable: flag("nullable"),
            default: schema.get("default").filter(|value| !value.is_null()).cloned(),
            preserve,
            open,
            embedded: flag("x-kubernetes-embedded-resource"),
            list: list_type(schema),
            atomic_map: text(schema, "x-kubernetes-map-type") == "atomic",
            ..Node::default()
        };
        self.check(schema, path, level);
        node.properties = properties(schema)
            .map(|(key, inner)| {
                let path = format!("{path}.properties[{key}]");
                (key.clone(), Arc::new(self.node(inner, &path, Level::Field, open)))
            })
            .collect::<BTreeMap<_, _>>();
        node.additional = match schema.get("additionalProperties") {
            Some(Value::Bool(true)) => Additional::Any,
            Some(inner @ Value::Object(_)) => {
                let path = format!("{path}.additionalProperties");
                Additional::Of(Arc::new(self.node(inner, &path, Level::Field, open)))
            }
            _ => Additional::Unsaid,
        };
        if let Some(inner @ Value::Object(_)) = schema.get("items") {
            let path = format!("{path}.items");
            node.items = Some(Arc::new(self.node(inner, &path, Level::Item, open)));
        }
        if node.embedded {
            add_metadata(&mut node);
        }
        node
    }

    fn refuse(&mut self, error: FieldError) {
        self.errors.push(error);
    }

    fn check(&mut self, schema: &Value, path: &str, level: Level) {
        self.check_type(schema, path, level);
        self.check_lists(schema, path);
        self.check_pattern(schema, path);
        let additional = format!("{path}.additionalProperties");
        if let Some(value) = schema.get("additionalProperties") {
            if level == Level::Root {
                self.refuse(FieldError::forbidden(&additional, "must not be used at the root"));
            }
            if properties(schema).next().is_some() && value != &Value::Bool(true) {
                let detail = "additionalProperties and properties are mutual exclusive";
                self.refuse(FieldError::forbidden(&additional, detail));
            }
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            let detail = "uniqueItems cannot be set to true since the runtime complexity becomes \
                          quadratic";
            self.refuse(FieldError::forbidden(&format!("{path}.uniqueItems"), detail));
        }
    }

    fn check_type(&mut self, schema: &Value, path: &str, level: Level) {
        let field = format!("{path}.type");
        let flag = |key: &str| schema.get(key) == Some(&Value::Bool(true));
        let ty = text(schema, "type");
        if flag("x-kubernetes-embedded-resource") && ty != "object" {
            let detail = "must be object if x-kubernetes-embedded-resource is true";
            self.refuse(wrong_or_missing(&field, ty, detail));
        } else if ty.is_empty()
            && !flag("x-kubernetes-int-or-string")
            && !flag("x-kubernetes-preserve-unknown-fields")
        {
            self.refuse(FieldError::required(
                &field,
                match level {
                    Level::Root => "must not be empty at the root",
                    Level::Item => "must not be empty for specified array items",
                    Level::Field => "must not be empty for specified object fields",
                },
            ));
        }
        if level == Level::Root && !ty.is_empty() && ty != "object" {
            let value = Value::from(ty);
            self.refuse(FieldError::invalid(&field, &value, "must be object at the root"));
        }
        const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
        if !ty.is_empty() && !TYPES.contains(&ty) {
            self.refuse(FieldError::not_supported(&field, &Value::from(ty), &TYPES));
        }
        if ty == "array" && schema.get("items").is_none() {
            self.refuse(FieldError::required(&format!("{path}.items"), "must be specified"));
        }
        if schema.get("x-kubernetes-preserve-unknown-fields") == Some(&Value::Bool(false)) {
            let field = format!("{path}.x-kubernetes-preserve-unknown-fields");
            let value = Value::Bool(false);
            self.refuse(FieldError::invalid(&field, &value, "must be true or undefined"));
        }
    }

    fn check_lists(&mut self, schema: &Value, path: &str) {
        let ty = text(schema, "type");
        let field = |name: &str| format!("{path}.{name}");
        let map_type = text(schema, "x-kubernetes-map-type");
        if !map_type.is_empty() {
            if ty != "object" {
                let detail = "must be object if x-kubernetes-map-type is specified";
                self.refuse(wrong_or_missing(&field("type"), ty, detail));
            }
            if !["atomic", "granular"].contains(&map_type) {
                let value = Value::from(map_type);
                let field = field("x-kubernetes-map-type");
                self.refuse(FieldError::not_supported(&field, &value, &["atomic", "granular"]));
            }
        }
        let list_type = text(schema, "x-kubernetes-list-type");
        let keys = strings(schema, "x-kubernetes-list-map-keys");
        if !list_type.is_empty() {
            if ty != "array" {
                let detail = "must be array if x-kubernetes-list-type is specified";
                self.refuse(wrong_or_missing(&field("type"), ty, detail));
            }
            const LISTS: [&str; 3] = ["atomic", "map", "set"];
            if !LISTS.contains(&list_type) {
                let value = Value::from(list_type);
                let field = field("x-kubernetes-list-type");
                self.refuse(FieldError::not_supported(&field, &value, &LISTS));
            }
        }
        if !keys.is_empty() && list_type != "map" {
            let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            self.refuse(wrong_or_missing(&field("x-kubernetes-list-type"), list_type, detail));
        }
        if list_type == "map" {
            self.check_map_keys(schema, path, &keys);
        }
    }

    fn check_map_keys(&mut self, schema: &Value, path: &str, keys: &[String]) {
        let field = format!("{path}.x-kubernetes-list-map-keys");
        if keys.is_empty() {
            let detail = "must not be empty if x-kubernetes-list-type is map";
            self.refuse(FieldError::required(&field, detail));
        }
        let Some(items) = schema.get("items") else {
            let detail = "must have a schema if x-kubernetes-list-type is map";
            self.refuse(FieldError::required(&format!("{path}.items"), detail));
            return;
        };
        if text(items, "type") != "object" {
            let detail = "must be object if parent array's x-kubernetes-list-type is map";
            let value = Value::from(text(items, "type"));
            self.refuse(FieldError::invalid(&format!("{path}.items.type"), &value, detail));
            return;
        }
        let all = Value::from(keys.to_vec());
        for (position, key) in keys.iter().enumerate() {
            match items.get("properties").and_then(|properties| properties.get(key)) {
                None => {
                    let detail = "entries must all be names of item properties";
                    self.refuse(FieldError::invalid(&field, &all, detail));
                }
                Some(property) => self.check_map_key(items, property, path, key),
            }
            if keys[..position].contains(key) {
                let detail = "must not contain duplicate entries";
                self.refuse(FieldError::invalid(&field, &all, detail));
            }
        }
    }

    fn check_map_key(&mut self, items: &Value, property: &Value, path: &str, key: &str) {
        let at = format!("{path}.items.properties[{key}]");
        if ["array", "object"].contains(&text(property, "type")) {
            let detail = "must be a scalar type if parent array's x-kubernetes-list-type is map";
            let value = Value::from(text(items, "type"));
            self.refuse(FieldError::invalid(&format!("{at}.type"), &value, detail));
        }
        let required = strings(items, "required").iter().any(|name| name == key);
        if !required && property.get("default").is_none() {
            let detail = "this property is in x-kubernetes-list-map-keys, so it must have a \
                          default or be a required property";
            self.refuse(FieldError::required(&format!("{at}.default"), detail));
        }
    }

    fn check_pattern(&mut self, schema: &Value, path: &str) {
        let pattern = text(schema, "pattern");
        if let Err(why) = pattern::check(pattern) {
            let detail = format!("must be a valid regular expression, but isn't: {why}");
            let value = Value::from(pattern);
            self.refuse(FieldError::invalid(&format!("{path}.pattern"), &value, &detail));
        }
    }

    /// Under `allOf`, `anyOf`, `oneOf` and `not`, only values may be restricted.
    fn nested(&mut self, schema: &Value, path: &str) {
        for key in ["allOf", "anyOf", "oneOf"] {
            let Some(Value::Array(list)) = schema.get(key) else {
                continue;
            };
            if key == "anyOf" && is_int_or_string(schema) {
                continue;
            }
            for (index, inner) in list.iter().enumerate() {
                let path = format!("{path}.{key}[{index}]");
                if key == "allOf" && index == 0 && is_int_or_string_all_of(schema, inner) {
                    continue;
                }
                self.nested_values(inner, &path);
            }
        }
        if let Some(inner) = schema.get("not") {
            self.nested_values(inner, &format!("{path}.not"));
        }
        for (key, inner) in properties(schema) {
            self.nested(inner, &format!("{path}.properties[{key}]"));
        }
        for key in ["items", "additionalProperties"] {
            if let Some(inner @ Value::Object(_)) = schema.get(key) {
                self.nested(inner, &format!("{path}.{key}"));
            }
        }
    }

    fn nested_values(&mut self, schema: &Value, path: &str) {
        self.check_pattern(schema, path);
        for (key, detail) in [
            ("type", "must be empty to be structural"),
            ("additionalProperties", "must be undefined to be structural"),
            ("default", "must be undefined to be structural"),
            ("title", "must be empty to be structural"),
            ("description", "must be empty to be structural"),
            ("nullable", "must be false to be structural"),
            ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"),
            ("x-kubernetes-embedded-resource", "must be false to be structural"),
            ("x-kubernetes-int-or-string", "must be false to be structural"),
            ("x-kubernetes-list-map-keys", "must be empty to be structural"),
            ("x-kubernetes-list-type", "must be undefined to be structural"),
            ("x-kubernetes-map-type", "must be undefined to be structural"),
            ("x-kubernetes-validations", "must be empty to be structural"),
        ] {
            if schema.get(key).is_some_and(|value| value != &Value::Bool(false)) {
                self.refuse(FieldError::forbidden(&format!("{path}.{key}"), detail));
            }
        }
        for (key, inner) in properties(schema) {
            let path = format!("{path}.properties[{key}]");
            if key == "metadata" {
                let detail = "must not be specified in a nested context";
                self.refuse(FieldError::forbidden(&path, detail));
            }
            self.nested_values(inner, &path);
        }
        if let Some(inner @ Value::Object(_)) = schema.get("items") {
            self.nested_values(inner, &format!("{path}.items"));
        }
        for key in ["allOf", "anyOf", "oneOf"] {
            if let Some(Value::Array(list)) = schema.get(key) {
                for (index, inner) in list.iter().enumerate() {
                    self.nested_values(inner, &format!("{path}.{key}[{index}]"));
                }
            }
        }
        if let Some(inner) = schema.get("not") {
            self.nested_values(inner, &format!("{path}.not"));
        }
    }
}

fn wrong_or_missing(field: &str, found: &str, detail: &str) -> FieldError {
    if found.is_empty() {
        FieldError::required(field, detail)
    } else {
        FieldError::invalid(field, &Value::from(found), detail)
    }
}

/// `anyOf: [{type: integer}, {type: string}]`, which the int-or-string extension allows.
fn is_int_or_string(schema: &Value) -> bool {
    let types = |index: usize| schema["anyOf"].get(index).map(|inner| inner["type"].as_str());
    schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true))
        && types(0) == Some(Some("integer"))
        && types(1) == Some(Some("string"))
}

fn is_int_or_string_all_of(schema: &Value, first: &Value) -> bool {
    let flag = schema.get("x-kubernetes-int-or-string") == Some(&Value::Bool(true));
    flag && first["anyOf"][0]["type"] == "integer" && first["anyOf"][1]["type"] == "string"
}

fn type_of(schema: &Value) -> Type {
    match text(schema, "type") {
        "object" => Type::Object,
        "array" => Type::Array,
        "integer" | "number" => Type::Number,
        "boolean" => Type::Boolean,
        "string" if ["", "byte"].contains(&text(schema, "format")) => Type::String,
        "string" => Type::Scalar,
        _ => Type::Any,
    }
}

fn list_type(schema: &Value) -> ListType {
    match text(schema, "x-kubernetes-list-type") {
        "set" => ListType::Set,
        "map" => ListType::Map(strings(schema, "x-kubernetes-list-map-keys")),
        _ => ListType::Atomic,
    }
}

pub(super) fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn strings(schema: &Value, key: &str) -> Vec<String> {
    let list = schema.get(key).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

pub(super) fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}
