//! Tells findings: paths, clients and writes of which many findings tell are kept once.
//!
//! Next to read: `findings.rs`.

use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use serde_json::Value;

use super::findings::{Certainty, Finding, Found, LOST, LostLeaf, Party, Repair};
use super::judge::{Basis, Judged};
use super::log::{Act, Log};
use super::readings::readings;
use crate::history::infer::{ABSENT, LeafId, THERE};
use crate::history::{End, LeafPath};

/// Replicas of one program write the same paths: what one of them meant again, with the value that
/// stood there before, looks like a revert.
const LOST_AMONG_REPLICAS: f64 = 0.99;

/// The texts of findings, each once.
pub(super) struct Texts<'l> {
    log: &'l Log,
    clients: Vec<Arc<str>>,
    paths: IndexMap<LeafId, (Arc<LeafPath>, Arc<str>), FxBuildHasher>,
    /// Of the object whose findings are told, by step.
    parties: IndexMap<usize, Arc<Party>, FxBuildHasher>,
}

impl<'l> Texts<'l> {
    pub fn new(log: &'l Log, clients: &[String]) -> Texts<'l> {
        Texts {
            log,
            clients: clients.iter().map(|name| name.as_str().into()).collect(),
            paths: IndexMap::default(),
            parties: IndexMap::default(),
        }
    }

    /// The next object's findings come.
    pub fn next_object(&mut self) {
        self.parties.clear();
    }

    pub fn finding(
        &mut self,
        (at, judged): (usize, &Judged),
        owner: LeafId,
        found: &[Found],
    ) -> Finding {
        let log = self.log;
        let best = found.iter().max_by(|a, b| a.likely.total_cmp(&b.likely));
        let first = best.unwrap_or(&found[0]);
        let acts: Vec<&Act> = judged.line.steps.iter().map(|step| &step.act).collect();
        let (victim, culprit) = (acts[first.victim], acts[first.culprit]);
        let value = |found: &Found| match (&found.before, found.absent) {
            (_, true) => None,
            (before, false) => before.clone(),
        };
        let leaves: Vec<LostLeaf> = found
            .iter()
            .map(|it| LostLeaf {
                path: self.path(it.leaf).1,
                lost: value(it),
                after: it.after.clone(),
            })
            .collect();
        let is_entry = |it: &&Found| it.leaf == owner;
        let gone = found.iter().filter(is_entry).any(|it| it.after.is_none())
            || found.iter().all(|it| it.after.is_none());
        let how = match (found.iter().all(|it| it.absent), gone) {
            (true, _) => "reappeared",
            (false, true) => "removed",
            (false, false) => "reverted",
        };
        let stays = found.iter().all(|it| matches!(it.end, End::Stays));
        let is_time = |it: &Found| {
            let time = |value: &Option<Value>| {
                let text = value.as_ref().and_then(Value::as_str);
                text.is_none_or(|text| text.parse::<jiff::Timestamp>().is_ok())
            };
            (it.before.is_some() || it.after.is_some()) && time(&it.before) && time(&it.after)
        };
        let bases = &judged.bases[first.culprit];
        let mut certainty = certainty(first, bases, victim.program == culprit.program);
        // A doubt of all leaves of an entry is one of the entry.
        if first.doubts.iter().any(|doubt| found.iter().all(|it| it.doubts.contains(doubt))) {
            certainty = Certainty::Suspect;
        }
        let basis = bases.first().map_or(0, |basis| basis.version);
        let basis_at = acts.iter().find(|act| act.accepted && act.at == basis);
        Finding {
            path: self.path(owner).0,
            leaves,
            object: judged.object.clone(),
            kind: judged.kind.clone(),
            uid: judged.uid.clone(),
            how,
            class: first.class,
            certainty,
            likely: first.likely,
            stays,
            repaired: if stays { None } else { self.repair(found, &acts, first) },
            only_times: found.iter().all(is_time),
            victim: self.party(judged, first.victim),
            basis,
            basis_time: basis_at.map_or(0, |act| act.done),
            culprit: self.party(judged, first.culprit),
            readings: match certainty {
                Certainty::Suspect => readings(log, judged, first),
                _ => Vec::new(),
            },
            place: (at, first.victim, first.culprit),
        }
    }

    fn repair(&self, found: &[Found], acts: &[&Act], first: &Found) -> Option<Repair> {
        let by = found.iter().filter_map(|it| match it.end {
            End::Repaired { by, .. } | End::Replaced { by } => Some(by),
            _ => None,
        });
        let by = by.min()?;
        let (act, culprit) = (acts[by], acts[first.culprit]);
        Some(Repair {
            audit: act.id.to_string(),
            client: self.clients[act.author as usize].clone(),
            same_client: act.author == acts[first.victim].author,
            after_writes: by - first.culprit,
            after: act.done - culprit.done,
        })
    }

    fn party(&mut self, judged: &Judged, step: usize) -> Arc<Party> {
        if let Some(known) = self.parties.get(&step) {
            return Arc::clone(known);
        }
        let act = &judged.line.steps[step].act;
        let mut meant = Vec::new();
        for (leaf, value, likely) in &judged.meant[step] {
            if *likely > 0.5 && *value != THERE {
                let gone = *value == ABSENT;
                let value = self.log.names.value_of(*value).filter(|_| !gone).cloned();
                meant.push((self.path(*leaf).1, value));
            }
        }
        let party = Arc::new(Party {
            audit: act.id.to_string(),
            client: self.clients[act.author as usize].clone(),
            program: act.program,
            version: self.log.real_version(judged, act.at),
            method: act.method.name(),
            time: act.done,
            meant,
        });
        self.parties.insert(step, Arc::clone(&party));
        party
    }

    /// A path, and its text.
    fn path(&mut self, leaf: LeafId) -> (Arc<LeafPath>, Arc<str>) {
        let names = &self.log.names;
        let known = self.paths.entry(leaf).or_insert_with(|| {
            let path = names.leaf(leaf);
            (Arc::new(path.clone()), path.to_string().into())
        });
        known.clone()
    }
}

fn certainty(found: &Found, bases: &[Basis], replicas: bool) -> Certainty {
    let least = if replicas { LOST_AMONG_REPLICAS } else { LOST };
    let known = bases.first().is_none_or(|basis| basis.known && basis.weight > 0.99);
    match found.likely {
        _ if found.twin => Certainty::Suspect,
        likely if likely >= 0.99 && known => Certainty::Certain,
        likely if likely >= least => Certainty::Inferred,
        _ => Certainty::Suspect,
    }
}
