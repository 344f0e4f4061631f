//! What a worker means by its `sets`, as opposed to what it sends.
//!
//! An index stands for the entry that stood there in what the worker read; a removal for what it
//! saw there; a `when` makes the whole decision one that was made from a read.
//! Next to read: `history/meaning.rs`.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::job::{Decision, Set};
use super::program::Slot;
use super::value::ValueExpr;
use crate::apiserver::{FieldPath, Step};
use crate::history::{Change, LeafPath, Lists, Manner, Meaning, Part, canonical, is_empty};

impl Decision {
    /// What is to change, computed from `held`; `None` if that is not as `when` wants it.
    pub fn changes(&self, held: &Value) -> Option<Arc<[Change]>> {
        self.changes_beside(held, &|_, _| None)
    }

    /// The same, of a run that has read other things too: `slots` gives their fields.
    pub(super) fn changes_beside(
        &self,
        held: &Value,
        slots: &dyn Fn(Slot, &FieldPath) -> Option<Value>,
    ) -> Option<Arc<[Change]>> {
        let mut held = Cow::Borrowed(held);
        if self.knows.is_some() {
            crate::client::decoded(self.knows.as_deref(), held.to_mut());
        }
        let write = self.when.iter().all(|(path, value)| is_so(path, value.as_ref(), &held));
        let change = |set: &Set| match &set.value {
            ValueExpr::Held { slot, path, own } => {
                let value = slots(*slot, path).map_or(ValueExpr::Remove, ValueExpr::Literal);
                let mut change = self.change(&Set { value, ..set.clone() }, &held);
                if *own {
                    let mut meaning = change.meaning.as_deref().cloned().unwrap_or_default();
                    meaning.reads.push(LeafPath::from(path));
                    change.meaning = Some(Arc::new(meaning));
                }
                Change { derived: true, ..change }
            }
            _ => self.change(set, &held),
        };
        write.then(|| self.sets.iter().map(change).collect())
    }

    /// What is to become of one field.
    pub fn change(&self, set: &Set, read: &Value) -> Change {
        let mut change = set.value.change(&set.path, read, &self.lists);
        let mut meaning = Meaning { manner: manner(&set.value), ..Meaning::default() };
        if self.guards {
            let guard = |(path, value): &(FieldPath, Option<Value>)| read_by(path, value.as_ref());
            meaning.guards = self.when.iter().flat_map(guard).collect();
            meaning.guards.extend(self.decided.iter().flat_map(|path| read_by(path, None)));
        }
        let mut place = set.path.clone();
        if let Some(seen) = seen_at(&mut place, &mut meaning.manner, &change, read, &self.lists) {
            meaning.place = Some(place.clone());
            meaning.reads.push(seen);
            change.derived = true;
        }
        match &set.value {
            ValueExpr::Read(from) => meaning.reads.push(LeafPath::from(from)),
            ValueExpr::Add(_) | ValueExpr::Append(_) => meaning.reads.push(LeafPath::from(&place)),
            _ => {}
        }
        meaning.seen = seen(&place, &meaning.manner, &change, read, &self.lists);
        change.meaning = (meaning != Meaning::default()).then(|| Arc::new(meaning));
        change
    }
}

fn manner(value: &ValueExpr) -> Manner {
    match value {
        ValueExpr::Exactly(_) => Manner::Exactly,
        ValueExpr::Add(summand) => Manner::Adds(Value::Number(summand.clone())),
        ValueExpr::Append(item) => Manner::Contains(item.clone()),
        ValueExpr::RemoveItem(item) => Manner::Lacks(item.clone()),
        _ => Manner::Leaves,
    }
}

/// Whether a field of what was read is as `when` wants it: absent for `None`; of an entry, only
/// the keys that are named.
fn is_so(path: &FieldPath, wanted: Option<&Value>, read: &Value) -> bool {
    let found = path.get(read).filter(|found| !found.is_null());
    match (found, wanted) {
        (Some(Value::Object(entry)), Some(Value::Object(fields)))
            if matches!(path.steps().last(), Some(Step::Entry { .. })) =>
        {
            fields
                .iter()
                .all(|(key, value)| entry.get(key).map(canonical) == Some(canonical(value)))
        }
        (found, wanted) => found.map(canonical) == wanted.map(canonical),
    }
}

/// The leaves that a condition looks at.
fn read_by(path: &FieldPath, wanted: Option<&Value>) -> Vec<LeafPath> {
    let cut = path.steps().iter().position(|step| matches!(step, Step::Index(_)));
    let steps = &path.steps()[..cut.unwrap_or(path.steps().len())];
    let at = LeafPath::from(&FieldPath::new(steps.to_vec()));
    match (steps.last(), wanted) {
        (Some(Step::Entry { .. }), Some(Value::Object(fields))) if cut.is_none() => {
            fields.keys().map(|key| at.child(Part::Field(key.clone()))).collect()
        }
        _ => vec![at],
    }
}

/// Replaces an index on the way by the entry that stood there; says which leaf that is, if there
/// is an index.
fn seen_at(
    place: &mut FieldPath,
    manner: &mut Manner,
    change: &Change,
    read: &Value,
    lists: &Lists,
) -> Option<LeafPath> {
    let mut seen = None;
    while let Some(at) = place.steps().iter().position(|step| matches!(step, Step::Index(_))) {
        let steps = place.steps();
        let Step::Index(index) = steps[at] else { return seen };
        let list = FieldPath::new(steps[..at].to_vec());
        let (leaf, last) = (LeafPath::from(&list), at + 1 == steps.len());
        let item = list.get(read).and_then(|list| list.get(index));
        let entry = item.and_then(|item| lists.entry_at(&leaf, item, read));
        let (manner_there, read_there) = match (item, entry) {
            (Some(_), Some(part)) => {
                let Part::Entry(keys) = &part else { return seen };
                let (key, value) = keys.first()?.clone();
                let mut way = steps.to_vec();
                way[at] = Step::Entry { key, value };
                *place = FieldPath::new(way);
                seen = Some(leaf.child(part));
                continue;
            }
            (Some(item), None) if last && !item.is_object() => {
                (Manner::Replaces(item.clone()), leaf.child(Part::item(item)))
            }
            (None, _) if last && change.value.is_some() => {
                (Manner::Contains(change.value.clone().unwrap_or_default()), leaf)
            }
            _ => (Manner::Whole, leaf),
        };
        (*place, *manner) = (list, manner_there);
        return Some(read_there);
    }
    seen
}

/// What was seen at a place, as far as the meaning depends on it.
fn seen(
    place: &FieldPath,
    manner: &Manner,
    change: &Change,
    read: &Value,
    lists: &Lists,
) -> Option<Value> {
    let at = LeafPath::from(place);
    let there = place.get(read);
    let filled =
        there.is_some_and(|value| !is_empty(value) && (value.is_object() || value.is_array()));
    let depends = match manner {
        Manner::Contains(item) => lists.depends(&at, Some(&Value::Array(vec![item.clone()]))),
        Manner::Replaces(_) => false,
        Manner::Whole => true,
        _ => lists.depends(&at, change.value.as_ref()),
    };
    let needed = match manner {
        Manner::Leaves => filled && change.value.as_ref().is_none_or(is_empty),
        Manner::Lacks(_) => filled,
        _ => false,
    };
    let anchor = match (depends, needed) {
        (true, _) => place.outermost_list().unwrap_or_else(|| place.clone()),
        (false, true) => place.clone(),
        (false, false) => return None,
    };
    let mut kept = Value::Null;
    anchor.set(&mut kept, anchor.get(read)?.clone());
    Some(kept)
}
