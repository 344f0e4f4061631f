//! The informer cache of one process: kube-rs calls it reflector and Store, controller-runtime
//! calls it the cache.
//!
//! It holds the objects its workers read, as of some revision, and the events of its watch that
//! have not been delivered yet. Delivering one event is a step of the schedule: between two steps
//! the cache may lag behind the store by any number of revisions, but it never goes back, except
//! by a relist. Left out: resync, and a second API server that lags on its own.
//! Next to read: `simulation/world.rs`, which feeds it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::Key;
use crate::reconcilers::Selection;

/// One event of a watch: the object after the change, or its deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WatchEvent {
    /// Which object.
    pub key: Key,
    /// What it is now; `None` if it was deleted.
    pub object: Option<Arc<Value>>,
}

/// The cache of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Informer {
    objects: BTreeMap<Key, Arc<Value>>,
    pending: VecDeque<WatchEvent>,
}

impl Informer {
    /// A cache that has just listed these objects.
    pub fn listed(objects: BTreeMap<Key, Arc<Value>>) -> Self {
        Informer { objects, pending: VecDeque::new() }
    }

    /// The object as the cache has it.
    pub fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// The objects that a selection selects, by name.
    pub fn select(&self, selection: &Selection) -> Vec<Arc<Value>> {
        let selected = self.objects.iter().filter(|(key, object)| selection.selects(key, object));
        selected.map(|(_, object)| Arc::clone(object)).collect()
    }

    /// The objects it holds.
    pub fn objects(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.objects.values().chain(self.pending.iter().filter_map(|event| event.object.as_ref()))
    }

    /// The keys of the objects it holds.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.objects.keys()
    }

    /// The keys of the objects that the events on the way to it are about.
    pub fn pending(&self) -> impl Iterator<Item = &Key> {
        self.pending.iter().map(|event| &event.key)
    }

    /// How many events have not been delivered.
    pub fn lag(&self) -> usize {
        self.pending.len()
    }

    /// A change was committed: its event is on the way.
    pub fn enqueue(&mut self, event: WatchEvent) {
        self.pending.push_back(event);
    }

    /// Delivers the oldest event, if there is one.
    pub fn deliver(&mut self) -> Option<WatchEvent> {
        let event = self.pending.pop_front()?;
        match &event.object {
            Some(object) => self.objects.insert(event.key.clone(), Arc::clone(object)),
            None => self.objects.remove(&event.key),
        };
        Some(event)
    }

    /// Changes every object it holds or has on the way.
    pub fn map_objects(&mut self, change: &dyn Fn(&Arc<Value>) -> Arc<Value>) {
        self.objects.values_mut().for_each(|object| *object = change(object));
        for object in self.pending.iter_mut().filter_map(|event| event.object.as_mut()) {
            *object = change(object);
        }
    }
}
