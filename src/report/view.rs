//! What a drawing shows of an object: the fields that some worker means to set, and no others.
//!
//! `{ ready: True, vcpus: 8 }` of a status, `conditions: [Ready, Usage]` of a list. An entry of a
//! list is named by its key; what else of it is shown is only what differs somewhere in the run.
//! Next to read: `story.rs`, which names what a step did to these fields.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{FieldPath, Key, Step};
use crate::reconcilers::Change;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// The fields of one object that a drawing shows.
#[derive(Clone, Debug)]
pub struct View {
    /// The object.
    pub key: Key,
    /// The map key that all fields are under, such as `status`, if there is one.
    pub root: Option<String>,
    fields: Vec<FieldPath>,
    /// Per list: the keys of its entries that differ somewhere in the run.
    varying: BTreeMap<FieldPath, BTreeSet<String>>,
}

impl View {
    /// One view per object of the run, in the order in which workers come to them.
    pub fn of(scenario: &Scenario, trace: &Trace) -> Vec<View> {
        let mut fields: Vec<(Key, BTreeSet<FieldPath>)> = Vec::new();
        for event in &trace.events {
            let (Some(key), Some(worker)) = (&event.key, event.worker()) else { continue };
            let at = fields.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                fields.push((key.clone(), BTreeSet::new()));
                fields.len() - 1
            });
            fields[at].1.extend(event.intent.iter().map(|change| change.path.clone()));
            if let Some(spec) = scenario.workers.get(worker) {
                fields[at].1.extend(spec.sets.iter().map(|(path, _)| path.clone()));
                let steps = spec.steps.iter().flat_map(|steps| steps.writes());
                let here = steps.filter(|write| write.job.key == *key);
                let sets = here.flat_map(|write| &write.job.sets);
                fields[at].1.extend(sets.map(|set| set.path.clone()));
            }
        }
        if fields.is_empty() {
            fields.extend(trace.initial.iter().map(|(key, _)| (key.clone(), BTreeSet::new())));
        }
        fields.into_iter().map(|(key, fields)| View::new(key, fields, trace)).collect()
    }

    fn new(key: Key, fields: BTreeSet<FieldPath>, trace: &Trace) -> View {
        let fields: Vec<FieldPath> = fields.into_iter().collect();
        let roots: BTreeSet<_> = fields.iter().map(FieldPath::root).collect();
        let root = match (roots.len(), roots.first()) {
            (1, Some(Some(root))) if fields.iter().all(|f| f.steps().len() > 1) => {
                Some((*root).to_owned())
            }
            _ => None,
        };
        let mut view = View { key, root, fields, varying: BTreeMap::new() };
        for list in view.lists() {
            let varying = varying_keys(&list, &view.states(trace));
            view.varying.insert(list, varying);
        }
        view
    }

    fn states<'t>(&self, trace: &'t Trace) -> Vec<&'t Value> {
        let initial = trace.initial.iter().filter(|(key, _)| *key == self.key).map(|(_, v)| v);
        let later = trace.events.iter().filter(|event| event.key.as_ref() == Some(&self.key));
        let later = later.flat_map(|event| [&event.before, &event.after, &event.seen]);
        initial.chain(later.flatten()).map(Arc::as_ref).collect()
    }

    fn lists(&self) -> BTreeSet<FieldPath> {
        self.fields.iter().filter_map(FieldPath::outermost_list).collect()
    }

    /// `widgets/demo .status`.
    pub fn title(&self) -> String {
        match &self.root {
            Some(root) => format!("{} .{root}", self.key),
            None => self.key.to_string(),
        }
    }

    /// The object, compactly: only the fields of the view.
    pub fn compact(&self, object: Option<&Value>) -> String {
        let Some(object) = object else { return "(no object)".to_owned() };
        let items = self.items(object);
        match items.as_slice() {
            [] => "{}".to_owned(),
            [only] if self.only_list().is_some() => only.clone(),
            _ => format!("{{ {} }}", items.join(", ")),
        }
    }

    /// The object with only what differs from before spelled out: `{ 4 as before, vcpus: 8 }`.
    pub fn brief(&self, before: Option<&Value>, object: Option<&Value>) -> Option<String> {
        let (before, object) = (self.items(before?), self.items(object?));
        if let (Some(list), [before]) = (self.only_list(), before.as_slice()) {
            return Some(self.brief_list(&list, before, object.first()?));
        }
        let (same, new): (Vec<_>, Vec<_>) =
            object.into_iter().partition(|item| before.contains(item));
        let mut items = Vec::new();
        if !same.is_empty() {
            items.push(format!("{} as before", same.len()));
        }
        items.extend(new);
        Some(if items.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", items.join(", ")) })
    }

    /// The list that all fields are entries of, if there is one.
    fn only_list(&self) -> Option<FieldPath> {
        let mut lists = self.fields.iter().map(FieldPath::outermost_list);
        let first = lists.next()??;
        lists.all(|list| list.as_ref() == Some(&first)).then_some(first)
    }

    /// The same of one list, whose two states are given as text.
    fn brief_list(&self, list: &FieldPath, before: &str, object: &str) -> String {
        fn entries(text: &str) -> Vec<&str> {
            let inner = text.split_once('[').map_or("", |(_, rest)| rest);
            let inner = inner.strip_suffix(']').unwrap_or(inner);
            inner.split(", ").filter(|entry| !entry.is_empty()).collect()
        }
        let before = entries(before);
        let (same, new): (Vec<&str>, Vec<&str>) =
            entries(object).into_iter().partition(|entry| before.contains(entry));
        let same = (!same.is_empty()).then(|| format!("{} as before", same.len()));
        let items: Vec<String> =
            same.into_iter().chain(new.into_iter().map(str::to_owned)).collect();
        format!("{}: [{}]", self.label(list), items.join(", "))
    }

    /// Each field or list that is there.
    fn items(&self, object: &Value) -> Vec<String> {
        let mut items = Vec::new();
        let mut lists = BTreeSet::new();
        for field in &self.fields {
            if let Some(list) = field.outermost_list() {
                if let (true, Some(value)) = (lists.insert(list.clone()), list.get(object)) {
                    items.push(format!("{}: {}", self.label(&list), self.list(&list, value)));
                }
            } else if let Some(value) = field.get(object) {
                let item = format!("{}: {}", self.label(field), value_text(value));
                items.push(item);
            }
        }
        items
    }

    /// `[Ready, Usage]`: the entries of a list by their keys.
    pub fn list(&self, list: &FieldPath, value: &Value) -> String {
        let Value::Array(entries) = value else { return value_text(value) };
        let key = self.entry_key(list);
        let varying = self.varying.get(list);
        let entries: Vec<_> = entries.iter().map(|entry| entry_text(entry, key, varying)).collect();
        format!("[{}]", entries.join(", "))
    }

    fn entry_key(&self, list: &FieldPath) -> Option<&str> {
        let depth = list.steps().len();
        self.fields.iter().filter(|field| field.overlaps(list)).find_map(|field| {
            match field.steps().get(depth) {
                Some(Step::Entry { key, .. }) => Some(key.as_str()),
                _ => None,
            }
        })
    }

    /// A field's name under the root: `ready`, `conditions[Ready]`.
    pub fn label(&self, field: &FieldPath) -> String {
        let skip = usize::from(self.root.is_some() && field.root() == self.root.as_deref());
        let mut label = String::new();
        for step in &field.steps()[skip.min(field.steps().len())..] {
            match step {
                Step::Key(key) if key.contains(['.', '/']) => label.extend(["[", key, "]"]),
                Step::Key(key) if label.is_empty() => label.push_str(key),
                Step::Key(key) => label.extend([".", key]),
                Step::Entry { value, .. } => label.extend(["[", short(value), "]"]),
                Step::Index(index) => label.extend(["[", &index.to_string(), "]"]),
            }
        }
        label
    }

    /// The last step of a field's name: `[Ready]`, `vcpus`.
    pub fn tail(&self, field: &FieldPath) -> String {
        let steps = field.steps();
        let from = steps.iter().rposition(|step| matches!(step, Step::Entry { .. }));
        let from = from.unwrap_or(steps.len().saturating_sub(1));
        let mut tail = String::new();
        for step in &steps[from..] {
            match step {
                Step::Key(key) if key.contains(['.', '/']) => tail.extend(["[", key, "]"]),
                Step::Key(key) if tail.is_empty() => tail.push_str(key),
                Step::Key(key) => tail.extend([".", key]),
                Step::Entry { value, .. } => tail.extend(["[", short(value), "]"]),
                Step::Index(index) => tail.extend(["[", &index.to_string(), "]"]),
            }
        }
        tail
    }

    /// The list whose entry (and nothing inside it) this field is.
    fn as_entry(field: &FieldPath) -> Option<&Step> {
        field.steps().last().filter(|step| matches!(step, Step::Entry { .. }))
    }

    /// A value that a field has or was to have, as drawn: `ready: True`, `conditions[Ready]`.
    pub fn state(&self, field: &FieldPath, value: Option<&Value>) -> String {
        let label = self.label(field);
        match (value, View::as_entry(field)) {
            (None, _) => label,
            (Some(value), Some(Step::Entry { key, .. })) => {
                let list = field.outermost_list();
                let varying = list.as_ref().and_then(|list| self.varying.get(list));
                let mut value = value.clone();
                if let Value::Object(map) = &mut value {
                    map.remove(key);
                }
                match entry_details(&value, varying) {
                    Some(details) => format!("{label}={details}"),
                    None => label,
                }
            }
            (Some(value), _) => format!("{label}: {}", value_text(value)),
        }
    }

    /// What a write meant to do to a field, as drawn: `ready=True`, `ready removed`.
    pub fn intent(&self, change: &Change) -> String {
        match &change.value {
            None => format!("{} removed", self.label(&change.path)),
            Some(_) => self.state(&change.path, change.value.as_ref()).replacen(": ", "=", 1),
        }
    }
}

/// A qualified name without its domain: `not-ready` of `example.com/not-ready`.
fn short(name: &str) -> &str {
    match name.split_once('/') {
        Some((domain, rest)) if domain.contains('.') && !rest.is_empty() => rest,
        _ => name,
    }
}

/// The keys by which entries of the same name differ between two states of the run.
fn varying_keys(list: &FieldPath, states: &[&Value]) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, &serde_json::Map<String, Value>> = BTreeMap::new();
    let mut varying = BTreeSet::new();
    let entries = states.iter().filter_map(|state| list.get(state)?.as_array()).flatten();
    for entry in entries.filter_map(Value::as_object) {
        let Some(name) = ["type", "name", "key", "id", "ip"].iter().find_map(|k| entry.get(*k))
        else {
            continue;
        };
        let Some(first) = seen.get(&name.to_string()) else {
            seen.insert(name.to_string(), entry);
            continue;
        };
        let keys = first.keys().chain(entry.keys());
        varying.extend(keys.filter(|key| first.get(*key) != entry.get(*key)).cloned());
    }
    varying
}

fn entry_text(entry: &Value, key: Option<&str>, varying: Option<&BTreeSet<String>>) -> String {
    let name = key.and_then(|key| entry.get(key));
    match name {
        None => value_text(entry),
        Some(name) => {
            let name =
                name.as_str().map_or_else(|| value_text(name), |name| short(name).to_owned());
            match entry_details(entry, varying) {
                Some(details) => format!("{name}={details}"),
                None => name,
            }
        }
    }
}

fn entry_details(entry: &Value, varying: Option<&BTreeSet<String>>) -> Option<String> {
    let entry = entry.as_object()?;
    let details: Vec<_> =
        varying?.iter().filter_map(|key| entry.get(key)).map(value_text).collect();
    (!details.is_empty()).then(|| details.join("/"))
}

/// A longer string is cut: a drawing is no place for a certificate.
const LONGEST: usize = 60;

/// A value on one line, as YAML people write it.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().count() > LONGEST => {
            let short: String = text.chars().take(LONGEST - 3).collect();
            Value::String(short + "...").to_string()
        }
        Value::String(text) if is_bare(text) => text.clone(),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(value_text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let items: Vec<_> =
                map.iter().map(|(key, value)| format!("{key}: {}", value_text(value))).collect();
            format!("{{{}}}", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// Whether a string needs no quotes to be taken for a string.
fn is_bare(text: &str) -> bool {
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !",[]{}:\"'#".contains(c);
    !text.is_empty() && text.chars().all(plain) && serde_json::from_str::<Value>(text).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn strings_that_look_like_something_else_are_quoted() {
        assert_eq!(value_text(&json!("True")), "True");
        assert_eq!(value_text(&json!("true")), "\"true\"");
        assert_eq!(value_text(&json!("8")), "\"8\"");
        assert_eq!(value_text(&json!("")), "\"\"");
        assert_eq!(value_text(&json!({"a": [1, "b c"]})), "{a: [1, \"b c\"]}");
    }
}
