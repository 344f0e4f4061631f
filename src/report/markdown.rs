//! The step summary of a CI job: a table of all scenarios, and a diagram of each that failed.
//!
//! Next to read: `github.rs`, the annotations.

use super::check_text::expected;
use super::counts::of;
use super::losses::Facts;
use super::style::Style;
use super::text::Text;
use super::{commands, mermaid, summary, why};
use crate::check::{CheckResult, Verdict};

/// The Markdown.
pub fn render(results: &[CheckResult]) -> String {
    let mut text = String::from("### lostwrite\n\n");
    text.push_str("| scenario | property | verdict | schedules | |\n|---|---|---|---|---|\n");
    for result in results {
        for property in result.properties.iter().filter(|property| property.judged) {
            let all = result.exploration.schedules.as_ref();
            let n = property.schedules.as_ref().map_or_else(String::new, |n| of(n, all));
            let as_expected = match (property.verdict, expected(result, property.name)) {
                (Verdict::Violated, Some(false)) => "as expected",
                (Verdict::Violated, _) | (Verdict::Holds, Some(false)) => "**failed**",
                (Verdict::Unknown, _) => "not all was explored",
                (Verdict::Holds, _) => "",
            };
            text.push_str(&format!(
                "| {} | {} | {} | {n} | {as_expected} |\n",
                cell(&result.scenario.name),
                property.name,
                property.verdict.as_str(),
            ));
        }
    }
    for result in results.iter().filter(|result| result.failed()) {
        text.push_str(&failure(result));
    }
    text.push_str(&format!("\n{}\n", summary::summary(results).paint(&Style::default())));
    text
}

fn failure(result: &CheckResult) -> String {
    let Some(facts) = Facts::of_result(result) else { return String::new() };
    let mut text = format!("\n#### {}\n\n", cell(&result.scenario.name));
    for sentence in why::sentences(&facts) {
        let step = sentence.step.map_or_else(String::new, |step| format!(" (step {step})"));
        let label = if sentence.label.is_empty() { "and" } else { sentence.label };
        text.push_str(&format!("- **{label}**{step}: {}\n", cell(&sentence.text)));
    }
    let (command, _) = commands::replay(result, facts.witness);
    text.push_str(&format!("\n```mermaid\n{}```\n", mermaid::diagram(&facts)));
    text.push_str(&format!("\n```sh\n{command}\n```\n"));
    text
}

/// Text that no table and no HTML reader takes apart.
fn cell(text: &str) -> String {
    let line = Text::plain(text.replace('\n', " ")).paint(&Style::default());
    line.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|").replace('`', "'")
}
