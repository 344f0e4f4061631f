//! Takes events in any order, and keeps of each object what is needed to judge its writes.
//!
//! A write keeps its leaves as numbers, not its body; the versions of an object are kept by
//! resourceVersion, whoever showed them (an answer to a write, a GET, a LIST).
//! Next to read: `track.rs`.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxBuildHasher, FxHasher};
use serde_json::Value;

use super::clients::Clients;
use super::event::AuditEvent;
use super::judge::Judged;
use super::kinds::Kinds;
use super::patches::patch_of;
use super::track::Line;
use crate::history::infer::{Method, Names, Scope, Sent, Version};

type Table<K, V> = IndexMap<K, V, FxBuildHasher>;

/// A resource as the log names it: group, version, plural.
pub type ResourceName = (String, String, String);

/// An object: its resource, its namespace, its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub resource: u32,
    pub namespace: String,
    pub name: String,
}

/// One write.
#[derive(Clone, Debug)]
pub struct Act {
    pub id: Box<str>,
    pub author: u32,
    pub program: u32,
    pub route: u32,
    pub received: i64,
    pub done: i64,
    pub accepted: bool,
    pub method: Method,
    pub on_status: bool,
    /// The resourceVersion that it was answered with; 0 if it is not known.
    pub at: u64,
    /// The resourceVersion that it names.
    pub named: Option<u64>,
    /// Its body without that.
    pub body: u64,
    pub manager: u64,
    /// An apply that takes over what others manage.
    pub force: bool,
    pub sent: Sent,
    pub after: Option<Version>,
    /// The request, if what came of it has to be computed.
    pub raw: Option<Box<Value>>,
    /// Its place in the log.
    pub line: u64,
}

/// A read of one object.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    pub author: u32,
    pub done: i64,
    /// 0 if the log does not say.
    pub at: u64,
}

/// The history of one object.
#[derive(Clone, Debug, Default)]
pub struct Track {
    pub place: Option<Place>,
    pub uid: String,
    pub acts: Vec<Act>,
    pub versions: BTreeMap<u64, Version>,
    pub reads: Vec<Read>,
    /// The number of the newest event about it.
    pub touched: u64,
}

/// An audit log, as far as it was read.
#[derive(Clone, Debug)]
pub struct Log {
    pub names: Names,
    pub clients: Clients,
    pub kinds: Kinds,
    pub resources: IndexSet<ResourceName, FxBuildHasher>,
    pub tracks: Table<(Place, String), Track>,
    /// Refused writes: which object they were for is known by its name alone.
    pub refused: Table<Place, Vec<Act>>,
    /// When an object of this name was deleted first.
    pub deleted: Table<Place, i64>,
    /// The real resourceVersion of a version that our own server numbered, where it is known.
    pub real: Table<(Place, u64), u64>,
    routes: IndexSet<(u32, bool, Method), FxBuildHasher>,
    seen: IndexSet<u64, FxBuildHasher>,
    pub events: u64,
    pub writes: u64,
    /// When the last event was answered.
    pub ends: i64,
    /// What is not judged, and why.
    pub not_judged: BTreeMap<String, u64>,
    /// About how many bytes are kept.
    pub kept: usize,
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

fn number(value: &Value) -> Option<u64> {
    value.as_str()?.parse().ok()
}

impl Log {
    /// An empty log of objects of these kinds.
    pub fn new(kinds: Kinds) -> Log {
        Log {
            names: Names::default(),
            clients: Clients::default(),
            kinds,
            resources: IndexSet::default(),
            tracks: Table::default(),
            refused: Table::default(),
            deleted: Table::default(),
            real: Table::default(),
            routes: IndexSet::default(),
            seen: IndexSet::default(),
            events: 0,
            writes: 0,
            ends: 0,
            not_judged: BTreeMap::new(),
            kept: 0,
        }
    }

    /// The resourceVersion as the cluster has it; 0 if it is not known.
    pub fn real_version(&self, judged: &Judged, at: u64) -> u64 {
        match (&judged.place, judged.uid.is_empty()) {
            (place, true) => self.real.get(&(place.clone(), at)).copied().unwrap_or_default(),
            _ => at,
        }
    }

    /// Whether an object of this name was deleted before the first write of this one.
    pub fn is_recreated(&self, place: &Place, line: &Line) -> bool {
        let first = line.steps.iter().map(|step| step.act.received).min().unwrap_or_default();
        self.deleted.get(place).is_some_and(|deleted| *deleted <= first)
    }

    /// Says that something is not judged.
    pub fn skip(&mut self, why: impl Into<String>) {
        *self.not_judged.entry(why.into()).or_default() += 1;
    }

    /// Takes the next event.
    pub fn take(&mut self, event: AuditEvent) {
        if !self.seen.insert(hash(&event.id.as_bytes())) {
            return;
        }
        self.events += 1;
        self.ends = self.ends.max(event.done);
        let verb = event.verb.as_str();
        if event.resource.is_empty()
            || !matches!(verb, "create" | "update" | "patch" | "get" | "list" | "delete")
        {
            return;
        }
        if event.is_write() && event.is_dry_run() {
            return self.skip("dry run: nothing is stored");
        }
        match (verb, event.subresource.as_str()) {
            ("get", "" | "status") if event.is_accepted() => self.read(&event),
            ("list", "") if event.is_accepted() => self.listed(&event),
            ("delete", "") if event.is_accepted() => self.deleted(&event),
            ("create" | "update" | "patch", "" | "status" | "scale") => self.write(event),
            ("create" | "update" | "patch", other) => {
                self.skip(format!("subresource {other}: its body is not the object"));
            }
            _ => {}
        }
    }

    fn place(&mut self, event: &AuditEvent, object: Option<&Value>) -> Place {
        let group = (event.group.clone(), event.version.clone(), event.resource.clone());
        let resource = self.resources.insert_full(group).0 as u32;
        let named = |field: &str| {
            object.and_then(|it| it["metadata"][field].as_str()).unwrap_or_default().to_owned()
        };
        let or = |text: &str, field: &str| {
            if text.is_empty() { named(field) } else { text.to_owned() }
        };
        Place {
            resource,
            namespace: or(&event.namespace, "namespace"),
            name: or(&event.name, "name"),
        }
    }

    fn track(&mut self, place: &Place, uid: &str) -> &mut Track {
        let track = self.tracks.entry((place.clone(), uid.to_owned())).or_default();
        if track.place.is_none() {
            track.place = Some(place.clone());
            track.uid = uid.to_owned();
            self.kept += 300;
        }
        track.touched = self.events;
        track
    }

    /// A version of an object that a client was shown.
    fn show(
        &mut self,
        place: &Place,
        object: &Value,
        read: Option<Read>,
    ) -> Option<(u64, Version)> {
        let at = number(&object["metadata"]["resourceVersion"])?;
        let uid = object["metadata"]["uid"].as_str()?.to_owned();
        let known = self.track(place, &uid).versions.get(&at).cloned();
        let version = match known {
            Some(version) => version,
            None => {
                let lists = self.kinds.lists(&self.resources[place.resource as usize]);
                let version = self.names.version(&lists, object);
                self.kept += 200 + version.leaves.len() * 8 + version.order.len() * 64;
                self.track(place, &uid).versions.insert(at, version.clone());
                version
            }
        };
        if let Some(read) = read {
            self.kept += 24;
            self.track(place, &uid).reads.push(Read { at, ..read });
        }
        Some((at, version))
    }

    fn read(&mut self, event: &AuditEvent) {
        let author = self.clients.author(event);
        let place = self.place(event, event.response.as_ref());
        let read = Read { author, done: event.done, at: 0 };
        match &event.response {
            Some(object) if object["kind"] != "Status" && object["kind"] != "Table" => {
                self.show(&place, object, Some(read));
            }
            Some(_) => {}
            None => {
                self.kept += 24;
                self.track(&place, "").reads.push(read);
            }
        }
    }

    fn listed(&mut self, event: &AuditEvent) {
        let author = self.clients.author(event);
        let items = event.response.as_ref().and_then(|list| list["items"].as_array());
        for object in items.into_iter().flatten() {
            let place = self.place(event, Some(object));
            let read = Read { author, done: event.done, at: 0 };
            self.show(&place, object, Some(read));
        }
    }

    fn deleted(&mut self, event: &AuditEvent) {
        let place = self.place(event, None);
        let first = self.deleted.entry(place).or_insert(event.done);
        *first = event.done.min(*first);
    }

    fn write(&mut self, event: AuditEvent) {
        let Some(body) = event.request.as_ref() else {
            return self.skip(format!("level {}: a write without its body", event.level));
        };
        self.writes += 1;
        let accepted = event.is_accepted();
        let object = event.response.as_ref().filter(|it| it["kind"] != "Status");
        let object = object.filter(|it| it["metadata"]["uid"].is_string());
        let place = self.place(&event, object.or(Some(body)));
        let author = self.clients.author(&event);
        let on_scale = event.subresource == "scale";
        let shown = match (accepted, on_scale) {
            (true, false) => object.and_then(|it| self.show(&place, it, None)),
            _ => None,
        };
        let (at, after) = shown.map_or((0, None), |(at, version)| (at, Some(version)));
        let scaled = object.filter(|_| on_scale);
        let at = scaled.map_or(at, |it| number(&it["metadata"]["resourceVersion"]).unwrap_or(at));
        let (method, sent) = self.understand(&event, body, &place, after.as_ref());
        let manager = hash(&event.parameter("fieldManager").unwrap_or_default());
        let on_status = event.subresource == "status";
        if on_status {
            self.kinds.see_status(&self.resources[place.resource as usize].clone());
        }
        let route = self.routes.insert_full((place.resource, on_status, method)).0 as u32;
        let named = number(&body["metadata"]["resourceVersion"]);
        let act = Act {
            id: event.id.clone().into(),
            author,
            program: self.clients.program(author),
            route,
            received: event.received,
            done: event.done,
            accepted,
            method,
            on_status,
            at,
            named,
            body: hash(&without_version(body).to_string()),
            manager,
            force: event.parameter("force") == Some("true"),
            sent,
            after,
            raw: None,
            line: self.events,
        };
        self.kept += 500 + (act.sent.body.len() + act.sent.explicit.len()) * 8;
        if !accepted {
            return self.refused.entry(place).or_default().push(act);
        }
        let uid = object.and_then(|it| it["metadata"]["uid"].as_str()).unwrap_or_default();
        let raw = (act.at == 0).then(|| Box::new(body.clone()));
        self.kept += raw.as_ref().map_or(0, |raw| raw.to_string().len() * 2);
        let uid = uid.to_owned();
        self.track(&place, &uid).acts.push(Act { raw, ..act });
    }

    /// How a request writes, and what it carries.
    fn understand(
        &mut self,
        event: &AuditEvent,
        body: &Value,
        place: &Place,
        after: Option<&Version>,
    ) -> (Method, Sent) {
        let resource = &self.resources[place.resource as usize];
        let lists = self.kinds.lists(resource);
        let on_status = event.subresource == "status";
        let mut scope = match on_status {
            true => Scope::Status,
            false if self.kinds.has_status(resource) => Scope::WithoutStatus,
            false => Scope::Everything,
        };
        let scaled;
        let (method, body) = match event.verb.as_str() {
            _ if event.subresource == "scale" => {
                scope = Scope::Everything;
                scaled = serde_json::json!({"spec": {"replicas": body["spec"]["replicas"]}});
                (Method::MergePatch, &scaled)
            }
            "create" => (Method::Create, body),
            "update" => (Method::Update, body),
            _ => (patch_of(event, body), body),
        };
        let names = &mut self.names;
        let sent = Sent::new(names, &lists, method, scope, body);
        // A list that was merged, not replaced, was in a strategic merge patch.
        if method == Method::MergePatch && after.is_some_and(|after| sent.is_merged(names, after)) {
            let method = Method::StrategicMergePatch;
            return (method, Sent::new(names, &lists, method, scope, body));
        }
        (method, sent)
    }
}

fn without_version(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("resourceVersion");
    }
    body
}
