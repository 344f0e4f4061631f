//! Aggregated discovery: every group, version and resource in one answer.
//!
//! It is made from the documents of the discovery that is asked group by group, so the two cannot
//! differ. Next to read: `discovery.rs`.

use serde_json::{Value, json};

use crate::apiserver::ApiServer;

use super::discovery;

const V2: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const V2_BETA: &str = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/// `/api` or `/apis`, if the Accept header asks for all at once before anything else.
pub(crate) fn discovery(
    server: &ApiServer,
    accept: &str,
    core: bool,
) -> Option<(&'static str, Vec<u8>)> {
    let (content_type, version) = accept.split(',').find_map(|clause| {
        let has = |part: &str| clause.split(';').any(|found| found.trim() == part);
        let json = clause.trim_start().starts_with("application/json");
        match json && has("g=apidiscovery.k8s.io") && has("as=APIGroupDiscoveryList") {
            true if has("v=v2") => Some(Some((V2, "v2"))),
            true if has("v=v2beta1") => Some(Some((V2_BETA, "v2beta1"))),
            true => None,
            false => Some(None),
        }
    })??;
    let groups = match core {
        true => vec![(String::new(), vec![String::from("v1")])],
        false => discovery::versions(server).into_iter().collect(),
    };
    let groups = groups.iter().map(|(name, versions)| {
        let versions = versions.iter().filter_map(|version| of_version(server, name, version));
        json!({ "metadata": { "name": name }, "versions": versions.collect::<Vec<_>>() })
    });
    let document = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {},
        "items": groups.collect::<Vec<_>>(),
    });
    Some((content_type, document.to_string().into_bytes()))
}

/// One version of a group.
fn of_version(server: &ApiServer, group: &str, version: &str) -> Option<Value> {
    let document = discovery::resources(server, group, version)?;
    let mut resources: Vec<Value> = Vec::new();
    for found in document["resources"].as_array().into_iter().flatten() {
        let name = found["name"].as_str().unwrap_or_default();
        let kind = json!({
            "group": found.get("group").and_then(Value::as_str).unwrap_or(group),
            "version": found.get("version").and_then(Value::as_str).unwrap_or(version),
            "kind": found["kind"],
        });
        if let Some((_, subresource)) = name.split_once('/') {
            let verbs = &found["verbs"];
            let shown = json!({ "subresource": subresource, "responseKind": kind, "verbs": verbs });
            match resources.last_mut().map(|parent| &mut parent["subresources"]) {
                Some(Value::Array(all)) => all.push(shown),
                Some(none) => *none = json!([shown]),
                None => {}
            }
            continue;
        }
        let scope = if found["namespaced"] == true { "Namespaced" } else { "Cluster" };
        let mut shown = json!({
            "resource": name,
            "responseKind": kind,
            "scope": scope,
            "singularResource": found["singularName"],
            "verbs": found["verbs"],
        });
        for field in ["shortNames", "categories"] {
            if let Some(names) = found.get(field) {
                shown[field] = names.clone();
            }
        }
        resources.push(shown);
    }
    Some(json!({ "version": version, "resources": resources, "freshness": "Current" }))
}
