//! Whose turn it is: work queues, triggers and leadership, as rules of who may begin a reconcile.
//!
//! A queue hands out one key at a time, so a reconcile begins only if no other one of its key is
//! under way and its replica has a goroutine free. A triggered reconcile begins only if its key is
//! in the queue: an event that its cache received put it there, once however many came. A replica
//! with leader election begins reconciles only while it believes that it leads. All of that follows
//! from what the workers are at and from the [`Memory`] of their process, so a search needs no
//! state besides. A queue's order is not modelled: every order of its keys is explored.
//! Next to read: `world.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::setting::{CacheSpec, Setting};
use super::step::SharedObject;
use crate::apiserver::{Key, Resource};
use crate::client::Informer;

/// What the workers of one process share in memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// The object that several of them hold.
    pub object: SharedObject,
    /// The workers whose key is in the queue because an event put it there.
    pub queued: BTreeSet<usize>,
    /// How often a resync of the cache will still put a worker's key there.
    pub resyncs: BTreeMap<usize, u32>,
    /// The Lease as this process acquired it, for as long as it believes that it leads.
    pub term: Option<Arc<Value>>,
    /// It lost the Lease and has exited.
    pub exited: bool,
}

/// How a worker takes its turns. Its default: whenever it likes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// The queue that it is handed out by.
    pub queue: Option<usize>,
    /// Its key among those of the queue.
    pub key: usize,
    /// What puts its key into the queue; `None` if nothing needs to.
    pub trigger: Option<Watched>,
    /// How often a resync does, too.
    pub resync: u32,
    /// Whether it works only while its process leads.
    pub leads: bool,
    /// Whether its key may be dropped while it waits to be tried again.
    pub deadline: bool,
}

/// Objects that are watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// These.
    pub keys: BTreeSet<Key>,
    /// And all of these resources.
    pub resources: BTreeSet<Resource>,
}

impl Watched {
    /// Whether this object is one of them.
    pub fn has(&self, key: &Key) -> bool {
        self.keys.contains(key) || self.resources.contains(&key.resource)
    }
}

/// The work queue of one replica of a controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// The controller, and which replica of it.
    pub name: String,
    /// How many reconciles run at once.
    pub concurrency: usize,
    /// Whether that is said of each key, instead of the whole controller.
    pub per_key: bool,
}

/// What a worker is at, as far as turns go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It has nothing to do any more.
    pub done: bool,
    /// A reconcile of it is under way.
    pub under_way: bool,
    /// Its last reconcile failed, and its key waits in the queue to be tried again.
    pub requeued: bool,
}

/// What a worker that has something to do waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Another reconcile of its queue is under way.
    Turn,
    /// No event has put its key into the queue.
    Event,
    /// Its process does not lead.
    Lead,
    /// Its process lost the Lease and has exited.
    Exited,
    /// The cache that it reads has not synced.
    Sync,
    /// The cache that it reads has not received a write of its own process.
    OwnWrite,
}

impl Setting {
    /// Whether any worker may have to wait for anything.
    pub fn has_turns(&self) -> bool {
        let waits = |turn: &Turn| turn.trigger.is_some() || turn.leads;
        let queues: Vec<usize> =
            self.workers.iter().filter_map(|worker| worker.turn.queue).collect();
        let shared = |queue: &usize| queues.iter().filter(|other| *other == queue).count() > 1;
        self.workers.iter().any(|worker| waits(&worker.turn)) || queues.iter().any(shared)
    }

    /// Whether a worker runs only while its process leads.
    pub fn has_leaders(&self) -> bool {
        self.workers.iter().any(|worker| worker.turn.leads)
    }

    /// What a worker that is not done waits for; `None` if it may move.
    pub fn wait(
        &self,
        worker: usize,
        standing: &dyn Fn(usize) -> Standing,
        memory: &Memory,
    ) -> Option<Wait> {
        let turn = &self.workers[worker].turn;
        let own = standing(worker);
        if turn.leads && memory.exited {
            return Some(Wait::Exited);
        }
        if own.under_way {
            return None;
        }
        if turn.leads && memory.term.is_none() {
            return Some(Wait::Lead);
        }
        let resync = memory.resyncs.get(&worker).is_some_and(|left| *left > 0);
        let queued = own.requeued || memory.queued.contains(&worker) || resync;
        if turn.trigger.is_some() && !queued {
            return Some(Wait::Event);
        }
        let queue = turn.queue?;
        let Queue { concurrency, per_key, .. } = self.queues[queue];
        let (mut all, mut same) = (0, 0);
        for (other, info) in self.workers.iter().enumerate() {
            if info.turn.queue == Some(queue) && other != worker && standing(other).under_way {
                all += 1;
                same += usize::from(info.turn.key == turn.key);
            }
        }
        let full = if per_key { same >= concurrency } else { all >= concurrency || same > 0 };
        full.then_some(Wait::Turn)
    }

    /// Whether a worker will not move any more unless another one does: `cache` is its own.
    pub fn rests(
        &self,
        worker: usize,
        standing: &dyn Fn(usize) -> Standing,
        memory: &Memory,
        cache: Option<&Informer>,
    ) -> bool {
        if standing(worker).done {
            return true;
        }
        match self.wait(worker, standing, memory) {
            None | Some(Wait::Turn | Wait::Sync | Wait::OwnWrite) => false,
            Some(Wait::Lead | Wait::Exited) => true,
            Some(Wait::Event) => {
                let trigger = self.workers[worker].turn.trigger.as_ref();
                let comes = |watched: &Watched| {
                    cache.is_some_and(|cache| {
                        !cache.has_synced() || cache.pending().any(|key| watched.has(key))
                    })
                };
                !trigger.is_some_and(comes)
            }
        }
    }

    /// A worker begins a reconcile: its key leaves the queue.
    pub fn take_turn(&self, worker: usize, requeued: bool, memory: &mut Memory) {
        if self.workers[worker].turn.trigger.is_none() {
            return;
        }
        if !memory.queued.remove(&worker)
            && !requeued
            && let Some(left) = memory.resyncs.get_mut(&worker)
        {
            *left = left.saturating_sub(1);
            if *left == 0 {
                memory.resyncs.remove(&worker);
            }
        }
    }

    /// Queues the keys that a cache triggers.
    pub(super) fn wake(&self, cache: usize, is: &dyn Fn(&Watched) -> bool, memory: &mut Memory) {
        memory.queued.extend(self.triggered(self.caches[cache].process, is));
    }

    /// The memory of a process that has just started, with a cache that has just listed.
    pub fn fresh_memory(&self, process: usize, caches: &[Informer]) -> Memory {
        let own = |(spec, _): &(&CacheSpec, &Informer)| spec.process == process;
        let listed: Vec<&Informer> =
            self.caches.iter().zip(caches).filter(own).map(|(_, cache)| cache).collect();
        let known =
            |watched: &Watched| listed.iter().any(|cache| cache.keys().any(|key| watched.has(key)));
        Memory { queued: self.triggered(process, &known), ..Memory::default() }
    }

    /// How often resyncs will trigger the workers of a process.
    pub fn resyncs(&self, process: usize) -> BTreeMap<usize, u32> {
        let workers = self.workers.iter().enumerate();
        let own = workers.filter(|(_, info)| info.process == process && info.turn.resync > 0);
        own.map(|(worker, info)| (worker, info.turn.resync)).collect()
    }

    fn triggered(&self, process: usize, is: &dyn Fn(&Watched) -> bool) -> BTreeSet<usize> {
        let workers = self.workers.iter().enumerate();
        let own = workers.filter(|(_, info)| info.process == process);
        let triggered = own.filter(|(_, info)| info.turn.trigger.as_ref().is_some_and(is));
        triggered.map(|(worker, _)| worker).collect()
    }
}

impl Memory {
    /// The same after an exchange of two workers.
    #[must_use]
    pub fn exchanged(&self, a: usize, b: usize) -> Memory {
        let other = |worker: usize| match worker {
            worker if worker == a => b,
            worker if worker == b => a,
            worker => worker,
        };
        Memory {
            queued: self.queued.iter().map(|worker| other(*worker)).collect(),
            resyncs: self.resyncs.iter().map(|(worker, left)| (other(*worker), *left)).collect(),
            ..self.clone()
        }
    }
}
