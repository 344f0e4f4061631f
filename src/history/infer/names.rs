//! Leaf paths and values as numbers: an audit log has millions of the same few.
//!
//! Next to read: `sent.rs`.

use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use serde_json::{Map, Value};

use crate::history::{Found, KEYS, LeafPath, Lists, Part, canonical, is_empty};

/// The number of a leaf path.
pub type LeafId = u32;
/// The number of a value.
pub type ValueId = u32;

/// The value of an entry or an item: it is there.
pub const THERE: ValueId = 0;
/// No value: the leaf is not there.
pub const ABSENT: ValueId = u32::MAX;

/// The leaves of a version with their values, by the number of the leaf.
pub type Flat = Arc<[(LeafId, ValueId)]>;
/// For each list with entries or items, their paths in the order of the list.
pub type Order = Arc<[(LeafId, Vec<LeafId>)]>;

/// One version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its leaves.
    pub leaves: Flat,
    /// The order of its lists.
    pub order: Order,
}

/// What is known of a leaf path.
#[derive(Clone, Copy, Debug)]
struct About {
    owner: LeafId,
    list: LeafId,
    status: bool,
}

/// Paths and values by number.
#[derive(Clone, Debug, Default)]
pub struct Names {
    paths: IndexSet<LeafPath, FxBuildHasher>,
    about: Vec<Option<About>>,
    values: IndexSet<Value, FxBuildHasher>,
}

/// What no client means by a write: the server's bookkeeping, and what the URL says too.
fn is_no_content(path: &LeafPath) -> bool {
    let [Part::Field(root), Part::Field(field), ..] = path.parts() else { return false };
    let skipped =
        ["name", "namespace", "generateName", "deletionTimestamp", "deletionGracePeriodSeconds"];
    root == "metadata" && skipped.contains(&field.as_str())
}

impl Names {
    /// The number of a path.
    pub fn path(&mut self, path: LeafPath) -> LeafId {
        let (id, new) = self.paths.insert_full(path);
        if new {
            self.about.push(None);
        }
        id as LeafId
    }

    /// The path of a number.
    pub fn leaf(&self, id: LeafId) -> &LeafPath {
        &self.paths[id as usize]
    }

    /// The number of a path, if it has one.
    pub fn find(&self, path: &LeafPath) -> Option<LeafId> {
        self.paths.get_index_of(path).map(|id| id as LeafId)
    }

    /// The owners of all leaves whose owner is such a path.
    pub fn owners(&mut self, is: &dyn Fn(&LeafPath) -> bool) -> Vec<LeafId> {
        let mut owners: Vec<LeafId> = Vec::new();
        for about in self.about.iter().flatten() {
            if is(&self.paths[about.owner as usize]) {
                owners.push(about.owner);
            }
        }
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// How many paths and values are known.
    pub fn len(&self) -> usize {
        self.paths.len() + self.values.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn about(&mut self, id: LeafId) -> About {
        if let Some(about) = self.about[id as usize] {
            return about;
        }
        let path = self.leaf(id).clone();
        let parts = path.parts();
        let entry = parts.iter().position(|part| !matches!(part, Part::Field(_)));
        let list = LeafPath::new(parts[..entry.unwrap_or(parts.len())].to_vec());
        let status = matches!(parts.first(), Some(Part::Field(root)) if root == "status");
        let owner = path.owned();
        let about = About { owner: self.path(owner), list: self.path(list), status };
        self.about[id as usize] = Some(about);
        about
    }

    /// The keyed entry that a leaf is in, or the leaf itself: what belongs to one owner.
    pub fn owner(&self, id: LeafId) -> LeafId {
        self.about[id as usize].map_or(id, |about| about.owner)
    }

    /// The outermost list that a leaf is in, or the leaf itself.
    pub fn list(&self, id: LeafId) -> LeafId {
        self.about[id as usize].map_or(id, |about| about.list)
    }

    /// Whether a leaf is in `status`.
    pub fn is_status(&self, id: LeafId) -> bool {
        self.about[id as usize].is_some_and(|about| about.status)
    }

    /// The number of a value.
    pub fn value(&mut self, value: &Value) -> ValueId {
        if let Some(id) = self.values.get_index_of(value) {
            return id as ValueId + 1;
        }
        self.values.insert_full(value.clone()).0 as ValueId + 1
    }

    /// The value of a number, if it is one.
    pub fn value_of(&self, id: ValueId) -> Option<&Value> {
        if id == THERE || id == ABSENT { None } else { self.values.get_index(id as usize - 1) }
    }

    /// The leaves of an object or of a part of one. `among` are other versions that decide which
    /// lists are keyed.
    pub fn flat(&mut self, lists: &Lists, object: &Value, among: &[&Value]) -> Flat {
        let mut flat = Vec::new();
        for (path, found) in lists.leaves(object, among) {
            if is_no_content(&path) {
                continue;
            }
            let value = match &found {
                Found::There => THERE,
                Found::Is(value) if is_empty(value) => continue,
                Found::Is(value) => self.value(value),
            };
            let id = self.path(path);
            self.about(id);
            flat.push((id, value));
        }
        flat.sort_unstable();
        flat.into()
    }

    /// An object's leaves and the order of its lists.
    pub fn version(&mut self, lists: &Lists, object: &Value) -> Version {
        let leaves = self.flat(lists, object, &[]);
        let mut order = Vec::new();
        self.orders(&mut Vec::new(), object, &mut order);
        Version { leaves, order: order.into() }
    }

    fn orders(
        &mut self,
        at: &mut Vec<Part>,
        value: &Value,
        order: &mut Vec<(LeafId, Vec<LeafId>)>,
    ) {
        match value {
            Value::Object(fields) => {
                for (key, inner) in fields {
                    if inner.is_object() || inner.is_array() {
                        at.push(Part::Field(key.clone()));
                        self.orders(at, inner, order);
                        at.pop();
                    }
                }
            }
            Value::Array(items) if !items.is_empty() => {
                let Some(parts) = entries(items) else { return };
                let list = LeafPath::new(at.clone());
                let entry = |names: &mut Names, part: &Part| {
                    let id = names.path(list.child(part.clone()));
                    names.about(id);
                    id
                };
                let entries = parts.iter().map(|part| entry(self, part)).collect();
                let id = self.path(list);
                order.push((id, entries));
            }
            _ => {}
        }
    }
}

/// How the items of a list are named: by the first key that all have, or, of scalars, by value.
fn entries(items: &[Value]) -> Option<Vec<Part>> {
    if items.iter().all(Value::is_string) {
        return Some(items.iter().map(Part::item).collect());
    }
    let key = KEYS.iter().find(|key| items.iter().all(|item| item[**key].is_string()))?;
    Some(items.iter().map(|item| entry(key, item)).collect())
}

fn entry(key: &str, item: &Value) -> Part {
    Part::entry(key, item[key].as_str().unwrap_or_default())
}

/// How an item that is sent alone is named.
pub(super) fn entry_of(item: &Value) -> Option<Part> {
    match item {
        Value::Object(fields) => {
            let key = KEYS.iter().find(|key| fields.get(**key).is_some_and(Value::is_string))?;
            Some(entry(key, item))
        }
        Value::Array(_) | Value::Null => None,
        scalar => Some(Part::item(&canonical(scalar))),
    }
}

impl Names {
    /// An object that has these leaves.
    pub fn object(&self, leaves: &[(LeafId, ValueId)]) -> Value {
        let mut object = Value::Null;
        for (leaf, value) in leaves {
            let found = self.value_of(*value).cloned();
            put(&mut object, self.leaf(*leaf).parts(), found);
        }
        object
    }
}

/// Puts a value at a path; `None` is an entry or an item that is there.
pub fn put(at: &mut Value, parts: &[Part], value: Option<Value>) {
    let Some((part, rest)) = parts.split_first() else {
        if let Some(value) = value {
            *at = value;
        }
        return;
    };
    if let Part::Field(key) = part {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        return put(&mut at[key.as_str()], rest, value);
    }
    if !at.is_array() {
        *at = Value::Array(Vec::new());
    }
    let Value::Array(items) = at else { return };
    match part {
        Part::Item(text) => items.push(serde_json::from_str(text).unwrap_or_default()),
        Part::Entry(keys) => {
            let is = |item: &Value| keys.iter().all(|(key, it)| item[key] == it.as_str());
            let known = items.iter().position(is);
            let index = known.unwrap_or_else(|| {
                let fields = keys.iter().map(|(key, it)| (key.clone(), it.clone().into()));
                items.push(Value::Object(fields.collect()));
                items.len() - 1
            });
            put(&mut items[index], rest, value);
        }
        Part::Field(_) => {}
    }
}

/// The leaves in which two sorted lists of leaves differ, with the values of the second.
pub fn differences(from: &[(LeafId, ValueId)], to: &[(LeafId, ValueId)]) -> Vec<(LeafId, ValueId)> {
    let mut found = Vec::new();
    let (mut a, mut b) = (from.iter().peekable(), to.iter().peekable());
    loop {
        match (a.peek(), b.peek()) {
            (None, None) => return found,
            (Some(&&(leaf, _)), None) => {
                found.push((leaf, ABSENT));
                a.next();
            }
            (None, Some(&&new)) => {
                found.push(new);
                b.next();
            }
            (Some(&&old), Some(&&new)) => match old.0.cmp(&new.0) {
                std::cmp::Ordering::Less => {
                    found.push((old.0, ABSENT));
                    a.next();
                }
                std::cmp::Ordering::Greater => {
                    found.push(new);
                    b.next();
                }
                std::cmp::Ordering::Equal => {
                    if old.1 != new.1 {
                        found.push(new);
                    }
                    a.next();
                    b.next();
                }
            },
        }
    }
}

/// The value of a leaf.
pub fn look(leaves: &[(LeafId, ValueId)], leaf: LeafId) -> ValueId {
    let at = leaves.binary_search_by_key(&leaf, |(id, _)| *id);
    at.map_or(ABSENT, |at| leaves[at].1)
}
