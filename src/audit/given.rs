//! What the author of a write is known to have been given of the object before it.
//!
//! The versions that a write may be made of are weighed, and weighing needs many writes. What is
//! here needs none: a client that reads before each write was given what it read, and a body that
//! is sent again after a refusal was made before the refusal. Next to read: `doubts.rs`.

use std::collections::BTreeMap;

use super::log::Track;
use super::track::{Known, Line};

/// What is known of the versions that a writer had.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    /// The newest version that the write can be made of, if its author read for it: after its last
    /// try, and before it sent this body for the first time.
    pub newest: Option<u64>,
    /// Whether its author had been given this object at all, and not only one of the same name
    /// before it.
    pub met: bool,
    /// Whether its first try named a version that the log does not show: then nothing that the log
    /// shows is what it was made of.
    pub unshown: bool,
}

impl Line {
    /// The steps as they were sent.
    pub(super) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.steps.len()).collect();
        order.sort_by_key(|at| (self.steps[*at].act.received, self.steps[*at].act.line));
        order
    }

    /// For each step the first try with its body: the same body again after a refusal was made of
    /// the same version.
    pub(super) fn first_tries(&self, order: &[usize]) -> Vec<usize> {
        let mut last: BTreeMap<u32, usize> = BTreeMap::new();
        let mut roots: Vec<usize> = (0..self.steps.len()).collect();
        for at in order.iter().copied() {
            let act = &self.steps[at].act;
            if let Some(before) = last.insert(act.author, at) {
                let earlier = &self.steps[before].act;
                if !earlier.accepted && earlier.body == act.body && earlier.route == act.route {
                    roots[at] = roots[before];
                }
            }
        }
        roots
    }

    /// Notes for each step what its author was given.
    pub(super) fn give(&mut self, track: &Track, order: &[usize], roots: &[usize], known: &Known) {
        let begun = self.begun();
        let mut reads: BTreeMap<u32, Vec<(i64, u64)>> = BTreeMap::new();
        for read in &track.reads {
            let newest = match read.at {
                // The log does not say what it showed: any version whose write had been sent.
                0 => begun.partition_point(|time| *time <= read.done).checked_sub(1),
                at => self.versions.binary_search(&at).ok(),
            };
            let Some(newest) = newest else { continue };
            reads.entry(read.author).or_default().push((read.done, self.versions[newest]));
        }
        reads.values_mut().for_each(|reads| reads.sort_unstable());
        let mut last: BTreeMap<u32, i64> = BTreeMap::new();
        let mut newest = vec![None; self.steps.len()];
        for at in order.iter().copied() {
            let act = &self.steps[at].act;
            let before = last.insert(act.author, act.done).unwrap_or(i64::MIN);
            newest[at] = match roots[at] {
                root if root == at => {
                    let own = reads.get(&act.author).map(Vec::as_slice).unwrap_or_default();
                    let from = own.partition_point(|read| read.0 <= before);
                    let until = own.partition_point(|read| read.0 <= act.received);
                    own[from..until.max(from)].iter().map(|read| read.1).max()
                }
                root => match (newest[root], self.steps[root].act.named) {
                    (Some(read), Some(named)) => Some(read.min(named)),
                    (read, named) => read.or(named),
                },
            };
        }
        for at in 0..self.steps.len() {
            let act = &self.steps[at].act;
            let answers = known.get(&act.author).map(Vec::as_slice).unwrap_or_default();
            let met = answers.first().is_some_and(|first| first.0 <= act.received);
            let named = self.steps[roots[at]].act.named;
            let unshown = named.is_some_and(|it| self.versions.binary_search(&it).is_err());
            self.steps[at].given = Given { newest: newest[at], met, unshown };
        }
    }

    /// For each version a time before which neither it nor a later one can have been shown.
    fn begun(&self) -> Vec<i64> {
        let mut begun = vec![i64::MAX; self.versions.len()];
        for act in self.steps.iter().map(|step| &step.act).filter(|act| act.accepted) {
            if let Ok(at) = self.versions.binary_search(&act.at) {
                begun[at] = begun[at].min(act.received);
            }
        }
        // Who made the others is not known: they may have been there for long.
        let mut next = i64::MAX;
        for time in begun.iter_mut().rev() {
            next = if *time == i64::MAX { i64::MIN } else { next.min(*time) };
            *time = next;
        }
        begun
    }
}
