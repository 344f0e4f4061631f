//! The sentences below a drawing: what was lost, which read was stale, which step is guilty, why
//! nothing objected.
//!
//! Every sentence is made from the events of the witness (what was sent, on which basis, how it was
//! answered); the loss class only chooses which facts matter. Next to read: `reasons.rs`.

use super::losses::{Facts, Told};
use super::story::{is_empty_patch, locked_to};
use super::text::list_and;
use super::view::value_text;
use crate::apiserver::{FieldPath, PatchKind, Verb};
use crate::check::LossClass;
use crate::history::Lists;
use crate::properties::SERIALIZABLE;
use crate::trace::Action;

/// One labelled sentence: `lost`, `stale`, `guilty` with their step, or `why` without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// The label.
    pub label: &'static str,
    /// The step it is about.
    pub step: Option<usize>,
    /// The sentence, without a full stop.
    pub text: String,
}

/// The sentences of a witness, in the order in which they are printed.
pub fn sentences(facts: &Facts<'_>) -> Vec<Sentence> {
    let mut sentences = Vec::new();
    let mut say = |label, told: Option<Told<'_>>, text: Option<String>| {
        if let Some(text) = text {
            sentences.push(Sentence { label, step: told.map(|told| told.step), text });
        }
    };
    let class = facts.witness.class;
    if class == LossClass::Broken {
        let text = format!("{}: {}", facts.property, facts.witness.field);
        say("broken", facts.victim, Some(text));
        for (at, text) in super::cached::reasons(facts).into_iter().enumerate() {
            say(if at == 0 { "why" } else { "" }, None, Some(text));
        }
        return sentences;
    }
    let (victim, culprit) = match (facts.property, class) {
        (_, LossClass::Dropped) => ("dropped", "sooner"),
        (SERIALIZABLE, _) if facts.victim.is_some_and(|v| v.event.is_skip()) => ("skipped", ""),
        (SERIALIZABLE, _) if facts.other_culprit().is_none() => ("wrote", ""),
        (SERIALIZABLE, _) => ("one", "other"),
        _ => ("lost", "guilty"),
    };
    say(victim, facts.victim, facts.victim.map(|victim| lost(facts, victim)));
    // What is ignored would be ignored on a fresh read, too; what was not told has no reason.
    let untold = class == LossClass::Dropped && facts.victim.is_some_and(|v| !v.event.answered);
    let stale = facts.stale.filter(|stale| {
        let fresh = class == LossClass::Dropped && !facts.is_behind(*stale);
        class != LossClass::Ignored && !untold && !fresh
    });
    let read = if stale.is_some_and(|stale| facts.is_behind(stale)) { "stale" } else { "read" };
    say(read, stale, stale.map(|stale| stale_read(facts, stale)));
    let other = facts.other_culprit().filter(|_| !untold);
    say(culprit, other, other.map(|culprit| guilty(facts, culprit)));
    for (at, text) in super::reasons::reasons(facts).into_iter().enumerate() {
        say(if at == 0 { "why" } else { "" }, None, Some(text));
    }
    sentences
}

/// `, and was answered 200 at rv 2`.
fn answered(facts: &Facts<'_>, told: Told<'_>) -> String {
    let code = told.event.code.unwrap_or(0);
    match (told.event.answered, told.event.committed) {
        (false, _) => {
            format!("; the server stored it at rv {}, and the answer was lost", facts.made(told))
        }
        (true, true) => format!(", and was answered {code} at rv {}", facts.made(told)),
        (true, false) => format!(", and was answered {code}"),
    }
}

fn lost(facts: &Facts<'_>, victim: Told<'_>) -> String {
    let (name, lost) = (victim.name, facts.lost());
    match facts.witness.class {
        LossClass::Dropped => {
            let attempts = victim.event.mark.attempts;
            let after = match (victim.event.code, attempts) {
                (Some(409), 2..) => format!(" after {attempts} attempts, the last answered 409"),
                (Some(code), _) if code >= 400 => format!(" after {code}"),
                _ => String::new(),
            };
            match victim.event.answered {
                true => format!("{name} gave up{after}: {lost} was never written"),
                false => format!("{name} gave up: it was never told whether {lost} was stored"),
            }
        }
        LossClass::WrongObject => format!(
            "{name} meant {lost} for the object it had read, and wrote it to another one of the \
             same name{}",
            answered(facts, victim)
        ),
        _ if victim.event.is_skip() => format!("{name} found nothing to do, and sent nothing"),
        _ if facts.never_stored() => meant(facts, victim),
        _ if facts.is_removal() => {
            format!("{name} removed {}{}", facts.label(), answered(facts, victim))
        }
        _ => format!("{name} wrote {lost}{}", answered(facts, victim)),
    }
}

/// A write that did not bring about what it meant.
fn meant(facts: &Facts<'_>, victim: Told<'_>) -> String {
    let (name, told) = (victim.name, answered(facts, victim));
    let aim = match facts.is_removal() {
        true => format!("{name} meant to remove {}", facts.label()),
        false => format!("{name} meant {}", facts.lost()),
    };
    let Action::Write { sent, .. } = &victim.event.action else { return format!("{aim}{told}") };
    let sent_value = facts.field().and_then(|field| field.get(sent).cloned());
    match sent_value {
        Some(serde_json::Value::Null) if facts.is_removal() => {
            format!("{aim}, sent null for it{told}")
        }
        Some(_) if facts.is_removal() => format!("{aim}, and sent it all the same{told}"),
        Some(value) if facts.change().is_some_and(|c| c.value.as_ref() != Some(&value)) => {
            format!("{aim}, sent {}{told}", value_text(&value))
        }
        Some(_) => format!("{aim}, and sent it{told}"),
        None if facts.patch_of(victim) == Some(PatchKind::Json)
            && !is_empty_patch(victim.event) =>
        {
            format!("{aim}{told}")
        }
        None if facts.patch_of(victim).is_none() && facts.is_removal() => {
            format!("{aim}, sent the object without it{told}")
        }
        None => format!("{aim}, sent nothing about it{told}"),
    }
}

fn stale_read(facts: &Facts<'_>, stale: Told<'_>) -> String {
    let rv = Facts::basis(stale).unwrap_or(0);
    let name = stale.name;
    let victim_after = facts.victim.is_some_and(|victim| victim.step > stale.step);
    match (&stale.event.action, facts.witness.class) {
        (Action::CacheRead, _) => {
            let current = facts.story.rv(stale.step);
            if current > rv {
                format!("{name} read rv {rv} from its cache; the object was at rv {current}")
            } else {
                format!("{name} had read rv {rv} from its cache, before that write")
            }
        }
        (_, LossClass::Omitted) if facts.victim.is_some_and(|v| is_empty_patch(v.event)) => {
            format!("{name} had read at rv {rv}, where it was so already")
        }
        (Action::Decode, _) => format!("{name} decoded the answer of rv {rv} into shared memory"),
        (Action::Write { .. }, _) => {
            let made = facts.story.rv(stale.step);
            format!("{name}'s own write was answered with the object as of rv {made}")
        }
        (Action::Load { .. }, _) => format!("{name} held the object of rv {rv} in memory"),
        (_, LossClass::Dropped) => {
            let made = facts.culprit.map_or(rv, |culprit| facts.made(culprit));
            format!("{name} had read at rv {rv}; by then the object was at rv {made}")
        }
        _ if victim_after && facts.other_culprit().is_some() => {
            format!("{name} had read at rv {rv}, before that write")
        }
        _ => format!("{name} had read at rv {rv}"),
    }
}

fn guilty(facts: &Facts<'_>, culprit: Told<'_>) -> String {
    let (name, event) = (culprit.name, culprit.event);
    let basis = Facts::basis(culprit).unwrap_or(0);
    let told = answered(facts, culprit);
    let told = told.split(" at rv ").next().unwrap_or(&told).to_owned();
    let root = whole(facts, culprit);
    let list = facts.list().unwrap_or_else(|| "list".to_owned());
    let list_in_body = match &event.action {
        Action::Write {
            sent, verb: Verb::Patch(PatchKind::Merge | PatchKind::Strategic), ..
        } => facts
            .field()
            .and_then(|field| field.outermost_list())
            .is_some_and(|list| list.get(sent).is_some()),
        _ => false,
    };
    match &event.action {
        Action::Write { .. } if facts.witness.class == LossClass::Dropped => {
            let between = facts.stale.is_some_and(|stale| facts.is_behind(stale));
            let when = if between { "in between" } else { "it before" };
            format!("{name} had written {when}{told}")
        }
        Action::Decode => {
            let wiped = facts.story.wiped(culprit.step);
            let what = if wiped.is_empty() { facts.lost() } else { list_and(&wiped) };
            format!(
                "{name} decoded the answer to its own write into the shared object: {what} went"
            )
        }
        Action::Fault(_) => format!("{name} deleted the object and created it again"),
        Action::Write { verb: Verb::Delete, .. } => {
            format!("{name} deleted the object{told}")
        }
        Action::Write { verb, .. } if verb.patch().is_none() && facts.story.is_shared(event) => {
            format!("{name} replaced {root} with what memory held by then{told}")
        }
        Action::Write { verb, .. } if facts.is_restamped() => {
            let (rv, what) =
                (locked_to(event).unwrap_or(0), verb.patch().map_or("body", |_| "patch"));
            format!("{name} sent the {what} of rv {basis} under the version of rv {rv}{told}")
        }
        Action::Write { verb, .. } if verb.patch().is_none() => {
            format!("{name} replaced {root} with the copy it computed from rv {basis}{told}")
        }
        Action::Write { verb: Verb::Patch(PatchKind::Apply), force, .. } => {
            apply_guilty(facts, culprit, *force, &told)
        }
        Action::Write { verb: Verb::Patch(PatchKind::Json), .. } if facts.list().is_some() => {
            format!("{name} addressed entries of {list} by their index as of rv {basis}{told}")
        }
        Action::Write { .. } if list_in_body => {
            let copy = format!("the copy it computed from rv {basis}");
            format!("{name} replaced the whole list {list} with {copy}{told}")
        }
        _ if facts.same_field() => {
            let meant = facts.story.changes(event);
            let fresh = afresh(facts, culprit).map_or_else(String::new, |fresh| {
                format!(" (from the object as it was by then: {fresh})")
            });
            format!("{name} wrote {meant}, computed from rv {basis}{fresh}{told}")
        }
        _ => match super::reasons::replaced_parent(facts) {
            Some((operation, parent)) => format!(
                "{name} sent `{operation} {parent}`, which replaced all of it with the copy it \
                 computed from rv {basis}{told}"
            ),
            None => {
                let meant = facts.story.changes(event);
                format!("{name} sent {meant}, computed from rv {basis}{told}")
            }
        },
    }
}

/// What the culprit would have computed from the object as it was before its write, if that is
/// something else.
fn afresh(facts: &Facts<'_>, culprit: Told<'_>) -> Option<String> {
    let spec = facts.story.scenario.workers.get(culprit.event.worker()?)?;
    let (before, view) = (facts.story.before(culprit.step)?, facts.story.view(culprit.event)?);
    let field = facts.field()?;
    let (path, value) = spec.sets.iter().find(|(path, _)| path.overlaps(&field))?;
    let fresh = value.change(path, before, &Lists::unknown());
    let sent = culprit.event.intent.iter().find(|change| change.path == *path)?;
    (fresh.value != sent.value).then(|| view.intent(&fresh))
}

/// What a PUT replaces: the status, or the object.
fn whole(facts: &Facts<'_>, culprit: Told<'_>) -> String {
    match &culprit.event.action {
        Action::Write { subresource: Some(subresource), .. } => {
            match facts.field().as_ref().and_then(FieldPath::root) {
                Some(root) if root != subresource.name() => {
                    format!("the {subresource} and the {root}")
                }
                _ => format!("the whole {subresource}"),
            }
        }
        _ if facts.field().is_some_and(|field| field.root() == Some("status")) => {
            "the whole object, its status too,".to_owned()
        }
        _ => "the whole object".to_owned(),
    }
}

fn apply_guilty(facts: &Facts<'_>, culprit: Told<'_>, force: bool, told: &str) -> String {
    let (name, label) = (culprit.name, facts.label());
    let basis = Facts::basis(culprit).unwrap_or(0);
    let meant = facts.story.changes(culprit.event);
    let force = if force { " with force" } else { "" };
    if facts.took_away() && !facts.same_field() {
        return format!("{name} applied{force} without {label}, and the server removed it{told}");
    }
    let fresh = afresh(facts, culprit)
        .map_or_else(String::new, |fresh| format!(" (from the object as it was by then: {fresh})"));
    let computed = match facts.is_computed() || !facts.same_field() {
        true => format!(", computed from rv {basis}{fresh}"),
        false => String::new(),
    };
    format!("{name} applied {meant}{force}{computed}{told}")
}
