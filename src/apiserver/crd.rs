//! CustomResourceDefinitions: defaults, validation, status, and the kinds they define.
//!
//! Left out: conversion webhooks (versions differ in their apiVersion and in nothing else,
//! `versions.rs`), and the check that two definitions of one group do not share names.
//! Next to read: `kind.rs`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::metadata;
use super::schema::{FieldError, Schema};
use super::strategy::Strategy;
use super::{Kind, Resource, Scale};

/// The group of CustomResourceDefinitions.
pub(crate) const GROUP: &str = "apiextensions.k8s.io";
/// Their kind.
pub(crate) const KIND: &str = "CustomResourceDefinition";

/// The resource of CustomResourceDefinitions.
pub(crate) fn resource() -> Resource {
    let plural = String::from("customresourcedefinitions");
    Resource { group: GROUP.into(), version: "v1".into(), plural }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn strings(value: &Value) -> Vec<String> {
    let list = value.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(String::from).collect()
}

fn versions(crd: &Value) -> &[Value] {
    crd["spec"]["versions"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The kinds that a definition serves, one for each served version.
pub(crate) fn kinds(crd: &Value) -> Result<Vec<Kind>, Vec<FieldError>> {
    let mut kinds = Vec::new();
    let mut errors = Vec::new();
    let mut stored = None;
    for (index, version) in versions(crd).iter().enumerate() {
        let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
        let openapi = &version["schema"]["openAPIV3Schema"];
        match Schema::parse(openapi, &path) {
            Ok(schema) => {
                let kind = kind(crd, version, schema);
                if version["storage"] == true {
                    stored = Some((kind.resource.clone(), kind.schema.clone()));
                }
                if version["served"] == true {
                    kinds.push(kind);
                }
            }
            Err(mut more) => errors.append(&mut more),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let all: Vec<Resource> = kinds.iter().map(|kind| kind.resource.clone()).collect();
    for kind in &mut kinds {
        kind.siblings = all.iter().filter(|other| **other != kind.resource).cloned().collect();
        let other = stored.as_ref().filter(|(resource, _)| *resource != kind.resource);
        kind.stored_as = other.map(|(_, schema)| schema.clone());
    }
    Ok(kinds)
}

fn kind(crd: &Value, version: &Value, schema: Schema) -> Kind {
    let spec = &crd["spec"];
    let names = &spec["names"];
    let or = |value: &str, default: String| match value {
        "" => default,
        value => value.to_string(),
    };
    let kind = text(&names["kind"]).to_string();
    Kind {
        resource: Resource {
            group: text(&spec["group"]).into(),
            version: text(&version["name"]).into(),
            plural: text(&names["plural"]).into(),
        },
        singular: or(text(&names["singular"]), kind.to_lowercase()),
        list_kind: or(text(&names["listKind"]), format!("{kind}List")),
        kind,
        short_names: strings(&names["shortNames"]),
        categories: strings(&names["categories"]),
        namespaced: spec["scope"] != "Cluster",
        strategy: Strategy::Custom,
        status_subresource: version["subresources"]["status"].is_object(),
        status_at_creation: false,
        unconditional_update: false,
        create_on_update: false,
        review: false,
        generation: true,
        scale: scale(version).map(Arc::new),
        siblings: Vec::new(),
        stored_as: None,
        selectable_fields: selectable_fields(version),
        printer_columns: Arc::new(version["additionalPrinterColumns"].clone()),
        openapi: schema.text().cloned(),
        schema: Arc::new(schema),
    }
}

fn scale(version: &Value) -> Option<Scale> {
    let scale = version["subresources"].get("scale").filter(|scale| scale.is_object())?;
    Some(Scale {
        spec: text(&scale["specReplicasPath"]).to_owned(),
        status: text(&scale["statusReplicasPath"]).to_owned(),
        selector: scale["labelSelectorPath"].as_str().map(str::to_owned),
    })
}

/// The paths of `selectableFields`, without the leading dot.
fn selectable_fields(version: &Value) -> Vec<String> {
    let list = version["selectableFields"].as_array().into_iter().flatten();
    let paths = list.filter_map(|field| field["jsonPath"].as_str());
    paths.map(|path| path.trim_start_matches('.').to_string()).collect()
}

/// Fills in what a definition may leave out.
pub(crate) fn default(crd: &mut Value) {
    let kind = text(&crd["spec"]["names"]["kind"]).to_string();
    let Some(spec) = crd.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if let Some(names) = spec.get_mut("names").and_then(Value::as_object_mut) {
        let lower = kind.to_lowercase();
        names.entry("singular").or_insert_with(|| lower.into());
        names.entry("listKind").or_insert_with(|| format!("{kind}List").into());
    }
    spec.entry("conversion").or_insert_with(|| json!({ "strategy": "None" }));
    if let Some(versions) = spec.get_mut("versions").and_then(Value::as_array_mut) {
        for version in versions.iter_mut().filter_map(Value::as_object_mut) {
            version.entry("served").or_insert(Value::Bool(false));
            version.entry("storage").or_insert(Value::Bool(false));
        }
    }
}

/// What a definition's status is before its controller has looked at it.
pub(crate) fn initial_status(crd: &mut Value) {
    let stored = storage_versions(crd);
    crd["status"] = json!({
        "conditions": null,
        "acceptedNames": { "plural": "", "kind": "" },
        "storedVersions": stored,
    });
}

/// The version in which objects are stored; of several, which is a mistake, the first.
fn storage_versions(crd: &Value) -> Vec<String> {
    let stored = versions(crd).iter().filter(|version| version["storage"] == true);
    stored.map(|version| text(&version["name"]).to_string()).take(1).collect()
}

/// What the naming controller says to a definition: its names are accepted, it is established.
pub(crate) fn accept(crd: &mut Value, time: i64) {
    let names = crd["spec"]["names"].clone();
    if !crd["status"].is_object() {
        initial_status(crd);
    }
    crd["status"]["acceptedNames"] = names;
    note_stored_versions(crd);
    set_condition(crd, "NamesAccepted", "NoConflicts", "no conflicts found", time);
    let message = "the initial names have been accepted";
    set_condition(crd, "Established", "InitialNamesAccepted", message, time);
}

/// Adds the version in which objects are stored to those in which some may be stored.
pub(crate) fn note_stored_versions(crd: &mut Value) {
    let mut stored = strings(&crd["status"]["storedVersions"]);
    for version in storage_versions(crd) {
        if !stored.contains(&version) {
            stored.push(version);
        }
    }
    if crd["status"].is_object() {
        crd["status"]["storedVersions"] = json!(stored);
    }
}

/// Sets a condition to True; one that is True already stays as it is.
pub(crate) fn set_condition(crd: &mut Value, name: &str, reason: &str, message: &str, time: i64) {
    let condition = json!({
        "type": name,
        "status": "True",
        "lastTransitionTime": metadata::timestamp(time),
        "reason": reason,
        "message": message,
    });
    let mut conditions = crd["status"]["conditions"].as_array().cloned().unwrap_or_default();
    match conditions.iter_mut().find(|known| known["type"] == name) {
        Some(known) if known["status"] == "True" => {}
        Some(known) => *known = condition,
        None => conditions.push(condition),
    }
    if let Some(status) = crd.get_mut("status").and_then(Value::as_object_mut) {
        status.insert("conditions".into(), Value::Array(conditions));
    }
}

pub(crate) use super::definition::validate;
