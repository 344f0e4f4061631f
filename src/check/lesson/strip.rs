//! The strip: one square per schedule, or one per class of schedules.
//!
//! Next to read: `swap.rs`.

use indexmap::IndexMap;

use super::told::{MOST_STEPS, told, walk};
use crate::check::game::{Chart, Game, Walk};
use crate::check::result::CheckResult;
use crate::check::result::{Shown, Square};
use crate::schedulers::Count;
use crate::simulation::{Choice, Ending};

/// Schedules up to which each is shown.
const EACH: u64 = 100;

/// Classes of schedules that are shown at most; the smallest are then one.
const CLASSES: usize = 60;

/// The schedules that are told, and the squares.
pub(super) fn strip(
    game: &Game,
    result: &CheckResult,
    chart: Option<&Chart>,
) -> (Vec<Shown>, Vec<Square>) {
    let all = game.start_odds().ok().map(|odds| odds.schedules.clone());
    let few = all.is_some_and(|all| all <= Count::from(EACH));
    let mut shown = Vec::new();
    if few {
        every(&mut game.start(), &mut shown);
        let one = |at| Square { shown: at, schedules: Some(Count::ONE) };
        let strip = (0..shown.len()).map(one).collect();
        return (shown, strip);
    }
    let classes = chart.and_then(|chart| classes(game, chart));
    let mut strip = Vec::new();
    match classes {
        Some(classes) => {
            for (choices, count) in classes {
                strip.push(Square { shown: shown.len(), schedules: Some(count) });
                shown.push(told(&walk(game, &choices)));
            }
        }
        None => {
            for (choices, count) in by_verdict(game, result) {
                strip.push(Square { shown: shown.len(), schedules: count });
                shown.push(told(&walk(game, &choices)));
            }
        }
    }
    (shown, strip)
}

/// Every schedule, in the order of its choices.
fn every(walk: &mut Walk<'_>, shown: &mut Vec<Shown>) {
    if walk.is_over() {
        shown.push(told(walk));
    }
    for choice in walk.choices() {
        if walk.take(choice).is_ok() {
            every(walk, shown);
            walk.undo();
        }
    }
}

/// One schedule of each class, with how many there are: the ways to an end with these objects and
/// this judgement. `None` if there are schedules without end.
fn classes(game: &Game, chart: &Chart) -> Option<Vec<(Vec<Choice>, Count)>> {
    game.start_odds().ok()?;
    let mut incoming = vec![0_usize; chart.states.len()];
    let ways = chart.states.iter().flat_map(|state| &state.ways);
    ways.for_each(|way| incoming[way.to] += 1);
    let mut paths = vec![Count::ZERO; chart.states.len()];
    paths[0] = Count::ONE;
    let mut ready = vec![0];
    let mut classes: IndexMap<(String, Vec<bool>), (Vec<Choice>, Count)> = IndexMap::new();
    while let Some(at) = ready.pop() {
        let state = &chart.states[at];
        let here = paths[at].clone();
        if let Some(decided) = &state.ending {
            let objects = state
                .objects
                .iter()
                .filter_map(|(key, object)| Some((key.clone(), object.clone()?)));
            let content = Ending { objects: objects.collect() }.content();
            let class = classes.entry((content, decided.clone()));
            let class = class.or_insert_with(|| (state.path.clone(), Count::ZERO));
            class.1.add(&here);
            if (state.path.len(), &state.path) < (class.0.len(), &class.0) {
                class.0.clone_from(&state.path);
            }
        }
        for way in &state.ways {
            paths[way.to].add(&here);
            incoming[way.to] -= 1;
            if incoming[way.to] == 0 {
                ready.push(way.to);
            }
        }
    }
    let mut classes: Vec<_> = classes.into_values().collect();
    classes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    (classes.len() <= CLASSES).then_some(classes)
}

/// One schedule that violates and one that does not, with how many there are of each, where the
/// check knows it.
fn by_verdict(game: &Game, result: &CheckResult) -> Vec<(Vec<Choice>, Option<Count>)> {
    let all = result.exploration.schedules.as_ref();
    let violating = result.first_violation().and_then(|property| property.schedules.clone());
    let rest = match (all, &violating) {
        (Some(all), Some(violating)) => Some(all.minus(violating)),
        (Some(all), None) if result.first_violation().is_none() => Some(all.clone()),
        _ => None,
    };
    let found = result.first_violation().and_then(|property| property.witness.as_ref());
    let found = found.map(|witness| (witness.schedule.choices.clone(), violating));
    let alone = one_after_the_other(game).map(|choices| (choices, rest));
    found.into_iter().chain(alone).collect()
}

/// The schedule in which each worker moves only when the one before it is done.
fn one_after_the_other(game: &Game) -> Option<Vec<Choice>> {
    let mut walk = game.start();
    while !walk.is_over() && walk.made().len() < MOST_STEPS {
        let choice = *walk.choices().first()?;
        walk.take(choice).ok()?;
    }
    let judged = walk.world().judge();
    (walk.is_over() && !*judged.get(game.goal())?).then(|| walk.made().to_vec())
}

/// The schedule that the page opens with: the wanted one, or else the longest.
pub(super) fn first(game: &Game, shown: &mut Vec<Shown>, wanted: Option<&[Choice]>) -> usize {
    let Some(wanted) = wanted else {
        let longest = shown.iter().map(|shown| shown.letters.len()).max().unwrap_or(0);
        let at = shown.iter().position(|shown| shown.letters.len() == longest);
        return at.unwrap_or_else(|| push(game, shown, &[]));
    };
    let at = shown.iter().position(|shown| shown.run.schedule.choices == wanted);
    at.unwrap_or_else(|| push(game, shown, wanted))
}

/// Tells one schedule more.
pub(super) fn push(game: &Game, shown: &mut Vec<Shown>, choices: &[Choice]) -> usize {
    shown.push(told(&walk(game, choices)));
    shown.len() - 1
}
