//! CustomResourceDefinitions: how a kind is made from a manifest.
//!
//! Next to read: `kind.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::schema::{FieldError, Schema};
use super::{Kind, Resource, Status};

/// The group of CustomResourceDefinitions.
pub(crate) const GROUP: &str = "apiextensions.k8s.io";
/// Their kind.
pub(crate) const KIND: &str = "CustomResourceDefinition";

/// The resource of CustomResourceDefinitions.
pub(crate) fn resource() -> Resource {
    let plural = String::from("customresourcedefinitions");
    Resource { group: GROUP.into(), version: "v1".into(), plural }
}

/// The kinds that a CustomResourceDefinition serves, one for each served version.
pub(crate) fn kinds(crd: &Value) -> Result<Vec<Kind>, Box<Status>> {
    let name = crd["metadata"]["name"].as_str().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let names = &crd["spec"]["names"];
    let strings = |value: &Value| -> Vec<String> {
        let list = value.as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(String::from).collect()
    };
    let mut kinds = Vec::new();
    let mut errors = Vec::new();
    let versions = crd["spec"]["versions"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (index, version) in versions.iter().enumerate() {
        if !version["served"].as_bool().unwrap_or(true) {
            continue;
        }
        let path = format!("spec.versions[{index}].schema.openAPIV3Schema");
        let openapi = &version["schema"]["openAPIV3Schema"];
        let schema = match Schema::parse(openapi, &path) {
            Ok(schema) => schema,
            Err(mut more) => {
                errors.append(&mut more);
                continue;
            }
        };
        let kind = text(&names["kind"]);
        let or = |value: String, default: String| if value.is_empty() { default } else { value };
        kinds.push(Kind {
            resource: Resource {
                group: text(&crd["spec"]["group"]),
                version: text(&version["name"]),
                plural: text(&names["plural"]),
            },
            singular: or(text(&names["singular"]), kind.to_lowercase()),
            list_kind: or(text(&names["listKind"]), format!("{kind}List")),
            kind,
            short_names: strings(&names["shortNames"]),
            categories: strings(&names["categories"]),
            namespaced: crd["spec"]["scope"] != "Cluster",
            custom: true,
            status_subresource: version["subresources"]["status"].is_object(),
            unconditional_update: false,
            create_on_update: false,
            generation: true,
            selectable_fields: selectable_fields(version),
            printer_columns: Arc::new(version["additionalPrinterColumns"].clone()),
            schema: Arc::new(schema),
            openapi: Some(Arc::new(openapi.clone())),
        });
    }
    if kinds.is_empty() && errors.is_empty() {
        errors.push(FieldError::required("spec.versions", "at least one served version"));
    }
    match errors.is_empty() {
        true => Ok(kinds),
        false => Err(Status::invalid(GROUP, KIND, name, &errors)),
    }
}

/// The paths of `selectableFields`, without the leading dot.
fn selectable_fields(version: &Value) -> Vec<String> {
    let list = version["selectableFields"].as_array().into_iter().flatten();
    let paths = list.filter_map(|field| field["jsonPath"].as_str());
    paths.map(|path| path.trim_start_matches('.').to_string()).collect()
}
