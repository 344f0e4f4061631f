//! Whether a learner's file, or schedule, is as an exercise wants it; if not, why not.
//!
//! Next to read: `show.rs`.

use std::sync::Arc;

use super::{Need, ScheduleTask};
use crate::check::{self, CheckResult, Options, Replayed, Verdict};
use crate::properties;
use crate::report;
use crate::scenario::{Expect, Scenario};

/// States that a learner's own scenario may take here; `lostwrite check` has no such bound.
const MAX_STATES: u64 = 500_000;

/// What is still missing, as sentences; none if everything is there.
pub fn unmet(needs: &[Need], scenario: &Arc<Scenario>, given: &str, text: &str) -> Vec<String> {
    let options = Options { expect: false, max_states: Some(MAX_STATES), ..Options::default() };
    let result = match check::run(scenario, &options) {
        Ok(result) => result,
        Err(refused) => return vec![refused.to_string()],
    };
    let missing = |need: &Need| match need {
        Need::Changed(_) => (given == text).then(|| "it is as it was given to you".to_owned()),
        Need::Only(worker) => others_changed(worker, scenario, given),
        need => missing(need, scenario, &result),
    };
    needs.iter().filter_map(missing).collect()
}

/// A worker of another team that does not write as in the file that was given.
fn others_changed(own: &str, scenario: &Scenario, given: &str) -> Option<String> {
    let given = Scenario::from_str("given", given).ok()?.remove(0);
    let others = given.workers.iter().filter(|worker| worker.name != own);
    let changed = |name: &str, write: &str| {
        !scenario.workers.iter().any(|worker| worker.name == name && worker.write == write)
    };
    let theirs = others.into_iter().find(|worker| changed(&worker.name, &worker.write))?;
    Some(format!("{} is not yours: let it write by {}", theirs.name, theirs.write))
}

fn missing(need: &Need, scenario: &Scenario, result: &CheckResult) -> Option<String> {
    match need {
        Need::Write(method) => {
            let other = scenario.workers.iter().find(|worker| worker.write != *method)?;
            Some(format!("{} writes by {}", other.name, other.write))
        }
        Need::Holds(name) => holds(name, result),
        Need::LostResponses(n) => (scenario.faults.lost_responses < *n)
            .then(|| "no answer can get lost yet: turn the fault on".to_owned()),
        Need::Workers(n) => {
            let has = scenario.workers.len();
            (has < *n).then(|| format!("it has {has} workers, and needs {n}"))
        }
        Need::WorstCalls(most) => {
            let calls = result.costs.most_calls.filter(|calls| calls > most)?;
            Some(format!("in the worst schedule it makes {calls} API calls; the budget is {most}"))
        }
        Need::Expect(what) => {
            let safe = matches!(&scenario.expect, Expect::Verdicts(verdicts)
                if verdicts.get(properties::NO_LOST_WRITE) == Some(&true));
            (!safe).then(|| format!("it does not state `expect: {what}`"))
        }
        Need::Changed(_) | Need::Only(_) => None,
    }
}

fn holds(name: &str, result: &CheckResult) -> Option<String> {
    let Some(property) = result.property(name) else {
        return Some(format!("it does not judge `{name}`: add it to `properties`"));
    };
    let of = match (&property.schedules, &result.exploration.schedules) {
        (Some(some), Some(all)) => {
            format!("in {} of {} schedules", report::count(some), report::count(all))
        }
        _ => "in some schedule".to_owned(),
    };
    match (property.verdict, properties::words(name).still) {
        (Verdict::Holds, _) => None,
        (Verdict::Violated, Some(still)) => Some(format!("{of} {still}")),
        (Verdict::Violated, None) => Some(format!("{of} {name} is violated")),
        (Verdict::Unknown, _) => Some(format!(
            "{name} is not known: more than {MAX_STATES} states; make the scenario smaller"
        )),
    }
}

/// Why a schedule is not what is asked for; `None` if it is.
pub fn schedule_misses(task: &ScheduleTask, typed: &str) -> Option<String> {
    let Some(scenario) = Scenario::builtin(&task.scenario) else {
        return Some(format!("there is no scenario {}", task.scenario));
    };
    let replayed = match check::replay(&Arc::new(scenario), typed) {
        Ok(replayed) => replayed,
        Err(mistake) => return Some(mistake.message),
    };
    order_misses(&task.needs, &replayed)
}

/// Why an order is not what is asked for; `None` if it is.
pub fn order_misses(needs: &[String], replayed: &Replayed) -> Option<String> {
    if !replayed.trace.finished {
        return Some("it stops before every worker is done".to_owned());
    }
    let judged = |name: &str| replayed.judged.iter().any(|(known, is, _)| *known == name && *is);
    let missing = |need: &String| match need.as_str() {
        "lost" => {
            (!judged(properties::NO_LOST_WRITE)).then(|| "no worker loses a write".to_owned())
        }
        "no-overlap" => judged(properties::RACED)
            .then(|| "one worker begins before the other has finished".to_owned()),
        other => (!judged(other)).then(|| format!("`{other}` holds in this order")),
    };
    // That they overlap is the first thing to be told.
    needs.iter().rev().find_map(missing)
}
