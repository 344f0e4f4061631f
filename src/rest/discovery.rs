//! Discovery: which groups, versions and resources there are, and their schemas for clients.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::apiserver::{ApiServer, Kind};

use super::HttpRequest;

/// The version of Kubernetes whose behaviour this server has.
pub(crate) fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "gitVersion": "v1.36.4",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": "linux/amd64",
    })
}

fn cidrs(http: &HttpRequest) -> Value {
    json!([{
        "clientCIDR": "0.0.0.0/0",
        "serverAddress": http.header("host").unwrap_or_default(),
    }])
}

/// `/api`.
pub(crate) fn core(_server: &ApiServer, http: &HttpRequest) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": cidrs(http),
    })
}

/// The versions of each named group.
fn versions(server: &ApiServer) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for kind in server.kinds() {
        let resource = &kind.resource;
        if !resource.group.is_empty() {
            let known = groups.entry(resource.group.clone()).or_default();
            if !known.contains(&resource.version) {
                known.push(resource.version.clone());
            }
        }
    }
    for known in groups.values_mut() {
        known.sort_by_key(|version| std::cmp::Reverse(version_rank(version)));
    }
    groups
}

/// Stable before beta before alpha, newer before older.
fn version_rank(version: &str) -> (u8, u64, u64, String) {
    let numbers: Vec<u64> = version
        .split(|c: char| !c.is_ascii_digit())
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().unwrap_or(0))
        .collect();
    let major = numbers.first().copied().unwrap_or(0);
    let minor = numbers.get(1).copied().unwrap_or(0);
    let stage = match version {
        _ if version.contains("alpha") => 1,
        _ if version.contains("beta") => 2,
        _ if version.strip_prefix('v').is_some_and(|it| it.parse::<u64>().is_ok()) => 3,
        _ => 0,
    };
    (stage, major, minor, version.into())
}

fn group_document(name: &str, versions: &[String]) -> Value {
    let shown = |version: &String| {
        let both = format!("{name}/{version}");
        json!({ "groupVersion": both, "version": version })
    };
    let all: Vec<_> = versions.iter().map(shown).collect();
    json!({ "name": name, "versions": all, "preferredVersion": all[0] })
}

/// `/apis`.
pub(crate) fn groups(server: &ApiServer, _http: &HttpRequest) -> Value {
    let groups = versions(server);
    let groups: Vec<_> =
        groups.iter().map(|(name, versions)| group_document(name, versions)).collect();
    json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups })
}

/// `/apis/<group>`.
pub(crate) fn group(server: &ApiServer, name: &str) -> Option<Value> {
    let mut group = group_document(name, versions(server).get(name)?);
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    Some(group)
}

fn of_version(server: &ApiServer, group: &str, version: &str) -> Vec<Arc<Kind>> {
    let mut kinds = server.kinds();
    kinds.retain(|kind| kind.resource.group == group && kind.resource.version == version);
    kinds
}

const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// Of custom resources the server has its own list, in its own order.
const CUSTOM_VERBS: [&str; 8] =
    ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];

/// `/api/v1` and `/apis/<group>/<version>`.
pub(crate) fn resources(server: &ApiServer, group: &str, version: &str) -> Option<Value> {
    let kinds = of_version(server, group, version);
    let first = kinds.first()?;
    let mut resources = Vec::new();
    for kind in &kinds {
        let mut resource = json!({
            "name": kind.resource.plural,
            "singularName": kind.singular,
            "namespaced": kind.namespaced,
            "kind": kind.kind,
            "verbs": if kind.custom { CUSTOM_VERBS } else { VERBS },
        });
        for (field, names) in [("shortNames", &kind.short_names), ("categories", &kind.categories)]
        {
            if !names.is_empty() {
                resource[field] = json!(names);
            }
        }
        resources.push(resource);
        if kind.status_subresource {
            resources.push(json!({
                "name": format!("{}/status", kind.resource.plural),
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": kind.kind,
                "verbs": ["get", "patch", "update"],
            }));
        }
    }
    Some(json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": first.api_version(),
        "resources": resources,
    }))
}

/// `/`.
pub(crate) fn paths(server: &ApiServer) -> Value {
    let mut paths = vec![String::from("/api"), String::from("/api/v1"), String::from("/apis")];
    for (group, versions) in versions(server) {
        paths.push(format!("/apis/{group}"));
        paths.extend(versions.iter().map(|version| format!("/apis/{group}/{version}")));
    }
    let more = ["/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"];
    paths.extend(more.map(String::from));
    json!({ "paths": paths })
}

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

/// A kind's schema, with the fields that every object has.
fn definition(kind: &Kind) -> Value {
    let mut schema = match &kind.openapi {
        Some(openapi) => openapi.as_ref().clone(),
        None => json!({ "type": "object" }),
    };
    if !schema["properties"].is_object() {
        schema["properties"] = json!({});
    }
    let text = |description: &str| json!({ "type": "string", "description": description });
    schema["properties"]["apiVersion"] = text("The versioned schema of this object.");
    schema["properties"]["kind"] = text("The kind of this object.");
    schema["properties"]["metadata"] =
        json!({ "type": "object", "description": "Standard object metadata." });
    schema["x-kubernetes-group-version-kind"] = json!([group_version_kind(kind)]);
    schema
}

fn info() -> Value {
    json!({ "title": "Kubernetes", "version": "v1.36.4" })
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
pub(crate) fn openapi_v2(server: &ApiServer) -> Value {
    let kinds = server.kinds();
    let definitions: BTreeMap<_, _> =
        kinds.iter().map(|kind| (definition_name(kind), definition(kind))).collect();
    let paths: BTreeMap<_, _> = kinds.iter().flat_map(|kind| operations(kind)).collect();
    json!({ "swagger": "2.0", "info": info(), "paths": paths, "definitions": definitions })
}

/// `/openapi/v3`.
pub(crate) fn openapi_v3_index(server: &ApiServer) -> Value {
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
pub(crate) fn openapi_v3(server: &ApiServer, group: &str, version: &str) -> Option<Value> {
    let kinds = of_version(server, group, version);
    kinds.first()?;
    let schemas: BTreeMap<_, _> =
        kinds.iter().map(|kind| (definition_name(kind), definition(kind))).collect();
    let paths: BTreeMap<_, _> = kinds.iter().flat_map(|kind| operations(kind)).collect();
    Some(json!({
        "openapi": "3.0.0",
        "info": info(),
        "paths": paths,
        "components": { "schemas": schemas },
    }))
}
