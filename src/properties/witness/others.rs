//! The witnesses of the properties other than `no-lost-write`.
//!
//! Next to read: `history.rs`.

use super::Found;
use super::history::{first_field, meets, moves, overtaken_by, read_before, unseen_by};
use crate::apiserver::FieldPath;
use crate::history::{LeafPath, LossClass, class_of};
use crate::properties::{ConflictIsStale, Property, Rules};
use crate::reconcilers::{Basis, Change};
use crate::simulation::Ending;
use crate::trace::{Event, Trace};

/// `converges`: the step at which a worker gave up, and the commit that had overtaken it.
pub(in crate::properties) fn dropped(events: &[Event]) -> Option<Found> {
    let victim = events.iter().position(|event| event.mark.dropped)?;
    Some(given_up(events, victim))
}

/// `converges`: a trace that ends before all are done; a worker retries forever.
pub(in crate::properties) fn never_done(trace: &Trace) -> Option<Found> {
    let events = &trace.events;
    let victim = events.iter().rposition(|event| event.worker().is_some())?;
    (!trace.finished).then(|| given_up(events, victim))
}

fn given_up(events: &[Event], victim: usize) -> Found {
    let stale_read = read_before(events, victim);
    let culprit = overtaken_by(events, victim, stale_read);
    let field = first_field(&events[victim], events);
    Found { class: LossClass::Dropped, victim, field, stale_read, culprit, finding: None }
}

/// `no-stale-overwrite`: the first step that moves a field back, and the write whose value it
/// replaced.
pub(in crate::properties) fn stale_overwrite(events: &[Event], rules: &Rules) -> Option<Found> {
    let writes = |event: &Event| event.committed && event.is_write();
    let generation = |event: &Event| event.basis.as_ref().map(|basis| basis.generation);
    for (culprit, event) in events.iter().enumerate().filter(|(_, event)| writes(event)) {
        for (victim, earlier) in events[..culprit].iter().enumerate().rev() {
            let newer = generation(earlier) > generation(event);
            if !(newer && writes(earlier) && earlier.key == event.key) {
                continue;
            }
            let moved =
                |change: &&Change| moves(event, &change.path) && moves(earlier, &change.path);
            if let Some(change) = earlier.intent.iter().chain(event.intent.iter()).find(moved) {
                let class = of_culprit(event, earlier, &change.path, rules);
                let stale_read = read_before(events, culprit);
                let field = change.path.to_string();
                return Some(Found {
                    class,
                    victim,
                    field,
                    stale_read,
                    culprit: Some(culprit),
                    finding: None,
                });
            }
        }
    }
    None
}

/// `conflict-is-stale`: the first step at which the server's answer was wrong.
pub(in crate::properties) fn wrong_conflict(events: &[Event]) -> Option<Found> {
    let judge = |event: &Event| Property::observe(&ConflictIsStale, &mut (), event);
    let victim = events.iter().position(judge)?;
    let stale_read = read_before(events, victim);
    let field = "metadata.resourceVersion".to_owned();
    Some(Found {
        class: LossClass::Clobber,
        victim,
        field,
        stale_read,
        culprit: Some(victim),
        finding: None,
    })
}

/// `serializable`: no order of the runs explains the end. The last committed write whose base
/// did not have an acknowledged write of another worker is the culprit. Where nothing was
/// committed, the last worker that did nothing is the victim: alone, it would have written.
pub(in crate::properties) fn not_serializable(
    events: &[Event],
    ending: &Ending,
    rules: &Rules,
) -> Option<Found> {
    let committed = |at: &usize| events[*at].committed && events[*at].is_write();
    let mut backwards = (0..events.len()).rev().filter(committed);
    let Some(last) = backwards.clone().next() else { return did_nothing(events) };
    let culprit = backwards.find(|&at| unseen_by(events, at).is_some()).unwrap_or(last);
    let victim = unseen_by(events, culprit).unwrap_or(culprit);
    let stays = |change: &Change| {
        let object = events[victim].key.as_ref().and_then(|key| ending.objects.get(key));
        object.is_some_and(|object| change.is_made_in(object))
    };
    let class = match events[victim].intent.first() {
        Some(change) if victim != culprit => {
            // Both writes are still there, and yet no order leads to both.
            let skew = stays(change) && !meets(&events[victim], &events[culprit]);
            let by_culprit = || of_culprit(&events[culprit], &events[victim], &change.path, rules);
            if skew { LossClass::Skew } else { by_culprit() }
        }
        _ => LossClass::Torn,
    };
    let field = first_field(&events[victim], events);
    let stale_read = read_before(events, culprit);
    Some(Found { class, victim, field, stale_read, culprit: Some(culprit), finding: None })
}

/// A write that was acknowledged and stored nothing, or a run that found nothing to do, though no
/// order of the runs explains that: what the worker had read is in no server.
fn did_nothing(events: &[Event]) -> Option<Found> {
    let empty = |event: &Event| event.is_write() && event.is_acknowledged();
    let (class, victim) = match events.iter().rposition(empty) {
        Some(victim) => (LossClass::Omitted, victim),
        None => (LossClass::Skew, events.iter().rposition(Event::is_skip)?),
    };
    let field = first_field(&events[victim], events);
    let stale_read = read_before(events, victim);
    Some(Found { class, victim, field, stale_read, culprit: None, finding: None })
}

/// How a step took a field away from a victim.
fn of_culprit(culprit: &Event, victim: &Event, path: &FieldPath, rules: &Rules) -> LossClass {
    let uid = |event: &Event| event.after.as_deref().map(|object| Basis::of(object).uid);
    if uid(culprit) != uid(victim) {
        return LossClass::WrongObject;
    }
    let told = rules.write(culprit);
    told.map_or(LossClass::Clobber, |told| class_of(&told.write(), &LeafPath::from(path)))
}
