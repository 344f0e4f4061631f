//! A leaf: the unit in which writes are judged.
//!
//! A [`LeafPath`] leads to a scalar, to an empty map or list, to an atomic list, to an entry of a
//! keyed list, or to an item of a set. Unlike a [`FieldPath`](crate::apiserver::FieldPath) it has
//! no indices: an entry is named by all of its keys, an item by itself.
//! Next to read: `equal.rs`, when two values are the same.

use std::fmt;

use serde_json::Value;

use super::equal::{canonical, is_as};
use crate::apiserver::{FieldPath, Step};

/// One part of a [`LeafPath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A key of a map.
    Field(String),
    /// The entry of a keyed list that has these values under these keys, as text.
    Entry(Vec<(String, String)>),
    /// The item of a list that is this value, as canonical JSON text.
    Item(String),
}

/// A path to a leaf.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafPath(Vec<Part>);

impl Part {
    /// The entry with one key.
    pub fn entry(key: &str, value: &str) -> Part {
        Part::Entry(vec![(key.to_owned(), value.to_owned())])
    }

    /// The item that is this value.
    pub fn item(value: &Value) -> Part {
        Part::Item(canonical(value).to_string())
    }

    /// Whether it is an entry that has this value as one of its keys.
    pub fn is_named(&self, value: &Value) -> bool {
        let text = key_text(Some(value));
        matches!(self, Part::Entry(keys) if keys.iter().any(|(_, v)| Some(v) == text.as_ref()))
    }

    /// Whether both lead to the same place: an entry may be named by fewer of its keys.
    fn is_same(&self, other: &Part) -> bool {
        let (Part::Entry(mine), Part::Entry(others)) = (self, other) else { return self == other };
        let of = |name: &String| others.iter().find(|(key, _)| key == name);
        let shared = mine.iter().filter_map(|(key, value)| Some((value, &of(key)?.1)));
        shared.clone().count() > 0 && shared.clone().all(|(a, b)| a == b)
    }

    /// Whether this item of a list is the one.
    fn is_item(&self, item: &Value) -> bool {
        match self {
            Part::Field(_) => false,
            Part::Entry(keys) => has_keys(item, keys),
            Part::Item(text) => is_as(item, &serde_json::from_str(text).unwrap_or_default()),
        }
    }

    fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match (self, value) {
            (Part::Field(key), Value::Object(map)) => map.get(key),
            (part, Value::Array(list)) => list.iter().find(|item| part.is_item(item)),
            _ => None,
        }
    }

    fn find_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match (self, value) {
            (Part::Field(key), Value::Object(map)) => map.get_mut(key),
            (part, Value::Array(list)) => list.iter_mut().find(|item| part.is_item(item)),
            _ => None,
        }
    }
}

/// Whether an entry has all of these keys.
pub(super) fn has_keys(entry: &Value, keys: &[(String, String)]) -> bool {
    keys.iter().all(|(key, wanted)| key_text(entry.get(key)).as_ref() == Some(wanted))
}

/// The value of a key as a path spells it; `None` if it is no scalar.
pub(super) fn key_text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) => Some(canonical(value?).to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

impl LeafPath {
    /// The path made of these parts.
    pub fn new(parts: Vec<Part>) -> LeafPath {
        LeafPath(parts)
    }

    /// The parts from the root.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }

    /// The parts, to be changed.
    pub fn parts_mut(&mut self) -> &mut [Part] {
        &mut self.0
    }

    /// This path, one part longer.
    #[must_use]
    pub fn child(&self, part: Part) -> LeafPath {
        let mut parts = self.0.clone();
        parts.push(part);
        LeafPath(parts)
    }

    /// Whether the other path is this one, or leads on from it.
    pub fn contains(&self, other: &LeafPath) -> bool {
        self.0.len() <= other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.is_same(b))
    }

    /// Whether both lead to the same place.
    pub fn is_same(&self, other: &LeafPath) -> bool {
        self.0.len() == other.0.len() && self.contains(other)
    }

    /// Takes away what stands there.
    pub fn remove(&self, object: &mut Value) {
        let Some((last, way)) = self.0.split_last() else { return };
        let Some(parent) = way.iter().try_fold(object, |value, part| part.find_mut(value)) else {
            return;
        };
        match (last, parent) {
            (Part::Field(key), Value::Object(map)) => drop(map.remove(key)),
            (part, Value::Array(list)) => {
                if let Some(at) = list.iter().position(|item| part.is_item(item)) {
                    list.remove(at);
                }
            }
            _ => {}
        }
    }

    /// Whether one of the two contains the other.
    pub fn overlaps(&self, other: &LeafPath) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// What stands there, if something does. `null` is nothing.
    pub fn find<'v>(&self, object: &'v Value) -> Option<&'v Value> {
        let found = self.0.iter().try_fold(object, |value, part| part.find(value))?;
        Some(found).filter(|found| !found.is_null())
    }

    /// The same path as a field path, which names an entry by one key and no items; `None` if
    /// that is not possible.
    pub fn as_field_path(&self) -> Option<FieldPath> {
        let step = |part: &Part| match part {
            Part::Field(key) => Some(Step::Key(key.clone())),
            Part::Entry(keys) => match keys.as_slice() {
                [(key, value)] => Some(Step::Entry { key: key.clone(), value: value.clone() }),
                _ => None,
            },
            Part::Item(_) => None,
        };
        let steps: Option<Vec<Step>> = self.0.iter().map(step).collect();
        steps.map(FieldPath::new)
    }

    /// The same path with each entry named by the first of its keys.
    #[must_use]
    pub fn one_key(&self) -> LeafPath {
        let mut path = self.clone();
        for part in &mut path.0 {
            if let Part::Entry(keys) = part {
                keys.truncate(1);
            }
        }
        path
    }

    /// The path to the innermost keyed entry on the way, or the whole path outside of keyed lists:
    /// what belongs to one owner.
    pub fn owned(&self) -> LeafPath {
        let entry = self.0.iter().rposition(|part| matches!(part, Part::Entry(_)));
        LeafPath(self.0[..entry.map_or(self.0.len(), |at| at + 1)].to_vec())
    }
}

/// A field path without indices leads to a leaf.
impl From<&FieldPath> for LeafPath {
    fn from(path: &FieldPath) -> LeafPath {
        let part = |step: &Step| match step {
            Step::Key(key) => Part::Field(key.clone()),
            Step::Entry { key, value } => Part::entry(key, value),
            Step::Index(at) => Part::Field(at.to_string()),
        };
        LeafPath(path.steps().iter().map(part).collect())
    }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "-_$".contains(c))
}

impl fmt::Display for LeafPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, part) in self.0.iter().enumerate() {
            match part {
                Part::Field(key) if is_plain(key) && at == 0 => write!(f, "{key}")?,
                Part::Field(key) if is_plain(key) => write!(f, ".{key}")?,
                Part::Field(key) => write!(f, "[{}]", Value::String(key.clone()))?,
                Part::Entry(keys) => {
                    let keys = keys.iter().map(|(key, value)| format!("{key}={value}"));
                    write!(f, "[{}]", keys.collect::<Vec<_>>().join(","))?;
                }
                Part::Item(text) => {
                    let text: Value = serde_json::from_str(text).unwrap_or_default();
                    match text {
                        Value::String(text) => write!(f, "[={text}]")?,
                        value => write!(f, "[={value}]")?,
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(parts: &[Part]) -> LeafPath {
        LeafPath::new(parts.to_vec())
    }

    fn field(key: &str) -> Part {
        Part::Field(key.to_owned())
    }

    #[test]
    fn prints_entries_by_their_keys_and_items_by_themselves() {
        let ready = path(&[field("status"), field("conditions"), Part::entry("type", "Ready")]);
        assert_eq!(
            ready.child(field("status")).to_string(),
            "status.conditions[type=Ready].status"
        );
        let item = Part::item(&json!("a.io/b"));
        let finalizer = path(&[field("metadata"), field("finalizers"), item]);
        assert_eq!(finalizer.to_string(), "metadata.finalizers[=a.io/b]");
        let label = path(&[field("metadata"), field("labels"), field("a.b/c")]);
        assert_eq!(label.to_string(), "metadata.labels[\"a.b/c\"]");
    }

    #[test]
    fn finds_by_value_not_by_place() {
        let object = json!({"ports": [{"port": 80, "protocol": "UDP"}, {"port": 80.0,
            "protocol": "TCP", "name": "web"}], "set": [1, 2.0]});
        let keys =
            vec![("port".to_owned(), "80".to_owned()), ("protocol".to_owned(), "TCP".into())];
        let web = path(&[field("ports"), Part::Entry(keys), field("name")]);
        assert_eq!(web.find(&object), Some(&json!("web")));
        let two = path(&[field("set"), Part::item(&json!(2))]);
        assert_eq!(two.find(&object), Some(&json!(2.0)));
        assert_eq!(path(&[field("set"), Part::item(&json!(3))]).find(&object), None);
    }

    #[test]
    fn an_entry_belongs_to_one_owner() {
        let ready = path(&[field("conditions"), Part::entry("type", "Ready")]);
        assert_eq!(ready.child(field("status")).owned(), ready);
        assert!(ready.contains(&ready.child(field("status"))));
        assert!(!ready.contains(&path(&[field("conditions")])));
        assert!(ready.overlaps(&path(&[field("conditions")])));
    }
}
