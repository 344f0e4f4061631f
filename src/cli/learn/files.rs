//! The files of the workshop: the progress, and what the learner edits.
//!
//! Everything is written whole or not at all. A progress file that cannot be read is put aside, and
//! the workshop goes on. Next to read: `workshop.rs`.

use std::path::Path;

use crate::cli::exit::Failure;
use crate::cli::output;
use crate::learn::{ExerciseFile, Progress};
use crate::scenario::{Diagnostic, Mistakes, Scenario};

/// Where the progress is kept, in the working folder.
const PROGRESS: &str = ".lostwrite/learn.json";

/// The progress so far.
pub fn progress() -> Progress {
    let Ok(bytes) = std::fs::read(PROGRESS) else { return Progress::default() };
    match Progress::read(&String::from_utf8_lossy(&bytes)) {
        Ok(progress) => progress,
        Err(why) => {
            let aside = format!("{PROGRESS}.broken");
            let kept = match std::fs::rename(PROGRESS, &aside) {
                Ok(()) => format!("it is kept as {aside}"),
                Err(error) => format!("it cannot be put aside: {error}"),
            };
            output::stderr(&format!("note: {PROGRESS} cannot be read ({why}); {kept}\n\n"));
            Progress::default()
        }
    }
}

/// Keeps the progress: quietly, and never as a failure.
pub fn keep(progress: &Progress) {
    if let Err(error) = output::replace(Path::new(PROGRESS), &progress.write()) {
        output::stderr(&format!("note: the progress was not kept in {PROGRESS}: {error}\n"));
    }
}

/// Forgets it.
pub fn forget() -> Result<(), Failure> {
    match std::fs::remove_file(PROGRESS) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Diagnostic::error(format!("cannot remove `{PROGRESS}`: {error}")).into())
        }
        _ => Ok(()),
    }
}

/// Gives the learner the file of an exercise, unless it is there; whether it was written now.
pub fn give(file: &ExerciseFile) -> Result<bool, Failure> {
    let path = Path::new(&file.path);
    if path.exists() {
        return Ok(false);
    }
    output::file(path, &file.text())?;
    Ok(true)
}

/// Restores the file and keeps the edited one as .bak.
pub fn restore(file: &ExerciseFile) -> Result<Option<String>, Failure> {
    let path = Path::new(&file.path);
    let old = std::fs::read_to_string(path).ok().filter(|text| *text != file.text());
    let kept = match old {
        Some(text) => {
            let beside = format!("{}.bak", file.path);
            output::file(Path::new(&beside), &text)?;
            Some(beside)
        }
        None => None,
    };
    output::file(path, &file.text())?;
    Ok(kept)
}

/// The learner's file: its text, and the scenario in it.
pub fn read(file: &ExerciseFile) -> Result<(String, Scenario), Mistakes> {
    let text = std::fs::read_to_string(&file.path)
        .map_err(|error| Diagnostic::error(format!("cannot read `{}`: {error}", file.path)))?;
    let mut scenarios = Scenario::from_file(&file.path)?;
    match scenarios.len() {
        1 => Ok((text, scenarios.remove(0))),
        n => Err(Diagnostic::error(format!("`{}` holds {n} scenarios", file.path))
            .help("one scenario is enough here")
            .into()),
    }
}

/// A shipped scenario, or a file.
pub fn load(name: &str) -> Result<Scenario, Mistakes> {
    if let Some(scenario) = Scenario::builtin(name) {
        return Ok(scenario);
    }
    let mut scenarios = Scenario::from_file(name)?;
    match scenarios.is_empty() {
        true => Err(Diagnostic::error(format!("`{name}` holds no scenario")).into()),
        false => Ok(scenarios.remove(0)),
    }
}
