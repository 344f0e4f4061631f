//! One scenario with every write method, read live and from the cache.
//!
//! A method that the server refuses for this kind of object, whoever moves when, has no counts
//! but the server's words. Next to read: `explore.rs`.

use std::sync::Arc;

use super::explore::explore;
use super::list_type::with_list_type;
use super::options::Options;
use super::options::bounded;
use super::refusal::refusal;
use super::result::{Comparison, Row};
use super::verdict::Verdict;
use crate::properties;
use crate::reconcilers::{Reader, methods};
use crate::scenario::{Diagnostic, Scenario};

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
                None => Some(explore(&Arc::new(other), &options)?),
            };
            rows.push(Row { write, read, result, refused: refused.clone() });
        }
    }
    let loses = rows.iter().any(|row| row.verdict() == Verdict::Violated);
    let list_type = loses.then(|| with_list_type(scenario, &bounded(&options))).flatten();
    Ok(Comparison { scenario: Arc::clone(scenario), rows, list_type })
}
