//! Every place of a small game: what the board shows there, and how each schedule ends.
//!
//! A place is a beginning of a schedule, so that the drawing is that of the way one came. The text
//! is the terminal's. Next to read: `workshop.js`, which walks from place to place.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::ansi;
use crate::check::game::{Game, MAX_STATES, Walk};
use crate::learn::{Exercise, Step};
use crate::report::game::{Found, beliefs, ending, moves, odds, timeline_so_far};
use crate::report::{Style, paint};
use crate::scenario::Scenario;

/// A game.
#[derive(Serialize)]
pub(super) struct GameData {
    scenario: String,
    /// By the letters so far.
    places: BTreeMap<String, Place>,
}

/// One place.
#[derive(Serialize)]
struct Place {
    /// The timeline and the beliefs, or how it ended.
    board: String,
    odds: String,
    /// Letters and what they do.
    moves: Vec<(String, String)>,
    /// Why others cannot move.
    stuck: Vec<String>,
    /// Who lost, at an end with a loss.
    victim: Option<String>,
}

/// Places of all games together: more would make the page too large.
const MOST: usize = 400;

/// The games that the exercises are played in.
pub(super) fn games(exercises: &[Exercise]) -> Vec<GameData> {
    let steps = exercises.iter().flat_map(|exercise| &exercise.steps);
    let mut names: Vec<&str> = steps
        .filter_map(|step| match step {
            Step::Play(play) => Some(play.scenario.as_str()),
            Step::Schedule(task) => Some(task.scenario.as_str()),
            _ => None,
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(game).collect()
}

/// Wide enough for lanes, with the roles to make classes of.
pub(super) fn style() -> Style {
    Style { color: true, width: 100, recorded: false, ..Style::default() }
}

fn game(name: &str) -> GameData {
    let scenario = Arc::new(Scenario::builtin(name).expect("a shipped scenario"));
    let game = Game::new(&scenario, MAX_STATES).expect("shipped scenarios can be played");
    let mut places = BTreeMap::new();
    follow(&mut game.start(), &mut places);
    GameData { scenario: name.to_owned(), places }
}

fn follow(walk: &mut Walk<'_>, places: &mut BTreeMap<String, Place>) {
    assert!(places.len() < MOST, "a game of the workshop is too large for a page");
    let letters: String =
        walk.made().iter().map(|choice| walk.game().letters().spell(*choice)).collect();
    places.insert(letters, place(walk));
    for choice in walk.choices() {
        if walk.take(choice).is_ok() {
            follow(walk, places);
            walk.undo();
        }
    }
}

fn place(walk: &Walk<'_>) -> Place {
    let style = style();
    let goal = walk.game().goal();
    let board = match walk.is_over() {
        false => {
            let mut lines = timeline_so_far(walk, &style);
            lines.push(crate::report::Text::new());
            lines.extend(beliefs(walk, &style));
            lines
        }
        true => {
            let command = crate::report::quoted(&walk.schedule().to_string());
            let replay =
                format!("lostwrite replay {} --schedule {command}", walk.game().scenario().name);
            let found = Found { schedules: 1, again: false, counted: false, replay: &replay };
            let mut lines = ending(walk, found, &style);
            // How many were found is the page's to say.
            lines.retain(|line| !line.pieces().any(|(_, text)| text.trim_end() == "found"));
            lines
        }
    };
    let lost = walk.is_over().then(|| walk.replayed()).and_then(|replayed| {
        let (_, _, witness) = replayed.judged.into_iter().nth(goal)?;
        Some(witness?.victim.worker)
    });
    Place {
        board: ansi::html(&paint(&board, &style)),
        odds: ansi::html(&paint(&[odds(walk, &style)], &style)),
        moves: moves(walk).into_iter().map(|way| (way.key, way.what)).collect(),
        stuck: walk.stuck().into_iter().map(|stuck| stuck.sentence).collect(),
        victim: lost,
    }
}
