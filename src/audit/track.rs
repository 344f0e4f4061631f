//! The history of one object: its writes in order, and the versions that each may be made of.
//!
//! Order is that of resourceVersions, never of times or lines. Of several writes that were
//! answered with one version one took effect: the first that explains the change; the others
//! changed nothing. Next to read: `judge.rs`.

use std::collections::BTreeMap;

use super::given::Given;
use super::log::{Act, Track};
use crate::history::Lists;
use crate::history::infer::{
    ABSENT, Candidate, LeafChange, Method, Names, Slot, Unsaid, Version, differences, look,
};

/// A write in its place.
#[derive(Debug)]
pub struct Step {
    pub act: Act,
    /// The version before it, if a request in the log saw it.
    pub before: Option<Version>,
    /// The version that it was answered with, or made.
    pub after: Option<Version>,
    /// Whether it changed anything.
    pub took_effect: bool,
    /// Another write that was answered with the same version explains the change as well.
    pub twin: bool,
    /// What it means for certain.
    pub explicit: Vec<LeafChange>,
    /// What its author is known to have been given before.
    pub given: Given,
}

/// The accepted writes of an object in order, then the refused ones.
#[derive(Debug, Default)]
pub struct Line {
    pub steps: Vec<Step>,
    /// The resourceVersions, ascending.
    pub versions: Vec<u64>,
    /// When each was there at the latest, as far as the log tells.
    pub(super) times: Vec<i64>,
}

/// What each author was answered with, ascending: when, which version, whether by a write.
pub(super) type Known = BTreeMap<u32, Vec<(i64, u64, bool)>>;

/// The maximum of newest versions that may be in a cache.
const CACHED: usize = 64;
/// The maximum of an author's last reads that may be the basis.
const READS: usize = 8;

impl Line {
    /// The writes of a track in order; `acts` may be refused ones.
    pub fn of(names: &Names, track: &mut Track, refused: Vec<Act>) -> Line {
        let mut acts = std::mem::take(&mut track.acts);
        acts.sort_by_key(|act| (act.at, act.done, act.line));
        acts.retain(|act| act.at > 0);
        fill(names, track, &acts);
        // Of a write to a part of the object, before which nothing is known of the object, nothing
        // is known afterwards either.
        acts.retain(|act| track.versions.contains_key(&act.at));
        let versions: Vec<u64> = track.versions.keys().copied().collect();
        let mut times = vec![i64::MIN; versions.len()];
        for act in &acts {
            if let Ok(at) = versions.binary_search(&act.at) {
                let known = times[at] != i64::MIN;
                times[at] = if known { times[at].min(act.done) } else { act.done };
            }
        }
        for at in 1..times.len() {
            times[at] = times[at].max(times[at - 1]);
        }
        let mut line = Line { steps: Vec::new(), versions, times };
        let mut group: Vec<Act> = Vec::new();
        for act in acts {
            if group.first().is_some_and(|first| first.at != act.at) {
                line.group(names, track, std::mem::take(&mut group));
            }
            group.push(act);
        }
        line.group(names, track, group);
        line.applied(names);
        for act in refused {
            let at = line.times.partition_point(|time| *time <= act.done);
            let before = at.checked_sub(1).map(|at| track.versions[&line.versions[at]].clone());
            let explicit = act.sent.explicit.clone();
            line.steps.push(Step {
                act,
                before,
                after: None,
                took_effect: false,
                twin: false,
                explicit,
                given: Given::default(),
            });
        }
        line
    }

    /// The writes that were answered with one version.
    fn group(&mut self, names: &Names, track: &Track, group: Vec<Act>) {
        let Some(first) = group.first() else { return };
        let at = self.versions.binary_search(&first.at).unwrap_or_default();
        let version = |at: usize| track.versions[&self.versions[at]].clone();
        let before = at.checked_sub(1).map(version);
        let after = version(at);
        let explains = |act: &Act| match &before {
            None => act.method == Method::Create,
            Some(before) => explains(names, act, before, &after),
        };
        let guilty = group.iter().position(explains).unwrap_or(0);
        let done = group[guilty].done;
        let twin = group.iter().enumerate().any(|(at, act)| {
            // The same request of the same author again says the same of whose change it was.
            let other = act.author != group[guilty].author || act.body != group[guilty].body;
            at != guilty
                && other
                && act.received <= done
                && group[guilty].received <= act.done
                && explains(act)
        });
        let steps = group.into_iter().enumerate().map(|(at, act)| {
            let took_effect = at == guilty;
            let mut explicit = act.sent.explicit.clone();
            if let Some(before) = &before {
                explicit.extend(act.sent.taken_away(names, before));
            }
            explicit.sort_unstable();
            explicit.dedup_by_key(|it| it.0);
            Step {
                before: if took_effect { before.clone() } else { Some(after.clone()) },
                after: Some(after.clone()),
                act,
                took_effect,
                twin: twin && took_effect,
                explicit,
                given: Given::default(),
            }
        });
        let mut steps: Vec<Step> = steps.collect();
        steps.sort_by_key(|step| !step.took_effect);
        self.steps.extend(steps);
    }

    /// What a client applied before under the same manager and leaves out now is meant to go;
    /// what it never applied, another client under that manager did.
    fn applied(&mut self, names: &Names) {
        let mut last: BTreeMap<(u32, u64, bool), Vec<u32>> = BTreeMap::new();
        for step in self.steps.iter_mut().filter(|step| step.act.method == Method::Apply) {
            let now: Vec<u32> = step.explicit.iter().map(|it| it.0).collect();
            let key = (step.act.program, step.act.manager, step.act.on_status);
            let before = last.insert(key, now.clone()).unwrap_or_default();
            for leaf in before.into_iter().filter(|leaf| !now.contains(leaf)) {
                let after = step.after.as_ref().map_or(ABSENT, |it| look(&it.leaves, leaf));
                let was = step.before.as_ref().map_or(ABSENT, |it| look(&it.leaves, leaf));
                if after == ABSENT && was != ABSENT {
                    step.explicit.push((leaf, ABSENT));
                }
            }
            step.explicit.sort_unstable();
            let _ = names;
        }
    }

    /// For each write whose meaning depends on what its author had read: the versions that may be.
    pub fn unsaid(
        &mut self,
        names: &mut Names,
        lists: &Lists,
        track: &Track,
    ) -> Vec<(usize, Unsaid)> {
        let known = self.known(track);
        let order = self.order();
        let roots = self.first_tries(&order);
        self.give(track, &order, &roots, &known);
        let mut all = Vec::new();
        for at in order {
            let candidates = self.candidates(names, lists, track, &known, (at, roots[at]));
            let (act, explicit) = (&self.steps[at].act, self.steps[at].explicit.clone());
            let body = act.sent.body.clone();
            all.push((at, Unsaid::new(names, act.route, explicit, body, candidates)));
        }
        all
    }

    /// What each author was answered with.
    fn known(&self, track: &Track) -> Known {
        let mut known = Known::new();
        for read in &track.reads {
            let at = match read.at {
                0 => {
                    let at = self.times.partition_point(|time| *time <= read.done);
                    let Some(at) = at.checked_sub(1) else { continue };
                    self.versions[at]
                }
                at => at,
            };
            known.entry(read.author).or_default().push((read.done, at, false));
        }
        for step in self.steps.iter().filter(|step| step.act.accepted) {
            let answer = (step.act.done, step.act.at, true);
            known.entry(step.act.author).or_default().push(answer);
        }
        known.values_mut().for_each(|answers| answers.sort_unstable());
        known
    }

    fn candidates(
        &self,
        names: &mut Names,
        lists: &Lists,
        track: &Track,
        known: &Known,
        (at, root): (usize, usize),
    ) -> Vec<Candidate> {
        let (step, root) = (&self.steps[at], &self.steps[root].act);
        let again = root.id != step.act.id;
        if !step.act.sent.depends() || step.act.method == Method::Create {
            return Vec::new();
        }
        let end = match (step.act.accepted, step.took_effect) {
            (true, true) => self.versions.partition_point(|version| *version < step.act.at),
            (true, false) => self.versions.partition_point(|version| *version <= step.act.at),
            (false, _) => self.times.partition_point(|time| *time <= step.act.done),
        };
        // What the first try was made of was there before the first try.
        let end = match again {
            true => end.min(self.times.partition_point(|time| *time <= root.done).max(1)),
            false => end,
        };
        // Who names a version has nothing newer.
        let named = root.named.map(|it| self.versions.partition_point(|version| *version <= it));
        let end = named.filter(|named| *named > 0).map_or(end, |named| end.min(named));
        let answers = known.get(&step.act.author).map(Vec::as_slice).unwrap_or_default();
        let until = answers.partition_point(|answer| answer.0 <= root.received);
        let last: Vec<(u64, bool)> =
            answers[..until].iter().rev().take(3 * READS).map(|it| (it.1, it.2)).collect();
        let mut reads = last.iter().filter(|it| !it.1).map(|it| it.0).take(READS);
        let reads: Vec<u64> = reads.by_ref().collect();
        let own = last.iter().find(|it| it.1).map(|it| it.0);
        let mut wanted: Vec<usize> = (end.saturating_sub(CACHED)..end).collect();
        let named = reads.iter().copied().chain(own).chain(root.named).chain(step.act.named);
        for version in named {
            if let Ok(index) = self.versions.binary_search(&version)
                && index < end
                && !wanted.contains(&index)
            {
                wanted.push(index);
            }
        }
        wanted.sort_unstable();
        let mut found = Vec::new();
        for index in wanted {
            let version = self.versions[index];
            let basis = &track.versions[&version];
            let Some(changes) = step.act.sent.on(names, lists, basis) else { continue };
            let mut slots = Slot::lag(end - 1 - index);
            if again && root.named == Some(version) {
                slots = slots.and(Slot::FIRST_NAMED);
            }
            if !again && step.act.named == Some(version) {
                slots = slots.and(Slot::NAMED);
            }
            if own == Some(version) {
                slots = slots.and(Slot::OWN);
            }
            for (back, _) in reads.iter().enumerate().filter(|it| *it.1 == version) {
                slots = slots.and(Slot::read(back));
            }
            for (back, _) in last.iter().take(READS).enumerate().filter(|it| it.1.0 == version) {
                slots = slots.and(Slot::answer(back));
            }
            found.push(Candidate { version, slots, changes });
        }
        found
    }
}

/// Whether a request made this change: each leaf that changed is as it says.
fn explains(names: &Names, act: &Act, before: &Version, after: &Version) -> bool {
    let all = differences(&before.leaves, &after.leaves);
    !all.is_empty()
        && all.iter().all(|(leaf, value)| {
            let said = match look(&act.sent.body, *leaf) {
                ABSENT => look(&act.sent.explicit, *leaf),
                said => said,
            };
            said == *value && (*value != ABSENT || act.sent.covers(names, *leaf))
                || said == ABSENT && act.method == Method::JsonPatch
        })
}

/// Versions that no client was shown, of which all that changed is known (a write to `/scale`).
fn fill(names: &Names, track: &mut Track, acts: &[Act]) {
    for act in acts {
        if track.versions.contains_key(&act.at) {
            continue;
        }
        let Some((_, before)) = track.versions.range(..act.at).next_back() else { continue };
        let mut leaves = before.leaves.to_vec();
        for (leaf, value) in act.sent.explicit.iter().chain(&act.sent.taken_away(names, before)) {
            leaves.retain(|it| it.0 != *leaf);
            if *value != ABSENT {
                leaves.push((*leaf, *value));
            }
        }
        leaves.sort_unstable();
        let version = Version { leaves: leaves.into(), order: before.order.clone() };
        track.versions.insert(act.at, version);
    }
}
