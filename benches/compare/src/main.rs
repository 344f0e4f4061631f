//! The same workload under lostwrite, loom, shuttle, TraceForge and stateright: tables of ratios,
//! from one run on one machine. `N` workers make `K` API calls each on one object.
//!
//! What ends is timed, five times, and the median counts. What cannot end (loom, shuttle and
//! TraceForge run schedules one by one) is timed for some seconds at its own rate, and needs at
//! least as many executions as there are schedules: a lower bound. Each peer's model is written as
//! its users would; stateright gets our canonical form of versions and its symmetry. SPIN and Rumur
//! are compared as processes, by `processes`. Only the ratios mean anything elsewhere; `--into F`
//! writes them between the marks of a document. Next to read: `ours.rs`.

mod object;
mod ours;
mod stateright;
mod threads;
mod traceforge;
#[path = "../../workload.rs"]
#[allow(dead_code)]
mod workload;

use std::time::{Duration, Instant};

use ours::Search;
use workload::{Field, text};

/// How long what cannot end is watched.
const WATCH: Duration = Duration::from_secs(4);

/// How many executions of what cannot end TraceForge makes: it is bounded by their number.
const FORGED: u64 = 60_000;

/// The median of five.
pub fn median(mut measure: impl FnMut() -> Duration) -> Duration {
    let mut times: Vec<Duration> = (0..5).map(|_| measure()).collect();
    times.sort();
    times[2]
}

/// How long it takes, and what comes of it.
pub fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let made = work();
    (start.elapsed(), made)
}

struct Row {
    who: String,
    covered: String,
    took: Duration,
    bound: bool,
}

/// What is printed, with times; and what a document shows, with ratios alone.
#[derive(Default)]
struct Told {
    document: String,
}

impl Told {
    fn line(&mut self, printed: &str, documented: &str) {
        println!("{printed}");
        self.document += documented;
        self.document += "\n";
    }

    fn table(&mut self, title: &str, ours: Duration, rows: &[Row]) {
        self.line(&format!("\n{title}\n"), &format!("\n{title}\n"));
        self.line("| checker | covers | time | times ours |", "| checker | covers | times ours |");
        self.line("|---|---|---:|---:|", "|---|---|---:|");
        for row in rows {
            let ratio = significant(row.took.as_secs_f64() / ours.as_secs_f64());
            let least = if row.bound { "at least " } else { "" };
            let (who, covered, took) = (&row.who, &row.covered, shown(row.took));
            self.line(
                &format!("| {who} | {covered} | {least}{took} | {least}{ratio} |"),
                &format!("| {who} | {covered} | {least}{ratio} |"),
            );
        }
    }
}

fn shown(took: Duration) -> String {
    let seconds = took.as_secs_f64();
    match seconds {
        s if s < 1.0 => format!("{} ms", significant(s * 1e3)),
        s if s < 7200.0 => format!("{} s", significant(s)),
        s => format!("{} h", significant(s / 3600.0)),
    }
}

/// Two digits.
fn significant(number: f64) -> String {
    let exponent = number.abs().log10().floor();
    match exponent {
        e if e >= 6.0 => format!("{number:.1e}"),
        e if e >= 1.0 => {
            let unit = 10_f64.powf(e - 1.0);
            format!("{:.0}", (number / unit).round() * unit)
        }
        e => format!("{number:.*}", (1.0 - e) as usize),
    }
}

fn row(who: &str, covered: String, took: Duration) -> Row {
    Row { who: who.to_owned(), covered, took, bound: false }
}

/// A runner of one schedule after the other needs at least as many executions as there are.
fn one_by_one(who: &str, schedules: f64, executions: u64, took: Duration) -> Row {
    let rate = executions as f64 / took.as_secs_f64();
    let needs = Duration::from_secs_f64((schedules / rate).min(1e18));
    eprintln!("{who}: {} executions a second", significant(rate));
    let covered = "one schedule after the other".to_owned();
    Row { who: who.to_owned(), covered, took: needs, bound: true }
}

fn without_a_lock(told: &mut Told) {
    let text = text(4, 2, "update-unconditional", Field::Own, "");
    let ours = Search::symmetric(&text, 1);
    let took = median(|| ours.time());
    let schedules = ours.counts().0;
    let all: f64 = schedules.parse().expect("a number");
    let mut rows = vec![row("lostwrite", format!("{schedules} schedules, counted"), took)];
    let plain = Search::plain(&text, 1);
    rows.push(row("lostwrite, no symmetry", ours_states(&plain), median(|| plain.time())));
    let mut states = 0;
    let reached = median(|| {
        let (took, found) = timed(|| stateright::own(4, 2, false, 2));
        states = found;
        took
    });
    rows.push(row("stateright, symmetry, 2 threads", format!("{states} states"), reached));
    let (took_by, executions) = timed(|| threads::shuttle_dfs(4, 2, WATCH));
    rows.push(one_by_one("shuttle, DFS", all, executions, took_by));
    let (took_by, executions) = timed(|| threads::loom(4, 2, WATCH));
    rows.push(one_by_one("loom", all, executions, took_by));
    let (took_by, executions) = timed(|| traceforge::executions(4, 2, FORGED));
    rows.push(one_by_one("TraceForge", all, executions, took_by));
    told.table("N=4, K=4, a PUT without resourceVersion, a field each: loses", took, &rows);
}

fn ours_states(search: &Search) -> String {
    let (states, transitions, _) = search.size();
    format!("{states} states, {transitions} transitions")
}

/// Where both can end: TraceForge must make as many executions as we count schedules.
fn one_execution_each(told: &mut Told) {
    let title = "N workers of K calls, a PUT without resourceVersion: schedules that we count, and \
                 executions that TraceForge makes";
    told.line(&format!("\n{title}\n"), &format!("\n{title}\n"));
    told.line(
        "| N, K | schedules | states | executions | times ours |",
        "| N, K | schedules | states | executions | times ours |",
    );
    told.line("|---|---:|---:|---:|---:|", "|---|---:|---:|---:|---:|");
    for (workers, runs) in [(2, 1), (3, 1), (2, 2), (4, 1), (3, 2)] {
        let ours = Search::plain(&text(workers, runs, "update-unconditional", Field::Own, ""), 1);
        let took = median(|| ours.time());
        let mut executions = 0;
        let theirs = median(|| {
            let (took, made) = timed(|| traceforge::executions(workers, runs, u64::MAX));
            executions = made;
            took
        });
        let schedules = ours.counts().0;
        assert_eq!(schedules, executions.to_string(), "{workers} workers of {runs} runs");
        let (states, ..) = ours.size();
        let times = significant(theirs.as_secs_f64() / took.as_secs_f64());
        let calls = 2 * runs;
        let line =
            format!("| {workers}, {calls} | {schedules} | {states} | {executions} | {times} |");
        told.line(&line, &line);
    }
}

fn with_versions(told: &mut Told) {
    let text = text(8, 3, "update", Field::Counter, "");
    let ours = Search::symmetric(&text, 1);
    let took = median(|| ours.time());
    let (schedules, losing) = ours.counts();
    let covered = format!("{schedules} schedules, {losing} lose");
    let mut rows = vec![row("lostwrite", covered, took)];
    let two = Search::symmetric(&text, 2);
    rows.push(row("lostwrite, 2 threads", ours_states(&two), median(|| two.time())));
    let mut states = 0;
    let reached = median(|| {
        let (took, found) = timed(|| stateright::counter(8, 3, 2));
        states = found;
        took
    });
    rows.push(row("stateright, symmetry, 2 threads", format!("{states} states"), reached));
    told.table("N=8, K=6, a PUT with the resourceVersion, one counter: holds", took, &rows);
}

fn throughput(told: &mut Told) {
    let text = text(5, 2, "update-unconditional", Field::Own, "");
    let one = Search::plain(&text, 1);
    let two = Search::plain(&text, 2);
    let (alone, both) = (median(|| one.time_of_search()), median(|| two.time_of_search()));
    let (states, transitions, bytes) = one.size();
    let title = "N=5, K=4, a PUT without resourceVersion, no symmetry, on one thread and on two";
    told.line(&format!("\n{title}\n"), &format!("\n{title}\n"));
    let per_state = significant(bytes as f64 / states as f64);
    let times = significant(alone.as_secs_f64() / both.as_secs_f64());
    told.line(
        "| threads | states | million transitions a second | times one | bytes a state |",
        "| threads | states | rate, times one | bytes a state |",
    );
    told.line("|---|---:|---:|---:|---:|", "|---|---:|---:|---:|");
    for (threads, took, times) in [(1, alone, "1.0"), (2, both, times.as_str())] {
        let rate = significant(transitions as f64 / took.as_secs_f64() / 1e6);
        told.line(
            &format!("| {threads} | {states} | {rate} | {times} | {per_state} |"),
            &format!("| {threads} | {states} | {times} | {per_state} |"),
        );
    }
}

/// Puts the tables between the two marks of a document.
fn write_into(path: &str, tables: &str) {
    let (open, close) = ("<!-- compare -->\n", "<!-- /compare -->");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let (before, rest) = text.split_once(open).unwrap_or_else(|| panic!("no {open} in {path}"));
    let (_, after) = rest.split_once(close).unwrap_or_else(|| panic!("no {close} in {path}"));
    let text = format!("{before}{open}{tables}\n{close}{after}");
    std::fs::write(path, text).unwrap_or_else(|error| panic!("{path}: {error}"));
}

fn main() {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    let into = wanted.iter().position(|word| word == "--into");
    let into = into.map(|at| wanted.drain(at..at + 2).nth(1).expect("--into FILE"));
    let parts: [(&str, fn(&mut Told)); 4] = [
        ("without-a-lock", without_a_lock),
        ("one-execution-each", one_execution_each),
        ("with-versions", with_versions),
        ("throughput", throughput),
    ];
    let mut told = Told::default();
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            eprintln!("{name} ...");
            part(&mut told);
        }
    }
    if let Some(path) = into {
        write_into(&path, &told.document);
    }
}
