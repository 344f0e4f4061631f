//! The last line of `check`: how many scenarios, what became of them, and what that rests on.
//!
//! Never a bare "OK": how many schedules, whether that was all of them, and under which bounds.
//! Next to read: `json.rs`.

use super::counts::{count, small};
use super::style::Role;
use super::text::{Text, list_and, plural};
use crate::check::{Bound, CheckResult, Exploration, Verdict};
use crate::schedulers::Count;

/// The summary: one line, whatever its length, so that it is always the last one.
pub fn summary(results: &[CheckResult]) -> Text {
    let (role, tag, text) = verdict(results);
    Text::of(role, tag).then(Role::Plain, format!("  {text} {}", coverage(results)))
}

fn verdict(results: &[CheckResult]) -> (Role, &'static str, String) {
    let scenarios = plural(&results.len().to_string(), "scenario");
    let failed: Vec<&CheckResult> = results.iter().filter(|result| result.failed()).collect();
    let undecided = results.iter().filter(|result| is_undecided(result)).count();
    let interrupted =
        results.iter().any(|result| result.exploration.stopped_by == Some(Bound::Interrupted));
    if !failed.is_empty() {
        return (Role::Bad, "FAIL", format!("{scenarios}: {}.", failures(results, &failed)));
    }
    if interrupted {
        return (Role::Notice, "interrupted", format!("{scenarios}: no violation until then."));
    }
    if undecided > 0 {
        let all = undecided == results.len();
        let which = if all { String::new() } else { format!("{undecided} of them undecided: ") };
        return (
            Role::Notice,
            "ok?",
            format!("{scenarios}: {which}no violation in what was explored."),
        );
    }
    (Role::Good, "ok", format!("{scenarios}: {}.", successes(results)))
}

/// Nothing was violated that should hold, but not all was explored.
pub fn is_undecided(result: &CheckResult) -> bool {
    use crate::check::Expectation;
    let unknown = |p: &crate::check::PropertyResult| p.judged && p.verdict == Verdict::Unknown;
    match result.expectation {
        Expectation::Undecided => true,
        Expectation::Met | Expectation::Unmet => false,
        Expectation::None => !result.failed() && result.properties.iter().any(unknown),
    }
}

fn failures(results: &[CheckResult], failed: &[&CheckResult]) -> String {
    if let ([result], 1) = (failed, results.len()) {
        let violated = result
            .properties
            .iter()
            .filter(|p| p.judged && p.verdict == Verdict::Violated)
            .filter(|p| super::check_text::expected(result, p.name) != Some(false))
            .count();
        return match violated {
            0 => "what it expects did not come about".to_owned(),
            1 => "1 property violated".to_owned(),
            n => format!("{n} properties violated"),
        };
    }
    let names: Vec<_> = failed.iter().map(|result| result.scenario.name.clone()).collect();
    format!(
        "{} failed ({}), {} passed",
        failed.len(),
        list_and(&names),
        results.len() - failed.len()
    )
}

fn successes(results: &[CheckResult]) -> String {
    let lost =
        |result: &&CheckResult| super::check_text::expected(result, "no-lost-write") == Some(false);
    let stated = results.iter().filter(|r| r.expectation == crate::check::Expectation::Met).count();
    match (results.len(), results.iter().filter(lost).count(), stated) {
        (1, 1, _) => "LOST, as expected".to_owned(),
        (_, 0, 0) => "every property holds".to_owned(),
        (1, _, _) => "every property as expected".to_owned(),
        (all, lost, stated) => {
            let mut parts = Vec::new();
            if lost > 0 {
                parts.push(format!("{lost} LOST, as expected"));
            }
            if stated > lost {
                parts.push(format!("{} safe or as expected", stated - lost));
            }
            if all > stated {
                parts.push(format!("{} where every property holds", all - stated));
            }
            parts.join(", ")
        }
    }
}

/// What the verdict rests on.
fn coverage(results: &[CheckResult]) -> String {
    let explorations: Vec<_> = results.iter().map(|result| &result.exploration).collect();
    if explorations.iter().all(|exploration| exploration.complete) {
        let schedules = explorations.iter().try_fold(Count::ZERO, |mut sum, exploration| {
            sum.add(exploration.schedules.as_ref()?);
            Some(sum)
        });
        let states: Option<u64> = explorations.iter().map(|exploration| exploration.states).sum();
        let of = schedules.map_or_else(
            || "Every schedule".to_owned(),
            |n| match n == Count::ONE {
                true => "The only schedule".to_owned(),
                false => format!("All {}", plural(&count(&n), "schedule")),
            },
        );
        let states =
            states.map_or_else(String::new, |n| format!(", {}", plural(&small(n), "state")));
        let how = match explorations.iter().all(|e| e.executions.is_none()) {
            true => "nothing was sampled".to_owned(),
            false => "each was run".to_owned(),
        };
        return format!("{of}{states}; {how}.");
    }
    if let [exploration] = explorations.as_slice() {
        return partial(exploration);
    }
    let partly = explorations.iter().filter(|exploration| !exploration.complete).count();
    let seeds = seeds(&explorations);
    format!("{partly} of {} were not covered completely{seeds}.", explorations.len())
}

fn partial(exploration: &Exploration) -> String {
    let scheduler = exploration.scheduler;
    let seed = exploration.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    let sampled = exploration.executions.map(|runs| match exploration.stopped_by {
        Some(Bound::Runs(most)) if most > runs => {
            format!("Sampled: {} of at most {} runs", small(runs), small(most))
        }
        _ => format!("Sampled: {}", plural(&small(runs), "run")),
    });
    let reached = match &exploration.stopped_by {
        Some(Bound::States(n)) => format!(" --max-states {n} was reached."),
        Some(Bound::Steps(n)) => format!(" --max-steps {n} was reached."),
        Some(Bound::Timeout(n)) => format!(" --timeout {n}s was reached."),
        Some(Bound::Interrupted) => " Stopped by Ctrl-C.".to_owned(),
        Some(Bound::Engine(words)) => format!(" {}{}.", &words[..1].to_uppercase(), &words[1..]),
        Some(Bound::Runs(_)) | None => String::new(),
    };
    let cyclic = match exploration.cyclic {
        true => " Some schedules never end; only those up to the bound are counted.",
        false => "",
    };
    match sampled {
        Some(sampled) => format!(
            "{sampled}, {scheduler}{seed}.{reached} Not all were tried; exit 3 with \
             --require-exhaustive."
        ),
        None => {
            let states = exploration
                .states
                .map_or_else(String::new, |n| format!("{} explored.", plural(&small(n), "state")));
            format!(
                "{states}{reached}{cyclic} Not all was covered; exit 3 with --require-exhaustive."
            )
        }
    }
}

fn seeds(explorations: &[&Exploration]) -> String {
    let mut seeds: Vec<u64> = explorations.iter().filter_map(|e| e.seed).collect();
    seeds.dedup();
    match seeds.as_slice() {
        [] => String::new(),
        [seed] => format!(" (sampled, seed {seed})"),
        _ => " (sampled)".to_owned(),
    }
}
