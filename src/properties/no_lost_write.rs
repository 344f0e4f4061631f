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
//! An append (`$append`) means that the list contains its item: two appends do not meet, and a
//! later one loses an earlier one exactly if it takes the item out of the list.
//!
//! At the end, a pending intent that is not as intended is lost, whoever took it away: a full
//! update that replaced it, a list that was sent whole, a diff that never contained it, a server
//! that ignored it. An acknowledged write whose object is another incarnation (uid) than the one it
//! was built from is lost at once; a recreation voids what was meant for the old incarnation.
//! Next to read: `witness/mod.rs`, which names victim, stale read and culprit.

use std::sync::Arc;

use serde_json::Value;

use super::Property;
use crate::apiserver::{FieldPath, Key, Revision};
use crate::reconcilers::{Basis, Change, Exchange, Job};
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

/// One acknowledged intent that nobody has replaced. Whose it is does not matter for what becomes
/// of it, and would tell states apart; the witness finds that in the trace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pending {
    /// On which object.
    pub key: Key,
    /// Which field.
    pub path: FieldPath,
    /// What it is to be; `None` for absent. Kept as JSON text, which has an order.
    wanted: Option<String>,
    /// For an append: the item that the list is to contain.
    item: Option<String>,
    /// The revision of the acknowledged write; 0 where no comparison needs it.
    at: Revision,
}

/// What is remembered of a history.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Intents {
    /// The acknowledged intents that nobody has replaced, in a canonical order.
    Pending(Vec<Pending>),
    /// One was lost for good: nothing that comes later matters.
    Lost,
}

impl Pending {
    /// Whether it is what a change meant.
    pub fn is_of(&self, change: &Change) -> bool {
        let item = change.item.as_ref().map(Value::to_string);
        self.path == change.path && self.item == item
    }

    /// Whether the field is as intended.
    pub fn is_there(&self, object: Option<&Arc<Value>>) -> bool {
        let Some(object) = object else {
            // A deleted object takes everything with it; that is somebody's intent.
            return true;
        };
        let value = |text: &String| {
            serde_json::from_str::<Value>(text).expect("it was printed from a value")
        };
        let (value, item) = (self.wanted.as_ref().map(value), self.item.as_ref().map(value));
        Change { path: self.path.clone(), value, derived: false, item }.is_made_in(object)
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

    /// The pending intent that an event loses for good, if it does: a lost update, or a write that
    /// landed on another incarnation of its object.
    pub fn lost_by(&self, pending: &[Pending], event: &Event) -> Option<Pending> {
        let (key, basis) = committed_write(event)?;
        let lost_update = pending.iter().find(|pending| {
            let unknown = |change: &Change| {
                let appends = pending.item.is_some() && change.item.is_some();
                let stale = basis.revision < pending.at;
                change.derived && stale && !appends && pending.meets(key, change)
            };
            event.intent.iter().any(unknown)
        });
        let stored = event.after.as_deref().map(Basis::of);
        let elsewhere = stored.is_some_and(|s| !basis.uid.is_empty() && s.uid != basis.uid);
        let wrong_object = || {
            let change = event.intent.first().filter(|_| elsewhere && event.answered)?;
            Some(self.pending(key, change, event))
        };
        lost_update.cloned().or_else(wrong_object)
    }

    fn pending(&self, key: &Key, change: &Change, event: &Event) -> Pending {
        Pending {
            key: key.clone(),
            path: change.path.clone(),
            wanted: change.value.as_ref().map(Value::to_string),
            item: change.item.as_ref().map(Value::to_string),
            at: if self.compares(&change.path) { stored_at(event) } else { Revision(0) },
        }
    }
}

impl Pending {
    /// Whether a change means to change this field too. Two appends mean different items of one
    /// list, unless the item is the same.
    fn meets(&self, key: &Key, change: &Change) -> bool {
        let apart = match (&self.item, &change.item) {
            (Some(mine), Some(other)) => {
                let other = other.to_string();
                *mine != other
            }
            _ => false,
        };
        self.key == *key && self.path.overlaps(&change.path) && !apart
    }
}

/// The object and basis of a worker's write that the server answered 2xx. If the response was
/// lost, it overwrites all the same, but promised nothing.
fn committed_write(event: &Event) -> Option<(&Key, &Basis)> {
    let reached = event.is_write() && event.code.is_some_and(|code| code / 100 == 2);
    let by_worker = reached && event.worker().is_some();
    by_worker.then_some((event.key.as_ref()?, event.basis.as_ref()?))
}

impl Property for NoLostWrite {
    type Memory = Intents;

    const NAME: &'static str = "no-lost-write";

    fn start(&self) -> Intents {
        Intents::Pending(Vec::new())
    }

    fn observe(&self, memory: &mut Intents, event: &Event) -> bool {
        let Intents::Pending(pending) = memory else { return false };
        if event.action == Action::Fault(Fault::Recreation) {
            pending.retain(|pending| Some(&pending.key) != event.key.as_ref());
        }
        let Some((key, _)) = committed_write(event) else { return false };
        if self.lost_by(pending, event).is_some() {
            *memory = Intents::Lost;
            return true;
        }
        pending.retain(|pending| !event.intent.iter().any(|change| pending.meets(key, change)));
        let promised = event.intent.iter().filter(|_| event.answered);
        pending.extend(promised.map(|change| self.pending(key, change, event)));
        pending.sort();
        false
    }

    fn decides_at_end(&self, memory: &Intents, ending: &Ending) -> bool {
        memory.pending().iter().any(|pending| !pending.is_there(ending.objects.get(&pending.key)))
    }

    fn revisions(&self, memory: &Intents) -> Vec<Revision> {
        let at = memory.pending().iter().map(|pending| pending.at);
        at.filter(|at| *at != Revision(0)).collect()
    }

    fn exchange(&self, memory: &mut Intents, exchange: &Exchange) {
        let Intents::Pending(pending) = memory else { return };
        for pending in pending.iter_mut().filter(|pending| pending.key == *exchange.key()) {
            pending.path = exchange.path(&pending.path);
        }
        pending.sort();
    }

    fn rename_revisions(&self, memory: &mut Intents, rename: &dyn Fn(Revision) -> Revision) {
        let Intents::Pending(pending) = memory else { return };
        for pending in pending.iter_mut().filter(|pending| pending.at != Revision(0)) {
            pending.at = rename(pending.at);
        }
    }
}

impl Intents {
    /// The intents that are pending; none, once one was lost for good.
    pub fn pending(&self) -> &[Pending] {
        match self {
            Intents::Pending(pending) => pending,
            Intents::Lost => &[],
        }
    }
}

/// The resourceVersion that the write left the object at: whoever reads it knows the write.
fn stored_at(event: &Event) -> Revision {
    event.after.as_deref().map_or(event.revision, |object| Basis::of(object).revision)
}
