//! The steps that read, create, delete, or do something outside.

use std::sync::Arc;

use serde_json::{Value, json};

use super::Compiler;
use crate::apiserver::{FieldPath, Key, Kind, Step};
use crate::reconcilers::{
    CreateOp, DeleteOp, ListOp, OnExists, Op, Precondition, Reader, Slot, Victim,
};
use crate::scenario::node::{Node, NodeKind};

/// The keys of `create` that are not content of the object.
const CREATE_KEYS: [&str; 9] = [
    "kind",
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "as",
    "onExists",
];

impl Compiler<'_> {
    /// `get` and `cache`.
    pub(super) fn read(&mut self, step: &Node, value: &Node, reader: Reader) {
        let text = value.as_str().unwrap_or_default();
        let Some((kind, key)) = self.object(text, &value.span) else { return };
        let (name, place) = match step.get("as") {
            Some(node) => (node.as_str().unwrap_or_default(), node.span.clone()),
            None => (text, value.span.clone()),
        };
        let slot = self.bind(name, &place, &kind, Some(key.clone()), false);
        let freshness = self.freshness(step, reader);
        self.push(Op::Read { key, slot, reader, freshness });
    }

    /// `list`.
    pub(super) fn list(&mut self, value: &Node) {
        let text = |key: &str| value.get(key).and_then(Node::as_str);
        let (Some(kind), Some(alias)) = (value.get("kind"), value.get("as")) else { return };
        let Some(kind) = self.kind(text("kind").unwrap_or_default(), &kind.span) else { return };
        let namespace = self.namespace(value, &kind);
        let labels = value.get("labels").map(Node::entries).unwrap_or_default();
        let labels = labels
            .iter()
            .map(|(key, node)| (key.text.clone(), node.as_str().unwrap_or_default().to_owned()));
        let labels: Vec<(String, String)> = labels.collect();
        let reader = match text("from") {
            Some("cache") => Reader::Cache,
            _ => Reader::Live,
        };
        let name = text("as").unwrap_or_default();
        let slot = self.bind(name, &alias.span, &kind, None, true);
        let resource = kind.resource.clone();
        let freshness = self.freshness(value, reader);
        let list = ListOp { resource, namespace, labels, slot, reader, freshness };
        self.push(Op::List(list));
    }

    fn namespace(&mut self, value: &Node, kind: &Arc<Kind>) -> Option<String> {
        match value.get("namespace").and_then(|node| Some((node.as_str()?, node))) {
            Some((_, node)) if !kind.namespaced => {
                let message = format!("`{}` is not namespaced", kind.kind);
                self.wrong(&node.span.clone(), message);
                None
            }
            Some((name, _)) => Some(name.to_owned()),
            None => kind.namespaced.then(|| "default".to_owned()),
        }
    }

    /// `create`.
    pub(super) fn create(&mut self, step: &Node, value: &Node) {
        let text = |key: &str| value.get(key).and_then(Node::as_str);
        let Some(kind_node) = value.get("kind") else { return };
        let name = text("kind").unwrap_or_default();
        let Some(kind) = self.kind(name, &kind_node.span) else { return };
        let namespace = self.namespace(value, &kind);
        let named = [value.entry("name"), value.entry("generateName")];
        match named {
            [None, None] => {
                self.wrong(&kind_node.span, "this `create` has no name")
                    .help("add `name`, or `generateName` for a name that the server completes");
                return;
            }
            [Some(_), Some((second, _))] => {
                self.wrong(&second.span, "this `create` has both `name` and `generateName`")
                    .help("keep one of the two");
                return;
            }
            _ => {}
        }
        let mut template = json!({
            "apiVersion": kind.api_version(),
            "kind": kind.kind,
            "metadata": {},
        });
        if let Some(namespace) = &namespace {
            template["metadata"]["namespace"] = json!(namespace);
        }
        let mut fills = Vec::new();
        for (key, node) in value.entries() {
            let path: Vec<Step> = match key.text.as_str() {
                "kind" | "as" | "onExists" | "namespace" => continue,
                field if CREATE_KEYS.contains(&field) => {
                    ["metadata", field].map(|name| Step::Key(name.to_owned())).into()
                }
                field => vec![Step::Key(field.to_owned())],
            };
            self.content(FieldPath::new(path), node, &mut template, &mut fills);
        }
        let own = text("name").map(|name| Key {
            resource: kind.resource.clone(),
            namespace: namespace.clone(),
            name: name.to_owned(),
        });
        let default = format!("{}/{}", kind.kind, text("name").unwrap_or_default());
        let (alias, place) = match value.get("as") {
            Some(node) => (node.as_str().unwrap_or_default().to_owned(), node.span.clone()),
            None => (default, kind_node.span.clone()),
        };
        let on_exists = match text("onExists") {
            Some("adopt") => OnExists::Adopt,
            Some("next") => OnExists::Next,
            _ => OnExists::Fail,
        };
        if let (Some((key, _)), true) =
            (value.entry("onExists"), own.is_none() && named[0].is_none())
        {
            self.wrong(&key.span, "a generated name is always free, so `onExists` has no effect")
                .help("remove `onExists`, or give the object a fixed `name`");
        }
        let on_error = self.on_error(step);
        let slot = self.bind(&alias, &place, &kind, own, false);
        let resource = kind.resource.clone();
        let create = CreateOp { resource, namespace, template, fills, slot, on_exists, on_error };
        self.push(Op::Create(create));
    }

    /// A part of a new object: literal, or from what was read.
    fn content(
        &mut self,
        path: FieldPath,
        node: &Node,
        template: &mut Value,
        fills: &mut Vec<(FieldPath, Slot, FieldPath)>,
    ) {
        if let Some((_, value)) = node.entry("$read") {
            let text = value.as_str().unwrap_or_default();
            if let Some((slot, from)) = self.held(text, &value.span) {
                fills.push((path, slot, from));
            }
            return;
        }
        match &node.kind {
            NodeKind::Map(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    self.content(path.child(Step::Key(key.text.clone())), value, template, fills);
                }
            }
            NodeKind::List(items) if items.iter().any(|item| !item.entries().is_empty()) => {
                for (index, item) in items.iter().enumerate() {
                    self.content(path.child(Step::Index(index)), item, template, fills);
                }
            }
            _ => path.set(template, node.to_value()),
        }
    }

    /// `delete`.
    pub(super) fn delete(&mut self, step: &Node, value: &Node) {
        let on_error = self.on_error(step);
        let text = |key: &str| value.get(key).and_then(|node| Some((node.as_str()?, node)));
        let precondition = text("preconditions").map(|(word, _)| match word {
            "uid" => Precondition::Uid,
            _ => Precondition::Version,
        });
        let (one, each) = (value.as_str().map(|name| (name, value)), text("each"));
        let (resource, victim) = match (one.or(text("object")), each) {
            (Some((name, node)), None) => {
                if let Some((key, _)) = value.entry("unless") {
                    self.wrong(&key.span, "`unless` needs `each`");
                    return;
                }
                let bound = self.bound.iter().find(|bound| bound.name == name).cloned();
                match bound {
                    Some(bound) if bound.is_list => {
                        let message = format!("`{name}` is a list");
                        self.wrong(&node.span, message)
                            .help(format!("write `delete: {{ each: {name} }}`"));
                        return;
                    }
                    Some(bound) => (bound.kind.resource.clone(), Victim::Held(bound.slot)),
                    None if name.contains('/') => {
                        let Some((_, key)) = self.object(name, &node.span) else { return };
                        if let Some((_, place)) = text("preconditions") {
                            self.wrong(&place.span.clone(), "no earlier step has read this object")
                                .help(format!("add `- get: {name}` above"));
                            return;
                        }
                        (key.resource.clone(), Victim::Key(key))
                    }
                    None => {
                        self.named(name, &node.span);
                        return;
                    }
                }
            }
            (None, Some((name, node))) => {
                let Some(bound) = self.named(name, &node.span) else { return };
                if !bound.is_list {
                    self.wrong(&node.span, format!("`{name}` is one object, not a list"))
                        .help(format!("write `delete: {name}`"));
                    return;
                }
                let unless = value.get("unless").map(Node::entries).unwrap_or_default();
                let unless = unless.iter().filter_map(|(key, node)| {
                    let path = self.values.path(&key.text, &key.span)?;
                    Some((path, self.term(node)?))
                });
                let unless = unless.collect();
                (bound.kind.resource.clone(), Victim::Each { slot: bound.slot, unless })
            }
            _ => {
                let place = value.mark();
                self.wrong(&place, "`delete` takes one object, or `each` of a list");
                return;
            }
        };
        self.push(Op::Delete(DeleteOp { resource, victim, precondition, on_error }));
    }

    /// `effect`.
    pub(super) fn effect(&mut self, value: &Node) {
        let name = value.as_str().unwrap_or_default();
        self.push(Op::Effect { name: name.into() });
    }
}
