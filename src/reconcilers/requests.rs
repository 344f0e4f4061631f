//! The requests of a program that are not writes of a method: get, list, create, delete.
//!
//! Next to read: `reconciler.rs`, which asks for them; `write.rs`, the requests of a method.

use std::sync::Arc;

use serde_json::{Value, json};

use super::held::Held;
use super::program::{CreateOp, DeleteOp, ListOp, Precondition, Program};
use super::{Basis, Call, Change, Selection};
use crate::apiserver::{FieldPath, Key, Options, Request, Resource, Step, Verb};

/// An object that is to be deleted, as it was read if it was.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub key: Key,
    pub object: Option<Arc<Value>>,
}

impl Target {
    pub(super) fn of(resource: &Resource, object: &Arc<Value>) -> Target {
        Target { key: key_of(resource, object), object: Some(Arc::clone(object)) }
    }
}

fn key_of(resource: &Resource, object: &Value) -> Key {
    let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
    let name = text("name").unwrap_or_default();
    Key { resource: resource.clone(), namespace: text("namespace"), name }
}

fn request(program: &Program, verb: Verb, resource: &Resource, namespace: Option<&str>) -> Request {
    Request {
        verb,
        resource: resource.clone(),
        namespace: namespace.map(str::to_owned),
        name: None,
        subresource: None,
        options: Options::default(),
        body: None,
        user_agent: program.name.clone(),
        time: program.time,
    }
}

fn call(request: Request) -> Call {
    Call { request: Arc::new(request), basis: None, intent: [].into(), only_version: false }
}

/// A GET of one object.
pub(super) fn get(program: &Program, key: &Key) -> Call {
    let mut get = request(program, Verb::Get, &key.resource, key.namespace.as_deref());
    get.name = Some(key.name.clone());
    call(get)
}

/// A LIST of the objects with some labels.
pub(super) fn list(program: &Program, op: &ListOp) -> Call {
    let mut list = request(program, Verb::List, &op.resource, op.namespace.as_deref());
    let labels: Vec<String> =
        op.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    list.options.label_selector = (!labels.is_empty()).then(|| labels.join(","));
    call(list)
}

/// The same selection, of an informer cache.
pub(super) fn selection(op: &ListOp) -> Selection {
    Selection {
        resource: op.resource.clone(),
        namespace: op.namespace.clone(),
        labels: op.labels.clone(),
    }
}

/// A POST of a new object: it means every field that it sends.
pub(super) fn create(program: &Program, op: &CreateOp, held: &Held) -> Call {
    let body = body(op, held);
    let mut intent = Vec::new();
    for (field, value) in body.as_object().into_iter().flatten() {
        let path = FieldPath::new(vec![Step::Key(field.clone())]);
        match field.as_str() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let names = ["name", "namespace", "generateName"];
                let metadata = value.as_object().into_iter().flatten();
                for (field, value) in metadata.filter(|(f, _)| !names.contains(&f.as_str())) {
                    leaves(path.child(Step::Key(field.clone())), value, &mut intent);
                }
            }
            _ => leaves(path, value, &mut intent),
        }
    }
    for change in &mut intent {
        change.derived = op.fills.iter().any(|(path, ..)| path.overlaps(&change.path));
    }
    let mut create = request(program, Verb::Create, &op.resource, op.namespace.as_deref());
    create.options.field_manager = Some(program.name.clone());
    create.name = body["metadata"]["name"].as_str().map(str::to_owned);
    create.body = Some(Arc::new(body));
    Call { intent: intent.into(), ..call(create) }
}

fn leaves(path: FieldPath, value: &Value, all: &mut Vec<Change>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                leaves(path.child(Step::Key(key.clone())), value, all);
            }
        }
        value => all.push(Change::set(path, Some(value.clone()))),
    }
}

fn body(op: &CreateOp, held: &Held) -> Value {
    let mut body = op.template.clone();
    for (path, slot, from) in &op.fills {
        if let Some(value) = held.field(*slot, from) {
            path.set(&mut body, value);
        }
    }
    body
}

/// The key of what a create operation makes, if it names it.
pub(super) fn created_key(op: &CreateOp, held: &Held) -> Key {
    let mut key = key_of(&op.resource, &body(op, held));
    key.namespace = op.namespace.clone();
    key
}

/// A DELETE of one object.
pub(super) fn delete(program: &Program, op: &DeleteOp, target: &Target) -> Call {
    let Target { key, object } = target;
    let mut delete = request(program, Verb::Delete, &key.resource, key.namespace.as_deref());
    delete.name = Some(key.name.clone());
    let of = |field: &str| object.as_ref().map(|object| object["metadata"][field].clone());
    delete.body = match op.precondition {
        None => None,
        Some(Precondition::Uid) => of("uid").map(|uid| json!({"preconditions": {"uid": uid}})),
        Some(Precondition::Version) => {
            of("resourceVersion").map(|v| json!({"preconditions": {"resourceVersion": v}}))
        }
    }
    .map(Arc::new);
    let basis = object.as_ref().map(|object| Basis::of(object));
    Call { basis, ..call(delete) }
}
