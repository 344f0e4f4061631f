//! Nodes with other texts in them, at the places that they had.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::scenario::node::{Key, Node, NodeKind};

/// The text of a key, empty if there is none.
pub(super) fn text<'n>(node: &'n Node, key: &str) -> &'n str {
    node.get(key).and_then(Node::as_str).unwrap_or_default()
}

/// The number of a key.
pub(super) fn number(node: &Node, key: &str) -> Option<u64> {
    match &node.get(key)?.kind {
        NodeKind::Number(number) => number.as_u64(),
        _ => None,
    }
}

/// Puts a node and everything in it at one place of the text.
pub(super) fn put(node: &mut Node, place: &Range<usize>) {
    node.span = place.clone();
    match &mut node.kind {
        NodeKind::List(items) => items.iter_mut().for_each(|item| put(item, place)),
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                key.span = place.clone();
                put(value, place);
            }
        }
        _ => {}
    }
}

/// Sets a key of a map to a text; a new one stands where the map does.
pub(super) fn set(node: &mut Node, key: &str, value: &str) {
    let place = node.mark();
    let NodeKind::Map(entries) = &mut node.kind else { return };
    let kind = NodeKind::String(value.to_owned());
    match entries.iter_mut().find(|(found, _)| found.text == key) {
        Some((_, found)) => found.kind = kind,
        None => {
            let key = Key { text: key.to_owned(), span: place.clone() };
            entries.push((key, Node { span: place, kind }));
        }
    }
}

/// The node with `${replica}` replaced in its texts.
pub(super) fn filled_in(node: &Node, replica: &str) -> Node {
    let kind = match &node.kind {
        NodeKind::String(text) => NodeKind::String(text.replace("${replica}", replica)),
        NodeKind::List(items) => {
            NodeKind::List(items.iter().map(|item| filled_in(item, replica)).collect())
        }
        NodeKind::Map(entries) => {
            let entries = entries.iter().map(|(key, node)| (key.clone(), filled_in(node, replica)));
            NodeKind::Map(entries.collect())
        }
        other => other.clone(),
    };
    Node { span: node.span.clone(), kind }
}

/// The map with another value of one key, if it has that.
pub(super) fn with(map: &Node, key: &str, change: impl Fn(&Node) -> Node) -> Node {
    let entries = map.entries().iter().map(|(found, node)| {
        let changed = if found.text == key { change(node) } else { node.clone() };
        (found.clone(), changed)
    });
    Node { span: map.span.clone(), kind: NodeKind::Map(entries.collect()) }
}

/// The invariants, with the workers of all replicas where one worker is named.
pub(super) fn by_replica(list: &Node, names: &BTreeMap<String, Vec<String>>) -> Node {
    let all = |node: &Node| -> Node {
        let one = |item: &Node| -> Vec<Node> {
            let names = item.as_str().and_then(|name| names.get(name));
            let span = &item.span;
            match names {
                None => vec![item.clone()],
                Some(names) => names
                    .iter()
                    .map(|name| Node { span: span.clone(), kind: NodeKind::String(name.clone()) })
                    .collect(),
            }
        };
        let named: Vec<Node> = match &node.kind {
            NodeKind::List(items) => items.iter().flat_map(one).collect(),
            _ => one(node),
        };
        match named.as_slice() {
            [only] => only.clone(),
            _ => Node { span: node.span.clone(), kind: NodeKind::List(named) },
        }
    };
    let rules = |invariant: &Node| {
        let never = with(invariant, "never", |rule| with(rule, "worker", all));
        with(&never, "owner", |rule| with(rule, "by", all))
    };
    let items = list.items().iter().map(rules).collect();
    Node { span: list.span.clone(), kind: NodeKind::List(items) }
}
