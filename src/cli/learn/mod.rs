//! `lostwrite learn`: the workshop at the terminal, one exercise after the other.
//!
//! Keys after Rustlings: what is predicted, tried, hinted and listed is one letter each. Input may
//! come from a pipe, like that of `play`. Next to read: `workshop.rs`, then `steps.rs`; the
//! exercises are in the library's `learn/`.

mod end;
mod files;
mod steps;
mod table;
mod workshop;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::environment::Drawing;
use super::exit::{Exit, Outcome};
use super::output;
use crate::learn;
use crate::report::paint;
use crate::scenario::Diagnostic;
use table::table;
use workshop::Workshop;

/// `learn`.
#[derive(Debug, Args)]
pub struct Learn {
    /// Exercise to begin with: its number or its name
    #[arg(value_name = "EXERCISE")]
    pub exercise: Option<String>,
    /// List the exercises, and mark those that are done
    #[arg(long)]
    pub list: bool,
    /// Write the whole workshop as one HTML page that needs no network; - is stdout
    #[arg(long, value_name = "PATH", conflicts_with_all = ["list", "exercise", "reset"])]
    pub export: Option<PathBuf>,
    /// Write the workshop as one archive: the page, the slides with notes, the handout, the
    /// cards and the guide, as HTML
    #[arg(long, value_name = "PATH", conflicts_with_all = ["list", "exercise", "reset", "export"])]
    pub bundle: Option<PathBuf>,
    /// Delete the progress; keep the files in learn/
    #[arg(long, conflicts_with_all = ["list", "exercise"])]
    pub reset: bool,
}

/// Runs it.
pub fn run(args: &Learn, drawing: &Drawing) -> Outcome {
    if args.list {
        let progress = files::progress();
        return output::finish(&paint(&table(&progress, "", &drawing.out), &drawing.out), Exit::Ok);
    }
    if let Some(path) = &args.export {
        output::file(path, &learn::page())?;
        if path != Path::new("-") {
            output::stderr(&format!("Written: {}. Open it in a browser.\n", path.display()));
        }
        return Ok(Exit::Ok);
    }
    if let Some(path) = &args.bundle {
        let bag = learn::bag::zipped();
        output::replace_by(path, |file| file.write_all(&bag)).map_err(|error| {
            Diagnostic::error(format!("cannot write `{}`: {error}", path.display()))
        })?;
        output::stderr(&format!("Written: {}. Unpack it and open slides.html.\n", path.display()));
        return Ok(Exit::Ok);
    }
    if args.reset {
        files::forget()?;
        output::stderr("The progress is forgotten; the files in learn/ are as they were.\n");
        return Ok(Exit::Ok);
    }
    let start = args.exercise.as_deref().map(find).transpose()?;
    Workshop::new(start, drawing).run()
}

/// An exercise by its number or its name.
fn find(which: &str) -> Result<usize, Diagnostic> {
    let all = learn::all();
    let numbered = which.parse().ok().filter(|n| (1..=all.len()).contains(n)).map(|n| n - 1);
    let named = || all.iter().position(|exercise| exercise.name == which);
    numbered.or_else(named).ok_or_else(|| {
        let shown: String = which.chars().filter(|c| !c.is_control()).take(60).collect();
        Diagnostic::error(format!("there is no exercise `{shown}`"))
            .help(format!("1 to {}, or a name; `lostwrite learn --list` prints them", all.len()))
    })
}
