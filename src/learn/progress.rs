//! How far a learner has come: a small file in the working folder.
//!
//! Next to read: `exercise.rs`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The version of the file's shape.
const SCHEMA_VERSION: u32 = 1;

/// The progress through the workshop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    schema_version: u32,
    /// The name of the exercise at hand.
    #[serde(default)]
    pub current: String,
    /// What was done in each exercise, by its name.
    #[serde(default)]
    pub exercises: BTreeMap<String, Record>,
}

/// What was done in one exercise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Record {
    /// The answers to the predictions, as they were typed.
    pub predictions: Vec<String>,
    /// Hints that were looked at.
    pub hints: usize,
    /// Steps that are done.
    pub steps: usize,
    /// Whether all of them are.
    pub done: bool,
}

impl Default for Progress {
    fn default() -> Self {
        Progress {
            schema_version: SCHEMA_VERSION,
            current: String::new(),
            exercises: BTreeMap::new(),
        }
    }
}

impl Progress {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Why it cannot be read: it is broken, or of another version.
    pub fn read(text: &str) -> Result<Progress, String> {
        let progress: Progress = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match progress.schema_version {
            SCHEMA_VERSION => Ok(progress),
            other => Err(format!("its schemaVersion is {other}, not {SCHEMA_VERSION}")),
        }
    }

    /// The file's text.
    pub fn write(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and numbers") + "\n"
    }

    /// What was done in an exercise.
    pub fn record(&mut self, exercise: &str) -> &mut Record {
        self.exercises.entry(exercise.to_owned()).or_default()
    }

    /// Whether an exercise is done.
    pub fn is_done(&self, exercise: &str) -> bool {
        self.exercises.get(exercise).is_some_and(|record| record.done)
    }
}
