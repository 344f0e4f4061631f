//! What `play` shows: the board while a game runs, the parts of a step, and how it ended.
//!
//! It reads a [`Walk`] and draws; who asks for it, and which keys there are, is `cli/play`'s
//! business. The drawing is the timeline that `check` prints, and the sentences are the same.
//! Next to read: `board.rs`, then `ending.rs`.

mod board;
mod ending;
mod goal;
mod parts;
mod rules;
mod schedules;
mod task;

pub use board::{Menu, beliefs, board, introduction, keys, moves, odds, timeline_so_far};
pub use ending::{Found, ending, given_up};
pub use goal::{Goal, goal};
pub use parts::parts;
pub use rules::{cast, rules};
pub use schedules::schedules;
pub use task::{loses, reachable, task, wants};

use super::story::Story;
use super::view::View;
use crate::check::game::{Game, Walk};
use crate::trace::Trace;

/// The run so far as a story, whose views are those of a whole run.
pub(super) fn story<'a>(game: &'a Game, trace: &'a Trace) -> Story<'a> {
    Story::with_views(game.scenario(), trace, View::of(game.scenario(), game.any_run()))
}

/// How a choice reads: `health moves`, `the cache of operator receives rv 2`.
pub(super) fn choice_text(story: &Story<'_>, way: &crate::check::game::Way) -> String {
    use crate::simulation::Choice;
    use crate::trace::Fault;
    let event = &way.event;
    match way.choice {
        Choice::Worker(worker) => format!("{} moves", story.worker(worker)),
        Choice::Deliver(_) => {
            let cache = story.actor(event);
            match super::story::seen_rv(event) {
                Some(rv) => format!("{cache} receives rv {rv}"),
                None => format!("{cache} receives the deletion"),
            }
        }
        Choice::Fault(Fault::LostResponse(worker)) => {
            let verb = super::story::verb(event);
            format!("{}'s {verb} lands, its answer gets lost", story.worker(worker))
        }
        Choice::Fault(_) => {
            let what = story.names(event).into_iter().next().unwrap_or_default();
            format!("{} {what}", story.actor(event))
        }
    }
}

/// The schedule so far as its letters; `-` if it has none.
pub fn letters(walk: &Walk<'_>) -> String {
    let bare = walk.schedule().bare();
    if bare.is_empty() { "-".to_owned() } else { bare }
}
