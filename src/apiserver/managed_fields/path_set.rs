//! Sets of fields: paths through objects, and their form in managedFields (`fieldsV1`).
//!
//! A set is a tree. A node's `members` are the fields that belong to it, its `children` the fields
//! below which others do; one field may be both (`.` in `fieldsV1`). Items of lists are named by
//! their keys (`k:`) or their value (`v:`). Next to read: `typed.rs`.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::apiserver::Step as PathStep;
use crate::apiserver::schema::node::Node;

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field of an object.
    Field(String),
    /// An item of a list-type map, by its keys, sorted by name.
    Key(Vec<(String, Scalar)>),
    /// An item of a list-type set.
    Item(Scalar),
    /// An item of another list.
    Index(usize),
}

/// A value by which an item is told apart; ordered as the server orders values.
#[derive(Clone, Debug)]
pub(super) struct Scalar(pub Value);

impl Scalar {
    fn rank(&self) -> u8 {
        match self.0 {
            Value::Number(_) => 0,
            Value::String(_) => 1,
            Value::Bool(_) => 2,
            Value::Array(_) => 3,
            Value::Object(_) => 4,
            Value::Null => 5,
        }
    }
}

impl Ord for Scalar {
    fn cmp(&self, other: &Scalar) -> Ordering {
        match (&self.0, &other.0) {
            (Value::Number(a), Value::Number(b)) => {
                let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
                a.total_cmp(&b)
            }
            (Value::String(a), Value::String(b)) => a.cmp(b),
            (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()).then(self.0.to_string().cmp(&other.0.to_string())),
        }
    }
}

impl PartialOrd for Scalar {
    fn partial_cmp(&self, other: &Scalar) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Scalar) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Scalar {}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Step::Field(name) => write!(f, ".{name}"),
            Step::Key(keys) => {
                let keys = keys.iter().map(|(name, value)| format!("{name}={}", value.0));
                write!(f, "[{}]", keys.collect::<Vec<_>>().join(","))
            }
            Step::Item(value) => write!(f, "[={}]", value.0),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl From<&PathStep> for Step {
    fn from(step: &PathStep) -> Step {
        match step {
            PathStep::Key(name) => Step::field(name),
            PathStep::Entry { key, value } => Step::Key(vec![(key.clone(), Scalar(json!(value)))]),
            PathStep::Index(index) => Step::Index(*index),
        }
    }
}

/// A path as an error prints it: `.status.conditions[type="A"].status`.
pub(super) fn path_text(path: &[Step]) -> String {
    path.iter().map(Step::to_string).collect()
}

impl Step {
    /// A field of an object.
    pub fn field(name: &str) -> Step {
        Step::Field(name.to_owned())
    }

    /// The step's name in `fieldsV1`.
    fn encode(&self) -> String {
        match self {
            Step::Field(name) => format!("f:{name}"),
            Step::Key(keys) => {
                let keys = keys
                    .iter()
                    .map(|(name, value)| (name.clone(), value.0.clone()))
                    .collect::<Map<_, _>>();
                format!("k:{}", go_json(&Value::Object(keys)))
            }
            Step::Item(value) => format!("v:{}", go_json(&value.0)),
            Step::Index(index) => format!("i:{index}"),
        }
    }

    /// Reads a step's name; `None` for what a future version may know.
    fn decode(text: &str) -> Result<Option<Step>, String> {
        let Some((kind, rest)) = text.split_once(':') else {
            return Err(format!("missing colon: {text}"));
        };
        let json = || serde_json::from_str::<Value>(rest).map_err(|error| error.to_string());
        Ok(Some(match kind {
            "f" => Step::field(rest),
            "v" => Step::Item(Scalar(json()?)),
            "k" => match json()? {
                Value::Object(keys) => {
                    Step::Key(keys.into_iter().map(|(k, v)| (k, Scalar(v))).collect())
                }
                other => return Err(format!("not an object: {other}")),
            },
            "i" => Step::Index(rest.parse().map_err(|_| format!("not an index: {rest}"))?),
            _ => return Ok(None),
        }))
    }
}

/// JSON as Go writes it: with `<`, `>` and `&` escaped.
fn go_json(value: &Value) -> String {
    let text = value.to_string();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

/// A set of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PathSet {
    members: BTreeSet<Step>,
    children: BTreeMap<Step, PathSet>,
}

impl PathSet {
    /// Adds a field. The whole object (an empty path) belongs to no manager.
    pub fn insert(&mut self, path: &[Step]) {
        match path {
            [] => {}
            [last] => {
                self.members.insert(last.clone());
            }
            [first, rest @ ..] => self.children.entry(first.clone()).or_default().insert(rest),
        }
    }

    /// Whether nothing belongs to it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.values().all(PathSet::is_empty)
    }

    /// Whether a field just below belongs to it.
    pub fn has(&self, step: &Step) -> bool {
        self.members.contains(step)
    }

    /// What belongs to it below a field.
    pub fn below(&self, step: &Step) -> Option<&PathSet> {
        self.children.get(step).filter(|set| !set.is_empty())
    }

    /// Fields in either set.
    pub fn union(&self, other: &PathSet) -> PathSet {
        let mut result = self.clone();
        result.extend(other);
        result
    }

    /// Adds the fields of another set.
    pub fn extend(&mut self, other: &PathSet) {
        self.members.extend(other.members.iter().cloned());
        for (step, set) in &other.children {
            match self.children.get_mut(step) {
                Some(child) => child.extend(set),
                None => {
                    self.children.insert(step.clone(), set.clone());
                }
            }
        }
    }

    /// Fields in both sets.
    pub fn intersection(&self, other: &PathSet) -> PathSet {
        let children = self.children.iter().filter_map(|(step, set)| {
            let set = set.intersection(other.children.get(step)?);
            (!set.is_empty()).then(|| (step.clone(), set))
        });
        PathSet {
            members: self.members.intersection(&other.members).cloned().collect(),
            children: children.collect(),
        }
    }

    /// Fields in this set and not in the other. What lies below a field of the other stays.
    pub fn difference(&self, other: &PathSet) -> PathSet {
        self.minus(other, false)
    }

    /// The same, but what lies below a field of the other goes with it.
    pub fn recursive_difference(&self, other: &PathSet) -> PathSet {
        self.minus(other, true)
    }

    fn minus(&self, other: &PathSet, recursive: bool) -> PathSet {
        let children = self.children.iter().filter_map(|(step, set)| {
            if recursive && other.members.contains(step) {
                return None;
            }
            let set = match other.children.get(step) {
                Some(gone) => set.minus(gone, recursive),
                None => set.clone(),
            };
            (!set.is_empty()).then(|| (step.clone(), set))
        });
        PathSet {
            members: self.members.difference(&other.members).cloned().collect(),
            children: children.collect(),
        }
    }

    /// The set with the structs that lead to its fields; `spec` for `spec.a`, but no list items.
    pub fn with_named_parents(&self, node: Option<&Node>) -> PathSet {
        let mut members = self.members.clone();
        let mut children = BTreeMap::new();
        for (step, set) in &self.children {
            let below = match step {
                Step::Field(name) => {
                    if node.is_some_and(|node| node.is_named(name)) {
                        members.insert(step.clone());
                    }
                    node.and_then(|node| node.field(name))
                }
                Step::Key(_) => node.map(Node::item),
                _ => None,
            };
            children.insert(step.clone(), set.with_named_parents(below));
        }
        PathSet { members, children }
    }

    /// Renames the steps right below the place that a path leads to.
    pub fn rename_below(&mut self, path: &[PathStep], rename: &dyn Fn(&Step) -> Step) {
        let Some((first, rest)) = path.split_first() else {
            self.members = self.members.iter().map(rename).collect();
            let children = std::mem::take(&mut self.children).into_iter();
            self.children = children.map(|(step, set)| (rename(&step), set)).collect();
            return;
        };
        if let Some(below) = self.children.get_mut(&Step::from(first)) {
            below.rename_below(rest, rename);
        }
    }

    /// All fields: those of a level before what lies deeper.
    pub fn paths(&self) -> Vec<Vec<Step>> {
        let mut paths = self.members.iter().map(|step| vec![step.clone()]).collect::<Vec<_>>();
        for (step, set) in &self.children {
            for mut path in set.paths() {
                path.insert(0, step.clone());
                paths.push(path);
            }
        }
        paths
    }

    /// As `fieldsV1`.
    pub fn encode(&self) -> Value {
        let mut fields = Map::new();
        for (step, set) in &self.children {
            let Value::Object(mut inner) = set.encode() else { continue };
            if self.members.contains(step) && !set.is_empty() {
                inner.insert(".".to_owned(), Value::Object(Map::new()));
            }
            fields.insert(step.encode(), Value::Object(inner));
        }
        for step in &self.members {
            fields.entry(step.encode()).or_insert_with(|| Value::Object(Map::new()));
        }
        Value::Object(fields)
    }

    /// From `fieldsV1`.
    pub fn decode(fields: &Value) -> Result<PathSet, String> {
        let Value::Object(fields) = fields else {
            return Err("fieldsV1 is not an object".to_owned());
        };
        let mut set = PathSet::default();
        for (name, inner) in fields.iter().filter(|(name, _)| *name != ".") {
            let Some(step) = Step::decode(name)? else { continue };
            let below = PathSet::decode(inner)?;
            if below.is_empty() || inner.get(".").is_some() {
                set.members.insert(step.clone());
            }
            if !below.is_empty() {
                set.children.insert(step, below);
            }
        }
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set(fields: Value) -> PathSet {
        PathSet::decode(&fields).expect("fieldsV1")
    }

    #[test]
    fn fields_v1_survives_reading_and_writing() {
        let fields = json!({
            "f:metadata": { "f:finalizers": { ".": {}, "v:\"a/b\"": {} } },
            "f:spec": { ".": {}, "f:a": {} },
            "f:status": { "f:conditions": { "k:{\"type\":\"A\"}": { ".": {}, "f:type": {} } } }
        });
        assert_eq!(set(fields.clone()).encode(), fields);
    }

    #[test]
    fn difference_keeps_what_lies_below_and_its_recursive_form_does_not() {
        let all = set(json!({ "f:spec": { ".": {}, "f:a": {} }, "f:status": {} }));
        let spec = set(json!({ "f:spec": {} }));
        assert_eq!(
            all.difference(&spec).encode(),
            json!({ "f:spec": { "f:a": {} }, "f:status": {} })
        );
        assert_eq!(all.recursive_difference(&spec).encode(), json!({ "f:status": {} }));
    }

    #[test]
    fn union_and_intersection_go_leaf_by_leaf() {
        let a = set(json!({ "f:x": { "f:a": {}, "f:b": {} } }));
        let b = set(json!({ "f:x": { "f:b": {}, "f:c": {} }, "f:y": {} }));
        assert_eq!(a.intersection(&b).encode(), json!({ "f:x": { "f:b": {} } }));
        assert_eq!(
            a.union(&b).encode(),
            json!({ "f:x": { "f:a": {}, "f:b": {}, "f:c": {} }, "f:y": {} })
        );
    }

    #[test]
    fn paths_are_printed_as_conflicts_print_them() {
        let fields = json!({ "f:l": { "k:{\"a\":1,\"b\":\"x\"}": { "f:c": {} } }, "f:z": {},
                             "f:s": { "v:\"q\"": {} } });
        let texts = set(fields).paths().iter().map(|path| path_text(path)).collect::<Vec<_>>();
        assert_eq!(texts, [".z", ".l[a=1,b=\"x\"].c", ".s[=\"q\"]"]);
    }
}
