//! What a write *meant*: the leaves, and how each is to be.
//!
//! An author says it in fields ([`Change`]: a path, a value, and a [`Meaning`] where that is more
//! than the leaves of the value); [`meant`] turns that into leaves, once the versions around the
//! write are known, since they decide which lists are keyed. Who infers a meaning, from an audit
//! log say, makes [`Meant`] leaves directly. Next to read: `ledger.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::equal::{canonical, is_empty};
use super::leaf::{LeafPath, Part};
use super::lists::{Found, Lists};
use crate::apiserver::{FieldPath, Step};

/// What a write meant to do to one field, as opposed to what it sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// The field.
    pub path: FieldPath,
    /// The value it is to have; `None` for a removal.
    pub value: Option<Value>,
    /// Whether the value was computed from what was read (`$add`, `$append`, `$read`, an index).
    pub derived: bool,
    /// For `$append`: the item. What is meant then is that the list contains it, whoever else
    /// appends; `value` is only the list as computed.
    pub item: Option<Value>,
    /// How it is meant, if that is more than: the leaves of the value, decided from no read.
    pub meaning: Option<Arc<Meaning>>,
}

/// How a change is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Meaning {
    /// The field, if it is not the one that was named: an index stands for the entry that stood
    /// there in what its author saw.
    pub place: Option<FieldPath>,
    /// What of the field is meant.
    pub manner: Manner,
    /// The leaves that the value was computed from.
    pub reads: Vec<LeafPath>,
    /// The leaves from which it was decided to write at all.
    pub guards: Vec<LeafPath>,
    /// What its author saw there, as an object with nothing else in it; kept where the meaning
    /// depends on it.
    pub seen: Option<Value>,
}

/// What of a field is meant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Manner {
    /// The leaves of the value; of a removal (or of an empty value), the leaves that its author
    /// saw there.
    #[default]
    Leaves,
    /// The whole container: also that nothing else is in it.
    Exactly,
    /// That the number contains the summand: what was computed, or more of it that others added in
    /// memory before it was sent.
    Adds(Value),
    /// That the list contains the item.
    Contains(Value),
    /// That the list does not contain the item, or the entry with this key.
    Lacks(Value),
    /// That the list has the value in the place of this item.
    Replaces(Value),
    /// The list as a whole, since nothing tells its entries apart.
    Whole,
}

/// How a leaf is to be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Want {
    /// The entry or item is there.
    There,
    /// The leaf has this value, as canonical JSON text.
    Is(String),
    /// Nothing stands there.
    Absent,
    /// Nothing stands there but these leaves, and what the server fills in.
    Only(BTreeSet<LeafPath>),
}

/// One leaf that a write meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meant {
    /// The leaf.
    pub leaf: LeafPath,
    /// How it is to be.
    pub want: Want,
    /// The leaves that the value was computed from: a *derived* value, if there are any.
    pub reads: Vec<LeafPath>,
    /// The leaves from which it was decided to write at all: a *guarded* value.
    pub guards: Vec<LeafPath>,
}

impl Want {
    /// As it was found elsewhere.
    pub fn of(found: &Found) -> Want {
        match found {
            Found::There => Want::There,
            Found::Is(Value::Null) => Want::Absent,
            Found::Is(value) => Want::Is(canonical(value).to_string()),
        }
    }

    /// Whether the leaf of this object is so.
    pub fn is_met(&self, leaf: &LeafPath, object: &Value, lists: &Lists) -> bool {
        match self {
            Want::There => leaf.find(object).is_some(),
            Want::Absent => leaf.find(object).is_none_or(is_empty),
            Want::Is(text) => {
                let wanted = serde_json::from_str(text).unwrap_or_default();
                lists.is_same(leaf, object, &Found::Is(wanted))
            }
            Want::Only(allowed) => {
                let leaves = lists.leaves(object, &[]);
                let inside = leaves.iter().filter(|(path, _)| leaf.contains(path));
                inside.into_iter().all(|(path, found)| {
                    let empty = matches!(found, Found::Is(value) if is_empty(value));
                    empty
                        || allowed.iter().any(|allowed| allowed.overlaps(path))
                        || lists.is_default(path, object)
                })
            }
        }
    }

    /// Whether who means this means everything below the leaf as well.
    pub(super) fn is_whole(&self) -> bool {
        match self {
            Want::Only(_) => true,
            Want::Is(text) => text.starts_with('['),
            Want::There | Want::Absent => false,
        }
    }
}

impl Meant {
    /// A leaf that is to be as found elsewhere, decided from no read.
    pub fn literal(leaf: LeafPath, want: Want) -> Meant {
        Meant { leaf, want, reads: Vec::new(), guards: Vec::new() }
    }

    /// Whether a worker that means this means that leaf, which another wants: the same, one inside
    /// of an atomic list or of an exact container, or one in an entry (or list) that is therefore
    /// to be there.
    pub fn covers(&self, leaf: &LeafPath, want: &Want) -> bool {
        self.leaf.is_same(leaf)
            || self.want.is_whole() && self.leaf.contains(leaf)
            || (self.want != Want::Absent || want.is_whole()) && leaf.contains(&self.leaf)
    }
}

impl Change {
    /// A literal value for a field; `None` removes it.
    pub fn set(path: FieldPath, value: Option<Value>) -> Change {
        Change { path, value, derived: false, item: None, meaning: None }
    }

    /// Whether this object is as meant, as far as one can tell without its schema.
    pub fn is_made_in(&self, object: &Value) -> bool {
        self.is_made(&Lists::unknown(), object, object)
    }

    /// Whether a write of this change, from the one version to the other, did what was meant.
    pub fn is_made(&self, lists: &Lists, before: &Value, after: &Value) -> bool {
        let meant = self.meant(lists, Some(before), Some(after));
        meant.iter().all(|meant| meant.want.is_met(&meant.leaf, after, lists))
    }

    /// The leaves that are meant, if the object looked so before and after the write.
    pub fn meant(
        &self,
        lists: &Lists,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Vec<Meant> {
        let plain = Meaning::default();
        let meaning = self.meaning.as_deref().unwrap_or(&plain);
        let place = meaning.place.as_ref().unwrap_or(&self.path);
        let seen = meaning.seen.as_ref();
        let among: Vec<&Value> = [seen, before, after].into_iter().flatten().collect();
        let reading = Reading { lists, place, at: LeafPath::from(place), seen, among };
        let leaves = match &meaning.manner {
            Manner::Leaves => reading.leaves_of(self.value.as_ref()),
            Manner::Adds(summand) => reading.adds(self.value.as_ref(), summand, after),
            Manner::Exactly => reading.exactly(self.value.as_ref()),
            Manner::Contains(item) => reading.contains(item),
            Manner::Lacks(item) => reading.lacks(item),
            Manner::Replaces(old) => reading.replaces(old, self.value.as_ref()),
            Manner::Whole => reading.whole(self),
        };
        let one = matches!(meaning.manner, Manner::Contains(_)) && lists.is_typed(&reading.at);
        let meant = |(leaf, want): (LeafPath, Want)| {
            // Of a list that is merged, only the item itself was read.
            let reads = if one { vec![leaf.clone()] } else { meaning.reads.clone() };
            Meant { leaf, want, reads, guards: meaning.guards.clone() }
        };
        leaves.into_iter().map(meant).collect()
    }
}

/// A change and the versions in the light of which it is read.
struct Reading<'r> {
    lists: &'r Lists,
    place: &'r FieldPath,
    at: LeafPath,
    seen: Option<&'r Value>,
    among: Vec<&'r Value>,
}

impl Reading<'_> {
    /// The keys that the path itself names entries by.
    fn keys(&self) -> Vec<&str> {
        let steps = self.place.steps().iter();
        let keys = steps.filter_map(|step| match step {
            Step::Entry { key, .. } => Some(key.as_str()),
            _ => None,
        });
        keys.collect()
    }

    fn leaves_of(&self, value: Option<&Value>) -> Vec<(LeafPath, Want)> {
        let Some(value) = value.filter(|value| !is_empty(value)) else {
            return self.removal();
        };
        let mut part = Value::Null;
        self.place.set(&mut part, value.clone());
        let leaves = self.lists.leaves_as_written(&part, &self.among, &self.keys());
        let mut meant = Vec::new();
        for (path, found) in leaves {
            // A list that nothing tells the entries of apart is meant as its author made it.
            if path.contains(&self.at) && !path.is_same(&self.at) && matches!(found, Found::Is(_)) {
                meant.push(self.list_made(path, Some(value)));
            } else {
                meant.push((path, Want::of(&found)));
            }
        }
        meant
    }

    /// An atomic list, as its author made it of what was seen.
    fn list_made(&self, list: LeafPath, value: Option<&Value>) -> (LeafPath, Want) {
        let mut made = self.seen.or(self.among.first().copied()).cloned().unwrap_or_default();
        match value {
            Some(value) => self.place.set(&mut made, value.clone()),
            None => drop(self.place.remove(&mut made)),
        }
        let want = list.find(&made).map(|made| Want::of(&Found::Is(made.clone())));
        (list, want.unwrap_or(Want::Absent))
    }

    fn removal(&self) -> Vec<(LeafPath, Want)> {
        let leaves = self
            .seen
            .map(|seen| self.lists.leaves_as_written(seen, &self.among, &self.keys()))
            .unwrap_or_default();
        let above = |path: &&LeafPath| path.contains(&self.at) && !path.is_same(&self.at);
        if let Some(list) = leaves.keys().find(above).filter(|list| leaves[*list] != Found::There) {
            return vec![self.list_made(list.clone(), None)];
        }
        let seen = leaves.into_keys().filter(|path| self.at.contains(path));
        let mut meant: Vec<_> = seen.map(|path| (path, Want::Absent)).collect();
        if meant.is_empty() {
            meant.push((self.at.clone(), Want::Absent));
        }
        meant
    }

    fn adds(
        &self,
        sum: Option<&Value>,
        summand: &Value,
        after: Option<&Value>,
    ) -> Vec<(LeafPath, Want)> {
        let stored = after.and_then(|after| self.place.get(after));
        let number = |value: Option<&Value>| value.and_then(Value::as_f64);
        let more = match (number(stored), number(sum), summand.as_f64()) {
            (Some(stored), Some(sum), Some(n)) => (stored - sum) * n >= 0.0,
            _ => false,
        };
        self.leaves_of(if more { stored } else { sum })
    }

    fn exactly(&self, value: Option<&Value>) -> Vec<(LeafPath, Want)> {
        let value = value.filter(|value| !is_empty(value));
        let mut meant = value.map(|value| self.leaves_of(Some(value))).unwrap_or_default();
        let scalar = value.is_some_and(|value| !value.is_object() && !value.is_array());
        if !scalar {
            let allowed = meant.iter().map(|(path, _)| path.clone()).collect();
            meant.push((self.at.clone(), Want::Only(allowed)));
        }
        meant
    }

    fn contains(&self, item: &Value) -> Vec<(LeafPath, Want)> {
        if item.is_object() {
            let mut part = Value::Null;
            self.place.set(&mut part, Value::Array(vec![item.clone()]));
            let leaves = self.lists.leaves_as_written(&part, &self.among, &self.keys());
            if !leaves.keys().any(|path| path.contains(&self.at)) {
                return leaves.into_iter().map(|(path, f)| (path, Want::of(&f))).collect();
            }
        }
        vec![(self.at.child(Part::item(item)), Want::There)]
    }

    fn lacks(&self, item: &Value) -> Vec<(LeafPath, Want)> {
        let leaves = self
            .seen
            .map(|seen| self.lists.leaves_as_written(seen, &self.among, &self.keys()))
            .unwrap_or_default();
        let named = |path: &LeafPath| {
            path.parts().get(self.at.parts().len()).is_some_and(|part| part.is_named(item))
        };
        let entry = leaves.into_keys().filter(|path| self.at.contains(path) && named(path));
        let entry: Vec<_> = entry.map(|path| (path, Want::Absent)).collect();
        match entry.is_empty() {
            true => vec![(self.at.child(Part::item(item)), Want::Absent)],
            false => entry,
        }
    }

    fn replaces(&self, old: &Value, new: Option<&Value>) -> Vec<(LeafPath, Want)> {
        let item = |value: &Value| self.at.child(Part::item(value));
        let mut meant: Vec<_> = new.map(|new| (item(new), Want::There)).into_iter().collect();
        if new.map(canonical) != Some(canonical(old)) {
            meant.push((item(old), Want::Absent));
        }
        meant
    }

    fn whole(&self, change: &Change) -> Vec<(LeafPath, Want)> {
        let mut made = self.seen.cloned().unwrap_or_default();
        match &change.value {
            Some(value) => change.path.set(&mut made, value.clone()),
            None if change.path.remove(&mut made) => {}
            // To take away what does not stand there means nothing.
            None => return Vec::new(),
        }
        let want = self.at.find(&made).map(|made| Want::of(&Found::Is(made.clone())));
        vec![(self.at.clone(), want.unwrap_or(Want::Absent))]
    }
}
