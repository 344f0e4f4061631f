//! Absolute revisions do not distinguish states; only their order does.
//!
//! The server compares resourceVersions for equality with those of live objects, and a new write
//! takes one above all. So two worlds that differ by an order-preserving relabelling of revisions
//! behave the same, up to that relabelling; nothing else of a world shows a revision as a number
//! (a worker that copies `metadata.resourceVersion` into a field says so, and turns this off).
//!
//! Moreover, a held revision matters only relative to the *interesting* ones: those of live
//! objects, which it may equal, and those that a property remembers, which it may be compared
//! with. Two held revisions between the same two interesting ones are alike for ever: neither will
//! be live again. The interesting revisions become 2, 4, 6, ...; what lies between, 1, 3, 5, ....
//! And a write that names a revision which is not live will be refused before anything else in it
//! is looked at, so its body is dead, except for a method that sends the same body again.
//! `tests/it/exhaustive.rs` compares with the search that does none of this.
//! Next to read: `graph.rs`.

use crate::apiserver::Revision;
use crate::simulation::World;

/// Whether no worker and no observer looks at a resourceVersion as a number.
pub(super) fn renamable(world: &World) -> bool {
    !world.setting.shows_versions()
        && world.workers.iter().all(|worker| worker.revisions().is_some())
}

/// An order-preserving relabelling onto small numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Relabelling {
    /// The interesting revisions, ascending.
    interesting: Vec<Revision>,
    /// Those of them that live objects have, ascending.
    live: Vec<Revision>,
}

impl Relabelling {
    pub(super) fn new(live: Vec<Revision>, remembered: Vec<Revision>) -> Self {
        let mut interesting = [live.as_slice(), &remembered].concat();
        interesting.sort_unstable();
        interesting.dedup();
        Relabelling { interesting, live }
    }

    /// Whether a live object has this revision.
    pub(super) fn is_live(&self, revision: Revision) -> bool {
        self.live.binary_search(&revision).is_ok()
    }

    /// The new number of a revision.
    pub(super) fn rename(&self, revision: Revision) -> Revision {
        let below = self.interesting.partition_point(|interesting| *interesting < revision);
        let is_interesting = self.interesting.get(below) == Some(&revision);
        Revision(2 * below as u64 + if is_interesting { 2 } else { 1 })
    }

    /// Whether every canonical number keeps its name: nothing needs to be renamed.
    pub(super) fn is_identity(&self, counter: Revision) -> bool {
        let canonical = |(index, revision): (usize, &Revision)| revision.0 == 2 * index as u64 + 2;
        self.interesting.iter().enumerate().all(canonical)
            && counter.0 <= 2 * self.interesting.len() as u64 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_and_forgets_the_distance() {
        let relabelling = Relabelling::new(vec![Revision(70)], vec![Revision(7), Revision(70)]);
        let renamed = [3, 7, 8, 69, 70, 71].map(|n| relabelling.rename(Revision(n)).0);
        assert_eq!(renamed, [1, 2, 3, 3, 4, 5]);
        assert!(!relabelling.is_identity(Revision(70)));
        assert!(Relabelling::new(vec![Revision(2), Revision(4)], vec![]).is_identity(Revision(4)));
    }
}
