//! The last line of `check`: how many scenarios, what became of them, and what that rests on.
//!
//! Never a bare "OK": how many schedules, whether that was all of them, and under which bounds.
//! Next to read: `json.rs`.

use super::counts::{count, small};
use super::style::Role;
use super::text::{Text, list_and, plural};
use crate::check::{Bound, CheckResult, Exploration, Verdict};
use crate::properties;
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
            format!("{scenarios}: {which}no violation in {}.", explored(results)),
        );
    }
    (Role::Good, "ok", format!("{scenarios}: {}.", successes(results)))
}

/// `1000 sampled schedules (random, seed 42)`.
fn explored(results: &[CheckResult]) -> String {
    let [CheckResult { exploration, .. }] = results else { return "what was explored".to_owned() };
    let seed = exploration.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    match exploration.executions {
        Some(runs) => {
            let runs = plural(&small(runs), "sampled schedule");
            format!("{runs} ({}{seed})", scheduler(exploration))
        }
        None => "what was explored".to_owned(),
    }
}

/// `random`, `pct depth 3`.
fn scheduler(exploration: &Exploration) -> String {
    let depth = exploration.guarantee.map(|guarantee| format!(" depth {}", guarantee.depth));
    format!("{}{}", exploration.scheduler, depth.unwrap_or_default())
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
    use crate::scenario::Expect;
    let kind = |result: &CheckResult| match &result.scenario.expect {
        _ if result.expectation == crate::check::Expectation::None => "every property holds",
        Expect::Verdicts(stated) if stated.get(properties::NO_LOST_WRITE) == Some(&false) => {
            "LOST, as expected"
        }
        Expect::Verdicts(stated) if stated.values().all(|holds| *holds) => "safe, as expected",
        Expect::Rejected => "refused, as expected",
        _ => "violated, as expected",
    };
    let kinds = [
        "LOST, as expected",
        "violated, as expected",
        "refused, as expected",
        "safe, as expected",
        "every property holds",
    ];
    let counted = kinds.map(|name| (results.iter().filter(|r| kind(r) == name).count(), name));
    let mut found = counted.into_iter().filter(|(n, _)| *n > 0);
    match (found.next(), found.next()) {
        (Some((_, only)), None) => only.to_owned(),
        _ => counted
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, name)| format!("{n} {}", name.replacen("every property holds", "hold", 1)))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// What the verdict is based on.
fn coverage(results: &[CheckResult]) -> String {
    let explorations: Vec<_> = results.iter().map(|result| &result.exploration).collect();
    if explorations.iter().all(|exploration| exploration.complete) {
        let schedules = explorations.iter().try_fold(Count::ZERO, |mut sum, exploration| {
            sum.add(exploration.schedules.as_ref()?);
            Some(sum)
        });
        let states: Option<u64> = explorations.iter().map(|exploration| exploration.states).sum();
        let endless = explorations.iter().any(|e| e.cyclic);
        let of = schedules.filter(|_| !endless).map_or_else(
            || if endless { "Every fair schedule" } else { "Every schedule" }.to_owned(),
            |n| match n == Count::ONE {
                true => "The only schedule".to_owned(),
                false => format!("All {}", plural(&count(&n), "schedule")),
            },
        );
        let states =
            states.map_or_else(String::new, |n| format!(", {}", plural(&small(n), "state")));
        let how = match explorations.iter().all(|e| e.executions.is_none()) {
            true => "exhaustive".to_owned(),
            false => "each was run".to_owned(),
        };
        let endless = match endless {
            true => {
                " Some schedules never end under an unfair scheduler; those up to the bound on \
                 steps are counted."
            }
            false => "",
        };
        return format!("{of}{states}; {how}.{endless}");
    }
    if let [exploration] = explorations.as_slice() {
        return partial(exploration, is_undecided(&results[0]));
    }
    let partly = explorations.iter().filter(|exploration| !exploration.complete).count();
    let seeds = seeds(&explorations);
    format!("{partly} of {} were not covered completely{seeds}.", explorations.len())
}

/// `undecided`: the verdict has said how much was sampled, and the exit code is open.
fn partial(exploration: &Exploration, undecided: bool) -> String {
    let scheduler = scheduler(exploration);
    let seed = exploration.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    let sampled = exploration.executions.map(|runs| match exploration.stopped_by {
        Some(Bound::Runs(most)) if most > runs => {
            format!("Sampled: {} of at most {} runs", small(runs), small(most))
        }
        _ => format!("Sampled: {}", plural(&small(runs), "run")),
    });
    let reached = match &exploration.stopped_by {
        Some(Bound::States(n)) => format!(" --max-states {n} was reached."),
        Some(Bound::Memory(bytes)) => {
            format!(" The memory bound of {} MiB was reached (--max-memory).", bytes >> 20)
        }
        Some(Bound::Steps(n)) => format!(" --max-steps {n} was reached."),
        Some(Bound::Timeout(n)) => format!(" --timeout {n}s was reached."),
        Some(Bound::Shard(index, of)) => {
            format!(" This is part {index} of {of}; lostwrite merge joins them.")
        }
        Some(Bound::FirstViolation) => " Stopped at the first violation (--fail-fast).".to_owned(),
        Some(Bound::Interrupted) => " Stopped by Ctrl-C.".to_owned(),
        Some(Bound::Engine(words)) => format!(" {}{}.", &words[..1].to_uppercase(), &words[1..]),
        Some(Bound::Runs(_)) | None => String::new(),
    };
    let cyclic = match exploration.cyclic {
        true => " Some schedules never end; only those up to the bound are counted.",
        false => "",
    };
    let exit = match undecided && exploration.stopped_by != Some(Bound::Interrupted) {
        true => "; exit 0, or 3 with --require-exhaustive.",
        false => ".",
    };
    match sampled {
        Some(sampled) if !undecided => format!("{sampled}, {scheduler}{seed}.{reached}"),
        Some(_) => format!("{reached} Not all were tried{exit}").trim_start().to_owned(),
        None => {
            let states = exploration
                .states
                .map_or_else(String::new, |n| format!("{} found.", plural(&small(n), "state")));
            format!("{states}{reached}{cyclic} Not all was covered{exit}")
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
