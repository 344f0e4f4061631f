//! Who lost and why, in the words that stand below the race; and what each write method does.
//!
//! Next to read: `../why.rs`, the sentences that these are made of.

use std::collections::BTreeMap;

use super::data::Loss;
use crate::check::{CheckResult, Lesson, Replayed};
use crate::reconcilers::methods;
use crate::report::explain::capital;
use crate::report::losses::Facts;
use crate::report::{game, why};

/// Who loses, and the sentences that say so.
pub(super) fn loss(run: &Replayed, facts: &Facts<'_>) -> Loss {
    Loss {
        who: facts.witness.victim.worker.clone(),
        says: game::loses(run, facts),
        guilty: facts.guilty_step(),
        why: reason(facts),
    }
}

/// What the guilty step did, and why nothing objected.
fn reason(facts: &Facts<'_>) -> String {
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
    whole.collect::<Vec<_>>().join(" ")
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
