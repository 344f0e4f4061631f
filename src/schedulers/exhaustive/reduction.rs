//! Partial-order reduction, where counts are not asked for.
//!
//! Two steps may change places if neither reads or writes what the other writes. On one object
//! nothing may: each request to it reads or moves its resourceVersion, even two patches of
//! different fields (the revision tells them apart). Steps about *different* objects may, if the
//! workers share no memory and no cache: the store's one revision then comes in another order,
//! which no worker compares across objects. A delivery may change places with whatever does not
//! look into that cache; if no worker reads that cache again, it need not be made at all.
//!
//! So workers fall into groups that have nothing in common: workers of one object, of one shared
//! memory, and readers of one cache with all that write what it watches. In each state it is enough
//! to take the choices of one group that is not done (a persistent set): whatever the others do
//! later is independent of it, so every end of a schedule is still reached, with the same verdict
//! of every property that judges each object by itself. Where a property does not, nothing is left
//! out. `tests/it/scale.rs` compares verdicts with the search that takes everything. Next to read:
//! `parts/expand.rs`.

use super::parts::Parts;
use crate::reconcilers::BoxedWorker;
use crate::simulation::World;

/// Who depends on whom.
#[derive(Clone, Debug)]
pub(super) struct Reduction {
    /// For each worker, the workers that it may not change places with, as bits.
    dependent: Vec<u64>,
    /// For each cache, the workers that write what it watches or read it.
    of_cache: Vec<u64>,
    /// For each cache, the workers that read it.
    readers: Vec<u64>,
}

/// The workers and caches whose choices are taken in one state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    workers: u64,
    caches: u64,
}

impl Allowed {
    const ALL: Allowed = Allowed { workers: u64::MAX, caches: u64::MAX };

    /// Whether this worker may move.
    pub fn worker(self, index: usize) -> bool {
        index >= 64 || self.workers >> index & 1 == 1
    }

    /// Whether an event is delivered to this cache.
    pub fn cache(self, index: usize) -> bool {
        index >= 64 || self.caches >> index & 1 == 1
    }
}

impl Reduction {
    /// What a world allows; `None` if nothing can be left out.
    pub fn of(world: &World) -> Option<Reduction> {
        let count = world.workers.len();
        let per_object = world.setting.observers.iter().all(|observer| observer.is_per_object());
        let turns = world.setting.has_turns();
        if count > 63 || world.caches.len() > 63 || !per_object || turns {
            return None;
        }
        let objects: Vec<_> = world.workers.iter().map(object_of).collect::<Option<_>>()?;
        let infos = &world.setting.workers;
        let meets = |a: usize, b: usize| {
            let memory = infos[a].process == infos[b].process;
            let shares = |worker: usize| {
                let program = world.workers[worker].program();
                program.is_some_and(|program| program.jobs().any(|job| job.write.is_shared()))
            };
            objects[a] == objects[b] || (memory && shares(a) && shares(b))
        };
        let bits = |meets: &dyn Fn(usize) -> bool| {
            (0..count).filter(|other| meets(*other)).fold(0, |all, other| all | 1_u64 << other)
        };
        let dependent = (0..count).map(|a| bits(&|b| meets(a, b))).collect();
        let caches = 0..world.caches.len();
        let reads = |cache: usize, worker: usize| infos[worker].cache == Some(cache);
        let of_cache = caches.clone().map(|cache| {
            let spec = &world.setting.caches[cache];
            bits(&|worker| reads(cache, worker) || spec.watches(&objects[worker]))
        });
        let readers = caches.map(|cache| bits(&|worker| reads(cache, worker)));
        let (of_cache, readers) = (of_cache.collect(), readers.collect());
        Some(Reduction { dependent, of_cache, readers })
    }

    /// The choices of one group of the workers that are not done: the smallest.
    fn allowed(&self, active: u64) -> Allowed {
        let mut best = Allowed { workers: active, caches: self.awaited(active, active) };
        let mut left = active;
        while left != 0 {
            let group = self.group(left & left.wrapping_neg(), active);
            left &= !group;
            let caches = self.awaited(group, active);
            let size =
                |allowed: &Allowed| allowed.workers.count_ones() + allowed.caches.count_ones();
            let found = Allowed { workers: group, caches };
            if size(&found) < size(&best) {
                best = found;
            }
        }
        best
    }

    /// All workers that depend on these, directly or not.
    fn group(&self, seed: u64, active: u64) -> u64 {
        let mut group = seed;
        loop {
            let mut larger = group;
            for worker in (0..self.dependent.len()).filter(|worker| group >> worker & 1 == 1) {
                larger |= self.dependent[worker] & active;
            }
            // Through a cache that a worker will still read.
            for (all, readers) in self.of_cache.iter().zip(&self.readers) {
                if readers & active != 0 && all & group != 0 {
                    larger |= all & active;
                }
            }
            if larger == group {
                return group;
            }
            group = larger;
        }
    }

    /// The caches that a worker of a group will still read.
    fn awaited(&self, group: u64, active: u64) -> u64 {
        let read = |cache: &usize| self.readers[*cache] & group & active != 0;
        (0..self.readers.len()).filter(read).fold(0, |all, cache| all | 1 << cache)
    }
}

fn object_of(worker: &BoxedWorker) -> Option<crate::apiserver::Key> {
    worker.program()?.only_key().cloned()
}

impl Parts {
    /// Whose choices are taken in a state.
    pub(super) fn allowed(&self, row: &[u32]) -> Allowed {
        let Some(reduction) = self.reduction() else { return Allowed::ALL };
        let workers = &row[self.layout.workers..self.layout.caches];
        let active = workers.iter().enumerate().filter(|(_, worker)| !self.is_done(**worker));
        reduction.allowed(active.fold(0, |all, (index, _)| all | 1 << index))
    }
}
