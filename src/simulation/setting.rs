//! What never changes during a run: who works in which process, which caches there are, what a
//! recreation creates.
//!
//! Next to read: `world.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Ending, Observer, Queue, Turn};
use crate::apiserver::{ApiServer, Key, Resource};
use crate::history::Lists;

/// The unchanging part of a world.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// The workers, by index.
    pub workers: Vec<WorkerInfo>,
    /// The names of the processes, by index.
    pub processes: Vec<String>,
    /// The work queues, by index.
    pub queues: Vec<Queue>,
    /// The informer caches, by index.
    pub caches: Vec<CacheSpec>,
    /// What the schemas of these objects say about lists.
    pub lists: Arc<BTreeMap<Key, Lists>>,
    /// The objects that workers write, and what the final state is read from.
    pub objects: Vec<Key>,
    /// The resources of which objects are created: all of them belong to the final state.
    pub created: BTreeSet<Resource>,
    /// The object that a recreation deletes, and what it creates instead.
    pub recreated: Option<(Key, Arc<Value>)>,
    /// The time of every request that a fault makes.
    pub time: i64,
    /// Who watches.
    pub observers: Vec<Arc<dyn Observer>>,
}

/// One worker.
#[derive(Clone, Debug)]
pub struct WorkerInfo {
    /// Its name.
    pub name: String,
    /// The process it runs in.
    pub process: usize,
    /// The cache it reads, if it reads one.
    pub cache: Option<usize>,
    /// How it takes its turns.
    pub turn: Turn,
}

/// One informer cache.
#[derive(Clone, Debug, Default)]
pub struct CacheSpec {
    /// The process it belongs to.
    pub process: usize,
    /// The objects that the process's workers read from it.
    pub keys: BTreeSet<Key>,
    /// The resources of which it has all objects.
    pub resources: BTreeSet<Resource>,
    /// Whether it begins without its list.
    pub begins_unsynced: bool,
    /// Whether a reader of it waits for the writes of its own process.
    pub awaits_writes: bool,
}

impl CacheSpec {
    /// Whether the cache has this object.
    pub fn watches(&self, key: &Key) -> bool {
        self.keys.contains(key) || self.resources.contains(&key.resource)
    }
}

impl Setting {
    /// Whether an observer looks at a resourceVersion as a value.
    pub fn shows_versions(&self) -> bool {
        self.observers.iter().any(|observer| observer.shows_versions())
    }

    /// What is left in the store at the end.
    pub fn ending(&self, server: &ApiServer) -> Ending {
        let object = |key: &Key| Some((key.clone(), server.object(key)?));
        let created = self.created.iter().flat_map(|resource| server.keys_of(resource));
        let created: Vec<Key> = created.collect();
        Ending { objects: self.objects.iter().chain(&created).filter_map(object).collect() }
    }
}
