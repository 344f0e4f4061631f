//! The same order of moves, with one word of the scenario changed: its write method.
//!
//! The choices of a losing schedule are made again, as far as they are offered; then each worker
//! is done, one after the other. Next to read: `swap.rs`, the same word with one exchange.

use std::sync::Arc;

use super::told::{MOST_STEPS, told};
use crate::check::game::Game;
use crate::check::result::Comparison;
use crate::check::result::{SameOrder, Shown};
use crate::properties::NO_LOST_WRITE;
use crate::reconcilers::Reader;
use crate::scenario::{Diagnostic, Scenario};
use crate::simulation::Choice;

/// The methods that are tried, in this order.
const METHODS: &[&str] = &["update", "update-restamp", "update-retry", "merge-patch", "apply"];

/// Losing schedules that are told again: few where many are told.
const MOST_SCHEDULES: usize = 8;
const MOST_OF_MANY: usize = 2;
const MANY: usize = 30;

/// Tells the losing schedules again, with each method that the server accepts here.
pub(super) fn tell_all(
    scenario: &Arc<Scenario>,
    comparison: &Comparison,
    own: usize,
    shown: &mut Vec<Shown>,
) -> Result<(), Diagnostic> {
    let losing = |at: &usize| shown[*at].violates() == Some(NO_LOST_WRITE);
    let most = if own > MANY { MOST_OF_MANY } else { MOST_SCHEDULES };
    let losing: Vec<usize> = (0..own).filter(losing).take(most).collect();
    if losing.is_empty() {
        return Ok(());
    }
    for method in METHODS {
        let row = comparison.rows.iter().find(|row| row.write == *method);
        let accepted = row.filter(|row| row.refused.is_none());
        let is_own = scenario.workers.iter().all(|worker| worker.write == *method);
        let (Some(row), false) = (accepted, is_own) else { continue };
        let Ok(changed) = scenario.with_write(method) else { continue };
        let read = changed.workers.first().map_or(Reader::Live, |worker| worker.read);
        let game = Game::new(&Arc::new(changed), 1)?;
        for at in &losing {
            let Some(mut told) = again(&game, &shown[*at].run.schedule.choices) else { continue };
            told.instead = Some((row.write, read));
            let with = shown.len();
            shown[*at].same_order.push(SameOrder { word: (*method).to_owned(), with });
            shown.push(told);
        }
    }
    Ok(())
}

/// These choices as far as they are offered, then each worker to its end; `None` if there is none.
pub(super) fn again(game: &Game, choices: &[Choice]) -> Option<Shown> {
    let mut walk = game.start();
    for choice in choices {
        let _ = walk.take(*choice);
    }
    while !walk.is_over() {
        let next = *walk.choices().iter().find(|choice| matches!(choice, Choice::Worker(_)))?;
        walk.take(next).ok()?;
        if walk.made().len() > MOST_STEPS {
            return None;
        }
    }
    Some(told(&walk))
}
