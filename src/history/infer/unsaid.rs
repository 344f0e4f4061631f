//! A write whose meaning was not said, and the versions that it may have been made of.
//!
//! Next to read: `learn.rs`.

use super::habits::{SLOTS, Slot};
use super::names::{Flat, LeafId, Names};
use super::sent::LeafChange;

/// A version that the author of a write may have read.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The caller's name for it.
    pub version: u64,
    /// How it may have come to the author.
    pub slots: Slot,
    /// What the write means if this is its basis.
    pub changes: Vec<LeafChange>,
}

/// A write whose meaning was not said.
#[derive(Clone, Debug)]
pub struct Unsaid {
    /// Writes of one program on one route (kind, endpoint, method) are alike.
    pub route: u32,
    /// What it means for certain.
    pub explicit: Vec<LeafChange>,
    /// What of it depends on the basis, as sent.
    pub body: Flat,
    /// The versions that may be its basis, oldest first: the likeliest of them.
    candidates: Vec<Candidate>,
    /// How many versions may have come to its author in each way.
    of: [u32; SLOTS],
}

/// The maximum of versions that are weighed for one write.
const WEIGHED: usize = 16;

impl Unsaid {
    /// A write with all versions that may be its basis, oldest first.
    pub fn new(
        names: &Names,
        route: u32,
        explicit: Vec<LeafChange>,
        body: Flat,
        mut candidates: Vec<Candidate>,
    ) -> Unsaid {
        let mut of = [0; SLOTS];
        for candidate in &candidates {
            candidate.slots.each().for_each(|slot| of[slot] += 1);
        }
        if candidates.len() > WEIGHED {
            let count = candidates.len();
            let mut ranks: Vec<(bool, usize, usize, usize)> = Vec::with_capacity(count);
            for (at, candidate) in candidates.iter().enumerate() {
                let mut owners: Vec<LeafId> =
                    candidate.changes.iter().map(|it| names.owner(it.0)).collect();
                owners.sort_unstable();
                owners.dedup();
                let known = candidate.slots.is_known();
                ranks.push((!known, owners.len(), candidate.changes.len(), count - at));
            }
            let mut order: Vec<usize> = (0..count).collect();
            order.sort_by_key(|at| ranks[*at]);
            order.truncate(WEIGHED);
            order.sort_unstable();
            let mut at = 0;
            candidates.retain(|_| {
                at += 1;
                order.binary_search(&(at - 1)).is_ok()
            });
        }
        Unsaid { route, explicit, body, candidates, of }
    }

    /// How many versions may have come to its author in each way.
    pub(super) fn of(&self) -> &[u32; SLOTS] {
        &self.of
    }

    /// The versions that are weighed.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }
}
