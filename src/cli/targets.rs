//! From arguments to scenarios: files, folders, shipped names, stdin.
//!
//! Next to read: `check/mod.rs`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{Overrides, ReadFrom};
use super::exit::{Exit, Failure};
use super::output;
use crate::reconcilers::Reader;
use crate::scenario::{Diagnostic, DiagnosticStyle, Expect, Mistakes, Scenario};

/// The scenarios that the arguments name, in their order; mistakes of all of them at once.
pub fn load<'a>(
    names: impl Iterator<Item = &'a str>,
    style: &DiagnosticStyle,
) -> Result<Vec<Scenario>, Failure> {
    let mut scenarios = Vec::new();
    let mut mistakes = Vec::new();
    for name in names {
        match one(name) {
            Ok(found) => scenarios.extend(found),
            Err(Mistakes(more)) => mistakes.extend(more),
        }
    }
    if !mistakes.is_empty() {
        return Err(Mistakes(mistakes).into());
    }
    if scenarios.is_empty() {
        let nothing = Diagnostic::error("nothing was selected: no scenario was found")
            .help("`lostwrite list scenarios` prints the shipped ones");
        output::stderr(&format!("{}\n", nothing.render(style)));
        return Err(Failure::Said(Exit::NothingSelected));
    }
    for warning in scenarios.iter().flat_map(|scenario| &scenario.warnings) {
        output::stderr(&format!("{}\n\n", warning.render(style)));
    }
    Ok(scenarios)
}

/// Whether scenarios may name files outside of their folder.
static OUTSIDE: AtomicBool = AtomicBool::new(false);

/// `--allow-outside`, for all scenarios of this command.
pub fn allow_outside(allow: bool) {
    OUTSIDE.store(allow, Ordering::Relaxed);
}

fn from_file(path: &Path) -> Result<Vec<Scenario>, Mistakes> {
    Scenario::from_trusted_file(path, OUTSIDE.load(Ordering::Relaxed))
}

/// The scenarios of one argument.
fn one(name: &str) -> Result<Vec<Scenario>, Mistakes> {
    if name == "-" {
        return stdin();
    }
    let path = Path::new(name);
    if path.is_dir() {
        return folder(path);
    }
    if path.exists() {
        return from_file(path);
    }
    match Scenario::builtin(name) {
        Some(scenario) => Ok(vec![scenario]),
        None => Err(unknown(name).into()),
    }
}

fn stdin() -> Result<Vec<Scenario>, Mistakes> {
    /// A scenario file larger than this is refused by its reader anyway.
    const MOST: u64 = 16 << 20;
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(MOST).read_to_end(&mut bytes);
    read.map_err(|error| Diagnostic::error(format!("cannot read stdin: {error}")))?;
    Scenario::from_bytes("-", bytes)
}

/// Every scenario file of a folder and the folders in it, by name; other YAML (CRDs, say) is
/// passed over.
fn folder(path: &Path) -> Result<Vec<Scenario>, Mistakes> {
    let mut files = Vec::new();
    collect(path, &mut files, 0)
        .map_err(|error| Diagnostic::error(format!("cannot read `{}`: {error}", path.display())))?;
    let (mut scenarios, mut mistakes) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| is_scenario(file)) {
        match from_file(file.strip_prefix(".").unwrap_or(file)) {
            Ok(found) => scenarios.extend(found),
            Err(Mistakes(more)) => mistakes.extend(more),
        }
    }
    if mistakes.is_empty() { Ok(scenarios) } else { Err(Mistakes(mistakes)) }
}

/// Folders that builds and package managers fill.
const BUILT: &[&str] = &["target", "node_modules", "vendor"];

fn collect(folder: &Path, files: &mut Vec<PathBuf>, depth: usize) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        // What a build leaves behind is no scenario, and may be large.
        let left_out = |name: &str| name.starts_with('.') || BUILT.contains(&name);
        if name.is_none_or(|name| left_out(&name)) {
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() && depth < 16 {
            collect(&path, files, depth + 1)?;
        } else if matches!(extension, Some("yaml" | "yml" | "json")) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// An error for commands that run models only, where a worker is a program.
pub fn needs_programs(scenario: &Scenario) -> Diagnostic {
    let message = format!("`{}` starts programs, which this cannot run", scenario.name);
    Diagnostic::error(message).help("use check, replay or explain, with --allow-run, on Linux")
}

/// No worker of these scenarios is a program.
pub fn modelled<'s>(scenarios: impl IntoIterator<Item = &'s Scenario>) -> Result<(), Failure> {
    match scenarios.into_iter().find(|scenario| scenario.starts_programs()) {
        Some(scenario) => Err(needs_programs(scenario).into()),
        None => Ok(()),
    }
}

/// Whether a file of a folder means to be a scenario.
fn is_scenario(file: &Path) -> bool {
    let Ok(bytes) = std::fs::read(file) else { return true };
    Scenario::is_meant_by(&bytes)
}

fn unknown(name: &str) -> Diagnostic {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
    let looks_like_a_path = name.contains(['/', '\\']) || name.contains(".y");
    let message = match looks_like_a_path {
        true => format!("cannot read `{shown}`: no such file"),
        false => format!("`{shown}` is neither a file nor a shipped scenario"),
    };
    let stem = Path::new(name).file_stem().and_then(|stem| stem.to_str()).unwrap_or(name);
    let near = Scenario::builtin_names()
        .map(|known| (strsim::damerau_levenshtein(known, stem), known))
        .min()
        .filter(|(distance, _)| *distance <= 2.max(stem.len() / 4));
    let help = near.map(|(_, known)| format!("did you mean the shipped `{known}`?"));
    Diagnostic::error(message)
        .maybe_help(help)
        .note("`lostwrite list scenarios` prints the shipped ones")
}

/// Applies `--write` and `--read`, and says which flags to repeat in commands. What a scenario
/// expects, it expects of its own write methods: overridden, nothing is expected.
pub fn change(
    scenario: Scenario,
    overrides: &Overrides,
) -> Result<(Scenario, Vec<String>), Mistakes> {
    let mut scenario = scenario;
    let mut flags = Vec::new();
    if let Some(method) = &overrides.write {
        scenario = scenario.with_write(method)?;
        flags.push(format!("--write {method}"));
    }
    if let Some(reader) = overrides.read {
        let (reader, name) = match reader {
            ReadFrom::Live => (Reader::Live, "live"),
            ReadFrom::Cache => (Reader::Cache, "cache"),
        };
        scenario = scenario.with_read(reader);
        flags.push(format!("--read {name}"));
    }
    if !flags.is_empty() {
        scenario.expect = Expect::Unstated;
    }
    Ok((scenario, flags))
}

/// The only scenario of an argument, for commands that take one.
pub fn single(name: &str, style: &DiagnosticStyle) -> Result<Arc<Scenario>, Failure> {
    let mut scenarios = load([name].into_iter(), style)?;
    match scenarios.len() {
        1 => Ok(Arc::new(scenarios.remove(0))),
        n => Err(Diagnostic::error(format!("`{name}` holds {n} scenarios; this takes one")).into()),
    }
}
