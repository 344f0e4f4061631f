//! `lostwrite replay`: one recorded or hand-written schedule, step by step.
//!
//! Next to read: `check/replay.rs` of the library.

use std::path::Path;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::args::{Overrides, ProgramFlags};
use super::environment::Drawing;
use super::exit::{Exit, Failure, Outcome};
use super::recording::Recording;
use super::{names, output, targets};
use crate::check::{self, Replayed};
use crate::properties;
use crate::report;
use crate::scenario::{Diagnostic, DiagnosticStyle, Expect, Scenario};

/// `replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// A recording from .lostwrite/, or a scenario together with --schedule
    #[arg(value_name = "RECORDING|SCENARIO")]
    #[arg(value_parser = names::SCENARIOS, hide_possible_values = true)]
    pub target: String,
    /// The schedule, such as 1.7c1e.huhu, or just its letters: "h u h u"
    #[arg(long, value_name = "TEXT")]
    pub schedule: Option<String>,
    /// How programs are started.
    #[command(flatten)]
    pub programs: ProgramFlags,
    /// text, json or mermaid
    #[arg(short, long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    pub output: ReplayFormat,
    /// What to change in the scenario.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// `replay -o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ReplayFormat {
    Text,
    Json,
    Mermaid,
}

/// Runs it.
pub fn run(args: &Replay, drawing: &Drawing) -> Outcome {
    #[cfg(all(feature = "serve", target_os = "linux"))]
    super::programs::trust(args.programs.allow_run);
    let opened = open(&args.target, args.schedule.as_deref(), &args.overrides, &drawing.err)?;
    let Some(schedule) = opened.schedule else {
        return Err(Diagnostic::error("missing --schedule")
            .help(format!(
                "for example: lostwrite replay {} --schedule {}",
                report::quoted(&args.target),
                example(&opened.scenario)
            ))
            .help("`lostwrite check` prints the schedule that loses, and keeps it in .lostwrite/")
            .into());
    };
    #[cfg(all(feature = "serve", target_os = "linux"))]
    if opened.scenario.starts_programs() {
        let hunted = super::programs::replay(&opened.scenario, &schedule, args.programs)?;
        let name = match args.output {
            ReplayFormat::Text => "text",
            ReplayFormat::Json => "json",
            ReplayFormat::Mermaid => "mermaid",
        };
        let renderer = super::formats::renderer(name, "-o")?;
        super::programs::tell(&hunted, renderer, &drawing.out)?;
        return Ok(super::programs::exit(&hunted, false));
    }
    targets::modelled([&*opened.scenario])?;
    let replayed = check::replay(&opened.scenario, &schedule)?;
    let text = match args.output {
        ReplayFormat::Text => report::replay_text(&replayed, &drawing.out),
        ReplayFormat::Json => report::replay_json(&replayed),
        ReplayFormat::Mermaid => report::replay_mermaid(&replayed),
    };
    output::finish(&text, exit(&replayed))
}

/// A scenario and a schedule of it.
pub struct Opened {
    pub scenario: Arc<Scenario>,
    pub overrides: Vec<String>,
    pub schedule: Option<String>,
}

/// A recording, or a scenario; `--schedule`, `--write` and `--read` beat what is recorded.
pub fn open(
    target: &str,
    schedule: Option<&str>,
    overrides: &Overrides,
    style: &DiagnosticStyle,
) -> Result<Opened, Failure> {
    let recording = Recording::open(Path::new(target))?;
    let (scenario, recorded, recorded_schedule) = match &recording {
        Some(recording) => {
            (recording.scenario()?, recording.overrides(), Some(recording.schedule.clone()))
        }
        None => (Arc::unwrap_or_clone(targets::single(target, style)?), Overrides::default(), None),
    };
    let overrides = Overrides {
        write: overrides.write.clone().or(recorded.write),
        read: overrides.read.or(recorded.read),
    };
    let (scenario, flags) = targets::change(scenario, &overrides)?;
    let schedule = schedule.map(str::to_owned).or(recorded_schedule);
    Ok(Opened { scenario: Arc::new(scenario), overrides: flags, schedule })
}

/// A schedule to write down: each worker's first letter, in turn.
fn example(scenario: &Scenario) -> String {
    let letters = scenario.workers.iter().filter_map(|worker| worker.name.chars().next());
    let once: String = letters.collect();
    format!("{once}{once}")
}

/// 1 if a property that the scenario asks for, and does not expect to be violated, is violated in
/// this schedule.
fn exit(replayed: &Replayed) -> Exit {
    let scenario = &replayed.scenario;
    let fails = |name: &str, decided: bool| {
        let expected = match &scenario.expect {
            Expect::Verdicts(verdicts) => verdicts.get(name) == Some(&false),
            _ => false,
        };
        decided
            && !properties::is_sometimes(name)
            && !expected
            && scenario.properties.iter().any(|n| n == name)
    };
    let judged = replayed.trace.finished;
    match judged && replayed.judged.iter().any(|(name, decided, _)| fails(name, *decided)) {
        true => Exit::Violated,
        false => Exit::Ok,
    }
}
