//! Why nothing objected: the last sentences below a drawing.
//!
//! The API server accepted the guilty write because it had nothing to compare, because what it
//! compared was right, or because it was never asked. Next to read: `unmet.rs`.

use super::losses::{Facts, Told};
use super::story::{locked_to, verb};
use super::text::list_and;
use super::unmet;
use crate::apiserver::{PatchKind, Verb};
use crate::check::LossClass;
use crate::properties;
use crate::trace::Action;

/// Why nothing objected. One sentence per cause.
pub(super) fn reasons(facts: &Facts<'_>) -> Vec<String> {
    let mut reasons = Vec::new();
    let given_up = facts.witness.class == LossClass::Dropped;
    if facts.was_cached() && facts.overlaps() == Some(false) && !given_up {
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
    if facts.property == properties::SERIALIZABLE {
        let last = facts.story.trace.events.len();
        let end = facts.victim.and_then(|victim| facts.story.view(victim.event));
        let end = end.map_or_else(String::new, |view| view.compact(facts.story.after(last)));
        reasons.push(format!(
            "run one after the other, in whatever order, they would not end in {end}"
        ));
        if facts.other_culprit().is_none() {
            let shared = facts.victim.filter(|victim| facts.story.is_shared(victim.event));
            reasons.extend(shared.and_then(|_| memory(facts)));
            reasons.extend(super::cached::reasons(facts));
            return reasons;
        }
    }
    let shared = facts.victim.is_some_and(|victim| facts.story.is_shared(victim.event));
    reasons.extend(match facts.witness.class {
        LossClass::Omitted | LossClass::Torn if shared => memory(facts),
        LossClass::Ignored => unmet::ignored(facts),
        LossClass::Dropped => unmet::dropped(facts),
        LossClass::Omitted => unmet::omitted(facts),
        LossClass::WrongObject => wrong_object(facts),
        LossClass::Torn if facts.holds_anothers() => Some(
            "each write is right by itself, but no worker computed the combination: only a part of \
             what this one meant was sent, and lies on top of the other's"
                .to_owned(),
        ),
        LossClass::Torn => None,
        LossClass::Skew if facts.decides() => Some(
            "each worker decided on a field that the other then changed; they write different \
             fields, so no resourceVersion and no field manager connects the two decisions"
                .to_owned(),
        ),
        LossClass::Skew | LossClass::Broken => None,
        LossClass::Clobber | LossClass::ListReplaced | LossClass::Resurrected => unopposed(facts),
    });
    reasons.extend(super::cached::reasons(facts));
    reasons
}

/// Why the server accepted the culprit's write.
fn unopposed(facts: &Facts<'_>) -> Option<String> {
    let culprit = facts.culprit?;
    let event = culprit.event;
    let basis = Facts::basis(culprit);
    let Action::Write { verb, .. } = &event.action else { return memory(facts) };
    if facts.story.is_shared(event) {
        return memory(facts);
    }
    if facts.is_restamped() {
        return Some(match facts.conflict_before() {
            Some(step) => format!(
                "the server did object (409, step {step}); the retry took only the new version, \
                 not the new object"
            ),
            None => {
                "a GET of its own gave the version just before, so the server saw a fresh version \
                     and an old body, and had no reason to object"
                    .to_owned()
            }
        });
    }
    match (verb.patch(), locked_to(event)) {
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
    if let Some((operation, parent)) = replaced_parent(facts) {
        return format!(
            "a JSON patch's `{operation} {parent}` replaces whatever is there, and nothing tested \
             that it was still what was read"
        );
    }
    match (facts.patch(), list) {
        (Some(PatchKind::Strategic), Some(_)) if facts.witness.class != LossClass::Clobber => {
            "this list has no merge key, so even a strategic merge patch replaces it as a whole; \
             and the patch carried no resourceVersion for the server to compare"
                .to_owned()
        }
        (Some(PatchKind::Merge), Some(_)) if facts.witness.class != LossClass::Clobber => {
            "a merge patch replaces a list as a whole, whatever its list type, and this one \
             carried no resourceVersion for the server to compare"
                .to_owned()
        }
        (Some(PatchKind::Json), Some(_)) => {
            "a JSON patch names list entries by index, and nothing tested that the list was still \
             the one that was read"
                .to_owned()
        }
        _ if facts.is_computed() => {
            "the value was computed from what was read, but the patch carried only the result, and \
             no resourceVersion for the server to compare"
                .to_owned()
        }
        _ => {
            "the patch carried no resourceVersion, so the server had nothing to compare".to_owned()
        }
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
    if facts.is_computed() {
        return "the value was computed from what was read; apply knows field managers, not \
                versions, so nothing told it that the base was old"
            .to_owned();
    }
    if let Some(list) = facts.untyped_list() {
        let force = match (same, &culprit.event.action) {
            (false, Action::Write { force: true, .. }) => {
                ". Without force the server would have answered 409"
            }
            _ => "",
        };
        return format!(
            "the schema gives {list} no x-kubernetes-list-type, so the list is atomic: an apply \
             replaces all of it, and its manager owns all of it{force}"
        );
    }
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
            "apply compares owners, not versions: nothing told `{mine}` that what it had read was \
             old"
        ),
    }
}

/// A precondition that was right, and a loss all the same: the client left something out.
fn old_struct(facts: &Facts<'_>, culprit: Told<'_>) -> String {
    let spec = culprit.event.worker().and_then(|at| facts.story.scenario.workers.get(at));
    let label = facts.label();
    let steps = spec.and_then(|spec| spec.steps.as_ref());
    let of_steps = steps.into_iter().flat_map(|steps| steps.writes());
    let omitted = of_steps.flat_map(|write| &write.job.omit);
    let mut omitted = omitted.chain(spec.iter().flat_map(|spec| &spec.omit));
    if facts.field().is_some_and(|field| omitted.any(|path| path.overlaps(&field))) {
        return format!(
            "{} leaves {label} out of what it sends (`omitempty`), and the server removed it or \
             set its default. The resourceVersion was the right one, so the server had no reason \
             to object",
            culprit.name
        );
    }
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

/// The operation of a JSON patch that puts something new in place of a map that the lost field was
/// in, and where: `add`, `/status`.
pub(super) fn replaced_parent(facts: &Facts<'_>) -> Option<(String, String)> {
    let Action::Write { sent, verb: Verb::Patch(PatchKind::Json), .. } =
        &facts.culprit?.event.action
    else {
        return None;
    };
    let names = facts.field()?.field_names().join("/");
    sent.as_array()?.iter().find_map(|operation| {
        let (name, path) = (operation["op"].as_str()?, operation["path"].as_str()?);
        let parent = path.strip_prefix('/')?;
        let above = names.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'));
        let puts = matches!(name, "add" | "replace");
        (above && puts).then(|| (name.to_owned(), path.to_owned()))
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
