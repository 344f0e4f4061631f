//! Checks a scenario: explores it, and measures what is wanted beside the verdict.
//!
//! Next to read: `explore.rs`, then `advice.rs`, `list_type.rs`, `lesson.rs`.

use std::sync::Arc;

use super::advice::advice;
use super::explore::explore;
use super::lesson::lesson;
use super::list_type::with_list_type;
use super::options::{Options, bounded};
use super::result::CheckResult;
use super::verdict::Verdict;
use crate::properties;
use crate::scenario::{Diagnostic, Scenario};

/// Checks a scenario.
pub fn run(scenario: &Arc<Scenario>, options: &Options) -> Result<CheckResult, Diagnostic> {
    let mut result = explore(scenario, options)?;
    let lost =
        result.property(properties::NO_LOST_WRITE).is_some_and(|p| p.verdict == Verdict::Violated);
    if options.advice && lost {
        result.advice = advice(scenario, options);
        result.list_type = with_list_type(scenario, &bounded(options));
    }
    if options.lesson {
        result.lesson = Some(Arc::new(lesson(&result, None, options)?));
    }
    Ok(result)
}
