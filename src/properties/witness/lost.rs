//! The witness of a lost write.
//!
//! The victim's field is looked at step by step: the culprit is the last step that took it away
//! after the victim was acknowledged. If no step did, it was never there: the server ignored it,
//! the diff did not contain it, or memory was overwritten before it was sent.
//! Next to read: `class.rs`.

use super::history::{change_at, is_there, read_before};
use super::{Found, class};
use crate::properties::LossClass;
use crate::properties::Property;
use crate::properties::no_lost_write::{Intents, NoLostWrite, Pending};
use crate::reconcilers::{Basis, Change};
use crate::simulation::Ending;
use crate::trace::{Action, Event};

/// The lost write of a run that ended so; the earliest one, so that the story begins at the
/// beginning.
pub(super) fn lost(intents: &Intents, events: &[Event], ending: &Ending) -> Option<Found> {
    if *intents == Intents::Lost {
        return lost_for_good(events);
    }
    let gone = |pending: &&Pending| !pending.is_there(ending.objects.get(&pending.key));
    let gone = intents.pending().iter().filter(gone);
    gone.filter_map(|pending| gone_at_end(events, pending)).min_by_key(|f| (f.victim, f.culprit))
}

/// The last acknowledged write of a pending intent before a step.
fn written(events: &[Event], before: usize, pending: &Pending) -> Option<usize> {
    (0..before).rev().find(|&at| {
        let event = &events[at];
        event.key.as_ref() == Some(&pending.key)
            && event.is_acknowledged()
            && event.intent.iter().any(|change| pending.is_of(change))
    })
}

fn gone_at_end(events: &[Event], pending: &Pending) -> Option<Found> {
    let victim = written(events, events.len(), pending)?;
    let change = change_at(&events[victim], &pending.path)?;
    if !is_there(change, &events[victim].after) {
        return Some(never_there(events, victim, change));
    }
    let took = |at: &usize| {
        let event = &events[*at];
        event.key.as_ref() == Some(&pending.key)
            && is_there(change, &event.before)
            && !is_there(change, &event.after)
    };
    let culprit = (victim + 1..events.len()).rev().find(took)?;
    let class = match &change.value {
        None => LossClass::Resurrected,
        Some(_) => class::of_culprit(&events[culprit], &events[victim], &change.path),
    };
    Some(found(events, class, victim, pending, culprit))
}

/// The first event that loses an intent for good: a lost update, or a write to another object.
fn lost_for_good(events: &[Event]) -> Option<Found> {
    // Whoever is asked, revisions are compared: this is one replay, and costs nothing.
    let property = NoLostWrite::new(&[None]);
    let mut memory = Property::start(&property);
    for (culprit, event) in events.iter().enumerate() {
        let Some(pending) = property.lost_by(memory.pending(), event) else {
            Property::observe(&property, &mut memory, event);
            continue;
        };
        if wrong_incarnation(event) {
            return Some(found(events, LossClass::WrongObject, culprit, &pending, culprit));
        }
        let victim = written(events, culprit, &pending)?;
        let class = class::of_culprit(event, &events[victim], &pending.path);
        return Some(found(events, class, victim, &pending, culprit));
    }
    None
}

fn wrong_incarnation(event: &Event) -> bool {
    let stored = event.after.as_deref().map(Basis::of);
    let built_from = event.basis.as_ref().map(|basis| &basis.uid);
    stored.is_some_and(|stored| built_from.is_some_and(|uid| *uid != stored.uid))
}

fn found(
    events: &[Event],
    class: LossClass,
    victim: usize,
    pending: &Pending,
    culprit: usize,
) -> Found {
    let stale_read = read_before(events, culprit);
    let field = pending.path.to_string();
    Found { class, victim, field, stale_read, culprit: Some(culprit) }
}

/// The field was not as intended right after its own acknowledged write.
fn never_there(events: &[Event], victim: usize, change: &Change) -> Found {
    let field = change.path.to_string();
    if let Some(decode) = wiped_in_memory(events, victim, change) {
        let sent = |at: &usize| events[*at].actor == events[decode].actor && events[*at].is_write();
        let stale_read = (0..decode).rev().find(sent);
        let culprit = Some(decode);
        return Found { class: LossClass::Clobber, victim, field, stale_read, culprit };
    }
    let class = class::of_absence(&events[victim], change);
    let stale_read = read_before(events, victim);
    Found { class, victim, field, stale_read, culprit: Some(victim) }
}

/// The decoding, by a neighbour, that wiped a touched field before its own PUT was sent.
fn wiped_in_memory(events: &[Event], victim: usize, change: &Change) -> Option<usize> {
    let worker = events[victim].actor;
    let mut before = (0..victim).rev();
    let touch =
        before.find(|&at| events[at].actor == worker && events[at].action == Action::Touch)?;
    (touch + 1..victim)
        .rev()
        .find(|&at| events[at].action == Action::Decode && !is_there(change, &events[at].seen))
}
