//! What else would explain that a value is gone: each such reason makes a loss a suspicion.
//!
//! A version that explains a body is not yet the one that it was made of, and a body does not say
//! why something is not in it. What a program usually does can be learned of many writes; of a
//! program that is hardly seen, only what its author is known to have read tells.
//! Next to read: `given.rs`, `programs.rs`.

use std::collections::BTreeSet;

use super::findings::Found;
use super::judge::{Basis, Judged};
use super::log::Track;
use super::programs::Seen;
use super::track::Step;
use crate::history::Part;
use crate::history::infer::{ABSENT, Method, Names, THERE, differences, look};

/// A reason why a finding may be no loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The culprit differs in nothing from what it was made of, and is always the same.
    NothingNew,
    /// The victim had removed what its program is never seen to set.
    NeverSet,
    /// What the culprit was made of had the victim's value.
    Seen,
    /// The culprit's program is never seen to leave there what others wrote.
    Whole,
    /// The culprit's program, which is hardly seen, meant this leaf elsewhere.
    Meant,
    /// The log does not show the version that the culprit was made of.
    Unshown,
    /// The culprit's program is hardly seen, and its author may have read the victim's value.
    MayHaveSeen,
    /// The victim's program is hardly seen, and the value is one that had been there before.
    OldValue,
    /// Another program, which is hardly seen, may have meant the value as well.
    TakenOver,
    /// The victim may have been meant for another object of this name, which was deleted.
    Elsewhere,
    /// The server may have merged the list that the culprit applied: its type is guessed.
    Merged,
}

impl Doubt {
    /// For people, beside the versions that the culprit may be made of.
    pub fn reading(self, leaf: &str) -> Option<String> {
        Some(match self {
            Doubt::NothingNew => return None,
            Doubt::NeverSet => format!("or {leaf} was left out by a program that never writes it"),
            Doubt::Seen => format!("or changed {leaf} on purpose: what it was made of had it"),
            Doubt::Whole => format!("or replaced all around {leaf} on purpose, as it always does"),
            Doubt::Meant => format!("or meant {leaf}, as its program did before"),
            Doubt::Unshown => {
                format!("or meant {leaf}: the version that it names is not in the log")
            }
            Doubt::MayHaveSeen => {
                format!("or changed {leaf} on purpose: its author may have read it")
            }
            Doubt::OldValue => {
                format!("or the first write did not mean {leaf}: the value had been there before")
            }
            Doubt::TakenOver => {
                format!("or another write, after it, meant {leaf} as it was, or tried to change it")
            }
            Doubt::Elsewhere => {
                "or the first write was meant for an object of this name that was deleted".into()
            }
            Doubt::Merged => format!(
                "or the server merged the list and kept {leaf}: only a definition tells (--crds)"
            ),
        })
    }
}

/// What is asked about the findings of one object.
pub struct Asked<'a> {
    pub names: &'a Names,
    pub seen: &'a Seen,
    /// The programs of which was said what they own.
    pub told: &'a [u32],
    pub judged: &'a Judged,
    pub track: Option<&'a Track>,
    /// Whether an object of this name was deleted before.
    pub recreated: bool,
    /// Whether only the log suggests that an apply replaces lists.
    pub guessed_atomic: bool,
}

impl Asked<'_> {
    /// What else would explain a finding.
    pub fn doubts(&self, found: &Found) -> Vec<Doubt> {
        let steps = &self.judged.line.steps;
        let (victim, culprit) = (&steps[found.victim], &steps[found.culprit]);
        let all = [
            (Doubt::NothingNew, self.means_nothing_new(found.culprit)),
            (Doubt::NeverSet, self.never_set(victim, found)),
            (Doubt::Seen, self.has_seen(found)),
            (Doubt::Whole, self.is_whole(culprit, found)),
            (Doubt::Meant, self.has_meant(culprit, found)),
            (Doubt::Unshown, culprit.act.sent.depends() && culprit.given.unshown),
            (Doubt::MayHaveSeen, self.may_have_seen(victim, found)),
            (Doubt::OldValue, self.is_old_value(victim, found)),
            (Doubt::TakenOver, self.may_be_taken_over(found)),
            (Doubt::Elsewhere, self.recreated && self.is_elsewhere(found.victim)),
            (Doubt::Merged, self.may_be_merged(culprit, found)),
        ];
        all.into_iter().filter(|it| it.1).map(|it| it.0).collect()
    }

    fn is_told(&self, step: &Step) -> bool {
        self.told.contains(&step.act.program)
    }

    /// Whether nothing is known of its program but this log, and little by it.
    fn is_hardly_seen(&self, step: &Step) -> bool {
        !self.is_told(step) && self.seen.is_hardly_seen(step.act.program)
    }

    /// Whether a write differs in nothing from what it was most likely made of, and its program
    /// always sends that: then nothing tells an old read from a value that is put back on purpose.
    fn means_nothing_new(&self, step: usize) -> bool {
        let judged = self.judged;
        if !judged.meant[step].iter().any(|it| it.2 > 0.5) {
            return true;
        }
        let of = &judged.line.steps[step];
        let basis = judged.bases[step].first();
        let accepted = judged.line.steps.iter().map(|it| &it.act).filter(|act| act.accepted);
        let mut own = accepted.filter(|act| act.program == of.act.program);
        basis.is_some_and(|basis| basis.owners.is_empty())
            && of.explicit.is_empty()
            && own.all(|act| act.sent.body == of.act.sent.body)
    }

    fn never_set(&self, victim: &Step, found: &Found) -> bool {
        found.absent && !self.seen.set.contains(&(victim.act.program, found.leaf))
    }

    /// Whether the culprit was most likely made of a version that already had the victim's: what
    /// it then changes or leaves out may be on purpose.
    fn has_seen(&self, found: &Found) -> bool {
        let victim = self.judged.line.steps[found.victim].act.at;
        let basis = self.judged.bases[found.culprit].first();
        basis.is_some_and(|basis| basis.version >= victim)
    }

    /// Whether the culprit may have meant that nothing else is in a container. An apply means its
    /// leaves and no others.
    fn is_whole(&self, culprit: &Step, found: &Found) -> bool {
        let owner = self.names.owner(found.leaf);
        let puts = match culprit.act.method {
            Method::Update | Method::MergePatch => culprit.act.sent.depends(),
            // What a program hardly seen puts in the place of a container may be all of it.
            Method::JsonPatch => {
                self.is_hardly_seen(culprit)
                    && culprit.act.sent.puts_around(self.names.leaf(found.leaf))
            }
            _ => false,
        };
        puts && found.after.is_none()
            && !self.is_told(culprit)
            && !self.seen.leaves_others(self.names, culprit.act.program, owner)
    }

    /// Whether an apply took something out of a list that the server may have merged.
    fn may_be_merged(&self, culprit: &Step, found: &Found) -> bool {
        let in_list = self.names.list(found.leaf) != found.leaf;
        let taken = in_list && found.after.is_none();
        self.guessed_atomic && taken && culprit.act.method == Method::Apply
    }

    fn has_meant(&self, culprit: &Step, found: &Found) -> bool {
        self.is_hardly_seen(culprit) && self.seen.means_often(culprit.act.program, found.leaf)
    }

    /// Whether the author of the culprit may have read the victim's value. It is known to have
    /// sent an old body again if that puts an old value back, or leaves out what its program is
    /// seen to leave alone elsewhere, and if it had read the version that the body is made of.
    fn may_have_seen(&self, victim: &Step, found: &Found) -> bool {
        let culprit = &self.judged.line.steps[found.culprit];
        let unaware = culprit.given.newest.is_some_and(|newest| newest < victim.act.at);
        let basis = self.judged.bases[found.culprit].first();
        let owner = self.names.owner(found.leaf);
        let left = || self.seen.leaves_alone(self.names, culprit.act.program, owner);
        // Who puts an item back that it found removed sends the same as who sends an old list.
        let item = matches!(self.names.leaf(found.leaf).parts().last(), Some(Part::Item(_)));
        // The old version has to explain more than the one that was there.
        let explains = |it: &Basis| it.known && it.owners.len() < self.changed(culprit);
        let old = basis.is_some_and(explains) && (found.after.is_some() || left());
        let is_old = old && !item;
        self.is_hardly_seen(culprit) && culprit.act.sent.depends() && !unaware && !is_old
    }

    /// Of how many owners a write changed something.
    fn changed(&self, step: &Step) -> usize {
        let (Some(before), Some(after)) = (&step.before, &step.after) else { return 0 };
        let all = differences(&before.leaves, &after.leaves).into_iter();
        let covered = all.filter(|it| step.act.sent.covers(self.names, it.0));
        covered.map(|it| self.names.owner(it.0)).collect::<BTreeSet<_>>().len()
    }

    /// Whether another client may have meant the value as well, after the victim: one that is
    /// hardly seen, and sent it as it was with nothing that is new.
    fn may_be_taken_over(&self, found: &Found) -> bool {
        let steps = &self.judged.line.steps;
        let victim = &steps[found.victim];
        let between = found.victim.min(found.culprit)..found.culprit;
        between.into_iter().any(|at| {
            let step = &steps[at];
            step.act.accepted
                && step.act.author != victim.act.author
                && step.act.sent.depends()
                && self.is_hardly_seen(step)
                && look(&step.act.sent.body, found.leaf) != ABSENT
                && !self.judged.meant[at].iter().any(|it| it.2 > 0.5)
        })
    }

    /// Whether the victim may have carried the value rather than meant it.
    fn is_old_value(&self, victim: &Step, found: &Found) -> bool {
        let leaf = found.leaf;
        let said = victim.explicit.binary_search_by_key(&leaf, |it| it.0).is_ok();
        if said || !victim.act.sent.depends() || !self.is_hardly_seen(victim) {
            return false;
        }
        let Some(after) = &victim.after else { return true };
        let value = look(&after.leaves, leaf);
        let versions = self.track.map(|track| &track.versions);
        let read = victim.given.newest.and_then(|newest| versions?.get(&newest));
        match read {
            Some(read) => look(&read.leaves, leaf) == value,
            None if value == ABSENT || value == THERE => true,
            // What stood there before the log begins is not known.
            None if !self.begins_with_creation() => true,
            None => versions.is_none_or(|versions| {
                let mut before = versions.range(..victim.act.at);
                before.any(|(_, version)| look(&version.leaves, leaf) == value)
            }),
        }
    }

    fn begins_with_creation(&self) -> bool {
        let first = self.judged.line.steps.first();
        first.is_some_and(|step| step.act.accepted && step.act.method == Method::Create)
    }

    /// Whether the author of a write had not been given this object before, or may have sent again
    /// what it had made of the one before: its program is hardly seen, and it is its first here.
    fn is_elsewhere(&self, victim: usize) -> bool {
        let steps = &self.judged.line.steps;
        let of = &steps[victim];
        let first = || {
            let mine = |step: &Step| step.act.accepted && step.act.author == of.act.author;
            self.is_hardly_seen(of) && !steps[..victim].iter().any(mine)
        };
        of.act.method != Method::Create && (!of.given.met || first())
    }
}
