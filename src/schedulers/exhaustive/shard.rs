//! A part of all schedules, so that several machines can look at one part each.
//!
//! Every schedule passes through exactly one state after its first few steps. These states, in
//! order, are dealt out like cards; a shard explores what begins with its own. Which states they are
//! follows from the world and the number of shards alone, so nobody has to coordinate. Schedules
//! that are over before count for the first shard. The sums of all shards are those of one search;
//! states are not, since two shards may meet the same one. Next to read: `check/merge.rs`.

use super::Position;
use super::search::Search;

/// One of so many parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub index: u32,
    /// Of how many.
    pub of: u32,
}

/// So many states for each shard make the shares even enough.
const EACH: usize = 64;

/// Steps after which the states are dealt out, even if there are fewer.
const STEPS: u64 = 12;

impl Shard {
    /// Expands the first steps and deals out the states after them.
    ///
    /// A state is met anew for each number of steps that leads to it, so that each schedule passes
    /// through one of them.
    pub(super) fn split(self, search: &mut Search, at: &mut Position) {
        let enough = EACH * self.of as usize;
        while at.level_end - at.next < enough && at.depth < STEPS && at.next < at.level_end {
            search.states.start_anew();
            search.expand(at.next, at.level_end);
            if self.index != 1 {
                search.graph.leave_finals_to_others(at.next);
            }
            let next = at.level_end;
            *at = Position { next, level_end: search.states.len(), depth: at.depth + 1 };
        }
        search.states.start_anew();
        let (first, end) = (at.next, at.level_end);
        for state in first..end {
            match (state - first) % self.of as usize == self.index as usize - 1 {
                true => search.expand(state, state + 1),
                false => search.graph.leave_to_others(state),
            }
        }
        *at = Position { next: end, level_end: search.states.len(), depth: at.depth + 1 };
    }
}
