//! A losing schedule and the safe one that differs from it by one exchange of two steps.
//!
//! The nearest exchange is taken: first of two neighbours, then of steps further apart. Up to the
//! second of the two the schedules are the same but for the exchange; what comes after may be
//! shorter or longer, because a worker gets another answer. Next to read: `strip.rs`.

use super::strip::push;
use super::told::MOST_STEPS;
use crate::check::game::{Game, Walk};
use crate::check::result::{Shown, Swap};
use crate::simulation::Choice;

/// How far into a schedule an exchange is looked for.
const FIRST_STEPS: usize = 24;

/// Finds the safe neighbour of every schedule that violates something.
pub(super) fn find_all(game: &Game, shown: &mut Vec<Shown>) {
    for at in 0..shown.len() {
        if shown[at].violates().is_none() {
            continue;
        }
        let choices = shown[at].run.schedule.choices.clone();
        let Some((safe, steps)) = neighbour(game, &choices) else { continue };
        let known = shown.iter().position(|other| other.run.schedule.choices == safe);
        let with = known.unwrap_or_else(|| push(game, shown, &safe));
        shown[at].swap = Some(Swap { with, steps });
    }
}

/// The safe schedule nearest to this one, and the two steps that are exchanged.
fn neighbour(game: &Game, choices: &[Choice]) -> Option<(Vec<Choice>, (usize, usize))> {
    let steps = choices.len().min(FIRST_STEPS);
    let pairs = (1..steps).flat_map(|apart| (0..steps - apart).map(move |at| (at, at + apart)));
    pairs.filter(|(a, b)| choices[*a] != choices[*b]).find_map(|(a, b)| {
        let mut swapped = choices.to_vec();
        swapped.swap(a, b);
        let walk = finished(game, &swapped, b)?;
        is_safe(game, &walk).then(|| (walk.made().to_vec(), (a, b)))
    })
}

/// Follows the choices, to the letter up to `exact`; then those that are offered; then whoever is
/// not done.
fn finished<'g>(game: &'g Game, choices: &[Choice], exact: usize) -> Option<Walk<'g>> {
    let mut walk = game.start();
    for (at, choice) in choices.iter().enumerate() {
        if walk.take(*choice).is_err() && at <= exact {
            return None;
        }
    }
    while !walk.is_over() {
        if walk.made().len() > MOST_STEPS {
            return None;
        }
        let choice = *walk.choices().first()?;
        walk.take(choice).ok()?;
    }
    Some(walk)
}

fn is_safe(game: &Game, walk: &Walk<'_>) -> bool {
    let judged = walk.world().judge();
    let entries = game.judged().iter().zip(judged);
    entries.into_iter().all(|(entry, decided)| entry.sometimes || !decided)
}
