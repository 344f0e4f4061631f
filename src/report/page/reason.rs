//! Who lost and why, in the words that stand below the race; and what each write method does.
//!
//! Next to read: `../why.rs`, the sentences that these are made of.

use std::collections::BTreeMap;

use super::data::Loss;
use super::scene::Scenery;
use crate::check::{CheckResult, Lesson, Replayed};
use crate::reconcilers::methods;
use crate::report::explain::capital;
use crate::report::losses::Facts;
use crate::report::{game, why};

/// Who loses, and the sentences that say so: by index into the losses of the scene.
pub(super) fn loss(scenery: &mut Scenery<'_>, run: &Replayed, facts: &Facts<'_>) -> usize {
    let why = reasons(facts).into_iter().map(|reason| scenery.reasons.add(reason)).collect();
    let who = facts.witness.victim.worker.clone();
    scenery.losses.add(Loss { who, says: game::loses(run, facts), why })
}

/// What the guilty step did, and why nothing objected.
fn reasons(facts: &Facts<'_>) -> Vec<String> {
    const TOLD: [&str; 5] = ["guilty", "other", "sooner", "why", ""];
    let workers = &facts.story.trace.workers;
    let sentences = why::sentences(facts).into_iter().filter(|s| TOLD.contains(&s.label));
    let whole = sentences.map(|sentence| {
        // A name stays as it is written.
        let named = workers.iter().any(|name| {
            let rest = sentence.text.strip_prefix(name.as_str());
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-'))
        });
        if named { format!("{}.", sentence.text) } else { format!("{}.", capital(&sentence.text)) }
    });
    whole.collect()
}

/// The write methods of this scenario and of the same orders with another one, with what they do.
pub(super) fn methods(
    result: &CheckResult,
    lesson: &Lesson,
) -> BTreeMap<&'static str, &'static str> {
    let own = result.scenario.workers.iter().map(|spec| spec.write.as_str());
    let other = lesson.shown.iter().filter_map(|shown| Some(shown.instead?.0));
    let named = own.chain(other).filter_map(methods::named);
    named.map(|method| (method.name(), method.summary())).collect()
}
