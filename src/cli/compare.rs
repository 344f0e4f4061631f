//! `lostwrite compare`: every write method on one scenario, live and from the cache.
//!
//! Next to read: `check/compare.rs` of the library.

use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::args::{Bounds, Targets};
use super::environment::Drawing;
use super::exit::{Exit, Outcome};
use super::{output, progress, targets};
use crate::check::{self, Options};
use crate::report;

/// `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// Which scenarios.
    #[command(flatten)]
    pub targets: Targets,
    /// text, wide (also conflicts and calls with reads from the cache) or json
    #[arg(short, long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub output: CompareFormat,
    /// Where the search ends.
    #[command(flatten)]
    pub bounds: Bounds,
}

/// `compare -o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum CompareFormat {
    Text,
    Wide,
    Json,
}

/// Runs it.
pub fn run(args: &Compare, drawing: &Drawing) -> Outcome {
    let scenarios = targets::load(args.targets.all(), &drawing.err)?;
    targets::modelled(&scenarios)?;
    progress::listen();
    let mut watch = progress::Watch::new();
    let mut texts = Vec::new();
    for scenario in scenarios {
        let pulse = watch.begin(&scenario.name, &args.bounds);
        let options = Options {
            max_states: args.bounds.max_states,
            max_steps: args.bounds.max_steps,
            max_memory: args.bounds.memory(),
            pulse: Some(pulse),
            ..Options::default()
        };
        let comparison = check::compare(&Arc::new(scenario), &options);
        if comparison.is_err() {
            watch.end();
        }
        let comparison = comparison?;
        texts.push(match args.output {
            CompareFormat::Text => report::compare_table(&comparison, &drawing.out, false),
            CompareFormat::Wide => report::compare_table(&comparison, &drawing.out, true),
            CompareFormat::Json => report::compare_json(&comparison),
        });
        if progress::interrupted() {
            break;
        }
    }
    watch.end();
    let between = if args.output == CompareFormat::Json { "" } else { "\n" };
    let exit = if progress::interrupted() { Exit::Interrupted } else { Exit::Ok };
    output::finish(&texts.join(between), exit)
}
