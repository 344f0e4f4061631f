//! The command line: one file per command, and nothing that the library needs.
//!
//! stdout has data and is the same byte for byte each time; narration, progress, times and
//! mistakes go to stderr. A broken pipe is success. Next to read: `commands.rs`, then
//! `check/mod.rs`.

mod args;
mod check;
mod commands;
mod compare;
mod duration;
mod environment;
mod estimate;
mod exit;
mod explain;
mod formats;
mod help;
mod judge;
mod learn;
mod list;
#[cfg(feature = "loom")]
mod memory;
mod memory_bound;
mod merge;
mod museum;
mod names;
mod new;
mod output;
mod play;
#[cfg(all(feature = "serve", target_os = "linux"))]
mod programs;
mod progress;
mod recording;
mod replay;
mod report;
#[cfg(feature = "serve")]
mod serve;
mod size;
mod targets;
mod validate;

use clap::Parser;

use commands::{Cli, Command};
use environment::Drawing;
pub use exit::Exit;
use exit::{Failure, Outcome};

/// Parses the arguments, runs the command, and says how it ended.
pub fn main() -> Exit {
    report_bugs();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let drawing = match Drawing::decide(&cli.global) {
        Ok(drawing) => drawing,
        Err(mistake) => return said(Failure::from(mistake), &Drawing::plain()),
    };
    targets::allow_outside(cli.global.allow_outside);
    match run(&cli.command, &drawing) {
        Ok(exit) => exit,
        Err(failure) => said(failure, &drawing.err),
    }
}

fn run(command: &Command, drawing: &Drawing) -> Outcome {
    match command {
        Command::Check(args) => check::run(args, drawing),
        Command::Compare(args) => compare::run(args, drawing),
        Command::Merge(args) => merge::run(args, drawing),
        Command::Replay(args) => replay::run(args, drawing),
        Command::Explain(args) => explain::run(args, drawing),
        Command::Judge(args) => judge::run(args, drawing),
        #[cfg(feature = "loom")]
        Command::Memory(args) => memory::run(args, drawing),
        #[cfg(feature = "serve")]
        Command::Serve(args) => serve::run(args),
        Command::Play(args) => play::run(args, drawing),
        Command::Learn(args) => learn::run(args, drawing),
        Command::Museum(args) => museum::run(args),
        Command::Report(args) => report::run(args, drawing),
        Command::List(args) => list::run(args, drawing),
        Command::New(args) => new::run(args),
        Command::Validate(args) => validate::run(args, drawing),
        Command::Schema => help::schema(),
        Command::Completions { shell } => help::completions(*shell),
        Command::Man => help::man(),
        Command::Help { topic } => help::run(topic.as_deref()),
    }
}

/// What clap has to say: help and version are data, the rest is a mistake.
fn usage(error: &clap::Error) -> Exit {
    use clap::error::ErrorKind;
    match error.kind() {
        ErrorKind::DisplayHelp if help::is_root(error) => match help::run(None) {
            Ok(exit) => exit,
            Err(_) => Exit::Usage,
        },
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let _ = output::stdout(&error.render().to_string());
            Exit::Ok
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            output::stderr(&help::root());
            Exit::Usage
        }
        _ => {
            let _ = error.print();
            Exit::Usage
        }
    }
}

fn said(failure: Failure, style: &crate::scenario::DiagnosticStyle) -> Exit {
    match failure {
        Failure::Said(exit) => exit,
        Failure::Mistakes(mistakes) => {
            output::stderr(&format!("{}\n", mistakes.render(style)));
            Exit::Usage
        }
    }
}

/// A panic is a bug of ours: it says what to report, and the exit code is 101.
fn report_bugs() {
    let inner = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        inner(info);
        output::stderr(&format!(
            "\nThis is a bug in lostwrite {}. Please report it, with the scenario and the command \
             line.\n",
            env!("CARGO_PKG_VERSION")
        ));
    }));
}
