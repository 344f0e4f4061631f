//! What a sample has covered: distinct schedules, and distinct states on their way.
//!
//! Both are counted by 64-bit fingerprints, so a few in 10^19 pairs may be taken for one. A state
//! is the whole world, with what the properties remember and with absolute resourceVersions; the
//! exhaustive search forgets the latter, and so counts fewer. Next to read: `sample.rs`.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::verdict::Coverage;
use crate::simulation::{Choice, World};

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    states: BTreeSet<u64>,
    schedules: BTreeSet<u64>,
}

impl Seen {
    pub(super) fn state(&mut self, world: &World) {
        let World { setting: _, server, caches, memories, faults, workers, remembered, decided } =
            world;
        let whole = (server, caches, memories, faults, workers, remembered, decided);
        self.states.insert(fingerprint(&whole));
    }

    pub(super) fn schedule(&mut self, choices: &[Choice]) {
        self.schedules.insert(fingerprint(&choices));
    }

    pub(super) fn coverage(&self) -> Coverage {
        let (states, schedules) = (self.states.len() as u64, self.schedules.len() as u64);
        Coverage { states, schedules }
    }
}

/// SipHash with keys that are always the same.
fn fingerprint(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
