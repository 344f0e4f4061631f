//! Questions that every witness asks of the events of a run.
//!
//! Next to read: `lost.rs`.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{FieldPath, Revision};
use crate::reconcilers::Basis;
use crate::trace::{Action, Event};

/// Whether a step moved a field from one value to another.
pub(super) fn moves(event: &Event, path: &FieldPath) -> bool {
    let value = |object: &Option<Arc<Value>>| {
        object.as_deref().and_then(|object| path.get(object)).cloned()
    };
    value(&event.before) != value(&event.after)
}

/// The resourceVersion of the object in the store after a step.
pub(super) fn revision_after(event: &Event) -> Option<Revision> {
    event.after.as_deref().map(|object| Basis::of(object).revision)
}

/// The read that a worker's step was built from.
pub(super) fn read_before(events: &[Event], at: usize) -> Option<usize> {
    let event = &events[at];
    let is_read = |event: &Event| {
        matches!(event.action, Action::Read | Action::CacheRead | Action::Load { .. })
    };
    let reads = (0..at).rev().filter(|&i| events[i].actor == event.actor && is_read(&events[i]));
    let basis = event.basis.as_ref().map(|basis| basis.revision);
    let same = |&i: &usize| events[i].basis.as_ref().map(|basis| basis.revision) == basis;
    reads.clone().find(same).or_else(|| reads.clone().next())
}

/// The commit by another worker that made a read stale.
pub(super) fn overtaken_by(events: &[Event], at: usize, read: Option<usize>) -> Option<usize> {
    let read = read?;
    let other = |i: &usize| {
        let event = &events[*i];
        event.committed && event.actor != events[at].actor && event.key == events[at].key
    };
    // From a cache, the commit may be older than the read.
    (read..at).find(other).or_else(|| (0..read).rev().find(other))
}

/// The field that a step is about, for the report.
pub(super) fn first_field(event: &Event, events: &[Event]) -> String {
    let of_worker =
        || events.iter().filter(|e| e.actor == event.actor).find_map(|e| e.intent.first());
    let change = event.intent.first().or_else(of_worker);
    change.map(|change| change.path.to_string()).unwrap_or_default()
}

/// Whether two writes meant to change a field in common.
pub(super) fn meets(a: &Event, b: &Event) -> bool {
    a.intent.iter().any(|x| b.intent.iter().any(|y| x.path.overlaps(&y.path)))
}

/// The latest acknowledged write by another worker that a step's base did not have.
pub(super) fn unseen_by(events: &[Event], culprit: usize) -> Option<usize> {
    let basis = events[culprit].basis.as_ref().map(|basis| basis.revision);
    (0..culprit).rev().find(|&at| {
        let event = &events[at];
        let other = event.actor != events[culprit].actor;
        event.is_acknowledged() && event.committed && other && revision_after(event) > basis
    })
}
