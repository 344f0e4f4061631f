//! What `check` prints for people: the verdicts, the shortest losing schedule as a drawing, the
//! reasons, what would be safe, how to see it again.
//!
//! The last line is the summary (`summary.rs`). No time and no path outside the arguments is
//! printed, so that the text is the same byte for byte. Next to read: `timeline.rs`.

use super::commands;
use super::counts::{count, exactly, how_often, of, repaired, share, skipped, small};
use super::losses::Facts;
use super::style::{Role, Show, Style};
use super::summary;
use super::text::{Text, plural, wrap};
use super::{advice, likelihood, timeline, why};
use crate::check::{CheckResult, Length, PropertyResult, Verdict, Witness};
use crate::properties::{self, Detail};
use crate::reconcilers::Reader;
use crate::scenario::Expect;
use crate::schedulers::Count;

/// The text of all results and the summary.
pub fn render(results: &[CheckResult], style: &Style, wide: bool) -> String {
    let mut lines = Vec::new();
    for result in results {
        lines.extend(one(result, style, wide));
        lines.push(Text::new());
    }
    lines.push(summary::summary(results));
    paint(&lines, style)
}

/// Lines as text.
pub fn paint(lines: &[Text], style: &Style) -> String {
    lines.iter().map(|line| line.paint(style) + "\n").collect()
}

fn one(result: &CheckResult, style: &Style, wide: bool) -> Vec<Text> {
    let head = Text::of(Role::Strong, result.scenario.name.as_str())
        .then(Role::Plain, format!("   {}", header(result).join(style.separator())));
    let mut lines = vec![head, Text::new()];
    lines.extend(verdicts(result, style));
    for note in &result.notes {
        lines.extend(labelled("note", None, std::slice::from_ref(note), style));
    }
    if wide {
        lines.extend(costs(result, style));
    }
    for (at, (name, sentences)) in likelihood::runs(result).iter().enumerate() {
        lines.extend((at == 0).then(Text::new));
        lines.extend(labelled(name, None, sentences, style));
    }
    let witnesses: Vec<_> = match style.show {
        Show::Shortest | Show::Serial => result.first_violation().into_iter().collect(),
        Show::All => result.properties.iter().filter(|property| property.judged).collect(),
    };
    for property in witnesses {
        if let Some(witness) = &property.witness {
            lines.push(Text::new());
            lines.extend(draw_witness(result, property, witness, style));
        }
    }
    lines
}

/// `2 workers`, `write: update-unconditional`, `read: live`, `scheduler: exhaustive`.
pub fn header(result: &CheckResult) -> Vec<String> {
    let scenario = &result.scenario;
    let distinct = |values: Vec<&str>| {
        let mut seen: Vec<&str> = Vec::new();
        for value in values {
            if !seen.contains(&value) {
                seen.push(value);
            }
        }
        seen.join(", ")
    };
    let workers = plural(&scenario.workers.len().to_string(), "worker");
    let write = distinct(scenario.workers.iter().map(|worker| worker.write.as_str()).collect());
    let read = distinct(scenario.workers.iter().map(|worker| worker.reads_from()).collect());
    vec![
        workers,
        format!("write: {write}"),
        format!("read: {read}"),
        format!("scheduler: {}", result.exploration.scheduler),
    ]
}

/// `live` or `cache`.
pub fn reader(reader: Reader) -> &'static str {
    match reader {
        Reader::Live => "live",
        Reader::Cache => "cache",
    }
}

/// One row per property: its role, tag, name, and a sentence.
pub fn verdict_rows(result: &CheckResult) -> Vec<(Role, &'static str, &'static str, String)> {
    let alone = result.scenario.workers.len() == 1;
    let mut rows: Vec<_> = result
        .properties
        .iter()
        .filter(|property| property.judged || result.scenario.expect != Expect::Rejected)
        .filter(|property| property.judged || !properties::is_sometimes(property.name) || !alone)
        .map(|property| {
            let (role, tag) = tag(result, property);
            (role, tag, property.name, sentence(result, property))
        })
        .collect();
    if let Some(refused) = &result.refused {
        rows.insert(0, (Role::Good, "refused, as expected", "", refused.clone()));
    }
    rows
}

/// A column of sentences is no narrower than this.
const LEAST_COLUMN: usize = 16;

/// The same as text.
fn verdicts(result: &CheckResult, style: &Style) -> Vec<Text> {
    let rows = verdict_rows(result);
    let tags = rows.iter().map(|row| row.1.len()).max().unwrap_or(0);
    let names = rows.iter().map(|row| row.2.len()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for (role, tag, name, sentence) in rows {
        let lead = Text::plain("  ").join(Text::of(role, tag).pad(tags + 2));
        // What is said of no property begins where the properties are named.
        let lead = if name.is_empty() { lead } else { lead.join(Text::plain(name).pad(names + 3)) };
        let indent = lead.width();
        // Too narrow a column beside long names: the sentence stands below them.
        let below = style.width < indent + LEAST_COLUMN;
        let indent = if below { 4 } else { indent };
        if below {
            let name = Text::plain(format!("  {name}"));
            lines.push(Text::plain("  ").join(Text::of(role, tag)).join(name));
        }
        let width = style.width.saturating_sub(indent).max(LEAST_COLUMN);
        for (at, part) in wrap(&sentence, width).into_iter().enumerate() {
            let lead =
                if at == 0 && !below { lead.clone() } else { Text::plain(" ".repeat(indent)) };
            lines.push(lead.then(Role::Plain, part));
        }
    }
    lines
}

/// What the scenario expects of a property: `Some(true)` for `holds`.
pub fn expected(result: &CheckResult, name: &str) -> Option<bool> {
    match &result.scenario.expect {
        Expect::Verdicts(verdicts) => verdicts.get(name).copied(),
        Expect::Unstated | Expect::Rejected => None,
    }
}

fn tag(result: &CheckResult, property: &PropertyResult) -> (Role, &'static str) {
    let words = properties::words(property.name);
    match (property.verdict, expected(result, property.name)) {
        (Verdict::Violated, Some(false)) => (Role::Good, words.expected),
        (Verdict::Violated, _) if !property.judged => (Role::Notice, "note"),
        (Verdict::Violated, _) | (Verdict::Holds, Some(false)) => (Role::Bad, "FAIL"),
        (Verdict::Holds, _) => (Role::Good, "ok"),
        (Verdict::Unknown, _) => (Role::Notice, "?"),
    }
}

fn sentence(result: &CheckResult, property: &PropertyResult) -> String {
    let text = match property.verdict {
        Verdict::Violated => violated(result, property),
        Verdict::Holds => holds(result, property),
        Verdict::Unknown => unknown(result) + &exactly(property),
    };
    let words = properties::words(property.name);
    match (property.verdict, expected(result, property.name)) {
        (Verdict::Holds, Some(false)) => {
            let holds = if words.detail == Detail::Overlaps { "" } else { "holds in " };
            format!("{holds}{text}; expected: {}", words.expects[0])
        }
        (Verdict::Violated, Some(true)) => format!("{text}; expected: {}", words.expects[1]),
        _ => text,
    }
}

fn violated(result: &CheckResult, property: &PropertyResult) -> String {
    let all = result.exploration.schedules.as_ref();
    let n = match (&property.schedules, all) {
        (Some(some), Some(_)) => {
            format!("{} schedules{}", of(some, all), share(some, all))
        }
        _ => {
            let runs = result
                .exploration
                .executions
                .map_or_else(String::new, |runs| format!(" after {}", plural(&small(runs), "run")));
            let claim = properties::words(property.name).claim;
            if result.exploration.timed.is_some() {
                let all = result.exploration.executions.map(Count::from);
                let some =
                    property.schedules.as_ref().map_or_else(String::new, |n| of(n, all.as_ref()));
                return format!("violated in {some} runs: {claim}{}", exactly(property));
            }
            return match how_often(result, property) {
                Some(often) => format!("violated in {often}: {claim}{}", exactly(property)),
                None => format!("violated in a sampled schedule{runs}: {claim}"),
            };
        }
    };
    let words = properties::words(property.name);
    words.violated.replace("{n}", &n)
        + &match words.detail {
            Detail::Conflicts => repaired(result),
            Detail::Calls => skipped(result),
            Detail::Overlaps | Detail::Nothing => String::new(),
        }
}

fn holds(result: &CheckResult, property: &PropertyResult) -> String {
    let all = result.exploration.schedules.as_ref();
    let everywhere = all.map_or_else(|| "all".to_owned(), |n| of(n, all));
    match properties::words(property.name).detail {
        Detail::Overlaps => match &property.schedules {
            Some(n) => {
                let runs = result.exploration.executions.map(Count::from);
                let all = all.or(runs.as_ref());
                let n = format!("{}{}", of(n, all), share(n, all));
                format!("the reads overlapped in {n}, so this result is meaningful")
            }
            None => "the reads overlapped, so this result is meaningful".to_owned(),
        },
        Detail::Conflicts => match result.costs.with_conflict.as_ref().filter(|n| !n.is_zero()) {
            Some(n) => {
                format!("{everywhere} schedules (a conflict in {}){}", count(n), repaired(result))
            }
            None => format!("{everywhere} schedules{}", repaired(result)),
        },
        Detail::Calls => match result.costs.most_calls {
            Some(calls) => {
                let skipped = skipped(result);
                format!("{everywhere}; most API calls in one run: {calls}{skipped}")
            }
            None => everywhere,
        },
        Detail::Nothing => everywhere,
    }
}

fn unknown(result: &CheckResult) -> String {
    let explored = match (result.exploration.executions, result.exploration.states) {
        (Some(runs), _) => plural(&small(runs), "sampled schedule"),
        (None, Some(states)) => plural(&small(states), "state"),
        (None, None) => "what was explored".to_owned(),
    };
    format!("nothing found in {explored}; not all was explored")
}

/// What `-o wide` adds.
fn costs(result: &CheckResult, style: &Style) -> Vec<Text> {
    let all = result.exploration.schedules.as_ref();
    let exploration = &result.exploration;
    let mut facts = Vec::new();
    facts.extend(exploration.states.map(|n| plural(&small(n), "state")));
    facts.extend(exploration.transitions.map(|n| plural(&small(n), "transition")));
    facts.extend(
        result.costs.with_conflict.as_ref().map(|n| format!("conflicts in {}", of(n, all))),
    );
    if let (Some(calls), Some(n)) = (&result.costs.calls, all)
        && let Some(mean) = super::counts::mean(calls, n)
    {
        facts.push(format!("API calls per run: {mean} on average"));
    }
    facts.extend(result.costs.most_calls.map(|n| format!("{n} at most")));
    facts.push(format!("write attempts in one reconcile: at most {}", result.costs.max_attempts));
    facts.extend(work(result));
    let lines = wrap(&facts.join(", "), style.width.saturating_sub(2));
    let lines = lines.into_iter().map(|line| Text::plain(format!("  {line}")));
    std::iter::once(Text::new()).chain(lines).collect()
}

/// What the search looked up, what the server really did, and who was explored up to permutation.
fn work(result: &CheckResult) -> Vec<String> {
    let Some(work) = &result.exploration.work else { return Vec::new() };
    let name = |worker: &usize| result.scenario.workers[*worker].name.clone();
    let class = |class: &Vec<usize>| {
        let names: Vec<String> = class.iter().map(name).collect();
        format!("up to permutation of {}", names.join(", "))
    };
    let computed = format!("{} steps performed by the server", small(work.computed));
    let looked_up = format!("{} looked up", small(work.looked_up));
    [computed, looked_up].into_iter().chain(work.symmetric.iter().map(class)).collect()
}

fn draw_witness(
    result: &CheckResult,
    property: &PropertyResult,
    witness: &Witness,
    style: &Style,
) -> Vec<Text> {
    let facts = Facts::new(&result.scenario, property.name, witness);
    let mut lines = vec![witness_heading(result, property, &facts, style), Text::new()];
    lines.extend(timeline::draw_witness(&facts, style));
    lines.push(Text::new());
    lines.extend(reasons(&facts, style));
    lines.push(Text::new());
    lines.extend(labelled("odds", None, &likelihood::odds(property), style));
    lines.extend(labelled("safe", None, &advice::sentences(&result.advice), style));
    let typed: Vec<String> = result.list_type.iter().map(advice::list_type).collect();
    lines.extend(labelled("list", None, &typed, style));
    let (command, remark) = commands::replay(result, witness);
    let remark = remark.map_or_else(String::new, |remark| format!("  ({remark})"));
    lines.push(label("replay", None).then(Role::Strong, command).then(Role::Faint, remark));
    if style.recorded {
        lines.push(label("page", None).then(Role::Strong, commands::open_page(result)));
        lines.push(label("explain", None).then(Role::Strong, commands::explain(result)));
    }
    lines
}

/// Whether this is the schedule that the report was asked to be about.
fn is_asked_for(result: &CheckResult, facts: &Facts<'_>) -> bool {
    let asked = result.run.as_ref().map(|run| &run.schedule.choices);
    asked == Some(&facts.witness.schedule.choices)
}

fn witness_heading(
    result: &CheckResult,
    property: &PropertyResult,
    facts: &Facts<'_>,
    style: &Style,
) -> Text {
    let trace = facts.story.trace;
    let kind = match properties::words(property.name).schedule {
        Some(kind) => kind.to_owned(),
        None => format!("schedule that violates {}", property.name),
    };
    let steps = trace.events.len();
    let (article, shortened) = match (style.show, facts.witness.length) {
        _ if is_asked_for(result, facts) => ("This ", String::new()),
        (Show::Serial, _) => ("One after the other, a ", String::new()),
        (_, Length::Shortest) => ("Shortest ", String::new()),
        _ if result.exploration.complete => ("Shortest ", String::new()),
        (_, Length::ShortenedFrom(from)) if from > steps => {
            ("A ", format!(", shortened from {from} steps"))
        }
        _ => ("A ", String::new()),
    };
    let who: Vec<_> = trace.events.iter().map(|event| facts.story.actor(event)).collect();
    let order = match who.len() {
        0..=8 => who.join(", "),
        steps => format!("{steps} steps"),
    };
    Text::of(Role::Strong, format!("{article}{kind}{shortened}: ")).then(Role::Plain, order)
}

/// The labelled sentences of a witness.
pub fn reasons(facts: &Facts<'_>, style: &Style) -> Vec<Text> {
    let mut lines = Vec::new();
    let mut reason = false;
    for sentence in why::sentences(facts) {
        if sentence.label == "why" && !reason && !lines.is_empty() {
            lines.push(Text::new());
        }
        reason |= sentence.label == "why";
        lines.extend(labelled(sentence.label, sentence.step, &[sentence.text], style));
    }
    lines
}

fn label(name: &str, step: Option<usize>) -> Text {
    let role = match name {
        "guilty" | "lost" => Role::Bad,
        "safe" => Role::Good,
        _ => Role::Faint,
    };
    let step = step.map_or_else(String::new, |step| format!("step {step:<3}"));
    let text = Text::plain("  ").join(Text::of(role, name).pad(9));
    if step.is_empty() { text } else { text.then(Role::Plain, step).then(Role::Plain, " ") }
}

/// A label, and paragraphs indented beside it.
fn labelled(name: &str, step: Option<usize>, paragraphs: &[String], style: &Style) -> Vec<Text> {
    let indent = label(name, step).width();
    let width = style.width.saturating_sub(indent).clamp(24, 100);
    let parts = paragraphs.iter().flat_map(|paragraph| wrap(paragraph, width));
    parts
        .enumerate()
        .map(|(at, part)| {
            let lead = if at == 0 { label(name, step) } else { Text::plain(" ".repeat(indent)) };
            lead.then(Role::Plain, part)
        })
        .collect()
}
