//! A scenario that models the workers of an execution, each with its first write.
//!
//! Next to read: `telling.rs`, which draws with it.

use std::collections::BTreeMap;

use serde_json::Value;

use super::model::{change_of, manifest, method};
use super::step::What;
use super::telling::Teller;
use crate::apiserver::{Key, Subresource, Verb};
use crate::reconcilers::Change;
use crate::trace::Action;

/// A write, as a scenario says it.
struct Said<'a> {
    key: &'a Key,
    method: &'static str,
    subresource: Option<Subresource>,
    changes: Vec<Change>,
}

impl Teller<'_> {
    /// A scenario that models the workers that wrote, as text; `None` if none did.
    pub fn scenario(&self, name: &str) -> Option<String> {
        let mut workers: BTreeMap<usize, String> = BTreeMap::new();
        for at in 0..self.history.steps.len() {
            let worker = self.history.steps[at].worker;
            if !workers.contains_key(&worker)
                && let Some(said) = self.said_at(at)
                && let Some(text) = self.worker(worker, &said)
            {
                workers.insert(worker, text);
            }
        }
        if workers.is_empty() {
            return None;
        }
        // Every worker of the trace needs one here, by its index.
        let all = (0..self.history.workers.len()).map(|worker| {
            let quiet = || workers.values().next().map(|text| self.renamed(text, worker));
            workers.get(&worker).cloned().or_else(quiet).unwrap_or_default()
        });
        let list = |values: &[Value]| -> String {
            values.iter().map(|value| format!("  - {value}\n")).collect()
        };
        let objects: Vec<Value> =
            self.history.initial.iter().map(|(_, object)| manifest(object)).collect();
        let crds = match self.history.crds.is_empty() {
            true => String::new(),
            false => format!("crds:\n{}", list(&self.history.crds)),
        };
        Some(format!(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: {name} }}\n\
             {crds}objects:\n{}workers:\n{}",
            list(&objects),
            all.collect::<String>()
        ))
    }

    /// A worker that stands for one that wrote nothing: only its name is looked at.
    fn renamed(&self, text: &str, worker: usize) -> String {
        let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
        format!("  - name: {}\n{rest}", self.history.workers[worker])
    }

    /// The write that a step is, if it means something.
    fn said_at(&self, at: usize) -> Option<Said<'_>> {
        match &self.history.steps[at].what {
            What::Exchange(write) => {
                let meant = &self.judged.meanings.get(&at)?.meant;
                let body = String::from_utf8_lossy(&write.http.body);
                let locked =
                    body.contains("\"resourceVersion\":\"") || body.contains("/resourceVersion\"");
                let force = write.http.query.contains("force=true");
                Some(Said {
                    key: write.key.as_ref()?,
                    method: method(write.verb.patch(), locked, force),
                    subresource: write.subresource,
                    changes: meant.iter().filter_map(change_of).collect(),
                })
            }
            What::Modelled(event) => {
                let Action::Write { verb, subresource, precondition, force, .. } = &event.action
                else {
                    return None;
                };
                Some(Said {
                    key: event.key.as_ref()?,
                    method: method(verb.patch(), precondition.is_some(), *force),
                    subresource: *subresource,
                    changes: event.intent.to_vec(),
                })
            }
            _ => None,
        }
    }

    fn worker(&self, worker: usize, said: &Said<'_>) -> Option<String> {
        let Said { key, method, subresource, changes } = said;
        let kind = self.history.kinds.get(&key.resource)?;
        let object = match &key.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", kind.kind, key.name),
            None => format!("{}/{}", kind.kind, key.name),
        };
        let live = self.history.steps.iter().any(|step| match &step.what {
            What::Exchange(it) => step.worker == worker && it.verb == Verb::Get,
            What::Modelled(it) => step.worker == worker && it.action == Action::Read,
            _ => false,
        });
        let mut sets = String::new();
        for change in changes {
            let removed = || serde_json::json!({ "$remove": true });
            let value = change.value.clone().unwrap_or_else(removed);
            let path = Value::String(change.path.to_string());
            sets.push_str(&format!("      {path}: {value}\n"));
        }
        if sets.is_empty() {
            return None;
        }
        Some(format!(
            "  - name: {}\n    object: {object}\n    write: {method}\n    read: {}\n    \
             subresource: {}\n    sets:\n{sets}",
            self.history.workers[worker],
            if live { "live" } else { "cache" },
            if *subresource == Some(Subresource::Status) { "status" } else { "main" },
        ))
    }
}
