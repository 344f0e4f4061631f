//! The informer cache of one process: kube-rs calls it reflector and Store, controller-runtime
//! calls it the cache.
//!
//! It holds the objects its workers read, as of some revision, and the events of its watch that
//! have not been delivered yet. Delivering one event is a step of the schedule: between two steps
//! the cache may lag behind the store by any number of revisions, but it never goes back, except
//! by a relist. A cache that has not synced holds nothing, and its first delivery is its list. Left
//! out: resync, and a second API server that lags on its own.
//! Next to read: `simulation/world.rs`, which feeds it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{Key, Resource};

/// One event of a watch: the object after the change, or its deletion.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WatchEvent {
    /// Which object.
    pub key: Key,
    /// What it is now; `None` if it was deleted.
    pub object: Option<Arc<Value>>,
}

/// An event on its way to a cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Pending {
    event: WatchEvent,
    /// Whether a client that reads its own writes waits for it.
    awaited: bool,
}

/// The cache of one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Informer {
    objects: BTreeMap<Key, Arc<Value>>,
    pending: VecDeque<Pending>,
    synced: bool,
}

impl Informer {
    /// A cache that has just listed these objects.
    pub fn listed(objects: BTreeMap<Key, Arc<Value>>) -> Self {
        Informer { objects, pending: VecDeque::new(), synced: true }
    }

    /// Whether it has listed: what client-go's `HasSynced` tells.
    pub fn has_synced(&self) -> bool {
        self.synced
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
        let pending = self.pending.iter().filter_map(|pending| pending.event.object.as_ref());
        self.objects.values().chain(pending)
    }

    /// The keys of the objects it holds.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.objects.keys()
    }

    /// The keys of the objects that the events on the way to it are about.
    pub fn pending(&self) -> impl Iterator<Item = &Key> {
        self.pending.iter().map(|pending| &pending.event.key)
    }

    /// How many deliveries it is behind: events, or its first list.
    pub fn lag(&self) -> usize {
        self.pending.len() + usize::from(!self.synced)
    }

    /// A change was committed: its event is on the way. A list that is still to come has it.
    pub fn enqueue(&mut self, event: WatchEvent) {
        if self.synced {
            self.pending.push_back(Pending { event, awaited: false });
        }
    }

    /// A write of this object was acknowledged by the server: a client that reads its own writes
    /// waits for the newest event about it. Those before it come first, whoever waits.
    pub fn await_newest(&mut self, key: &Key) {
        let mut about = self.pending.iter_mut().filter(|pending| pending.event.key == *key).rev();
        if let Some(newest) = about.next() {
            newest.awaited = true;
            about.for_each(|older| older.awaited = false);
        }
    }

    /// Whether a client that reads its own writes waits for an event about one of these objects.
    pub fn awaits(&self, is_one: &dyn Fn(&Key) -> bool) -> bool {
        self.pending.iter().any(|pending| pending.awaited && is_one(&pending.event.key))
    }

    /// The process puts an object there itself: no request is made, and the next event about it
    /// replaces it.
    pub fn put(&mut self, key: Key, object: Arc<Value>) {
        self.objects.insert(key, object);
    }

    /// Delivers the oldest event, if there is one.
    pub fn deliver(&mut self) -> Option<WatchEvent> {
        let Pending { event, .. } = self.pending.pop_front()?;
        match &event.object {
            Some(object) => self.objects.insert(event.key.clone(), Arc::clone(object)),
            None => self.objects.remove(&event.key),
        };
        Some(event)
    }

    /// The same when no worker looks into it any more: what is on the way is delivered, and that is
    /// all that still can be seen of it.
    #[must_use]
    pub fn unread(&self) -> Informer {
        let pending = self.pending.iter().map(|pending| {
            let event = WatchEvent { key: pending.event.key.clone(), object: None };
            Pending { event, awaited: false }
        });
        Informer { objects: BTreeMap::new(), pending: pending.collect(), synced: self.synced }
    }

    /// Changes every object it holds or has on the way.
    pub fn map_objects(&mut self, change: &dyn Fn(&Arc<Value>) -> Arc<Value>) {
        self.objects.values_mut().for_each(|object| *object = change(object));
        let pending = self.pending.iter_mut().filter_map(|pending| pending.event.object.as_mut());
        pending.for_each(|object| *object = change(object));
    }
}

/// Objects of one resource, by their labels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Selection {
    pub resource: Resource,
    /// `None` for all namespaces.
    pub namespace: Option<String>,
    pub labels: Vec<(String, String)>,
}

impl Selection {
    /// Whether an object with this key is one of them.
    pub fn selects(&self, key: &Key, object: &Value) -> bool {
        let has = |(label, value): &(String, String)| {
            object["metadata"]["labels"][label] == Value::String(value.clone())
        };
        key.resource == self.resource
            && (self.namespace.is_none() || self.namespace == key.namespace)
            && self.labels.iter().all(has)
    }
}
