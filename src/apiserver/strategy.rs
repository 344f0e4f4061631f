//! What the server does to objects of particular built-in kinds besides their schema: the state
//! they start in, and rules that no schema says. Custom resources have none of this.
//!
//! Next to read: `crd.rs` for the largest of them.

use serde_json::{Value, json};

use super::crd;
use super::metadata::Meta;
use super::schema::FieldError;
use super::{Kind, names};

/// Fills in defaults that a schema cannot say.
pub(crate) fn default(kind: &Kind, object: &mut Value) {
    if kind.kind == crd::KIND && !kind.custom {
        crd::default(object);
    }
}

/// The state in which a new object starts.
pub(crate) fn prepare_create(kind: &Kind, object: &mut Value) {
    if kind.custom {
        return;
    }
    match kind.kind.as_str() {
        crd::KIND => crd::initial_status(object),
        "Namespace" => {
            let name = object.meta_str("name").to_string();
            object["status"] = json!({ "phase": "Active" });
            object["spec"] = json!({ "finalizers": ["kubernetes"] });
            let labels = object.meta_mut().entry("labels").or_insert_with(|| json!({}));
            if let Some(labels) = labels.as_object_mut() {
                labels.insert("kubernetes.io/metadata.name".into(), name.into());
            }
        }
        "Pod" => {
            object["status"] = json!({ "phase": "Pending", "qosClass": quality(object) });
        }
        "Node" | "Deployment" => object["status"] = json!({}),
        _ => {}
    }
}

/// A pod's quality-of-service class: from its containers' requests and limits.
fn quality(pod: &Value) -> &'static str {
    let containers = pod["spec"]["containers"].as_array().cloned().unwrap_or_default();
    let resources = |container: &Value, which: &str| {
        let found = container["resources"][which].as_object().cloned().unwrap_or_default();
        let mut found: Vec<_> = found.into_iter().collect();
        found.retain(|(name, _)| matches!(name.as_str(), "cpu" | "memory"));
        found
    };
    let mut any = false;
    let mut guaranteed = true;
    for container in &containers {
        let (requests, limits) = (resources(container, "requests"), resources(container, "limits"));
        any |= !requests.is_empty() || !limits.is_empty();
        guaranteed &= limits.len() == 2 && (requests.is_empty() || requests == limits);
    }
    match (any, guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

/// What is wrong with an object, beyond its schema and metadata.
pub(crate) fn validate(kind: &Kind, new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    match kind.kind.as_str() {
        _ if kind.custom => Vec::new(),
        crd::KIND => crd::validate(new, old),
        "ConfigMap" | "Secret" => validate_data(new, old),
        "Lease" => validate_lease(new),
        _ => Vec::new(),
    }
}

fn validate_data(new: &Value, old: Option<&Value>) -> Vec<FieldError> {
    const KEY: &str = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' \
                       (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for \
                       validation is '[-._a-zA-Z0-9]+')";
    let mut errors = Vec::new();
    for field in ["data", "binaryData"] {
        for key in new[field].as_object().into_iter().flat_map(|map| map.keys()) {
            let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            if key.is_empty() || !key.chars().all(good) {
                let path = format!("{field}[{key}]");
                errors.push(FieldError::invalid(&path, &key.as_str().into(), KEY));
            }
        }
    }
    if let Some(old) = old.filter(|old| old["immutable"] == true) {
        let forbidden = "field is immutable when `immutable` is set";
        if new["immutable"] != true {
            errors.push(FieldError::forbidden("immutable", forbidden));
        }
        for field in ["data", "binaryData"] {
            if new[field] != old[field] {
                errors.push(FieldError::forbidden(field, forbidden));
            }
        }
    }
    errors
}

fn validate_lease(new: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let spec = &new["spec"];
    if let Some(seconds) = spec["leaseDurationSeconds"].as_i64().filter(|seconds| *seconds <= 0) {
        let path = "spec.leaseDurationSeconds";
        errors.push(FieldError::invalid(path, &seconds.into(), "must be greater than 0"));
    }
    if let Some(count) = spec["leaseTransitions"].as_i64().filter(|count| *count < 0) {
        let why = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("spec.leaseTransitions", &count.into(), why));
    }
    errors
}

/// What is wrong with the name of an object.
pub(crate) fn validate_name(kind: &Kind, name: &str) -> Vec<String> {
    match kind.kind.as_str() {
        "Namespace" if !kind.custom => names::dns_label(name),
        _ => names::subdomain(name),
    }
}
