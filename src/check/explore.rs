//! Explores a scenario under a scheduler, and judges what was found.
//!
//! The exhaustive search gives verdicts, counts and the shortest losing schedule; a sampling
//! scheduler gives a violation or nothing, and nothing is `unknown`, never `holds`. A witness is
//! always what a replay of its schedule shows. Next to read: `exhaustive.rs`, then `replay.rs`.

use std::sync::Arc;

use super::exhaustive::exhaustively;
use super::judge::expectation;
use super::options::Options;
use super::prepared::Prepared;
use super::refusal::refusal;
use super::result::CheckResult;
use super::verdict::Expectation;
use super::{sample, threaded};
use crate::scenario::{Diagnostic, Expect, Scenario};
use crate::threads::Engine;

/// Explores a scenario and judges what it finds; without what is measured beside a verdict.
pub(super) fn explore(
    scenario: &Arc<Scenario>,
    options: &Options,
) -> Result<CheckResult, Diagnostic> {
    // Whether runs overlapped is asked across objects; without counting, it is left out.
    let prepared = Prepared::with_notes(scenario, |entry| options.count || !entry.sometimes)?;
    if options.shard.is_some() && !matches!(&*options.scheduler, "exhaustive" | "random" | "pct") {
        let message = format!("`{}` cannot be split into shards", options.scheduler);
        return Err(Diagnostic::error(message).help("--shard splits exhaustive, random and pct"));
    }
    let (exploration, properties, costs) = match options.scheduler.as_str() {
        "exhaustive" => exhaustively(&prepared, options)?,
        name => match Engine::named(name) {
            Some(engine) => threaded::run(&prepared, engine, options)?,
            None => sample::sampled(&prepared, name, options)?,
        },
    };
    let refused = (scenario.expect == Expect::Rejected).then(|| refusal(scenario)).flatten();
    let stated = match (options.expect, &scenario.expect) {
        (false, _) => Expectation::None,
        (true, Expect::Rejected) if refused.is_some() => Expectation::Met,
        (true, Expect::Rejected) => Expectation::Unmet,
        (true, _) => expectation(scenario, &properties),
    };
    Ok(CheckResult {
        scenario: Arc::clone(scenario),
        overrides: options.overrides.clone(),
        fingerprint: prepared.fingerprint.clone(),
        exploration,
        properties,
        costs,
        expectation: stated,
        refused,
        advice: Vec::new(),
        list_type: None,
        run: None,
        lesson: None,
        notes: Vec::new(),
    })
}
