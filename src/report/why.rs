//! The sentences below a drawing: what was lost, which read was stale, which step is guilty, why
//! nothing objected.
//!
//! Every sentence is made from the events of the witness (what was sent, on which basis, how it was
//! answered); the loss class only chooses which facts matter. Next to read: `explain.rs`, the same
//! facts as an argument.

use super::losses::{Facts, Told};
use super::steps::{is_status_on_main, locked_to, verb};
use super::text::list_and;
use super::view::value_text;
use crate::apiserver::PatchKind;
use crate::check::LossClass;
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
    let (victim, culprit) = match (facts.property, class) {
        (_, LossClass::Dropped) => ("dropped", "sooner"),
        ("serializable", _) if facts.other_culprit().is_none() => ("wrote", ""),
        ("serializable", _) => ("one", "other"),
        _ => ("lost", "guilty"),
    };
    say(victim, facts.victim, facts.victim.map(|victim| lost(facts, victim)));
    // What is ignored would be ignored on a fresh read, too.
    let stale = facts.stale.filter(|_| class != LossClass::Ignored);
    say("stale", stale, stale.map(|stale| stale_read(facts, stale)));
    let other = facts.other_culprit();
    say(culprit, other, other.map(|culprit| guilty(facts, culprit)));
    for (at, text) in reasons(facts).into_iter().enumerate() {
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
            format!("{name} gave up{after}: {lost} was never written")
        }
        LossClass::Omitted => {
            format!("{name} meant {lost}, sent nothing about it{}", answered(facts, victim))
        }
        LossClass::WrongObject => format!(
            "{name} meant {lost} for the object it had read, and wrote it to another one of the \
             same name{}",
            answered(facts, victim)
        ),
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
        Some(value) if facts.change().is_some_and(|c| c.value.as_ref() != Some(&value)) => {
            format!("{aim}, sent {}{told}", value_text(&value))
        }
        Some(_) => format!("{aim}, and sent it{told}"),
        None if facts.patch_of(victim) == Some(PatchKind::Json) => format!("{aim}{told}"),
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
        (_, LossClass::Omitted) => format!("{name} had read at rv {rv}, where it was so already"),
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
        Action::Write { sent, patch: Some(PatchKind::Merge), .. } => facts
            .field()
            .and_then(|field| field.outermost_list())
            .is_some_and(|list| list.get(sent).is_some()),
        _ => false,
    };
    match &event.action {
        Action::Write { .. } if facts.witness.class == LossClass::Dropped => {
            format!("{name} had written in between{told}")
        }
        Action::Decode => {
            let wiped = facts.story.wiped(culprit.step);
            let what = if wiped.is_empty() { facts.lost() } else { list_and(&wiped) };
            format!(
                "{name} decoded the answer to its own write into the shared object: {what} went"
            )
        }
        Action::Fault(_) => format!("{name} deleted the object and created it again"),
        Action::Write { verb: crate::apiserver::Verb::Delete, .. } => {
            format!("{name} deleted the object{told}")
        }
        Action::Write { patch: None, .. } if facts.story.is_shared(event) => {
            format!("{name} replaced {root} with what memory held by then{told}")
        }
        Action::Write { patch: None, .. } if facts.is_restamped() => {
            let rv = locked_to(event).unwrap_or(0);
            format!("{name} sent the body of rv {basis} under the version of rv {rv}{told}")
        }
        Action::Write { patch: None, .. } => {
            format!("{name} replaced {root} with what it made of rv {basis}{told}")
        }
        Action::Write { patch: Some(PatchKind::Apply), force, .. } => {
            apply_guilty(facts, culprit, *force, &told)
        }
        Action::Write { patch: Some(PatchKind::Json), .. } if facts.list().is_some() => {
            format!("{name} addressed entries of {list} by their index as of rv {basis}{told}")
        }
        Action::Write { .. } if list_in_body => {
            format!("{name} replaced the whole list {list} with what it made of rv {basis}{told}")
        }
        _ if facts.same_field() => {
            let meant = facts.story.changes(event);
            let fresh = afresh(facts, culprit).map_or_else(String::new, |fresh| {
                format!(" (from the object as it was by then: {fresh})")
            });
            format!("{name} wrote {meant}, computed from rv {basis}{fresh}{told}")
        }
        _ => format!("{name} sent {} computed from rv {basis}{told}", facts.story.changes(event)),
    }
}

/// What the culprit would have computed from the object as it was before its write, if that is
/// something else.
fn afresh(facts: &Facts<'_>, culprit: Told<'_>) -> Option<String> {
    let spec = facts.story.scenario.workers.get(culprit.event.worker()?)?;
    let (before, view) = (facts.story.before(culprit.step)?, facts.story.view(culprit.event)?);
    let field = facts.field()?;
    let (path, value) = spec.sets.iter().find(|(path, _)| path.overlaps(&field))?;
    let fresh = value.change(path, before);
    let sent = culprit.event.intent.iter().find(|change| change.path == *path)?;
    (fresh.value != sent.value).then(|| view.intent(&fresh))
}

/// What a PUT replaces: the status, or the object.
fn whole(facts: &Facts<'_>, culprit: Told<'_>) -> String {
    match &culprit.event.action {
        Action::Write { subresource: Some(subresource), .. } => format!("the whole {subresource}"),
        _ if facts.field().is_some_and(|field| field.root() == Some("status")) => {
            "the whole object, its status too,".to_owned()
        }
        _ => "the whole object".to_owned(),
    }
}

fn apply_guilty(facts: &Facts<'_>, culprit: Told<'_>, force: bool, told: &str) -> String {
    let label = facts.label();
    match (facts.same_field(), force) {
        (true, true) => format!("{} took {label} with force{told}", culprit.name),
        (true, false) => format!("{} applied {label} as well{told}", culprit.name),
        (false, _) => {
            format!("{} applied without {label}, and the server removed it{told}", culprit.name)
        }
    }
}

/// Why nothing objected. One sentence per cause.
fn reasons(facts: &Facts<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    if facts.was_cached() && facts.overlaps() == Some(false) {
        let (victim, culprit) = (facts.victim, facts.culprit);
        if let (Some(victim), Some(culprit)) = (victim, culprit) {
            reasons.push(format!(
                "{} had finished before {} began: nothing overlapped. The cache had not yet seen \
                 rv {}",
                victim.name,
                culprit.name,
                facts.made(victim)
            ));
        }
    }
    if let Some(step) = facts.unanswered() {
        let name = facts.culprit.or(facts.victim).map_or("the worker", |told| told.name);
        reasons.push(format!(
            "the write of step {step} was stored, but its answer was lost: {name} could not know, \
             and computed it once more"
        ));
    }
    if facts.property == "serializable" {
        let last = facts.story.trace.events.len();
        let end = facts.victim.and_then(|victim| facts.story.view(victim.event));
        let end = end.map_or_else(String::new, |view| view.compact(facts.story.after(last)));
        reasons.push(format!(
            "run one after the other, in whatever order, they would not end in {end}"
        ));
        if facts.other_culprit().is_none() {
            return reasons;
        }
    }
    reasons.extend(match facts.witness.class {
        LossClass::Ignored => ignored(facts),
        LossClass::Dropped => dropped(facts),
        LossClass::Omitted => Some(
            "the diff against what was read was empty, so the patch said nothing about the field, \
             and the server had nothing to do"
                .to_owned(),
        ),
        LossClass::WrongObject => wrong_object(facts),
        LossClass::Torn => Some(
            "each write is right by itself, but the combination is one that nobody computed: the \
             fields belong together, and only part of them was written on top of the other's"
                .to_owned(),
        ),
        LossClass::Skew => Some(
            "each worker decided on a field that the other then changed; they write different \
             fields, so no resourceVersion and no field manager connects the two decisions"
                .to_owned(),
        ),
        LossClass::Clobber | LossClass::ListReplaced | LossClass::Resurrected => unopposed(facts),
    });
    reasons
}

/// Why the server accepted the culprit's write.
fn unopposed(facts: &Facts<'_>) -> Option<String> {
    let culprit = facts.culprit?;
    let event = culprit.event;
    let basis = Facts::basis(culprit);
    let Action::Write { patch, .. } = &event.action else { return memory(facts) };
    if facts.story.is_shared(event) {
        return memory(facts);
    }
    if facts.is_restamped() {
        return Some(match facts.conflict_before() {
            Some(step) => format!(
                "the server did object (409, step {step}); the retry took only the new version, \
                 not the new object"
            ),
            None => "the version was newer than the body it was sent with".to_owned(),
        });
    }
    match (patch, locked_to(event)) {
        (Some(PatchKind::Apply), _) => Some(apply_reason(facts, culprit)),
        (_, Some(rv)) if basis == Some(rv) => Some(old_struct(facts, culprit)),
        (None, _) => Some(format!(
            "the PUT carried no resourceVersion, so the server had nothing to compare{}",
            by_cache(facts)
        )),
        (Some(_), _) => Some(patch_reason(facts)),
    }
}

fn by_cache(facts: &Facts<'_>) -> &'static str {
    match facts.was_cached() {
        true => "; a look into a cache is always a read of the past",
        false => "",
    }
}

fn patch_reason(facts: &Facts<'_>) -> String {
    let list = facts.list();
    let computed = facts.same_field()
        && facts
            .culprit
            .is_some_and(|culprit| culprit.event.intent.iter().any(|change| change.derived));
    match (facts.patch(), list) {
        (Some(PatchKind::Merge), Some(_)) if facts.witness.class != LossClass::Clobber => {
            "a merge patch replaces a list as a whole, whatever its list type, and this one carried \
             no resourceVersion for the server to compare"
                .to_owned()
        }
        (Some(PatchKind::Json), Some(_)) => {
            "a JSON patch names list entries by index, and nothing tested that the list was still \
             the one that was read"
                .to_owned()
        }
        _ if computed => {
            "the value was computed from what was read, but the patch carried only the result, and \
             no resourceVersion for the server to compare"
                .to_owned()
        }
        _ => "the patch carried no resourceVersion, so the server had nothing to compare".to_owned(),
    }
}

fn apply_reason(facts: &Facts<'_>, culprit: Told<'_>) -> String {
    let manager = |told: Told<'_>| {
        let spec = facts.story.scenario.workers.get(told.event.worker()?)?;
        Some(spec.field_manager.clone())
    };
    let mine = manager(culprit);
    let same = facts.victim.is_some_and(|victim| manager(victim) == mine);
    let mine = mine.unwrap_or_default();
    match (same, &culprit.event.action) {
        (true, _) => format!(
            "both apply as field manager `{mine}`, and an apply removes every field that its \
             manager owned and no longer names"
        ),
        (false, Action::Write { force: true, .. }) => format!(
            "without force the server would have answered 409: the field was another manager's; \
             with it, `{mine}` owns it now"
        ),
        _ => format!(
            "the lists are atomic or the fields are shared for field manager `{mine}`, so the \
             server replaced them"
        ),
    }
}

/// A precondition that was right, and a loss all the same: the client left something out.
fn old_struct(facts: &Facts<'_>, culprit: Told<'_>) -> String {
    let spec = culprit.event.worker().and_then(|at| facts.story.scenario.workers.get(at));
    let label = facts.label();
    match spec.and_then(|spec| spec.knows.as_ref()) {
        Some(_) => format!(
            "the Go type of {} has no field {label}: decoding dropped it, and the {} sent the \
             status without it. The resourceVersion was the right one, so the server had no reason \
             to object",
            culprit.name,
            verb(culprit.event)
        ),
        None => format!(
            "the resourceVersion was the right one, so the server had no reason to object: what \
             was sent simply did not contain {label}"
        ),
    }
}

/// The shared object: who wiped it, and that the server cannot see that.
fn memory(facts: &Facts<'_>) -> Option<String> {
    let guilty = facts.guilty_step();
    let wiped = (1..=guilty).rev().find(|step| !facts.story.wiped(*step).is_empty());
    Some(match wiped.and_then(|step| Some((step, facts.story.event(step)?))) {
        Some((step, event)) => format!(
            "memory is shared: at step {step} {} decoded the answer to its own write into the \
             object, and wiped {}. What was sent afterwards carried a fresh resourceVersion, so \
             the server had no reason to object",
            facts.story.actor(event),
            list_and(&facts.story.wiped(step))
        ),
        None => {
            "memory is shared without a lock: what is sent is whatever is there by then, under \
                 a fresh resourceVersion"
                .to_owned()
        }
    })
}

fn ignored(facts: &Facts<'_>) -> Option<String> {
    let victim = facts.victim?;
    if facts.patch_of(victim) == Some(PatchKind::Json) && facts.list().is_some() {
        return Some(
            "a JSON patch names list entries by their index as it was read; by then another entry \
             stood there, and nothing tested that"
                .to_owned(),
        );
    }
    Some(if is_status_on_main(victim.event) {
        "the kind has a status subresource: a write to the object's own endpoint is answered 2xx, \
         and its status is dropped. Status goes to /status only"
            .to_owned()
    } else if matches!(&victim.event.action, Action::Write { subresource: Some(_), .. }) {
        "a write to /status stores the status alone, and of it only what the schema knows; the \
         rest is dropped, and answered 2xx"
            .to_owned()
    } else {
        format!(
            "the schema does not know {}: the server prunes unknown fields, and answers 2xx with a \
             warning that most clients do not show",
            facts.label()
        )
    })
}

fn dropped(facts: &Facts<'_>) -> Option<String> {
    let victim = facts.victim?;
    let attempts = victim.event.mark.attempts;
    Some(match victim.event.code {
        Some(409 | 422) if attempts > 1 => format!(
            "every conflict means that somebody else got through; with {attempts} attempts it can \
             be turned away {attempts} times. Nothing is lost silently: it was told"
        ),
        Some(409) if facts.story.method(victim.event).is_some_and(|m| m.starts_with("apply")) => {
            "the field belongs to another field manager, and apply without force does not take it. \
             Nothing is lost silently: it was told"
                .to_owned()
        }
        Some(409) => "the write method gives up on the first conflict. Nothing is lost silently: \
                      it was told"
            .to_owned(),
        _ => "nothing is lost silently: it was told".to_owned(),
    })
}

fn wrong_object(facts: &Facts<'_>) -> Option<String> {
    let recreated = match facts.recreation() {
        Some(step) => format!("the object was deleted and created again (step {step})"),
        None => "the object was deleted and created again".to_owned(),
    };
    Some(format!(
        "{recreated}: the same name, another uid. The write named neither a uid nor a \
         resourceVersion of its own, so it went to whatever bears the name"
    ))
}
