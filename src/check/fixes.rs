//! Which write method would have held: what a scenario violates, with each method in turn.
//!
//! Readers stay as they are, so this is about the method alone. Next to read: `compare.rs`.

use std::sync::Arc;

use super::explore::explore;
use super::options::Options;
use super::refusal::refusal;
use super::result::CheckResult;
use super::verdict::Verdict;
use crate::properties;
use crate::reconcilers::methods::{self, WriteMethod};
use crate::reconcilers::{Freshness, Reader};
use crate::scenario::{Diagnostic, Scenario, WorkerSpec};

/// What a write method makes of what a scenario violates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// All of it holds.
    Holds,
    /// All of it holds, and a worker gives up.
    GivesUp,
    /// Some of it is violated still.
    Violated,
    /// The server refuses the method for this kind of object.
    Refused,
    /// Not everything was explored.
    Unknown,
}

/// Every write method, in the order of the table; empty if the scenario writes nothing by a method.
pub fn fixes(
    result: &CheckResult,
    options: &Options,
) -> Result<Vec<(&'static str, Held)>, Diagnostic> {
    let writes = |worker: &WorkerSpec| {
        worker.steps.as_ref().is_none_or(|steps| steps.writes().next().is_some())
    };
    if !result.scenario.workers.iter().any(writes) {
        return Ok(Vec::new());
    }
    let methods = methods::all().iter();
    let with = |method: &&'static dyn WriteMethod| {
        Ok((method.name(), held(result, result.scenario.writing(*method), options)?))
    };
    methods.map(with).collect()
}

/// Every read live, and every read from the cache.
pub fn by_reading(result: &CheckResult, options: &Options) -> Result<[Held; 2], Diagnostic> {
    let with = |reader| held(result, result.scenario.with_read(reader), options);
    Ok([with(Reader::Live)?, with(Reader::Cache)?])
}

/// Every look into a cache waiting for what its process was told to have written, and what that
/// comes to; `None` if no worker looks into a cache.
pub fn by_reading_own_writes(
    result: &CheckResult,
    options: &Options,
) -> Result<Option<(Held, CheckResult)>, Diagnostic> {
    let cached = result.scenario.workers.iter().any(|worker| worker.read == Reader::Cache);
    let other = || result.scenario.with_freshness(Freshness::ReadYourWrites);
    cached.then(|| tried(result, &Arc::new(other()), options)).transpose()
}

/// What another scenario makes of what this one violates.
fn held(result: &CheckResult, other: Scenario, options: &Options) -> Result<Held, Diagnostic> {
    let other = Arc::new(other);
    if refusal(&other).is_some() {
        return Ok(Held::Refused);
    }
    let options = Options { witnesses: false, ..options.clone() };
    Ok(tried(result, &other, &options)?.0)
}

/// The same, with all that it comes to.
fn tried(
    result: &CheckResult,
    other: &Arc<Scenario>,
    options: &Options,
) -> Result<(Held, CheckResult), Diagnostic> {
    let violated = |result: &CheckResult, name: &str| {
        result.property(name).is_some_and(|property| property.verdict == Verdict::Violated)
    };
    let judged = |name: &str| result.scenario.properties.iter().any(|asked| asked == name);
    let options = Options { advice: false, expect: false, ..options.clone() };
    let again = explore(other, &options)?;
    let mut wrong = result.properties.iter().map(|property| property.name);
    let still = wrong.any(|name| judged(name) && violated(result, name) && violated(&again, name));
    let held = match () {
        () if still => Held::Violated,
        () if !again.exploration.complete => Held::Unknown,
        () if violated(&again, properties::CONVERGES) => Held::GivesUp,
        () => Held::Holds,
    };
    Ok((held, again))
}
