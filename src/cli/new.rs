//! `lostwrite new`: a scenario to start from, which runs as it is.
//!
//! Next to read: the file it writes.

use std::path::{Path, PathBuf};

use super::args::New;
use super::{Exit, Outcome, output};
use crate::report;
use crate::scenario::{Diagnostic, Scenario, starter};

/// Runs it.
pub fn run(args: &New) -> Outcome {
    checked_name(&args.name)?;
    let (text, files) = match &args.from {
        None => (starter(&args.template, &args.name).unwrap_or_default(), Vec::new()),
        Some(from) => {
            let scenario = Scenario::builtin(from).ok_or_else(|| {
                Diagnostic::error(format!("there is no shipped scenario `{from}`"))
                    .note("`lostwrite list scenarios` prints all of them")
            })?;
            (renamed(&scenario, &args.name), scenario.source.files.clone())
        }
    };
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.yaml", args.name)));
    if path == Path::new("-") {
        return output::finish(&text, Exit::Ok);
    }
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let beside = files.iter().map(|(name, text)| (folder.join(name), text));
    let all: Vec<(PathBuf, &String)> =
        beside.chain(std::iter::once((path.clone(), &text))).collect();
    if let Some((there, _)) = all.iter().find(|(path, text)| !args.force && differs(path, text)) {
        let message = format!("`{}` is there already", there.display());
        return Err(Diagnostic::error(message).help("--force overwrites it").into());
    }
    for (path, text) in &all {
        output::file(path, text)?;
    }
    let shown = path.display().to_string();
    output::stderr(&format!("Wrote {shown}. Next: lostwrite check {}\n", report::quoted(&shown)));
    Ok(Exit::Ok)
}

/// A file that already has the same text is left as it is.
fn differs(path: &Path, text: &str) -> bool {
    path.exists() && std::fs::read_to_string(path).ok().as_deref() != Some(text)
}

fn checked_name(name: &str) -> Result<(), Diagnostic> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let ends = |c: Option<char>| c.is_some_and(|c| c != '-');
    if name.chars().all(good) && ends(name.chars().next()) && ends(name.chars().next_back()) {
        return Ok(());
    }
    Err(Diagnostic::in_argument("this is no name for a scenario", "NAME", name, 0..name.len())
        .help("lower case letters, digits and hyphens, as Kubernetes names things: my-race"))
}

/// The text with another name.
fn renamed(scenario: &Scenario, name: &str) -> String {
    let own = format!("name: {}", scenario.name);
    scenario.source.text.replacen(&own, &format!("name: {name}"), 1)
}
