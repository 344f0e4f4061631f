//! Who has to wait: for a turn, an event, a Lease, or for a cache.
//!
//! The rules are the world's (`simulation/turn.rs`, `simulation/caches.rs`), asked of a row.
//! Next to read: `expand.rs`.

use super::{Parts, WorkerFacts};
use crate::simulation::{Memory, Standing, awaited};

impl Parts {
    /// What the worker with this number is at.
    pub(super) fn standing(&self, worker: u32) -> Standing {
        let WorkerFacts { done, under_way, requeued, .. } = self.worker_facts[worker as usize];
        Standing { done, under_way, requeued }
    }

    /// What the process of the worker with this index shares in memory.
    pub(super) fn memory(&self, row: &[u32], index: usize) -> &Memory {
        let at = self.common.memories + self.setting.workers[index].process;
        self.memories.value(self.commons.value(row[0])[at])
    }

    /// Whether the worker with this index has to wait.
    pub(super) fn waits(&self, row: &[u32], index: usize) -> bool {
        let standing = |worker: usize| self.standing(row[self.layout.workers + worker]);
        self.turns && self.setting.wait(index, &standing, self.memory(row, index)).is_some()
            || self.waiting_readers && self.waits_for_cache(row, index)
    }

    /// Whether the worker with this index has to wait for its cache.
    pub(super) fn waits_for_cache(&self, row: &[u32], index: usize) -> bool {
        let worker = row[self.layout.workers + index] as usize;
        let cache = self.setting.workers[index].cache;
        let cache = cache.map(|cache| &self.caches.value(row[self.layout.caches + cache]).1);
        let freshness = self.worker_facts[worker].freshness;
        awaited(&self.asks[worker], freshness, cache, self.memory(row, index)).is_some()
    }

    /// Whether the worker with this index will not move any more unless another worker does.
    pub(super) fn rests(&self, row: &[u32], index: usize) -> bool {
        let standing = |worker: usize| self.standing(row[self.layout.workers + worker]);
        let cache = self.setting.workers[index].cache;
        let cache = cache.map(|cache| &self.caches.value(row[self.layout.caches + cache]).1);
        self.turns && self.setting.rests(index, &standing, self.memory(row, index), cache)
    }
}
