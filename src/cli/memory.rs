//! `lostwrite memory`: the in-process Get/Set models under loom.
//!
//! Without a name it lists them; a model that does what it is there to show ends in 0, as a
//! scenario does whose expectation is met. Next to read: `../getset/mod.rs`.

use serde_json::json;

use super::args::{Memory, MemoryFormat};
use super::check::unknown;
use super::environment::Drawing;
use super::{Exit, Outcome, output};
use crate::getset::{Expected, Limits, MemoryVerdict, Model, model, models};
use crate::report;
use crate::scenario::Diagnostic;

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
