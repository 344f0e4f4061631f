//! What a process keeps for its workers: the copies of its informer cache, and the object that
//! they share in memory. A worker's own copy is in `belief.rs`.
//!
//! The terminal, the page and the presenter draw a box for each. Next to read: `walk.rs`.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::Key;
use crate::simulation::World;

/// What a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StoreKind {
    /// An informer cache; its index.
    Cache(usize),
    /// The object that the workers of a process share in memory; the index of the process.
    Memory(usize),
}

/// A place in which a process keeps one object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    /// Cache or memory.
    pub kind: StoreKind,
    /// The name of the process.
    pub process: String,
    /// The object.
    pub key: Key,
    /// The workers that read it there.
    pub workers: Vec<usize>,
}

/// What a store holds at one place of a game.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stored {
    /// The object; `None` if it has none.
    pub object: Option<Arc<Value>>,
    /// Of a cache: the changes that are on their way to it.
    pub lag: usize,
}

/// The stores of a world, the same at every place: caches first.
pub(super) fn stores(world: &World) -> Vec<Store> {
    let setting = &world.setting;
    let mut stores = Vec::new();
    for (at, cache) in setting.caches.iter().enumerate() {
        let written = setting.objects.iter().filter(|key| cache.watches(key));
        let mut keys: Vec<&Key> = cache.keys.iter().chain(written).collect();
        keys.sort();
        keys.dedup();
        let workers = setting.workers.iter().enumerate();
        let workers = workers.filter(|(_, worker)| worker.cache == Some(at));
        let workers: Vec<usize> = workers.map(|(index, _)| index).collect();
        stores.extend(keys.into_iter().map(|key| Store {
            kind: StoreKind::Cache(at),
            process: setting.processes[cache.process].clone(),
            key: key.clone(),
            workers: workers.clone(),
        }));
    }
    for (process, name) in setting.processes.iter().enumerate() {
        let mut keys: Vec<(Key, usize)> = Vec::new();
        for (index, worker) in world.workers.iter().enumerate() {
            let program = worker.program().filter(|_| setting.workers[index].process == process);
            let jobs = program.iter().flat_map(|program| program.jobs());
            let shared = jobs.filter(|job| job.write.is_shared()).map(|job| job.key.clone());
            keys.extend(shared.map(|key| (key, index)));
        }
        // A process holds one object in memory.
        let Some((key, _)) = keys.first() else { continue };
        let mut workers: Vec<usize> = keys.iter().map(|(_, worker)| *worker).collect();
        workers.dedup();
        stores.push(Store {
            kind: StoreKind::Memory(process),
            process: name.clone(),
            key: key.clone(),
            workers,
        });
    }
    stores
}

/// What each of these stores holds in a world.
pub(super) fn stored(world: &World, stores: &[Store]) -> Vec<Stored> {
    let one = |store: &Store| match store.kind {
        StoreKind::Cache(cache) => Stored {
            object: world.caches[cache].get(&store.key).cloned(),
            lag: world.caches[cache].lag(),
        },
        StoreKind::Memory(process) => {
            Stored { object: world.memories[process].object.clone(), lag: 0 }
        }
    };
    stores.iter().map(one).collect()
}
