//! One scenario with every write method, read live and from the cache.
//!
//! A method that the server refuses for this kind of object, whoever moves when, has no counts
//! but the server's words. Next to read: `explore.rs`.

use std::sync::Arc;

use super::explore::{bounded, refusal};
use super::list_type::{ListTyped, with_list_type};
use super::{CheckResult, Options, Verdict, run};
use crate::properties;
use crate::reconcilers::{Reader, methods};
use crate::scenario::{Diagnostic, Scenario};

/// One write method with one reader.
#[derive(Clone, Debug)]
pub struct Row {
    /// The write method.
    pub write: &'static str,
    /// Where the workers read.
    pub read: Reader,
    /// What the check found; `None` if the server refuses the method.
    pub result: Option<CheckResult>,
    /// Why the server refuses it.
    pub refused: Option<String>,
}

impl Row {
    /// `no-lost-write`; unknown if the server refuses the method.
    pub fn verdict(&self) -> Verdict {
        let result =
            self.result.as_ref().and_then(|result| result.property(properties::NO_LOST_WRITE));
        result.map_or(Verdict::Unknown, |property| property.verdict)
    }
}

/// Every write method, live and cached.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The scenario as it is.
    pub scenario: Arc<Scenario>,
    /// The rows, methods in the order of the table, live before cached.
    pub rows: Vec<Row>,
    /// What a list type would change, where the schema of a list that is written has none.
    pub list_type: Option<ListTyped>,
}

/// Runs a scenario with every write method and both readers.
pub fn compare(scenario: &Arc<Scenario>, options: &Options) -> Result<Comparison, Diagnostic> {
    let mut rows = Vec::new();
    let options = Options { advice: false, expect: false, ..options.clone() };
    for method in methods::all() {
        let write = method.name();
        let changed = scenario.writing(*method);
        let refused = refusal(&Arc::new(changed.clone()));
        for read in [Reader::Live, Reader::Cache] {
            let mut other = changed.with_read(read);
            if !other.properties.iter().any(|name| name == properties::NO_LOST_WRITE) {
                other.properties.insert(0, properties::NO_LOST_WRITE.to_owned());
            }
            let result = match &refused {
                Some(_) => None,
                None => Some(run(&Arc::new(other), &options)?),
            };
            rows.push(Row { write, read, result, refused: refused.clone() });
        }
    }
    let loses = rows.iter().any(|row| row.verdict() == Verdict::Violated);
    let list_type = loses.then(|| with_list_type(scenario, &bounded(&options))).flatten();
    Ok(Comparison { scenario: Arc::clone(scenario), rows, list_type })
}
