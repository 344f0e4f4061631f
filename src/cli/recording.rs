//! `.lostwrite/NAME-FP.json`: a losing schedule with the scenario it is of, so that the file alone
//! is enough to replay it.
//!
//! Next to read: `replay.rs`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::args::Overrides;
use super::output;
use crate::check::{CheckResult, Witness};
use crate::report;
use crate::scenario::{Diagnostic, Files, Mistakes, Scenario, SourceText, clean, manifests};

/// The version of the file's shape.
const SCHEMA_VERSION: u32 = 1;

/// A recorded run.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    schema_version: u32,
    kind: String,
    lostwrite: String,
    scenario: RecordedScenario,
    write: Option<String>,
    read: Option<String>,
    fingerprint: String,
    property: String,
    /// The schedule's text.
    pub schedule: String,
}

/// A scenario as a file holds it: with its text, and those of the files that it names.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct RecordedScenario {
    name: String,
    source: String,
    file: Option<String>,
    line: usize,
    text: String,
    /// The files that the text names.
    files: Vec<RecordedFile>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct RecordedFile {
    path: String,
    text: String,
}

/// Leaves a recording of each violation in `.lostwrite/`: quietly, and never as a failure.
pub fn keep(result: &CheckResult, overrides: &Overrides) {
    let Some((property, witness)) = result
        .first_violation()
        .and_then(|property| Some((property.name, property.witness.as_ref()?)))
    else {
        return;
    };
    let recording = record(result, property, witness, overrides);
    let text = serde_json::to_string_pretty(&recording).expect("strings and numbers") + "\n";
    if let Err(error) = output::replace(Path::new(&report::recording(result)), &text) {
        let note = format!("note: no recording was kept in .lostwrite/: {error}\n");
        output::stderr(&note);
    }
}

fn record(
    result: &CheckResult,
    property: &str,
    witness: &Witness,
    overrides: &Overrides,
) -> Recording {
    Recording {
        schema_version: SCHEMA_VERSION,
        kind: "Recording".to_owned(),
        lostwrite: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: RecordedScenario::of(&result.scenario),
        write: overrides.write.clone(),
        read: overrides.read_as_text(),
        fingerprint: result.fingerprint.clone(),
        property: property.to_owned(),
        schedule: witness.schedule.to_string(),
    }
}

impl Recording {
    /// Reads a recording; `None` if the file is something else.
    pub fn open(path: &Path) -> Result<Option<Recording>, Diagnostic> {
        if path.extension().is_none_or(|extension| extension != "json") || !path.is_file() {
            return Ok(None);
        }
        let unreadable = |error: &dyn std::fmt::Display| {
            Diagnostic::error(format!("cannot read `{}`: {error}", path.display()))
        };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(&error))?;
        let Ok(value) = serde_json::from_str::<serde_json::Value>(&text) else {
            return Ok(None);
        };
        if value["kind"] != "Recording" {
            return Ok(None);
        }
        let recording: Recording =
            serde_json::from_value(value).map_err(|error| unreadable(&error))?;
        if recording.schema_version != SCHEMA_VERSION {
            return Err(Diagnostic::error(format!(
                "`{}` was recorded by lostwrite {}, in a form that this version does not read",
                path.display(),
                clean(&recording.lostwrite)
            )));
        }
        Ok(Some(recording))
    }

    /// The scenario as it was, before `--write` and `--read`.
    pub fn scenario(&self) -> Result<Scenario, Mistakes> {
        self.scenario.load()
    }

    /// The flags it was recorded under.
    pub fn overrides(&self) -> Overrides {
        Overrides::of_text(self.write.clone(), self.read.as_deref())
    }
}

impl RecordedScenario {
    /// A scenario, before `--write` and `--read`: its text knows nothing of them.
    pub fn of(scenario: &Scenario) -> RecordedScenario {
        let source = &scenario.source;
        let file = |(path, text): &(String, String)| RecordedFile {
            path: path.clone(),
            text: text.clone(),
        };
        RecordedScenario {
            name: scenario.name.clone(),
            source: source.name.clone(),
            file: source.file.clone(),
            line: source.first_line,
            text: source.text.clone(),
            files: source.files.iter().map(file).collect(),
        }
    }

    /// The scenario.
    pub fn load(&self) -> Result<Scenario, Mistakes> {
        let source = SourceText::new(self.source.as_str(), self.text.as_str());
        let mut scenarios = Scenario::load(&source, self.file.clone(), &Recorded(&self.files))?;
        if scenarios.is_empty() {
            return Err(Diagnostic::error("the file holds no scenario").into());
        }
        let mut scenario = scenarios.remove(0);
        // Its document may have stood further down in its file.
        let lower = self.line.saturating_sub(1);
        scenario.source.first_line += lower;
        scenario.workers.iter_mut().for_each(|worker| worker.write_line += lower);
        Ok(scenario)
    }
}

/// The files of a recording.
struct Recorded<'a>(&'a [RecordedFile]);

impl Files for Recorded<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = self.0.iter().find(|file| file.path == path);
        file.map(|file| file.text.clone().into_bytes()).ok_or_else(|| "not recorded".to_owned())
    }

    fn list(&self, path: &str) -> Result<Vec<String>, String> {
        Ok(manifests::pick(path, self.0.iter().map(|file| file.path.as_str())))
    }

    fn shown(&self, path: &str) -> String {
        path.to_owned()
    }

    fn near(&self, _path: &str) -> Vec<String> {
        self.0.iter().map(|file| file.path.clone()).collect()
    }
}
