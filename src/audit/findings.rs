//! What was found, as people and programs read it: findings by keyed entry, pairs of writers.
//!
//! Next to read: `judge.rs`, which makes them; `telling.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::doubts::Doubt;
use super::judge::Judged;
use super::log::Log;
use super::model::{self, Model};
use super::pairs::{Pair, pairs, pattern};
use super::risks::{self, Risk};
use super::telling::Texts;
use crate::history::infer::LeafId;
use crate::history::{End, LeafPath, LossClass};

/// One lost leaf, as the judge has it.
#[derive(Clone, Debug)]
pub struct Found {
    pub leaf: LeafId,
    /// How likely it was lost: its author meant it, and the culprit did not.
    pub likely: f64,
    pub twin: bool,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// The steps of the object's line.
    pub victim: usize,
    pub culprit: usize,
    pub class: LossClass,
    pub end: End,
    /// The victim had removed it.
    pub absent: bool,
    /// What else would explain it.
    pub doubts: Vec<Doubt>,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The basis is known, and no other version explains the body as well.
    Certain,
    /// One explanation is clearly the best.
    Inferred,
    /// Two explanations are near each other.
    Suspect,
}

impl Certainty {
    /// As the JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Certainty::Certain => "certain",
            Certainty::Inferred => "inferred",
            Certainty::Suspect => "suspect",
        }
    }
}

/// A leaf of a finding.
#[derive(Clone, Debug)]
pub struct LostLeaf {
    pub path: Arc<str>,
    pub lost: Option<Value>,
    pub after: Option<Value>,
}

/// One of the two writes.
#[derive(Clone, Debug)]
pub struct Party {
    pub audit: String,
    pub client: Arc<str>,
    pub program: u32,
    pub version: u64,
    pub method: &'static str,
    /// When it was answered, in microseconds since 1970.
    pub time: i64,
    /// What it meant, with the value that it is to have.
    pub meant: Vec<(Arc<str>, Option<Value>)>,
}

/// How a lost value came back, or was written again.
#[derive(Clone, Debug)]
pub struct Repair {
    pub audit: String,
    pub client: Arc<str>,
    pub same_client: bool,
    pub after_writes: usize,
    /// Microseconds after the loss.
    pub after: i64,
}

/// One loss: a keyed entry, or a leaf outside of keyed lists. A log may have very many: what they
/// have in common is shared.
#[derive(Clone, Debug)]
pub struct Finding {
    pub path: Arc<LeafPath>,
    pub leaves: Vec<LostLeaf>,
    pub object: Arc<str>,
    pub kind: Arc<str>,
    pub uid: Arc<str>,
    pub how: &'static str,
    pub class: LossClass,
    pub certainty: Certainty,
    pub likely: f64,
    pub stays: bool,
    pub repaired: Option<Repair>,
    pub only_times: bool,
    pub victim: Arc<Party>,
    /// The version that the culprit was made of; 0 if it is not known.
    pub basis: u64,
    pub basis_time: i64,
    pub culprit: Arc<Party>,
    /// Of a suspect: the explanations that are near each other.
    pub readings: Vec<String>,
    /// The object, and its steps that are the victim and the culprit.
    pub(super) place: (usize, usize, usize),
}

/// What tells pairs of writers apart: victim, culprit, kind, path, method, class.
pub type PairKey = (String, String, String, String, &'static str, LossClass);

impl Finding {
    /// The pair of writers that it counts for.
    pub fn pair(&self) -> PairKey {
        let path = pattern(&self.path).to_string();
        let (victim, culprit) = (self.victim.client.to_string(), self.culprit.client.to_string());
        (victim, culprit, self.kind.to_string(), path, self.culprit.method, self.class)
    }
}

/// What one program usually writes.
#[derive(Clone, Debug)]
pub struct Table {
    pub program: u32,
    /// Path, in which share of the writes that would show it, how often.
    pub rows: Vec<(LeafPath, f64, f64)>,
}

/// A path that a program usually writes, its share of the program's writes, and how often.
pub type Habit = (LeafPath, f64, f64);

/// What a log shows.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub events: u64,
    pub writes: u64,
    pub objects: usize,
    /// When the last event was answered.
    pub ends: i64,
    pub lost: Vec<Finding>,
    pub suspects: Vec<Finding>,
    pub pairs: Vec<Pair>,
    pub risks: Vec<Risk>,
    pub not_judged: Vec<(String, u64)>,
    /// What each program usually writes: agent, paths with share and count.
    pub writers: Vec<(String, Vec<Habit>)>,
    /// For each pair of writers, how its worst loss can be modelled.
    pub models: Vec<(PairKey, Arc<Model>)>,
}

/// A loss that is at least this likely is called one.
pub const LOST: f64 = 0.9;
/// What is less likely than this is not even suspected.
pub const SUSPECT: f64 = 0.1;

/// All findings of a log.
pub fn collect(
    log: &Log,
    judged: Vec<Judged>,
    found: Vec<Vec<Found>>,
    tables: Vec<Table>,
) -> Verdict {
    let clients = log.clients.names();
    let mut texts = Texts::new(log, &clients);
    let mut all = Vec::new();
    for (at, (judged, found)) in judged.iter().zip(found).enumerate() {
        texts.next_object();
        let mut by_owner: BTreeMap<(usize, usize, LeafId), Vec<Found>> = BTreeMap::new();
        for found in found.into_iter().filter(|found| found.likely >= SUSPECT) {
            let owner = log.names.owner(found.leaf);
            by_owner.entry((found.culprit, found.victim, owner)).or_default().push(found);
        }
        for ((.., owner), found) in by_owner {
            all.push(texts.finding((at, judged), owner, &found));
        }
    }
    in_order(&mut all);
    let (suspects, lost): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|it| it.certainty == Certainty::Suspect);
    let models = model::of(log, &judged, &lost);
    let writers =
        tables.into_iter().map(|table| (log.clients.of(table.program).agent.clone(), table.rows));
    Verdict {
        events: log.events,
        writes: log.writes,
        objects: judged.len(),
        ends: log.ends,
        pairs: pairs(&lost),
        risks: risks::of(log, &judged, &clients),
        models,
        lost,
        suspects,
        not_judged: log.not_judged.iter().map(|(why, n)| (why.clone(), *n)).collect(),
        writers: writers.filter(|(_, rows)| !rows.is_empty()).collect(),
    }
}

impl Verdict {
    /// Keeps only some findings.
    pub fn keep(&mut self, keep: &dyn Fn(&Finding) -> bool) {
        self.lost.retain(keep);
        self.suspects.retain(keep);
        self.pairs = pairs(&self.lost);
    }

    /// What was found later in the same log.
    pub fn add(&mut self, later: Verdict) {
        let Verdict { events, writes, ends, not_judged, .. } = later;
        (self.events, self.writes, self.ends, self.not_judged) = (events, writes, ends, not_judged);
        self.objects = self.objects.max(later.objects);
        self.lost.extend(later.lost);
        self.suspects.extend(later.suspects);
        self.risks.extend(later.risks);
        for (key, model) in later.models {
            if !self.models.iter().any(|(known, _)| *known == key) {
                self.models.push((key, model));
            }
        }
        for (agent, rows) in later.writers {
            match self.writers.iter_mut().find(|(known, _)| *known == agent) {
                Some((_, known)) => {
                    known.extend(rows);
                    known.sort_by(|a, b| a.0.cmp(&b.0).then(b.2.total_cmp(&a.2)));
                    known.dedup_by(|a, b| a.0 == b.0);
                }
                None => self.writers.push((agent, rows)),
            }
        }
        in_order(&mut self.lost);
        in_order(&mut self.suspects);
        self.pairs = pairs(&self.lost);
    }
}

/// First what stays, then what is more than times.
fn in_order(findings: &mut [Finding]) {
    findings.sort_by(|a, b| {
        let rank = |it: &Finding| (!it.stays, it.only_times, it.culprit.time);
        rank(a).cmp(&rank(b)).then_with(|| a.object.cmp(&b.object))
    });
}
