//! How a game ended: who lost what and why, how many such schedules there are, how to see it again.
//!
//! Next to read: `parts.rs`.

use super::goal::{Goal, goal};
use crate::check::game::{Unknown, Walk};
use crate::check::{LossClass, Replayed};
use crate::properties;
use crate::report::check_text::reasons;
use crate::report::counts::{count, of};
use crate::report::losses::Facts;
use crate::report::story::Story;
use crate::report::style::{Role, Style};
use crate::report::text::{Text, plural, wrap};
use crate::report::timeline;
use crate::schedulers::Count;

/// What a player has found so far, and how to say it.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// Distinct schedules that violate the property of the game, this one included.
    pub schedules: usize,
    /// Whether this one had been found before.
    pub again: bool,
    /// Whether it may be told how many there are.
    pub counted: bool,
    /// The command that replays this one.
    pub replay: &'a str,
}

/// The end of a game.
pub fn ending(walk: &Walk<'_>, found: Found<'_>, style: &Style) -> Vec<Text> {
    let replayed = walk.replayed();
    let facts = Facts::of_replay(&replayed);
    let mut lines = drawing(&replayed, facts.as_ref(), style);
    let words = words(walk);
    lines.extend(headline(&replayed, facts.as_ref(), words));
    lines.push(Text::new());
    if let Some(facts) = &facts {
        lines.extend(reasons(facts, style));
        lines.push(Text::new());
    }
    let lost = violates(walk, &replayed);
    lines.extend(labelled("found", &tally(walk, lost, found), style));
    lines.extend(labelled("replay", found.replay, style));
    lines
}

/// A schedule that the player did not find: from here on, or else from the beginning.
pub fn given_up(shown: &Walk<'_>, from_here: bool, replay: &str, style: &Style) -> Vec<Text> {
    let replayed = shown.replayed();
    let facts = Facts::of_replay(&replayed);
    let lead = match from_here {
        true => format!("From here, it could go on like this: {}", replayed.schedule.bare()),
        false => format!("From the beginning, it could go like this: {}", replayed.schedule.bare()),
    };
    let mut lines = vec![Text::of(Role::Strong, lead), Text::new()];
    lines.extend(drawing(&replayed, facts.as_ref(), style));
    lines.extend(headline(&replayed, facts.as_ref(), words(shown)));
    lines.push(Text::new());
    if let Some(facts) = &facts {
        lines.extend(reasons(facts, style));
        lines.push(Text::new());
    }
    lines.extend(labelled("replay", replay, style));
    lines
}

fn words(walk: &Walk<'_>) -> &'static Goal {
    goal(walk.game().judged()[walk.game().goal()].name)
}

fn drawing(replayed: &Replayed, facts: Option<&Facts<'_>>, style: &Style) -> Vec<Text> {
    let story = Story::new(&replayed.scenario, &replayed.trace);
    let mut lines = timeline::draw(&story, facts, style);
    lines.push(Text::new());
    lines
}

/// Whether the property that the game is about is violated.
fn violates(walk: &Walk<'_>, replayed: &Replayed) -> bool {
    replayed.judged.get(walk.game().goal()).is_some_and(|(_, decided, _)| *decided)
}

/// `health lost a write: ready: True.`
fn headline(replayed: &Replayed, facts: Option<&Facts<'_>>, words: &Goal) -> Option<Text> {
    let Some(facts) = facts else {
        let mut holds = words.holds.to_owned();
        holds[..1].make_ascii_uppercase();
        return Some(Text::of(Role::Good, format!("{holds}.")));
    };
    let victim = replayed
        .judged
        .iter()
        .find(|(name, ..)| *name == facts.property)
        .and_then(|(_, _, witness)| witness.as_ref())
        .map_or("a worker", |witness| witness.victim.worker.as_str());
    let text = match (facts.witness.class, properties::words(facts.property).headline) {
        (LossClass::Dropped, _) => format!("{victim} gave up."),
        (_, Some(headline)) => headline.replace("{victim}", victim),
        (_, None) => format!("{} is violated.", facts.property),
    };
    Some(Text::of(Role::Bad, text))
}

/// How many schedules are like this one.
fn tally(walk: &Walk<'_>, lost: bool, found: Found<'_>) -> String {
    let (game, words) = (walk.game(), words(walk));
    if !found.counted {
        let kind = format!("{} schedule", words.violating);
        return match found.schedules {
            0 => format!("no {kind} so far"),
            n => format!("{} so far", plural(&n.to_string(), &kind)),
        };
    }
    let odds = match game.start_odds() {
        Ok(odds) => odds,
        Err(Unknown::Endless) => return "of an unknown number: some never end".to_owned(),
        Err(Unknown::CutOff { .. }) => return "there are too many schedules to count".to_owned(),
    };
    let (bad, all) = (&odds.violating[game.goal()], &odds.schedules);
    let good = all.minus(bad);
    match (lost, bad.is_zero()) {
        (false, true) => format!(
            "all {} are like this, so you cannot win here: that is what safe means",
            plural(&count(all), "schedule")
        ),
        (false, false) => format!(
            "{} schedules are like this; the other {} {}",
            of(&good, Some(all)),
            count(bad),
            words.of(bad)
        ),
        (true, _) => {
            let so_far = Count::from(found.schedules as u64);
            let known = if found.again { "again: so far you know" } else { "that makes" };
            let left = bad.minus(&so_far);
            let rest = match left.is_zero() {
                true => "you have them all".to_owned(),
                false => format!("{} to go", count(&left)),
            };
            format!(
                "{known} {} of the {} {} schedules, of {} in all; {rest}",
                count(&so_far),
                count(bad),
                words.violating,
                count(all)
            )
        }
    }
}

fn labelled(label: &str, text: &str, style: &Style) -> Vec<Text> {
    let width = style.width.saturating_sub(11).clamp(24, 100);
    // A command stays on its line, so that it can be copied.
    let parts = if label == "replay" { vec![text.to_owned()] } else { wrap(text, width) };
    let role = if label == "replay" { Role::Strong } else { Role::Plain };
    let parts = parts.into_iter().enumerate();
    parts
        .map(|(at, part)| {
            let label = if at == 0 { label } else { "" };
            Text::plain("  ").join(Text::of(Role::Faint, label).pad(9)).then(role, part)
        })
        .collect()
}
