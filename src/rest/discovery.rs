//! Discovery: which groups, versions and resources there are. Next to read:
//! `openapi.rs`, for their schemas.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::apiserver::{ApiServer, Kind};

use super::HttpRequest;

/// The version of Kubernetes whose behaviour this server has.
pub(crate) const VERSION: &str = "v1.36.4";

/// `/version`.
pub(crate) fn version() -> Value {
    json!({
        "major": "1",
        "minor": "36",
        "gitVersion": VERSION,
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
pub(crate) fn versions(server: &ApiServer) -> BTreeMap<String, Vec<String>> {
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

pub(crate) fn of_version(server: &ApiServer, group: &str, version: &str) -> Vec<Arc<Kind>> {
    let mut kinds = server.kinds();
    kinds.retain(|kind| kind.resource.group == group && kind.resource.version == version);
    kinds
}

fn verbs(kind: &Kind) -> &'static [&'static str] {
    match kind.review {
        true => &["create"],
        false => kind.strategy.verbs(),
    }
}

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
            "verbs": verbs(kind),
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
        for subresource in kind.subresources() {
            let mut document = json!({
                "name": format!("{}/{}", kind.resource.plural, subresource.subresource),
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": subresource.takes,
                "verbs": subresource.verbs,
            });
            if let Some((group, version)) = subresource.version {
                document["group"] = group.into();
                document["version"] = version.into();
            }
            resources.push(document);
        }
        if kind.scale.is_some() {
            resources.push(json!({
                "name": format!("{}/scale", kind.resource.plural),
                "singularName": "",
                "namespaced": kind.namespaced,
                "group": "autoscaling",
                "version": "v1",
                "kind": "Scale",
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
