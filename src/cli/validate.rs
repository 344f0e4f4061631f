//! `lostwrite validate`: reads scenarios and says what is wrong with them, without running them.
//!
//! Next to read: `scenario/shape.rs` of the library.

use clap::Args;

use super::args::Targets;
use super::environment::Drawing;
use super::exit::{Exit, Outcome};
use super::{output, targets};
use crate::scenario::Severity;

/// `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Which scenarios.
    #[command(flatten)]
    pub targets: Targets,
}

/// Runs it.
pub fn run(args: &Validate, drawing: &Drawing) -> Outcome {
    let scenarios = targets::load(args.targets.all(), &drawing.err)?;
    let mut text = String::new();
    for scenario in &scenarios {
        let workers = match scenario.workers.len() {
            1 => "1 worker".to_owned(),
            n => format!("{n} workers"),
        };
        let warnings = scenario.warnings.iter();
        let warnings = warnings.filter(|found| found.severity == Severity::Warning);
        let warnings = match warnings.count() {
            0 => String::new(),
            1 => ", 1 warning".to_owned(),
            n => format!(", {n} warnings"),
        };
        let from = &scenario.source.name;
        text.push_str(&format!("ok  {}  {workers}{warnings}  ({from})\n", scenario.name));
    }
    output::finish(&text, Exit::Ok)
}
