//! `compare`: every write method on one scenario, live and from the cache, as a table, and the
//! sentence that follows from it.
//!
//! The sentence is computed from the rows. Next to read: `json.rs`.

use super::counts::{count, mean, of};
use super::style::{Role, Style};
use super::text::{Text, list_and, plural, wrap};
use crate::check::{Comparison, Row, Verdict};
use crate::properties;
use crate::reconcilers::Reader;
use crate::schedulers::Count;

/// The table.
pub fn render(comparison: &Comparison, style: &Style, wide: bool) -> String {
    let scenario = &comparison.scenario;
    let workers = plural(&scenario.workers.len().to_string(), "worker");
    let head = Text::of(Role::Strong, scenario.name.as_str())
        .then(Role::Plain, format!("   {workers}; all schedules of each write method"));
    let mut lines = vec![head, Text::new()];
    let methods = methods(comparison);
    let mut table = vec![heading(wide)];
    table.extend(methods.iter().map(|(live, cache)| cells(*live, *cache, wide)));
    let columns = table[0].len();
    let widths: Vec<usize> =
        (0..columns).map(|at| table.iter().map(|row| row[at].1.len()).max().unwrap_or(0)).collect();
    for (at, row) in table.into_iter().enumerate() {
        lines.push(align(row, &widths));
        if at == 0 {
            let width = widths.iter().sum::<usize>() + 3 * (columns - 1);
            lines.push(Text::of(Role::Faint, format!("  {}", style.glyphs().rule.repeat(width))));
        }
    }
    lines.push(Text::new());
    for sentence in closing(comparison, &methods) {
        lines.extend(wrap(&sentence, style.width.min(100)).into_iter().map(Text::plain));
    }
    super::check_text::paint(&lines, style)
}

/// One row for the page: the same words as in the table.
pub struct Compared {
    /// The write method.
    pub write: &'static str,
    /// Live, then cache.
    pub cells: [(Role, String); 2],
    /// Schedules with a conflict, live.
    pub conflicts: String,
    /// Mean API calls, live.
    pub calls: String,
    /// `safe`, `loses`, `gives up`, `refused` or `unknown`.
    pub verdict: (Role, String),
    /// The server's words, if it refuses the method.
    pub refused: Option<String>,
}

/// The rows, for the page.
pub fn compared(comparison: &Comparison) -> Vec<Compared> {
    let row = |(live, cache): Method<'_>| {
        let plain = |(role, text, _): Cell| (role, text);
        let mean = live.and_then(|row| mean(row.calls?, row.schedules?));
        Compared {
            write: live.or(cache).map_or("", |row| row.write),
            cells: [plain(outcome(live)), plain(outcome(cache))],
            conflicts: live.and_then(|row| row.conflicts).map(count).unwrap_or_default(),
            calls: mean.unwrap_or_default(),
            verdict: plain(verdict(live, cache)),
            refused: live.and_then(|row| row.refused).map(str::to_owned),
        }
    };
    methods(comparison).into_iter().map(row).collect()
}

/// The sentences that follow from the table.
pub fn closing_sentences(comparison: &Comparison) -> Vec<String> {
    if comparison.rows.is_empty() {
        return Vec::new();
    }
    let mut sentences = closing(comparison, &methods(comparison));
    let typed = comparison.list_type.as_ref().map(super::advice::list_type);
    sentences.extend(typed.map(|text| format!("List type: {text}.")));
    sentences
}

/// What one row says, looked up once.
#[derive(Clone, Copy)]
struct Measured<'a> {
    write: &'static str,
    verdict: Verdict,
    gives_up: bool,
    losing: Option<&'a Count>,
    schedules: Option<&'a Count>,
    conflicts: Option<&'a Count>,
    calls: Option<&'a Count>,
    refused: Option<&'a str>,
}

impl<'a> Measured<'a> {
    fn of(row: &'a Row) -> Self {
        let result = row.result.as_ref();
        let property = |name| result.and_then(|result| result.property(name));
        let gives_up =
            property(properties::CONVERGES).is_some_and(|p| p.verdict == Verdict::Violated);
        Measured {
            write: row.write,
            verdict: row.verdict(),
            gives_up,
            losing: property(properties::NO_LOST_WRITE).and_then(|p| p.schedules.as_ref()),
            schedules: result.and_then(|result| result.exploration.schedules.as_ref()),
            conflicts: result.and_then(|result| result.costs.with_conflict.as_ref()),
            calls: result.and_then(|result| result.costs.calls.as_ref()),
            refused: row.refused.as_deref(),
        }
    }

    fn mean_calls(&self) -> Option<f64> {
        Some(self.calls?.ratio(self.schedules?))
    }
}

/// Live and cached.
type Method<'a> = (Option<Measured<'a>>, Option<Measured<'a>>);

/// The rows, one per write method: live and cache side by side.
fn methods(comparison: &Comparison) -> Vec<Method<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for row in &comparison.rows {
        if !names.contains(&row.write) {
            names.push(row.write);
        }
    }
    let find = |name: &str, read: Reader| {
        let row = comparison.rows.iter().find(|row| row.write == name && row.read == read);
        row.map(Measured::of)
    };
    names.iter().map(|name| (find(name, Reader::Live), find(name, Reader::Cache))).collect()
}

type Cell = (Role, String, bool);

fn cell(role: Role, text: impl Into<String>) -> Cell {
    (role, text.into(), false)
}

fn number(text: Option<String>) -> Cell {
    (Role::Plain, text.unwrap_or_default(), true)
}

fn heading(wide: bool) -> Vec<Cell> {
    let names: &[&str] = match wide {
        true => &[
            "write method",
            "live read",
            "409s",
            "API calls",
            "informer cache",
            "409s",
            "API calls",
            "verdict",
        ],
        false => &["write method", "live read", "informer cache", "409s", "API calls", "verdict"],
    };
    names.iter().map(|name| (Role::Faint, (*name).to_owned(), false)).collect()
}

fn cells(live: Option<Measured<'_>>, cache: Option<Measured<'_>>, wide: bool) -> Vec<Cell> {
    let name = live.or(cache).map_or("", |row| row.write);
    let conflicts =
        |row: Option<Measured<'_>>| number(row.and_then(|row| row.conflicts).map(count));
    let calls =
        |row: Option<Measured<'_>>| number(row.and_then(|row| mean(row.calls?, row.schedules?)));
    let first = cell(Role::Plain, name);
    let last = verdict(live, cache);
    match wide {
        true => vec![
            first,
            outcome(live),
            conflicts(live),
            calls(live),
            outcome(cache),
            conflicts(cache),
            calls(cache),
            last,
        ],
        false => {
            vec![first, outcome(live), outcome(cache), conflicts(live), calls(live), last]
        }
    }
}

/// `4 of 6   lost`.
fn outcome(row: Option<Measured<'_>>) -> Cell {
    let Some(row) = row else { return cell(Role::Plain, "") };
    if let Some(refused) = row.refused {
        return cell(Role::Faint, code(refused));
    }
    let n = match (row.verdict, row.losing) {
        (Verdict::Holds, _) => {
            row.schedules.map_or_else(String::new, |n| of(&Count::ZERO, Some(n)))
        }
        (_, Some(n)) => of(n, row.schedules),
        (_, None) => String::new(),
    };
    match row.verdict {
        Verdict::Violated => cell(Role::Bad, format!("{n}  lost")),
        Verdict::Unknown => cell(Role::Notice, format!("{n}  ?").trim_start().to_owned()),
        Verdict::Holds => cell(Role::Plain, n),
    }
}

fn rows<'a>(method: &Method<'a>) -> Vec<Measured<'a>> {
    [method.0, method.1].into_iter().flatten().collect()
}

fn verdict(live: Option<Measured<'_>>, cache: Option<Measured<'_>>) -> Cell {
    let rows = rows(&(live, cache));
    let refused = rows.iter().find_map(|row| row.refused);
    match (refused, worst(&rows)) {
        (Some(_), _) => cell(Role::Faint, "refused"),
        (None, Verdict::Violated) => cell(Role::Bad, "loses"),
        (None, Verdict::Unknown) => cell(Role::Notice, "unknown"),
        (None, Verdict::Holds) if gives_up(&rows) => cell(Role::Notice, "gives up"),
        (None, Verdict::Holds) => cell(Role::Good, "safe"),
    }
}

/// The status code of a refusal.
fn code(refused: &str) -> String {
    let word = |word: &&str| word.len() == 3 && word.chars().all(|c| c.is_ascii_digit());
    let words = refused.split(|c: char| !c.is_alphanumeric());
    words.clone().find(word).unwrap_or("refused").to_owned()
}

fn worst(rows: &[Measured<'_>]) -> Verdict {
    let verdicts = rows.iter().map(|row| row.verdict);
    if verdicts.clone().any(|verdict| verdict == Verdict::Violated) {
        Verdict::Violated
    } else if verdicts.clone().any(|verdict| verdict == Verdict::Unknown) {
        Verdict::Unknown
    } else {
        Verdict::Holds
    }
}

fn gives_up(rows: &[Measured<'_>]) -> bool {
    rows.iter().any(|row| row.gives_up)
}

fn align(row: Vec<Cell>, widths: &[usize]) -> Text {
    let mut line = Text::plain("  ");
    for (at, ((role, text, right), width)) in row.into_iter().zip(widths).enumerate() {
        let gap = if at == 0 { "" } else { "   " };
        let cell = match right {
            true => Text::plain(" ".repeat(width - text.len())).then(role, text),
            false => Text::of(role, text).pad(*width),
        };
        line = line.then(Role::Plain, gap).join(cell);
    }
    line
}

fn closing(comparison: &Comparison, methods: &[Method<'_>]) -> Vec<String> {
    let mut sentences = Vec::new();
    let safe: Vec<&Method<'_>> = methods
        .iter()
        .filter(|method| {
            let rows = rows(method);
            !rows.is_empty()
                && rows.iter().all(|row| row.refused.is_none())
                && worst(&rows) == Verdict::Holds
                && !gives_up(&rows)
        })
        .collect();
    let live = || safe.iter().filter_map(|method| method.0.or(method.1));
    let calls = |row: &Measured<'_>| row.mean_calls().unwrap_or(f64::INFINITY);
    let least = live().map(|row| calls(&row)).fold(f64::INFINITY, f64::min);
    let cheapest: Vec<Measured<'_>> = live().filter(|row| calls(row) <= least).collect();
    let names: Vec<String> = cheapest.iter().map(|row| row.write.to_owned()).collect();
    sentences.push(match (safe.len(), cheapest.as_slice()) {
        (0, _) | (_, []) => "No write method is safe here, live and from a cache.".to_owned(),
        (1, [row, ..]) => format!("One method is safe here, {}{}", row.write, cost(*row)),
        (n, [row]) => {
            format!(
                "{} methods are safe here. The cheapest is {}{}",
                words(n),
                row.write,
                cost(*row)
            )
        }
        (n, [row, ..]) => {
            let names = list_and(&names);
            format!("{} methods are safe here. The cheapest are {names}{}", words(n), cost(*row))
        }
    });
    let giving: Vec<_> = methods
        .iter()
        .map(rows)
        .filter(|rows| {
            rows.iter().all(|row| row.refused.is_none())
                && worst(rows) == Verdict::Holds
                && gives_up(rows)
        })
        .filter_map(|rows| rows.first().map(|row| row.write.to_owned()))
        .collect();
    if !giving.is_empty() {
        let (loses, gives, it) = match giving.len() {
            1 => ("loses", "gives", "it"),
            _ => ("lose", "give", "them"),
        };
        sentences.push(format!(
            "{} {loses} nothing, but {gives} up on a conflict: the controller has to run {it} \
             again.",
            list_and(&giving)
        ));
    }
    sentences.extend(lists(comparison, methods));
    sentences
}

fn cost(row: Measured<'_>) -> String {
    let conflicts = match row.conflicts {
        Some(n) if n.is_zero() => "no conflicts".to_owned(),
        Some(n) => format!("conflicts in {}", of(n, row.schedules)),
        None => return ".".to_owned(),
    };
    match row.calls.zip(row.schedules).and_then(|(calls, n)| mean(calls, n)) {
        Some(calls) => format!(": {conflicts}, {calls} calls on average."),
        None => format!(": {conflicts}."),
    }
}

fn words(n: usize) -> String {
    let words = [
        "No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten",
        "Eleven", "Twelve",
    ];
    words.get(n).map_or_else(|| n.to_string(), |word| (*word).to_owned())
}

/// Where a merge patch loses because a list is replaced whole, that is said.
fn lists(comparison: &Comparison, methods: &[Method<'_>]) -> Option<String> {
    let sets = comparison.scenario.workers.iter().flat_map(|worker| &worker.sets);
    let list = sets.clone().any(|(path, _)| path.crosses_list());
    let outcome = |name: &str| {
        let method = methods.iter().find(|m| rows(m).first().is_some_and(|r| r.write == name))?;
        Some(worst(&rows(method)))
    };
    let merge = outcome("merge-patch")?;
    (list && merge == Verdict::Violated).then(|| {
        "merge-patch is safe for fields of one's own, not for a list that several write: it \
         replaces the list whole."
            .to_owned()
    })
}
