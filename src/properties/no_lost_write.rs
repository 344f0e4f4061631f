//! `no-lost-write`: every acknowledged intent is still there at the end, unless it was overwritten
//! by somebody who meant to.
//!
//! Berenson's P4, *lost update*, field by field. An acknowledged write leaves one *pending*
//! intent per field it meant to change. A later committed write that means to change an
//! overlapping field replaces it
//! - rightly, if it had read at or after the pending one, or sets a literal (it would have set it
//!   whatever it had read), or is the same worker's own literal;
//! - as a *lost update*, if its value was computed from a read older than the pending one.
//!
//! At the end, a pending intent that is not as intended is lost, whoever took it away: a full
//! update that replaced it, a list that was sent whole, a diff that never contained it, a server
//! that ignored it. An acknowledged write whose object is another incarnation (uid) than the one it
//! was built from is lost at once; a recreation voids what was meant for the old incarnation.
//! Next to read: `witness.rs`, which names victim, stale read and culprit.

use std::sync::Arc;

use serde_json::Value;

use super::Property;
use crate::apiserver::{FieldPath, Key, Revision};
use crate::reconcilers::{Basis, Change, Job};
use crate::simulation::Ending;
use crate::trace::{Action, Event, Fault};

/// The property.
#[derive(Debug)]
pub struct NoLostWrite {
    /// Fields to which somebody writes a value derived from a read: only there does it matter
    /// *when* a pending intent was acknowledged.
    derived: Vec<FieldPath>,
    /// Whether a worker's fields are not known beforehand (a worker type of the user's).
    unknown: bool,
}

/// One acknowledged intent that nobody has replaced.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pending {
    /// Whose it is.
    pub worker: usize,
    /// On which object.
    pub key: Key,
    /// Which field.
    pub path: FieldPath,
    /// What it is to be; `None` for absent. Kept as JSON text, which has an order.
    wanted: Option<String>,
    /// The revision of the acknowledged write; 0 where no comparison needs it.
    at: Revision,
    /// Already lost, whatever the end looks like.
    pub lost: bool,
}

impl Pending {
    /// Whether the field is as intended.
    pub fn is_there(&self, object: Option<&Arc<Value>>) -> bool {
        let Some(object) = object else {
            // A deleted object takes everything with it; that is somebody's intent.
            return true;
        };
        let wanted = self
            .wanted
            .as_ref()
            .map(|text| serde_json::from_str::<Value>(text).expect("it was printed from a value"));
        self.path.satisfied_by(object, wanted.as_ref())
    }
}

impl NoLostWrite {
    /// For workers with these jobs.
    pub fn new(jobs: &[Option<Arc<Job>>]) -> Self {
        let sets = jobs.iter().flatten().flat_map(|job| &job.sets);
        let derived = sets.filter(|set| set.value.is_derived()).map(|set| set.path.clone());
        NoLostWrite { derived: derived.collect(), unknown: jobs.iter().any(Option::is_none) }
    }

    fn compares(&self, path: &FieldPath) -> bool {
        self.unknown || self.derived.iter().any(|derived| derived.overlaps(path))
    }

    /// What a committed write does to the intents that were pending before it.
    fn replace(memory: &mut Vec<Pending>, key: &Key, change: &Change, basis: &Basis) {
        let knows = |pending: &Pending| basis.revision >= pending.at;
        for pending in memory.iter_mut() {
            let meets = pending.key == *key && pending.path.overlaps(&change.path);
            pending.lost |= meets && change.derived && !knows(pending);
        }
        memory.retain(|pending| {
            let meets = pending.key == *key && pending.path.overlaps(&change.path);
            pending.lost || !meets
        });
    }
}

/// The pending intents, in a canonical order.
pub type PendingIntents = Vec<Pending>;

impl Property for NoLostWrite {
    type Memory = PendingIntents;

    const NAME: &'static str = "no-lost-write";

    fn start(&self) -> PendingIntents {
        Vec::new()
    }

    fn observe(&self, memory: &mut PendingIntents, event: &Event) -> bool {
        let Some(key) = &event.key else { return false };
        if event.action == Action::Fault(Fault::Recreation) {
            memory.retain(|pending| pending.key != *key || pending.lost);
        }
        let (Some(worker), Some(basis)) = (event.worker(), &event.basis) else { return false };
        let reached = event.code.is_some_and(|code| code / 100 == 2);
        if !event.is_write() || !reached {
            return false;
        }
        // A committed write whose response was lost overwrites all the same, but promised nothing.
        let other_incarnation = event
            .after
            .as_deref()
            .map(Basis::of)
            .is_some_and(|stored| !basis.uid.is_empty() && stored.uid != basis.uid);
        for change in event.intent.iter() {
            Self::replace(memory, key, change, basis);
        }
        for change in event.intent.iter().filter(|_| event.answered) {
            memory.push(Pending {
                worker,
                key: key.clone(),
                path: change.path.clone(),
                wanted: change.value.as_ref().map(Value::to_string),
                at: if self.compares(&change.path) { stored_at(event) } else { Revision(0) },
                lost: other_incarnation,
            });
        }
        memory.sort();
        memory.dedup();
        false
    }

    fn decides_at_end(&self, memory: &PendingIntents, ending: &Ending) -> bool {
        memory
            .iter()
            .any(|pending| pending.lost || !pending.is_there(ending.objects.get(&pending.key)))
    }

    fn revisions(&self, memory: &PendingIntents) -> Vec<Revision> {
        memory.iter().map(|pending| pending.at).filter(|at| *at != Revision(0)).collect()
    }

    fn rename_revisions(&self, memory: &mut PendingIntents, rename: &dyn Fn(Revision) -> Revision) {
        for pending in memory.iter_mut().filter(|pending| pending.at != Revision(0)) {
            pending.at = rename(pending.at);
        }
    }
}

/// The resourceVersion that the write left the object at: whoever reads it knows the write.
fn stored_at(event: &Event) -> Revision {
    event.after.as_deref().map_or(event.revision, |object| Basis::of(object).revision)
}
