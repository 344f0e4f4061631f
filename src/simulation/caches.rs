//! What a step does to the informer caches, and who waits for one of them.
//!
//! A change that was committed is on its way to every cache that watches the object. A client that
//! reads its own writes (controller-runtime's `EnableReadYourWritesConsistency`; the
//! ConsistencyStore of KEP-5647) remembers what its own writes were answered: a read of that object
//! waits until the cache of its process has come as far, a list waits for all objects of the kind.
//! What other processes write is not waited for. And a process may put a copy into its cache
//! itself, which no server ever sees. Next to read: `world.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::step::{Performed, loaded_key, relist};
use super::{CacheSpec, Memory, Setting, Wait};
use crate::apiserver::{ApiServer, Key};
use crate::client::{Informer, WatchEvent, without_managed_fields};
use crate::reconcilers::{Ask, Freshness, Reader, Shared};
use crate::trace::{Action, Event};

/// What a step means for the caches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Publication {
    key: Key,
    news: News,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum News {
    /// It was committed; a process may wait for it.
    Committed { object: Option<Arc<Value>>, awaited_by: Option<usize> },
    /// A write of this process was acknowledged that changed nothing: it waits for what is there.
    Acknowledged { by: usize },
    /// This process put a copy into its cache.
    Put { object: Arc<Value>, by: usize },
}

impl Publication {
    /// A change was committed, and a process may wait for it.
    pub(crate) fn committed(change: &WatchEvent, awaited_by: Option<usize>) -> Publication {
        let object = change.object.as_ref().map(without_managed_fields);
        Publication { key: change.key.clone(), news: News::Committed { object, awaited_by } }
    }
}

/// A cache as its process starts: with its list, or still without it.
pub fn first_list(server: &ApiServer, spec: &CacheSpec) -> Informer {
    match spec.begins_unsynced {
        true => Informer::default(),
        false => relist(server, spec),
    }
}

impl Setting {
    /// Whether any reader of a cache may have to wait for it.
    pub fn has_waiting_readers(&self) -> bool {
        self.caches.iter().any(|spec| spec.begins_unsynced || spec.awaits_writes)
    }

    /// What a step means for the caches.
    pub(crate) fn publications(&self, performed: &Performed) -> Vec<Publication> {
        let Performed { event, changes, .. } = performed;
        let process = event.worker().map(|worker| self.workers[worker].process);
        if let (Action::CacheWrite, Some(by), Some(key), Some(object)) =
            (&event.action, process, &event.key, &event.seen)
        {
            let news = News::Put { object: Arc::clone(object), by };
            return vec![Publication { key: key.clone(), news }];
        }
        let awaits = |process: &usize| {
            let mut own = self.caches.iter().filter(|spec| spec.process == *process);
            event.is_acknowledged() && own.any(|spec| spec.awaits_writes)
        };
        let awaited_by = process.filter(awaits);
        if let (true, Some(by), Some(key)) = (changes.is_empty(), awaited_by, &event.key) {
            return vec![Publication { key: key.clone(), news: News::Acknowledged { by } }];
        }
        changes.iter().map(|change| Publication::committed(change, awaited_by)).collect()
    }

    /// Whether the cache with this index has to do with it.
    pub(crate) fn concerns(&self, index: usize, publication: &Publication) -> bool {
        let spec = &self.caches[index];
        let own = match publication.news {
            News::Committed { .. } => true,
            News::Acknowledged { by } | News::Put { by, .. } => by == spec.process,
        };
        own && spec.watches(&publication.key)
    }

    /// Lets the cache with this index know.
    pub(crate) fn publish(&self, index: usize, cache: &mut Informer, publication: &Publication) {
        if !self.concerns(index, publication) {
            return;
        }
        let key = &publication.key;
        match &publication.news {
            News::Committed { object, awaited_by } => {
                cache.enqueue(WatchEvent { key: key.clone(), object: object.clone() });
                if *awaited_by == Some(self.caches[index].process) {
                    cache.await_newest(key);
                }
            }
            News::Acknowledged { .. } => cache.await_newest(key),
            News::Put { object, .. } => cache.put(key.clone(), Arc::clone(object)),
        }
    }

    /// A cache has received an event, or its first list: the keys that it triggers are queued.
    pub fn receive(&self, index: usize, event: &Event, cache: &Informer, memory: &mut Memory) {
        match &event.key {
            Some(key) => self.wake(index, &|watched| watched.has(key), memory),
            None => {
                let known = |watched: &super::Watched| cache.keys().any(|key| watched.has(key));
                self.wake(index, &known, memory);
            }
        }
    }
}

/// What a look into a cache waits for; `None` if it need not wait, or is none.
pub fn awaited(
    ask: &Ask,
    freshness: Freshness,
    cache: Option<&Informer>,
    memory: &Memory,
) -> Option<Wait> {
    let cache = cache?;
    let (one, all) = match ask {
        Ask::Cache(key) => (Some(key.clone()), None),
        Ask::CacheList(selection) => (None, Some(&selection.resource)),
        Ask::Shared(Shared::Load { call, from: Reader::Cache }) if memory.object.is_none() => {
            (loaded_key(call), None)
        }
        _ => return None,
    };
    let is_read = |key: &Key| Some(key) == one.as_ref() || Some(&key.resource) == all;
    match freshness {
        Freshness::BeforeSync => None,
        _ if !cache.has_synced() => Some(Wait::Sync),
        Freshness::ReadYourWrites if cache.awaits(&is_read) => Some(Wait::OwnWrite),
        _ => None,
    }
}
