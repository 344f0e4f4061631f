//! Reads `kinds.txt` into nodes: every struct once, shared by all that use it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::Value;

use crate::apiserver::schema::node::{Additional, Go, ListType, Node, Type};

/// All structs of `kinds.txt` by name.
static STRUCTS: LazyLock<BTreeMap<&'static str, Arc<Node>>> =
    LazyLock::new(|| read(include_str!("kinds.txt")));

/// A struct of `kinds.txt`.
pub(super) fn structure(name: &str) -> Option<Arc<Node>> {
    STRUCTS.get(name).cloned()
}

/// One paragraph of the text: the struct's line and its fields' lines.
struct Paragraph<'a> {
    head: &'a str,
    fields: Vec<&'a str>,
}

fn read(text: &'static str) -> BTreeMap<&'static str, Arc<Node>> {
    let mut paragraphs = BTreeMap::new();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut current: Option<Paragraph<'static>> = None;
    for line in lines.chain([""]) {
        match &mut current {
            _ if line.trim().is_empty() => {
                if let Some(paragraph) = current.take() {
                    paragraphs.insert(first_word(paragraph.head), paragraph);
                }
            }
            Some(paragraph) => paragraph.fields.push(line.trim()),
            None => current = Some(Paragraph { head: line, fields: Vec::new() }),
        }
    }
    let mut built = BTreeMap::new();
    for name in paragraphs.keys() {
        build(name, &paragraphs, &mut built);
    }
    built
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// Builds a struct after those it uses. The text has no recursive struct.
fn build(
    name: &'static str,
    paragraphs: &BTreeMap<&'static str, Paragraph<'static>>,
    built: &mut BTreeMap<&'static str, Arc<Node>>,
) -> Arc<Node> {
    if let Some(node) = built.get(name) {
        return node.clone();
    }
    let mut node = Node {
        ty: Type::Object,
        go: Go { name: format!("v1.{name}"), structure: Some(name.to_owned()), ..Go::default() },
        ..Node::default()
    };
    if let Some(paragraph) = paragraphs.get(name) {
        node.atomic_map = paragraph.head.split_whitespace().any(|word| word == "atomic");
        for line in &paragraph.fields {
            let mut words = line.split_whitespace();
            let field = words.next().unwrap_or_default();
            let ty = words.next().unwrap_or_default();
            let mut inner = type_node(ty, paragraphs, built);
            words.for_each(|flag| set_flag(&mut inner, flag));
            node.properties.insert(field.to_owned(), Arc::new(inner));
        }
    }
    let node = Arc::new(node);
    built.insert(name, node.clone());
    node
}

fn type_node(
    ty: &'static str,
    paragraphs: &BTreeMap<&'static str, Paragraph<'static>>,
    built: &mut BTreeMap<&'static str, Arc<Node>>,
) -> Node {
    if let Some(inner) = ty.strip_prefix('*') {
        let mut node = type_node(inner, paragraphs, built);
        node.go.pointer = true;
        return node;
    }
    let between = |open, close| ty.strip_prefix(open)?.strip_suffix(close);
    if let Some(inner) = between('[', ']') {
        let item = type_node(inner, paragraphs, built);
        let go = Go { name: format!("[]{}", item.go.name), ..Go::default() };
        return Node { ty: Type::Array, items: Some(Arc::new(item)), go, ..Node::default() };
    }
    if let Some(inner) = between('<', '>') {
        let value = type_node(inner, paragraphs, built);
        let go = Go { name: format!("map[string]{}", value.go.name), ..Go::default() };
        let additional = Additional::Of(Arc::new(value));
        return Node { ty: Type::Object, additional, go, ..Node::default() };
    }
    if paragraphs.contains_key(ty) {
        return (*build(ty, paragraphs, built)).clone();
    }
    primitive(ty)
}

fn primitive(ty: &str) -> Node {
    let (kind, name, bits) = match ty {
        "string" => (Type::String, "string", 0),
        "uid" => (Type::String, "types.UID", 0),
        "int32" => (Type::Number, "int32", 32),
        "int64" => (Type::Number, "int64", 64),
        "bool" => (Type::Boolean, "bool", 0),
        "bytes" => (Type::String, "[]uint8", 0),
        "time" => (Type::Scalar, "v1.Time", 0),
        "quantity" => (Type::Scalar, "resource.Quantity", 0),
        "intstr" => (Type::Scalar, "intstr.IntOrString", 0),
        _ => (Type::Any, "runtime.RawExtension", 0),
    };
    let any = kind == Type::Any;
    let go = Go { name: name.to_owned(), bits, ..Go::default() };
    Node { ty: kind, preserve: any, open: any, go, ..Node::default() }
}

fn set_flag(node: &mut Node, flag: &str) {
    let argument = |name: &str| flag.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(keys) = argument("map") {
        node.list = ListType::Map(keys.split(',').map(str::to_owned).collect());
    } else if let Some(key) = argument("merge") {
        node.patch.merge = true;
        node.patch.merge_key = key.to_owned();
    } else if let Some(default) = flag.strip_prefix('=') {
        node.default = serde_json::from_str::<Value>(default).ok();
    }
    match flag {
        "kept" => node.go.kept = true,
        "set" => node.list = ListType::Set,
        "merge" => node.patch.merge = true,
        "retain" => node.patch.retain_keys = true,
        "atomic" => node.atomic_map = true,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIMITIVES: [&str; 10] =
        ["string", "uid", "int32", "int64", "bool", "time", "quantity", "intstr", "bytes", "any"];

    /// A misspelt type would silently become "anything".
    #[test]
    fn every_type_in_the_text_is_known() {
        for line in include_str!("kinds.txt").lines().filter(|line| line.starts_with("  ")) {
            let ty = line.split_whitespace().nth(1).unwrap_or_default();
            let bare = ty.trim_matches(['*', '[', ']', '<', '>']);
            assert!(PRIMITIVES.contains(&bare) || structure(bare).is_some(), "{line}");
        }
    }

    #[test]
    fn list_map_keys_and_merge_keys_are_fields_of_the_items() {
        for (name, node) in STRUCTS.iter() {
            for (field, list) in &node.properties {
                let Some(item) = &list.items else { continue };
                if let ListType::Map(keys) = &list.list {
                    assert!(keys.iter().all(|key| item.is_named(key)), "{name}.{field}");
                }
                let key = &list.patch.merge_key;
                assert!(key.is_empty() || item.is_named(key), "{name}.{field}");
            }
        }
    }
}
