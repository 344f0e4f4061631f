//! The parts of one check, made by several machines, joined into one result.
//!
//! A [`Part`] is what one shard found, as plain numbers and the text of its losing schedules. The
//! sums of all parts are those of one search; the witness is the shortest of theirs, run again.
//! Parts that do not belong together, or not all of them, are refused. Next to read:
//! `schedulers/exhaustive/shard.rs`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Odds;
use super::judge::expectation;
use super::prepared::Prepared;
use super::replay::witness_of;
use super::result::CheckResult;
use super::verdict::{Costs, Expectation, Exploration, Length, PropertyResult, Verdict, Witness};
use crate::properties::Entry;
use crate::scenario::{Diagnostic, Scenario, clean, clean_long};
use crate::schedulers::Bound;
use crate::schedulers::exhaustive::Shard;
use crate::schedulers::{self, Count, Schedule};
use crate::simulation::Choice;
use crate::trace::Fault;

/// What one shard found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Which one, from 1.
    pub shard: u32,
    /// Of how many.
    pub of: u32,
    scheduler: String,
    fingerprint: String,
    /// Why it is not all of its part, if it is not.
    unfinished: Option<String>,
    seed: Option<u64>,
    executions: Option<u64>,
    counted: bool,
    cyclic: bool,
    states: Option<u64>,
    transitions: Option<u64>,
    schedules: Option<String>,
    with_conflict: Option<String>,
    #[serde(default)]
    repaired: Option<String>,
    #[serde(default)]
    skipped: Option<String>,
    calls: Option<String>,
    most_calls: Option<u64>,
    max_attempts: u32,
    properties: Vec<PartProperty>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartProperty {
    name: String,
    /// Whether some schedule of this part decides it.
    decided: bool,
    schedules: Option<String>,
    /// Decided, clean, open.
    odds: Option<[f64; 3]>,
    witness: Option<String>,
}

impl Part {
    /// What a check of one shard found; `None` if it was not of a shard.
    pub fn of(result: &CheckResult, shard: Shard) -> Part {
        let exploration = &result.exploration;
        let text = |count: &Option<Count>| count.as_ref().map(Count::to_string);
        let sampled = exploration.executions.is_some();
        let unfinished = match &exploration.stopped_by {
            None | Some(Bound::Shard(..)) => None,
            Some(Bound::Runs(_)) if sampled => None,
            Some(bound) => Some(format!("{bound:?}")),
        };
        let property = |found: &PropertyResult| PartProperty {
            name: found.name.to_owned(),
            decided: match is_sometimes(found) {
                true => found.verdict == Verdict::Holds,
                false => found.verdict == Verdict::Violated,
            },
            schedules: text(&found.schedules),
            odds: found.odds.map(|odds| [odds.decided, odds.clean, odds.open]),
            witness: found.witness.as_ref().map(|witness| witness.schedule.to_string()),
        };
        Part {
            shard: shard.index,
            of: shard.of,
            scheduler: exploration.scheduler.to_owned(),
            fingerprint: result.fingerprint.clone(),
            unfinished,
            seed: exploration.seed,
            executions: exploration.executions,
            counted: exploration.schedules.is_some(),
            cyclic: exploration.cyclic,
            states: exploration.states,
            transitions: exploration.transitions,
            schedules: text(&exploration.schedules),
            with_conflict: text(&result.costs.with_conflict),
            repaired: text(&result.costs.repaired),
            skipped: text(&result.costs.skipped),
            calls: text(&result.costs.calls),
            most_calls: result.costs.most_calls,
            max_attempts: result.costs.max_attempts,
            properties: result.properties.iter().map(property).collect(),
        }
    }

    /// What it found of a property.
    fn property(&self, name: &str) -> Option<&PartProperty> {
        self.properties.iter().find(|found| found.name == name)
    }

    /// What all parts of one check have in common.
    fn common(&self) -> (&str, &str, u32, Option<u64>, bool, Vec<&str>) {
        let names = self.properties.iter().map(|property| property.name.as_str()).collect();
        (&self.scheduler, &self.fingerprint, self.of, self.seed, self.counted, names)
    }
}

fn is_sometimes(found: &PropertyResult) -> bool {
    crate::properties::named(found.name).is_some_and(|entry| entry.sometimes)
}

/// Joins all parts of one check.
///
/// # Errors
/// Parts that are missing, there twice, unfinished, or of different checks.
pub fn merge(
    scenario: &Arc<Scenario>,
    parts: &[Part],
    overrides: Vec<String>,
    expect: bool,
) -> Result<CheckResult, Diagnostic> {
    let parts = complete(parts)?;
    let first = parts[0];
    // What was observed is what the parts name: there are no notes where nothing was counted.
    let observed = |entry: &Entry| first.properties.iter().any(|p| p.name == entry.name);
    let prepared = Prepared::with_notes(scenario, observed)?;
    if prepared.fingerprint != first.fingerprint {
        return Err(Diagnostic::error("these parts are of another version of the scenario"));
    }
    let scheduler = schedulers::named(&first.scheduler).ok_or_else(|| {
        Diagnostic::error(format!(
            "these parts are of an unknown scheduler `{}`",
            clean(&first.scheduler)
        ))
    })?;
    let sum = |count: &dyn Fn(&Part) -> Option<String>| sum(&parts, count);
    let add = |number: &dyn Fn(&Part) -> Option<u64>| -> Option<u64> {
        parts.iter().map(|part| number(part)).sum()
    };
    let executions = add(&|part| part.executions);
    let exploration = Exploration {
        scheduler: scheduler.name,
        complete: executions.is_none(),
        stopped_by: executions.map(Bound::Runs),
        states: add(&|part| part.states),
        transitions: add(&|part| part.transitions),
        schedules: sum(&|part| part.schedules.clone())?,
        cyclic: parts.iter().any(|part| part.cyclic),
        executions,
        seed: first.seed,
        coverage: None,
        guarantee: None,
        timed: None,
        work: None,
    };
    let properties = prepared.observed.iter().enumerate();
    let properties = properties.map(|(at, entry)| property(&prepared, &parts, at, entry));
    let properties = properties.collect::<Result<Vec<_>, Diagnostic>>()?;
    let costs = Costs {
        with_conflict: sum(&|part| part.with_conflict.clone())?,
        repaired: sum(&|part| part.repaired.clone())?,
        skipped: sum(&|part| part.skipped.clone())?,
        calls: sum(&|part| part.calls.clone())?,
        most_calls: parts.iter().filter_map(|part| part.most_calls).max(),
        max_attempts: parts.iter().map(|part| part.max_attempts).max().unwrap_or(0),
    };
    let expectation = if expect { expectation(scenario, &properties) } else { Expectation::None };
    Ok(CheckResult {
        scenario: Arc::clone(scenario),
        overrides,
        fingerprint: prepared.fingerprint.clone(),
        exploration,
        properties,
        costs,
        expectation,
        refused: None,
        advice: Vec::new(),
        list_type: None,
        run: None,
        lesson: None,
        notes: Vec::new(),
    })
}

/// The maximum of missing parts that are named.
const MISSING_SHOWN_MAX: usize = 20;

/// The parts in their order, if they are all of one check.
fn complete(parts: &[Part]) -> Result<Vec<&Part>, Diagnostic> {
    let mut parts: Vec<&Part> = parts.iter().collect();
    parts.sort_by_key(|part| part.shard);
    let first = parts.first().ok_or_else(|| Diagnostic::error("there are no parts to join"))?;
    if let Some(other) = parts.iter().find(|part| part.common() != first.common()) {
        return Err(Diagnostic::error("these parts are not of one check")
            .note(format!("part {} of {}: {:?}", first.shard, first.of, first.common()))
            .note(format!("part {} of {}: {:?}", other.shard, other.of, other.common()))
            .help("join parts that were made by the same command, but for --shard"));
    }
    let there: Vec<u32> = parts.iter().map(|part| part.shard).collect();
    if let Some(wrong) = there.iter().find(|shard| !(1..=first.of).contains(*shard)) {
        return Err(Diagnostic::error(format!("there is no part {wrong} of {}", first.of)));
    }
    if let Some(twice) = there.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Diagnostic::error(format!("part {} is given twice", twice[0])));
    }
    let count = first.of as usize - there.len();
    if count > 0 {
        let missing = (1..=first.of).filter(|n| there.binary_search(n).is_err());
        let shown: Vec<_> = missing.take(MISSING_SHOWN_MAX).map(|n| n.to_string()).collect();
        let more = match count - shown.len() {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        return Err(Diagnostic::error(format!("not all of {} parts are there", first.of))
            .note(format!("missing: {}{more}", shown.join(", "))));
    }
    if let Some(part) = parts.iter().find(|part| part.unfinished.is_some()) {
        let why = part.unfinished.as_deref().unwrap_or_default();
        return Err(Diagnostic::error(format!("part {} was stopped before its end", part.shard))
            .note(clean_long(why))
            .help("run it again with --resume, or without the bound"));
    }
    Ok(parts)
}

/// The sum of a count, if all parts have it.
fn sum(
    parts: &[&Part],
    count: &dyn Fn(&Part) -> Option<String>,
) -> Result<Option<Count>, Diagnostic> {
    let mut all = Count::ZERO;
    for part in parts {
        let Some(text) = count(part) else { return Ok(None) };
        let number = text.parse::<Count>().map_err(|()| {
            Diagnostic::error(format!(
                "part {} has a count that is not a number: {}",
                part.shard,
                clean(&text)
            ))
        })?;
        all.add(&number);
    }
    Ok(Some(all))
}

fn property(
    prepared: &Prepared,
    parts: &[&Part],
    at: usize,
    entry: &Entry,
) -> Result<PropertyResult, Diagnostic> {
    let of_parts: Option<Vec<&PartProperty>> =
        parts.iter().map(|part| part.property(entry.name)).collect();
    let found = of_parts.ok_or_else(|| {
        Diagnostic::error(format!("these parts have no result for `{}`", entry.name))
    })?;
    let decided = found.iter().any(|part| part.decided);
    let covered = parts.iter().all(|part| part.executions.is_none());
    let verdict = Verdict::of(entry.sometimes, decided, covered);
    let schedules = sum(parts, &|part| part.property(entry.name)?.schedules.clone())?;
    let odds = found.iter().map(|part| part.odds).collect::<Option<Vec<_>>>();
    let odds = odds.map(|all| {
        let total = |n: usize| all.iter().map(|odds| odds[n]).sum();
        Odds { decided: total(0), clean: total(1), open: total(2), exact: None }
    });
    let parse = |text: &String| prepared.letters.parse(text).ok();
    let schedules_found = found.iter().filter_map(|part| part.witness.as_ref().and_then(parse));
    let best = schedules_found.min_by_key(|schedule| {
        (schedule.choices.len(), switches(&schedule.choices), schedule.choices.clone())
    });
    let shortest = covered && parts.iter().all(|part| part.counted);
    let witness = best
        .map(|Schedule { choices, .. }| prepared.schedule(choices))
        .and_then(|schedule| witness_of(prepared, at, entry.name, schedule))
        .map(|found| match shortest {
            true => Witness { length: Length::Shortest, ..found },
            false => found,
        });
    let (judged, name) = (at < prepared.judged, entry.name);
    Ok(PropertyResult { name, verdict, judged, schedules, exact: None, odds, witness })
}

/// Switches between workers: deliveries and other faults are not moves of a worker.
fn switches(choices: &[Choice]) -> usize {
    let mover = |choice: &Choice| match choice {
        Choice::Worker(worker) | Choice::Fault(Fault::LostResponse(worker)) => Some(*worker),
        _ => None,
    };
    let movers: Vec<usize> = choices.iter().filter_map(mover).collect();
    movers.windows(2).filter(|pair| pair[0] != pair[1]).count()
}
