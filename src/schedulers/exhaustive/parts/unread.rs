//! A cache that no worker looks into any more is forgotten, but for what is on its way to it.
//!
//! Each delivery is a step of a schedule, so how many are still to come tells two states apart, and
//! will in every count. What is delivered, and what the cache holds, does not: no worker sees it,
//! and no property does (the event of a delivery shows them the object as the server has it). So
//! deliveries that come after the last look are the same whatever is in them. Where a fault may
//! happen nothing is forgotten: whether a watch gap would change anything is asked of the cache.
//! Nor is it where a reader may have to wait for its cache, or a worker puts copies into one.
//! Next to read: `expand.rs`.

use super::{Known, Miss, Parts, Scratch};
use crate::reconcilers::{BoxedWorker, Op};
use crate::simulation::{FaultBudget, World};

/// What is known of it.
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// For each cache, the workers that may look into it; empty if nothing is ever forgotten.
    readers: Vec<Vec<usize>>,
    /// By cache, as it is when it is forgotten.
    caches: Known,
}

impl Unread {
    pub(super) fn of(world: &World, forgets: bool) -> Unread {
        let puts = |op: &Op| matches!(op, Op::CacheWrite(_));
        let only_reads = |worker: &BoxedWorker| {
            worker.program().is_some_and(|program| !program.code.iter().any(puts))
        };
        let plain = !world.setting.has_waiting_readers() && world.workers.iter().all(only_reads);
        if !forgets || !plain || world.faults != FaultBudget::default() {
            return Unread::default();
        }
        let infos = &world.setting.workers;
        let readers = |cache: usize| {
            (0..infos.len()).filter(|worker| infos[*worker].cache == Some(cache)).collect()
        };
        let readers = (0..world.caches.len()).map(readers).collect();
        Unread { readers, caches: Known::default() }
    }
}

impl Parts {
    /// Forgets, in the row in `scratch`, the caches that no worker will look into.
    pub(super) fn forget_unread(&self, scratch: &mut Scratch) -> Result<(), Miss> {
        let row = &mut scratch.row;
        for (index, readers) in self.unread.readers.iter().enumerate() {
            let at = self.layout.caches + index;
            let worker = |reader: &usize| row[self.layout.workers + reader] as usize;
            if !readers.iter().any(|reader| self.worker_facts[worker(reader)].may_look) {
                let cache = row[at];
                row[at] = self.unread.caches.get(cache).ok_or(Miss::Unread { cache })?;
            }
        }
        Ok(())
    }

    pub(super) fn learn_unread(&mut self, cache: u32) {
        let (index, informer) = self.caches.value(cache);
        let (index, informer) = (*index, informer.unread());
        let unread = self.number_cache(index, informer);
        self.unread.caches.set(cache, unread);
    }
}
