//! The built-in kinds that are here, with the flags that decide how they lose writes.
//!
//! `unconditional_update` and `create_on_update` are read from the strategies of kube-apiserver
//! (`AllowUnconditionalUpdate`, `AllowCreateOnUpdate`), `status_at_creation` from their
//! `PrepareForCreate`: a Node's keeps the status that it was sent. Kinds that are not in this
//! table do not exist for this server: it answers 404 for them. Next to read: `kind.rs`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::schema::{self, Schema};
use super::{Kind, Resource, crd};

/// Everything the table says about one kind.
struct Row {
    group: &'static str,
    plural: &'static str,
    kind: &'static str,
    short: &'static [&'static str],
    categories: &'static [&'static str],
    namespaced: bool,
    status: bool,
    status_at_creation: bool,
    unconditional: bool,
    create_on_update: bool,
    generation: bool,
    selectable: &'static [&'static str],
}

const ROW: Row = Row {
    group: "",
    plural: "",
    kind: "",
    short: &[],
    categories: &[],
    namespaced: true,
    status: false,
    status_at_creation: false,
    unconditional: true,
    create_on_update: false,
    generation: false,
    selectable: &[],
};

/// The built-in kinds, all in version `v1` of their group.
const TABLE: &[Row] = &[
    Row { plural: "configmaps", kind: "ConfigMap", short: &["cm"], ..ROW },
    Row { plural: "secrets", kind: "Secret", selectable: &["type"], ..ROW },
    Row {
        plural: "pods",
        kind: "Pod",
        short: &["po"],
        categories: &["all"],
        status: true,
        generation: true,
        selectable: &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        ..ROW
    },
    Row {
        plural: "nodes",
        kind: "Node",
        short: &["no"],
        namespaced: false,
        status: true,
        status_at_creation: true,
        selectable: &["spec.unschedulable"],
        ..ROW
    },
    Row {
        plural: "namespaces",
        kind: "Namespace",
        short: &["ns"],
        namespaced: false,
        status: true,
        selectable: &["status.phase"],
        ..ROW
    },
    Row {
        group: "apps",
        plural: "deployments",
        kind: "Deployment",
        short: &["deploy"],
        categories: &["all"],
        status: true,
        generation: true,
        ..ROW
    },
    Row {
        group: crd::GROUP,
        plural: "customresourcedefinitions",
        kind: crd::KIND,
        short: &["crd", "crds"],
        categories: &["api-extensions"],
        namespaced: false,
        status: true,
        unconditional: false,
        generation: true,
        ..ROW
    },
    Row {
        group: "coordination.k8s.io",
        plural: "leases",
        kind: "Lease",
        unconditional: false,
        create_on_update: true,
        ..ROW
    },
];

/// The built-in kinds.
pub(crate) fn kinds() -> impl Iterator<Item = Kind> {
    TABLE.iter().map(|row| {
        let strings = |names: &[&str]| names.iter().map(|name| name.to_string()).collect();
        Kind {
            resource: Resource {
                group: row.group.into(),
                version: "v1".into(),
                plural: row.plural.into(),
            },
            kind: row.kind.into(),
            singular: row.kind.to_lowercase(),
            list_kind: format!("{}List", row.kind),
            short_names: strings(row.short),
            categories: strings(row.categories),
            namespaced: row.namespaced,
            custom: false,
            status_subresource: row.status,
            status_at_creation: row.status_at_creation,
            unconditional_update: row.unconditional,
            create_on_update: row.create_on_update,
            generation: row.generation,
            selectable_fields: strings(row.selectable),
            printer_columns: Arc::new(Value::Null),
            schema: schema_of(row),
            openapi: None,
        }
    })
}

/// A kind without a schema of ours takes any object.
fn schema_of(row: &Row) -> Arc<Schema> {
    let any = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    schema::builtin::schema(row.group, "v1", row.kind).unwrap_or_else(|| {
        Arc::new(Schema::parse(&any, "").expect("a schema that takes anything is structural"))
    })
}
