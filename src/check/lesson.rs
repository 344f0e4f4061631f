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

use std::sync::Arc;

#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use real::of_run;
pub use same_order::SameOrder;
pub use strip::Square;
pub use swap::Swap;

use super::game::{Belief, Chart, Game, Odds, Store, Stored, Walk};
use super::{CheckResult, Comparison, Options, Replayed, compare};
use crate::properties;
use crate::reconcilers::Reader;
use crate::scenario::{Diagnostic, Scenario};
use crate::simulation::Choice;
use crate::trace::Event;

/// States of the search up to which the game is embedded.
pub const PLAYABLE_STATES: usize = 2_000;

/// States of the game up to which it is embedded: what a reader sees tells more states apart than
/// the search does.
const CHART_STATES: usize = 2 * PLAYABLE_STATES;

/// States that are explored for one cell of the comparison.
const CELL_STATES: u64 = 20_000;

/// Steps after which a schedule that a page makes by itself is given up.
const MOST_STEPS: usize = 400;

/// What a page shows.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The schedules that are told.
    pub shown: Vec<Shown>,
    /// The one that a page opens with.
    pub first: usize,
    /// All schedules, or all classes of them.
    pub strip: Vec<Square>,
    /// The other write methods; the worst schedule of each cell, by index into `shown`.
    pub comparison: Comparison,
    /// Per row of the comparison: its worst schedule.
    pub worst: Vec<Option<usize>>,
    /// The letter of each worker.
    pub letters: Vec<char>,
    /// The names of the properties that [`Odds::violating`] counts, the judged ones first.
    pub judged: Vec<&'static str>,
    /// The game, if it is small enough.
    pub chart: Option<Chart>,
}

/// One schedule, with what everybody believed at each of its steps.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The run.
    pub run: Replayed,
    /// How each choice is spelled.
    pub letters: Vec<String>,
    /// Before the first step and after each: what each worker believes.
    pub beliefs: Vec<Vec<Belief>>,
    /// The caches and memories of its processes.
    pub stores: Vec<Store>,
    /// At the same places: what each of these holds.
    pub stored: Vec<Vec<Stored>>,
    /// At the same places: what each worker's next step would be, if it moved now.
    pub ahead: Vec<Vec<Option<Event>>>,
    /// At the same places: the schedules still possible.
    pub odds: Vec<Option<Odds>>,
    /// The write method and the reader, where these are not the scenario's own.
    pub instead: Option<(&'static str, Reader)>,
    /// The safe schedule next to it, if it loses and there is one.
    pub swap: Option<Swap>,
    /// The same order of moves under other write methods, if it loses.
    pub same_order: Vec<SameOrder>,
}

impl Shown {
    fn of(walk: &Walk<'_>) -> Shown {
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

    /// The first judged property that it violates.
    pub fn violates(&self) -> Option<&'static str> {
        let asked = |name: &str| self.run.scenario.properties.iter().any(|asked| asked == name);
        let judged = self.run.judged.iter().filter(|(name, ..)| asked(name));
        judged.filter(|(.., witness)| witness.is_some()).map(|(name, ..)| *name).next()
    }
}

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
    let runs = Some(super::explore::ADVICE_RUNS);
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
        Some(text) => Some(super::replay(&result.scenario, text)?.schedule.choices),
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

/// One schedule of a scenario, told; the search is not needed for that.
fn follow(scenario: &Arc<Scenario>, choices: &[Choice]) -> Result<Shown, Diagnostic> {
    let game = Game::new(scenario, 1)?;
    Ok(Shown::of(&walk(&game, choices)))
}

/// The place to which these choices lead, as far as they are offered.
fn walk<'g>(game: &'g Game, choices: &[Choice]) -> Walk<'g> {
    let mut walk = game.start();
    for choice in choices {
        if walk.take(*choice).is_err() {
            break;
        }
    }
    walk
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::run;
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
