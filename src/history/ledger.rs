//! What was promised and not yet replaced, write by write: the rules by which a write is lost.
//!
//! An acknowledged write promises each leaf that it meant. A later write that took effect
//! - loses a promise *for good*, if it meant the leaf with a value derived from (or under a guard
//!   on) a leaf that the promising write meant, read before that write: a lost update;
//! - replaces it, if it meant the leaf otherwise;
//! - breaks it, if the leaf is no longer as promised and it did not mean that. A later write may
//!   repair it. What is broken at the end is lost.
//!
//! The ledger is small, hashable, and the same for histories with the same future: whose promise
//! it is does not matter for what becomes of it. Next to read: `judge.rs`, which remembers whose.

use serde_json::Value;

use super::leaf::LeafPath;
use super::lists::Lists;
use super::meaning::{Meant, Want};
use super::write::Write;
use crate::apiserver::{Key, Revision};

/// One leaf of an acknowledged write that no write has replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Promise {
    /// On which object.
    pub object: Key,
    /// Which leaf.
    pub leaf: LeafPath,
    /// How it is to be.
    pub want: Want,
    /// The revision that the write was answered with; 0 where no comparison needs it.
    pub at: Revision,
    /// The other leaves that the write meant, as far as a worker decides from them.
    pub with: Vec<LeafPath>,
}

/// What a later write does to a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing.
    Untouched,
    /// It is lost for good: the write was computed or decided from an older version of this leaf.
    LostUpdate {
        /// The leaf that was read.
        read: LeafPath,
        /// Whether the value was computed from it; otherwise only that it was written.
        derived: bool,
    },
    /// The write meant the leaf: the promise is over.
    Replaced {
        /// Whether it was broken, and the leaf is as promised again.
        repaired: bool,
    },
    /// The write did not mean the leaf, and it is no longer as promised.
    Broken,
    /// The write did not mean the leaf, and it is as promised again.
    Repaired,
}

/// Whether it matters when a leaf was promised by a write that meant another one as well: on this
/// object a worker means the first, computed or decided from the second.
pub type Compared<'c> = &'c dyn Fn(&Key, &LeafPath, &LeafPath) -> bool;

impl Promise {
    /// Whether the leaf is as promised; a deleted object takes everything with it.
    pub fn is_kept(&self, object: Option<&Value>, lists: &Lists) -> bool {
        object.is_none_or(|object| self.want.is_met(&self.leaf, object, lists))
    }

    /// Gives each of its leaves another path.
    pub fn rename_leaves(&mut self, rename: &dyn Fn(&LeafPath) -> LeafPath) {
        self.leaf = rename(&self.leaf);
        self.with.iter_mut().for_each(|leaf| *leaf = rename(leaf));
        self.with.sort();
        if let Want::Only(allowed) = &mut self.want {
            *allowed = allowed.iter().map(rename).collect();
        }
    }

    /// What a write that took effect does to it. The object is the promise's, and stays the same.
    pub fn meet(&mut self, write: &Write<'_>) -> Fate {
        let covers = |meant: &&Meant| meant.covers(&self.leaf, &self.want);
        let means: Vec<&Meant> = write.meant.iter().filter(covers).collect();
        if let Some((read, derived)) = means.iter().find_map(|m| self.overlooked_by(m, write)) {
            return Fate::LostUpdate { read, derived };
        }
        let kept = |object| self.is_kept(object, write.lists);
        let (before, after) = (kept(write.before), kept(write.after));
        let inside = !means.iter().any(|meant| meant.leaf.contains(&self.leaf));
        match &mut self.want {
            Want::Only(allowed) if inside => {
                // Who means a leaf of the container takes that leaf out of the promise.
                allowed.extend(means.iter().map(|meant| meant.leaf.clone()));
            }
            _ if !means.is_empty() => return Fate::Replaced { repaired: !before && after },
            _ => {}
        }
        match (before, self.is_kept(write.after, write.lists)) {
            (true, false) => Fate::Broken,
            (false, true) => Fate::Repaired,
            _ => Fate::Untouched,
        }
    }

    /// The leaf that a worker that means this one has read in an older version, and whether the
    /// value was computed from it.
    fn overlooked_by(&self, meant: &Meant, write: &Write<'_>) -> Option<(LeafPath, bool)> {
        // Two who want an item to be there lose nothing.
        let again = meant.want == Want::There && self.want == Want::There;
        if write.basis >= self.at || again && meant.leaf.is_same(&self.leaf) {
            return None;
        }
        let own =
            |read: &&LeafPath| self.with.iter().chain([&self.leaf]).any(|own| own.overlaps(read));
        let derived = meant.reads.iter().find(own).map(|read| (read.clone(), true));
        derived.or_else(|| {
            let guard = meant.guards.iter().find(own)?;
            self.is_moved(write).then(|| (guard.clone(), false))
        })
    }

    /// Whether a write changed the leaf.
    fn is_moved(&self, write: &Write<'_>) -> bool {
        let among: Vec<&Value> = [write.before, write.after].into_iter().flatten().collect();
        let found = |object: Option<&Value>| {
            let mut leaves = object.map(|o| write.lists.leaves(o, &among)).unwrap_or_default();
            leaves.retain(|path, _| self.leaf.contains(path));
            leaves
        };
        found(write.before) != found(write.after)
    }
}

/// What an acknowledged write promises.
pub fn promised(write: &Write<'_>, compared: Compared<'_>) -> Vec<Promise> {
    let promise = |meant: &Meant| {
        let read = |leaf: &&Meant| compared(write.object, &meant.leaf, &leaf.leaf);
        let read: Vec<&LeafPath> = write.meant.iter().filter(read).map(|m| &m.leaf).collect();
        let others = read.iter().filter(|leaf| **leaf != &meant.leaf);
        let mut with: Vec<LeafPath> = others.copied().cloned().collect();
        with.sort();
        with.dedup();
        let at = if read.is_empty() { Revision(0) } else { write.at };
        let (object, leaf, want) = (write.object.clone(), meant.leaf.clone(), meant.want.clone());
        Promise { object, leaf, want, at, with }
    };
    write.meant.iter().map(promise).collect()
}

/// The promises, in a canonical order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger(Vec<Promise>);

/// What a write did to all promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Something was lost for good.
    pub lost: bool,
    /// Something that was broken is as promised again.
    pub repaired: bool,
}

impl Ledger {
    /// What is promised.
    pub fn promises(&self) -> &[Promise] {
        &self.0
    }

    /// Changes each promise, and puts them in their order again.
    pub fn rename(&mut self, rename: &mut dyn FnMut(&mut Promise)) {
        self.0.iter_mut().for_each(rename);
        self.order();
    }

    fn order(&mut self) {
        self.0.sort();
        self.0.dedup();
    }

    /// Forgets what was promised of an object: it is another one now, or none.
    pub fn void(&mut self, object: &Key) {
        self.0.retain(|promise| promise.object != *object);
    }

    /// Takes the next write.
    pub fn take(&mut self, write: &Write<'_>, compared: Compared<'_>) -> Effects {
        let mut effects = Effects::default();
        if !write.took_effect() {
            return effects;
        }
        if write.ends_the_object() {
            self.void(write.object);
        }
        self.0.retain_mut(|promise| {
            if promise.object != *write.object {
                return true;
            }
            match promise.meet(write) {
                Fate::LostUpdate { .. } => effects.lost = true,
                Fate::Replaced { repaired } => {
                    effects.repaired |= repaired;
                    return false;
                }
                Fate::Repaired => effects.repaired = true,
                Fate::Untouched | Fate::Broken => {}
            }
            true
        });
        if write.is_acknowledged() && write.after.is_some() {
            effects.lost |= write.is_elsewhere() && !write.meant.is_empty();
            self.0.extend(promised(write, compared));
        }
        self.order();
        effects
    }
}
