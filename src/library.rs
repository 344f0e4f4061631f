//! The five lines of a user's own `cargo test`: check a scenario file, and assert.
//!
//! [`check()`] is `lostwrite check`, exhaustive, as a function; what it returns asserts, or hands
//! out the results. The panic of a failed assertion is what the command line prints: the drawing,
//! the reasons, what would be safe, and the replay command. Left out: workers that are Rust types
//! (`check/workers.rs`). Next to read: `check/mod.rs`.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::check::{self, CheckResult, Expectation, Options, Verdict};
use crate::properties;
use crate::report::{self, Style};
use crate::scenario::{Diagnostic, Expect, Mistakes, Scenario};

/// What a check of some scenarios found; the assertions of a test.
#[derive(Clone, Debug)]
pub struct Verdicts {
    found: Result<Vec<CheckResult>, Mistakes>,
}

/// Checks the scenarios of a file (the path is relative to the package's folder, where
/// `cargo test` runs tests), or a shipped one by name, under every schedule.
///
/// ```
/// lostwrite::check("scenarios/patch-with-lock.yaml").assert_safe();
/// lostwrite::check("status-race").assert_lost();
/// ```
#[must_use]
pub fn check(file_or_name: &str) -> Verdicts {
    let found = match Scenario::builtin(file_or_name) {
        Some(shipped) if !Path::new(file_or_name).exists() => Ok(vec![shipped]),
        _ => Scenario::from_file(file_or_name),
    };
    match found {
        Ok(scenarios) => Verdicts::of(scenarios, &Options { advice: true, ..Options::default() }),
        Err(mistakes) => Verdicts { found: Err(mistakes) },
    }
}

impl Verdicts {
    /// Checks these scenarios, with a scheduler or bounds of one's own. `no-lost-write` is judged
    /// even where a scenario does not ask for it.
    #[must_use]
    pub fn of(scenarios: Vec<Scenario>, options: &Options) -> Verdicts {
        let one = |mut scenario: Scenario| {
            if !scenario.properties.iter().any(|name| name == properties::NO_LOST_WRITE) {
                scenario.properties.insert(0, properties::NO_LOST_WRITE.to_owned());
            }
            check::run(&Arc::new(scenario), options)
        };
        let found: Result<Vec<CheckResult>, Diagnostic> = scenarios.into_iter().map(one).collect();
        Verdicts { found: found.map_err(Mistakes::from) }
    }

    /// What was found, scenario by scenario.
    ///
    /// # Errors
    /// What is wrong with the file, with places and ways out.
    pub fn results(&self) -> Result<&[CheckResult], Mistakes> {
        self.found.as_deref().map_err(Mistakes::clone)
    }

    /// Every property that is judged holds, in every schedule of every scenario, whatever the
    /// file says about `expect`.
    ///
    /// # Panics
    /// If one does not, with the losing schedule; if a bound was reached; if the file is wrong.
    #[track_caller]
    pub fn assert_safe(&self) {
        self.assert("is not safe", |result| {
            result.properties.iter().filter(|p| p.judged).all(|p| p.verdict == Verdict::Holds)
        });
    }

    /// A write is lost in some schedule of every scenario, whatever the file says about `expect`:
    /// the test that shows a bug before it is mended.
    ///
    /// # Panics
    /// If `no-lost-write` is not violated; if the file is wrong.
    #[track_caller]
    pub fn assert_lost(&self) {
        self.assert("loses nothing", |result| {
            let lost = result.property(properties::NO_LOST_WRITE);
            lost.is_some_and(|property| property.verdict == Verdict::Violated)
        });
    }

    /// Every scenario meets its own `expect`.
    ///
    /// # Panics
    /// If one does not, or states none; if the file is wrong.
    #[track_caller]
    pub fn assert_expected(&self) {
        let results = self.results_or_panic();
        let failed = |r: &&CheckResult| r.failed() || r.expectation != Expectation::Met;
        let failed: Vec<CheckResult> = results.iter().filter(failed).cloned().collect();
        assert!(failed.is_empty(), "{}", message("is not as expected", &failed));
    }

    #[track_caller]
    fn assert(&self, complaint: &str, good: impl Fn(&CheckResult) -> bool) {
        let failed = self.results_or_panic().iter().filter(|result| !good(result));
        let failed: Vec<CheckResult> = failed.cloned().map(without_expectation).collect();
        assert!(failed.is_empty(), "{}", message(complaint, &failed));
    }

    #[track_caller]
    fn results_or_panic(&self) -> &[CheckResult] {
        self.results().unwrap_or_else(|mistakes| panic!("\n{mistakes}\n"))
    }
}

/// What `lostwrite check` prints.
impl fmt::Display for Verdicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Ok(results) => f.write_str(&drawn(results)),
            Err(mistakes) => mistakes.fmt(f),
        }
    }
}

/// What the test asserts counts, not what the file expects.
fn without_expectation(mut result: CheckResult) -> CheckResult {
    let scenario = Scenario { expect: Expect::Unstated, ..(*result.scenario).clone() };
    result.scenario = Arc::new(scenario);
    result.expectation = Expectation::None;
    result
}

fn message(complaint: &str, failed: &[CheckResult]) -> String {
    let names: Vec<&str> = failed.iter().map(|result| result.scenario.name.as_str()).collect();
    format!("{} {complaint}\n\n{}", names.join(", "), drawn(failed))
}

fn drawn(results: &[CheckResult]) -> String {
    let text = report::renderer("text").expect("it is in the table");
    text.render(results, &Style { recorded: false, ..Style::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn panic_of(assertion: impl FnOnce() + std::panic::UnwindSafe) -> String {
        let panic = std::panic::catch_unwind(assertion).expect_err("it must not pass");
        panic.downcast_ref::<String>().cloned().expect("a message")
    }

    #[test]
    fn a_failed_assertion_says_who_lost_what_at_which_step_and_how_to_replay_it() {
        let verdicts = check("scenarios/status-race.yaml");
        verdicts.assert_lost();
        verdicts.assert_expected();
        let text = panic_of(move || verdicts.assert_safe());
        let told =
            ["status-race is not safe", " is gone", "lost     step ", "guilty   step ", "why "];
        for needle in told {
            assert!(text.contains(needle), "{needle} in:\n{text}");
        }
        let (_, command) = text.split_once("replay   lostwrite replay ").expect("the replay line");
        let (file, schedule) = command.lines().next().unwrap().split_once(" --schedule ").unwrap();
        let scenario = Scenario::from_file(file).unwrap().remove(0);
        let replayed = check::replay(&Arc::new(scenario), schedule).unwrap();
        assert!(replayed.judged.iter().any(|(name, lost, _)| *name == "no-lost-write" && *lost));
        assert!(!text.contains("lostwrite explain"), "no recording was kept:\n{text}");
    }

    #[test]
    fn safe_is_safe_and_not_lost() {
        let verdicts = check("scenarios/patch-with-lock.yaml");
        verdicts.assert_safe();
        let text = panic_of(move || verdicts.assert_lost());
        assert!(text.contains("patch-with-lock loses nothing"), "{text}");
    }

    #[test]
    fn a_search_that_was_cut_short_is_not_safe() {
        let scenarios = Scenario::from_file("scenarios/patch-with-lock.yaml").unwrap();
        let options = Options { max_states: Some(3), ..Options::default() };
        let verdicts = Verdicts::of(scenarios, &options);
        panic_of(move || verdicts.assert_safe());
    }

    #[test]
    fn a_missing_file_is_a_diagnostic_and_not_a_pass() {
        for assertion in [Verdicts::assert_safe, Verdicts::assert_lost, Verdicts::assert_expected] {
            let text = panic_of(|| assertion(&check("scenarios/ours.yaml")));
            assert!(text.contains("cannot read `scenarios/ours.yaml`"), "{text}");
        }
    }
}
