//! A check that is about one schedule: the one that a report is made of.
//!
//! The verdicts and counts are the search's; the witness is the schedule that was given, wherever
//! it is one. A search that was cut off may not have met it: then it is a violation all the same.
//! Next to read: `lesson.rs`.

use std::sync::Arc;

use super::judge::expectation;
use super::lesson::lesson;
use super::options::Options;
use super::replay::replay;
use super::result::CheckResult;
use super::run::run;
use super::verdict::{Expectation, Verdict};
use crate::scenario::{Diagnostic, Expect, Scenario};

/// Checks a scenario; with a schedule, the result is about that one.
///
/// # Errors
/// A schedule that does not fit; what the API server refuses of the scenario.
pub fn about(
    scenario: &Arc<Scenario>,
    schedule: Option<&str>,
    options: &Options,
) -> Result<CheckResult, Diagnostic> {
    let replayed = schedule.map(|schedule| replay(scenario, schedule)).transpose()?;
    let mut result = run(scenario, &Options { lesson: false, ..options.clone() })?;
    if let Some(replayed) = replayed {
        for (name, _, witness) in &replayed.judged {
            let property = result.properties.iter_mut().find(|found| found.name == *name);
            if let (Some(property), Some(witness)) = (property, witness) {
                property.verdict = Verdict::Violated;
                property.witness = Some(witness.clone());
            }
        }
        if scenario.expect != Expect::Rejected && result.expectation != Expectation::None {
            result.expectation = expectation(scenario, &result.properties);
        }
        result.run = Some(Arc::new(replayed));
    }
    if options.lesson {
        result.lesson = Some(Arc::new(lesson(&result, schedule, options)?));
    }
    Ok(result)
}
