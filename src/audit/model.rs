//! A pair of writers as a model: what a scenario needs to lose in the same way.
//!
//! The object is the version that the culprit was made of, reduced to what the two mean and to the
//! lists around it. Who writes how, and from where, is what the whole log shows of the client, not
//! the one write. Next to read: `report/judge/scenario.rs`, which writes it down.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::findings::{Finding, PairKey};
use super::judge::Judged;
use super::kinds::resource;
use super::log::Log;
use super::track::Step;
use crate::history::infer::{ABSENT, LeafId, Method, THERE, ValueId, look};
use crate::history::{LeafPath, Part};

/// A pair of writers, and the object as it was before both.
#[derive(Clone, Debug)]
pub struct Model {
    pub api_version: String,
    pub kind: String,
    pub plural: String,
    pub namespace: String,
    pub name: String,
    /// The definition, if the kind is not built in: as it was given, or with what the log shows.
    pub definition: Option<Value>,
    /// The leaves of the object, without its names; an entry or an item has no value.
    pub object: Vec<(LeafPath, Option<Value>)>,
    /// More of it, for a kind that is refused without.
    pub rest: Vec<(LeafPath, Option<Value>)>,
    pub victim: Worker,
    pub culprit: Worker,
    /// What was lost: of the victim's.
    pub lost: LeafPath,
}

/// One of the two writers.
#[derive(Clone, Debug)]
pub struct Worker {
    pub client: String,
    /// The name of a write method.
    pub write: &'static str,
    pub on_status: bool,
    /// Whether the log shows it reading; otherwise it has a cache.
    pub reads: bool,
    /// Both apply under one field manager.
    pub shared_manager: bool,
    /// Leaf, and the value that it is to have.
    pub sets: Vec<(LeafPath, Set)>,
    /// Microseconds, each ascending: how long a write takes, from the last read to the write, and
    /// between two writes of one object.
    pub latency: Vec<i64>,
    pub think: Vec<i64>,
    pub period: Vec<i64>,
}

/// What becomes of a leaf.
#[derive(Clone, Debug, PartialEq)]
pub enum Set {
    Value(Value),
    There,
    Absent,
}

/// Maximum number of writes of a client of which times are kept.
const SAMPLE: usize = 2_000;
/// A writer that means more leaves is modelled by these.
const LEAVES: usize = 12;

/// What the log shows of one author.
#[derive(Default)]
struct Habit {
    reads: bool,
    restamps: bool,
    latency: Vec<i64>,
    think: Vec<i64>,
    period: Vec<i64>,
}

/// The models of these losses, one for each pair of writers.
pub fn of(log: &Log, judged: &[Judged], lost: &[Finding]) -> Vec<(PairKey, Arc<Model>)> {
    let mut first: BTreeMap<PairKey, &Finding> = BTreeMap::new();
    for finding in lost {
        first.entry(finding.pair()).or_insert(finding);
    }
    if first.is_empty() {
        return Vec::new();
    }
    let habits = habits(log, judged);
    let of = |(key, finding): (PairKey, &Finding)| {
        let (at, victim, culprit) = finding.place;
        let model = model(log, &judged[at], &habits, finding, (victim, culprit))?;
        Some((key, Arc::new(model)))
    };
    first.into_iter().filter_map(of).collect()
}

fn habits(log: &Log, judged: &[Judged]) -> BTreeMap<u32, Habit> {
    let mut all: BTreeMap<u32, Habit> = BTreeMap::new();
    for read in log.tracks.values().flat_map(|track| &track.reads) {
        all.entry(read.author).or_default().reads = true;
    }
    for object in judged {
        let key = (object.place.clone(), object.uid.to_string());
        let mut reads: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
        for read in log.tracks.get(&key).into_iter().flat_map(|track| &track.reads) {
            reads.entry(read.author).or_default().push(read.done);
        }
        reads.values_mut().for_each(|times| times.sort_unstable());
        let mut last: BTreeMap<u32, i64> = BTreeMap::new();
        for (at, step) in object.line.steps.iter().enumerate() {
            let act = &step.act;
            let habit = all.entry(act.author).or_default();
            habit.restamps |= act.method == Method::Update && restamps(object, at);
            if !act.accepted || habit.latency.len() >= SAMPLE {
                continue;
            }
            habit.latency.push(act.done - act.received);
            if let Some(before) = last.insert(act.author, act.received) {
                habit.period.push(act.received - before);
            }
            let times = reads.get(&act.author).map(Vec::as_slice).unwrap_or_default();
            let read = times.partition_point(|time| *time <= act.received);
            habit.think.extend(read.checked_sub(1).map(|read| act.received - times[read]));
        }
    }
    for habit in all.values_mut() {
        for times in [&mut habit.latency, &mut habit.think, &mut habit.period] {
            times.retain(|time| *time > 0);
            times.sort_unstable();
        }
    }
    all
}

/// Whether a PUT names a version that it was surely not made of.
fn restamps(object: &Judged, step: usize) -> bool {
    let act = &object.line.steps[step].act;
    let Some(named) = act.named.filter(|_| act.accepted) else { return false };
    object.bases[step].first().is_some_and(|basis| basis.version != named && basis.weight > 0.9)
}

fn model(
    log: &Log,
    judged: &Judged,
    habits: &BTreeMap<u32, Habit>,
    finding: &Finding,
    (victim, culprit): (usize, usize),
) -> Option<Model> {
    let name = &log.resources[judged.place.resource as usize];
    let steps = &judged.line.steps;
    let lost = |leaf: LeafId| finding.path.overlaps(log.names.leaf(leaf));
    let of = |step: usize, victim: bool| worker(log, judged, habits, step, victim, &lost);
    let (mut v, mut c) = (of(victim, true)?, of(culprit, false)?);
    v.client = finding.victim.client.to_string();
    c.client = finding.culprit.client.to_string();
    let managers = (steps[victim].act.manager, steps[culprit].act.manager);
    let applies = |at: usize| steps[at].act.method == Method::Apply;
    let shared = applies(victim) && applies(culprit) && managers.0 == managers.1;
    (v.shared_manager, c.shared_manager) = (shared, shared);
    // The version that the culprit was made of, or else the one before the victim's write.
    let track = log.tracks.get(&(judged.place.clone(), judged.uid.to_string()));
    let basis = judged.bases[culprit].first().map(|basis| basis.version);
    let version = basis.and_then(|basis| track?.versions.get(&basis).cloned());
    let version = version.or_else(|| steps[victim].before.clone());
    let leaves = version.as_ref().map_or(&[][..], |version| &version.leaves);
    let text = |field: &str| {
        let path = LeafPath::new(vec![Part::Field(field.into())]);
        let id = log.names.find(&path)?;
        let seen = [Some(leaves), steps[victim].after.as_ref().map(|it| &it.leaves[..])];
        seen.into_iter().flatten().find_map(|leaves| {
            let value = log.names.value_of(look(leaves, id))?;
            Some(value.as_str()?.to_owned())
        })
    };
    let known = log.kinds.server().kind_of(&resource(name));
    let version = match name.0.as_str() {
        "" => name.1.clone(),
        group => format!("{group}/{}", name.1),
    };
    let kind = match &known {
        Some(kind) => kind.kind.to_string(),
        None => text("kind").unwrap_or_else(|| camel(&name.2)),
    };
    let near: Vec<LeafId> = v
        .sets
        .iter()
        .chain(&c.sets)
        .filter_map(|it| log.names.find(&it.0))
        .map(|leaf| log.names.list(leaf))
        .collect();
    let (object, rest): (Vec<_>, Vec<_>) = leaves
        .iter()
        .filter(|(leaf, _)| is_content(log.names.leaf(*leaf)))
        .partition(|(leaf, _)| near.contains(&log.names.list(*leaf)));
    let plain = |leaves: Vec<&(LeafId, ValueId)>| -> Vec<(LeafPath, Option<Value>)> {
        let value = |id: ValueId| log.names.value_of(id).cloned();
        leaves.into_iter().map(|(leaf, id)| (log.names.leaf(*leaf).clone(), value(*id))).collect()
    };
    let definition = match (&known, log.kinds.definition(name)) {
        (_, Some(given)) => Some(given.clone()),
        (Some(_), None) => None,
        (None, None) if name.0.is_empty() => return None,
        (None, None) => Some(definition(log, judged, name, &kind, &near)),
    };
    Some(Model {
        api_version: version,
        kind,
        plural: name.2.clone(),
        namespace: judged.place.namespace.clone(),
        name: judged.place.name.clone(),
        definition,
        object: plain(object),
        rest: plain(rest),
        victim: v,
        culprit: c,
        lost: finding.path.as_ref().clone(),
    })
}

/// Whether a leaf is more than the names of an object and the server's bookkeeping.
fn is_content(path: &LeafPath) -> bool {
    let Some(Part::Field(root)) = path.parts().first() else { return false };
    let second = match path.parts().get(1) {
        Some(Part::Field(field)) => field.as_str(),
        _ => "",
    };
    match root.as_str() {
        "apiVersion" | "kind" => false,
        "metadata" => matches!(second, "labels" | "annotations" | "finalizers"),
        _ => true,
    }
}

fn camel(plural: &str) -> String {
    let singular = plural.strip_suffix('s').unwrap_or(plural);
    let mut letters = singular.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn worker(
    log: &Log,
    judged: &Judged,
    habits: &BTreeMap<u32, Habit>,
    at: usize,
    is_victim: bool,
    lost: &dyn Fn(LeafId) -> bool,
) -> Option<Worker> {
    let step = &judged.line.steps[at];
    let empty = Habit::default();
    let habit = habits.get(&step.act.author).unwrap_or(&empty);
    let mut meant: Vec<(LeafId, ValueId)> = judged.meant[at]
        .iter()
        .filter(|it| it.2 > 0.5 && is_content(log.names.leaf(it.0)))
        // What the culprit is not seen to mean, the victim is.
        .filter(|it| is_victim || !lost(it.0))
        .map(|it| (it.0, it.1))
        .collect();
    meant.sort_by_key(|(leaf, _)| !lost(*leaf));
    meant.truncate(LEAVES);
    meant.sort_unstable();
    let sets = meant.into_iter().filter_map(|(leaf, value)| {
        let set = match value {
            ABSENT => Set::Absent,
            THERE => Set::There,
            value => Set::Value(log.names.value_of(value)?.clone()),
        };
        Some((log.names.leaf(leaf).clone(), set))
    });
    Some(Worker {
        client: String::new(),
        write: write(step, habit)?,
        on_status: step.act.on_status,
        reads: habit.reads,
        shared_manager: false,
        sets: sets.collect(),
        latency: habit.latency.clone(),
        think: habit.think.clone(),
        period: habit.period.clone(),
    })
}

/// The write method that sends such requests.
fn write(step: &Step, habit: &Habit) -> Option<&'static str> {
    let act = &step.act;
    Some(match (act.method, act.named.is_some()) {
        (Method::Create, _) => return None,
        (Method::Update, false) => "update-unconditional",
        (Method::Update, true) if habit.restamps => "update-restamp",
        (Method::Update, true) => "update-retry",
        (Method::MergePatch, false) => "merge-patch",
        (Method::MergePatch, true) => "merge-patch-locked",
        (Method::StrategicMergePatch, _) => "strategic-merge-patch",
        (Method::JsonPatch, _) if act.sent.tests() => "json-patch-tested",
        (Method::JsonPatch, _) => "json-patch",
        (Method::Apply, _) if act.force => "apply-force",
        (Method::Apply, _) => "apply",
    })
}

/// A definition that allows everything, with the list types that applies in the log have shown.
fn definition(
    log: &Log,
    judged: &Judged,
    name: &super::log::ResourceName,
    kind: &str,
    near: &[LeafId],
) -> Value {
    let open = || {
        serde_json::json!({
            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
        })
    };
    let mut schema = open();
    let mut lists = near.to_vec();
    lists.sort_unstable();
    lists.dedup();
    for list in lists {
        let Some(key) = merged_by(log, judged, list) else { continue };
        let mut at = &mut schema;
        for part in log.names.leaf(list).parts() {
            let Part::Field(field) = part else { continue };
            if at["properties"][field.as_str()].is_null() {
                at["properties"][field.as_str()] = open();
            }
            at = &mut at["properties"][field.as_str()];
        }
        let mut items = open();
        items["required"] = serde_json::json!([key]);
        items["properties"][key.as_str()] = serde_json::json!({ "type": "string" });
        *at = serde_json::json!({
            "type": "array", "items": items,
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": [key],
        });
    }
    let mut version = serde_json::json!({
        "name": name.1, "served": true, "storage": true, "schema": { "openAPIV3Schema": schema },
    });
    if log.kinds.has_status(name) {
        version["subresources"] = serde_json::json!({ "status": {} });
    }
    serde_json::json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("{}.{}", name.2, name.0) },
        "spec": {
            "group": name.0,
            "scope": if judged.place.namespace.is_empty() { "Cluster" } else { "Namespaced" },
            "names": {
                "plural": name.2, "kind": kind, "singular": kind.to_lowercase(),
                "listKind": format!("{kind}List"),
            },
            "versions": [version],
        },
    })
}

/// The key of a list into which an apply of some entries was merged, as the log shows.
fn merged_by(log: &Log, judged: &Judged, list: LeafId) -> Option<String> {
    let in_list = |leaf: LeafId| log.names.list(leaf) == list && log.names.owner(leaf) == leaf;
    judged.line.steps.iter().find_map(|step| {
        let applied = step.act.method == Method::Apply && step.took_effect;
        let after = step.after.as_ref().filter(|_| applied)?;
        let mine: Vec<LeafId> =
            step.act.sent.explicit.iter().map(|it| it.0).filter(|leaf| in_list(*leaf)).collect();
        let others = after.leaves.iter().any(|it| in_list(it.0) && !mine.contains(&it.0));
        let entry = mine.first().filter(|_| others)?;
        match log.names.leaf(*entry).parts().last()? {
            Part::Entry(keys) => keys.first().map(|(key, _)| key.clone()),
            _ => None,
        }
    })
}
