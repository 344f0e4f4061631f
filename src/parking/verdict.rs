//! What was lost in an execution: its steps as the one judge (`crate::history`) wants them.
//!
//! What each worker was given is known: by its reads, the answers to its writes, and the events of
//! its watches. A modelled worker says itself what it means. Next to read: `crate::history`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::meaning::{self, Meaning};
use super::step::{Exchange, Step, What};
use crate::apiserver::{ApiServer, Key, Kind, PatchKind, Resource, Revision, Subresource, Verb};
use crate::history::{Answered, End, Finding, LeafPath, Lists, Meant, Part, Want, Write, judge};
use crate::trace::Action;

/// The kinds of a simulation, by resource.
pub type Kinds = BTreeMap<Resource, Arc<Kind>>;

/// The kinds that a server serves.
pub fn kinds(server: &ApiServer) -> Kinds {
    server.kinds().into_iter().map(|kind| (kind.resource.clone(), kind)).collect()
}

/// What a worker lost: one row for each victim, culprit, and entry of a list or leaf outside one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The write that is gone, as an index of the steps.
    pub victim: usize,
    /// The write that took it away; the victim itself if it never brought it about.
    pub culprit: usize,
    /// The entry, or the leaf.
    pub path: LeafPath,
    /// The leaves of it, and how they were meant.
    pub leaves: Vec<Meant>,
    /// How.
    pub class: crate::history::LossClass,
    /// Whether it was there again at the end: by the write of this step.
    pub repaired: Option<usize>,
    /// Whether it was a lost update: the culprit was computed from an older version.
    pub for_good: bool,
}

/// All losses of an execution, and what each write meant, by step.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// In the order in which things were taken away.
    pub losses: Vec<Loss>,
    /// What each write meant.
    pub meanings: BTreeMap<usize, Meaning>,
}

impl Judged {
    /// Losses that are still there when all is quiet.
    pub fn lost(&self) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(|loss| loss.repaired.is_none())
    }

    /// Losses that a worker has repaired.
    pub fn repaired(&self) -> impl Iterator<Item = &Loss> {
        self.losses.iter().filter(|loss| loss.repaired.is_some())
    }
}

/// One write, with what has to live as long as it is judged.
struct Kept {
    step: usize,
    author: usize,
    key: Key,
    lists: Lists,
    basis: Revision,
    uid: Option<String>,
    meant: Vec<Meant>,
    patch: Option<PatchKind>,
    sent: Value,
    before: Option<Arc<Value>>,
    after: Option<Arc<Value>>,
    answer: Answered,
    at: Revision,
}

/// Judges an execution.
pub fn judged(steps: &[Step], kinds: &Kinds) -> Judged {
    let mut known: BTreeMap<(usize, Key), Vec<Arc<Value>>> = BTreeMap::new();
    let mut kept: Vec<Kept> = Vec::new();
    let mut meanings = BTreeMap::new();
    let mut applied = Applied::default();
    for (at, step) in steps.iter().enumerate() {
        match &step.what {
            What::Exchange(exchange) => {
                if let (true, Some(key)) = (exchange.is_write(), &exchange.key)
                    && let Some(kind) = kinds.get(&key.resource)
                {
                    let given = known.get(&(step.worker, key.clone()));
                    let mut meaning =
                        meaning::infer(exchange, kind, given.map_or(&[][..], Vec::as_slice));
                    applied.leave_out(step.worker, key, exchange, &mut meaning.meant);
                    kept.push(Kept {
                        step: at,
                        author: step.worker,
                        key: key.clone(),
                        lists: Lists::of(kind),
                        basis: meaning.basis,
                        uid: meaning.uid.clone(),
                        meant: meaning.meant.clone(),
                        patch: exchange.verb.patch(),
                        sent: serde_json::from_slice(&exchange.http.body).unwrap_or_default(),
                        before: exchange.before.clone(),
                        after: exchange.after.clone(),
                        answer: answer(exchange.is_success(), exchange.answered),
                        at: revision_of(exchange.after.as_ref()),
                    });
                    meanings.insert(at, meaning);
                }
                if exchange.answered {
                    exchange.given.iter().for_each(|o| learn(&mut known, step.worker, kinds, o));
                }
            }
            What::Delivered(events) => {
                events.iter().for_each(|(_, o)| learn(&mut known, step.worker, kinds, o));
            }
            What::Modelled(event) => {
                let Action::Write { verb, sent, .. } = &event.action else { continue };
                let Some(key) = &event.key else { continue };
                let Some(kind) = kinds.get(&key.resource) else { continue };
                let lists = Lists::of(kind);
                let (before, after) = (event.before.as_deref(), event.after.as_deref());
                let meant = event.intent.iter().flat_map(|it| it.meant(&lists, before, after));
                let basis = event.basis.as_ref();
                kept.push(Kept {
                    step: at,
                    author: step.worker,
                    key: key.clone(),
                    basis: basis.map_or(Revision(0), |basis| basis.revision),
                    uid: basis.map(|basis| basis.uid.to_string()),
                    meant: meant.collect(),
                    lists: lists.clone(),
                    patch: verb.patch(),
                    sent: Value::clone(sent),
                    before: event.before.clone(),
                    after: event.after.clone(),
                    answer: answer(event.code.is_some_and(|c| c / 100 == 2), event.answered),
                    at: revision_of(event.after.as_ref()),
                });
            }
            _ => {}
        }
    }
    let findings = judge(&kept.iter().map(Kept::write).collect::<Vec<_>>());
    Judged { losses: grouped(&findings, &kept), meanings }
}

/// The leaves that each worker has applied last to an object, by field manager and subresource.
#[derive(Default)]
struct Applied(BTreeMap<(usize, Key, String, Option<Subresource>), Vec<LeafPath>>);

impl Applied {
    /// What a worker applied before under the same manager and leaves out now is meant to go; what
    /// it never applied, another worker under that manager did.
    fn leave_out(&mut self, worker: usize, key: &Key, it: &Exchange, meant: &mut Vec<Meant>) {
        if it.verb != Verb::Patch(PatchKind::Apply) || !it.is_success() {
            return;
        }
        let manager = it.http.query.split('&').find(|part| part.starts_with("fieldManager="));
        let manager = manager.unwrap_or_default().to_owned();
        let now: Vec<LeafPath> = meant.iter().map(|it| it.leaf.clone()).collect();
        let place = (worker, key.clone(), manager, it.subresource);
        let before = self.0.insert(place, now.clone()).unwrap_or_default();
        let there = |object: &Option<Arc<Value>>, leaf: &LeafPath| {
            object.as_deref().is_some_and(|object| leaf.find(object).is_some())
        };
        for leaf in before.into_iter().filter(|leaf| !now.contains(leaf)) {
            if there(&it.before, &leaf) && !there(&it.after, &leaf) {
                meant.push(Meant::literal(leaf, Want::Absent));
            }
        }
    }
}

fn answer(success: bool, answered: bool) -> Answered {
    match (success, answered) {
        (true, true) => Answered::Acknowledged,
        (true, false) => Answered::Unanswered,
        (false, _) => Answered::Refused,
    }
}

/// A worker was given a version of an object.
fn learn(
    known: &mut BTreeMap<(usize, Key), Vec<Arc<Value>>>,
    worker: usize,
    kinds: &Kinds,
    object: &Arc<Value>,
) {
    let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
    let (Some(name), Some(version)) = (text("name"), object["apiVersion"].as_str()) else { return };
    let is = |kind: &&Arc<Kind>| object["kind"] == *kind.kind && kind.api_version() == version;
    let Some(kind) = kinds.values().find(is) else { return };
    let namespace = text("namespace").filter(|_| kind.namespaced);
    let key = Key { resource: kind.resource.clone(), namespace, name };
    known.entry((worker, key)).or_default().push(Arc::clone(object));
}

impl Kept {
    fn write(&self) -> Write<'_> {
        Write {
            author: self.author,
            object: &self.key,
            lists: &self.lists,
            basis: self.basis,
            basis_uid: self.uid.as_deref(),
            meant: &self.meant,
            patch: self.patch,
            sent: &self.sent,
            before: self.before.as_deref(),
            after: self.after.as_deref(),
            answer: self.answer,
            at: self.at,
        }
    }
}

fn revision_of(object: Option<&Arc<Value>>) -> Revision {
    let text = object.and_then(|object| object["metadata"]["resourceVersion"].as_str());
    Revision(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

/// The entry that a leaf is in, or the leaf itself.
fn owner(leaf: &LeafPath) -> LeafPath {
    let parts = leaf.parts();
    match parts.iter().position(|part| !matches!(part, Part::Field(_))) {
        Some(at) => LeafPath::new(parts[..=at].to_vec()),
        None => leaf.clone(),
    }
}

fn grouped(findings: &[Finding], kept: &[Kept]) -> Vec<Loss> {
    let mut losses: Vec<Loss> = Vec::new();
    for finding in findings {
        // Whoever takes away what it wrote itself, and is told so, has lost nothing.
        let (victim, culprit) = (&kept[finding.victim], &kept[finding.culprit]);
        // A PUT that leaves out what the server fills in: an operator that makes the spec of a
        // Service afresh, say. No writer has taken anything away.
        let removes = finding.want == Want::Absent && victim.patch.is_none();
        if removes && finding.victim == finding.culprit {
            continue;
        }
        let repaired = match finding.end {
            End::Replaced { .. } | End::Voided => continue,
            End::Repaired { by, .. } => Some(kept[by].step),
            End::Stays | End::ForGood { .. } | End::WrongObject => None,
        };
        let path = owner(&finding.leaf);
        let for_good = matches!(finding.end, End::ForGood { .. });
        let leaf = Meant::literal(finding.leaf.clone(), finding.want.clone());
        let same = |loss: &&mut Loss| {
            (loss.victim, loss.culprit, &loss.path) == (victim.step, culprit.step, &path)
        };
        match losses.iter_mut().find(same) {
            Some(loss) => {
                // As long as one leaf is not back, the entry is not.
                loss.repaired = loss.repaired.and(repaired);
                loss.leaves.push(leaf);
                loss.for_good |= for_good;
            }
            None => losses.push(Loss {
                victim: victim.step,
                culprit: culprit.step,
                path,
                leaves: vec![leaf],
                class: finding.class,
                repaired,
                for_good,
            }),
        }
    }
    losses.retain(|loss| !loss.leaves.iter().all(is_time));
    losses
}

/// Whether the leaf is nothing but a time: told apart, as minor, and not a loss.
fn is_time(leaf: &Meant) -> bool {
    let Some(Part::Field(name)) = leaf.leaf.parts().last() else { return false };
    let named = name.ends_with("Time") || name.ends_with("Timestamp");
    named && matches!(&leaf.want, Want::Is(text) if text.len() > 12 && text.contains('T'))
}
