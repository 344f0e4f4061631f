//! A part of all schedules, so that several machines can look at one part each.
//!
//! Every schedule passes through exactly one state after its first few steps. These states, in
//! order, are dealt out like cards; a shard explores what begins with its own. Which states they
//! are follows from the world and the number of shards alone, so no machine has to coordinate.
//! Schedules that are over before count for the first shard. The sums of all shards are those of
//! one search; states are not, since two shards may meet the same one. Next to read:
//! `check/merge.rs`.

use super::Position;
use super::search::Search;

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

/// States per shard that make the shares even enough.
const EACH: usize = 64;

/// Steps after which the states are dealt out, even if there are fewer.
const STEPS: u64 = 12;

impl Shard {
    /// Whether this one of many things, from 0, is its own.
    pub fn takes(self, number: u64) -> bool {
        number % u64::from(self.of) == u64::from(self.index) - 1
    }

    /// How many of `count` things are its own.
    pub fn share_of(self, all: u64) -> u64 {
        let before = u64::from(self.index) - 1;
        all.saturating_sub(before).div_ceil(u64::from(self.of))
    }

    /// Expands the first steps and deals out the states after them.
    ///
    /// A state is met again for each number of steps that leads to it, so that each schedule passes
    /// through one of them.
    pub(super) fn split(self, search: &mut Search, at: &mut Position) {
        let enough = EACH * self.of as usize;
        while at.level_end - at.next < enough && at.depth < STEPS && at.next < at.level_end {
            search.states.forget_all();
            search.expand(at.next, at.level_end);
            if self.index != 1 {
                search.graph.leave_finals_to_others(at.next);
            }
            let next = at.level_end;
            *at = Position { next, level_end: search.states.len(), depth: at.depth + 1 };
        }
        search.states.forget_all();
        let (first, end) = (at.next, at.level_end);
        for state in first..end {
            match self.takes((state - first) as u64) {
                true => search.expand(state, state + 1),
                false => search.graph.leave_to_others(state),
            }
        }
        *at = Position { next: end, level_end: search.states.len(), depth: at.depth + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_has_a_shard() {
        for (of, all) in [(1, 5), (3, 10), (4, 2), (7, 7)] {
            let shards = (1..=of).map(|index| Shard { index, of });
            let taken = |n: u64| shards.clone().filter(|shard| shard.takes(n)).count();
            assert!((0..all).all(|n| taken(n) == 1), "{of}, {all}");
            let own = |shard: Shard| (0..all).filter(|n| shard.takes(*n)).count() as u64;
            assert!(shards.clone().all(|shard| own(shard) == shard.share_of(all)), "{of}, {all}");
        }
    }
}
