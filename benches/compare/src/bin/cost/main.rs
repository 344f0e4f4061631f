//! How the cost of a search grows with workers, calls, fields and caches: measured, printed as a
//! table of ratios, and drawn.
//!
//! `benches/compare/run cost docs` writes the table into `docs/performance.md` and the
//! plot beside it. Times are medians of five; everything is relative to the first row of its
//! series without symmetry. Next to read: `plot.rs`.

mod plot;
#[path = "../../../../workload.rs"]
#[allow(dead_code)]
mod workload;

use std::time::{Duration, Instant};

use lostwrite::schedulers::exhaustive::{Limits, explore};
use plot::{Point, Series};
use workload::{Field, text, world};

/// A search that would pass this is left out.
const MOST_STATES: u64 = 1_500_000;

/// Measures a scenario; `None` if it is too large.
fn measured(x: usize, text: &str, symmetry: bool) -> Option<Point> {
    let world = world(text);
    let limits = Limits { max_states: MOST_STATES, symmetry, ..Limits::default() };
    let search = || {
        let start = Instant::now();
        let explored = explore(&world, limits, &mut |_| None);
        (start.elapsed(), explored)
    };
    let explored = search().1;
    explored.stopped_by.is_none().then(|| {
        let mut times: Vec<Duration> = (0..5).map(|_| search().0).collect();
        times.sort();
        let (states, transitions) = (explored.graph.states(), explored.graph.transitions());
        Point { x, states: states as f64, transitions: transitions as f64, time: times[2] }
    })
}

fn series(name: &'static str, symmetry: bool, texts: Vec<(usize, String)>) -> Series {
    let points = texts.iter().map_while(|(x, text)| measured(*x, text, symmetry)).collect();
    Series { name, points }
}

fn by_workers(symmetry: bool) -> Series {
    let texts = (1..=8).map(|n| (n, text(n, 1, "update-retry", Field::Own, "")));
    series("workers", symmetry, texts.collect())
}

fn by_calls(symmetry: bool) -> Series {
    let texts = (1..=8).map(|runs| (2 * runs, text(3, runs, "update", Field::Own, "")));
    series("calls of each of three workers", symmetry, texts.collect())
}

/// Each of three workers sets this number of fields of its own.
fn by_fields(symmetry: bool) -> Series {
    let sets = |n: usize| {
        let plain = text(3, 2, "update-unconditional", Field::Own, "");
        ["a", "b", "c"].iter().fold(plain, |text, name| {
            let fields: Vec<String> =
                (0..n).map(|field| format!("data.{name}{field}: written")).collect();
            text.replace(&format!("data.{name}: written"), &fields.join(", "))
        })
    };
    series(
        "fields of each of three workers",
        symmetry,
        [1, 2, 4, 8, 16].map(|n| (n, sets(n))).into(),
    )
}

/// This number of four workers reads from a cache of its own.
fn by_caches(symmetry: bool) -> Series {
    let texts = (0..=4).map(|caches| {
        let mut plain = text(4, 1, "update-unconditional", Field::Own, "");
        for name in ["a", "b", "c", "d"].iter().take(caches) {
            let own = format!("name: {name},");
            plain = plain.replace(&own, &format!("{own} read: cache,"));
        }
        (caches, plain)
    });
    series("caches of four workers", symmetry, texts.collect())
}

/// The table, as Markdown.
fn table(all: &[(Series, Series)]) -> String {
    let mut table = String::new();
    let mut line = |text: &str| {
        println!("{text}");
        table += text;
        table += "\n";
    };
    line("| | | states | transitions | time | with symmetry: states | time |");
    line("|---|---:|---:|---:|---:|---:|---:|");
    for (plain, symmetric) in all {
        let first = &plain.points[0];
        for (at, point) in symmetric.points.iter().enumerate() {
            let [states, transitions, time] = match plain.points.get(at) {
                Some(point) => point.relative(first).map(plot::rounded),
                None => ["-", "-", "-"].map(str::to_owned),
            };
            let [fewer, _, sooner] = point.relative(first).map(plot::rounded);
            let (name, x) = (if at == 0 { plain.name } else { "" }, point.x);
            line(&format!(
                "| {name} | {x} | {states} | {transitions} | {time} | {fewer} | {sooner} |"
            ));
        }
    }
    table
}

/// Puts the table between the two marks of a document.
fn write_into(path: &str, table: &str) {
    let (open, close) = ("<!-- cost -->\n", "<!-- /cost -->");
    let text = std::fs::read_to_string(path).expect("the document");
    let (before, rest) = text.split_once(open).expect("its first mark");
    let (_, after) = rest.split_once(close).expect("its last mark");
    let plot = "![states and time over workers, calls, fields and caches](cost.svg)";
    let text = format!("{before}{open}\n{plot}\n\n{table}\n{close}{after}");
    std::fs::write(path, text).expect("written");
}

fn main() {
    let measures: [fn(bool) -> Series; 4] = [by_workers, by_calls, by_fields, by_caches];
    let all: Vec<_> = measures.iter().map(|measure| (measure(false), measure(true))).collect();
    let table = table(&all);
    if let Some(folder) = std::env::args().nth(1) {
        std::fs::write(format!("{folder}/cost.svg"), plot::svg(&all)).expect("written");
        write_into(&format!("{folder}/performance.md"), &table);
    }
}
