//! The flags of `check`.
//!
//! Next to read: `mod.rs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::check::Shard;
use crate::cli::args::{Bounds, Overrides, ProgramFlags, Targets};
use crate::cli::names;
use crate::report::regression;

/// The flags of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Which scenarios.
    #[command(flatten)]
    pub targets: Targets,
    /// What to change in them.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Ignore `expect`: every violated property fails the check
    #[arg(long, help_heading = "Scenario")]
    pub no_expect: bool,
    /// Judge only this property (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Scenario")]
    #[arg(value_parser = names::PROPERTIES, hide_possible_values = true)]
    pub property: Vec<String>,
    /// Do not judge this property (repeatable)
    #[arg(long, value_name = "NAME", help_heading = "Scenario")]
    #[arg(value_parser = names::PROPERTIES, hide_possible_values = true)]
    pub skip: Vec<String>,
    /// Scheduler that chooses the next step (see: lostwrite list schedulers)
    #[arg(long, value_name = "NAME", default_value = "exhaustive", help_heading = "Search")]
    #[arg(value_parser = names::SCHEDULERS, hide_possible_values = true)]
    pub scheduler: String,
    /// Seed of a sampling scheduler [env: LOSTWRITE_SEED]
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub seed: Option<u64>,
    /// Number of schedules to sample [env: LOSTWRITE_RUNS] [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub runs: Option<u64>,
    /// Number of priority changes in a schedule (pct)
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Search")]
    pub depth: u32,
    /// Maximum number of preemptions in a schedule (loom)
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub preemption_bound: Option<usize>,
    /// How to search every schedule.
    #[command(flatten)]
    pub search: SearchFlags,
    /// Where the search ends.
    #[command(flatten)]
    pub bounds: Bounds,
    /// Exit 3 if not every schedule was covered
    #[arg(long, help_heading = "Bounds")]
    pub require_exhaustive: bool,
    /// Output format on stdout (see: lostwrite list formats)
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    #[arg(value_parser = names::FORMATS, hide_possible_values = true)]
    pub output: String,
    /// Print a regression test of the first lost write instead: rust, go or shell
    #[arg(long, value_name = "LANGUAGE", help_heading = "Output")]
    #[arg(value_parser = regression::LANGUAGES, hide_possible_values = true)]
    pub test: Option<String>,
    /// Also write a report to a file (repeatable); - is stdout
    #[arg(long, value_name = "FORMAT=PATH", help_heading = "Output")]
    pub report: Vec<String>,
    /// Losing schedule to draw: shortest, serial (no two reconciles overlap) or all
    #[arg(
        long,
        value_name = "WHICH",
        default_value = "shortest",
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub show: ShowWhich,
    /// Do not run the other write methods for the "safe" line
    #[arg(long, help_heading = "Output")]
    pub no_advice: bool,
    /// Do not record a losing schedule in .lostwrite/
    #[arg(long, help_heading = "Output")]
    pub no_record: bool,
    /// How executions of programs are kept apart: `process` starts them for each one, `name` keeps
    /// them running and renames the objects [default: as the scenario says, or process]
    #[arg(long, value_name = "WHAT", help_heading = "Programs", hide_possible_values = true)]
    pub isolation: Option<IsolationName>,
    /// How programs are started.
    #[command(flatten)]
    pub programs: ProgramFlags,
}

/// How the exhaustive search goes about it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Search")]
pub struct SearchFlags {
    /// Number of threads of the exhaustive search; results do not depend on it [default: all
    /// processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: Option<u16>,
    /// Explore symmetric workers one by one instead of up to permutation
    #[arg(long)]
    pub no_symmetry: bool,
    /// Count schedules: on, or off (visits fewer states; the verdicts are the same)
    #[arg(long, value_name = "on|off", default_value = "on", hide_possible_values = true)]
    #[arg(hide_default_value = true)]
    pub count: OnOff,
    /// Stop at the first violation of a judged property, and print its shortened schedule
    #[arg(long, conflicts_with_all = ["shard", "resume"])]
    pub fail_fast: bool,
    /// Search only part I of N, such as 1/3; `lostwrite merge` joins the parts
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Continue from the checkpoint of a stopped search
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub resume: Option<PathBuf>,
    /// Print to stderr how much the search computed, and how long it took
    #[arg(long, help_heading = "Output")]
    pub stats: bool,
}

/// `--isolation process|name`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum IsolationName {
    Process,
    Name,
}

/// `--count on|off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum OnOff {
    On,
    Off,
}

fn shard(text: &str) -> Result<Shard, String> {
    let numbers = text.split_once('/').and_then(|(index, of)| {
        let (index, of): (u32, u32) = (index.parse().ok()?, of.parse().ok()?);
        (index >= 1 && index <= of && of <= 10_000).then_some((index, of))
    });
    let (index, of) = numbers.ok_or("a part reads 1/3: which one, from 1, and of how many")?;
    Ok(Shard { index, of })
}

/// `--show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ShowWhich {
    Shortest,
    Serial,
    All,
}
