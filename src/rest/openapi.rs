//! OpenAPI: the schemas of kinds for clients, and the operations that they look for.
//!
//! A custom kind's schema is the one of its definition. A built-in kind's is made from the table of
//! structs, with what kubectl reads of it: types, merge keys and list types. It has no
//! descriptions. Next to read: `discovery.rs`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::apiserver::schema::builtin::structure;
use crate::apiserver::schema::node::{Additional, ListType, Node, Type};
use crate::apiserver::{ApiServer, Kind};

use super::discovery::{VERSION, of_version};

/// What clients that insist on OpenAPI v2 in protobuf accept, as kubectl up to 1.28 does: between
/// this and the version stands a dot or an at sign.
pub(crate) const V2_ASKED: &str = "application/com.github.proto-openapi.spec.v2";

/// The media type of OpenAPI v2 in protobuf.
pub(crate) const V2_PROTOBUF: &str = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/// The schemas that have been written, by name.
type Definitions = BTreeMap<String, Value>;

/// The name of a kind's schema: `com.example.demo.v1.Widget`.
fn definition_name(kind: &Kind) -> String {
    let mut parts: Vec<&str> = kind.resource.group.split('.').rev().collect();
    parts.retain(|part| !part.is_empty());
    if parts.is_empty() {
        parts = vec!["io", "k8s", "api", "core"];
    }
    format!("{}.{}.{}", parts.join("."), kind.resource.version, kind.kind)
}

fn group_version_kind(kind: &Kind) -> Value {
    json!({
        "group": kind.resource.group,
        "version": kind.resource.version,
        "kind": kind.kind,
    })
}

/// Adds a kind's schema, and those it refers to; references begin with `prefix`.
fn define(kind: &Kind, prefix: &str, definitions: &mut Definitions) {
    let group = &kind.resource.group;
    let found = structure(group, &kind.resource.version, &kind.kind).filter(|_| !kind.is_custom());
    let mut schema = match (&kind.openapi, found) {
        (Some(openapi), _) => openapi.as_ref().clone(),
        (None, Some(node)) => object(&node, prefix, definitions),
        (None, None) => json!({ "type": "object" }),
    };
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    let text = |description: &str| json!({ "type": "string", "description": description });
    schema["properties"]["apiVersion"] = text("The versioned schema of this object.");
    schema["properties"]["kind"] = text("The kind of this object.");
    if kind.is_custom() {
        schema["properties"]["metadata"] =
            json!({ "type": "object", "description": "Standard object metadata." });
    }
    schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(kind)]);
    definitions.insert(definition_name(kind), schema);
}

/// The schema of a struct.
fn object(node: &Node, prefix: &str, definitions: &mut Definitions) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, field) in &node.properties {
        properties.insert(name.clone(), schema(field, prefix, definitions));
        let scalar = !matches!(field.ty, Type::Scalar) && field.go.structure.is_none();
        if field.go.kept && scalar {
            required.push(name.as_str());
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if node.atomic_map {
        schema["x-kubernetes-map-type"] = json!("atomic");
    }
    schema
}

/// The schema of a field.
fn schema(node: &Node, prefix: &str, definitions: &mut Definitions) -> Value {
    let mut schema = match (node.ty, node.go.table) {
        (Type::Object, Some(table)) => {
            let name = format!("io.k8s.api.{table}");
            let reference = json!({ "$ref": format!("{prefix}{name}") });
            if !definitions.contains_key(&name) {
                definitions.insert(name.clone(), Value::Null);
                let written = object(node, prefix, definitions);
                definitions.insert(name, written);
            }
            return reference;
        }
        (Type::Object, None) => match &node.additional {
            Additional::Of(inner) => {
                let inner = self::schema(inner, prefix, definitions);
                json!({ "type": "object", "additionalProperties": inner })
            }
            _ => json!({ "type": "object" }),
        },
        (Type::Array, _) => {
            json!({ "type": "array", "items": self::schema(node.item(), prefix, definitions) })
        }
        (Type::Boolean, _) => json!({ "type": "boolean" }),
        (Type::Number, _) => {
            json!({ "type": "integer", "format": format!("int{}", node.go.bits) })
        }
        (Type::Scalar, _) if node.go.name.ends_with("Time") => {
            json!({ "type": "string", "format": "date-time" })
        }
        (Type::Scalar, _) if node.go.name == "intstr.IntOrString" => {
            json!({ "type": "string", "format": "int-or-string" })
        }
        (Type::String, _) if node.go.name == "[]uint8" => {
            json!({ "type": "string", "format": "byte" })
        }
        (Type::String | Type::Scalar, _) => json!({ "type": "string" }),
        (Type::Any, _) => json!({ "type": "object" }),
    };
    merging(node, &mut schema);
    schema
}

/// How a field merges, for clients that make patches.
fn merging(node: &Node, schema: &mut Value) {
    match &node.list {
        ListType::Atomic if node.ty == Type::Array => {
            schema["x-kubernetes-list-type"] = json!("atomic");
        }
        ListType::Atomic => {}
        ListType::Set => schema["x-kubernetes-list-type"] = json!("set"),
        ListType::Map(keys) => {
            schema["x-kubernetes-list-type"] = json!("map");
            schema["x-kubernetes-list-map-keys"] = json!(keys);
        }
    }
    if node.patch.merge {
        schema["x-kubernetes-patch-strategy"] = match node.patch.retain_keys {
            true => json!("merge,retainKeys"),
            false => json!("merge"),
        };
        if !node.patch.merge_key.is_empty() {
            schema["x-kubernetes-patch-merge-key"] = json!(node.patch.merge_key);
        }
    }
}

fn info() -> Value {
    json!({ "title": "Kubernetes", "version": VERSION })
}

/// The operations of a kind's paths, as far as clients look at them.
fn operations(kind: &Kind) -> Vec<(String, Value)> {
    let prefix = match kind.resource.group.as_str() {
        "" => format!("/api/{}", kind.resource.version),
        group => format!("/apis/{group}/{}", kind.resource.version),
    };
    let namespaces = if kind.namespaced { "/namespaces/{namespace}" } else { "" };
    let collection = format!("{prefix}{namespaces}/{}", kind.resource.plural);
    let operation = |action: &str| {
        let parameter =
            |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string" } });
        let parameters = ["dryRun", "fieldManager", "fieldValidation"].map(parameter);
        json!({
            "parameters": parameters,
            "responses": { "200": { "description": "OK" } },
            "x-kubernetes-action": action,
            "x-kubernetes-group-version-kind": group_version_kind(kind),
        })
    };
    let item = json!({
        "get": operation("get"),
        "put": operation("put"),
        "patch": operation("patch"),
        "delete": operation("delete"),
    });
    let many = json!({ "get": operation("list"), "post": operation("post") });
    vec![(format!("{collection}/{{name}}"), item), (collection, many)]
}

/// `/openapi/v2`.
pub(crate) fn v2(server: &ApiServer) -> Value {
    let kinds = server.kinds();
    let mut definitions = Definitions::new();
    kinds.iter().for_each(|kind| define(kind, "#/definitions/", &mut definitions));
    let paths: BTreeMap<_, _> = kinds.iter().flat_map(|kind| operations(kind)).collect();
    json!({ "swagger": "2.0", "info": info(), "paths": paths, "definitions": definitions })
}

/// `/openapi/v3`.
pub(crate) fn v3_index(server: &ApiServer) -> Value {
    let mut paths = BTreeMap::new();
    for kind in server.kinds() {
        let path = match kind.resource.group.as_str() {
            "" => format!("api/{}", kind.resource.version),
            group => format!("apis/{group}/{}", kind.resource.version),
        };
        let url = format!("/openapi/v3/{path}");
        paths.insert(path, json!({ "serverRelativeURL": url }));
    }
    json!({ "paths": paths })
}

/// `/openapi/v3/apis/<group>/<version>`.
pub(crate) fn v3(server: &ApiServer, group: &str, version: &str) -> Option<Value> {
    let kinds = of_version(server, group, version);
    kinds.first()?;
    let mut schemas = Definitions::new();
    kinds.iter().for_each(|kind| define(kind, "#/components/schemas/", &mut schemas));
    let paths: BTreeMap<_, _> = kinds.iter().flat_map(|kind| operations(kind)).collect();
    Some(json!({
        "openapi": "3.0.0",
        "info": info(),
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}
