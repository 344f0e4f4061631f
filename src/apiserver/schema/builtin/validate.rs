//! A few of the validations of built-in kinds: what a writer of these objects is likely to meet.
//!
//! Not here: the many value checks of pod specs. A value that a real server would refuse may be
//! stored by this one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Builtin, services, workloads};
use crate::apiserver::schema::{FieldError, decode};

/// The errors of an object of a built-in kind.
pub(in crate::apiserver::schema) fn validate(
    kind: Builtin,
    new: &Value,
    old: Option<&Value>,
) -> Vec<FieldError> {
    let mut errors = Vec::new();
    match kind {
        Builtin::Pod => {
            pod_spec(&new["spec"], "spec", &mut errors);
            if let Some(old) = old {
                pod_update(new, old, &mut errors);
            }
        }
        Builtin::Deployment | Builtin::DaemonSet | Builtin::ReplicaSet => {
            workload(new, old, &mut errors);
        }
        Builtin::StatefulSet => {
            workload(new, old, &mut errors);
            workloads::validate_stateful_set(new, old, &mut errors);
        }
        Builtin::Job => {
            pod_spec(&new["spec"]["template"]["spec"], "spec.template.spec", &mut errors);
            workloads::validate_job(new, old, &mut errors);
        }
        Builtin::Service => services::validate(new, old, &mut errors),
        Builtin::Event if old.is_none() => workloads::validate_event(new, &mut errors),
        Builtin::Lease => lease(&new["spec"], &mut errors),
        Builtin::ConfigMap | Builtin::Secret => data(kind, new, old, &mut errors),
        Builtin::Node
        | Builtin::Namespace
        | Builtin::CronJob
        | Builtin::Event
        | Builtin::PersistentVolume
        | Builtin::Other => {}
    }
    errors
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn pod_spec(spec: &Value, path: &str, errors: &mut Vec<FieldError>) {
    let containers = spec["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    let path = format!("{path}.containers");
    if containers.is_empty() {
        errors.push(FieldError::required(&path, ""));
    }
    let mut names = BTreeSet::new();
    for (index, container) in containers.iter().enumerate() {
        let at = format!("{path}[{index}]");
        let name = text(container, "name");
        if name.is_empty() {
            errors.push(FieldError::required(&format!("{at}.name"), ""));
        } else if !names.insert(name) {
            errors.push(FieldError::duplicate(&format!("{at}.name"), &json!(name)));
        }
        if text(container, "image").is_empty() {
            errors.push(FieldError::required(&format!("{at}.image"), ""));
        }
    }
}

/// Of a pod's spec only images, deadline, tolerations and (once scheduled) nothing else change.
fn pod_update(new: &Value, old: &Value, errors: &mut Vec<FieldError>) {
    let mut wanted = new["spec"].clone();
    let before = &old["spec"];
    for list in ["containers", "initContainers"] {
        let same = wanted[list].as_array().map(Vec::len) == before[list].as_array().map(Vec::len);
        if !same {
            let detail = "pod updates may not add or remove containers";
            errors.push(FieldError::forbidden(&format!("spec.{list}"), detail));
            return;
        }
        for index in 0..wanted[list].as_array().map_or(0, Vec::len) {
            let container = wanted[list][index].as_object_mut();
            if let (Some(container), Some(image)) = (container, before[list][index].get("image")) {
                container.insert("image".to_owned(), image.clone());
            }
        }
    }
    let Some(fields) = wanted.as_object_mut() else { return };
    for field in ["activeDeadlineSeconds", "tolerations"] {
        match before.get(field) {
            Some(value) => fields.insert(field.to_owned(), value.clone()),
            None => fields.remove(field),
        };
    }
    if &wanted != before {
        let detail = "pod updates may not change fields other than `spec.containers[*].image`,\
                      `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                      `spec.tolerations` (only additions to existing tolerations),\
                      `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
                      previously negative)";
        errors.push(FieldError::forbidden("spec", detail));
    }
}

/// Deployments and their like: replicas, and a selector that fits the template.
fn workload(new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let spec = &new["spec"];
    let replicas = spec["replicas"].as_i64().unwrap_or_default();
    let detail = "must be greater than or equal to 0";
    if replicas < 0 {
        errors.push(FieldError::invalid("spec.replicas", &json!(replicas), detail));
    }
    let selector = &spec["selector"];
    let labels = &spec["template"]["metadata"]["labels"];
    match selector["matchLabels"].as_object() {
        None if new["kind"] == "ReplicationController" => {}
        None if selector.is_null() => errors.push(FieldError::required("spec.selector", "")),
        Some(wanted) if wanted.iter().any(|(key, value)| labels.get(key) != Some(value)) => {
            let labels = if labels.is_null() { json!({}) } else { labels.clone() };
            errors.push(FieldError::invalid(
                "spec.template.metadata.labels",
                &labels,
                "`selector` does not match template `labels`",
            ));
        }
        _ => {}
    }
    workloads::restart_policy(&spec["template"], &["Always"], errors);
    // Of a ReplicationController the selector is a map, and of a StatefulSet all else is checked.
    let immutable = new["kind"] != "StatefulSet" && new["kind"] != "ReplicationController";
    if let Some(old) = old.filter(|_| immutable)
        && &old["spec"]["selector"] != selector
    {
        errors.push(FieldError::invalid("spec.selector", selector, "field is immutable"));
    }
    pod_spec(&spec["template"]["spec"], "spec.template.spec", errors);
}

fn lease(spec: &Value, errors: &mut Vec<FieldError>) {
    let mut check = |field: &str, least: i64, detail: &str| {
        if let Some(number) = spec[field].as_i64().filter(|number| *number < least) {
            errors.push(FieldError::invalid(&format!("spec.{field}"), &json!(number), detail));
        }
    };
    check("leaseDurationSeconds", 1, "must be greater than 0");
    check("leaseTransitions", 0, "must be greater than or equal to 0");
}

/// The values of a ConfigMap, and those of a Secret, may not have more bytes in all.
const DATA_BYTES_MAX: usize = 1024 * 1024;

/// Keys, sizes and immutability of ConfigMaps and Secrets.
fn data(kind: Builtin, new: &Value, old: Option<&Value>, errors: &mut Vec<FieldError>) {
    let mut size = 0;
    for field in ["data", "binaryData"] {
        for (key, value) in new[field].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default();
            size += match (kind, field) {
                (Builtin::ConfigMap, "data") => value.len(),
                _ => decode::bytes_of(value).map_or(value.len(), |bytes| bytes.len()),
            };
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            if !key.chars().all(fits) || key.is_empty() {
                let detail = "a valid config key must consist of alphanumeric characters, '-', \
                              '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex \
                              used for validation is '[-._a-zA-Z0-9]+')";
                let at = format!("{field}[{key}]");
                errors.push(FieldError::invalid(&at, &json!(key), detail));
            }
            if field == "data" && new["binaryData"].get(key).is_some() {
                let detail = "duplicate of key present in binaryData";
                errors.push(FieldError::invalid(&format!("data[{key}]"), &json!(key), detail));
            }
        }
    }
    if size > DATA_BYTES_MAX {
        let at = if kind == Builtin::Secret { "data" } else { "" };
        errors.push(FieldError::too_long(at, DATA_BYTES_MAX as u64));
    }
    let Some(old) = old else { return };
    if kind == Builtin::Secret && text(old, "type") != text(new, "type") {
        let value = json!(text(new, "type"));
        errors.push(FieldError::invalid("type", &value, "field is immutable"));
    }
    if old["immutable"] == true {
        let detail = "field is immutable when `immutable` is set";
        for field in ["immutable", "data", "binaryData"] {
            if old[field] != new[field] {
                errors.push(FieldError::forbidden(field, detail));
            }
        }
    }
}
