//! The command line as types: every flag, with the help text people see.
//!
//! Flag beats environment beats default; the environment is read in `environment.rs`, so that a
//! bad value names its variable. Next to read: `check.rs`.

use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::environment::ColorWhen;
use super::names;
pub use super::search_flags::{Merge, OnOff, SearchFlags, ShowWhich};

/// Find, replay and teach lost writes in Kubernetes controllers.
#[derive(Debug, Parser)]
#[command(
    name = "lostwrite",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// How to draw.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Drawing")]
pub struct Global {
    /// When to use colour; beats NO_COLOR, CLICOLOR_FORCE and LOSTWRITE_COLOR
    #[arg(long, global = true, value_name = "WHEN", hide_possible_values = true)]
    pub color: Option<ColorWhen>,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Let scenarios name files outside of their folder
    #[arg(long, global = true)]
    pub allow_outside: bool,
    /// Draw in this many columns [default: the terminal's, or 100]
    #[arg(long, global = true, value_name = "COLUMNS")]
    #[arg(value_parser = clap::value_parser!(u16).range(40..=500))]
    pub width: Option<u16>,
}

/// The commands. Adding one: a variant here, a file beside this one, a line in `help.rs`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario under every schedule (or a sample) and judge its properties
    Check(Box<Check>),
    /// Run one scenario with every write method and print the table
    Compare(Compare),
    /// Join the parts of a check that several machines made
    Merge(Merge),
    /// Run one recorded schedule again, step by step
    Replay(Replay),
    /// Say in words why a recorded run lost a write
    Explain(Explain),
    /// Find lost writes in a Kubernetes audit log
    Judge(Box<super::judge::Judge>),
    /// Show what goes wrong inside one process: shared objects, torn strings, unlocked maps
    #[cfg(feature = "loom")]
    Memory(super::memory::Memory),
    /// Serve the API server over HTTP, for kubectl, kube-rs and any other client
    #[cfg(feature = "serve")]
    Serve(super::serve::Serve),
    /// Be the scheduler: you choose every step
    Play(super::play::Play),
    /// The workshop: thirteen exercises with predictions, hints and checks
    Learn(super::learn::Learn),
    /// Write the museum of lost writes as pages to play: real races from public trackers
    Museum(super::museum::Museum),
    /// List scenarios, write methods, schedulers, properties or formats
    List(List),
    /// Write a starter scenario
    New(super::new::New),
    /// Check scenario files without running them
    Validate(Validate),
    /// Turn a recorded run into HTML, Mermaid, Perfetto, JUnit, SARIF, JSON or text
    Report(super::report::Report),
    /// Print the JSON Schema of the scenario format, for editors
    Schema,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    Man,
    /// Help for a command, or for: exit-codes, formats, environment, semantics
    Help {
        /// A command or a topic
        topic: Option<String>,
    },
}

/// The scenarios a command is about.
#[derive(Clone, Debug, Args)]
pub struct Targets {
    /// Scenario files, folders of them, names of shipped scenarios, or - for stdin [default: the
    /// current folder]
    #[arg(value_name = "SCENARIO", value_parser = names::SCENARIOS, hide_possible_values = true)]
    pub scenario: Vec<String>,
    /// A scenario file or folder, as kubectl takes it
    #[arg(short, long, value_name = "FILE")]
    pub filename: Vec<String>,
}

impl Targets {
    /// All of them; the current folder, if none is named.
    pub fn all(&self) -> impl Iterator<Item = &str> {
        let named = self.scenario.iter().chain(&self.filename).map(String::as_str);
        let here = (self.scenario.is_empty() && self.filename.is_empty()).then_some(".");
        named.chain(here)
    }
}

/// What `--write` and `--read` change.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Scenario")]
pub struct Overrides {
    /// Let every worker write by this method; what the scenario expects is then not judged
    #[arg(long, value_name = "METHOD")]
    #[arg(value_parser = names::METHODS, hide_possible_values = true)]
    pub write: Option<String>,
    /// Let every worker read there: live or cache; likewise
    #[arg(long, value_name = "READER", hide_possible_values = true)]
    pub read: Option<ReadFrom>,
}

/// `--read live|cache`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ReadFrom {
    Live,
    Cache,
}

impl Overrides {
    /// What `--read` says, for a file.
    pub fn read_as_text(&self) -> Option<String> {
        self.read.map(|read| match read {
            ReadFrom::Live => "live".to_owned(),
            ReadFrom::Cache => "cache".to_owned(),
        })
    }

    /// What a file says of both.
    pub fn of_text(write: Option<String>, read: Option<&str>) -> Overrides {
        let read = read.map(|read| match read {
            "cache" => ReadFrom::Cache,
            _ => ReadFrom::Live,
        });
        Overrides { write, read }
    }
}

/// Where the search ends.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Bounds")]
pub struct Bounds {
    /// Stop after this many distinct states
    #[arg(long, value_name = "N")]
    pub max_states: Option<u64>,
    /// Stop when the search takes more memory than this, such as 512MiB or 8GiB [default: three
    /// quarters of what is free]
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub max_memory: Option<u64>,
    /// Follow no schedule further than this many steps
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
    /// Stop after this time, such as 30s, 500ms or 2m
    #[arg(long, value_name = "DURATION", alias = "max-duration")]
    #[arg(value_parser = super::duration::parse)]
    pub timeout: Option<Duration>,
}

impl Bounds {
    /// `--max-memory`, or what the machine has to spare.
    pub fn memory(&self) -> Option<u64> {
        Some(super::memory_bound::MemoryBound::new(self.max_memory).bytes)
    }
}

/// `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Which scenarios.
    #[command(flatten)]
    pub targets: Targets,
    /// What to change in them.
    #[command(flatten)]
    pub overrides: Overrides,
    /// Ignore what the scenario expects: a violated property fails
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
    /// Who chooses the next step (see: lostwrite list schedulers)
    #[arg(long, value_name = "NAME", default_value = "exhaustive", help_heading = "Search")]
    #[arg(value_parser = names::SCHEDULERS, hide_possible_values = true)]
    pub scheduler: String,
    /// The seed of a sampling scheduler [env: LOSTWRITE_SEED]
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub seed: Option<u64>,
    /// How many schedules to sample [env: LOSTWRITE_RUNS] [default: 1000]
    #[arg(long, value_name = "N", help_heading = "Search")]
    pub runs: Option<u64>,
    /// How many changes of priority pct makes
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "Search")]
    pub depth: u32,
    /// Only orders with at most this many preemptions (loom)
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
    /// The format on stdout (see: lostwrite list formats)
    #[arg(short, long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    #[arg(value_parser = names::FORMATS, hide_possible_values = true)]
    pub output: String,
    /// Also write a report to a file (repeatable); - is stdout
    #[arg(long, value_name = "FORMAT=PATH", help_heading = "Output")]
    pub report: Vec<String>,
    /// Which losing schedule to draw: shortest, serial (no two reconciles overlap) or all
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
    /// Keep no recording of a losing schedule in .lostwrite/
    #[arg(long, help_heading = "Output")]
    pub no_record: bool,
    /// Start the programs that the file names with run [env: LOSTWRITE_ALLOW_RUN]
    #[arg(long, help_heading = "Scenario")]
    pub allow_run: bool,
}

/// `compare`.
#[derive(Debug, Args)]
pub struct Compare {
    /// Which scenarios.
    #[command(flatten)]
    pub targets: Targets,
    /// text, wide (conflicts and calls of the cache too) or json
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
    /// Start the programs that the file names with run [env: LOSTWRITE_ALLOW_RUN]
    #[arg(long)]
    pub allow_run: bool,
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

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// A recording from .lostwrite/, or a scenario (checked first, without --schedule)
    #[arg(value_name = "RECORDING|SCENARIO")]
    #[arg(value_parser = names::SCENARIOS, hide_possible_values = true)]
    pub target: String,
    /// The schedule, such as 1.7c1e.huhu
    #[arg(long, value_name = "TEXT")]
    pub schedule: Option<String>,
    /// Start the programs that the file names with run [env: LOSTWRITE_ALLOW_RUN]
    #[arg(long)]
    pub allow_run: bool,
    /// What to change in the scenario.
    #[command(flatten)]
    pub overrides: Overrides,
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

/// `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Which scenarios.
    #[command(flatten)]
    pub targets: Targets,
}
