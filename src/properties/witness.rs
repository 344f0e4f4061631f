//! Which three steps a report points at: the victim, the stale read, and the culprit; and how the
//! write was lost.
//!
//! Reads a finished trace, never runs anything. The victim's field is looked at step by step: the
//! culprit is the last step that took it away after the victim was acknowledged. If no step did,
//! it was never there: the server ignored it, the diff did not contain it, or memory was
//! overwritten before it was sent. Next to read: `check/result.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::no_lost_write::Pending;
use super::{ConflictIsStale, Converges, NoLostWrite, NoStaleOverwrite, Property, Serializable};
use crate::apiserver::{FieldPath, PatchKind, Verb};
use crate::check::LossClass;
use crate::reconcilers::{Basis, Change};
use crate::simulation::{BoxedMemory, Ending};
use crate::trace::{Action, Event, Trace};

/// What was found in a trace that violates a property. Steps are indices into the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How the write was lost.
    pub class: LossClass,
    /// The write that is gone.
    pub victim: usize,
    /// The field that is gone.
    pub field: String,
    /// The read that was out of date.
    pub stale_read: Option<usize>,
    /// The step that took the field away.
    pub culprit: Option<usize>,
}

/// Finds the three steps. `memory` is what the property remembers at the end of the trace.
pub fn find_witness(
    property: &str,
    memory: &BoxedMemory,
    trace: &Trace,
    ending: &Ending,
) -> Option<Found> {
    let events = &trace.events;
    match property {
        NoLostWrite::NAME => {
            let pending: &Vec<Pending> = (**memory).as_any().downcast_ref()?;
            let lost = pending.iter().filter(|pending| {
                pending.lost || !pending.is_there(ending.objects.get(&pending.key))
            });
            // The earliest victim, so that the story begins at the beginning.
            lost.filter_map(|pending| lost_write(events, pending))
                .min_by_key(|f| (f.victim, f.culprit))
        }
        Converges::NAME => events
            .iter()
            .position(|event| event.mark.dropped)
            .map(|at| {
                let class = LossClass::Dropped;
                let stale_read = read_before(events, at);
                let culprit = overtaken_by(events, at, stale_read);
                Found {
                    class,
                    victim: at,
                    field: first_field(&events[at], events),
                    stale_read,
                    culprit,
                }
            })
            .or_else(|| never_done(trace)),
        NoStaleOverwrite::NAME => stale_overwrite(events),
        ConflictIsStale::NAME => {
            let judge = |event: &Event| Property::observe(&ConflictIsStale, &mut (), event);
            let at = events.iter().position(judge)?;
            let stale_read = read_before(events, at);
            let field = "metadata.resourceVersion".to_owned();
            Some(Found {
                class: LossClass::Clobber,
                victim: at,
                field,
                stale_read,
                culprit: Some(at),
            })
        }
        Serializable::NAME => not_serializable(events, ending),
        _ => None,
    }
}

/// The intents of an event, one per field.
fn change_at<'e>(event: &'e Event, path: &FieldPath) -> Option<&'e Change> {
    event.intent.iter().find(|change| change.path == *path)
}

fn lost_write(events: &[Event], pending: &Pending) -> Option<Found> {
    let meant = |event: &Event| {
        event.worker() == Some(pending.worker)
            && event.is_acknowledged()
            && event.key.as_ref() == Some(&pending.key)
    };
    let wrote =
        |event: &&(usize, &Event)| meant(event.1) && change_at(event.1, &pending.path).is_some();
    let acknowledged: Vec<(usize, &Event)> = events.iter().enumerate().collect();
    let writes: Vec<usize> = acknowledged.iter().filter(wrote).map(|(at, _)| *at).collect();
    let field = pending.path.to_string();
    // A lost update may have been followed by writes of the same worker that knew nothing of it.
    for &victim in writes.iter().rev().filter(|_| pending.lost) {
        if let Some(culprit) = lost_update(events, victim, &pending.path) {
            let stale_read = read_before(events, culprit);
            let class = class_of_culprit(&events[culprit], &events[victim], &pending.path);
            return Some(Found { class, victim, field, stale_read, culprit: Some(culprit) });
        }
    }
    let victim = *writes.last()?;
    let change = change_at(&events[victim], &pending.path)?;
    if wrong_incarnation(&events[victim]) {
        let stale_read = read_before(events, victim);
        let class = LossClass::WrongObject;
        return Some(Found { class, victim, field, stale_read, culprit: Some(victim) });
    }
    let there = |object: &Option<Arc<Value>>| {
        object
            .as_deref()
            .is_some_and(|object| change.path.satisfied_by(object, change.value.as_ref()))
    };
    if !there(&events[victim].after) {
        return Some(never_there(events, victim, change));
    }
    let took = |at: &usize| {
        let event = &events[*at];
        event.key.as_ref() == Some(&pending.key) && there(&event.before) && !there(&event.after)
    };
    let culprit = (victim + 1..events.len()).rev().find(took)?;
    let class = match &change.value {
        None => LossClass::Resurrected,
        Some(_) => class_of_culprit(&events[culprit], &events[victim], &change.path),
    };
    let stale_read = read_before(events, culprit);
    Some(Found { class, victim, field, stale_read, culprit: Some(culprit) })
}

/// The first committed write after `victim` whose value for the field was computed from a read
/// older than the victim's write.
fn lost_update(events: &[Event], victim: usize, path: &FieldPath) -> Option<usize> {
    let at = Basis::of(events[victim].after.as_deref()?).revision;
    (victim + 1..events.len()).find(|&index| {
        let event = &events[index];
        let stale = event.basis.as_ref().is_some_and(|basis| basis.revision < at);
        let derived = |change: &Change| change.derived && change.path.overlaps(path);
        event.is_write()
            && event.code.is_some_and(|c| c / 100 == 2)
            && stale
            && event.intent.iter().any(derived)
    })
}

fn wrong_incarnation(event: &Event) -> bool {
    let stored = event.after.as_deref().map(Basis::of);
    let built_from = event.basis.as_ref().map(|basis| &basis.uid);
    stored.is_some_and(|stored| built_from.is_some_and(|uid| *uid != stored.uid))
}

/// How a culprit took a field away.
fn class_of_culprit(culprit: &Event, victim: &Event, path: &FieldPath) -> LossClass {
    if culprit.after.as_deref().map(|o| Basis::of(o).uid)
        != victim.after.as_deref().map(|o| Basis::of(o).uid)
    {
        return LossClass::WrongObject;
    }
    match &culprit.action {
        Action::Write { verb: Verb::Patch, patch: Some(kind), sent, .. } => {
            let list = path.outermost_list().or_else(|| list_itself(path, culprit));
            match (kind, list) {
                (PatchKind::Merge | PatchKind::Strategic | PatchKind::Apply, Some(list))
                    if list.get(sent).is_some_and(Value::is_array) =>
                {
                    LossClass::ListReplaced
                }
                (PatchKind::Json, Some(_)) => LossClass::ListReplaced,
                _ => LossClass::Clobber,
            }
        }
        _ => LossClass::Clobber,
    }
}

/// The field itself, if it is a list.
fn list_itself(path: &FieldPath, culprit: &Event) -> Option<FieldPath> {
    let is_list = |object: &Option<Arc<Value>>| {
        object.as_deref().and_then(|object| path.get(object)).is_some_and(Value::is_array)
    };
    (is_list(&culprit.before) || is_list(&culprit.after)).then(|| path.clone())
}

/// The field was not as intended right after its own acknowledged write.
fn never_there(events: &[Event], victim: usize, change: &Change) -> Found {
    let event = &events[victim];
    let field = change.path.to_string();
    let found = |class, stale_read, culprit| Found {
        class,
        victim,
        field: field.clone(),
        stale_read,
        culprit: Some(culprit),
    };
    if let Some(decode) = wiped_in_memory(events, victim, change) {
        let put = (0..decode)
            .rev()
            .find(|&at| events[at].actor == events[decode].actor && events[at].is_write());
        return found(LossClass::Clobber, put.or_else(|| read_before(events, victim)), decode);
    }
    if sends(event, change) {
        return found(LossClass::Ignored, read_before(events, victim), victim);
    }
    // The diff did not contain it. If it did contain another field of the same intent, the result
    // is a combination that no worker computed.
    let others = event.intent.iter().filter(|other| other.path != change.path);
    let landed = |other: &Change| sends(event, other);
    let class = if others.into_iter().any(landed) { LossClass::Torn } else { LossClass::Omitted };
    found(class, read_before(events, victim), victim)
}

/// Whether the body of a write says what the change wants.
fn sends(event: &Event, change: &Change) -> bool {
    let Action::Write { patch, sent, .. } = &event.action else { return false };
    match (patch, &change.value) {
        (Some(PatchKind::Json), _) => {
            let root = format!("/{}", change.path.field_names().join("/"));
            let at = |operation: &Value| operation["path"].as_str().unwrap_or_default().to_owned();
            let operations = sent.as_array().into_iter().flatten();
            operations.filter(|o| o["op"] != "test").any(|operation| {
                let path = at(operation);
                root.starts_with(&path) || path.starts_with(&root)
            })
        }
        (_, None) => {
            // A removal is sent as null in a merge patch, by absence in a PUT.
            *patch != Some(PatchKind::Merge) || change.path.get(sent).is_some()
        }
        (_, Some(wanted)) => change.path.satisfied_by(sent, Some(wanted)),
    }
}

/// The decoding, by a neighbour, that wiped a touched field before its own PUT was sent.
fn wiped_in_memory(events: &[Event], victim: usize, change: &Change) -> Option<usize> {
    let worker = events[victim].actor;
    let touch = (0..victim)
        .rev()
        .find(|&at| events[at].actor == worker && events[at].action == Action::Touch)?;
    (touch + 1..victim).rev().find(|&at| {
        let decoded = events[at].seen.as_deref();
        events[at].action == Action::Decode
            && decoded.is_some_and(|held| !change.path.satisfied_by(held, change.value.as_ref()))
    })
}

/// The read that a worker's step was built from.
fn read_before(events: &[Event], at: usize) -> Option<usize> {
    let event = &events[at];
    let is_read = |event: &Event| {
        matches!(event.action, Action::Read | Action::CacheRead | Action::Load { .. })
    };
    let reads = (0..at).rev().filter(|&i| events[i].actor == event.actor && is_read(&events[i]));
    let basis = event.basis.as_ref().map(|basis| basis.revision);
    let same = |&i: &usize| events[i].basis.as_ref().map(|basis| basis.revision) == basis;
    reads.clone().find(same).or_else(|| reads.clone().next())
}

/// The commit by somebody else that made a read stale.
fn overtaken_by(events: &[Event], at: usize, read: Option<usize>) -> Option<usize> {
    let read = read?;
    let other = |i: &usize| {
        events[*i].committed
            && events[*i].actor != events[at].actor
            && events[*i].key == events[at].key
    };
    // From a cache, the commit may be older than the read.
    (read..at).find(other).or_else(|| (0..read).rev().find(other))
}

fn first_field(event: &Event, events: &[Event]) -> String {
    let own = event.intent.first();
    let of_worker =
        || events.iter().filter(|e| e.actor == event.actor).find_map(|e| e.intent.first());
    own.or_else(of_worker).map(|change| change.path.to_string()).unwrap_or_default()
}

/// A trace that ends before everybody is done: somebody retries forever.
fn never_done(trace: &Trace) -> Option<Found> {
    if trace.finished {
        return None;
    }
    let victim = trace.events.iter().rposition(|event| event.worker().is_some())?;
    let field = first_field(&trace.events[victim], &trace.events);
    let stale_read = read_before(&trace.events, victim);
    let culprit = overtaken_by(&trace.events, victim, stale_read);
    Some(Found { class: LossClass::Dropped, victim, field, stale_read, culprit })
}

/// The first step that moves a field back, and the write whose value it replaced.
fn stale_overwrite(events: &[Event]) -> Option<Found> {
    for (culprit, event) in events.iter().enumerate().filter(|(_, e)| e.committed && e.is_write()) {
        let Some(basis) = &event.basis else { continue };
        for (victim, earlier) in events[..culprit].iter().enumerate().rev() {
            let newer = earlier.basis.as_ref().is_some_and(|b| b.generation > basis.generation);
            if !(newer && earlier.committed && earlier.is_write() && earlier.key == event.key) {
                continue;
            }
            let moved = |change: &&Change| {
                let value = |object: &Option<Arc<Value>>| {
                    object.as_deref().and_then(|object| change.path.get(object)).cloned()
                };
                value(&event.before) != value(&event.after)
                    && value(&earlier.before) != value(&earlier.after)
            };
            if let Some(change) = earlier.intent.iter().chain(event.intent.iter()).find(moved) {
                let class = class_of_culprit(event, earlier, &change.path);
                return Some(Found {
                    class,
                    victim,
                    field: change.path.to_string(),
                    stale_read: read_before(events, culprit),
                    culprit: Some(culprit),
                });
            }
        }
    }
    None
}

/// No order of the runs explains the end: the last acknowledged write that was built from a base
/// which another acknowledged write had overtaken.
fn not_serializable(events: &[Event], ending: &Ending) -> Option<Found> {
    let committed = |event: &Event| event.committed && event.is_write();
    let stale = |culprit: &usize| {
        let event = &events[*culprit];
        let basis = event.basis.as_ref().map(|basis| basis.revision);
        committed(event) && overtaking(events, *culprit, basis).is_some()
    };
    let culprit = (0..events.len())
        .rev()
        .find(stale)
        .or_else(|| (0..events.len()).rev().find(|&at| committed(&events[at])))?;
    let basis = events[culprit].basis.as_ref().map(|basis| basis.revision);
    let victim = overtaking(events, culprit, basis).unwrap_or(culprit);
    let change = events[victim].intent.first();
    let stays = |change: &Change| {
        let object = events[victim].key.as_ref().and_then(|key| ending.objects.get(key));
        object.is_some_and(|object| change.path.satisfied_by(object, change.value.as_ref()))
    };
    let class = match change {
        _ if victim == culprit => LossClass::Torn,
        // Both writes are still there, and yet no order leads to both.
        Some(change) if stays(change) && !meets(&events[victim], &events[culprit]) => {
            LossClass::Skew
        }
        Some(change) => class_of_culprit(&events[culprit], &events[victim], &change.path),
        None => LossClass::Torn,
    };
    let field = first_field(&events[victim], events);
    let stale_read = read_before(events, culprit);
    Some(Found { class, victim, field, stale_read, culprit: Some(culprit) })
}

fn overtaking(
    events: &[Event],
    culprit: usize,
    basis: Option<crate::apiserver::Revision>,
) -> Option<usize> {
    (0..culprit).rev().find(|&at| {
        let event = &events[at];
        let after = event.after.as_deref().map(|object| Basis::of(object).revision);
        event.is_acknowledged()
            && event.committed
            && event.actor != events[culprit].actor
            && after > basis
    })
}

/// Whether two writes meant to change a field in common.
fn meets(a: &Event, b: &Event) -> bool {
    a.intent.iter().any(|x| b.intent.iter().any(|y| x.path.overlaps(&y.path)))
}
