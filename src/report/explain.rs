//! "Let ... Then ...": the witness as an argument, after Elle.
//!
//! `Let` lists the writes that matter, with what they were based on and what they meant; `Then`
//! draws the contradiction. Next to read: `check_text.rs`.

use super::losses::{Facts, Told};
use super::story::{locked_to, verb};
use super::style::{Role, Style};
use super::text::Text;
use super::why;
use crate::check::{LossClass, Witness};
use crate::properties;
use crate::scenario::Scenario;
use crate::trace::Action;

/// The argument, as lines.
pub fn explain(facts: &Facts<'_>, style: &Style) -> Vec<Text> {
    let mut lines = vec![Text::of(Role::Strong, "Let")];
    let mut letters = Vec::new();
    let told = [facts.victim, facts.culprit].into_iter().flatten();
    let mut told: Vec<Told<'_>> = told.collect();
    told.sort_by_key(|told| told.step);
    told.dedup_by_key(|told| told.step);
    let names = told.iter().map(|told| told.name.len()).max().unwrap_or(0);
    for (at, told) in told.iter().enumerate() {
        letters.push((told.step, format!("W{}", at + 1)));
        let (what, meant) = definition(facts, *told);
        let line = format!("  W{} = step {:<3} {:<names$} {what}", at + 1, told.step, told.name);
        let line = Text::plain(line);
        let below = Text::plain(" ".repeat(16 + names));
        match meant {
            None => lines.push(line),
            Some(meant) if line.width() + 3 + meant.len() <= style.width => {
                lines.push(line.then(Role::Plain, format!("   {meant}")));
            }
            Some(meant) => lines.extend([line, below.then(Role::Plain, meant)]),
        }
    }
    lines.push(Text::of(Role::Strong, "Then"));
    for sentence in argument(facts, &letters) {
        for (at, line) in super::text::wrap(&sentence, style.width.saturating_sub(4).min(96))
            .into_iter()
            .enumerate()
        {
            lines.push(Text::plain(format!("  {} {line}", if at == 0 { "-" } else { " " })));
        }
    }
    lines.push(Text::plain("  ").then(Role::Bad, conclusion(facts)));
    lines
}

/// What it did, and what it meant.
fn definition(facts: &Facts<'_>, told: Told<'_>) -> (String, Option<String>) {
    let event = told.event;
    let key = event.key.as_ref().map_or_else(String::new, ToString::to_string);
    let target = match &event.action {
        Action::Write { subresource: Some(subresource), .. } => format!("{key}/{subresource}"),
        _ => key,
    };
    let verb = match &event.action {
        Action::Write { .. } => verb(event).to_owned(),
        _ => facts.story.names(event).into_iter().next().unwrap_or_default(),
    };
    let basis = Facts::basis(told).map_or_else(String::new, |rv| format!("   based on rv {rv}"));
    let lock = match locked_to(event) {
        Some(rv) if Some(rv) != Facts::basis(told) => format!(", sent as rv {rv}"),
        _ => String::new(),
    };
    let answer = match (event.code, event.committed) {
        (Some(code), true) => format!("   {code} at rv {}", facts.made(told)),
        (Some(code), false) => format!("   {code}, nothing stored"),
        (None, _) => String::new(),
    };
    let meant = facts.story.view(event).map_or_else(Vec::new, |view| {
        event
            .intent
            .iter()
            .map(|change| match view.intent(change).split_once('=') {
                Some((field, value)) => format!("{field} := {value}"),
                None => view.intent(change),
            })
            .collect()
    });
    let meant = (!meant.is_empty()).then(|| format!("meant {}", meant.join(", ")));
    (format!("{verb} {target}{basis}{lock}{answer}"), meant)
}

fn argument(facts: &Facts<'_>, letters: &[(usize, String)]) -> Vec<String> {
    let name = |told: Told<'_>| {
        let known = letters.iter().find(|(step, _)| *step == told.step);
        known.map_or_else(|| told.name.to_owned(), |(_, letter)| letter.clone())
    };
    let mut sentences = Vec::new();
    if let (Some(victim), Some(culprit)) = (facts.victim, facts.culprit)
        && let (Some(basis), made) = (Facts::basis(culprit), facts.made(victim))
        && basis < made
        && victim.step < culprit.step
    {
        sentences.push(format!(
            "{w2} did not know {w1}, because {w2} was built from rv {basis} and {w1} made rv \
             {made}.",
            w1 = name(victim),
            w2 = name(culprit),
        ));
    }
    for sentence in why::sentences(facts) {
        if matches!(sentence.label, "why" | "" | "guilty") {
            let at = sentence.step.map_or_else(String::new, |step| format!("At step {step} "));
            let text = match at.is_empty() {
                true => capital(&sentence.text),
                false => sentence.text,
            };
            sentences.push(format!("{at}{text}."));
        }
    }
    if silent_later(facts) {
        sentences.push(format!("No later write meant to change {}.", facts.label()));
    }
    sentences
}

pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().collect::<String>() + chars.as_str(),
        None => String::new(),
    }
}

/// Whether it is so that no worker meant to change the field after the victim.
fn silent_later(facts: &Facts<'_>) -> bool {
    let (Some(victim), Some(field)) = (facts.victim, facts.field()) else { return false };
    let later = &facts.story.trace.events[victim.step..];
    let meant = |event: &crate::trace::Event| {
        event.is_acknowledged() && event.intent.iter().any(|c| c.path.overlaps(&field))
    };
    facts.witness.class != LossClass::Dropped && !later.iter().any(meant)
}

fn conclusion(facts: &Facts<'_>) -> String {
    let who = facts.victim.map_or("it", |victim| victim.name);
    let code = facts.victim.and_then(|victim| victim.event.code).unwrap_or(200);
    let told = format!("However, {who} was told {code}");
    match facts.witness.class {
        LossClass::Broken => format!("{}: {}.", facts.property, facts.witness.field),
        LossClass::Dropped => format!("{who} gave up, and knows it. Not a lost write."),
        LossClass::Ignored => {
            format!("{told}: its write should be there, and never was. An ignored write.")
        }
        LossClass::Skew if facts.victim.is_some_and(|victim| victim.event.is_skip()) => format!(
            "However, {who} would have written, had each run begun when the one before was over. \
             Not serializable."
        ),
        LossClass::Skew => format!(
            "{told}, and the state is one that no order of the two gives. Write skew (A5B)."
        ),
        LossClass::WrongObject => {
            format!("{told}, for an object that is not the one it read.")
        }
        _ if facts.property == properties::SERIALIZABLE => match facts.unanswered() {
            Some(_) => format!(
                "{told} once: its write was made twice, and what is there contains both. A \
                 repeated write."
            ),
            None => "However, each was told that its write is there, and no order of the writes \
                     gives what is there. Not serializable."
                .to_owned(),
        },
        LossClass::Torn if facts.holds_anothers() => format!(
            "{told}: what is there now is half of its own and half of another's. A torn write."
        ),
        LossClass::Torn => format!("{told}: only a part of what it meant is there. A torn write."),
        LossClass::Omitted => format!(
            "{told}: what it meant is not there, because what it sent did not say it. An omitted \
             write."
        ),
        class if facts.is_lost_update() => format!(
            "{told}: its write should still be there. A lost update (P4, {}).",
            class.as_str()
        ),
        class => {
            format!("{told}: its write should still be there. A lost write ({}).", class.as_str())
        }
    }
}

/// The arguments of several witnesses, an empty line between each two.
pub fn explain_all(
    scenario: &Scenario,
    witnesses: &[(&'static str, Witness)],
    style: &Style,
) -> String {
    let texts = witnesses.iter().map(|(property, witness)| {
        let lines = explain(&Facts::new(scenario, property, witness), style);
        lines.iter().map(|line| line.paint(style) + "\n").collect::<String>()
    });
    texts.collect::<Vec<_>>().join("\n")
}
