//! What a text says, with the place of every key and value.
//!
//! YAML and JSON come out as the same [`Node`]s: JSON's types, and byte ranges. The rest of this
//! folder looks at nodes where it needs a place, and at plain values where it does not.
//! Next to read: `yaml.rs`, which makes them.

use std::ops::Range;

use serde_json::{Map, Number, Value};

/// A value and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it stands; of a map or list in block style, from its first key or dash.
    pub span: Range<usize>,
    /// What it is.
    pub kind: NodeKind,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum NodeKind {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a map and its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// A step into a node.
#[derive(Clone, Copy, Debug)]
pub enum At<'k> {
    /// The value of a key.
    Key(&'k str),
    /// The entry of a list.
    Index(usize),
}

impl Node {
    /// The value without places.
    pub fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(b) => Value::Bool(*b),
            NodeKind::Number(n) => Value::Number(n.clone()),
            NodeKind::String(s) => Value::String(s.clone()),
            NodeKind::List(items) => items.iter().map(Node::to_value).collect(),
            NodeKind::Map(entries) => {
                let entries = entries.iter().map(|(key, node)| (key.text.clone(), node.to_value()));
                Value::Object(Map::from_iter(entries))
            }
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, node)| node)
    }

    /// A key and its value.
    pub fn entry(&self, key: &str) -> Option<(&Key, &Node)> {
        self.entries().iter().find(|(found, _)| found.text == key).map(|(key, node)| (key, node))
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[(Key, Node)] {
        match &self.kind {
            NodeKind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match &self.kind {
            NodeKind::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            NodeKind::String(text) => Some(text),
            _ => None,
        }
    }

    /// The node at the end of the way, or the last one on it that exists.
    pub fn nearest(&self, way: &[At<'_>]) -> &Node {
        let mut node = self;
        for step in way {
            let next = match step {
                At::Key(key) => node.get(key),
                At::Index(index) => node.items().get(*index),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// How much it is: values, bytes of strings, and levels.
    pub fn weight(&self) -> (usize, usize, usize) {
        let sum = |children: &mut dyn Iterator<Item = &Node>| {
            children.map(Node::weight).fold((1, 0, 0), |(v, b, d), (values, bytes, depth)| {
                (v + values, b + bytes, d.max(depth + 1))
            })
        };
        match &self.kind {
            NodeKind::String(text) => (1, text.len(), 0),
            NodeKind::List(items) => sum(&mut items.iter()),
            NodeKind::Map(entries) => {
                let (values, bytes, depth) = sum(&mut entries.iter().map(|(_, node)| node));
                let keys: usize = entries.iter().map(|(key, _)| key.text.len()).sum();
                (values, bytes + keys, depth)
            }
            _ => (1, 0, 0),
        }
    }

    /// What to underline: a scalar, a flow collection, or the first key of a block.
    pub fn mark(&self) -> Range<usize> {
        match &self.kind {
            NodeKind::Map(entries) => match entries.first() {
                Some((key, _)) if key.span.start == self.span.start => key.span.clone(),
                _ => self.span.clone(),
            },
            _ => self.span.clone(),
        }
    }

    /// What a reader calls it: "a string", "a list".
    pub fn described(&self) -> String {
        match &self.kind {
            NodeKind::Null => "nothing".to_owned(),
            NodeKind::Bool(b) => format!("the boolean `{b}`"),
            NodeKind::Number(n) => format!("the number `{n}`"),
            NodeKind::String(_) => "a string".to_owned(),
            NodeKind::List(_) => "a list".to_owned(),
            NodeKind::Map(_) => "a map".to_owned(),
        }
    }
}

/// A key without a value is a key that is not there: of the scenario, a worker or the faults.
pub fn without_nulls(root: &Node) -> Value {
    let mut value = root.to_value();
    let strip = |value: &mut Value| {
        if let Value::Object(map) = value {
            map.retain(|_, value| !value.is_null());
        }
    };
    strip(&mut value);
    strip(&mut value["faults"]);
    if value["faults"].is_null() {
        strip(&mut value);
    }
    if let Some(Value::Array(workers)) = value.get_mut("workers") {
        workers.iter_mut().for_each(strip);
    }
    value
}
