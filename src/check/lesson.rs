//! What a page shows of a scenario besides its verdict: schedules told in full, the safe neighbour
//! of a losing one, the other write methods, and the game.
//!
//! Where there are few schedules all of them are shown; where there are many, one of each class:
//! the schedules that end with the same objects and the same judgement. Counts are those of the
//! search. Next to read: `lesson/swap.rs`, then `game/mod.rs`; `report/page/` draws it.

#[cfg(any(feature = "kube", feature = "serve"))]
mod real;
mod same_order;
mod strip;
mod swap;
mod told;

use std::sync::Arc;

#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use real::of_run;
use told::follow;

use super::compare::compare;
use super::game::Game;
use super::options::{ADVICE_RUNS, Options};
use super::replay::replay;
use super::result::{CheckResult, Comparison, Lesson, Shown};
use crate::properties;
use crate::scenario::Diagnostic;

/// States of the search up to which the game is embedded.
pub const PLAYABLE_STATES: usize = 2_000;

/// States of the game up to which it is embedded: what a reader sees tells more states apart than
/// the search does.
const CHART_STATES: usize = 2 * PLAYABLE_STATES;

/// States that are explored for one cell of the comparison.
const CELL_STATES: u64 = 20_000;

/// Makes the lesson of a check, opening with this schedule, or with the one that was found.
///
/// # Errors
/// A schedule that does not fit; what the API server refuses of the scenario.
pub fn lesson(
    result: &CheckResult,
    schedule: Option<&str>,
    options: &Options,
) -> Result<Lesson, Diagnostic> {
    let mut lesson = game_lesson(result, schedule)?;
    let runs = Some(ADVICE_RUNS);
    let bounded = Options { max_states: Some(CELL_STATES), runs, ..options.clone() };
    let bounded = Options { scheduler: "exhaustive".to_owned(), lesson: false, ..bounded };
    let comparison = compare(&result.scenario, &bounded)?;
    let own = lesson.shown.len();
    lesson.worst = worst(&comparison, &mut lesson.shown)?;
    same_order::tell_all(&result.scenario, &comparison, own, &mut lesson.shown)?;
    lesson.comparison = comparison;
    Ok(lesson)
}

/// The game of a lesson, without the other write methods.
///
/// # Errors
/// A schedule that does not fit; what the API server refuses of the scenario.
pub fn game_lesson(result: &CheckResult, schedule: Option<&str>) -> Result<Lesson, Diagnostic> {
    let game = Game::new(&result.scenario, super::game::MAX_STATES)?;
    let found = || Some(result.first_violation()?.witness.as_ref()?.schedule.choices.clone());
    let wanted = match schedule {
        Some(text) => Some(replay(&result.scenario, text)?.schedule.choices),
        None => found(),
    };
    let small = game.states() <= PLAYABLE_STATES;
    let chart = if small { game.chart(CHART_STATES) } else { None };
    let (mut shown, strip) = strip::strip(&game, result, chart.as_ref());
    let first = strip::first(&game, &mut shown, wanted.as_deref());
    swap::find_all(&game, &mut shown);
    let letters = game.letters().workers.clone();
    let judged = game.judged().iter().map(|entry| entry.name).collect();
    let scenario = Arc::clone(&result.scenario);
    let comparison = Comparison { scenario, rows: Vec::new(), list_type: None };
    Ok(Lesson { shown, first, strip, comparison, worst: Vec::new(), letters, judged, chart })
}

/// The worst schedule of each cell.
fn worst(
    comparison: &Comparison,
    shown: &mut Vec<Shown>,
) -> Result<Vec<Option<usize>>, Diagnostic> {
    let mut worst = Vec::new();
    for row in &comparison.rows {
        let lost = row.result.as_ref().and_then(|result| {
            Some((&result.scenario, result.property(properties::NO_LOST_WRITE)?.witness.as_ref()?))
        });
        let Some((scenario, witness)) = lost else {
            worst.push(None);
            continue;
        };
        worst.push(Some(shown.len()));
        let mut told = follow(scenario, &witness.schedule.choices)?;
        told.instead = Some((row.write, row.read));
        shown.push(told);
    }
    Ok(worst)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::run;
    use crate::scenario::Scenario;
    use crate::schedulers::Count;

    fn of(name: &str) -> (CheckResult, Lesson) {
        let scenario = Arc::new(Scenario::builtin(name).expect("shipped"));
        let options = Options::default();
        let result = run(&scenario, &options).expect("it runs");
        let lesson = lesson(&result, None, &options).expect("it can be told");
        (result, lesson)
    }

    #[test]
    fn strips_add_up_and_swaps_are_one_exchange() {
        let mut swaps = 0;
        for scenario in Scenario::all_builtin() {
            let (result, lesson) = of(&scenario.name);
            adds_up(&result, &lesson);
            swaps += exchanges(&lesson);
        }
        assert!(swaps > 20, "{swaps}");
    }

    /// The squares are all schedules, and the losing ones all that lose.
    fn adds_up(result: &CheckResult, lesson: &Lesson) {
        let name = &result.scenario.name;
        let (mut sum, mut violating) = (Count::ZERO, Count::ZERO);
        for square in &lesson.strip {
            let Some(count) = &square.schedules else { continue };
            sum.add(count);
            if lesson.shown[square.shown].violates().is_some() {
                violating.add(count);
            }
        }
        assert_eq!(Some(&sum), result.exploration.schedules.as_ref(), "{name}");
        if let Some(violation) = result.first_violation().filter(|_| lesson.judged.len() < 3) {
            assert_eq!(Some(&violating), violation.schedules.as_ref(), "{name}");
        }
    }

    /// Up to the second of the two steps, one schedule is the other with these two exchanged.
    fn exchanges(lesson: &Lesson) -> usize {
        let swapped = lesson.shown.iter().filter(|shown| shown.swap.is_some());
        swapped
            .map(|shown| {
                let swap = shown.swap.expect("filtered");
                let safe = &lesson.shown[swap.with];
                assert_eq!(safe.violates(), None);
                let mut letters = shown.letters.clone();
                letters.swap(swap.steps.0, swap.steps.1);
                let upto = swap.steps.1 + 1;
                assert_eq!(letters[..upto], safe.letters[..upto]);
            })
            .count()
    }
}
