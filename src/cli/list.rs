//! `lostwrite list`: the tables of the program, as tables.
//!
//! Next to read: `report/mod.rs`, one of them.

use serde_json::{Value, json};

use clap::{Args, ValueEnum};

use super::environment::Drawing;
use super::exit::{Exit, Outcome};
use super::output;
use crate::reconcilers::methods;
use crate::scenario::{Expect, Scenario};
use crate::{properties, report, schedulers};

/// A table: the kind for `-o name`, the headings (how many of them without `-o wide`), the rows.
struct Table {
    kind: &'static str,
    headings: &'static [&'static str],
    narrow: usize,
    rows: Vec<Vec<String>>,
}

/// `list`.
#[derive(Debug, Args)]
pub struct List {
    /// scenarios, museum, writes, schedulers, properties or formats
    #[arg(value_name = "WHAT", default_value = "scenarios", hide_possible_values = true)]
    pub what: ListWhat,
    /// text, wide, name or json
    #[arg(short, long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub output: ListFormat,
}

/// What `list` lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ListWhat {
    #[value(alias = "scenario")]
    Scenarios,
    Museum,
    #[value(aliases = ["write", "methods"])]
    Writes,
    #[value(alias = "scheduler")]
    Schedulers,
    #[value(alias = "property")]
    Properties,
    #[value(alias = "format")]
    Formats,
}

/// `list -o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ListFormat {
    Text,
    Wide,
    Name,
    Json,
}

/// Runs it.
pub fn run(args: &List, drawing: &Drawing) -> Outcome {
    let table = match args.what {
        ListWhat::Scenarios => table_of(Scenario::all_builtin()),
        ListWhat::Museum => {
            table_of(Scenario::museum().into_iter().flat_map(|(_, acts)| acts).collect())
        }
        ListWhat::Writes => writes(),
        ListWhat::Schedulers => schedulers(),
        ListWhat::Properties => properties(),
        ListWhat::Formats => formats(),
    };
    let text = match args.output {
        ListFormat::Text => table.text(table.narrow, drawing),
        ListFormat::Wide => table.text(table.headings.len(), drawing),
        ListFormat::Name => {
            table.rows.iter().map(|row| format!("{}/{}\n", table.kind, row[0])).collect()
        }
        ListFormat::Json => table.json(),
    };
    output::finish(&text, Exit::Ok)
}

impl Table {
    /// Columns as kubectl prints them. The last one is the longest, and is not wrapped.
    fn text(&self, shown: usize, drawing: &Drawing) -> String {
        // The last heading is the sentence: it stays last, whatever is hidden.
        let last = self.headings.len() - 1;
        let columns: Vec<usize> = (0..shown - 1).chain([last]).collect();
        let width = |at: usize| {
            let cells = self.rows.iter().map(|row| row[at].chars().count());
            cells.chain([self.headings[at].len()]).max().unwrap_or(0)
        };
        let line = |cells: &dyn Fn(usize) -> String| {
            let mut line = String::new();
            for at in &columns {
                let cell = cells(*at);
                line.push_str(&cell);
                if *at != last {
                    line.push_str(&" ".repeat(width(*at) - cell.chars().count() + 2));
                }
            }
            line.trim_end().to_owned() + "\n"
        };
        let heading = line(&|at| self.headings[at].to_owned());
        let mut text = drawing.out.paint(report::Role::Strong, heading.trim_end()) + "\n";
        for row in &self.rows {
            text.push_str(&line(&|at| row[at].clone()));
        }
        text
    }

    fn json(&self) -> String {
        let items: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let cells = self.headings.iter().zip(row);
                let cells = cells.map(|(heading, cell)| (heading.to_lowercase(), json!(cell)));
                Value::Object(cells.collect())
            })
            .collect();
        let document = json!({ "schemaVersion": 1, "items": items });
        format!("{document:#}\n")
    }
}

fn joined(values: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    distinct.join(",")
}

fn table_of(scenarios: Vec<Scenario>) -> Table {
    let row = |scenario: Scenario| {
        let workers = || scenario.workers.iter();
        vec![
            scenario.name.clone(),
            scenario.workers.len().to_string(),
            joined(workers().map(|worker| worker.write.clone())),
            expect(&scenario.expect),
            joined(workers().map(|worker| worker.reads_from().to_owned())),
            scenario.properties.join(","),
            scenario.description.clone(),
        ]
    };
    Table {
        kind: "scenario",
        headings: &["NAME", "WORKERS", "WRITE", "EXPECT", "READ", "PROPERTIES", "TEACHES"],
        narrow: 5,
        rows: scenarios.into_iter().map(row).collect(),
    }
}

fn expect(expect: &Expect) -> String {
    match expect {
        Expect::Unstated => String::new(),
        Expect::Rejected => "rejected".to_owned(),
        Expect::Verdicts(verdicts) => match verdicts.get(properties::NO_LOST_WRITE) {
            Some(true) if verdicts.values().all(|holds| *holds) => "safe".to_owned(),
            Some(false) => "lost".to_owned(),
            _ => joined(
                verdicts
                    .iter()
                    .filter(|(_, holds)| !**holds)
                    .map(|(name, _)| format!("not {name}")),
            ),
        },
    }
}

fn writes() -> Table {
    let row = |method: &&dyn methods::WriteMethod| {
        vec![method.name().to_owned(), method.summary().to_owned()]
    };
    Table {
        kind: "write",
        headings: &["NAME", "CALLS"],
        narrow: 2,
        rows: methods::all().iter().map(row).collect(),
    }
}

fn schedulers() -> Table {
    let row = |entry: &schedulers::SchedulerEntry| {
        let covers = if entry.samples { "a sample" } else { "everything" };
        vec![entry.name.to_owned(), covers.to_owned(), entry.summary.to_owned()]
    };
    Table {
        kind: "scheduler",
        headings: &["NAME", "COVERS", "DOES"],
        narrow: 3,
        rows: schedulers::all().iter().map(row).collect(),
    }
}

fn properties() -> Table {
    let row = |entry: &properties::Entry| vec![entry.name.to_owned(), entry.holds_when.to_owned()];
    Table {
        kind: "property",
        headings: &["NAME", "HOLDS WHEN"],
        narrow: 2,
        rows: properties::all().iter().map(row).collect(),
    }
}

fn formats() -> Table {
    let row = |renderer: &report::Renderer| {
        vec![
            renderer.name.to_owned(),
            format!(".{}", renderer.extension),
            renderer.summary.to_owned(),
        ]
    };
    Table {
        kind: "format",
        headings: &["NAME", "FILE", "IS"],
        narrow: 3,
        rows: report::renderers().iter().map(row).collect(),
    }
}
