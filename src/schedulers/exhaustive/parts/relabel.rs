//! Relabels the revisions in the parts of a row, each part once for each relabelling.
//!
//! What is relabelled, and why states stay apart that must, is in `canonical.rs`. The relabelling
//! follows from the common part alone. Next to read: `exchange.rs`.

use std::sync::Arc;

use super::super::canonical::Relabelling;
use super::super::stale::only_version;
use super::{Known, NONE, Parts, SERVER};
use crate::apiserver::Revision;
use crate::reconcilers::{Basis, Worker, WorkerValue, renamed};

/// The kinds of parts that a common part is made of, as keys of the memo.
const OF_SERVER: u8 = 0;
const OF_MEMORY: u8 = 1;
/// The first of the observers.
const OF_OBSERVER: u8 = 2;

impl Parts {
    /// The canonical form of a common part, and the relabelling that leads to it; [`NONE`] if
    /// nothing is ever relabelled.
    pub(super) fn canonical_form(&mut self, common: u32) -> (u32, u32) {
        if !self.canonical {
            return (common, NONE);
        }
        if let Some(known) = self.canonical_forms.get(&common) {
            return *known;
        }
        let parts = self.commons.value(common).clone();
        let relabelling = self.relabelling(&parts);
        let mut relabelled = parts.clone();
        let layout = self.common;
        for (at, part) in relabelled.iter_mut().enumerate() {
            let kind = match at {
                SERVER => OF_SERVER,
                super::BUDGET => continue,
                at if at < layout.remembered => OF_MEMORY,
                at => OF_OBSERVER + (at - layout.remembered) as u8,
            };
            *part = self.relabel(kind, *part, relabelling);
        }
        let relabelled = (self.number_common(relabelled), relabelling);
        self.canonical_forms.insert(common, relabelled);
        relabelled
    }

    fn relabelling(&mut self, common: &[u32]) -> u32 {
        let server = self.servers.value(common[SERVER]);
        let mut remembered = Vec::new();
        for (observer, &memory) in
            self.setting.observers.iter().zip(&common[self.common.remembered..])
        {
            remembered.extend(observer.revisions(self.remembered.value(memory)));
        }
        let relabelling = Relabelling::new(server.revisions(), remembered);
        let number = self.relabellings.number(relabelling);
        while self.relabelled_workers.len() <= number as usize {
            self.relabelled_workers.push(Known::default());
            self.relabelled_caches.push(Known::default());
        }
        number
    }

    /// Whether a relabelling leaves the revisions of everything canonical alone.
    pub(super) fn is_identity(&self, common: u32, relabelling: u32) -> bool {
        let server = self.servers.value(self.commons.value(common)[SERVER]);
        relabelling == NONE || self.relabellings.value(relabelling).is_identity(server.revision())
    }

    fn relabel(&mut self, kind: u8, part: u32, number: u32) -> u32 {
        let key = (kind, part, number);
        if let Some(known) = self.relabelled.get(&key) {
            return *known;
        }
        let relabelling = self.relabellings.value(number);
        let rename = |revision: Revision| relabelling.rename(revision);
        let relabelled = match kind {
            OF_SERVER => {
                let mut server = self.servers.value(part).clone();
                server.rename_revisions(&rename);
                self.servers.number(server)
            }
            OF_MEMORY => {
                let mut memory = self.memories.value(part).clone();
                for held in [&mut memory.object, &mut memory.term].into_iter().flatten() {
                    *held = renamed(held, &rename);
                }
                self.memories.number(memory)
            }
            _ => {
                let observer = Arc::clone(&self.setting.observers[(kind - OF_OBSERVER) as usize]);
                let mut memory = self.remembered.value(part).clone();
                observer.rename_revisions(&mut memory, &rename);
                self.remembered.number(memory)
            }
        };
        self.relabelled.insert(key, relabelled);
        relabelled
    }

    /// A worker after a relabelling.
    pub(super) fn relabel_worker(&mut self, relabelling: u32, worker: u32) -> u32 {
        if relabelling == NONE {
            return worker;
        }
        if let Some(known) = self.relabelled_workers[relabelling as usize].get(worker) {
            return known;
        }
        let (index, mut value) = self.workers.value(worker).clone();
        let labels = self.relabellings.value(relabelling);
        let rename = |revision: Revision| labels.rename(revision);
        let is_live = |revision: Revision| labels.is_live(revision);
        // Through the trait object, not the box.
        let inner: &mut dyn WorkerValue = &mut *value;
        Worker::rename_revisions(inner, &rename, &is_live);
        let relabelled = self.number_worker(index, value);
        self.relabelled_workers[relabelling as usize].set(worker, relabelled);
        relabelled
    }

    /// A cache after a relabelling.
    pub(super) fn relabel_cache(&mut self, relabelling: u32, cache: u32) -> u32 {
        if relabelling == NONE {
            return cache;
        }
        if let Some(known) = self.relabelled_caches[relabelling as usize].get(cache) {
            return known;
        }
        let labels = self.relabellings.value(relabelling);
        let (index, mut value) = self.caches.value(cache).clone();
        let dead = self.dead_when_stale[index];
        value.map_objects(&|object| match dead && !labels.is_live(Basis::of(object).revision) {
            true => renamed(&Arc::new(only_version(object)), &|revision| labels.rename(revision)),
            false => renamed(object, &|revision| labels.rename(revision)),
        });
        let relabelled = self.number_cache(index, value);
        self.relabelled_caches[relabelling as usize].set(cache, relabelled);
        relabelled
    }
}
