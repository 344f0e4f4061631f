//! The games of the workshop: the scenes that the race plays, as a page of the museum has them.
//!
//! Next to read: `report/page/player.js`, which plays a scene; `workshop.js`, which asks for more
//! than a loss.

use std::sync::Arc;

use crate::check::{self, CheckResult, Options};
use crate::learn::{Exercise, Step};
use crate::report::{Style, scenes};
use crate::scenario::Scenario;

/// What the games may take, so that the page stays small.
const MOST_BYTES: usize = 150_000;

/// The scenes of the games that the exercises are played in, as JSON.
pub(super) fn games(exercises: &[Exercise]) -> String {
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
    let games: Vec<CheckResult> = names.into_iter().map(game).collect();
    scenes(&games.iter().collect::<Vec<_>>(), MOST_BYTES)
}

/// Wide enough for lanes, with the roles to make classes of.
pub(super) fn style() -> Style {
    Style { color: true, width: 100, recorded: false, ..Style::default() }
}

fn game(name: &str) -> CheckResult {
    let scenario = Arc::new(Scenario::builtin(name).expect("a shipped scenario"));
    let mut result = check::run(&scenario, &Options::default()).expect("a shipped scenario runs");
    let lesson = check::game_lesson(&result, None).expect("shipped scenarios can be played");
    assert!(lesson.chart.is_some(), "a game of the workshop is too large for a page");
    result.lesson = Some(Arc::new(lesson));
    result
}
