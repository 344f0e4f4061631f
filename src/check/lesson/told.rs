//! One schedule told in full: at each step what each worker believes, holds and would do next.
//!
//! Next to read: `strip.rs`.

use std::sync::Arc;

use crate::check::game::{Game, Walk};
use crate::check::result::Shown;
use crate::scenario::{Diagnostic, Scenario};
use crate::simulation::Choice;

/// Steps after which a schedule that a page makes by itself is given up.
pub(super) const MOST_STEPS: usize = 400;

/// The schedule of a walk, told.
pub(super) fn told(walk: &Walk<'_>) -> Shown {
    let mut shown = Shown {
        run: walk.replayed(),
        letters: walk.made().iter().map(|c| walk.game().letters().spell(*c)).collect(),
        beliefs: Vec::new(),
        stores: walk.game().stores().to_vec(),
        stored: Vec::new(),
        ahead: Vec::new(),
        odds: Vec::new(),
        instead: None,
        swap: None,
        same_order: Vec::new(),
    };
    let mut place = walk.game().start();
    for step in 0..=walk.made().len() {
        shown.beliefs.push(place.beliefs().to_vec());
        shown.stored.push(place.stored());
        let workers = 0..place.world().workers.len();
        let next = |worker| Some(place.look(Choice::Worker(worker))?.event);
        shown.ahead.push(workers.map(next).collect());
        shown.odds.push(place.odds().ok());
        if let Some(choice) = walk.made().get(step) {
            let _ = place.take(*choice);
        }
    }
    shown
}

/// One schedule of a scenario, told; the search is not needed for that.
pub(super) fn follow(scenario: &Arc<Scenario>, choices: &[Choice]) -> Result<Shown, Diagnostic> {
    let game = Game::new(scenario, 1)?;
    Ok(told(&walk(&game, choices)))
}

/// The place to which these choices lead, as far as they are offered.
pub(super) fn walk<'g>(game: &'g Game, choices: &[Choice]) -> Walk<'g> {
    let mut walk = game.start();
    for choice in choices {
        if walk.take(*choice).is_err() {
            break;
        }
    }
    walk
}
