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

/// Text that is shown as it stands: no part of a table, no markup, no link, no mention.
fn cell(text: &str) -> String {
    let line = Text::plain(text.replace('\n', " ")).paint(&Style::default());
    let mut out = String::new();
    for (at, c) in line.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '`' => out.push('\''),
            // Underlines inside of words are no markup.
            '_' if is_inside_a_word(&line, at) => out.push('_'),
            '\\' | '|' | '*' | '_' | '~' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        // Addresses, people and issues become links without any markup: a comment parts them.
        let is_link = match c {
            '@' | '#' => true,
            ':' => line[at..].starts_with("://"),
            '.' => line[..at].to_ascii_lowercase().ends_with("www"),
            _ => false,
        };
        if is_link {
            out.push_str("<!-- -->");
        }
    }
    out
}

fn is_inside_a_word(line: &str, at: usize) -> bool {
    let before = line[..at].chars().next_back();
    let after = line[at + 1..].chars().next();
    [before, after].into_iter().all(|c| c.is_some_and(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_shown_and_does_nothing() {
        for (value, shown) in [
            ("![x](http://e.x/p)", "!\\[x\\](http:<!-- -->//e.x/p)"),
            ("[c](javascript:a(1))", "\\[c\\](javascript:a(1))"),
            ("@octocat #1", "@<!-- -->octocat #<!-- -->1"),
            ("*a* _b_ ~c~ snake_case", "\\*a\\* \\_b\\_ \\~c\\~ snake_case"),
            ("a|b `c` <img> \\", "a\\|b 'c' &lt;img&gt; \\\\"),
            ("www.e.x WWW.e.x", "www.<!-- -->e.x WWW.<!-- -->e.x"),
            ("1\n2\u{1b}[31m\u{202e}", "1 2\u{fffd}\\[31m\u{fffd}"),
        ] {
            assert_eq!(cell(value), shown);
        }
    }
}
