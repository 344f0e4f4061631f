//! The leaves of an object, and which lists have entries of their own.
//!
//! A list is *keyed* where the schema says `x-kubernetes-list-type: map`, or a built-in kind has a
//! merge key. The items of a set (and of a list of scalars that merges, such as finalizers) are
//! leaves. For judging only, a list of objects without a list type counts as keyed if in every
//! version that is looked at all its items have one of [`KEYS`] and no two the same: its owners
//! mean entries, whatever the server does with the list. Any other list is one leaf.
//! Next to read: `diff.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::equal::{canonical, is_as, is_empty, quantity};
use super::leaf::{LeafPath, Part, key_text};
use crate::apiserver::Kind;
use crate::apiserver::schema::Schema;
use crate::apiserver::schema::node::{ListType, Node};

/// What tells the entries of a list without a list type apart, in this order.
pub const KEYS: [&str; 5] = ["type", "name", "key", "ip", "uid"];

/// What the server counts and notes by itself: no author means it.
const SERVERS_OWN: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// What stands at a leaf.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// An entry or an item: it is there.
    There,
    /// A scalar, an empty map or list, or an atomic list, in canonical form.
    Is(Value),
}

/// Leaves by path.
pub type Leaves = BTreeMap<LeafPath, Found>;

/// What a kind's schema says about its lists. Cheap to clone.
#[derive(Clone)]
pub struct Lists {
    schema: Arc<Schema>,
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lists({:?})", self.schema)
    }
}

/// The same schema; which one it is follows from the kind.
impl PartialEq for Lists {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.schema, &other.schema)
    }
}

impl Eq for Lists {}

impl Hash for Lists {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}

impl Default for Lists {
    fn default() -> Self {
        Lists::unknown()
    }
}

/// How the items of a list are told apart.
enum Items {
    Keyed(Vec<String>),
    Set,
    Atomic,
}

impl Lists {
    /// The lists of a kind.
    pub fn of(kind: &Kind) -> Lists {
        Lists { schema: Arc::clone(&kind.schema) }
    }

    /// Of a kind whose schema is not known: metadata is known, of the rest what stands in it tells.
    pub fn unknown() -> Lists {
        Lists { schema: Arc::new(Schema::unknown_version()) }
    }

    fn root(&self) -> &Node {
        self.schema.root()
    }

    fn node_at(&self, path: &LeafPath) -> &Node {
        path.parts().iter().fold(self.root(), |node, part| match part {
            Part::Field(key) => below(node, key),
            Part::Entry(_) | Part::Item(_) => node.item(),
        })
    }

    /// The leaves of an object, without what the server counts by itself. `among` are the other
    /// versions that decide which lists are keyed.
    pub fn leaves(&self, object: &Value, among: &[&Value]) -> Leaves {
        let mut walk = Walk { keys: KEYS.to_vec(), keep_empty: false, leaves: Leaves::new() };
        walk.value(&LeafPath::default(), object, self.root(), among);
        walk.leaves.retain(|path, _| !is_servers_own(path));
        walk.leaves
    }

    /// The leaves of a part of an object, as it was written: what is empty stays, and lists
    /// that are named with one of these keys are keyed by it if they can be.
    pub(super) fn leaves_as_written(
        &self,
        part: &Value,
        among: &[&Value],
        keys: &[&str],
    ) -> Leaves {
        let mut keys: Vec<&str> = keys.to_vec();
        keys.extend(KEYS);
        let mut walk = Walk { keys, keep_empty: true, leaves: Leaves::new() };
        walk.value(&LeafPath::default(), part, self.root(), among);
        walk.leaves
    }

    /// Whether a leaf of the object is as found elsewhere.
    pub fn is_same(&self, path: &LeafPath, object: &Value, wanted: &Found) -> bool {
        match (path.find(object), wanted) {
            (found, Found::There) => found.is_some(),
            (Some(found), Found::Is(wanted)) => {
                is_as(&scalar(found, self.node_at(path)), wanted) || is_as(found, wanted)
            }
            (None, Found::Is(wanted)) => is_empty(wanted),
        }
    }

    /// Whether the server puts this leaf back if it is taken away: it is a default.
    pub fn is_default(&self, path: &LeafPath, object: &Value) -> bool {
        let mut without = object.clone();
        path.remove(&mut without);
        self.schema.default(&mut without);
        path.find(&without).is_some_and(|back| Some(back) == path.find(object))
    }

    /// How the entry of a list is named, if the list is keyed in this version.
    pub fn entry_at(&self, list: &LeafPath, item: &Value, version: &Value) -> Option<Part> {
        let node = self.node_at(list);
        match items_of(node, &[list.find(version)?], &KEYS) {
            Items::Keyed(keys) => Some(Part::Entry(keys_of(item, &keys, node))),
            Items::Set | Items::Atomic => None,
        }
    }

    /// Whether the list at this path has entries of their own whatever stands in it.
    pub(super) fn is_typed(&self, list: &LeafPath) -> bool {
        let node = self.node_at(list);
        node.list != ListType::Atomic || node.patch.merge
    }

    /// Whether it depends on what stands in lists which leaves a value at this path has.
    pub fn depends(&self, path: &LeafPath, value: Option<&Value>) -> bool {
        let parts = path.parts();
        let entries = parts.iter().enumerate().filter(|(_, part)| !matches!(part, Part::Field(_)));
        let mut lists = entries.map(|(at, _)| LeafPath::new(parts[..at].to_vec()));
        lists.any(|list| !self.is_typed(&list))
            || value.is_some_and(|value| self.has_untyped_list(path, value))
    }

    fn has_untyped_list(&self, path: &LeafPath, value: &Value) -> bool {
        match value {
            Value::Object(fields) => fields.iter().any(|(key, inner)| {
                self.has_untyped_list(&path.child(Part::Field(key.clone())), inner)
            }),
            Value::Array(items) => {
                let entries = items.iter().any(Value::is_object);
                let inner = path.child(Part::Item(String::new()));
                entries && !self.is_typed(path)
                    || items.iter().any(|item| self.has_untyped_list(&inner, item))
            }
            _ => false,
        }
    }
}

/// Whether no worker can mean it.
fn is_servers_own(path: &LeafPath) -> bool {
    match path.parts() {
        [Part::Field(root)] => root == "apiVersion" || root == "kind",
        [Part::Field(root), Part::Field(field), ..] => {
            root == "metadata" && SERVERS_OWN.contains(&field.as_str())
        }
        _ => false,
    }
}

fn below<'n>(node: &'n Node, key: &str) -> &'n Node {
    node.field(key).unwrap_or(Node::deduced())
}

/// A scalar in canonical form: of a quantity, its amount.
fn scalar(value: &Value, node: &Node) -> Value {
    let amount = (node.go.name == "resource.Quantity").then(|| quantity(value)).flatten();
    amount.map_or_else(|| canonical(value), Value::String)
}

/// Whether a Go struct leaves the field away when it is empty.
fn is_omitted(node: &Node) -> bool {
    !node.go.name.is_empty() && !node.go.kept && !node.go.pointer
}

fn items_of(node: &Node, lists: &[&Value], keys: &[&str]) -> Items {
    let lists: Vec<&Vec<Value>> = lists.iter().filter_map(|list| list.as_array()).collect();
    let mut all = lists.iter().flat_map(|list| list.iter());
    let objects = all.clone().all(Value::is_object);
    let scalars = all.all(|item| !item.is_object() && !item.is_array());
    let merged = &node.patch;
    let typed = match &node.list {
        ListType::Map(keys) => Some(keys.clone()),
        ListType::Atomic if merged.merge && !merged.merge_key.is_empty() => {
            Some(vec![merged.merge_key.clone()])
        }
        ListType::Set if scalars => return Items::Set,
        ListType::Atomic if merged.merge && scalars => return Items::Set,
        _ => None,
    };
    let unique = |keys: &[String]| {
        objects
            && lists.iter().all(|list| {
                let mut entries: Vec<_> = list.iter().map(|i| keys_of(i, keys, node)).collect();
                let every = entries.iter().all(|entry| !entry.is_empty());
                entries.sort_unstable();
                every && entries.windows(2).all(|pair| pair[0] != pair[1])
            })
    };
    if let Some(keys) = typed {
        return if unique(&keys) { Items::Keyed(keys) } else { Items::Atomic };
    }
    let untyped = keys.iter().map(|key| vec![(*key).to_owned()]).find(|keys| unique(keys));
    untyped.map_or(Items::Atomic, Items::Keyed)
}

/// The keys of an entry that are there, or that the schema fills in.
fn keys_of(item: &Value, keys: &[String], list: &Node) -> Vec<(String, String)> {
    let default = |key: &String| list.item().field(key).and_then(|node| node.default.as_ref());
    let value = |key: &String| key_text(item.get(key)).or_else(|| key_text(default(key)));
    keys.iter().filter_map(|key| Some((key.clone(), value(key)?))).collect()
}

struct Walk<'k> {
    keys: Vec<&'k str>,
    keep_empty: bool,
    leaves: Leaves,
}

impl Walk<'_> {
    fn value(&mut self, path: &LeafPath, value: &Value, node: &Node, among: &[&Value]) {
        match value {
            Value::Null if !self.keep_empty => {}
            value if is_empty(value) => {
                if self.keep_empty || !is_omitted(node) {
                    self.leaves.insert(path.clone(), Found::Is(canonical(value)));
                }
            }
            Value::Object(fields) => {
                for (key, inner) in fields {
                    let among: Vec<&Value> = among.iter().filter_map(|o| o.get(key)).collect();
                    let path = path.child(Part::Field(key.clone()));
                    self.value(&path, inner, below(node, key), &among);
                }
            }
            Value::Array(items) => self.list(path, value, items, node, among),
            other => {
                self.leaves.insert(path.clone(), Found::Is(scalar(other, node)));
            }
        }
    }

    fn list(
        &mut self,
        path: &LeafPath,
        list: &Value,
        items: &[Value],
        node: &Node,
        among: &[&Value],
    ) {
        let mut lists = among.to_vec();
        lists.push(list);
        match items_of(node, &lists, &self.keys) {
            Items::Atomic => {
                self.leaves.insert(path.clone(), Found::Is(canonical(list)));
            }
            Items::Set => {
                for item in items {
                    self.leaves.insert(path.child(Part::item(item)), Found::There);
                }
            }
            Items::Keyed(keys) => {
                for item in items {
                    let entry = Part::Entry(keys_of(item, &keys, node));
                    let among: Vec<&Value> =
                        among.iter().filter_map(|l| entry_in(&entry, l)).collect();
                    let path = path.child(entry);
                    self.leaves.insert(path.clone(), Found::There);
                    let fields = item.as_object().into_iter().flatten();
                    for (key, inner) in fields.filter(|(key, _)| !keys.contains(key)) {
                        let among: Vec<&Value> = among.iter().filter_map(|o| o.get(key)).collect();
                        let path = path.child(Part::Field(key.clone()));
                        self.value(&path, inner, below(node.item(), key), &among);
                    }
                }
            }
        }
    }
}

fn entry_in<'v>(entry: &Part, list: &'v Value) -> Option<&'v Value> {
    LeafPath::new(vec![entry.clone()]).find(list)
}
