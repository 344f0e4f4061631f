//! WATCH: a place in the log, from which the next events can be read at any time.
//!
//! A [`Watch`] is a value: it holds what is asked for and how far its reader has come, not a
//! connection. [`Watch::poll`] gives what has happened since. Every effective write of the resource
//! is exactly one event, in revision order; an object that enters a selector is ADDED, one that
//! leaves it DELETED, with its previous content and the revision of the change. A revision that has
//! been compacted gives one ERROR event (410 Expired), as a real server does after its 200.
//! Next to read: `history.rs`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};

use super::call::{ApiResult, RequestScope};
use super::engine::parse_request_revision;
use super::history::LoggedWrite;
use super::json::Json;
use super::seen::Seen;
use super::selector::Selector;
use super::{ApiServer, Kind, Request, Revision, Status, verbs};

/// What happened to an object, in the words of the watch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum EventType {
    Added,
    Modified,
    Deleted,
    Bookmark,
    Error,
}

impl EventType {
    /// As it stands in the stream: `ADDED`.
    pub fn text(self) -> &'static str {
        match self {
            EventType::Added => "ADDED",
            EventType::Modified => "MODIFIED",
            EventType::Deleted => "DELETED",
            EventType::Bookmark => "BOOKMARK",
            EventType::Error => "ERROR",
        }
    }
}

/// One event of a watch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WatchEvent {
    /// What happened.
    pub event_type: EventType,
    /// The object (with its resourceVersion), or the Status of an error.
    pub object: Seen,
}

impl WatchEvent {
    fn new(event_type: EventType, object: Value) -> Self {
        WatchEvent { event_type, object: Seen::from(Arc::new(object)) }
    }

    fn error(status: &Status) -> Self {
        let object = serde_json::to_value(status).unwrap_or_default();
        WatchEvent::new(EventType::Error, object)
    }
}

/// A reader's place in the log of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Watch {
    kind: Arc<Kind>,
    namespace: Option<String>,
    selector: Selector,
    bookmarks: bool,
    /// Where it began.
    start: Revision,
    /// Everything up to and including this revision has been read.
    position: Revision,
    /// Events that come before those of the log.
    pending: VecDeque<WatchEvent>,
    over: bool,
}

impl ApiServer {
    /// Begins a watch.
    pub fn watch(&self, request: &Request) -> Result<Watch, Box<Status>> {
        let Some(kind) = self.kind_of(&request.resource) else {
            return Err(Status::page_not_found());
        };
        start(self, &RequestScope::new(request, kind))
    }
}

/// The BOOKMARK object of a kind: nothing but its place in the log.
fn bookmark(kind: &Kind, revision: Revision) -> Value {
    json!({
        "apiVersion": kind.api_version(),
        "kind": kind.kind,
        "metadata": { "resourceVersion": revision.to_string() },
    })
}

fn start(server: &ApiServer, call: &RequestScope<'_>) -> ApiResult<Watch> {
    let options = &call.request.options;
    verbs::list::check_watch_options(options)?;
    let selector = Selector::parse(options, &call.kind)?;
    let asked = parse_request_revision(options.resource_version.as_deref().unwrap_or_default())?;
    let now = server.revision();
    let mut watch = Watch {
        kind: call.kind.clone(),
        namespace: call.request.namespace.clone(),
        selector,
        bookmarks: options.allow_watch_bookmarks,
        start: now,
        position: now,
        pending: VecDeque::new(),
        over: false,
    };
    match options.send_initial_events {
        Some(true) if asked > now.0 => {
            watch.fail(&Status::too_large_resource_version(asked, now));
        }
        Some(true) => {
            watch.initial_events(server);
            if watch.bookmarks {
                let mut object = bookmark(&watch.kind, now);
                object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
                watch.pending.push_back(WatchEvent::new(EventType::Bookmark, object));
            }
        }
        Some(false) if asked == 0 => {}
        None if asked == 0 => watch.initial_events(server),
        _ => {
            let oldest = server.store.log().map_or(now, |log| log.compacted());
            if asked < oldest.0 {
                let text = format!("too old resource version: {asked} ({oldest})");
                watch.fail(&Status::expired(text));
            }
            watch.start = Revision(asked);
            watch.position = Revision(asked);
        }
    }
    Ok(watch)
}

impl Watch {
    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        self.over && self.pending.is_empty()
    }

    /// What has happened since the last call.
    pub fn poll(&mut self, server: &ApiServer) -> Vec<WatchEvent> {
        let mut events: Vec<_> = self.pending.drain(..).collect();
        if self.over {
            return events;
        }
        let Some(log) = server.store.log() else { return events };
        if self.position < log.compacted() {
            let text = format!("too old resource version: {} ({})", self.position, log.compacted());
            self.fail(&Status::expired(text));
            events.extend(self.pending.drain(..));
            return events;
        }
        for event in log.after(self.position) {
            events.extend(self.see(event));
            self.position = event.revision;
        }
        events
    }

    /// A bookmark, if they are wanted and there is something new to say.
    pub fn bookmark(&mut self, server: &ApiServer) -> Option<WatchEvent> {
        let now = server.revision();
        let wanted = self.bookmarks && !self.over && self.pending.is_empty();
        (wanted && now > self.start && self.position <= now)
            .then(|| WatchEvent::new(EventType::Bookmark, bookmark(&self.kind, now)))
    }

    fn fail(&mut self, status: &Status) {
        self.pending.push_back(WatchEvent::error(status));
        self.over = true;
    }

    fn initial_events(&mut self, server: &ApiServer) {
        let found = server.store.of_resource(&self.kind.resource, self.namespace.as_deref());
        let selected = found.filter(|(_, stored)| self.selector.matches(&stored.object));
        let added = selected.map(|(_, stored)| WatchEvent {
            event_type: EventType::Added,
            object: Seen::from(stored),
        });
        self.pending = added.collect();
    }

    /// The event as this watch sees it.
    fn see(&self, event: &LoggedWrite) -> Option<WatchEvent> {
        let here = event.key.resource == self.kind.resource
            && (self.namespace.is_none() || event.key.namespace == self.namespace);
        if !here {
            return None;
        }
        let selects =
            |json: &Arc<Json>| self.selector.is_empty() || self.selector.matches(&json.value());
        let before = event.before.as_ref().map(|version| &version.json).filter(|it| selects(it));
        let after = event.after.as_ref().filter(|it| selects(it));
        let (event_type, json) = match (before, after) {
            (None, None) => return None,
            (None, Some(json)) => (EventType::Added, json.clone()),
            (Some(_), Some(json)) => (EventType::Modified, json.clone()),
            (Some(json), None) => {
                let removed = event.removed.clone();
                (EventType::Deleted, removed.unwrap_or_else(|| Arc::new(json.at(event.revision))))
            }
        };
        Some(WatchEvent { event_type, object: Seen::of_json(json) })
    }
}
