//! What one program usually writes, with what values, and how old its reads usually are.
//!
//! A program that changes a leaf at all is seen doing so where its value is not the one that was
//! there. Only such writes are counted, over the writes in which it would have been seen: a leaf
//! that is always equal to what stood there is no evidence that a writer means it.
//! Next to read: `learn.rs`.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::names::{LeafId, ValueId};

type Table<K, V> = IndexMap<K, V, FxBuildHasher>;

/// How a version may have come to an author: a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot(pub u32);

/// How many kinds of slots there are.
pub(super) const SLOTS: usize = 18;

impl Slot {
    /// The version that the first try of a refused and repeated request named.
    pub const FIRST_NAMED: Slot = Slot(1);
    /// The version that the request names.
    pub const NAMED: Slot = Slot(1 << 1);
    /// The version of the author's last answer to a write.
    pub const OWN: Slot = Slot(1 << 6);

    /// The version of the author's n-th last read.
    pub fn read(back: usize) -> Slot {
        Slot(1 << (2 + back.min(3)))
    }

    /// The version of the n-th last answer that the author had, to a read or a write.
    pub fn answer(back: usize) -> Slot {
        Slot(1 << (7 + back.min(3)))
    }

    /// A version that this many versions have followed, as a cache may show it.
    pub fn lag(versions: usize) -> Slot {
        let bucket = match versions {
            0 => 0,
            1 => 1,
            2..4 => 2,
            4..8 => 3,
            8..16 => 4,
            16..32 => 5,
            _ => 6,
        };
        Slot(1 << (11 + bucket))
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Slot) -> Slot {
        Slot(self.0 | other.0)
    }

    /// Whether the author is known to have been given the version, or names it.
    pub fn is_known(self) -> bool {
        self.0 & ((1 << 11) - 1) != 0
    }

    pub(super) fn each(self) -> impl Iterator<Item = usize> {
        (0..SLOTS).filter(move |slot| self.0 & (1 << slot) != 0)
    }
}

/// How likely each slot is before anything was seen.
const BEFORE: [f64; SLOTS] = [
    2.0, 1.5, 0.8, 0.4, 0.2, 0.1, 0.4, 0.8, 0.4, 0.2, 0.1, 0.3, 0.15, 0.1, 0.075, 0.06, 0.05, 0.043,
];

/// Hits, and the writes in which a hit would have been seen.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    hits: f64,
    of: f64,
}

#[derive(Clone, Debug, Default)]
struct Values {
    total: f64,
    counts: Table<ValueId, f64>,
}

#[derive(Clone, Debug, Default)]
struct OnRoute {
    owners: Table<LeafId, Rate>,
    leaves: Table<LeafId, Rate>,
    slots: [f64; SLOTS],
    writes: f64,
}

/// What one program usually does.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    routes: Table<u32, OnRoute>,
    values: Table<LeafId, Values>,
    /// What the program was told to own: then that is not learned.
    told: Option<Vec<LeafId>>,
}

/// A write that means nothing at all.
const NOTHING: f64 = 0.003;
const FOREIGN: f64 = 1e-4;
const SURELY: f64 = 0.995;
/// One new value of many that there could be.
const ONE_NEW: f64 = 0.02;

impl Habits {
    /// Of a program that owns these, and no others.
    pub(super) fn told_to(owns: &Option<Vec<LeafId>>) -> Habits {
        Habits { told: owns.clone(), ..Habits::default() }
    }

    /// Whether it was said that it never means this.
    pub(super) fn is_foreign(&self, owner: LeafId) -> bool {
        self.told.as_ref().is_some_and(|owns| !owns.contains(&owner))
    }

    /// How likely a write means nothing at all; of a program that was told what it owns, never.
    pub(super) fn nothing(&self) -> f64 {
        if self.told.is_some() { 1e-6 } else { NOTHING }
    }

    /// How likely a write on this route means something of this owner.
    pub(super) fn owner(&self, route: u32, owner: LeafId) -> f64 {
        if self.is_foreign(owner) {
            return FOREIGN;
        }
        let on = self.routes.get(&route);
        let rate = on.and_then(|on| on.owners.get(&owner)).copied().unwrap_or_default();
        let writes = on.map_or(0.0, |on| on.writes);
        let of = if rate.hits > 0.0 { rate.of } else { rate.of.max(writes) };
        let before = if self.told.is_some() { 0.25 } else { 0.03 };
        ((rate.hits + before) / (of + 0.5)).min(SURELY)
    }

    /// The owners of which it ever meant something on this route.
    pub(super) fn owners(&self, route: u32) -> Vec<LeafId> {
        let on = self.routes.get(&route);
        let seen = on.into_iter().flat_map(|on| on.owners.iter());
        let mut all: Vec<LeafId> =
            seen.filter(|(_, rate)| rate.hits > 0.01).map(|(owner, _)| *owner).collect();
        for owner in self.told.iter().flatten() {
            if !all.contains(owner) {
                all.push(*owner);
            }
        }
        all.sort_unstable();
        all
    }

    /// How likely it means this leaf if it means something of its owner.
    pub(super) fn leaf(&self, route: u32, leaf: LeafId) -> f64 {
        let on = self.routes.get(&route);
        let rate = on.and_then(|on| on.leaves.get(&leaf)).copied().unwrap_or_default();
        ((rate.hits + 4.5) / (rate.of + 5.0)).min(SURELY)
    }

    /// How likely its value of this leaf is this one.
    pub(super) fn value(&self, leaf: LeafId, value: ValueId) -> f64 {
        let Some(values) = self.values.get(&leaf) else { return ONE_NEW };
        let seen = values.counts.get(&value).copied().unwrap_or_default();
        let new = values.newness();
        let known = if seen > 0.3 { (1.0 - new) * seen / values.total } else { 0.0 };
        known + new * ONE_NEW
    }

    /// How likely two values of its are the same.
    pub(super) fn collision(&self, leaf: LeafId) -> f64 {
        let Some(values) = self.values.get(&leaf) else { return 0.0 };
        let known = 1.0 - values.newness();
        let squares = values.counts.values().map(|seen| (known * seen / values.total).powi(2));
        squares.sum()
    }

    /// How likely the versions of one write are its basis: each by the ways in which it may have
    /// come to the author. `of` counts the versions that came each way.
    pub(super) fn ways(&self, route: u32, slot: Slot, of: &[u32; SLOTS]) -> [f64; SLOTS] {
        let seen = self.routes.get(&route).map(|on| on.slots).unwrap_or_default();
        let weight = |slot: usize| seen[slot] + BEFORE[slot];
        let total: f64 = (0..SLOTS).filter(|slot| of[*slot] > 0).map(weight).sum();
        let mut ways = [0.0; SLOTS];
        for way in slot.each() {
            ways[way] = weight(way) / total / f64::from(of[way].max(1));
        }
        ways
    }

    pub(super) fn count_write(&mut self, route: u32, weight: f64) {
        self.routes.entry(route).or_default().writes += weight;
    }

    pub(super) fn count_slot(&mut self, route: u32, slot: usize, weight: f64) {
        self.routes.entry(route).or_default().slots[slot] += weight;
    }

    pub(super) fn count_owner(&mut self, route: u32, owner: LeafId, hits: f64, of: f64) {
        let on = self.routes.entry(route).or_default();
        let rate = on.owners.entry(owner).or_default();
        rate.hits += hits;
        rate.of += of;
    }

    pub(super) fn count_leaf(&mut self, route: u32, leaf: LeafId, hits: f64, of: f64) {
        let on = self.routes.entry(route).or_default();
        let rate = on.leaves.entry(leaf).or_default();
        rate.hits += hits;
        rate.of += of;
    }

    pub(super) fn count_value(&mut self, leaf: LeafId, value: ValueId, weight: f64) {
        let values = self.values.entry(leaf).or_default();
        values.total += weight;
        *values.counts.entry(value).or_default() += weight;
    }

    /// How often it changed a leaf, on any route.
    pub fn changes(&self, leaf: LeafId) -> f64 {
        let rates = self.routes.values().filter_map(|on| on.leaves.get(&leaf));
        rates.map(|rate| rate.hits).sum()
    }

    /// How often it changed something of an owner, on any route.
    pub fn changes_of(&self, owner: LeafId) -> f64 {
        let rates = self.routes.values().filter_map(|on| on.owners.get(&owner));
        rates.map(|rate| rate.hits).sum()
    }

    /// What it usually writes: owner, in which share of the writes that would show it, how often.
    pub fn table(&self) -> Vec<(LeafId, f64, f64)> {
        let mut rows: Vec<(LeafId, f64, f64)> = Vec::new();
        for (route, on) in &self.routes {
            for (owner, rate) in &on.owners {
                if rate.hits < 0.9 {
                    continue;
                }
                let share = self.owner(*route, *owner);
                match rows.iter_mut().find(|row| row.0 == *owner) {
                    Some(row) => (row.1, row.2) = (row.1.max(share), row.2 + rate.hits),
                    None => rows.push((*owner, share, rate.hits)),
                }
            }
        }
        rows.sort_by_key(|row| row.0);
        rows
    }
}

impl Values {
    /// How likely its next value is one that it never wrote.
    fn newness(&self) -> f64 {
        let known = self.counts.values().filter(|seen| **seen > 0.3).count() as f64;
        ((known + 0.5) / (self.total + 1.5)).min(0.98)
    }
}
