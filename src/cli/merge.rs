//! `lostwrite merge`: the parts that `check --shard` left, joined into one verdict.
//!
//! A part's file holds the scenario's text too, so the files are all that is needed. Next to read:
//! `check/merge.rs` of the library.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde::{Deserialize, Serialize};

use super::args::Overrides;
use super::environment::Drawing;
use super::exit::{Exit, Outcome};
use super::formats::{renderer, reports};
use super::recording::RecordedScenario;
use super::{output, targets};
use crate::check::{self, CheckResult, Part, Shard};
use crate::report::{Show, Style};
use crate::scenario::{Diagnostic, Expect, clean, harmless};

/// The version of the file's shape.
const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartFile {
    schema_version: u32,
    kind: String,
    lostwrite: String,
    scenario: RecordedScenario,
    write: Option<String>,
    read: Option<String>,
    /// What is judged, after `--property` and `--skip`.
    properties: Vec<String>,
    /// Whether `expect` counts.
    expect: bool,
    part: Part,
}

/// Leaves what a shard found in `.lostwrite/NAME-FP.I-of-N.json`.
pub fn keep(
    result: &CheckResult,
    shard: Shard,
    overrides: &Overrides,
    expect: bool,
) -> Result<(), Diagnostic> {
    let file = PartFile {
        schema_version: SCHEMA_VERSION,
        kind: "Part".to_owned(),
        lostwrite: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: RecordedScenario::of(&result.scenario),
        write: overrides.write.clone(),
        read: overrides.read_as_text(),
        properties: result.scenario.properties.clone(),
        expect,
        part: Part::of(result, shard),
    };
    let (name, fingerprint) = (&result.scenario.name, &result.fingerprint);
    let Shard { index, of } = shard;
    let path = PathBuf::from(format!(".lostwrite/{name}-{fingerprint}.{index}-of-{of}.json"));
    let text = serde_json::to_string_pretty(&file).expect("strings and numbers") + "\n";
    output::replace(&path, &text).map_err(|error| {
        Diagnostic::error(format!("cannot write `{}`: {error}", path.display()))
    })?;
    let path = path.display().to_string();
    output::stderr(&format!("note: this part is kept in {}\n", harmless(&path)));
    Ok(())
}

/// `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The files that `check --shard` wrote, all of one check
    #[arg(value_name = "PART", required = true)]
    pub part: Vec<PathBuf>,
    /// Output format on stdout (see: lostwrite list formats)
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

/// Runs it.
pub fn run(args: &Merge, drawing: &Drawing) -> Outcome {
    let output = renderer(&args.output, "-o")?;
    let reports = reports(&args.report)?;
    let files = args.part.iter().map(|path| open(path)).collect::<Result<Vec<_>, _>>()?;
    let first = &files[0];
    let setting = |file: &PartFile| {
        (file.write.clone(), file.read.clone(), file.properties.clone(), file.expect)
    };
    if let Some(at) = files.iter().position(|file| file.scenario != first.scenario) {
        let (one, other) = (args.part[0].display(), args.part[at].display());
        return Err(Diagnostic::error("these parts are not of one scenario")
            .note(format!("the texts in `{one}` and `{other}` differ"))
            .help("join parts that were made of the same files")
            .into());
    }
    if let Some(at) = files.iter().position(|file| setting(file) != setting(first)) {
        let (one, other) = (args.part[0].display(), args.part[at].display());
        return Err(Diagnostic::error("these parts are not of one check")
            .note(format!("`{one}`: {:?}", setting(first)))
            .note(format!("`{other}`: {:?}", setting(&files[at])))
            .help("join parts that were made by the same command, but for --shard")
            .into());
    }
    let overrides = Overrides::of_text(first.write.clone(), first.read.as_deref());
    let (mut scenario, flags) = targets::change(first.scenario.load()?, &overrides)?;
    scenario.properties.clone_from(&first.properties);
    match &mut scenario.expect {
        expect if !first.expect => *expect = Expect::Unstated,
        Expect::Verdicts(verdicts) => {
            verdicts.retain(|name, _| scenario.properties.contains(name));
        }
        Expect::Unstated | Expect::Rejected => {}
    }
    let parts: Vec<Part> = files.iter().map(|file| file.part.clone()).collect();
    let result = check::merge(&Arc::new(scenario), &parts, flags, true)?;
    let results = [result];
    let style = Style { show: Show::Shortest, ..drawing.out };
    output::stdout(&output.render(&results, &style))?;
    let plain = Style { color: false, width: 100, ..style };
    for (renderer, path) in reports {
        output::file(Path::new(path), &renderer.render(&results, &plain))?;
    }
    Ok(match &results[0] {
        result if result.failed() => Exit::Violated,
        result if args.require_exhaustive && !result.exploration.complete => Exit::Inconclusive,
        _ => Exit::Ok,
    })
}

fn open(path: &Path) -> Result<PartFile, Diagnostic> {
    let unreadable = |error: &dyn std::fmt::Display| {
        Diagnostic::error(format!("cannot read `{}`: {error}", path.display()))
            .help("`lostwrite merge` takes the files that `lostwrite check --shard I/N` leaves")
    };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
    let file: PartFile = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
    let version = env!("CARGO_PKG_VERSION");
    if file.kind != "Part" || file.schema_version != SCHEMA_VERSION || file.lostwrite != version {
        return Err(unreadable(&format!(
            "it is a {} of lostwrite {}, and this is {version}",
            clean(&file.kind),
            clean(&file.lostwrite)
        )));
    }
    Ok(file)
}
