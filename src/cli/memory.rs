//! `lostwrite memory`: what goes wrong inside one process, under loom.
//!
//! Without a name it lists them; a model that does what it is there to show ends in 0, as a
//! scenario does whose expectation is met. Next to read: `../getset/mod.rs`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::environment::Drawing;
use super::exit::{Exit, Outcome};
use super::formats::unknown;
use super::output;
use crate::getset::{Expected, Limits, MemoryVerdict, Model, model, models};
use crate::report;
use crate::scenario::Diagnostic;

/// `memory`.
#[derive(Debug, Args)]
pub struct Memory {
    /// Models to explore; if omitted, they are listed
    #[arg(value_name = "MODEL")]
    pub model: Vec<String>,
    /// Explore all of them
    #[arg(long, conflicts_with = "model")]
    pub all: bool,
    /// Maximum number of executions of each model
    #[arg(long, value_name = "N")]
    pub runs: Option<u64>,
    /// Maximum number of preemptions in an execution
    #[arg(long, value_name = "N")]
    pub preemption_bound: Option<usize>,
    /// Time limit, such as 30s, 500ms or 2m
    #[arg(long, value_name = "DURATION", alias = "max-duration")]
    #[arg(value_parser = super::duration::parse)]
    pub timeout: Option<Duration>,
    /// text or json
    #[arg(short, long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub output: MemoryFormat,
}

/// `memory -o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum MemoryFormat {
    Text,
    Json,
}

/// Runs it.
pub fn run(args: &Memory, drawing: &Drawing) -> Outcome {
    let chosen = chosen(args)?;
    if chosen.is_empty() {
        return output::finish(&list(args.output, drawing), Exit::Ok);
    }
    let limits = Limits {
        executions: args.runs,
        duration: args.timeout,
        preemptions: args.preemption_bound,
        ..Limits::default()
    };
    let explored: Vec<(&Model, MemoryVerdict)> =
        chosen.into_iter().map(|model| (model, model.explore(limits))).collect();
    let text = match args.output {
        MemoryFormat::Json => {
            let results: Vec<_> =
                explored.iter().map(|(model, it)| told(model, Some(it))).collect();
            format!("{:#}\n", json!({ "schemaVersion": 1, "results": results }))
        }
        MemoryFormat::Text => {
            let draw = |(model, verdict): &(&Model, MemoryVerdict)| {
                report::memory(model, verdict, &drawing.out)
            };
            explored.iter().map(draw).collect::<Vec<_>>().join("\n")
        }
    };
    let unmet = explored.iter().any(|(model, verdict)| match model.expected {
        Expected::Breaks => verdict.complete && verdict.anomaly.is_none(),
        Expected::Holds => verdict.anomaly.is_some(),
    });
    output::finish(&text, if unmet { Exit::Violated } else { Exit::Ok })
}

fn chosen(args: &Memory) -> Result<Vec<&'static Model>, Diagnostic> {
    if args.all {
        return Ok(models().iter().collect());
    }
    let named = |name: &String| {
        let known = models().iter().map(|model| model.name);
        model(name).ok_or_else(|| {
            unknown("model", "memory", name, known).note("`lostwrite memory` lists them")
        })
    };
    args.model.iter().map(named).collect()
}

fn list(format: MemoryFormat, drawing: &Drawing) -> String {
    match format {
        MemoryFormat::Text => report::memory_list(models(), &drawing.out),
        MemoryFormat::Json => {
            let all: Vec<_> = models().iter().map(|model| told(model, None)).collect();
            format!("{:#}\n", json!({ "schemaVersion": 1, "models": all }))
        }
    }
}

fn told(model: &Model, verdict: Option<&MemoryVerdict>) -> serde_json::Value {
    let mut told = json!({
        "model": model.name,
        "go": model.go,
        "sentence": model.sentence,
        "expected": model.expected,
    });
    if let Some(verdict) = verdict {
        told["verdict"] = match (&verdict.anomaly, verdict.complete) {
            (Some(_), _) => "violated",
            (None, true) => "holds",
            (None, false) => "unknown",
        }
        .into();
        told["exploration"] = json!(verdict);
    }
    told
}
