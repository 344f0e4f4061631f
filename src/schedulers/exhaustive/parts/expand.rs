//! Takes every choice of a state by looking up what each does: nothing is computed here, and
//! nothing changes, so several threads may do it at once.
//!
//! What is not known yet is named, and whoever asked has it learnt (`learn.rs`) and asks again.
//! Next to read: `learn.rs`.

use super::super::graph::Edge;
use super::{Look, Miss, NONE, Parts, Step};
use crate::simulation::Choice;

/// One transition, as it is handed over.
#[derive(Debug)]
pub(in super::super) struct Expansion<'a> {
    pub choice: Choice,
    /// The row it leads to.
    pub row: &'a [u32],
    pub flags: u16,
    /// Who stands where in that row: for each worker, then each cache, the index it had before.
    /// `None` where no workers were exchanged.
    pub from: Option<&'a [u8]>,
}

/// Room for one expansion, kept for its memory.
#[derive(Debug, Default)]
pub(in super::super) struct Scratch {
    pub(super) row: Vec<u32>,
    pub(super) from: Vec<u8>,
    pub(super) trial: Vec<u32>,
}

/// Takes a transition.
type Connect<'a> = &'a mut dyn FnMut(Expansion<'_>);

impl Parts {
    /// Whether every worker is done.
    pub(in super::super) fn is_finished(&self, row: &[u32]) -> bool {
        let workers = &row[self.layout.workers..self.layout.caches];
        let rests = |(index, worker): (usize, &u32)| {
            self.worker_facts[*worker as usize].done || self.rests(row, index)
        };
        workers.iter().enumerate().all(rests)
    }

    /// Which observers the end of a schedule decides, as bits.
    pub(in super::super) fn judge(&self, row: &[u32]) -> Result<u16, Miss> {
        let judged = self.judged.get(row[0]).ok_or(Miss::Judge { common: row[0] })?;
        Ok(judged as u16)
    }

    /// Hands over where each choice of a state leads.
    pub(in super::super) fn expand(
        &self,
        row: &[u32],
        scratch: &mut Scratch,
        connect: Connect<'_>,
    ) -> Result<(), Miss> {
        if self.with_faults[row[0] as usize] {
            return self.expand_plainly(row, scratch, connect);
        }
        let allowed = self.allowed(row);
        let workers = &row[self.layout.workers..self.layout.caches];
        let facts = |worker: u32| self.worker_facts[worker as usize];
        let under_way = workers.iter().filter(|&&worker| facts(worker).under_way).count();
        for (index, &worker) in workers.iter().enumerate() {
            let facts = facts(worker);
            if facts.done || !allowed.worker(index) || self.waits(row, index) {
                continue;
            }
            let overlaps = !facts.under_way && under_way > 0;
            let step = self.step(row, worker, facts.look, overlaps)?;
            scratch.row.clear();
            scratch.row.extend_from_slice(row);
            scratch.row[self.layout.workers + index] = step.worker;
            self.spread(&step, self.layout.workers + index, scratch)?;
            self.hand_over(Choice::Worker(index), step.flags, scratch, connect)?;
        }
        for (index, &cache) in row[self.layout.caches..].iter().enumerate() {
            if !self.lagging[cache as usize] || !allowed.cache(index) {
                continue;
            }
            let key = (u64::from(row[0]) << 32 | index as u64, cache);
            let miss = Miss::Delivery { common: row[0], index: index as u32, cache };
            let step = self.deliveries.get(&key).ok_or(miss)?;
            scratch.row.clear();
            scratch.row.extend_from_slice(row);
            scratch.row[self.layout.caches + index] = step.worker;
            self.spread(step, self.layout.caches + index, scratch)?;
            self.hand_over(Choice::Deliver(index), step.flags, scratch, connect)?;
        }
        Ok(())
    }

    fn step(&self, row: &[u32], worker: u32, look: Look, overlaps: bool) -> Result<Step, Miss> {
        let common = row[0];
        let key = step_key(common, worker, overlaps);
        let found = match look {
            Look::Nothing | Look::Memory => self.steps.get(&key),
            Look::Cache(index) | Look::MemoryAndCache(index) => {
                self.looks.get(&(key, row[self.layout.caches + index]))
            }
        };
        let cache = match look {
            Look::Cache(index) | Look::MemoryAndCache(index) => row[self.layout.caches + index],
            _ => NONE,
        };
        found.copied().ok_or(Miss::Step { common, worker, cache, overlaps })
    }

    /// What a step does to all workers but the one at `mover`.
    fn spread(&self, step: &Step, mover: usize, scratch: &mut Scratch) -> Result<(), Miss> {
        let row = &mut scratch.row;
        row[0] = step.common;
        if step.change != NONE {
            for cache in &mut row[self.layout.caches..] {
                let key = u64::from(*cache) << 32 | u64::from(step.change);
                let miss = Miss::Queue { cache: *cache, change: step.change };
                *cache = *self.queued.get(&key).ok_or(miss)?;
            }
        }
        if step.relabelling == NONE {
            return Ok(());
        }
        let (relabelling, number) = (step.relabelling as usize, step.relabelling);
        let workers = &self.relabelled_workers[relabelling];
        for at in (self.layout.workers..self.layout.caches).filter(|at| *at != mover) {
            let miss = Miss::Worker { relabelling: number, worker: row[at] };
            row[at] = workers.get(row[at]).ok_or(miss)?;
        }
        let caches = &self.relabelled_caches[relabelling];
        for at in (self.layout.caches..self.layout.width).filter(|at| *at != mover) {
            let miss = Miss::Cache { relabelling: number, cache: row[at] };
            row[at] = caches.get(row[at]).ok_or(miss)?;
        }
        Ok(())
    }

    fn hand_over(
        &self,
        choice: Choice,
        flags: u16,
        scratch: &mut Scratch,
        connect: Connect<'_>,
    ) -> Result<(), Miss> {
        self.forget_unread(scratch)?;
        let exchanged = self.represent(scratch)?;
        let from = exchanged.then_some(scratch.from.as_slice());
        connect(Expansion { choice, row: &scratch.row, flags, from });
        Ok(())
    }

    /// With faults about, choices are listed and taken by the world itself.
    fn expand_plainly(
        &self,
        row: &[u32],
        scratch: &mut Scratch,
        connect: Connect<'_>,
    ) -> Result<(), Miss> {
        let successors = self.plain.get(row).ok_or_else(|| Miss::Plain(row.into()))?;
        for successor in successors {
            scratch.row.clear();
            scratch.row.extend_from_slice(&successor.row);
            self.hand_over(successor.choice, successor.flags, scratch, connect)?;
        }
        Ok(())
    }

    /// Whether a step decides an observer, as a flag of its transition.
    pub(super) fn decides(observer: usize, decided: bool) -> u16 {
        (Edge::DECIDES * u16::from(decided)) << observer
    }
}

/// The key of a worker's step that looks at nothing but the common part.
pub(super) fn step_key(common: u32, worker: u32, overlaps: bool) -> u64 {
    u64::from(common) << 32 | u64::from(worker) << 1 | u64::from(overlaps)
}
