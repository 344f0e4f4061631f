//! `lostwrite explain`: in words, why a run lost a write.
//!
//! Next to read: `report/explain.rs`.

use clap::Args;

use super::args::{Bounds, Overrides, ProgramFlags};
use super::environment::Drawing;
use super::exit::{Exit, Outcome};
use super::{names, output, progress, replay};
use crate::check::{self, Options, Witness};
use crate::report;

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A recording from .lostwrite/, or a scenario (checked first if --schedule is omitted)
    #[arg(value_name = "RECORDING|SCENARIO")]
    #[arg(value_parser = names::SCENARIOS, hide_possible_values = true)]
    pub target: String,
    /// The schedule, such as 1.7c1e.huhu
    #[arg(long, value_name = "TEXT")]
    pub schedule: Option<String>,
    /// How programs are started.
    #[command(flatten)]
    pub programs: ProgramFlags,
    /// What to change in the scenario.
    #[command(flatten)]
    pub overrides: Overrides,
}

/// Runs it: a recorded or given schedule is replayed, a scenario alone is checked first.
pub fn run(args: &Explain, drawing: &Drawing) -> Outcome {
    #[cfg(all(feature = "serve", target_os = "linux"))]
    super::programs::trust(args.programs.allow_run);
    let opened =
        replay::open(&args.target, args.schedule.as_deref(), &args.overrides, &drawing.err)?;
    #[cfg(all(feature = "serve", target_os = "linux"))]
    if let (true, Some(schedule)) = (opened.scenario.starts_programs(), &opened.schedule) {
        let hunted = super::programs::replay(&opened.scenario, schedule, args.programs)?;
        let found = hunted.witnesses();
        let text = match (&hunted.failed, found.is_empty()) {
            (Some(words), _) => format!("error: {words}\n"),
            (None, true) => format!("Nothing to explain: no property is violated.\n{hunted}"),
            (None, false) => {
                let scenario = hunted.shown().unwrap_or(&opened.scenario);
                report::explain_all(scenario, &found, &drawing.out)
            }
        };
        return output::finish(&text, Exit::Ok);
    }
    super::targets::modelled([&*opened.scenario])?;
    let scenario = &opened.scenario;
    let asked = |name: &str| scenario.properties.iter().any(|asked| asked == name);
    let witnesses: Vec<(&'static str, Witness)> = match &opened.schedule {
        Some(schedule) => {
            let replayed = check::replay(scenario, schedule)?;
            let judged = replayed.judged.into_iter().filter(|(name, ..)| asked(name));
            judged.filter_map(|(name, _, witness)| Some((name, witness?))).collect()
        }
        None => {
            progress::listen();
            let mut watch = progress::Watch::new();
            let pulse = watch.begin(&scenario.name, &Bounds::default());
            let options = Options {
                overrides: opened.overrides.clone(),
                pulse: Some(pulse),
                ..Options::default()
            };
            let result = check::run(scenario, &options);
            watch.end();
            let judged = result?.properties.into_iter().filter(|property| property.judged);
            judged.filter_map(|property| Some((property.name, property.witness?))).collect()
        }
    };
    let text = match witnesses.as_slice() {
        [] => "Nothing to explain: no property is violated.\n".to_owned(),
        _ => report::explain_all(scenario, &witnesses, &drawing.out),
    };
    output::finish(&text, Exit::Ok)
}
