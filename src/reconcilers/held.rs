//! What a run has read and still needs, by slot.
//!
//! Next to read: `reconciler.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::Exchange;
use super::program::Slot;
use super::revisions::renamed;
use crate::apiserver::{FieldPath, Revision};

/// What was read into each slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Held(BTreeMap<Slot, Binding>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Binding {
    /// One object; `None` if there was none.
    One(Option<Arc<Value>>),
    /// A list of objects.
    Many(Vec<Arc<Value>>),
}

impl Held {
    pub(super) fn bind(&mut self, slot: Slot, object: Option<Arc<Value>>) {
        self.0.insert(slot, Binding::One(object));
    }

    pub(super) fn bind_list(&mut self, slot: Slot, objects: Vec<Arc<Value>>) {
        self.0.insert(slot, Binding::Many(objects));
    }

    /// The object in a slot, or the first of its list.
    pub(super) fn one(&self, slot: Slot) -> Option<&Arc<Value>> {
        match self.0.get(&slot)? {
            Binding::One(object) => object.as_ref(),
            Binding::Many(objects) => objects.first(),
        }
    }

    /// Everything in a slot.
    pub(super) fn all(&self, slot: Slot) -> Vec<Arc<Value>> {
        match self.0.get(&slot) {
            Some(Binding::One(object)) => object.iter().cloned().collect(),
            Some(Binding::Many(objects)) => objects.clone(),
            None => Vec::new(),
        }
    }

    /// A field of what is in a slot.
    pub(super) fn field(&self, slot: Slot, path: &FieldPath) -> Option<Value> {
        path.get(self.one(slot)?).cloned()
    }

    /// Forgets all slots but these.
    pub(super) fn keep(&mut self, bits: u64) {
        if !self.0.is_empty() {
            self.0.retain(|slot, _| bits >> slot & 1 == 1);
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    fn objects(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.0.values().flat_map(|binding| match binding {
            Binding::One(object) => object.as_slice(),
            Binding::Many(objects) => objects.as_slice(),
        })
    }

    fn map(&mut self, change: &dyn Fn(&Arc<Value>) -> Arc<Value>) {
        for binding in self.0.values_mut() {
            let objects = match binding {
                Binding::One(object) => object.as_mut_slice(),
                Binding::Many(objects) => objects.as_mut_slice(),
            };
            objects.iter_mut().for_each(|object| *object = change(object));
        }
    }

    pub(super) fn revisions(&self) -> Vec<Revision> {
        self.objects().map(|object| super::Basis::of(object).revision).collect()
    }

    pub(super) fn rename_revisions(&mut self, rename: &dyn Fn(Revision) -> Revision) {
        self.map(&|object| renamed(object, rename));
    }

    pub(super) fn exchange(&mut self, exchange: &Exchange) {
        self.map(&|object| exchange.object(object));
    }
}
