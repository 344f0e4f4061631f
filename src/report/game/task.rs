//! What a player is to do, what of it can be reached, and what is said of who loses: the same
//! sentences on the page, in `play` and while presenting.
//!
//! Next to read: `goal.rs`.

use super::goal::goal;
use crate::check::game::Game;
use crate::check::{CheckResult, LossClass, Replayed, Verdict};
use crate::properties::{self, NO_LOST_WRITE};
use crate::report::counts::count;
use crate::report::losses::Facts;
use crate::report::story::Story;
use crate::schedulers::Count;
use crate::trace::{Event, Trace};

/// `Both will be told 200 OK. Make one of them lose its write.`
pub fn task(result: &CheckResult, first: &Trace) -> String {
    let violation = result.first_violation();
    let name = violation.map_or(NO_LOST_WRITE, |property| property.name);
    let lost = result.property(NO_LOST_WRITE);
    let kept = lost.is_some_and(|lost| lost.verdict == Verdict::Holds);
    let story = Story::new(&result.scenario, first);
    let mut task = both(name, kept, &story).unwrap_or_else(|| goal(name).task.to_owned());
    let writes: Vec<&Event> = first.events.iter().filter(|event| event.is_write()).collect();
    let told = !writes.is_empty() && writes.iter().all(|event| event.is_acknowledged());
    if name == NO_LOST_WRITE && told && violation.is_some() {
        task = match result.scenario.workers.len() {
            1 => "It will be told 200 OK. Make it lose its write.".to_owned(),
            2 => "Both will be told 200 OK. Make one of them lose its write.".to_owned(),
            _ => "All will be told 200 OK. Make one of them lose its write.".to_owned(),
        };
    }
    if violation.is_none() {
        let all = result.exploration.schedules.as_ref().filter(|_| result.exploration.complete);
        task = format!("{task} {}", unreachable(all));
    }
    task
}

/// `Make both win: draining=true and assigned=true. ...`: the task of two workers that both keep
/// what they write, though no serial order of them ends like that.
fn both(property: &str, kept: bool, story: &Story<'_>) -> Option<String> {
    let sentence = goal(property).both.filter(|_| kept && story.trace.workers.len() == 2)?;
    let [first, second] = [0, 1].map(|worker| wants(story, worker).join(", "));
    let known = !first.is_empty() && !second.is_empty();
    known.then(|| sentence.replace("{wants}", &format!("{first} and {second}")))
}

/// The task of a game, with what can be reached.
pub fn reachable(game: &Game) -> String {
    let goal = game.goal();
    let task = self::goal(game.judged()[goal].name).task;
    match game.start_odds() {
        Ok(odds) if odds.violating[goal].is_zero() => {
            format!("{task} {}", unreachable(Some(&odds.schedules)))
        }
        Ok(odds) => {
            let lost = game.judged().iter().position(|entry| entry.name == NO_LOST_WRITE);
            let kept = lost.is_some_and(|lost| odds.violating[lost].is_zero());
            violating_both(game, kept).unwrap_or_else(|| task.to_owned())
        }
        Err(_) => task.to_owned(),
    }
}

/// The task of two that both win, as the shortest schedule in which they do names it.
fn violating_both(game: &Game, kept: bool) -> Option<String> {
    let goal = game.goal();
    let mut walk = game.start();
    for choice in game.shortest(goal)? {
        walk.take(*choice).ok()?;
    }
    let trace = walk.trace();
    both(game.judged()[goal].name, kept, &Story::new(game.scenario(), &trace))
}

/// Says that no schedule does it, and of how many.
fn unreachable(all: Option<&Count>) -> String {
    match all {
        Some(all) => format!("Try. No order can: 0 of {} schedules.", count(all)),
        None => "Try. No such schedule was found.".to_owned(),
    }
}

/// `usage lost its write. It was told 200, so it has no reason to read again.`
pub fn loses(run: &Replayed, facts: &Facts<'_>) -> String {
    let victim = facts.witness.victim.worker.as_str();
    let event = run.trace.events.get(facts.witness.victim.step.wrapping_sub(1));
    let acknowledged = event.filter(|event| event.is_acknowledged()).and_then(|event| event.code);
    match (facts.witness.class, properties::words(facts.property).headline, acknowledged) {
        (LossClass::Dropped, ..) => match event.map(|event| (event.answered, event.code)) {
            Some((true, Some(code))) if code >= 400 => {
                format!("{victim} was told {code} and gave up: it knows that its write failed.")
            }
            Some((false, _)) => {
                format!("{victim} gave up: it was never told whether its write was stored.")
            }
            _ => format!("{victim} gave up: its write was not acknowledged."),
        },
        (_, Some(_), Some(code)) if facts.property == NO_LOST_WRITE => {
            format!(
                "{victim} lost its write. It was told {code}, so it has no reason to read again."
            )
        }
        (_, Some(headline), _) => headline.replace("{victim}", victim),
        (_, None, _) => format!("{} is violated: {}.", facts.property, facts.lost_line()),
    }
}

/// The fields that a worker sets: `phase=Running`. None where they are computed from what it reads.
pub fn wants(story: &Story<'_>, worker: usize) -> Vec<String> {
    let own = |event: &&Event| event.worker() == Some(worker) && !event.intent.is_empty();
    let Some(event) = story.trace.events.iter().find(own) else { return Vec::new() };
    let Some(view) = story.view(event) else { return Vec::new() };
    let known = event.intent.iter().filter(|change| !change.derived);
    known.map(|change| view.intent(change)).collect()
}
