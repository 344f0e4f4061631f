//! `lostwrite new`: a scenario to start from, which runs as it is.
//!
//! Next to read: the file it writes.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser};

use super::exit::{Exit, Outcome};
use super::output;
use crate::report;
use crate::scenario::{
    Diagnostic, Mistakes, RACES, Scenario, TEMPLATES, Template, from_crd, starter,
};

/// `new`.
#[derive(Debug, Args)]
pub struct New {
    /// The scenario's name; the file is NAME.yaml
    #[arg(value_name = "NAME", default_value = "my-race")]
    pub name: String,
    /// A commented scenario to start from
    #[arg(long, value_name = "TEMPLATE", default_value = "race", value_parser = templates())]
    pub template: String,
    /// A shipped scenario to start from
    #[arg(long, value_name = "SCENARIO", conflicts_with = "template")]
    #[arg(value_parser = super::names::SCENARIOS, hide_possible_values = true)]
    pub from: Option<String>,
    /// Model of a kind of bug report to start from
    #[arg(long, value_name = "KIND", conflicts_with_all = ["template", "from"],
          value_parser = threads())]
    pub from_thread: Option<String>,
    /// A CustomResourceDefinition to start from: two writers of one object of its kind
    #[arg(long, value_name = "FILE", conflicts_with_all = ["template", "from", "from_thread"])]
    pub from_crd: Option<PathBuf>,
    /// With --from-crd: what the two writers write
    #[arg(long, value_name = "RACE", requires = "from_crd", default_value = "conditions",
          value_parser = races())]
    pub race: String,
    /// With --from-crd: the kind, if the file defines several
    #[arg(long, value_name = "KIND", requires = "from_crd")]
    pub kind: Option<String>,
    /// Write to this file; - is stdout
    #[arg(short, long, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long)]
    pub force: bool,
}

/// The templates with their one line each.
fn templates() -> PossibleValuesParser {
    let value = |known: &Template| PossibleValue::new(known.name).help(known.summary);
    PossibleValuesParser::new(TEMPLATES.iter().map(value))
}

/// The models of bug reports.
fn threads() -> PossibleValuesParser {
    let value = |known: &Template| PossibleValue::new(known.name).help(known.summary);
    PossibleValuesParser::new(TEMPLATES.iter().filter(|known| known.thread).map(value))
}

/// What two writers of a kind may write.
fn races() -> PossibleValuesParser {
    PossibleValuesParser::new(
        RACES.iter().map(|(name, about)| PossibleValue::new(*name).help(*about)),
    )
}

/// Files that are written beside a scenario, with their texts.
type Files = Vec<(String, String)>;

/// Runs it.
pub fn run(args: &New) -> Outcome {
    checked_name(&args.name)?;
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.yaml", args.name)));
    let (text, files) = match (&args.from, &args.from_crd) {
        (None, None) => {
            let template = args.from_thread.as_ref().unwrap_or(&args.template);
            (starter(template, &args.name).unwrap_or_default(), Vec::new())
        }
        (_, Some(crd)) => of_crd(args, crd, &path)?,
        (Some(from), _) => {
            let scenario = Scenario::builtin(from).ok_or_else(|| {
                Diagnostic::error(format!("there is no shipped scenario `{from}`"))
                    .note("`lostwrite list scenarios` prints all of them")
            })?;
            (renamed(&scenario, &args.name), scenario.source.files.clone())
        }
    };
    if path == Path::new("-") {
        return output::finish(&text, Exit::Ok);
    }
    let folder = path.parent().unwrap_or(Path::new("")).to_owned();
    let beside = files.iter().map(|(name, text)| (folder.join(name), text));
    let all: Vec<(PathBuf, &String)> =
        beside.chain(std::iter::once((path.clone(), &text))).collect();
    if let Some((there, _)) = all.iter().find(|(path, text)| !args.force && differs(path, text)) {
        let message = format!("`{}` exists already", there.display());
        return Err(Diagnostic::error(message).help("--force overwrites it").into());
    }
    for (path, text) in &all {
        output::file(path, text)?;
    }
    let shown = path.display().to_string();
    output::stderr(&format!("Wrote {shown}. Next: lostwrite check {}\n", report::quoted(&shown)));
    Ok(Exit::Ok)
}

/// A scenario of the kind that a file defines, and that file, if the scenario's folder has it not.
fn of_crd(args: &New, crd: &Path, path: &Path) -> Result<(String, Files), Mistakes> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let inside = canonical(crd).strip_prefix(canonical(folder)).map(Path::to_owned).ok();
    let name = crd.file_name().map(PathBuf::from).unwrap_or_default();
    let named = inside.clone().unwrap_or(name).display().to_string();
    let text = from_crd(crd, &named, args.kind.as_deref(), &args.race, &args.name)?;
    let beside = match inside {
        Some(_) => Vec::new(),
        None => vec![(named, std::fs::read_to_string(crd).unwrap_or_default())],
    };
    Ok((text, beside))
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
    Err(Diagnostic::in_argument("this is not a valid scenario name", "NAME", name, 0..name.len())
        .help("lower case letters, digits and hyphens, as Kubernetes names things: my-race"))
}

/// The text with another name.
fn renamed(scenario: &Scenario, name: &str) -> String {
    let own = format!("name: {}", scenario.name);
    scenario.source.text.replacen(&own, &format!("name: {name}"), 1)
}
