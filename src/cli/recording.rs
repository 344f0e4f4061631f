//! `.lostwrite/NAME-FP.json`: a losing schedule with the scenario it is of, so that the file alone
//! is enough to replay it.
//!
//! Next to read: `replay.rs`.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::args::{Overrides, ReadFrom};
use super::output;
use crate::check::{CheckResult, Witness};
use crate::report;
use crate::scenario::{Diagnostic, Files, Mistakes, Scenario, SourceText};

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

#[derive(Debug, Serialize, Deserialize)]
struct RecordedScenario {
    name: String,
    source: String,
    file: Option<String>,
    line: usize,
    text: String,
    /// The files that the text names.
    files: Vec<RecordedFile>,
}

#[derive(Debug, Serialize, Deserialize)]
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
    let source = &result.scenario.source;
    let file =
        |(path, text): &(String, String)| RecordedFile { path: path.clone(), text: text.clone() };
    Recording {
        schema_version: SCHEMA_VERSION,
        kind: "Recording".to_owned(),
        lostwrite: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: RecordedScenario {
            name: result.scenario.name.clone(),
            source: source.name.clone(),
            file: source.file.clone(),
            line: source.first_line,
            text: source.text.clone(),
            files: source.files.iter().map(file).collect(),
        },
        write: overrides.write.clone(),
        read: overrides.read.map(|read| match read {
            ReadFrom::Live => "live".to_owned(),
            ReadFrom::Cache => "cache".to_owned(),
        }),
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
                recording.lostwrite
            )));
        }
        Ok(Some(recording))
    }

    /// The scenario as it was, before `--write` and `--read`.
    pub fn scenario(&self) -> Result<Scenario, Mistakes> {
        let recorded = &self.scenario;
        let source = SourceText::new(recorded.source.as_str(), recorded.text.as_str());
        let mut scenarios =
            Scenario::load(&source, recorded.file.clone(), &Recorded(&recorded.files))?;
        if scenarios.is_empty() {
            return Err(Diagnostic::error("the recording holds no scenario").into());
        }
        let mut scenario = scenarios.remove(0);
        // Its document may have stood further down in its file.
        let lower = recorded.line.saturating_sub(1);
        scenario.source.first_line += lower;
        scenario.workers.iter_mut().for_each(|worker| worker.write_line += lower);
        Ok(scenario)
    }

    /// The flags it was recorded under.
    pub fn overrides(&self) -> Overrides {
        Overrides {
            write: self.write.clone(),
            read: self.read.as_deref().map(|read| match read {
                "cache" => ReadFrom::Cache,
                _ => ReadFrom::Live,
            }),
        }
    }
}

/// The files of a recording.
struct Recorded<'a>(&'a [RecordedFile]);

impl Files for Recorded<'_> {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let file = self.0.iter().find(|file| file.path == path);
        file.map(|file| file.text.clone().into_bytes()).ok_or_else(|| "not recorded".to_owned())
    }

    fn shown(&self, path: &str) -> String {
        path.to_owned()
    }

    fn near(&self, _path: &str) -> Vec<String> {
        self.0.iter().map(|file| file.path.clone()).collect()
    }
}
