//! The built-in kinds: their structs as data, their defaults and validations as code.
//!
//! `kinds.txt` is generated (`tools/kinds/`) and complete: one table serves decoding, pruning,
//! strategic merge, apply and protobuf. `data.rs` reads it, `defaults.rs` fills in what the API
//! server fills in, `validate.rs` refuses a few of the things it refuses. Next to read:
//! `kinds.txt`.

mod data;
mod defaults;
mod services;
mod validate;
mod workloads;

use std::sync::Arc;

use super::Schema;
use super::node::{Node, Type};

#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use defaults::write_string_data;
pub(super) use defaults::{default, prepare_create, prepare_update};
pub(super) use validate::validate;

/// The built-in kinds that have defaults or validations of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    ConfigMap,
    Secret,
    Lease,
    Pod,
    Deployment,
    StatefulSet,
    DaemonSet,
    ReplicaSet,
    Job,
    CronJob,
    Service,
    Event,
    PersistentVolume,
    Node,
    Namespace,
    Other,
}

/// The schema of a built-in kind, if there is one: of `("apps", "v1", "Deployment")`, say.
pub fn schema(group: &str, version: &str, kind: &str) -> Option<Arc<Schema>> {
    let builtin = match (group, kind) {
        ("", "ConfigMap") => Builtin::ConfigMap,
        ("", "Secret") => Builtin::Secret,
        ("coordination.k8s.io", "Lease") => Builtin::Lease,
        ("", "Pod") => Builtin::Pod,
        ("apps", "Deployment") => Builtin::Deployment,
        ("apps", "StatefulSet") => Builtin::StatefulSet,
        ("apps", "DaemonSet") => Builtin::DaemonSet,
        ("apps", "ReplicaSet") | ("", "ReplicationController") => Builtin::ReplicaSet,
        ("batch", "Job") => Builtin::Job,
        ("batch", "CronJob") => Builtin::CronJob,
        ("", "Service") => Builtin::Service,
        ("" | "events.k8s.io", "Event") => Builtin::Event,
        ("", "PersistentVolume" | "PersistentVolumeClaim") => Builtin::PersistentVolume,
        ("", "Node") => Builtin::Node,
        ("", "Namespace") => Builtin::Namespace,
        _ => Builtin::Other,
    };
    let mut root = (*structure(group, version, kind)?).clone();
    let string = Arc::new(Node { ty: Type::String, ..Node::default() });
    for field in ["apiVersion", "kind"] {
        root.properties.insert(field.to_owned(), string.clone());
    }
    Some(Arc::new(Schema {
        root: Arc::new(root),
        rules: None,
        builtin: Some(builtin),
        memo: Arc::default(),
        text: None,
    }))
}

/// A struct of a group and version, by its name in Go; those of metav1 are in the core group.
pub(crate) fn structure(group: &str, version: &str, name: &str) -> Option<Arc<Node>> {
    let group = group.split('.').next().unwrap_or_default();
    match (group, version) {
        ("", "v1") => data::structure(name),
        (group, "v1") => data::structure(&format!("{group}.{name}")),
        (group, version) => data::structure(&format!("{group}.{version}.{name}")),
    }
}

/// `ObjectMeta`, which custom resources have as well.
pub(super) fn object_meta() -> Arc<Node> {
    data::structure("ObjectMeta").unwrap_or_default()
}
