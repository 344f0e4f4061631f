//! `kinds`: from one line to the CustomResourceDefinition that the server installs.
//!
//! Next to read: `cluster.rs`, which installs it.

use std::sync::Arc;

use serde_json::{Value, json};

use super::crds::Crd;
use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Node, NodeKind};
use crate::apiserver::{ApiServer, Config};

/// The definitions of the kinds that stand in `kinds`.
pub fn read(
    source: &Arc<SourceText>,
    list: &Node,
    crds: &[Crd],
) -> Result<Vec<Crd>, Vec<Diagnostic>> {
    let builtin = ApiServer::new(Config::default());
    let (mut made, mut mistakes): (Vec<Crd>, Vec<Diagnostic>) = Default::default();
    for node in list.items() {
        let Some(name) = node.get("kind") else { continue };
        let kind = name.as_str().unwrap_or_default();
        let same = |crd: &&Crd| crd.value["spec"]["names"]["kind"] == kind;
        let wrong = |message: String| Diagnostic::error(message).at(source, name.mark(), "");
        if builtin.kind_named(kind).is_some() {
            mistakes.push(
                wrong(format!("`{}` is a built-in kind", clean(kind)))
                    .help("remove this line: built-in kinds are known"),
            );
        } else if let Some(first) = crds.iter().chain(&made).find(same) {
            let at = first.node.get("kind").unwrap_or(&first.node).mark();
            mistakes.push(wrong(format!("the kind `{}` is defined twice", clean(kind))).see(
                &first.source,
                at,
                "first here",
            ));
        } else if !is_camel_case(kind) {
            mistakes.push(
                wrong(format!("`{}` is not a valid name of a kind", clean(kind)))
                    .help("begin with a capital letter, then letters and digits: `Workload`"),
            );
        } else {
            let value = definition(node, kind);
            made.push(Crd { source: Arc::clone(source), node: node.clone(), value });
        }
    }
    if mistakes.is_empty() { Ok(made) } else { Err(mistakes) }
}

fn is_camel_case(kind: &str) -> bool {
    kind.starts_with(|c: char| c.is_ascii_uppercase())
        && kind.chars().all(|c| c.is_ascii_alphanumeric())
}

/// What a file with this kind's CustomResourceDefinition would hold.
fn definition(node: &Node, kind: &str) -> Value {
    let text = |key: &str, default: &str| {
        node.get(key).and_then(Node::as_str).unwrap_or(default).to_owned()
    };
    let no = |key: &str| node.get(key).is_some_and(|node| node.kind == NodeKind::Bool(false));
    let lower = kind.to_ascii_lowercase();
    let (group, version) = (text("group", "example.com"), text("version", "v1"));
    let plural = text("plural", &plural(&lower));
    let open = || json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let mut status = open();
    let list_type = node.get("conditions").and_then(Node::as_str);
    if let Some(list_type) = list_type {
        let mut item = open();
        item["properties"] = json!({ "type": { "type": "string" } });
        item["required"] = json!(["type"]);
        let mut list =
            json!({ "type": "array", "items": item, "x-kubernetes-list-type": list_type });
        if list_type == "map" {
            list["x-kubernetes-list-map-keys"] = json!(["type"]);
        }
        status["properties"] = json!({ "conditions": list });
    }
    let mut schema = open();
    schema["properties"] = json!({ "spec": open(), "status": status });
    let mut served = json!({
        "name": version, "served": true, "storage": true, "schema": { "openAPIV3Schema": schema },
    });
    if !no("status") {
        served["subresources"] = json!({ "status": {} });
    }
    // A group of Kubernetes' own needs an approval, which a model has not.
    let of_kubernetes = group.ends_with(".k8s.io") || group.ends_with(".kubernetes.io");
    let approval = json!({ "api-approved.kubernetes.io": "unapproved, a model" });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": format!("{plural}.{group}"),
            "annotations": if of_kubernetes { approval } else { json!({}) },
        },
        "spec": {
            "group": group,
            "scope": if no("namespaced") { "Cluster" } else { "Namespaced" },
            "names": {
                "kind": kind, "plural": plural, "singular": lower,
                "listKind": format!("{kind}List"),
            },
            "versions": [served],
        },
    })
}

/// As Kubernetes' own tools guess a plural.
fn plural(singular: &str) -> String {
    let before = |end: &str| singular.strip_suffix(end);
    match before("y") {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if singular.ends_with(['s', 'x']) || singular.ends_with("ch") => {
            format!("{singular}es")
        }
        _ => format!("{singular}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn plurals_are_guessed() {
        let cases = [("workload", "workloads"), ("policy", "policies"), ("gateway", "gateways")];
        for (one, many) in cases.into_iter().chain([("ingress", "ingresses")]) {
            assert_eq!(plural(one), many);
        }
    }
}
