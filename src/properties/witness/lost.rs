//! The witness of a lost write.
//!
//! The trace is read as a list of writes and judged by `history/`, which remembers whose a leaf
//! was: the victim meant it, the culprit is the step that took it away. If no step did, it was
//! never there: the server ignored it, the diff did not contain it, or memory was overwritten
//! before it was sent. Next to read: `history/judge.rs`.

use super::Found;
use super::history::read_before;
use crate::apiserver::{FieldPath, Step};
use crate::history::{End, Finding, LeafPath, LossClass, Part, Want, judge};
use crate::properties::no_lost_write::{Intents, Rules, Told};
use crate::reconcilers::Change;
use crate::simulation::Ending;
use crate::trace::{Action, Event};

/// The lost write of a run that ended so; the earliest one, so that the story begins at the
/// beginning.
pub(in crate::properties) fn lost(
    intents: &Intents,
    events: &[Event],
    ending: &Ending,
    rules: &Rules,
) -> Option<Found> {
    let findings = findings(events, rules);
    let for_good = |finding: &&Finding| finding.end != End::Stays;
    if *intents == Intents::Lost {
        let lost = findings.iter().filter(|finding| finding.is_lost()).filter(for_good);
        let first = lost.min_by_key(|finding| finding.culprit)?;
        return Some(found(events, first, &findings, rules));
    }
    let gone = |finding: &&Finding| {
        finding.end == End::Stays
            && intents.promises().iter().any(|promise| {
                let object = ending.objects.get(&promise.object).map(|object| &**object);
                let same = promise.leaf == finding.leaf && is_same(&promise.want, &finding.want);
                same && events[finding.victim].key.as_ref() == Some(&promise.object)
                    && !promise.is_kept(object, rules.lists(&promise.object))
            })
    };
    let first = findings.iter().filter(gone).min_by_key(|f| (f.victim, f.culprit))?;
    Some(found(events, first, &findings, rules))
}

/// Others may have taken leaves of theirs out of a promise since.
fn is_same(promised: &Want, found: &Want) -> bool {
    promised == found || matches!((promised, found), (Want::Only(_), Want::Only(_)))
}

/// What the judge finds in the writes among these events, told in steps.
pub(crate) fn findings(events: &[Event], rules: &Rules) -> Vec<Finding> {
    let told = events.iter().enumerate().filter_map(|(at, e)| Some((at, rules.write(e)?)));
    let told: Vec<(usize, Told<'_>)> = told.collect();
    let writes: Vec<_> = told.iter().map(|(_, told)| told.write()).collect();
    let mut findings = judge(&writes);
    let step = |write: &mut usize| *write = told[*write].0;
    for finding in &mut findings {
        step(&mut finding.victim);
        step(&mut finding.culprit);
        if let End::Repaired { by, .. } | End::Replaced { by } = &mut finding.end {
            step(by);
        }
    }
    findings
}

fn found(events: &[Event], finding: &Finding, all: &[Finding], rules: &Rules) -> Found {
    let Finding { victim, culprit, .. } = *finding;
    let change = change_of(&events[victim], &finding.leaf, rules);
    let field = field(&events[victim], finding, change, all, rules);
    let wiped = change
        .filter(|_| victim == culprit && finding.class != LossClass::WrongObject)
        .and_then(|change| wiped_in_memory(events, victim, change, rules));
    let mut found = Found {
        class: finding.class,
        victim,
        field,
        stale_read: read_before(events, culprit),
        culprit: Some(culprit),
        finding: Some(finding.clone()),
    };
    if let Some(decode) = wiped {
        let sent = |at: &usize| events[*at].actor == events[decode].actor && events[*at].is_write();
        found.stale_read = (0..decode).rev().find(sent);
        (found.class, found.culprit) = (LossClass::Clobber, Some(decode));
    }
    found
}

/// What an event meant to do to a leaf.
fn change_of<'e>(event: &'e Event, leaf: &LeafPath, rules: &Rules) -> Option<&'e Change> {
    let lists = rules.lists(event.key.as_ref()?);
    let (before, after) = (event.before.as_deref(), event.after.as_deref());
    event
        .intent
        .iter()
        .find(|change| change.meant(lists, before, after).iter().any(|meant| meant.leaf == *leaf))
}

/// The field as its author named it, if all of it is gone; otherwise the leaf.
fn field(
    event: &Event,
    finding: &Finding,
    change: Option<&Change>,
    all: &[Finding],
    rules: &Rules,
) -> String {
    let Some((change, key)) = change.zip(event.key.as_ref()) else {
        return finding.leaf.to_string();
    };
    let (before, after) = (event.before.as_deref(), event.after.as_deref());
    let meant = change.meant(rules.lists(key), before, after);
    let mut meant = meant.iter().filter(|meant| meant.want != Want::There);
    let gone = |leaf: &LeafPath| {
        let same =
            |other: &&Finding| (other.victim, other.culprit) == (finding.victim, finding.culprit);
        all.iter().filter(same).any(|other| other.leaf == *leaf)
    };
    let path = as_field(&finding.leaf).filter(|_| !meant.all(|meant| gone(&meant.leaf)));
    path.unwrap_or_else(|| change.path.clone()).to_string()
}

/// A leaf as a field path, if there is one that spells it.
fn as_field(leaf: &LeafPath) -> Option<FieldPath> {
    let step = |part: &Part| match part {
        Part::Field(name) => Some(Step::Key(name.clone())),
        Part::Entry(keys) => match keys.as_slice() {
            [(key, value)] => Some(Step::Entry { key: key.clone(), value: value.clone() }),
            _ => None,
        },
        Part::Item(_) => None,
    };
    leaf.parts().iter().map(step).collect::<Option<_>>().map(FieldPath::new)
}

/// The decoding, by a neighbour, that wiped a touched field before its own PUT was sent.
fn wiped_in_memory(
    events: &[Event],
    victim: usize,
    change: &Change,
    rules: &Rules,
) -> Option<usize> {
    let worker = events[victim].actor;
    let lists = rules.lists(events[victim].key.as_ref()?);
    let mut before = (0..victim).rev();
    let touch =
        before.find(|&at| events[at].actor == worker && events[at].action == Action::Touch)?;
    let gone = |at: &usize| {
        let held = events[*at].seen.as_deref();
        held.is_none_or(|held| !change.is_made(lists, held, held))
    };
    (touch + 1..victim).rev().filter(|&at| events[at].action == Action::Decode).find(gone)
}
