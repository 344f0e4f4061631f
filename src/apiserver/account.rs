//! The server's own account of a write: what became of each leaf of the request.
//!
//! A write goes through stages: what the request asks for, what decoding leaves of it, what
//! defaulting makes of that, what the endpoint lets through. The pipeline itself notes the object
//! at each of them, if it is asked to ([`ApiServer::account`]); a search never asks, and pays
//! nothing. Every sentence that gives a reason reads this account, so none is a guess.
//! Next to read: `call.rs`, `engine.rs`.

use serde_json::Value;

use super::call::RequestScope;
use super::engine::Commit;
use super::metadata::Meta;
use super::patch::same_json;
use super::{ApiServer, FieldPath, Key, PatchKind, Request, Revision, verbs};

/// What became of one leaf of a request that was answered 2xx.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was stored as it was asked for.
    Stored,
    /// The request says nothing about it.
    Unsaid,
    /// What was sent was combined with what was there, and is not what stands there now: the entry
    /// that an index names by then, a map that is merged into.
    Merged,
    /// The schema does not know it.
    Pruned,
    /// The schema's default is there instead of nothing.
    Defaulted,
    /// The server writes the same in another way: a canonical quantity, an empty map left out.
    Normalised,
    /// The endpoint does not write it: status on the object's own endpoint, spec on `/status`.
    Reset,
}

/// The object at each stage of a write.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stages {
    pub asked: Value,
    pub decoded: Value,
    pub unknown: Vec<String>,
    pub defaulted: Value,
    pub stored: Value,
}

/// What became of each leaf of one request.
#[derive(Clone, Debug)]
pub struct Account {
    stages: Stages,
    sent: Value,
    patch: Option<PatchKind>,
}

impl ApiServer {
    /// The account of a request to a server that holds `before`; `None` if it is refused.
    pub fn account(&self, request: &Request, before: Option<&Value>) -> Option<Account> {
        let kind = self.kind_of(&request.resource)?;
        let namespace = request.namespace.clone().filter(|_| kind.namespaced);
        let name = request.name.clone().unwrap_or_default();
        let key = Key { resource: request.resource.clone(), namespace, name };
        let mut server = self.clone();
        match before {
            None => server.write(&key, Commit::Forget),
            Some(before) => {
                let revision = before.meta_str("resourceVersion").parse().ok().map(Revision)?;
                let mut object = before.clone();
                object.set_meta("resourceVersion", None);
                server.write(&key, Commit::Restore(object.into(), revision));
            }
        }
        let mut call = RequestScope::new(request, kind);
        call.records_owners = server.records_owners();
        call.stages = Some(Box::default());
        verbs::handle(&mut server, &mut call).ok()?;
        Some(Account {
            stages: *call.stages.take()?,
            sent: request.body.as_deref().cloned().unwrap_or_default(),
            patch: request.verb.patch(),
        })
    }
}

impl Account {
    /// What became of the field at this path, down to the first stage that changed it.
    pub fn of(&self, path: &FieldPath) -> Fate {
        let Stages { asked, decoded, defaulted, stored, .. } = &self.stages;
        let differs = |a: &Value, b: &Value| match (path.get(a), path.get(b)) {
            (Some(a), Some(b)) => !same_json(a, b),
            (a, b) => a.is_some() || b.is_some(),
        };
        match () {
            () if differs(asked, decoded) && self.is_unknown(path) => Fate::Pruned,
            () if differs(defaulted, stored) => Fate::Reset,
            () if differs(decoded, defaulted) => Fate::Defaulted,
            () if differs(asked, decoded) => Fate::Normalised,
            () => self.stored(path),
        }
    }

    /// What was asked for stands there now: whether that is what was sent.
    fn stored(&self, path: &FieldPath) -> Fate {
        let Some(patch) = self.patch else { return Fate::Stored };
        let asked = path.get(&self.stages.asked);
        match (patch, path.get(&self.sent)) {
            (PatchKind::Json, _) => Fate::Merged,
            (_, Some(Value::Null)) if asked.is_none() => Fate::Stored,
            (_, Some(sent)) if asked.is_some_and(|asked| same_json(asked, sent)) => Fate::Stored,
            (_, Some(_)) => Fate::Merged,
            (_, None) => Fate::Unsaid,
        }
    }

    /// What stands at the path once the write is stored.
    pub fn now(&self, path: &FieldPath) -> Option<&Value> {
        path.get(&self.stages.stored)
    }

    /// What the request asks the object to be at the path.
    pub fn asked(&self, path: &FieldPath) -> Option<&Value> {
        path.get(&self.stages.asked)
    }

    /// Whether the schema does not know the field, or one above it.
    fn is_unknown(&self, path: &FieldPath) -> bool {
        let names = path.field_names();
        self.stages.unknown.iter().any(|unknown| {
            let parts = unknown.split(['.', '[', ']']);
            let parts: Vec<&str> =
                parts.filter(|p| !p.is_empty() && p.parse::<usize>().is_err()).collect();
            names.starts_with(&parts) || parts.starts_with(&names)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apiserver::{Config, Options, Subresource, Verb};
    use serde_json::json;
    use std::sync::Arc;

    /// A Deployment, a Node and a custom resource, and the account of a write to one of them.
    fn fate(kind: &str, patch: Option<PatchKind>, endpoint: &str, body: Value, path: &str) -> Fate {
        let mut server = ApiServer::new(Config { any_namespace: true, ..Config::default() });
        let schema = json!({ "openAPIV3Schema": { "type": "object", "properties": {
            "spec": { "type": "object", "properties": {
                "size": { "type": "integer", "default": 3 } } },
            "status": { "type": "object", "properties": {
                "at": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } },
        } } });
        let crd = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "gears.demo.example.com" },
            "spec": { "group": "demo.example.com", "scope": "Namespaced",
                "names": { "plural": "gears", "kind": "Gear" },
                "versions": [{ "name": "v1", "served": true, "storage": true,
                    "subresources": { "status": {} }, "schema": schema }] },
        });
        server.install_crd(&crd, 0).expect("a definition");
        let metadata = json!({ "name": "a", "namespace": "default", "labels": { "a": "x" },
                               "finalizers": ["x.io/a"] });
        let container = json!({ "name": "c", "image": "x:1" });
        let objects = [
            json!({ "apiVersion": "demo.example.com/v1", "kind": "Gear", "metadata": metadata,
                    "spec": { "size": 1 }, "status": { "at": { "revision": "r" } } }),
            json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "a" },
                    "status": { "capacity": { "cpu": "2" } } }),
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {
                "replicas": 2, "selector": { "matchLabels": { "a": "x" } },
                "template": { "metadata": { "labels": { "a": "x" } },
                              "spec": { "containers": [container] } } } }),
        ];
        let keys = objects.map(|object| server.seed_object(&object, 0).expect("an object"));
        let key = keys
            .into_iter()
            .find(|key| server.kind_of(&key.resource).is_some_and(|found| found.kind == kind));
        let key = key.expect("it was seeded");
        let before = server.object(&key).expect("it is there");
        let body = match patch {
            Some(_) => body,
            None => crate::apiserver::patch::merge(&before, &body).expect("a merge patch"),
        };
        let request = Request {
            verb: patch.map_or(Verb::Update, Verb::Patch),
            resource: key.resource.clone(),
            namespace: key.namespace.clone(),
            name: Some(key.name.clone()),
            subresource: (endpoint == "status").then_some(Subresource::Status),
            options: Options {
                force: (patch == Some(PatchKind::Apply)).then_some(true),
                ..Options::default()
            },
            body: Some(Arc::new(body)),
            user_agent: "test".into(),
            time: 0,
        };
        let path = path.parse().expect("a path");
        server.account(&request, Some(&before)).expect("it is accepted").of(&path)
    }

    #[test]
    fn each_leaf_is_accounted_for() {
        let merge = Some(PatchKind::Merge);
        let apply = Some(PatchKind::Apply);
        let config = |more: Value| {
            let own = json!({ "apiVersion": "demo.example.com/v1", "kind": "Gear",
                              "metadata": { "name": "a", "namespace": "default" } });
            crate::apiserver::patch::merge(&own, &more).expect("a merge patch")
        };
        for (kind, patch, endpoint, body, path, expected) in [
            ("Gear", None, "main", json!({"spec": {"size": 2}}), "spec.size", Fate::Stored),
            ("Gear", None, "main", json!({"spec": {"size": null}}), "spec.size", Fate::Defaulted),
            ("Gear", None, "main", json!({"spec": {"typo": 2}}), "spec.typo", Fate::Pruned),
            ("Gear", merge, "main", json!({"spec": {"typo": 2}}), "spec.typo", Fate::Pruned),
            ("Gear", None, "main", json!({"status": {"at": null}}), "status.at", Fate::Reset),
            ("Gear", merge, "status", json!({"spec": {"size": 2}}), "spec.size", Fate::Reset),
            (
                "Gear",
                merge,
                "status",
                json!({"metadata": {"labels": {"a": "y"}}}),
                "metadata.labels.a",
                Fate::Reset,
            ),
            (
                "Gear",
                merge,
                "status",
                json!({"metadata": {"finalizers": []}}),
                "metadata.finalizers",
                Fate::Reset,
            ),
            (
                "Gear",
                apply,
                "status",
                config(json!({"status": {"at": {}}})),
                "status.at",
                Fate::Merged,
            ),
            ("Gear", merge, "status", json!({"status": {}}), "status.at", Fate::Unsaid),
            (
                "Gear",
                merge,
                "main",
                json!({"metadata": {"finalizers": []}}),
                "metadata.finalizers",
                Fate::Normalised,
            ),
            (
                "Node",
                merge,
                "status",
                json!({"metadata": {"labels": {"b": "y"}}}),
                "metadata.labels.b",
                Fate::Stored,
            ),
            (
                "Node",
                merge,
                "main",
                json!({"status": {"phase": "Running"}}),
                "status.phase",
                Fate::Reset,
            ),
            (
                "Node",
                merge,
                "status",
                json!({"spec": {"unschedulable": true}}),
                "spec.unschedulable",
                Fate::Reset,
            ),
            (
                "Node",
                None,
                "status",
                json!({"status": {"capacity": {"cpu": "2000m"}}}),
                "status.capacity.cpu",
                Fate::Normalised,
            ),
            ("Node", merge, "main", json!({"spec": {"typo": 1}}), "spec.typo", Fate::Pruned),
            (
                "Deployment",
                None,
                "main",
                json!({"spec": {"replicas": null}}),
                "spec.replicas",
                Fate::Defaulted,
            ),
            (
                "Deployment",
                merge,
                "main",
                json!({"spec": {"replicas": null}}),
                "spec.replicas",
                Fate::Defaulted,
            ),
        ] {
            assert_eq!(fate(kind, patch, endpoint, body.clone(), path), expected, "{kind}: {body}");
        }
    }
}
