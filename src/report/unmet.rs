//! Why a write did not bring about what it meant: ignored, omitted, given up.
//!
//! The reasons for what was ignored come from the server's own account of the write
//! ([`Account`](crate::apiserver::Account)); where the account does not say why, no reason is
//! given. Next to read: `explain.rs`.

use super::losses::{Facts, Told};
use super::story::is_empty_patch;
use super::view::value_text;
use crate::apiserver::{Account, Fate, FieldPath, PatchKind};
use crate::trace::{Action, Event};

/// Why the write was answered 2xx and is not there.
pub(super) fn ignored(facts: &Facts<'_>) -> Option<String> {
    let victim = facts.victim?;
    let label = facts.label();
    if let Some(text) = unknown_to_client(facts, victim) {
        return Some(text);
    }
    let (account, field) = (facts.account(victim)?, facts.field()?);
    let patch = facts.patch_of(victim);
    match account.of(&field) {
        Fate::Pruned => Some(format!(
            "the schema does not know {label}: the server prunes unknown fields, and answers 2xx \
             with a warning that most clients do not show"
        )),
        Fate::Reset => Some(reset(victim, &field)),
        Fate::Defaulted => {
            let now = account.now(&field).map(value_text).unwrap_or_default();
            Some(format!(
                "{label} has a default: what the write removed came back as {now} at once. To have \
                 nothing there is not possible"
            ))
        }
        Fate::Normalised => Some(normalised(&account, &field, &label)),
        Fate::Merged | Fate::Unsaid
            if patch == Some(PatchKind::Apply) && facts.wants_nothing() =>
        {
            Some(
                "an apply removes only what its own field manager had applied before, and this one \
                 had not: not naming a field says nothing about it"
                    .to_owned(),
            )
        }
        Fate::Merged if patch == Some(PatchKind::Json) && facts.list().is_some() => Some(
            "a JSON patch names list entries by their index as it was read; by then another entry \
             stood there, and nothing tested that"
                .to_owned(),
        )
        .filter(|_| is_overtaken(facts, victim)),
        Fate::Merged => Some(format!(
            "the server merged what was sent into what was there, and what was sent does not say \
             that {label} is to go"
        ))
        .filter(|_| facts.wants_nothing()),
        Fate::Unsaid => Some(format!("the request says nothing about {label}")),
        Fate::Stored => None,
    }
}

/// Whether the object had changed since it was read.
fn is_overtaken(facts: &Facts<'_>, victim: Told<'_>) -> bool {
    let before = facts.story.rv(victim.step.saturating_sub(1));
    Facts::basis(victim).is_some_and(|basis| basis < before)
}

/// The client had dropped it before anything was sent.
fn unknown_to_client(facts: &Facts<'_>, victim: Told<'_>) -> Option<String> {
    let spec = facts.story.scenario.workers.get(victim.event.worker()?)?;
    let (known, field) = (spec.knows.as_ref()?, facts.field()?);
    let dropped = field.root() == Some("status") && !known.iter().any(|k| k.overlaps(&field));
    dropped.then(|| {
        format!("the Go type of {} has no field {}: it was never sent", victim.name, facts.label())
    })
}

/// What the endpoint does not write.
fn reset(victim: Told<'_>, field: &FieldPath) -> String {
    let root = field.root().unwrap_or("it");
    match &victim.event.action {
        Action::Write { subresource: Some(name), .. } => format!(
            "a write to /{name} leaves the {root} of the object as it was, and is answered 2xx"
        ),
        _ => "the kind has a status subresource: a write to the object's own endpoint is answered \
              2xx, and its status is dropped. Status goes to /status only"
            .to_owned(),
    }
}

fn normalised(account: &Account, field: &FieldPath, label: &str) -> String {
    match (account.asked(field), account.now(field)) {
        (Some(asked), Some(now)) => format!(
            "the server stores {label} in its canonical form: {} is stored as {}",
            value_text(asked),
            value_text(now)
        ),
        (Some(asked), None) => {
            format!("the server stores no empty {label}: {} is left out", value_text(asked))
        }
        (None, _) => format!("the server always writes {label}"),
    }
}

/// Why nothing about the field was sent.
pub(super) fn omitted(facts: &Facts<'_>) -> Option<String> {
    let victim = facts.victim?;
    if is_empty_patch(victim.event) {
        return Some(
            "the diff against what was read was empty, so the patch said nothing about the field, \
             and the server had nothing to do"
                .to_owned(),
        );
    }
    let says_nothing = facts.account(victim)?.of(&facts.field()?) == Fate::Unsaid;
    says_nothing.then(|| {
        format!(
            "what {} had read was so already: the diff said nothing about {}, and the server left \
             it as it was",
            victim.name,
            facts.label()
        )
    })
}

/// Why a worker gave up.
pub(super) fn dropped(facts: &Facts<'_>) -> Option<String> {
    let victim = facts.victim?;
    let attempts = victim.event.mark.attempts;
    if facts.story.is_refused_by_setter(victim.event) {
        return Some(
            "the setter validates the status before it sends it, and rejects the one computed \
             from this read. The controller sends nothing. Not a silent loss: the setter returned \
             the error"
                .to_owned(),
        );
    }
    Some(match victim.event.code {
        Some(code @ (409 | 422)) if attempts > 1 => conflicts(facts, victim, attempts, code),
        Some(409) if facts.story.method(victim.event).is_some_and(|m| m.starts_with("apply")) => {
            "the field belongs to another field manager, and apply without force does not take it. \
             Not a silent loss: the controller was answered 409"
                .to_owned()
        }
        Some(409) => "the write method gives up on the first conflict. Not a silent loss: the \
                      controller was answered 409"
            .to_owned(),
        _ if !victim.event.answered => {
            "the answer was lost, and the write method does not try again. Not a silent loss: \
             the controller got an error instead of an answer"
                .to_owned()
        }
        Some(code) => format!("not a silent loss: the controller was answered {code}"),
        None => "not a silent loss: the controller got an error".to_owned(),
    })
}

/// Every conflict of a live re-read is another write; a cache can be behind the same one for long;
/// a body that is sent again unread is refused again.
fn conflicts(facts: &Facts<'_>, victim: Told<'_>, attempts: u32, code: u16) -> String {
    let events = &facts.story.trace.events[..victim.step.min(facts.story.trace.events.len())];
    let others = events
        .iter()
        .filter(|event| event.committed && event.key == victim.event.key)
        .filter(|event| event.worker() != victim.event.worker())
        .count();
    let own = |event: &&Event| {
        event.worker() == victim.event.worker() && event.mark.run == victim.event.mark.run
    };
    let mut after_refusal = events.iter().filter(own).skip_while(|event| !event.is_conflict());
    let again = after_refusal.find(|event| !event.is_write());
    let told = format!("Not a silent loss: the controller was answered {code}");
    match again.map(|event| &event.action) {
        None => format!(
            "it sent the same body again without a new read, so each of its {attempts} attempts \
             named the version of its first read, and was refused. {told}"
        ),
        Some(Action::CacheRead) => format!(
            "it read again from its cache, which may show the same old version each time: \
             {attempts} attempts were answered as conflicts, and the object changed {others} \
             {} meanwhile. {told}",
            if others == 1 { "time" } else { "times" }
        ),
        Some(_) => format!(
            "it read again from the API server, so each conflict means that another write got \
             through in between; with {attempts} attempts it can be turned away {attempts} times. \
             {told}"
        ),
    }
}
