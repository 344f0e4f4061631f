//! What never changes during a run: who works in which process, which caches there are, what a
//! recreation creates.
//!
//! Next to read: `world.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::Observer;
use crate::apiserver::Key;
use crate::history::Lists;

/// The unchanging part of a world.
#[derive(Clone, Debug, Default)]
pub struct Setting {
    /// The workers, by index.
    pub workers: Vec<WorkerInfo>,
    /// The names of the processes, by index.
    pub processes: Vec<String>,
    /// The informer caches, by index.
    pub caches: Vec<CacheSpec>,
    /// What the schemas of these objects say about lists.
    pub lists: Arc<BTreeMap<Key, Lists>>,
    /// The objects that workers write, and what the final state is read from.
    pub objects: Vec<Key>,
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
}

/// One informer cache.
#[derive(Clone, Debug)]
pub struct CacheSpec {
    /// The process it belongs to.
    pub process: usize,
    /// The objects that the process's workers read from it.
    pub keys: BTreeSet<Key>,
}
