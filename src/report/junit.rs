//! JUnit, in Jenkins' dialect: one suite per scenario, one test case per judged property.
//!
//! A property that is violated, or is not as the scenario expects, is a failure; one that was not
//! decided is skipped, with the reason. No times: the same input gives the same bytes.
//! Next to read: `sarif.rs`.

use askama::Template;

use super::check_text::{expected, verdict_rows};
use super::github::annotated;
use super::real;
use super::style::{Role, Style};
use crate::check::{CheckResult, PropertyResult, Verdict};

#[derive(Template)]
#[template(path = "junit.xml", escape = "none")]
struct Report {
    tests: usize,
    failures: usize,
    suites: Vec<Suite>,
}

struct Suite {
    name: String,
    failures: usize,
    skipped: usize,
    cases: Vec<Case>,
}

struct Case {
    name: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    Undecided { message: String },
    Failed { message: String, kind: &'static str, text: String },
}

/// The document.
pub fn render(results: &[CheckResult]) -> String {
    let suites: Vec<Suite> = results.iter().map(suite).collect();
    let tests = suites.iter().map(|suite| suite.cases.len()).sum();
    let failures = suites.iter().map(|suite| suite.failures).sum();
    let report = Report { tests, failures, suites };
    report.render().expect("writing to a string does not fail") + "\n"
}

fn suite(result: &CheckResult) -> Suite {
    let judged = result.properties.iter().filter(|property| property.judged);
    let cases: Vec<Case> = judged.map(|property| case(result, property)).collect();
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count();
    Suite {
        name: clean(&result.scenario.name),
        failures: count(|outcome| matches!(outcome, Outcome::Failed { .. })),
        skipped: count(|outcome| matches!(outcome, Outcome::Undecided { .. })),
        cases,
    }
}

fn case(result: &CheckResult, property: &PropertyResult) -> Case {
    let rows = verdict_rows(result);
    let row = rows.iter().find(|(.., name, _)| *name == property.name);
    let message = row.map_or_else(String::new, |(.., sentence)| clean(sentence));
    let failed = row.is_some_and(|(role, ..)| *role == Role::Bad);
    let outcome = match (failed, property.verdict) {
        (true, _) => Outcome::Failed {
            message,
            kind: kind(result, property),
            text: clean(&told(result, property)),
        },
        (false, Verdict::Unknown) => Outcome::Undecided { message },
        (false, _) => Outcome::Passed,
    };
    Case { name: property.name, outcome }
}

/// The finding in a sentence, and under it the drawing of the schedule and its reasons.
fn told(result: &CheckResult, property: &PropertyResult) -> String {
    let mut text = annotated(result, property).unwrap_or_default();
    if let Some(witness) = &property.witness {
        text += "\n\n";
        text += &real::witness_of(&result.scenario, property.name, witness, &Style::default());
    }
    text
}

/// The class of the loss, or what else is not as it should be.
fn kind(result: &CheckResult, property: &PropertyResult) -> &'static str {
    match (&property.witness, expected(result, property.name)) {
        (Some(witness), _) => witness.class.as_str(),
        (None, Some(false)) => "expectation not met",
        (None, _) => "violated",
    }
}

/// Text as XML: with the entities it needs, and without the control characters that XML 1.0 has no
/// word for.
fn clean(text: &str) -> String {
    let mut cleaned = String::new();
    for c in text.chars() {
        match c {
            '&' => cleaned.push_str("&amp;"),
            '<' => cleaned.push_str("&lt;"),
            '>' => cleaned.push_str("&gt;"),
            '"' => cleaned.push_str("&quot;"),
            '\n' | '\t' => cleaned.push(c),
            '\u{fffe}' | '\u{ffff}' => cleaned.push('\u{fffd}'),
            c if c.is_control() => cleaned.push('\u{fffd}'),
            c => cleaned.push(c),
        }
    }
    cleaned
}
