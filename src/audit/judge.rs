//! Judges a log: infers what its writes meant, and lets the judge of histories find what was lost.
//!
//! A finding is as sure as the two meanings that it rests on: that the victim meant the leaf, and
//! that the culprit did not. Next to read: `findings.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde_json::Value;

use super::doubts::Asked;
use super::findings::{Found, Verdict, collect};
use super::kinds::resource;
use super::log::Log;
use super::owns::Owns;
use super::programs::{Learned, Seen, table, whole_entries};
use super::track::{Line, Step};
use crate::apiserver::{Key, PatchKind, Revision};
use crate::history::infer::{
    ABSENT, Guess, LeafId, Method, Names, THERE, Unsaid, ValueId, Version, differences, learn, look,
};
use crate::history::{self, Answered, LeafPath, Lists, Meant, Want, Write};

/// What the writes of one object meant.
#[derive(Debug)]
pub struct Judged {
    pub line: Line,
    pub lists: Lists,
    pub object: Arc<str>,
    pub place: super::log::Place,
    pub uid: Arc<str>,
    pub kind: Arc<str>,
    /// For each step: leaf, value, how likely it was meant.
    pub meant: Vec<Vec<(LeafId, ValueId, f64)>>,
    /// For each step: the versions that may be its basis, with their weights, likeliest first.
    pub bases: Vec<Vec<Basis>>,
}

/// A version that may be the basis of a write.
#[derive(Clone, Debug)]
pub struct Basis {
    pub version: u64,
    pub weight: f64,
    /// Whether its author is known to have been given it.
    pub known: bool,
    /// What the write then meant, by owner.
    pub owners: Vec<LeafId>,
}

/// Judges all of a log that was read.
pub fn judge(log: &mut Log, owns: &Owns) -> Verdict {
    super::replay::replay(log);
    let mut all = arrange(log);
    let mut by_program: IndexMap<u32, Vec<(usize, usize, Unsaid)>, FxBuildHasher> =
        IndexMap::default();
    for (track, (judged, unsaid)) in all.iter_mut().enumerate() {
        for (step, write) in std::mem::take(unsaid) {
            let program = judged.line.steps[step].act.program;
            by_program.entry(program).or_default().push((track, step, write));
        }
    }
    let mut programs: Vec<Learned> = Vec::new();
    for (program, writes) in by_program {
        let told = owns.of(log.clients.of(program), &mut log.names);
        let (places, writes): (Vec<_>, Vec<_>) =
            writes.into_iter().map(|(track, step, write)| ((track, step), write)).unzip();
        let (habits, guesses) = learn(&log.names, &writes, &told);
        let mut learned = Learned { program, habits, guesses: Vec::new() };
        for ((track, step), (write, guess)) in places.into_iter().zip(writes.iter().zip(guesses)) {
            all[track].0.bases[step] = bases(&log.names, write, &guess);
            learned.guesses.push((track, step, guess));
        }
        programs.push(learned);
    }
    for at in 0..programs.len() {
        for (track, step, guess) in std::mem::take(&mut programs[at].guesses) {
            let judged = &mut all[track].0;
            let body = judged.line.steps[step].act.sent.body.clone();
            judged.meant[step] = whole_entries(&log.names, &programs, at, guess, &body);
        }
    }
    let tables = programs.iter().map(|it| table(it.program, &it.habits, &log.names)).collect();
    let judged: Vec<Judged> = all.into_iter().map(|(judged, _)| judged).collect();
    let seen = Seen::of(&log.names, &judged);
    let told: Vec<u32> = (0..log.clients.programs() as u32)
        .filter(|program| owns.of(log.clients.of(*program), &mut log.names).is_some())
        .collect();
    let found = judged.iter().map(|it| {
        let mut found = findings(&log.names, it);
        let asked = Asked {
            names: &log.names,
            seen: &seen,
            told: &told,
            judged: it,
            track: log.tracks.get(&(it.place.clone(), it.uid.to_string())),
            recreated: log.is_recreated(&it.place, &it.line),
            guessed_atomic: log.kinds.is_guessed_atomic(&log.resources[it.place.resource as usize]),
        };
        found.iter_mut().for_each(|one| one.doubts = asked.doubts(one));
        found
    });
    let found: Vec<Vec<Found>> = found.collect();
    collect(log, judged, found, tables)
}

fn bases(names: &Names, write: &Unsaid, guess: &Guess) -> Vec<Basis> {
    let mut bases: Vec<Basis> = Vec::new();
    for (candidate, weight) in write.candidates().iter().zip(&guess.weights) {
        if *weight < 0.01 {
            continue;
        }
        let mut owners: Vec<LeafId> =
            candidate.changes.iter().map(|it| names.owner(it.0)).collect();
        owners.sort_unstable();
        owners.dedup();
        let (version, weight) = (candidate.version, *weight);
        bases.push(Basis { version, weight, known: candidate.slots.is_known(), owners });
    }
    bases.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    bases
}

type Arranged = Vec<(Judged, Vec<(usize, Unsaid)>)>;

/// The writes of each object in order, with the versions that each may be made of.
fn arrange(log: &mut Log) -> Arranged {
    let keys: Vec<_> = log.tracks.keys().cloned().collect();
    let mut refused: BTreeMap<usize, Vec<super::log::Act>> = BTreeMap::new();
    let mut by_place: BTreeMap<&super::log::Place, Vec<usize>> = BTreeMap::new();
    for (at, (place, _)) in keys.iter().enumerate() {
        by_place.entry(place).or_default().push(at);
    }
    for (place, acts) in std::mem::take(&mut log.refused) {
        let Some(tracks) = by_place.get(&place) else { continue };
        for act in acts {
            // The newest object of this name that was there.
            let began = |at: &usize| {
                let acts = log.tracks[*at].acts.iter();
                acts.map(|act| act.done).min().filter(|done| *done <= act.done)
            };
            let newest = tracks.iter().max_by_key(|at| began(at));
            refused.entry(*newest.unwrap_or(&tracks[0])).or_default().push(act);
        }
    }
    let mut all = Vec::new();
    for (at, (place, uid)) in keys.into_iter().enumerate() {
        let name = log.resources[place.resource as usize].clone();
        let (lists, drops) = (log.kinds.lists(&name), log.kinds.has_status(&name));
        let mut acts = refused.remove(&at).unwrap_or_default();
        let track = &mut log.tracks[at];
        if track.acts.iter().all(|act| act.at == 0) {
            track.acts.clear();
            continue;
        }
        if drops {
            let own = track.acts.iter_mut().chain(&mut acts).filter(|act| !act.on_status);
            own.for_each(|act| act.sent.drop_status(&log.names));
        }
        let mut line = Line::of(&log.names, track, acts);
        let unsaid = line.unsaid(&mut log.names, &lists, track);
        let parts = [place.namespace.as_str(), name.2.as_str(), place.name.as_str()];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let meant = line
            .steps
            .iter()
            .map(|step| step.explicit.iter().map(|(leaf, value)| (*leaf, *value, 1.0)).collect());
        let judged = Judged {
            meant: meant.collect(),
            bases: vec![Vec::new(); line.steps.len()],
            line,
            lists,
            object: parts.join("/").into(),
            place: place.clone(),
            uid: uid.into(),
            kind: name.2.as_str().into(),
        };
        all.push((judged, unsaid));
    }
    all
}

/// More likely than not.
pub const LIKELY: f64 = 0.5;
/// What is less likely to have been meant than this was probably not.
const DOUBT: f64 = 0.9;

/// What was lost of one object, with what each finding rests on.
fn findings(names: &Names, judged: &Judged) -> Vec<Found> {
    let steps: Vec<&Step> = judged.line.steps.iter().filter(|it| it.act.accepted).collect();
    if is_clean(names, judged, &steps) {
        return Vec::new();
    }
    let mut found = run(names, judged, &steps, LIKELY);
    // A write that meant a leaf more likely than not, but not surely, may have lost another's.
    for other in run(names, judged, &steps, DOUBT) {
        let same = |it: &Found| (it.culprit, it.leaf) == (other.culprit, other.leaf);
        if other.likely < 1.0 - LIKELY && !found.iter().any(same) {
            found.push(other);
        }
    }
    found
}

/// Whether no write changed anything but what it surely meant: then nothing was lost.
fn is_clean(names: &Names, judged: &Judged, steps: &[&Step]) -> bool {
    steps.iter().zip(&judged.meant).filter(|(step, _)| step.took_effect).all(|(step, meant)| {
        let (Some(before), Some(after)) = (&step.before, &step.after) else { return true };
        differences(&before.leaves, &after.leaves).into_iter().all(|(leaf, value)| {
            let surely = |at: usize| meant[at].1 == value && meant[at].2 > DOUBT;
            meant.binary_search_by_key(&leaf, |it| it.0).is_ok_and(surely)
                || !step.act.sent.covers(names, leaf)
        })
    })
}

fn probability(meant: &[(LeafId, ValueId, f64)], leaf: LeafId, names: &Names) -> f64 {
    let path = names.leaf(leaf);
    let covers = |other: LeafId| {
        other == leaf || names.leaf(other).contains(path) || path.contains(names.leaf(other))
    };
    meant.iter().filter(|it| covers(it.0)).map(|it| it.2).fold(0.0, f64::max)
}

fn run(names: &Names, judged: &Judged, steps: &[&Step], least: f64) -> Vec<Found> {
    let key = Key { resource: resource(&Default::default()), namespace: None, name: String::new() };
    let (mut meant, mut befores, mut afters, mut bodies) = (vec![], vec![], vec![], vec![]);
    // What a program already holds is not held by a write that changed nothing.
    let mut held: IndexMap<LeafId, ValueId, FxBuildHasher> = IndexMap::default();
    for (at, step) in steps.iter().enumerate() {
        let Some(after) = &step.after else { continue };
        let mut wants = Vec::new();
        if let Some(before) = step.before.as_ref().filter(|_| step.took_effect) {
            for (leaf, _) in differences(&before.leaves, &after.leaves) {
                held.swap_remove(&leaf);
            }
        }
        for (leaf, value, likely) in &judged.meant[at] {
            let shown = look(&after.leaves, *leaf);
            if *likely <= least || shown != *value {
                continue;
            }
            if !step.took_effect && held.get(leaf) == Some(value) {
                continue;
            }
            held.insert(*leaf, *value);
            wants.push(Meant::literal(names.leaf(*leaf).clone(), want(names, *value)));
        }
        let before = step.before.as_ref().map(|it| names.object(&own_change(names, step, it)));
        meant.push(wants);
        befores.push(before);
        afters.push(names.object(&after.leaves));
        let sent = step.act.sent.body.iter().chain(&step.act.sent.explicit);
        bodies.push(names.object(&sent.copied().collect::<Vec<_>>()));
    }
    let writes: Vec<Write<'_>> = (0..meant.len())
        .map(|at| Write {
            author: steps[at].act.author as usize,
            object: &key,
            lists: &judged.lists,
            basis: Revision(0),
            basis_uid: None,
            meant: &meant[at],
            patch: patch(steps[at].act.method),
            sent: &bodies[at],
            before: befores[at].as_ref(),
            after: Some(&afters[at]),
            answer: Answered::Acknowledged,
            at: Revision(steps[at].act.at),
        })
        .collect();
    let lost = history::judge(&writes).into_iter();
    let other = lost.filter(|it| it.victim != it.culprit);
    let found = other.filter_map(|it| Found::new(names, judged, steps, it, &afters, &befores));
    first_culprits(names, judged, found.collect())
}

/// Of what was taken away several times, the first time; it stays lost if the last time does. An
/// entry of which one write took away most is gone as a whole.
fn first_culprits(names: &Names, judged: &Judged, found: Vec<Found>) -> Vec<Found> {
    let mut first: IndexMap<(usize, LeafId), Vec<Found>, FxBuildHasher> = IndexMap::default();
    for found in found {
        let owner = names.owner(found.leaf);
        let known = first.entry((found.victim, owner)).or_default();
        if let Some(again) = known.iter_mut().find(|it| it.leaf == found.leaf) {
            again.end = found.end;
            continue;
        }
        let meant = judged.meant[found.victim].iter();
        let meant = meant.filter(|it| names.owner(it.0) == owner && it.1 != THERE && it.2 > LIKELY);
        let (meant, culprit) = (meant.count(), known.first().map(|it| it.culprit));
        let by_first = known.iter().filter(|it| Some(it.culprit) == culprit).count();
        if culprit.is_none_or(|first| first == found.culprit || 2 * by_first <= meant) {
            known.push(found);
        }
    }
    first.into_values().flatten().collect()
}

/// The version before a write, with all that happened since the last version that was seen, but
/// is not this write's doing.
fn own_change(names: &Names, step: &Step, before: &Version) -> Vec<(LeafId, ValueId)> {
    let mut leaves = before.leaves.to_vec();
    let Some(after) = &step.after else { return leaves };
    for (leaf, value) in differences(&before.leaves, &after.leaves) {
        if step.act.sent.covers(names, leaf) {
            continue;
        }
        leaves.retain(|it| it.0 != leaf);
        if value != ABSENT {
            leaves.push((leaf, value));
        }
    }
    leaves
}

fn want(names: &Names, value: ValueId) -> Want {
    match value {
        ABSENT => Want::Absent,
        THERE => Want::There,
        value => names
            .value_of(value)
            .map_or(Want::Absent, |value| Want::of(&history::Found::Is(value.clone()))),
    }
}

fn patch(method: Method) -> Option<PatchKind> {
    match method {
        Method::Create | Method::Update => None,
        Method::MergePatch => Some(PatchKind::Merge),
        Method::StrategicMergePatch => Some(PatchKind::Strategic),
        Method::JsonPatch => Some(PatchKind::Json),
        Method::Apply => Some(PatchKind::Apply),
    }
}

impl Found {
    fn new(
        names: &Names,
        judged: &Judged,
        steps: &[&Step],
        lost: history::Finding,
        afters: &[Value],
        befores: &[Option<Value>],
    ) -> Option<Found> {
        let leaf = names.find(&lost.leaf)?;
        let at = |victim: usize, leaf| probability(&judged.meant[victim], leaf, names);
        let likely = at(lost.victim, leaf).min(1.0) * (1.0 - at(lost.culprit, leaf)).max(0.0);
        let shown =
            |object: Option<&Value>, leaf: &LeafPath| object.and_then(|o| leaf.find(o)).cloned();
        Some(Found {
            leaf,
            likely,
            twin: steps[lost.victim].twin || steps[lost.culprit].twin,
            before: shown(befores[lost.culprit].as_ref(), &lost.leaf),
            after: shown(afters.get(lost.culprit), &lost.leaf),
            victim: lost.victim,
            culprit: lost.culprit,
            class: lost.class,
            end: lost.end,
            absent: lost.want == Want::Absent,
            doubts: Vec::new(),
        })
    }
}
