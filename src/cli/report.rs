//! `lostwrite report`: a recorded run, or a scenario and a schedule, in any of the formats.
//!
//! The scenario is checked again, within bounds, so that the report can say how many schedules
//! are like this one. Next to read: `report/mod.rs`, the table of formats.

use std::path::{Path, PathBuf};

use clap::Args;

use super::args::{Bounds, Overrides};
use super::environment::Drawing;
use super::exit::{Exit, Failure, Outcome};
use super::{formats, output, progress, replay};
use crate::check::{self, Options, Replayed};
use crate::report::{self, Renderer, Style};

/// States that are explored unless `--max-states` says otherwise: a report is not waited for.
const MOST_STATES: u64 = 200_000;

/// The flags of `report`.
#[derive(Debug, Args)]
pub struct Report {
    /// A recording from .lostwrite/, or a scenario (checked first if --schedule is omitted)
    #[arg(value_name = "RECORDING|SCENARIO")]
    #[arg(value_parser = super::names::SCENARIOS, hide_possible_values = true)]
    pub target: String,
    /// The schedule, such as 1.7c1e.huhu, or just its letters: "h u h u"
    #[arg(long, value_name = "TEXT")]
    pub schedule: Option<String>,
    /// Output format (see: lostwrite list formats)
    #[arg(short, long, value_name = "FORMAT", default_value = "html", help_heading = "Output")]
    #[arg(value_parser = super::names::FORMATS, hide_possible_values = true)]
    pub output: String,
    /// Write to this file; - is stdout [default: html, chrome-trace, junit and sarif beside the
    /// recording, other formats stdout]
    #[arg(long, value_name = "PATH", help_heading = "Output")]
    pub output_file: Option<PathBuf>,
    /// Open the page in a browser, if there is one
    #[arg(long, help_heading = "Output")]
    pub open: bool,
    /// What to change in the scenario.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Where the search ends.
    #[command(flatten)]
    pub bounds: Bounds,
}

/// Runs it.
pub fn run(args: &Report, drawing: &Drawing) -> Outcome {
    let renderer = formats::renderer(&args.output, "-o")?;
    let opened =
        replay::open(&args.target, args.schedule.as_deref(), &args.overrides, &drawing.err)?;
    super::targets::modelled([&*opened.scenario])?;
    progress::listen();
    let mut watch = progress::Watch::new();
    let pulse = watch.begin(&opened.scenario.name, &args.bounds);
    let options = Options {
        advice: true,
        lesson: renderer.lesson,
        max_states: Some(args.bounds.max_states.unwrap_or(MOST_STATES)),
        max_steps: args.bounds.max_steps,
        max_memory: args.bounds.memory(),
        overrides: opened.overrides.clone(),
        pulse: Some(pulse),
        ..Options::default()
    };
    let result = check::about(&opened.scenario, opened.schedule.as_deref(), &options);
    watch.end();
    let result = result?;
    let recorded = Path::new(&args.target).extension().is_some_and(|e| e == "json");
    let beside = match recorded {
        true => PathBuf::from(&args.target),
        false => PathBuf::from(report::recording(&result)),
    };
    let path = args.output_file.clone().unwrap_or_else(|| place(renderer, &beside));
    let style = match path == Path::new("-") {
        true => Style { recorded: false, ..drawing.out },
        false => Style { color: false, width: 100, recorded: false, ..drawing.out },
    };
    let text = match (&result.run, renderer.name) {
        // A schedule that violates nothing is still the one that was asked for.
        (Some(run), "text" | "wide") if !violates(run) => report::replay_text(run, &style),
        _ => renderer.render(&[result], &style),
    };
    write(&path, &text)?;
    show(args, renderer, &path)
}

/// Whether a schedule violates what its scenario asks for.
fn violates(run: &Replayed) -> bool {
    let asked = |name: &str| run.scenario.properties.iter().any(|asked| asked == name);
    run.judged.iter().any(|(name, _, witness)| witness.is_some() && asked(name))
}

/// Where the report goes: what is read by another program into a file beside the recording, what
/// is text to stdout.
fn place(renderer: &Renderer, recording: &Path) -> PathBuf {
    match renderer.file {
        true => recording.with_extension(renderer.extension),
        false => PathBuf::from("-"),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    output::file(path, text)?;
    if path != Path::new("-") {
        output::stdout(&format!("{}\n", path.display()))?;
    }
    Ok(())
}

/// Opens the page where there is a browser; elsewhere its path, which was printed, is all.
fn show(args: &Report, renderer: &Renderer, path: &Path) -> Outcome {
    if args.open && path != Path::new("-") {
        let opened = renderer.extension == "html" && has_browser() && opener::open(path).is_ok();
        if !opened {
            output::stderr("note: no browser was found here; open the file in one\n");
        }
    }
    Ok(Exit::Ok)
}

/// Whether a window can be shown: elsewhere a text browser would take the terminal over.
fn has_browser() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let windows = cfg!(any(windows, target_os = "macos"));
    windows || set("BROWSER") || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
