//! The store: what etcd is to a real API server, with one revision for everything.
//!
//! Every effective write raises the [`Revision`] by one, whatever it writes; an object's
//! `resourceVersion` is the revision of its last write. Objects are kept without that field, so
//! that "does this write change anything" is one comparison; [`Stored::view`] puts it in on the
//! way out. With [`History::KeepAll`] each write also appends one event to a log, from which a
//! list at an old revision and a watch are read (`history.rs`); the exhaustive search has no use
//! for the past and keeps [`History::Nothing`]. All may read; only `commit.rs` may write. Left out:
//! leases, transactions over two keys.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

use super::super::history::{Log, LoggedWrite, Version};
use super::super::json::Json;
use super::super::{Key, Resource, Revision};

/// Whether the store remembers what it has overwritten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum History {
    /// Every revision of every object, until compacted: lists and watches of the past work.
    #[default]
    KeepAll,
    /// Only the present: two servers with the same objects are equal, however they got there.
    Nothing,
}

/// One object and the revision of its last write.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The object without `metadata.resourceVersion`.
    pub object: Arc<Value>,
    /// The revision of its last write: its resourceVersion.
    pub modified: Revision,
    /// What clients see, once one has looked: in a store without a past.
    seen: OnceLock<Arc<Value>>,
    /// The same as JSON: in a store that keeps its past.
    json: Option<Arc<Json>>,
    /// A hash of the object, once one was wanted: a definition is large, and seldom changes.
    digest: OnceLock<u64>,
}

/// A client's object of more bytes is not stored: etcd's limit for a request. (A real server sends
/// built-in kinds as protobuf, which is shorter; here JSON counts for all.)
const OBJECT_BYTES_MAX: usize = 3 * 1024 * 1024 / 2;

impl Stored {
    fn new(object: Arc<Value>, modified: Revision) -> Self {
        Stored { object, modified, seen: OnceLock::new(), json: None, digest: OnceLock::new() }
    }

    fn with_json(object: Arc<Value>, modified: Revision) -> Self {
        let json = Some(Arc::new(Json::new(&object, modified)));
        Stored { json, ..Stored::new(object, modified) }
    }

    /// An object of the past, from what the log remembers of it.
    fn remembered(version: &Version) -> Self {
        let mut object = version.json.value();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
        }
        let json = Some(version.json.clone());
        Stored { json, ..Stored::new(Arc::new(object), version.modified) }
    }

    /// What clients see as JSON, if the store keeps it.
    pub fn json(&self) -> Option<&Arc<Json>> {
        self.json.as_ref()
    }

    /// Whether a client may not write it. The search, which keeps no past, does not look at sizes.
    pub fn is_too_large(&self) -> bool {
        self.json.as_ref().is_some_and(|json| json.bytes().len() > OBJECT_BYTES_MAX)
    }

    /// The object as clients see it: with its resourceVersion. All who look share it, unless its
    /// JSON is there, which most of them want.
    pub fn view(&self) -> Arc<Value> {
        if self.json.is_some() {
            return Arc::new(self.copy());
        }
        Arc::clone(self.seen.get_or_init(|| Arc::new(view(&self.object, self.modified))))
    }

    /// The same for one who takes it away, among many: no other reader is to keep it.
    pub fn copy(&self) -> Value {
        view(&self.object, self.modified)
    }

    /// What a log remembers of it.
    fn version(&self) -> Version {
        let json = match &self.json {
            Some(json) => json.clone(),
            None => Arc::new(Json::new(&self.object, self.modified)),
        };
        Version { json, modified: self.modified }
    }
}

/// What clients have seen follows from the rest.
impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        (&self.object, self.modified) == (&other.object, other.modified)
    }
}

impl Eq for Stored {}

impl Hash for Stored {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let digest = self.digest.get_or_init(|| {
            let mut hasher = DefaultHasher::new();
            self.object.hash(&mut hasher);
            hasher.finish()
        });
        (digest, self.modified).hash(state);
    }
}

/// Collections in the metadata that no client sees while they are empty.
const COLLECTIONS: [&str; 4] = ["annotations", "finalizers", "labels", "ownerReferences"];

/// The collections in an object's metadata that are there and empty. Only an apply stores such.
pub(crate) fn empty_collections(object: &Value) -> Vec<(&'static str, Value)> {
    let present = COLLECTIONS.into_iter().filter_map(|name| {
        let found = object.get("metadata")?.get(name)?;
        let empty = found
            .as_array()
            .map_or_else(|| found.as_object().is_some_and(Map::is_empty), |items| items.is_empty());
        empty.then(|| (name, found.clone()))
    });
    present.collect()
}

/// A stored object as it is read: its empty collections are not there. They stay in the store,
/// so that the next write is not taken for a no-op.
pub(crate) fn without_empty(object: &Arc<Value>) -> Arc<Value> {
    let empty = empty_collections(object);
    if empty.is_empty() {
        return object.clone();
    }
    let mut object = Value::clone(object);
    drop_empty(&mut object, &empty);
    Arc::new(object)
}

fn drop_empty(object: &mut Value, empty: &[(&'static str, Value)]) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| empty.iter().all(|(known, _)| name != known));
    }
}

/// An object with a resourceVersion put into its metadata.
pub(crate) fn view(object: &Value, revision: Revision) -> Value {
    let empty = empty_collections(object);
    let mut object = object.clone();
    if !empty.is_empty() {
        drop_empty(&mut object, &empty);
    }
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("resourceVersion".into(), Value::String(revision.to_string()));
    }
    object
}

/// All objects of all kinds at the current revision, and the log of how they came to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Store {
    revision: Revision,
    objects: Arc<BTreeMap<Arc<Key>, Stored>>,
    log: Option<Arc<Log>>,
}

impl Store {
    pub fn new(first: Revision, history: History) -> Self {
        let log = match history {
            History::KeepAll => Some(Arc::new(Log::new(first))),
            History::Nothing => None,
        };
        Store { revision: first, objects: Arc::default(), log }
    }

    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// The log of all changes, if the store keeps one.
    pub fn log(&self) -> Option<&Log> {
        self.log.as_deref()
    }

    pub fn get(&self, key: &Key) -> Option<&Stored> {
        self.objects.get(key)
    }

    /// All objects, ordered by group, version, resource, namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<Key>, &Stored)> {
        self.objects.iter()
    }

    /// The objects of one resource in one namespace (or in all), in order.
    pub fn of_resource<'a>(
        &'a self,
        resource: &'a Resource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a Arc<Key>, &'a Stored)> {
        let from = Key {
            resource: resource.clone(),
            namespace: namespace.map(String::from),
            name: String::new(),
        };
        self.objects.range(Arc::new(from)..).take_while(move |(key, _)| {
            key.resource == *resource
                && (namespace.is_none() || key.namespace.as_deref() == namespace)
        })
    }

    /// The objects of one resource in one namespace (or in all).
    pub fn now(&self, resource: &Resource, namespace: Option<&str>) -> Vec<(Arc<Key>, Stored)> {
        let found = self.of_resource(resource, namespace);
        found.map(|(key, stored)| (key.clone(), stored.clone())).collect()
    }

    /// The objects of one resource as they were at a revision that is not compacted.
    pub fn at(&self, revision: Revision, resource: &Resource) -> Vec<(Arc<Key>, Stored)> {
        let mut past: BTreeMap<_, _> = self.now(resource, None).into_iter().collect();
        for event in self.log.iter().flat_map(|log| log.after(revision)).rev() {
            match &event.before {
                _ if event.key.resource != *resource => {}
                Some(before) => {
                    past.insert(event.key.clone(), Stored::remembered(before));
                }
                None => {
                    past.remove(&event.key);
                }
            }
        }
        past.into_iter().collect()
    }

    /// An object as it is stored at a revision.
    fn stored(&self, object: Arc<Value>, modified: Revision) -> Stored {
        match self.log {
            Some(_) => Stored::with_json(object, modified),
            None => Stored::new(object, modified),
        }
    }

    /// An object as the next write stores it.
    pub fn next(&self, object: Arc<Value>) -> Stored {
        let stored = self.stored(object, Revision(self.revision.0 + 1));
        if stored.json.is_none() {
            // Whoever reads it next shares what the writer is answered.
            stored.view();
        }
        stored
    }

    /// Writes what is next.
    pub(super) fn put(&mut self, key: &Key, next: Stored) {
        debug_assert_eq!(next.modified.0, self.revision.0 + 1, "another write came between");
        self.revision = next.modified;
        self.put_at(key, next);
    }

    /// Writes an object along with the present revision, which does not move.
    pub(super) fn put_along(&mut self, key: &Key, object: Arc<Value>) {
        let stored = self.stored(object, self.revision);
        self.put_at(key, stored);
    }

    /// Puts an object there as it was at an earlier revision.
    pub(super) fn restore(&mut self, key: &Key, object: Arc<Value>, modified: Revision) {
        let stored = self.stored(object, modified);
        Arc::make_mut(&mut self.objects).insert(Arc::new(key.clone()), stored);
    }

    /// Replaces an object by what `change` makes of it, as if it had always been so.
    pub(super) fn map_object(&mut self, key: &Key, change: &dyn Fn(&Arc<Value>) -> Arc<Value>) {
        let Some(stored) = self.objects.get(key) else { return };
        let changed = self.stored(change(&stored.object), stored.modified);
        if let Some(stored) = Arc::make_mut(&mut self.objects).get_mut(key) {
            *stored = changed;
        }
    }

    fn put_at(&mut self, key: &Key, stored: Stored) {
        let objects = Arc::make_mut(&mut self.objects);
        let (after, revision) = (stored.json.clone(), stored.modified);
        let (key, before) = match objects.get_mut(key) {
            Some(old) => {
                let before = std::mem::replace(old, stored);
                let (key, _) = objects.get_key_value(key).expect("just found");
                (key.clone(), Some(before))
            }
            None => {
                let key = Arc::new(key.clone());
                objects.insert(key.clone(), stored);
                (key, None)
            }
        };
        if let Some(log) = &mut self.log {
            let before = before.map(|before| before.version());
            Arc::make_mut(log).push(LoggedWrite { revision, key, before, after, removed: None });
        }
    }

    /// Removes an object, if it is there, at the next revision.
    pub(super) fn delete(&mut self, key: &Key) {
        let objects = Arc::make_mut(&mut self.objects);
        let Some((key, before)) = objects.remove_entry(key) else { return };
        self.revision.0 += 1;
        let revision = self.revision;
        if let Some(log) = &mut self.log {
            let before = before.version();
            let removed = Some(Arc::new(before.json.at(revision)));
            let (before, after) = (Some(before), None);
            Arc::make_mut(log).push(LoggedWrite { revision, key, before, after, removed });
        }
    }

    /// Removes an object along with the write of the present revision.
    pub(super) fn delete_along(&mut self, key: &Key) {
        if self.objects.contains_key(key) {
            self.revision.0 -= 1;
            self.delete(key);
        }
    }

    /// Removes an object as if it had never been there.
    pub(super) fn forget(&mut self, key: &Key) {
        Arc::make_mut(&mut self.objects).remove(key);
    }

    /// Forgets the past up to and including `revision`.
    pub(super) fn compact(&mut self, revision: Revision) {
        if let Some(log) = &mut self.log {
            Arc::make_mut(log).compact(revision);
        }
    }

    /// Gives every live object's revision and the counter new names, in the same order.
    pub(super) fn rename_revisions(&mut self, f: &dyn Fn(Revision) -> Revision) {
        for stored in Arc::make_mut(&mut self.objects).values_mut() {
            let modified = f(stored.modified);
            let digest = stored.digest.clone();
            let renamed = match stored.json {
                Some(_) => Stored::with_json(stored.object.clone(), modified),
                None => Stored::new(stored.object.clone(), modified),
            };
            *stored = Stored { digest, ..renamed };
        }
        self.revision = f(self.revision);
    }
}
