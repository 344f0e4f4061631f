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
use crate::apiserver::{Key, Revision};

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
    pub fn new(masks: &[Mask]) -> Names {
        let clocks = CLOCKS.iter().map(|path| Mask::new(path)).collect();
        Names { masks: masks.to_vec(), clocks, ..Names::default() }
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
        const UID: usize = 36;
        let ends =
            |length: usize| bytes.get(at + length).is_none_or(|next| !next.is_ascii_alphanumeric());
        if bytes[at] == b'7' {
            let digits = bytes[at..].iter().take(20).take_while(|b| b.is_ascii_digit()).count();
            if digits == 10 && ends(digits) {
                let text = std::str::from_utf8(&bytes[at..at + digits]).ok()?;
                return self.revisions.get(&text.parse().ok()?).map(|name| (name, digits));
            }
        }
        let uid = bytes.get(at..at + UID)?;
        let dashed = [8, 13, 18, 23].iter().all(|dash| uid[*dash] == b'-');
        if !dashed || !ends(UID) {
            return None;
        }
        self.uids.get(std::str::from_utf8(uid).ok()?).map(|name| (name, UID))
    }

    /// Feeds what a worker sends. The order of its keys means nothing: it may be that of a hash
    /// map.
    pub fn feed_body(&self, bytes: &[u8], digest: &mut Digest) {
        match serde_json::from_slice::<Value>(bytes) {
            Ok(value) => self.feed_value(value, digest),
            Err(_) => self.feed(bytes, digest),
        }
    }

    /// Feeds an answer or an event: what is masked, and the revision of a list as a whole, left
    /// out.
    pub fn feed_json(&self, bytes: &[u8], collection: bool, digest: &mut Digest) {
        if self.masks.is_empty() && !collection && !may_be_event(bytes) {
            return self.feed(bytes, digest);
        }
        let Ok(mut value) = serde_json::from_slice::<Value>(bytes) else {
            return self.feed(bytes, digest);
        };
        if collection && let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
        }
        self.feed_value(value, digest);
    }

    fn feed_value(&self, mut value: Value, digest: &mut Digest) {
        self.masks.iter().for_each(|mask| mask.cover(&mut value));
        let kind = |value: &Value| value["kind"] == "Event" || value["kind"] == "EventList";
        if kind(&value) || kind(&value["object"]) {
            self.clocks.iter().for_each(|mask| mask.cover(&mut value));
        }
        // A dependent crate may have turned on that maps keep the order in which they were made.
        value.sort_all_objects();
        self.feed(value.to_string().as_bytes(), digest);
    }
}

/// Whether this may be an Event, or a list of them, as JSON.
fn may_be_event(bytes: &[u8]) -> bool {
    const KIND: &[u8] = b"\"Event";
    bytes.windows(KIND.len()).any(|window| window == KIND)
}
