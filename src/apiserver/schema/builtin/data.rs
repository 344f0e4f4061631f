//! Reads `kinds.txt` into nodes: every struct once, when it is first asked for, shared by all that
//! use it.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use serde_json::Value;

use crate::apiserver::schema::node::{Additional, Go, ListType, Node, Type};

/// All structs of `kinds.txt` by name.
static STRUCTS: LazyLock<BTreeMap<&'static str, Paragraph>> =
    LazyLock::new(|| read(include_str!("kinds.txt")));

/// A struct of `kinds.txt`, such as `Pod` or `apps.Deployment`.
pub(super) fn structure(name: &str) -> Option<Arc<Node>> {
    let (name, paragraph) = STRUCTS.get_key_value(name)?;
    Some(paragraph.node.get_or_init(|| Arc::new(build(name, paragraph))).clone())
}

/// One paragraph of the text: the struct's line and its fields' lines.
struct Paragraph {
    head: &'static str,
    fields: Vec<&'static str>,
    node: OnceLock<Arc<Node>>,
}

fn read(text: &'static str) -> BTreeMap<&'static str, Paragraph> {
    let mut paragraphs = BTreeMap::new();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut current: Option<Paragraph> = None;
    for line in lines.chain([""]) {
        match &mut current {
            _ if line.trim().is_empty() => {
                if let Some(paragraph) = current.take() {
                    paragraphs.insert(first_word(paragraph.head), paragraph);
                }
            }
            Some(paragraph) => paragraph.fields.push(line.trim()),
            None => {
                let (fields, node) = (Vec::new(), OnceLock::new());
                current = Some(Paragraph { head: line, fields, node });
            }
        }
    }
    paragraphs
}

fn first_word(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// The name of a struct in Go: `v1.PodSpec` of `PodSpec`, `v2.MetricSpec` of
/// `autoscaling.v2.MetricSpec`.
fn go_name(name: &str) -> String {
    let mut parts = name.split('.').rev();
    let bare = parts.next().unwrap_or_default();
    let version = parts.next().filter(|part| part.starts_with(['v']) && part.len() == 2);
    format!("{}.{bare}", version.unwrap_or("v1"))
}

/// Builds a struct. The text has no recursive one.
fn build(name: &'static str, paragraph: &Paragraph) -> Node {
    let go = go_name(name);
    let bare = go.split_once('.').map(|(_, bare)| bare.to_owned());
    let mut node = Node {
        ty: Type::Object,
        go: Go { name: go, structure: bare, table: Some(name), ..Go::default() },
        ..Node::default()
    };
    node.atomic_map = paragraph.head.split_whitespace().any(|word| word == "atomic");
    for line in &paragraph.fields {
        let mut words = line.split_whitespace();
        let field = words.next().unwrap_or_default();
        let mut inner = type_node(words.next().unwrap_or_default());
        let number = words.next().unwrap_or_default();
        inner.go.number = number.split('.').filter_map(|part| part.parse().ok()).collect();
        inner.go.kept = inner.ty == Type::Scalar && !inner.go.pointer;
        for flag in words {
            set_flag(&mut inner, flag);
        }
        node.properties.insert(field.to_owned(), Arc::new(inner));
    }
    node
}

fn type_node(word: &str) -> Node {
    if let Some(inner) = word.strip_prefix('*') {
        let mut node = type_node(inner);
        node.go.pointer = true;
        return node;
    }
    let (ty, named) = match word.rsplit_once(':') {
        Some((ty, name)) if !name.ends_with([']', '>']) => (ty, Some(name.to_owned())),
        _ => (word, None),
    };
    let mut node = unnamed(ty);
    if let Some(name) = named {
        node.go.name = name;
    }
    node
}

fn unnamed(ty: &str) -> Node {
    let between = |open, close| ty.strip_prefix(open)?.strip_suffix(close);
    if let Some(inner) = between('[', ']') {
        let item = type_node(inner);
        let go = Go { name: format!("[]{}", item.go.name), ..Go::default() };
        return Node { ty: Type::Array, items: Some(Arc::new(item)), go, ..Node::default() };
    }
    if let Some(inner) = between('<', '>') {
        let value = type_node(inner);
        let go = Go { name: format!("map[string]{}", value.go.name), ..Go::default() };
        let additional = Additional::Of(Arc::new(value));
        return Node { ty: Type::Object, additional, go, ..Node::default() };
    }
    structure(ty).map_or_else(|| primitive(ty), |node| (*node).clone())
}

fn primitive(ty: &str) -> Node {
    let (kind, name, bits) = match ty {
        "string" => (Type::String, "string", 0),
        "int32" => (Type::Number, "int32", 32),
        "int64" => (Type::Number, "int64", 64),
        "bool" => (Type::Boolean, "bool", 0),
        "bytes" => (Type::String, "[]uint8", 0),
        "time" => (Type::Scalar, "v1.Time", 0),
        "microtime" => (Type::Scalar, "v1.MicroTime", 0),
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
        "omitzero" => {
            node.go.kept = false;
            node.go.omitzero = true;
        }
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

    const PRIMITIVES: [&str; 10] = [
        "string",
        "bool",
        "int32",
        "int64",
        "bytes",
        "time",
        "microtime",
        "quantity",
        "intstr",
        "any",
    ];

    fn bare(word: &str) -> &str {
        let word = word.trim_start_matches(['*', '[', '<']);
        word.split([':', ']', '>']).next().unwrap_or_default()
    }

    /// A misspelt type would silently become "anything".
    #[test]
    fn every_type_in_the_text_is_known() {
        for line in include_str!("kinds.txt").lines().filter(|line| line.starts_with("  ")) {
            let ty = bare(line.split_whitespace().nth(1).unwrap_or_default());
            assert!(PRIMITIVES.contains(&ty) || structure(ty).is_some(), "{line}");
        }
    }

    #[test]
    fn list_map_keys_and_merge_keys_are_fields_of_the_items() {
        for (name, node) in STRUCTS.keys().map(|name| (name, structure(name).unwrap_or_default())) {
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

    /// Two fields with one number would be one field to a protobuf client.
    #[test]
    fn numbers_are_told_apart() {
        for name in STRUCTS.keys() {
            let node = structure(name).unwrap_or_default();
            let mut numbers: Vec<_> = node.properties.values().map(|it| &it.go.number).collect();
            numbers.retain(|number| !number.is_empty() && number[..] != [0]);
            let all = numbers.len();
            numbers.sort();
            numbers.dedup();
            assert_eq!(numbers.len(), all, "{name}");
        }
    }

    #[test]
    fn names_are_those_of_go() {
        let node = structure("autoscaling.v2.MetricSpec").unwrap_or_default();
        assert_eq!(node.go.name, "v2.MetricSpec");
        let restart = &structure("PodSpec").unwrap_or_default().properties["restartPolicy"];
        assert_eq!(restart.go.name, "v1.RestartPolicy");
    }
}
