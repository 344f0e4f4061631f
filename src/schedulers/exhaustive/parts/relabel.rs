//! Relabels the revisions in the parts of a row, each part once for each relabelling.
//!
//! What is relabelled, and why states stay apart that must, is in `canonical.rs`. Next to read:
//! `graph.rs`.

use std::sync::Arc;

use super::super::canonical::Relabelling;
use super::{FAULTS, Parts, SERVER};
use crate::apiserver::Revision;
use crate::reconcilers::{Worker, WorkerValue, renamed};

impl Parts {
    /// Relabels the revisions of a row; see `canonical.rs`.
    pub(super) fn canonicalise(&mut self, row: &mut [u32]) {
        if !self.canonical {
            return;
        }
        let layout = self.layout;
        self.key.clear();
        self.key.push(row[SERVER]);
        self.key.extend_from_slice(&row[layout.remembered..layout.workers]);
        let relabelling = match self.relabelling.get(&self.key[..]) {
            Some(known) => *known,
            None => {
                let found = self.find_relabelling(row);
                self.relabelling.insert(self.key.as_slice().into(), found);
                found
            }
        };
        let Some(number) = relabelling else { return };
        for (at, part) in row.iter_mut().enumerate().filter(|(at, _)| *at != FAULTS) {
            let kind = match at {
                SERVER => 0,
                at if at < layout.memories => 1,
                at if at < layout.remembered => 2,
                // What a property remembers is renamed by that property.
                at if at < layout.workers => 4 + (at - layout.remembered) as u8,
                _ => 3,
            };
            let key = (kind, *part, number);
            *part = match self.relabelled.get(&key) {
                Some(known) => *known,
                None => {
                    let renamed = self.relabel(kind, *part, number);
                    self.relabelled.insert(key, renamed);
                    renamed
                }
            };
        }
    }

    fn find_relabelling(&mut self, row: &[u32]) -> Option<u32> {
        let server = self.servers.value(row[SERVER]);
        let memories = &row[self.layout.remembered..self.layout.workers];
        let mut remembered = Vec::new();
        for (observer, &memory) in self.setting.observers.iter().zip(memories) {
            remembered.extend(observer.revisions(self.remembered.value(memory)));
        }
        let relabelling = Relabelling::new(server.revisions(), remembered);
        let identity = relabelling.is_identity(server.revision());
        (!identity).then(|| self.relabellings.number(relabelling))
    }

    fn relabel(&mut self, kind: u8, part: u32, relabelling: u32) -> u32 {
        let relabelling = self.relabellings.value(relabelling);
        let rename = |revision: Revision| relabelling.rename(revision);
        match kind {
            0 => {
                let mut server = self.servers.value(part).clone();
                server.rename_revisions(&rename);
                self.servers.number(server)
            }
            1 => {
                let mut cache = self.caches.value(part).clone();
                cache.map_objects(&|object| renamed(object, &rename));
                self.caches.number(cache)
            }
            2 => {
                let memory = self.memories.value(part).as_ref().map(|held| renamed(held, &rename));
                self.memories.number(memory)
            }
            3 => {
                let mut worker = self.workers.value(part).clone();
                // Through the trait object, not the box.
                let value: &mut dyn WorkerValue = &mut *worker;
                let is_live = |revision: Revision| relabelling.is_live(revision);
                Worker::rename_revisions(value, &rename, &is_live);
                self.workers.number(worker)
            }
            _ => {
                let observer = Arc::clone(&self.setting.observers[kind as usize - 4]);
                let mut memory = self.remembered.value(part).clone();
                observer.rename_revisions(&mut memory, &rename);
                self.remembered.number(memory)
            }
        }
    }
}
