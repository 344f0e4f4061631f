//! GitHub annotations: one line per finding, shown at the scenario's line in a pull request.
//!
//! Next to read: `mermaid.rs`.

use super::check_text::expected;
use super::commands;
use super::counts::of;
use super::losses::Facts;
use crate::check::{CheckResult, LossClass, PropertyResult, Verdict, Witness};
use crate::properties;

/// The annotations: errors for what failed, notices for losses that were expected.
pub fn render(results: &[CheckResult]) -> String {
    let mut text = String::new();
    for result in results {
        for property in result.properties.iter().filter(|property| property.judged) {
            if let Some(line) = annotation(result, property) {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
    text
}

fn annotation(result: &CheckResult, property: &PropertyResult) -> Option<String> {
    let Finding { level, title, message, file, line, .. } = finding(result, property)?;
    let place =
        file.map_or_else(String::new, |file| format!("file={},line={line},", in_property(&file)));
    Some(format!("::{level} {place}title={}::{}", in_property(&title), in_data(&message)))
}

/// What there is to say of a property where it stands in the scenario's file.
pub struct Finding {
    /// `error`, `warning` or `notice`.
    pub level: &'static str,
    /// A few words.
    pub title: String,
    /// All of it, with the command that shows it again.
    pub message: String,
    /// The scenario's file, if it has one.
    pub file: Option<String>,
    /// The line in it.
    pub line: usize,
    /// Whether the scenario expects it.
    pub expected: bool,
}

/// The message of a finding.
pub fn annotated(result: &CheckResult, property: &PropertyResult) -> Option<String> {
    finding(result, property).map(|found| found.message)
}

/// What there is to say, if there is something.
pub fn finding(result: &CheckResult, property: &PropertyResult) -> Option<Finding> {
    let as_expected = expected(result, property.name);
    let (level, title, message, line) = match (property.verdict, &property.witness) {
        (Verdict::Violated, Some(witness)) => {
            let level = if as_expected == Some(false) { "notice" } else { "error" };
            let (title, message, line) = loss(result, property, witness);
            (level, title, message, line)
        }
        (Verdict::Violated, None) if as_expected != Some(false) => {
            ("error", property.name.to_owned(), format!("{} is violated", property.name), None)
        }
        (Verdict::Holds, _) if as_expected == Some(false) => (
            "error",
            "expectation not met".to_owned(),
            format!(
                "{} holds in every schedule; expected: {}",
                property.name,
                properties::words(property.name).expects[0]
            ),
            None,
        ),
        (Verdict::Unknown, _) => (
            "warning",
            "not all was explored".to_owned(),
            format!("{}: nothing was found, but not every schedule was covered", property.name),
            None,
        ),
        _ => return None,
    };
    Some(Finding {
        level,
        title,
        message,
        file: result.scenario.source.file.clone(),
        line: line.unwrap_or_else(|| first_line(result)),
        expected: as_expected == Some(false) && property.verdict == Verdict::Violated,
    })
}

fn first_line(result: &CheckResult) -> usize {
    result.scenario.source.first_line.max(1)
}

/// Title, message and the line of the culprit's `write:`.
fn loss(
    result: &CheckResult,
    property: &PropertyResult,
    witness: &Witness,
) -> (String, String, Option<usize>) {
    let facts = Facts::new(&result.scenario, property.name, witness);
    let victim = &witness.victim;
    let guilty = witness.culprit.as_ref().unwrap_or(victim);
    let title = match (witness.class, properties::words(property.name).title) {
        (LossClass::Ignored, Some(_)) => "ignored write",
        (_, Some(title)) => title,
        (_, None) => property.name,
    };
    let told = match (&witness.culprit, witness.class) {
        (Some(culprit), _) => format!(
            "{} (step {}) overwrote {} by {} (step {})",
            culprit.worker,
            culprit.step,
            facts.lost(),
            victim.worker,
            victim.step
        ),
        (None, LossClass::Broken) => {
            format!("{}: {} (step {})", property.name, witness.field, victim.step)
        }
        (None, LossClass::Dropped) => {
            format!(
                "{} (step {}) gave up: {} was never written",
                victim.worker,
                victim.step,
                facts.lost()
            )
        }
        (None, _) => {
            format!("{} by {} (step {}) is lost", facts.lost(), victim.worker, victim.step)
        }
    };
    let all = result.exploration.schedules.as_ref();
    let n = property
        .schedules
        .as_ref()
        .map_or_else(String::new, |n| format!("; {} schedules", of(n, all)));
    let (command, _) = commands::replay(result, witness);
    let worker = result.scenario.workers.iter().find(|worker| worker.name == guilty.worker);
    let line = worker.map(|worker| worker.write_line).filter(|line| *line > 0);
    (title.to_owned(), format!("{told}{n}. Replay: {command}"), line)
}

fn in_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn in_property(text: &str) -> String {
    in_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_end_its_annotation() {
        assert_eq!(in_data("50%\n::error::x"), "50%25%0A::error::x");
        assert_eq!(in_property("a,b:c"), "a%2Cb%3Ac");
    }
}
