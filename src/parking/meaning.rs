//! What a write of real code meant: what it sent, beside what its author had been given.
//!
//! It is inferred by the rules of `crate::history::infer`, as for audit logs, with one difference:
//! every version that the author has ever been given is known here. The *basis* is the one that the
//! request changes least (of equal ones the latest), and what it changes there is what is meant.
//! Next to read: `verdict.rs`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::step::Exchange;
use crate::apiserver::{Kind, PatchKind, Revision, Subresource, Verb};
use crate::history::infer::{Flat, LeafChange, Method, Names, Order, Scope, Sent, THERE, Version};
use crate::history::{Found, LeafPath, Lists, Meant, Part, Want};

/// What a write meant, and what it was made of.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// The version it was built from; 0 if its author knew none.
    pub basis: Revision,
    /// The uid of that object.
    pub uid: Option<String>,
    /// The leaves it meant.
    pub meant: Vec<Meant>,
}

/// What a write meant, to an author who had been given these versions of the object, oldest first.
pub fn infer(write: &Exchange, kind: &Kind, known: &[Arc<Value>]) -> Meaning {
    let last = known.last();
    let Some(method) = method(write) else {
        return Meaning { basis: revision(last), uid: uid(last), meant: Vec::new() };
    };
    let body: Value = serde_json::from_slice(&write.http.body).unwrap_or_default();
    // A Scale is another object: only its replicas are of this one.
    let (method, body) = match write.subresource {
        Some(Subresource::Scale) => (Method::MergePatch, scaled(&body)),
        _ => (method, body),
    };
    let scope = match write.subresource {
        Some(Subresource::Status) => Scope::Status,
        None if kind.status_subresource => Scope::WithoutStatus,
        _ => Scope::Everything,
    };
    let lists = Lists::of(kind);
    let mut names = Names::default();
    let sent = Sent::new(&mut names, &lists, method, scope, &body);
    let versions: Vec<Version> = known.iter().map(|it| names.version(&lists, it)).collect();
    let nothing = Version { leaves: Flat::from([]), order: Order::from([]) };
    let mut best: Option<(Vec<LeafChange>, Option<usize>)> = None;
    for (at, version) in versions.iter().enumerate().rev() {
        let Some(changes) = changes(&sent, &mut names, &lists, version) else { continue };
        if best.as_ref().is_none_or(|(least, _)| changes.len() < least.len()) {
            best = Some((changes, Some(at)));
        }
    }
    let alone = || changes(&sent, &mut names, &lists, &nothing).map(|it| (it, None));
    let Some((changes, basis)) = best.or_else(alone) else { return Meaning::default() };
    let basis = basis.and_then(|at| known.get(at));
    let version = basis.map_or(nothing, |basis| names.version(&lists, basis));
    let mut all: Vec<LeafChange> = sent.explicit.clone();
    all.extend(changes);
    all.extend(sent.taken_away(&names, &version));
    let mut meant: Vec<Meant> = Vec::new();
    for (leaf, value) in all {
        let path = names.leaf(leaf);
        if is_of_the_server(path) || meant.iter().any(|known| known.leaf == *path) {
            continue;
        }
        let want = match names.value_of(value) {
            Some(found) => Want::of(&Found::Is(found.clone())),
            None if value == THERE => Want::of(&Found::There),
            None => Want::Absent,
        };
        meant.push(Meant::literal(path.clone(), want));
    }
    Meaning { basis: revision(basis), uid: uid(basis), meant }
}

/// What the request changes in this version, without the server's own fields.
fn changes(
    sent: &Sent,
    names: &mut Names,
    lists: &Lists,
    version: &Version,
) -> Option<Vec<LeafChange>> {
    let mut changes = sent.on(names, lists, version)?;
    changes.retain(|(leaf, _)| !is_of_the_server(names.leaf(*leaf)));
    Some(changes)
}

/// How the request writes; nothing if it deletes.
fn method(write: &Exchange) -> Option<Method> {
    match write.verb {
        Verb::Create => Some(Method::Create),
        Verb::Update => Some(Method::Update),
        Verb::Patch(PatchKind::Merge) => Some(Method::MergePatch),
        Verb::Patch(PatchKind::Json) => Some(Method::JsonPatch),
        Verb::Patch(PatchKind::Strategic) => Some(Method::StrategicMergePatch),
        Verb::Patch(PatchKind::Apply) => Some(Method::Apply),
        _ => None,
    }
}

/// What a body of the `scale` subresource says of the object.
fn scaled(body: &Value) -> Value {
    let of_patch = |operation: &&Value| operation["path"] == "/spec/replicas";
    let mut operations = body.as_array().into_iter().flatten();
    let replicas = match operations.rfind(of_patch) {
        Some(operation) => &operation["value"],
        None => &body["spec"]["replicas"],
    };
    if replicas.is_null() { json!({}) } else { json!({ "spec": { "replicas": replicas } }) }
}

/// Whether the leaf says which object is meant, or is counted by the server.
fn is_of_the_server(leaf: &LeafPath) -> bool {
    match leaf.parts() {
        [Part::Field(root)] => root == "apiVersion" || root == "kind",
        [Part::Field(root), Part::Field(field), ..] if root == "metadata" => matches!(
            field.as_str(),
            "resourceVersion"
                | "uid"
                | "generation"
                | "creationTimestamp"
                | "managedFields"
                | "selfLink"
        ),
        _ => false,
    }
}

fn revision(object: Option<&Arc<Value>>) -> Revision {
    let text = object.and_then(|object| object["metadata"]["resourceVersion"].as_str());
    Revision(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

fn uid(object: Option<&Arc<Value>>) -> Option<String> {
    object.and_then(|object| object["metadata"]["uid"].as_str()).map(str::to_owned)
}
