//! The flags of long and large searches, and of `merge`.
//!
//! Next to read: `checkpoint.rs`, `merge.rs`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::check::Shard;

/// How the exhaustive search goes about it.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Search")]
pub struct SearchFlags {
    /// Threads of the exhaustive search; they change only the time [default: all processors]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub threads: Option<u16>,
    /// Explore workers that are alike one by one, not up to permutation
    #[arg(long)]
    pub no_symmetry: bool,
    /// Count schedules, on or off; without, fewer states are looked at, and verdicts are the same
    #[arg(long, value_name = "on|off", default_value = "on", hide_possible_values = true)]
    #[arg(hide_default_value = true)]
    pub count: OnOff,
    /// Stop at the first violation of a judged property, and print its shortened schedule
    #[arg(long, conflicts_with_all = ["shard", "resume"])]
    pub fail_fast: bool,
    /// Look only at part I of N, as 1/3; `lostwrite merge` joins the parts
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<Shard>,
    /// Go on from the checkpoint of a search that was stopped
    #[arg(long, value_name = "FILE", conflicts_with = "shard")]
    pub resume: Option<PathBuf>,
    /// Say on stderr what the search had to do, and how long it took
    #[arg(long, help_heading = "Output")]
    pub stats: bool,
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

/// `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The files that `check --shard` left, all of one check
    #[arg(value_name = "PART", required = true)]
    pub part: Vec<PathBuf>,
    /// The format on stdout (see: lostwrite list formats)
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    #[arg(value_parser = super::names::FORMATS, hide_possible_values = true)]
    pub output: String,
    /// Also write a report to a file (repeatable); - is stdout
    #[arg(long, value_name = "FORMAT=PATH")]
    pub report: Vec<String>,
    /// Exit 3 if not every schedule was covered
    #[arg(long)]
    pub require_exhaustive: bool,
}

/// `--show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ShowWhich {
    Shortest,
    Serial,
    All,
}
