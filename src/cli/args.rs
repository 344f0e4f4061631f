//! The flags that several commands share, with the help text people see.
//!
//! A command's own flags are in the command's file. Flag beats environment beats default; the
//! environment is read in `environment.rs`, so that a bad value names its variable. Next to read:
//! `commands.rs`, which has all commands.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::names;

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
    /// Let every worker write by this method; `expect` is then not judged
    #[arg(long, value_name = "METHOD")]
    #[arg(value_parser = names::METHODS, hide_possible_values = true)]
    pub write: Option<String>,
    /// Let every worker read from there: live or cache; `expect` is then not judged
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
    /// Maximum number of distinct states
    #[arg(long, value_name = "N")]
    pub max_states: Option<u64>,
    /// Maximum memory of the search, such as 512MiB or 8GiB [default: three quarters of what is
    /// free]
    #[arg(long, value_name = "SIZE", value_parser = super::size::parse)]
    pub max_memory: Option<u64>,
    /// Maximum number of steps of a schedule
    #[arg(long, value_name = "N")]
    pub max_steps: Option<u64>,
    /// Time limit, such as 30s, 500ms or 2m
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

/// Of workers that are programs: `check`, `replay` and `explain`.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Programs")]
pub struct ProgramFlags {
    /// Allow `run` in the file to start programs [env: LOSTWRITE_ALLOW_RUN]
    #[arg(long)]
    pub allow_run: bool,
    /// Time limit of one execution of programs, such as 2m [env: LOSTWRITE_EXECUTION_TIMEOUT]
    /// [default: 1m]
    #[arg(long, value_name = "DURATION", env = "LOSTWRITE_EXECUTION_TIMEOUT", hide_env = true)]
    #[arg(value_parser = super::duration::parse)]
    pub execution_timeout: Option<Duration>,
    /// Serve programs over TLS, with the variables and files that a pod gets
    #[arg(long)]
    pub tls: bool,
}
