//! Rules that every drawing keeps, whatever the scenario, the width and the terminal.

use super::{all_checked, at, check_text, many, render, text};
use std::sync::LazyLock;

use lostwrite::check::{self, CheckResult, LossClass, Options, Verdict};
use lostwrite::report::{Show, Style};
use lostwrite::scenario::Scenario;
use unicode_width::UnicodeWidthStr;

/// The lines of the drawings: from the heading to the empty line after it.
fn drawings(text: &str) -> Vec<Vec<&str>> {
    let mut drawings: Vec<Vec<&str>> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.starts_with(" step  ") {
            inside = true;
            drawings.push(Vec::new());
        }
        inside &= !line.is_empty();
        if inside {
            drawings.last_mut().unwrap().push(line);
        }
    }
    drawings
}

/// Checked once for all tests.
fn results() -> &'static [CheckResult] {
    static RESULTS: LazyLock<Vec<CheckResult>> = LazyLock::new(|| {
        let mut results = all_checked();
        for workers in 1..=8 {
            for write in ["update-unconditional", "update-restamp", "update"] {
                let random = Options {
                    scheduler: "random".to_owned(),
                    seed: workers as u64,
                    ..Options::default()
                };
                results.push(check_text(&many(workers, write), &random));
            }
        }
        results
    });
    &RESULTS
}

#[test]
fn nothing_is_wider_than_asked_for() {
    for result in results() {
        for width in [60, 79, 80, 90, 91, 92, 100, 120, 160] {
            let text = text(result, at(width));
            // Commands and the summary are lines to be copied whole.
            let command = |line: &str| {
                ["  replay", "  page", "  explain"].iter().any(|name| line.starts_with(name))
            };
            let lines = text.lines().filter(|line| !command(line));
            let lines: Vec<&str> = lines.collect();
            for line in &lines[1..lines.len() - 1] {
                let heading = line.contains("chedule") && line.contains(": ");
                assert!(heading || line.width() <= width, "{width}: {line}\n{text}");
                assert_eq!(line.trim_end(), *line, "blanks at the end");
            }
        }
    }
}

#[test]
fn ascii_is_ascii_and_colour_only_repeats() {
    for result in results() {
        let ascii = text(result, Style { ascii: true, show: Show::All, ..at(100) });
        assert!(ascii.is_ascii(), "{ascii}");
        for width in [80, 100, 140] {
            let plain = text(result, at(width));
            let colored = text(result, Style { color: true, ..at(width) });
            assert_eq!(without_colour(&colored), plain);
        }
    }
}

/// Takes `ESC [ ... m` away.
fn without_colour(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        rest = after.split_once('m').expect("a colour ends").1;
    }
    // Blanks between colours at the end of a line are cut in both.
    plain + rest
}

/// The steps that a row such as `3 other workers, 6 steps: no part in it` stands for.
fn folded_steps(line: &str) -> Option<usize> {
    let (before, _) = line.split_once(" step")?;
    let steps = before.rsplit(' ').next()?;
    line.contains("no part in it").then(|| steps.parse().expect("a number"))
}

#[test]
fn each_step_has_one_row_and_exactly_one_is_guilty() {
    for result in results() {
        for width in [80, 100] {
            let text = text(result, Style { show: Show::All, ..at(width) });
            let judged = result.properties.iter().filter(|property| property.judged);
            let witnesses: Vec<_> = judged.filter_map(|p| p.witness.as_ref()).collect();
            let drawings = drawings(&text);
            assert_eq!(drawings.len(), witnesses.len(), "{text}");
            for (drawing, witness) in drawings.iter().zip(witnesses) {
                let number = |line: &str| {
                    let rest = line.trim_start_matches([' ', '✗']);
                    rest.split(' ').next().and_then(|number| number.parse::<usize>().ok())
                };
                let numbered = drawing[2..].iter().filter(|line| is_row(line));
                let steps: Vec<_> = numbered.clone().filter_map(|line| number(line)).collect();
                // Steps of workers that took no part are counted, not drawn.
                let folded: usize = drawing.iter().filter_map(|line| folded_steps(line)).sum();
                assert!(steps.is_sorted_by(|a, b| a < b), "{text}");
                assert_eq!(steps.len() + folded, witness.trace.events.len(), "{text}");
                let guilty: Vec<_> = numbered.filter(|line| line.starts_with(" ✗")).collect();
                assert_eq!(guilty.len(), 1, "{text}");
                let at = drawing.iter().position(|line| line == guilty[0]).unwrap();
                // What is gone stands in the guilty row or right below it.
                let below = drawing[at..].iter().skip(1).take_while(|line| !is_row(line));
                let told = std::iter::once(guilty[0]).chain(below).any(|line| line.contains("└ "));
                assert!(told, "{text}");
            }
        }
    }
}

/// A row that begins a step: it has a number in the margin.
fn is_row(line: &str) -> bool {
    line.chars().take(5).any(|c| c.is_ascii_digit())
}

#[test]
fn every_loss_is_told_in_sentences_that_point_at_its_steps() {
    for result in results() {
        let judged = result.properties.iter().filter(|property| property.judged);
        for property in judged {
            let Some(witness) = property.witness.as_ref() else { continue };
            let text = text(result, Style { show: Show::All, ..at(100) });
            if witness.class == LossClass::Broken {
                // An invariant tells its breach itself.
                let told = format!("step {:<3} {}: ", witness.victim.step, property.name);
                assert!(text.contains(&told), "{text}");
                continue;
            }
            let said = |step: usize, name: &str| {
                text.contains(&format!("step {step:<3} {name} "))
                    || text.contains(&format!("step {step:<3} {name}'s "))
            };
            assert!(said(witness.victim.step, &witness.victim.worker), "{text}");
            if let Some(culprit) = &witness.culprit {
                assert!(said(culprit.step, &culprit.worker), "{text}");
            }
            assert!(text.contains("\n  why      "), "{text}");
        }
    }
}

#[test]
fn the_summary_is_the_last_line_and_never_a_bare_ok() {
    for result in results() {
        for width in [60, 100] {
            let text = text(result, at(width));
            let last = text.lines().last().unwrap();
            let tags = ["ok  ", "ok?  ", "FAIL  "];
            assert!(tags.iter().any(|tag| last.starts_with(tag)), "{text}");
            assert!(
                last.contains("1 scenario: ") && last.contains("chedule") || last.contains("run")
            );
            let unknown =
                result.properties.iter().any(|p| p.judged && p.verdict == Verdict::Unknown);
            let failed = result.failed();
            assert_eq!(last.starts_with("FAIL"), failed, "{text}");
            assert!(!(unknown && last.starts_with("ok  ")), "{text}");
        }
    }
}

#[test]
fn mermaid_uses_only_syntax_that_is_declared() {
    for result in results() {
        let diagram = render("mermaid", result, Style::default());
        let mut lines = diagram.lines();
        let Some(first) = lines.next() else { continue };
        assert_eq!(first, "sequenceDiagram");
        let (mut participants, mut open) = (Vec::new(), 0);
        for line in lines.map(str::trim) {
            if let Some(rest) = line.strip_prefix("participant ") {
                participants.push(rest.split(" as ").next().unwrap().to_owned());
            } else if let Some(rest) = line.strip_prefix("Note over ") {
                let who = rest.split_once(": ").expect("a text").0.to_owned();
                assert!(participants.contains(&who), "{line}");
            } else if line.starts_with("rect ") {
                open += 1;
            } else if line == "end" {
                open -= 1;
            } else if line != "autonumber" {
                let (ends, text) = line.split_once(": ").expect("a message");
                let arrow = ["-->>", "--x", "->>"].into_iter().find(|a| ends.contains(a)).unwrap();
                for end in ends.split(arrow) {
                    assert!(participants.contains(&end.to_owned()), "{line}");
                }
                let bare = text.replace("#35;", "").replace("#59;", "").replace("#lt;", "");
                let bare = bare.replace("#gt;", "").replace("#8203;", "");
                assert!(!bare.contains([';', '#', '<', '>']), "{line}");
            }
        }
        assert_eq!(open, 0, "{diagram}");
    }
}

#[test]
fn an_unmet_expectation_is_told_with_what_was_expected() {
    let told = |write: &str, expect: &str| {
        let text = many(2, write).replace("description", &format!("expect: {expect}\ndescription"));
        let text = text.replace("[no-lost-write]", "[no-lost-write, converges]");
        let mut scenarios =
            Scenario::from_str("-", &text).unwrap_or_else(|error| panic!("{error}"));
        let scenario = std::sync::Arc::new(scenarios.remove(0));
        let result = check::run(&scenario, &Options::default()).expect("it runs");
        (super::text(&result, at(100)), render("github", &result, at(100)))
    };
    let (text, _) = told("update-unconditional", "safe");
    assert!(text.contains("4 of 6 schedules lose an acknowledged write; expected: safe"), "{text}");
    let (text, github) = told("update-retry", "lost");
    assert!(text.contains("  holds in 6 of 6 schedules (a conflict in 4)"), "{text}");
    assert!(text.contains("; expected: lost"), "{text}");
    assert!(github.contains("no-lost-write holds in every schedule; expected: lost"), "{github}");
    let (text, _) = told("update-retry", "{ converges: violated }");
    assert!(text.contains("holds in 6 of 6"), "{text}");
    assert!(text.contains("; expected: violated"), "{text}");
}
