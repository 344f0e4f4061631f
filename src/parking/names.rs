//! Names for revisions and uids that do not depend on the order in which other objects were
//! written.
//!
//! The store has one revision for everything: a write to another object moves it, and two orders
//! that differ only in that would never be one state. So before anything is compared, a revision is
//! written as *the n-th version of this object*, and a uid as *the n-th object of this name*. The
//! revisions of a real worker's server begin at [`BASE`], a number that none writes by chance, so
//! that they are found wherever a worker has put them: in a precondition, an annotation, a query.
//! Next to read: `lot.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::digest::Digest;
use super::mask::Mask;
use super::rules::Rules;
use crate::apiserver::{Key, Revision};
use crate::rest;

/// The revision of the empty store.
pub const BASE: u64 = 7_310_000_000;

#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    revisions: BTreeMap<u64, String>,
    uids: BTreeMap<String, String>,
    versions: BTreeMap<Key, u64>,
    incarnations: BTreeMap<Key, u64>,
    masks: Vec<Mask>,
    /// What is masked in an Event.
    clocks: Vec<Mask>,
    /// What is masked in a Lease.
    terms: Vec<Mask>,
}

/// What the clock of whoever records an Event decides: kube-rs and client-go even name it so.
const CLOCKS: [&str; 7] = [
    "metadata.name",
    "eventTime",
    "firstTimestamp",
    "lastTimestamp",
    "deprecatedFirstTimestamp",
    "deprecatedLastTimestamp",
    "series.lastObservedTime",
];

/// What the clock of a candidate decides in a Lease.
const TERMS: [&str; 2] = ["spec.acquireTime", "spec.renewTime"];

/// The object under which a write is remembered. An Event has a name with the time in it: it is one
/// of those that this worker has recorded about an object.
pub(super) fn remembered(key: &Key, worker: usize) -> Key {
    let mut key = key.clone();
    if key.resource.plural == "events" {
        let about = key.name.rsplit_once('.').map_or("", |(about, _)| about);
        key.name = format!("{about} by {worker}");
    }
    key
}

/// A path without the name of an Event.
pub(super) fn place(path: &str) -> &str {
    let (place, _) = path.rsplit_once('/').unwrap_or((path, ""));
    if place.ends_with("/events") { place } else { path }
}

impl Names {
    pub fn new(rules: &Rules) -> Names {
        let all = |paths: &[&str]| paths.iter().map(|path| Mask::new(path)).collect();
        let terms = if rules.real_time { all(&TERMS) } else { Vec::new() };
        Names { masks: rules.ignore.clone(), clocks: all(&CLOCKS), terms, ..Names::default() }
    }

    /// Whether anything is masked.
    pub fn masks(&self) -> bool {
        !self.masks.is_empty()
    }

    /// An object or a body with what is masked covered.
    pub fn covered(&self, value: &Arc<Value>) -> Arc<Value> {
        let mut value = Value::clone(value);
        self.masks.iter().for_each(|mask| mask.cover(&mut value));
        Arc::new(value)
    }

    /// An object has come to this version.
    pub fn learn(&mut self, key: &Key, revision: Revision, object: Option<&Value>) {
        let version = self.versions.entry(key.clone()).or_default();
        *version += 1;
        self.revisions.insert(revision.0, format!("{key}@{version}"));
        let uid = object.and_then(|object| object["metadata"]["uid"].as_str());
        let Some(uid) = uid.filter(|uid| !self.uids.contains_key(*uid)) else { return };
        let incarnation = self.incarnations.entry(key.clone()).or_default();
        *incarnation += 1;
        self.uids.insert(uid.to_owned(), format!("{key}#{incarnation}"));
    }

    /// A worker names itself as the holder of a Lease. client-go makes up a uid for that in every
    /// process, and says it in Events too: it is the n-th of this worker.
    pub fn learn_candidate(&mut self, worker: usize, lease: &[u8]) {
        let value = || serde_json::from_slice(lease).ok().or_else(|| rest::protobuf_value(lease));
        let Some(value) = value().filter(|_: &Value| !self.terms.is_empty()) else { return };
        let identity = value["spec"]["holderIdentity"].as_str().unwrap_or_default();
        let uid = (0..identity.len()).find_map(|at| uid_at(identity.as_bytes(), at));
        let Some(uid) = uid.filter(|uid| !self.uids.contains_key(*uid)) else { return };
        let own = format!("candidate {worker}#");
        let known = self.uids.values().filter(|name| name.starts_with(&own)).count();
        self.uids.insert(uid.to_owned(), format!("{own}{}", known + 1));
    }

    /// Feeds a text with every revision and uid under its name.
    pub fn feed(&self, bytes: &[u8], digest: &mut Digest) {
        let mut from = 0;
        let mut at = 0;
        while at < bytes.len() {
            let inside = at > 0 && bytes[at - 1].is_ascii_alphanumeric();
            let found = match bytes[at] {
                _ if inside => None,
                byte if byte.is_ascii_hexdigit() => self.name_at(bytes, at),
                _ => None,
            };
            match found {
                Some((name, length)) => {
                    digest.bytes(&bytes[from..at]);
                    digest.feed(name);
                    at += length;
                    from = at;
                }
                None => at += 1,
            }
        }
        digest.bytes(&bytes[from..]);
        digest.feed(&bytes.len());
    }

    fn name_at(&self, bytes: &[u8], at: usize) -> Option<(&String, usize)> {
        let ends =
            |length: usize| bytes.get(at + length).is_none_or(|next| !next.is_ascii_alphanumeric());
        if bytes[at] == b'7' {
            let digits = bytes[at..].iter().take(20).take_while(|b| b.is_ascii_digit()).count();
            if digits == 10 && ends(digits) {
                let text = std::str::from_utf8(&bytes[at..at + digits]).ok()?;
                return self.revisions.get(&text.parse().ok()?).map(|name| (name, digits));
            }
        }
        uid_at(bytes, at).and_then(|uid| self.uids.get(uid)).map(|name| (name, UID))
    }

    /// Feeds what a worker sends, about a Lease or something else. The order of its keys means
    /// nothing: it may be that of a hash map.
    pub fn feed_body(&self, bytes: &[u8], lease: bool, digest: &mut Digest) {
        let value = serde_json::from_slice::<Value>(bytes).ok();
        match value.or_else(|| rest::protobuf_value(bytes)) {
            Some(mut value) => {
                if lease {
                    self.terms.iter().for_each(|mask| mask.cover(&mut value));
                }
                self.feed_value(value, digest);
            }
            None => self.feed(bytes, digest),
        }
    }

    /// Feeds an answer or an event: what is masked, and the revision of a list as a whole, left
    /// out.
    pub fn feed_json(&self, bytes: &[u8], collection: bool, digest: &mut Digest) {
        let told = rest::protobuf_value(bytes);
        let masked = !self.masks.is_empty()
            || says(bytes, b"\"Event")
            || (!self.terms.is_empty() && says(bytes, b"\"Lease"));
        if told.is_none() && !collection && !masked {
            return self.feed(bytes, digest);
        }
        let Some(mut value) = told.or_else(|| serde_json::from_slice(bytes).ok()) else {
            return self.feed(bytes, digest);
        };
        if collection && let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
        }
        self.feed_value(value, digest);
    }

    fn feed_value(&self, mut value: Value, digest: &mut Digest) {
        self.masks.iter().for_each(|mask| mask.cover(&mut value));
        let is = |value: &Value, kind: &str, list: &str| {
            [&value["kind"], &value["object"]["kind"]].iter().any(|it| *it == kind || *it == list)
        };
        if is(&value, "Event", "EventList") {
            self.clocks.iter().for_each(|mask| mask.cover(&mut value));
        }
        if is(&value, "Lease", "LeaseList") {
            self.terms.iter().for_each(|mask| mask.cover(&mut value));
        }
        // A dependent crate may have turned on that maps keep the order in which they were made.
        value.sort_all_objects();
        self.feed(value.to_string().as_bytes(), digest);
    }
}

const UID: usize = 36;

/// The uid that may stand here.
fn uid_at(bytes: &[u8], at: usize) -> Option<&str> {
    let uid = bytes.get(at..at + UID)?;
    let dashed = [8, 13, 18, 23].iter().all(|dash| uid[*dash] == b'-');
    let ends = bytes.get(at + UID).is_none_or(|next| !next.is_ascii_alphanumeric());
    std::str::from_utf8(uid).ok().filter(|_| dashed && ends)
}

/// Whether this stands somewhere in a body.
fn says(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|window| window == text)
}
