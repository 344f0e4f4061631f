//! Which versions the writes of one program were made of, and what they meant.
//!
//! Habits and bases are learned together, in rounds: with the habits known each version is
//! weighed, with the weights known the habits are counted again. That finds the explanation that
//! is next to where it begins, so it begins from several places (the smallest differences; each
//! way in which a version may have come to an author), and the one that makes the writes most
//! likely stays.
//! Next to read: `habits.rs`.

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;

use super::habits::{Habits, Slot};
use super::names::{ABSENT, LeafId, Names, ValueId};
use super::sent::LeafChange;
use super::unsaid::Unsaid;

/// What a write probably meant.
#[derive(Clone, Debug, Default)]
pub struct Guess {
    /// The leaves that it changes of its basis, or means on any: with the value, and how likely.
    pub meant: Vec<(LeafId, ValueId, f64)>,
    /// Keyed entries, and leaves outside of keyed lists, of which it means something, changed or
    /// not: how likely.
    pub owners: Vec<(LeafId, f64)>,
    /// The weight of each candidate.
    pub weights: Vec<f64>,
}

/// The owners that a program was told to write, and no others; `None` if it was not said.
pub type Owns = Option<Vec<LeafId>>;

type Owners = IndexMap<LeafId, Vec<LeafId>, FxBuildHasher>;

/// A write as it is weighed.
struct Weighed<'w> {
    write: &'w Unsaid,
    /// The leaves of the body by owner.
    body: Owners,
    /// The changes of each candidate by owner.
    changes: Vec<Owners>,
    /// The weight of each candidate, and how likely each owner is meant if it is the basis.
    weights: Vec<f64>,
}

const ROUNDS: usize = 8;
/// More writes of one program teach nothing more.
const LESSONS: usize = 500;

/// The habits of the program whose writes these are, and what each of them meant.
pub fn learn(names: &Names, writes: &[Unsaid], owns: &Owns) -> (Habits, Vec<Guess>) {
    let step = writes.len().div_ceil(LESSONS).max(1);
    let lessons = writes.iter().step_by(step);
    let mut lessons: Vec<Weighed<'_>> = lessons.map(|it| Weighed::new(names, it)).collect();
    let used = lessons.iter().flat_map(|it| it.write.candidates().iter().map(|c| c.slots.0));
    let used = used.fold(0, |all, slots| all | slots);
    let starts = [Slot::FIRST_NAMED, Slot::NAMED, Slot::read(0), Slot::read(1), Slot::OWN];
    let starts = starts.into_iter().chain([Slot::answer(0), Slot::answer(1)]);
    let starts = starts.filter(|start| start.0 & used != 0).map(Some);
    let mut best: Option<(f64, Habits)> = None;
    for start in std::iter::once(None).chain(starts) {
        lessons.iter_mut().for_each(|it| it.begin(start));
        let (likely, habits) = rounds(names, &mut lessons, owns);
        if best.as_ref().is_none_or(|(most, _)| likely > *most + 1e-6) {
            best = Some((likely, habits));
        }
    }
    let habits = best.map(|(_, habits)| habits).unwrap_or_default();
    // One at a time: a log has many more writes than lessons.
    let guesses = writes.iter().map(|write| {
        let mut it = Weighed::new(names, write);
        it.weigh(&habits);
        it.guess(names, &habits)
    });
    let guesses = guesses.collect();
    (habits, guesses)
}

fn rounds(names: &Names, lessons: &mut [Weighed<'_>], owns: &Owns) -> (f64, Habits) {
    let mut habits = Habits::told_to(owns);
    let mut before = f64::NEG_INFINITY;
    for _ in 0..ROUNDS {
        let mut next = Habits::told_to(owns);
        lessons.iter().for_each(|it| it.count(names, &habits, &mut next));
        habits = next;
        let likely = lessons.iter_mut().map(|it| it.weigh(&habits)).sum::<f64>();
        if (likely - before).abs() < 0.05 {
            return (likely, habits);
        }
        before = likely;
    }
    (before, habits)
}

fn by_owner(names: &Names, leaves: impl Iterator<Item = LeafId>) -> Owners {
    let mut owners = Owners::default();
    for leaf in leaves {
        owners.entry(names.owner(leaf)).or_default().push(leaf);
    }
    owners
}

fn value_in(changes: &[LeafChange], leaf: LeafId) -> Option<ValueId> {
    changes.iter().find(|it| it.0 == leaf).map(|it| it.1)
}

impl<'w> Weighed<'w> {
    fn new(names: &Names, write: &'w Unsaid) -> Self {
        let changes = write.candidates().iter();
        Weighed {
            write,
            body: by_owner(names, write.body.iter().map(|it| it.0)),
            changes: changes.map(|it| by_owner(names, it.changes.iter().map(|c| c.0))).collect(),
            weights: vec![0.0; write.candidates().len()],
        }
    }

    /// A first choice: the smallest difference, among the versions that came this way.
    fn begin(&mut self, start: Option<Slot>) {
        let slots = |at: usize| self.write.candidates()[at].slots.0;
        let among: Vec<usize> = (0..self.weights.len()).collect();
        let came = |way: Slot| -> Vec<usize> {
            among.iter().copied().filter(|at| slots(*at) & way.0 != 0).collect()
        };
        let mut choice = start.map(came).unwrap_or_else(|| among.clone());
        if choice.is_empty() {
            choice = came(Slot::FIRST_NAMED);
        }
        if choice.is_empty() {
            choice = among.clone();
        }
        // An empty difference is unlikely, not free: it is between one owner and two.
        let size = |at: &usize| {
            let owners = self.changes[*at].len() * 2;
            (if owners == 0 { 3 } else { owners }, self.write.candidates()[*at].changes.len())
        };
        let best = choice.into_iter().min_by_key(|at| (size(at), std::cmp::Reverse(*at)));
        self.weights = vec![0.0; self.weights.len()];
        if let Some(best) = best {
            self.weights[best] = 1.0;
        }
    }

    /// The chance that a body that leaves an owner's leaves as they were means them all the same.
    fn unchanged(&self, habits: &Habits, owner: LeafId) -> f64 {
        let route = self.write.route;
        let Some(leaves) = self.body.get(&owner) else { return 0.0 };
        let each = leaves.iter().map(|leaf| {
            let meant = habits.leaf(route, *leaf);
            let value = self.sent(*leaf);
            1.0 - meant + meant * habits.value(*leaf, value)
        });
        each.product()
    }

    fn sent(&self, leaf: LeafId) -> ValueId {
        super::names::look(&self.write.body, leaf)
    }

    /// How likely the write is if this is its basis.
    fn likely(&self, habits: &Habits, at: usize, usual: &[(LeafId, f64, f64)]) -> f64 {
        let route = self.write.route;
        let candidate = &self.write.candidates()[at];
        let ways = habits.ways(route, candidate.slots, self.write.of());
        let mut log = ways.iter().sum::<f64>().max(1e-300).ln();
        let nothing: f64 = usual.iter().map(|(_, meant, _)| 1.0 - meant).product();
        let something = ((1.0 - habits.nothing()) / (1.0 - nothing).max(1e-9)).min(1e3);
        let quiet = |owner: &LeafId| !self.changes[at].contains_key(owner);
        let rest = usual.iter().filter(|(owner, ..)| quiet(owner));
        if self.changes[at].is_empty() {
            let all: f64 = rest.map(|(_, meant, same)| 1.0 - meant + meant * same).product();
            return log + (habits.nothing() + (all - nothing).max(0.0) * something).ln();
        }
        for (owner, leaves) in &self.changes[at] {
            log += habits.owner(route, *owner).ln();
            for leaf in leaves {
                let value = value_in(&candidate.changes, *leaf).unwrap_or(ABSENT);
                let meant = habits.leaf(route, *leaf);
                log += (meant * habits.value(*leaf, value)).ln();
            }
            for leaf in self.body.get(owner).into_iter().flatten() {
                if !leaves.contains(leaf) {
                    let meant = habits.leaf(route, *leaf);
                    log += (1.0 - meant + meant * habits.value(*leaf, self.sent(*leaf))).ln();
                }
            }
        }
        log + something.ln()
            + rest.map(|(_, meant, same)| (1.0 - meant + meant * same).ln()).sum::<f64>()
    }

    /// The owners that the program usually means and that are in this body: how likely, and how
    /// likely with the values that stand there.
    fn usual(&self, habits: &Habits) -> Vec<(LeafId, f64, f64)> {
        let route = self.write.route;
        let owners = habits.owners(route).into_iter();
        let here = owners.filter(|owner| {
            self.body.contains_key(owner) || self.changes.iter().any(|it| it.contains_key(owner))
        });
        let with = here.map(|it| (it, habits.owner(route, it), self.unchanged(habits, it)));
        with.collect()
    }

    /// Weighs the candidates; how likely the write is at all.
    fn weigh(&mut self, habits: &Habits) -> f64 {
        if self.weights.is_empty() {
            return 0.0;
        }
        let usual = self.usual(habits);
        let logs: Vec<f64> =
            (0..self.weights.len()).map(|at| self.likely(habits, at, &usual)).collect();
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = logs.iter().map(|log| (log - most).exp()).sum();
        self.weights = logs.iter().map(|log| (log - most).exp() / total).collect();
        most + total.ln()
    }

    /// Counts what this write shows.
    fn count(&self, names: &Names, habits: &Habits, next: &mut Habits) {
        let route = self.write.route;
        next.count_write(route, 1.0);
        let explicit = by_owner(names, self.write.explicit.iter().map(|it| it.0));
        for owner in explicit.keys() {
            next.count_owner(route, *owner, 1.0, 1.0);
        }
        for (leaf, value) in &self.write.explicit {
            next.count_leaf(route, *leaf, 1.0, 1.0);
            next.count_value(*leaf, *value, 1.0);
        }
        for (at, weight) in self.weights.iter().copied().enumerate() {
            if weight < 1e-4 {
                continue;
            }
            let candidate = &self.write.candidates()[at];
            let ways = habits.ways(route, candidate.slots, self.write.of());
            let total: f64 = ways.iter().sum();
            for slot in candidate.slots.each() {
                next.count_slot(route, slot, weight * ways[slot] / total.max(1e-300));
            }
            for (owner, leaves) in &self.changes[at] {
                self.count_changes(habits, next, at, (*owner, leaves), weight);
            }
            for owner in self.body.keys().filter(|it| !self.changes[at].contains_key(*it)) {
                let known = habits.owner(route, *owner) > 0.01;
                let seen = if known { 1.0 - self.unchanged(habits, *owner) } else { 1.0 };
                next.count_owner(route, *owner, 0.0, weight * seen);
            }
        }
    }

    fn count_changes(
        &self,
        habits: &Habits,
        next: &mut Habits,
        at: usize,
        (owner, leaves): (LeafId, &Vec<LeafId>),
        weight: f64,
    ) {
        let route = self.write.route;
        let candidate = &self.write.candidates()[at];
        let mut same = 1.0;
        for leaf in leaves {
            let value = value_in(&candidate.changes, *leaf).unwrap_or(ABSENT);
            let meant = habits.leaf(route, *leaf);
            let collision = habits.collision(*leaf);
            same *= 1.0 - meant + meant * collision;
            next.count_leaf(route, *leaf, weight, weight * (1.0 - collision));
            next.count_value(*leaf, value, weight);
        }
        for leaf in self.body.get(&owner).into_iter().flatten() {
            if !leaves.contains(leaf) {
                let value = habits.value(*leaf, self.sent(*leaf));
                next.count_leaf(route, *leaf, 0.0, weight * (1.0 - value));
                let meant = habits.leaf(route, *leaf);
                same *= 1.0 - meant + meant * habits.collision(*leaf);
            }
        }
        next.count_owner(route, owner, weight, weight * (1.0 - same));
    }

    /// What it meant, by the weights.
    fn guess(&self, names: &Names, habits: &Habits) -> Guess {
        let mut owners: IndexMap<LeafId, f64, FxBuildHasher> = IndexMap::default();
        let mut meant: IndexMap<LeafId, (ValueId, f64), FxBuildHasher> = IndexMap::default();
        let usual = self.usual(habits);
        for (at, weight) in self.weights.iter().copied().enumerate() {
            if weight < 1e-4 {
                continue;
            }
            let candidate = &self.write.candidates()[at];
            let mut add = |leaf: LeafId, value: ValueId, likely: f64| {
                meant.entry(leaf).or_insert((value, 0.0)).1 += weight * likely;
            };
            let mine = |leaf: LeafId| !habits.is_foreign(names.owner(leaf));
            let changes = candidate.changes.iter().filter(|it| mine(it.0));
            changes.for_each(|it| add(it.0, it.1, 1.0));
            for (owner, likely) in self.owners_meant(habits, at, &usual) {
                *owners.entry(owner).or_insert(0.0) += weight * likely;
            }
        }
        for (leaf, value) in &self.write.explicit {
            meant.insert(*leaf, (*value, 1.0));
        }
        let mut meant: Vec<(LeafId, ValueId, f64)> =
            meant.into_iter().map(|(leaf, (value, likely))| (leaf, value, likely)).collect();
        meant.retain(|it| it.2 > 0.005);
        meant.sort_by_key(|it| it.0);
        Guess { meant, owners: owners.into_iter().collect(), weights: self.weights.clone() }
    }

    /// How likely each owner is meant if this is the basis.
    fn owners_meant(
        &self,
        habits: &Habits,
        at: usize,
        usual: &[(LeafId, f64, f64)],
    ) -> Vec<(LeafId, f64)> {
        let mine = |owner: &&LeafId| !habits.is_foreign(**owner);
        let changed = self.changes[at].keys().filter(mine).map(|owner| (*owner, 1.0));
        let mut all: Vec<(LeafId, f64)> = changed.collect();
        let nothing: f64 = usual.iter().map(|(_, meant, _)| 1.0 - meant).product();
        let something = (1.0 - habits.nothing()) / (1.0 - nothing).max(1e-9);
        let any: f64 = usual.iter().map(|(_, meant, same)| 1.0 - meant + meant * same).product();
        let total = habits.nothing() + (any - nothing).max(0.0) * something;
        for (owner, meant, same) in usual.iter().copied() {
            if self.changes[at].contains_key(&owner) {
                continue;
            }
            let one = 1.0 - meant + meant * same;
            let likely = match self.changes[at].is_empty() {
                true => something * meant * same * any / one / total,
                false => meant * same / one,
            };
            all.push((owner, likely.min(1.0)));
        }
        all
    }
}
