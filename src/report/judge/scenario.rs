//! A pair of writers from a log as a scenario file: workers, methods, fields, readers, times.
//!
//! Values that a report hides are hidden here as well: each gets a stand-in, the same everywhere.
//! Next to read: `audit/model.rs`, which says what is in it; `proof.rs`.

use std::collections::BTreeMap;

use base64::Engine as _;
use serde_json::{Map, Value, json};

use super::{Shown, clean};
use crate::audit::{Model, Set, Worker};
use crate::history::infer::put;
use crate::history::{LeafPath, Part};
use crate::report::yaml;

/// How a scenario of a model differs from what the log shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Variant {
    /// Both write by this method.
    pub write: Option<&'static str>,
    /// The object has all that the log shows of it.
    pub whole: bool,
    /// The culprit is the first of the two workers.
    pub culprit_first: bool,
}

/// The text of a scenario.
pub fn scenario(model: &Model, shown: &Shown, name: &str, variant: Variant) -> String {
    let mut hidden = Hidden { shown, kind: &model.plural, stand_ins: BTreeMap::new() };
    let workers = [(&model.victim, "victim"), (&model.culprit, "culprit")];
    let names = worker_names(model);
    let sets = workers.map(|(worker, _)| sets(worker, &mut hidden));
    let object = object(model, &mut hidden, variant.whole);
    let (victim, culprit) = (clean(&model.victim.client), clean(&model.culprit.client));
    let lost = clean(&model.lost.to_string());
    let description = match variant.write {
        None => format!("{victim} loses {lost} to {culprit}, as an audit log shows."),
        Some(write) => format!("{victim} and {culprit}, once both write by {write}."),
    };
    let mut text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata:\n  name: {name}\n\
         description: {}\n",
        Value::from(description)
    );
    if let Some(definition) = &model.definition {
        text += "crds:\n";
        text += &item(definition);
    }
    text += "objects:\n";
    text += &item(&object);
    text += "workers:\n";
    for at in if variant.culprit_first { [1, 0] } else { [0, 1] } {
        text += &one(model, workers[at].0, &names[at], &sets[at], variant.write);
    }
    let expect = if variant.write.is_some() { "safe" } else { "lost" };
    text + "timing:\n  clientRateLimit: none\nproperties: [no-lost-write, converges]\nexpect:\n"
        + &format!("  no-lost-write: {}\n", if expect == "safe" { "holds" } else { "violated" })
}

fn one(
    model: &Model,
    worker: &Worker,
    name: &str,
    sets: &Map<String, Value>,
    write: Option<&'static str>,
) -> String {
    let object = match model.namespace.as_str() {
        "" => format!("{}/{}", model.kind, model.name),
        namespace => format!("{}/{namespace}/{}", model.kind, model.name),
    };
    let mut text = format!(
        "  - name: {name}\n    object: {}\n    write: {}\n    read: {}\n    subresource: {}\n",
        Value::from(object),
        write.unwrap_or(worker.write),
        if worker.reads { "live" } else { "cache" },
        if worker.on_status { "status" } else { "main" },
    );
    if worker.shared_manager && write.is_none() {
        text += "    fieldManager: shared\n";
    }
    text += "    sets:\n";
    for (path, value) in sets {
        text += &format!("      {}: {value}\n", Value::from(path.as_str()));
    }
    let times = times(worker);
    if !times.is_empty() {
        text += "    timing:\n";
        text += &times;
    }
    text
}

/// What the log shows of its times.
fn times(worker: &Worker) -> String {
    let mut text = String::new();
    let mut say = |key: &str, times: &[i64]| {
        if let Some(told) = percentiles(times) {
            text.push_str(&format!("      {key}: {told}\n"));
        }
    };
    say("apiLatency", &worker.latency);
    if worker.reads {
        say("thinkTime", &worker.think);
    }
    // Reconciles begin at any time of their usual distance.
    if let Some(period) = worker.period.get(worker.period.len() / 2) {
        let period = (*period).min(DAY);
        text += &format!("      start: {{ uniform: {{ from: 0s, to: {period}us }} }}\n");
    }
    text
}

/// The longest time that a scenario takes.
const DAY: i64 = 86_400_000_000;

fn percentiles(times: &[i64]) -> Option<String> {
    let last = times.len().checked_sub(1)?;
    let at = |percent: usize| times[(last * percent) / 100].clamp(1, DAY);
    let (p50, p90, p100) = (at(50), at(90), at(100));
    Some(format!("{{ percentiles: {{ p50: {p50}us, p90: {p90}us, p100: {p100}us }} }}"))
}

/// Names of the workers, victim and culprit, of what the log calls the clients.
pub fn worker_names(model: &Model) -> [String; 2] {
    let plain = |client: &str| {
        let safe = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let name: String = client.chars().map(safe).take(40).collect();
        let name = name.trim_matches('-').to_owned();
        if name.is_empty() { "client".to_owned() } else { name }
    };
    let [victim, culprit] = [&model.victim, &model.culprit].map(|worker| plain(&worker.client));
    match victim == culprit {
        true => [format!("{victim}-1"), format!("{culprit}-2")],
        false => [victim, culprit],
    }
}

/// A value as the item of a list.
fn item(value: &Value) -> String {
    let lines = yaml::lines(Some(value));
    let line = |(at, line): (usize, yaml::Line)| {
        format!("  {}{}\n", if at == 0 { "- " } else { "  " }, line.text)
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// Stand-ins for values that are not to be shown.
struct Hidden<'a> {
    shown: &'a Shown,
    kind: &'a str,
    stand_ins: BTreeMap<String, usize>,
}

impl Hidden<'_> {
    /// A leaf's value; what names an entry is a name, not a value.
    fn at(&mut self, path: &LeafPath, value: &Value) -> Value {
        match path.parts() {
            [.., Part::Entry(keys), Part::Field(field)]
                if keys.iter().any(|(key, _)| key == field) =>
            {
                value.clone()
            }
            _ => self.value(value),
        }
    }

    fn value(&mut self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                fields.iter().map(|(key, inner)| (key.clone(), self.value(inner))).collect()
            }
            Value::Array(items) => items.iter().map(|inner| self.value(inner)).collect(),
            plain if self.shown.shows(self.kind, plain) => plain.clone(),
            Value::Null => Value::Null,
            other => {
                let next = self.stand_ins.len() + 1;
                let number = *self.stand_ins.entry(other.to_string()).or_insert(next);
                let text = format!("value-{number}");
                match self.kind {
                    "secrets" => base64::engine::general_purpose::STANDARD.encode(text).into(),
                    _ => text.into(),
                }
            }
        }
    }
}

/// What a worker sets.
fn sets(worker: &Worker, hidden: &mut Hidden<'_>) -> Map<String, Value> {
    let mut sets = Map::new();
    let gone: Vec<&LeafPath> =
        worker.sets.iter().filter(|it| it.1 == Set::Absent).map(|it| &it.0).collect();
    for (path, set) in &worker.sets {
        if gone.iter().any(|other| *other != path && other.contains(path)) {
            continue;
        }
        let (list, last) = match path.parts().split_last() {
            Some((last, list)) => (LeafPath::new(list.to_vec()), last),
            None => continue,
        };
        let (at, value) = match (last, set) {
            (Part::Item(text), set) => {
                let item = serde_json::from_str::<Value>(text).unwrap_or_default();
                let verb = if *set == Set::Absent { "$remove" } else { "$append" };
                (list, json!({ verb: item }))
            }
            (_, Set::Absent) => (path.clone(), json!({ "$remove": true })),
            (Part::Entry(_), _) => continue,
            (_, Set::Value(value)) => (path.clone(), hidden.at(path, value)),
            (_, Set::There) => continue,
        };
        if let Some(field) = at.one_key().as_field_path() {
            sets.insert(field.to_string(), value);
        }
    }
    sets
}

/// The object before both: what each is to set is not there yet.
fn object(model: &Model, hidden: &mut Hidden<'_>, whole: bool) -> Value {
    let mut object = json!({
        "apiVersion": model.api_version, "kind": model.kind,
        "metadata": { "name": model.name },
    });
    if !model.namespace.is_empty() {
        object["metadata"]["namespace"] = model.namespace.clone().into();
    }
    let rest = model.rest.iter().filter(|_| whole);
    for (path, value) in model.object.iter().chain(rest) {
        let hidden = value.as_ref().map(|value| hidden.at(path, value));
        put(&mut object, path.one_key().parts(), hidden);
    }
    for worker in [&model.victim, &model.culprit] {
        let is_kept = |it: &(LeafPath, Set)| match &it.1 {
            Set::Value(value) => {
                let before = model.object.iter().find(|(path, _)| *path == it.0);
                before.and_then(|(_, it)| it.as_ref()) == Some(value)
            }
            _ => false,
        };
        let lost = |it: &&(LeafPath, Set)| model.lost.overlaps(&it.0) && !is_key(&it.0, &it.1);
        let is_victim = std::ptr::eq(worker, &model.victim);
        let mut changed: Vec<&(LeafPath, Set)> =
            worker.sets.iter().filter(|it| is_kept(it) && (!is_victim || lost(it))).collect();
        let changes = |it: &(LeafPath, Set)| it.1 != Set::There && !is_key(&it.0, &it.1);
        let any = worker.sets.iter().any(|it| !is_kept(it) && changes(it));
        if !is_victim {
            changed.retain(|it| !is_key(&it.0, &it.1));
            changed.truncate(usize::from(!any));
        }
        for (path, set) in changed {
            if let Set::Value(value) = set {
                put(&mut object, path.one_key().parts(), Some(other(value)));
            }
        }
        // What is to be removed has to be there.
        for (path, _) in worker.sets.iter().filter(|it| it.1 == Set::Absent) {
            let there = model.object.iter().any(|(known, _)| path.contains(known));
            if !there {
                let last = path.parts().last();
                let value = matches!(last, Some(Part::Field(_))).then(|| json!("before"));
                put(&mut object, path.one_key().parts(), value);
            }
        }
    }
    object
}

/// Whether a leaf is the key of its entry.
fn is_key(path: &LeafPath, set: &Set) -> bool {
    let [.., Part::Entry(keys), Part::Field(field)] = path.parts() else { return false };
    matches!(set, Set::Value(_)) && keys.iter().any(|(key, _)| key == field)
}

/// Another value of the same sort.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(it) => (!it).into(),
        Value::Number(number) => match number.as_i64() {
            Some(number) => number.saturating_sub(1).into(),
            None => json!(0),
        },
        Value::String(text) if text == "True" => "False".into(),
        Value::String(text) if text == "False" || text == "Unknown" => "True".into(),
        Value::String(text) if text.parse::<jiff::Timestamp>().is_ok() => {
            "2001-01-01T00:00:00Z".into()
        }
        Value::String(_) => "before".into(),
        _ => Value::Null,
    }
}
