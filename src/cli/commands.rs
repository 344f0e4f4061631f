//! The commands as types: what clap parses, and the order of `--help`.
//!
//! Next to read: `check/mod.rs`, the first of them; `mod.rs` runs them.

use clap::{Parser, Subcommand};

use super::environment::Global;

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

/// The commands. Adding one: a variant here, a file beside this one, a line in `help.rs`.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a scenario under every schedule (or a sample) and judge its properties
    Check(Box<super::check::Check>),
    /// Run one scenario with every write method and print the table
    Compare(super::compare::Compare),
    /// Join the parts of a check that ran on several machines
    Merge(super::merge::Merge),
    /// Run one recorded schedule again, step by step
    Replay(super::replay::Replay),
    /// Explain in words why a recorded run lost a write
    Explain(super::explain::Explain),
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
    List(super::list::List),
    /// Write a starter scenario
    New(super::new::New),
    /// Check scenario files without running them
    Validate(super::validate::Validate),
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
