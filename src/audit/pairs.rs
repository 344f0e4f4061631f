//! Pairs of writers, of which one loses what the other wrote: the table that people act on.
//!
//! Next to read: `findings.rs`.

use std::collections::BTreeMap;

use super::findings::{Finding, PairKey};
use crate::history::{LeafPath, LossClass, Part};

/// Losses of one writer by another on one kind of path.
#[derive(Clone, Debug)]
pub struct Pair {
    pub victim: String,
    pub culprit: String,
    pub kind: String,
    pub path: String,
    pub method: &'static str,
    pub class: LossClass,
    pub lost: usize,
    pub stays: usize,
    pub only_times: usize,
    /// Microseconds until it was repaired: the middle one.
    pub repaired_after: Option<i64>,
}

impl Pair {
    /// What tells it from other pairs.
    pub fn key(&self) -> PairKey {
        let (victim, culprit) = (self.victim.clone(), self.culprit.clone());
        (victim, culprit, self.kind.clone(), self.path.clone(), self.method, self.class)
    }
}

/// The pairs of these losses: first who loses for good.
pub fn pairs(lost: &[Finding]) -> Vec<Pair> {
    let mut by: BTreeMap<_, Vec<&Finding>> = BTreeMap::new();
    for finding in lost {
        by.entry(finding.pair()).or_default().push(finding);
    }
    let mut pairs = Vec::new();
    for ((victim, culprit, kind, path, method, class), found) in by {
        let mut after: Vec<i64> =
            found.iter().filter_map(|it| it.repaired.as_ref()).map(|it| it.after).collect();
        after.sort_unstable();
        pairs.push(Pair {
            victim: victim.clone(),
            culprit: culprit.clone(),
            kind: kind.clone(),
            path,
            method,
            class,
            lost: found.len(),
            stays: found.iter().filter(|it| it.stays).count(),
            only_times: found.iter().filter(|it| it.only_times).count(),
            repaired_after: after.get(after.len() / 2).copied(),
        });
    }
    pairs.sort_by_key(|it| std::cmp::Reverse((it.stays, it.lost - it.only_times, it.lost)));
    pairs
}

/// A path with `*` for the values that tell entries apart.
pub fn pattern(path: &LeafPath) -> LeafPath {
    let any = |part: &Part| match part {
        Part::Entry(keys) => {
            Part::Entry(keys.iter().map(|(key, _)| (key.clone(), "*".to_owned())).collect())
        }
        Part::Item(_) => Part::Item("\"*\"".to_owned()),
        field => field.clone(),
    };
    LeafPath::new(path.parts().iter().map(any).collect())
}
