//! What a step is called in every drawing: `PUT ready=True, if rv 1`, and the notes below it.
//!
//! A [`Story`] walks the events of one trace once and remembers, per step, the objects around it;
//! the timeline, the explanation and the Mermaid diagram all ask it, so that they cannot differ.
//! Next to read: `notes.rs`, what is said below a step; then `losses.rs`, what it took away.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::leadership::leadership;
use super::sent::is_sent;
pub use super::sent::{is_empty_patch, is_status_on_main};
use super::view::{View, value_text};
use crate::apiserver::{FieldPath, Key, PatchKind, Verb};
use crate::scenario::Scenario;
use crate::trace::{Action, Actor, Event, Fault, Loaded, Trace};

/// One run, ready to be told.
#[derive(Debug)]
pub struct Story<'a> {
    /// The scenario.
    pub scenario: &'a Scenario,
    /// The run.
    pub trace: &'a Trace,
    /// The objects of the run.
    pub views: Vec<View>,
    /// Per step, per view: the object after it.
    after: Vec<Vec<Option<Arc<Value>>>>,
}

/// Which way a step goes, seen from the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flow {
    /// The object comes to the worker.
    Reads,
    /// The worker's write goes to the object.
    Writes,
    /// It went there and was refused.
    Refused,
    /// Nothing crosses the server's edge.
    Local,
}

impl<'a> Story<'a> {
    /// Walks the run.
    pub fn new(scenario: &'a Scenario, trace: &'a Trace) -> Self {
        Story::with_views(scenario, trace, View::of(scenario, trace))
    }

    /// The same with views made beforehand: of a run that has only begun.
    pub fn with_views(scenario: &'a Scenario, trace: &'a Trace, views: Vec<View>) -> Self {
        let initial = |view: &View| {
            trace.initial.iter().find(|(key, _)| *key == view.key).map(|(_, object)| object.clone())
        };
        let mut now: Vec<Option<Arc<Value>>> = views.iter().map(initial).collect();
        let mut after = Vec::new();
        for event in &trace.events {
            if let Some(at) = views.iter().position(|view| event.key.as_ref() == Some(&view.key)) {
                let touched = event.is_api_call() || event.after.is_some();
                if touched || event.actor == Actor::World {
                    now[at].clone_from(&event.after);
                }
            }
            after.push(now.clone());
        }
        Story { scenario, trace, views, after }
    }

    /// The event of a step, counted from 1.
    pub fn event(&self, step: usize) -> Option<&'a Event> {
        self.trace.events.get(step.checked_sub(1)?)
    }

    /// The name of a worker.
    pub fn worker(&self, worker: usize) -> &'a str {
        self.trace.workers.get(worker).map_or("?", String::as_str)
    }

    /// The names of the processes, by index: in the order in which workers name them.
    pub(super) fn process(&self, process: usize) -> &'a str {
        let mut seen = BTreeSet::new();
        let names = self.scenario.workers.iter().map(|spec| spec.process.as_str());
        let mut distinct = names.filter(|name| seen.insert(*name));
        distinct.nth(process).unwrap_or("?")
    }

    /// Who moves in a step, by name.
    pub fn actor(&self, event: &Event) -> String {
        match event.actor {
            Actor::Worker(worker) => self.worker(worker).to_owned(),
            Actor::Cache(cache) => {
                format!("{}'s cache", self.trace.caches.get(cache).map_or("?", String::as_str))
            }
            Actor::World => match event.action {
                Action::Fault(Fault::LostResponse(_)) => "the network".to_owned(),
                Action::Fault(Fault::Deadline(worker)) => self.worker(worker).to_owned(),
                Action::Fault(Fault::Crash(process)) => self.process(process).to_owned(),
                Action::Fault(Fault::WatchGap(cache)) => {
                    format!("{}'s cache", self.trace.caches.get(cache).map_or("?", String::as_str))
                }
                _ => "a user".to_owned(),
            },
        }
    }

    /// The view of the object that a step is about; the first one if it is about none.
    pub fn view(&self, event: &Event) -> Option<&View> {
        self.view_index(event).map(|at| &self.views[at])
    }

    /// The same, as an index into the views.
    pub fn view_index(&self, event: &Event) -> Option<usize> {
        let named = self.views.iter().position(|view| event.key.as_ref() == Some(&view.key));
        named.or(if self.views.is_empty() { None } else { Some(0) })
    }

    /// The object that a step is about, after it.
    pub fn after(&self, step: usize) -> Option<&Value> {
        let at = self.view_index(self.event(step)?)?;
        self.after[step - 1][at].as_deref()
    }

    /// An object after this many steps.
    pub fn object_at(&self, steps: usize, view: usize) -> Option<&Value> {
        match steps.checked_sub(1) {
            Some(last) => self.after[last][view].as_deref(),
            None => {
                let key = &self.views[view].key;
                let initial = self.trace.initial.iter().find(|(known, _)| known == key);
                initial.map(|(_, object)| object.as_ref())
            }
        }
    }

    /// The object that a step is about, before it.
    pub fn before(&self, step: usize) -> Option<&Value> {
        let event = self.event(step)?;
        self.object_at(step - 1, self.view_index(event)?)
    }

    /// The object's resourceVersion after a step; the store's revision if there is no object.
    pub fn rv(&self, step: usize) -> u64 {
        let store = self.event(step).map_or(0, |event| event.revision.0);
        self.after(step).and_then(resource_version).unwrap_or(store)
    }

    /// Which way a step goes.
    pub fn flow(&self, event: &Event) -> Flow {
        let refused = event.code.is_some_and(|code| code >= 400);
        match &event.action {
            _ if refused => Flow::Refused,
            Action::Read | Action::ReadRevision | Action::Load(Loaded::Live) => Flow::Reads,
            Action::List { cached: false, .. } => Flow::Reads,
            Action::Write { .. } => Flow::Writes,
            _ => Flow::Local,
        }
    }

    /// The ways to name a step, the longest first.
    pub fn names(&self, event: &Event) -> Vec<String> {
        match &event.action {
            Action::Read => {
                let named = self.named(event).map(|key| format!("GET {key}"));
                named.into_iter().chain(["GET".to_owned()]).collect()
            }
            Action::List { of, found, cached } => {
                let verb = if *cached { "lists its cache:" } else { "LIST" };
                vec![format!("{verb} {of}: {found}"), format!("{verb} {of}")]
            }
            Action::Effect(name) => vec![format!("effect: {name}"), name.to_string()],
            Action::Lead(leads) => {
                let (long, short) = leadership(*leads);
                vec![long.to_owned(), short.to_owned()]
            }
            Action::ReadRevision => vec!["GET, keeps only rv".to_owned()],
            Action::CacheRead => match seen_rv(event) {
                Some(rv) => vec![format!("reads its cache: rv {rv}"), format!("cache: rv {rv}")],
                None => vec!["reads its cache: nothing".to_owned(), "cache: nothing".to_owned()],
            },
            Action::CacheWrite if event.intent.is_empty() => {
                let rv = seen_rv(event).unwrap_or(0);
                vec![
                    format!("puts its copy of rv {rv} into its cache"),
                    format!("into cache: rv {rv}"),
                ]
            }
            Action::CacheWrite => {
                let changes = self.changes(event);
                let long = format!("puts {changes} into its cache");
                vec![long, format!("into cache: {changes}"), "puts it into its cache".to_owned()]
            }
            Action::Sync { found } => {
                vec![format!("cache has synced: {found} found"), "cache has synced".to_owned()]
            }
            Action::Load(Loaded::Live) => vec!["GET into memory".to_owned()],
            Action::Load(Loaded::Cache) => {
                let rv = seen_rv(event).unwrap_or(0);
                vec![format!("from its cache into memory: rv {rv}"), format!("cache: rv {rv}")]
            }
            Action::Load(Loaded::Held) => vec!["already in memory".to_owned()],
            Action::Touch if event.intent.is_empty() => {
                vec!["not as `when` wants it: writes nothing".to_owned(), "skips".to_owned()]
            }
            Action::Touch => {
                let changes = self.changes(event);
                vec![format!("in memory: {changes}"), format!("memory: {changes}")]
            }
            Action::Decode => {
                vec!["decodes the answer into memory".to_owned(), "decodes the answer".to_owned()]
            }
            Action::Deliver => match seen_rv(event) {
                Some(rv) => vec![format!("cache receives rv {rv}"), format!("cache: rv {rv}")],
                None => vec!["cache receives the deletion".to_owned(), "cache: gone".to_owned()],
            },
            Action::Fault(fault) => self.fault(*fault),
            Action::Write { .. } => self.write_names(event),
        }
    }

    fn fault(&self, fault: Fault) -> Vec<String> {
        match fault {
            Fault::LostResponse(worker) => vec![
                format!("the next answer to {} gets lost", self.worker(worker)),
                "next answer gets lost".to_owned(),
            ],
            Fault::Crash(_) => vec!["crashes and restarts".to_owned()],
            Fault::Deadline(_) => {
                let long = "waited too long to be tried again: its queue drops it";
                vec![long.to_owned(), "deadline passes: dropped".to_owned()]
            }
            Fault::WatchGap(_) => {
                let long = "the watch breaks; the cache lists again";
                let names = [long, "watch breaks, lists again", "lists again"];
                names.map(str::to_owned).to_vec()
            }
            Fault::Recreation => {
                vec!["deletes and recreates the object".to_owned(), "recreates it".to_owned()]
            }
        }
    }

    fn write_names(&self, event: &Event) -> Vec<String> {
        let verb = verb(event);
        let lock = match locked_to(event) {
            Some(rv) => format!(", if rv {rv}"),
            None => String::new(),
        };
        let force = match event.action {
            Action::Write { force: true, .. } => ", force",
            _ => "",
        };
        if let ("CREATE" | "DELETE", Some(key)) = (verb, &event.key) {
            return vec![format!("{verb} {key}{lock}"), format!("{verb}{lock}")];
        }
        let long = self.payload(event);
        let key = self.named(event);
        let mut names: Vec<String> =
            Vec::from_iter(key.map(|k| format!("{verb} {k} {long}{lock}")));
        names.push(format!("{verb} {long}{force}{lock}"));
        if !self.is_shared(event) && !is_empty_patch(event) {
            let (fields, tails) = self.fields(event);
            names.push(format!("{verb} {fields}{force}{lock}"));
            names.push(format!("{verb} {tails}{force}{lock}"));
        }
        names.push(format!("{verb}{force}{lock}"));
        names
    }

    /// What a write carries: the whole list if it sends one, the fields it means otherwise.
    fn payload(&self, event: &Event) -> String {
        let (Action::Write { sent, verb, .. }, Some(view)) = (&event.action, self.view(event))
        else {
            return String::new();
        };
        if is_empty_patch(event) {
            return "{}".to_owned();
        }
        if self.is_shared(event) {
            return view.compact(Some(sent));
        }
        if *verb == Verb::Patch(PatchKind::Merge) {
            let lists: BTreeSet<_> =
                event.intent.iter().filter_map(|change| change.path.outermost_list()).collect();
            let parts: Vec<_> = lists
                .iter()
                .filter_map(|list| {
                    Some(format!("{}={}", view.label(list), view.list(list, list.get(sent)?)))
                })
                .chain(
                    event
                        .intent
                        .iter()
                        .filter(|change| change.path.outermost_list().is_none())
                        .filter(|change| is_sent(&change.path, sent))
                        .map(|change| view.intent(change)),
                )
                .collect();
            if !parts.is_empty() {
                return parts.join(" ");
            }
        }
        self.changes(event)
    }

    /// `ready=True vcpus=8`: what a step means.
    pub fn changes(&self, event: &Event) -> String {
        let Some(view) = self.view(event) else { return String::new() };
        let changes: Vec<_> = event.intent.iter().map(|change| view.intent(change)).collect();
        changes.join(" ")
    }

    /// The names of the fields without their values: in full, and by their last step. Of a list
    /// that is sent whole, the list's name.
    fn fields(&self, event: &Event) -> (String, String) {
        let Some(view) = self.view(event) else { return Default::default() };
        let whole = |path: &FieldPath| match &event.action {
            Action::Write { verb: Verb::Patch(PatchKind::Merge), .. } => path.outermost_list(),
            _ => None,
        };
        let (mut fields, mut tails): (Vec<String>, Vec<String>) = Default::default();
        for change in event.intent.iter() {
            let path = whole(&change.path).unwrap_or_else(|| change.path.clone());
            let (field, tail) = (view.label(&path), view.tail(&path));
            if !fields.contains(&field) {
                fields.push(field);
                tails.push(tail);
            }
        }
        (fields.join(" "), tails.join(" "))
    }

    /// The object that a step is about, where workers have to do with several.
    fn named<'e>(&self, event: &'e Event) -> Option<&'e Key> {
        let long = self.scenario.workers.iter().any(|worker| worker.steps.is_some());
        event.key.as_ref().filter(|_| long && self.views.len() > 1)
    }

    /// The write method of the worker that moves in this step.
    pub fn method(&self, event: &Event) -> Option<&'a str> {
        let spec = event.worker().and_then(|worker| self.scenario.workers.get(worker))?;
        match &spec.steps {
            None => Some(spec.write.as_str()),
            Some(steps) => steps.method(event),
        }
    }

    /// Whether a write sends the object that its process shares in memory.
    pub fn is_shared(&self, event: &Event) -> bool {
        self.method(event) == Some("update-shared")
    }
}

/// `PUT`, `PATCH`, `APPLY`, `CREATE`, `DELETE`.
pub fn verb(event: &Event) -> &'static str {
    let Action::Write { verb, .. } = &event.action else { return "GET" };
    match verb {
        Verb::Create => "CREATE",
        Verb::Delete | Verb::DeleteCollection => "DELETE",
        Verb::Update => "PUT",
        Verb::Patch(PatchKind::Apply) => "APPLY",
        Verb::Patch(_) => "PATCH",
        Verb::Get | Verb::List | Verb::Watch => "GET",
    }
}

/// The resourceVersion that a write names as its precondition, or tests.
pub fn locked_to(event: &Event) -> Option<u64> {
    let Action::Write { precondition, sent, verb, .. } = &event.action else { return None };
    let tested = || {
        let operations = sent.as_array().filter(|_| *verb == Verb::Patch(PatchKind::Json))?;
        let test = operations.iter().find(|operation| {
            operation["op"] == "test" && operation["path"] == "/metadata/resourceVersion"
        })?;
        test["value"].as_str()?.parse().ok()
    };
    precondition.map(|revision| revision.0).or_else(tested)
}

/// `metadata.resourceVersion`, as a number.
pub fn resource_version(object: &Value) -> Option<u64> {
    object["metadata"]["resourceVersion"].as_str()?.parse().ok()
}

/// The resourceVersion of what was seen.
pub fn seen_rv(event: &Event) -> Option<u64> {
    event
        .seen
        .as_deref()
        .and_then(resource_version)
        .or_else(|| event.basis.as_ref().map(|basis| basis.revision.0))
}

/// A value that a field has, or the word for none.
pub fn or_nothing(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), value_text)
}
