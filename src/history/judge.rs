//! Judges a whole history: which acknowledged leaves were lost, by whom, how, and for how long.
//!
//! The rules are those of `ledger.rs`; here each promise remembers whose it is, and what became of
//! it is told. Next to read: `class.rs`.

use super::class::{LossClass, class_of, of_absence};
use super::leaf::LeafPath;
use super::ledger::{Fate, Promise, promised};
use super::meaning::Want;
use super::write::Write;

/// An acknowledged leaf that was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The write that meant it, by its place in the history.
    pub victim: usize,
    /// The write that took it away; the victim itself if it never brought it about.
    pub culprit: usize,
    /// The leaf.
    pub leaf: LeafPath,
    /// How it was to be.
    pub want: Want,
    /// How it was lost.
    pub class: LossClass,
    /// For how long.
    pub end: End,
}

/// What became of a leaf that was taken away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It was not as intended at the end of the history: it stays lost.
    Stays,
    /// A lost update: the culprit was computed (or decided) from an older version of this leaf,
    /// and wrote over it. Lost for good, whatever the end.
    ForGood {
        /// The leaf that the culprit had read.
        read: LeafPath,
        /// Whether its value was computed from that; otherwise only that it wrote at all.
        derived: bool,
    },
    /// It landed on another object of the same name. Lost for good.
    WrongObject,
    /// It was as intended again after this write.
    Repaired {
        /// The write that put it back.
        by: usize,
        /// The number of writes of the same object after the culprit.
        after: usize,
    },
    /// Before the end, this write meant the leaf: no worker misses the old value.
    Replaced {
        /// The write that meant it.
        by: usize,
    },
    /// The object was deleted, and perhaps created again: it was meant for the old one.
    Voided,
}

impl Finding {
    /// Whether it is a loss at the end, rather than one that was repaired or replaced.
    pub fn is_lost(&self) -> bool {
        matches!(self.end, End::Stays | End::ForGood { .. } | End::WrongObject)
    }
}

/// A promise, whose it is, and by which finding it is broken.
struct Owed {
    promise: Promise,
    victim: usize,
    broken: Option<usize>,
}

/// The findings of a history, in the order in which leaves were taken away. Objects that are
/// recreated or deleted take what was promised of them along.
pub fn judge(history: &[Write<'_>]) -> Vec<Finding> {
    let mut judge = Judge { history, owed: Vec::new(), findings: Vec::new() };
    (0..history.len()).for_each(|at| judge.take(at));
    judge.findings
}

struct Judge<'h, 'w> {
    history: &'h [Write<'w>],
    owed: Vec<Owed>,
    findings: Vec<Finding>,
}

impl Judge<'_, '_> {
    fn take(&mut self, at: usize) {
        let write = &self.history[at];
        if !write.took_effect() {
            return;
        }
        let mut owed = std::mem::take(&mut self.owed);
        owed.retain(|owed| {
            let over = owed.promise.object == *write.object
                && (write.ends_the_object() || self.history[owed.victim].is_of_another(write));
            if let Some(broken) = owed.broken.filter(|_| over) {
                self.findings[broken].end = End::Voided;
            }
            !over
        });
        for owed in owed {
            let mine = owed.promise.object == *write.object;
            let kept = if mine { self.meet(owed, at) } else { Some(owed) };
            self.owed.extend(kept);
        }
        if write.is_acknowledged() && write.after.is_some() {
            self.promise(at);
        }
    }

    /// What a write does to a promise, which may be over then.
    fn meet(&mut self, mut owed: Owed, at: usize) -> Option<Owed> {
        let write = &self.history[at];
        match owed.promise.meet(write) {
            Fate::Untouched => {}
            Fate::Broken => {
                let class = match owed.promise.want {
                    Want::Absent => LossClass::Resurrected,
                    _ => class_of(write, &owed.promise.leaf),
                };
                owed.broken = Some(self.find(&owed, at, class, End::Stays));
            }
            Fate::Repaired => {
                if let Some(broken) = owed.broken.take() {
                    self.findings[broken].end = self.repaired(broken, at);
                }
            }
            Fate::Replaced { repaired } => {
                if let Some(broken) = owed.broken {
                    self.findings[broken].end = match repaired {
                        true => self.repaired(broken, at),
                        false => End::Replaced { by: at },
                    };
                }
                return None;
            }
            Fate::LostUpdate { read, derived } => {
                let class = class_of(write, &owed.promise.leaf);
                self.find(&owed, at, class, End::ForGood { read, derived });
                return None;
            }
        }
        Some(owed)
    }

    fn repaired(&self, broken: usize, by: usize) -> End {
        let culprit = self.findings[broken].culprit;
        let same =
            |write: &&Write<'_>| write.object == self.history[by].object && write.took_effect();
        End::Repaired { by, after: self.history[culprit + 1..=by].iter().filter(same).count() }
    }

    fn promise(&mut self, at: usize) {
        let write = &self.history[at];
        for promise in promised(write, &|_, _, _| true) {
            let kept = promise.is_kept(write.after, write.lists);
            let mut owed = Owed { promise, victim: at, broken: None };
            if write.is_elsewhere() {
                self.find(&owed, at, LossClass::WrongObject, End::WrongObject);
                continue;
            }
            if !kept {
                let class = of_absence(write, &owed.promise.leaf, &owed.promise.want);
                owed.broken = Some(self.find(&owed, at, class, End::Stays));
            }
            self.owed.push(owed);
        }
    }

    fn find(&mut self, owed: &Owed, culprit: usize, class: LossClass, end: End) -> usize {
        let (leaf, want) = (owed.promise.leaf.clone(), owed.promise.want.clone());
        self.findings.push(Finding { victim: owed.victim, culprit, leaf, want, class, end });
        self.findings.len() - 1
    }
}
