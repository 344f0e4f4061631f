//! The questions of a page: asked before the answer is seen, and computed from the run.
//!
//! People who predict first see what happens; people who only watch do not. Each wrong choice is
//! a common belief, and its reply says why it is not so.
//! Next to read: `scene.rs`.

use super::data::{Choice, Question};
use super::scene::Scenery;
use crate::check::{LossClass, Shown};
use crate::client::make;
use crate::properties;
use crate::report::counts::count;
use crate::report::losses::Facts;
use crate::report::why;
use crate::schedulers::Count;

/// The questions about a scenario and its first story.
pub(super) fn questions(scenery: &Scenery<'_>, first: &Shown) -> Vec<Question> {
    let facts = Facts::of_replay(&first.run);
    let outcome = facts.as_ref().and_then(outcome);
    counted(scenery).into_iter().chain(outcome).collect()
}

/// Of all orders, how many lose?
fn counted(scenery: &Scenery<'_>) -> Option<Question> {
    let all = scenery.result.exploration.schedules.as_ref()?;
    let violation = scenery.result.first_violation();
    let violating = match violation {
        Some(violation) => violation.schedules.clone()?,
        None => Count::ZERO,
    };
    let half = half(all)?;
    let mut numbers = vec![Count::ZERO, Count::ONE, half, violating.clone(), all.clone()];
    numbers.sort();
    numbers.dedup();
    let answer = numbers.iter().position(|n| *n == violating)?;
    let asked = violation.map_or(properties::NO_LOST_WRITE, |violation| violation.name);
    let what = properties::words(asked).asked;
    let truth = format!("It is {} of {}.", count(&violating), count(all));
    let reply = |n: &Count| match n.cmp(&violating) {
        std::cmp::Ordering::Equal => truth.clone(),
        std::cmp::Ordering::Less => {
            format!("{truth} Rare in a log does not mean rare in the orders.")
        }
        std::cmp::Ordering::Greater => {
            format!("{truth} In the others the steps meet in an order that is harmless.")
        }
    };
    let choices = numbers.iter().map(|n| Choice { text: count(n), reply: reply(n) }).collect();
    let text = format!("Of the {} orders of these steps, how many {what}?", count(all));
    Some(Question { id: "count", text, choices, answer, step: None })
}

/// Half of a count that is not too large to be guessed at.
fn half(all: &Count) -> Option<Count> {
    let all: u64 = all.to_string().parse().ok()?;
    (all > 1).then(|| Count::from(all / 2))
}

/// What does the object say after the guilty write?
fn outcome(facts: &Facts<'_>) -> Option<Question> {
    if facts.witness.class == LossClass::Dropped {
        return None;
    }
    let step = facts.guilty_step();
    let story = &facts.story;
    let event = story.event(step).filter(|event| event.is_write())?;
    let view = story.view(event)?;
    let (before, after) = (story.before(step)?, story.after(step)?);
    let mut both = before.clone();
    event.intent.iter().for_each(|change| make(change, &mut both));
    let why = why::sentences(facts).into_iter().find(|sentence| sentence.label == "why");
    let why = why.map_or_else(String::new, |why| format!(" Why: {}.", why.text));
    let truth = view.compact(Some(after));
    let mut choices = vec![
        Choice {
            text: view.compact(Some(&both)),
            reply: format!("That is what both workers mean. The object says {truth}.{why}"),
        },
        Choice { text: truth.clone(), reply: format!("So it is.{why}") },
        Choice {
            text: format!("{}: the server refuses the write", view.compact(Some(before))),
            reply: format!("It is answered {}.{why}", event.code.unwrap_or(200)),
        },
    ];
    let mut seen: Vec<String> = Vec::new();
    choices.retain(|choice| {
        let new = !seen.contains(&choice.text);
        seen.push(choice.text.clone());
        new
    });
    let answer = choices.iter().position(|choice| choice.text == truth)?;
    let (who, name) = (story.actor(event), story.names(event).into_iter().next()?);
    let text =
        format!("Step {step}: {who} sends {name}. What does {} say afterwards?", view.title());
    (choices.len() > 1).then_some(Question {
        id: "outcome",
        text,
        choices,
        answer,
        step: Some(step),
    })
}
