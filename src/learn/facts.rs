//! The numbers of the exercises, computed: `{{losing status-race --write update-restamp}}`.
//!
//! An expression is a noun, a scenario and perhaps flags. What a noun means is in `noun` below;
//! each comes from the exhaustive search, or from a replay. Next to read: `needs.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::game::{Game, MAX_STATES, Walk};
use crate::check::{self, CheckResult, Options, PropertyResult};
use crate::properties;
use crate::reconcilers::Reader;
use crate::report;
use crate::scenario::Scenario;

/// Computed numbers, each once.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    known: BTreeMap<String, String>,
}

impl Facts {
    /// The text with every `{{expression}}` replaced by what it is.
    ///
    /// # Panics
    /// If an expression of ours means nothing; a test fills every text.
    pub fn fill(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (expression, after) = after.split_once("}}").expect("a placeholder is closed");
            filled.push_str(before);
            filled.push_str(&self.value(expression));
            rest = after;
        }
        filled + rest
    }

    /// What an expression is.
    pub fn value(&mut self, expression: &str) -> String {
        let expression = expression.trim();
        if let Some(known) = self.known.get(expression) {
            return known.clone();
        }
        let value = compute(expression)
            .unwrap_or_else(|| panic!("`{expression}` of an exercise means nothing"));
        self.known.insert(expression.to_owned(), value.clone());
        value
    }

    /// Whether a claim is true: two expressions, or an expression and a number, with `=`, `<` or
    /// `>` between them.
    pub fn holds(&mut self, claim: &str) -> bool {
        let operator = [" = ", " < ", " > "].into_iter().find(|word| claim.contains(word));
        let operator = operator.unwrap_or_else(|| panic!("`{claim}` compares nothing"));
        let (left, right) = claim.split_once(operator).unwrap_or_default();
        let mut side = |text: &str| -> f64 {
            let text = text.trim();
            let value = match text.parse::<f64>() {
                Ok(_) => text.to_owned(),
                Err(_) => self.value(text),
            };
            value.replace(',', "").parse().unwrap_or_else(|_| panic!("`{text}` is not a number"))
        };
        let (left, right) = (side(left), side(right));
        match operator {
            " < " => left < right,
            " > " => left > right,
            _ => (left - right).abs() < 1e-9,
        }
    }
}

/// The scenario of an expression, changed by its flags, and the schedule it names.
fn scenario(words: &[&str]) -> Option<(Arc<Scenario>, Option<String>)> {
    let (name, mut flags) = words.split_first()?;
    let mut scenario = Scenario::builtin(name)?;
    let mut schedule = None;
    while let [flag, value, rest @ ..] = flags {
        match *flag {
            "--write" => scenario = writing(&scenario, value)?,
            "--read" => {
                let reader = if *value == "cache" { Reader::Cache } else { Reader::Live };
                scenario = scenario.with_read(reader);
            }
            "--schedule" => schedule = Some((*value).to_owned()),
            _ => return None,
        }
        flags = rest;
    }
    Some((Arc::new(scenario), schedule))
}

/// Every worker by this method, or one of them: `health=merge-patch`.
fn writing(scenario: &Scenario, value: &str) -> Option<Scenario> {
    let Some((name, method)) = value.split_once('=') else {
        return scenario.with_write(value).ok();
    };
    let changed = scenario.with_write(method).ok()?;
    let at = scenario.workers.iter().position(|worker| worker.name == name)?;
    let mut scenario = scenario.clone();
    scenario.workers[at] = changed.workers[at].clone();
    Some(scenario)
}

fn compute(expression: &str) -> Option<String> {
    let words: Vec<&str> = expression.split_whitespace().collect();
    let (noun, words) = words.split_first()?;
    let (scenario, schedule) = scenario(words)?;
    if let Some(schedule) = schedule {
        let replayed = check::replay(&scenario, &schedule).ok()?;
        let last = replayed.trace.events.last()?;
        return (*noun == "code").then(|| last.code.map(|code| code.to_string()))?;
    }
    if *noun == "losing-serial" {
        return losing_serial(&scenario);
    }
    let options = Options { expect: false, ..Options::default() };
    if *noun == "broken" || *noun == "broken-schedule" {
        return broken(noun, &check::run(&scenario, &options).ok()?);
    }
    self::noun(noun, &check::run(&scenario, &options).ok()?)
}

/// Of the scenario's first invariant: how many schedules violate it, or the shortest of them.
fn broken(noun: &str, result: &CheckResult) -> Option<String> {
    let invariant = result.property(result.scenario.invariants.first()?.name)?;
    match noun {
        "broken" => invariant.schedules.as_ref().map(report::count),
        _ => Some(invariant.witness.as_ref()?.schedule.bare()),
    }
}

fn noun(noun: &str, result: &CheckResult) -> Option<String> {
    let all = result.exploration.schedules.as_ref()?;
    let lost = result.property(properties::NO_LOST_WRITE);
    let losing = |property: Option<&PropertyResult>| property?.schedules.clone();
    let witness = || lost?.witness.as_ref();
    let step = |step: usize| Some(step.to_string());
    Some(match noun {
        "schedules" => report::count(all),
        "losing" => report::count(&losing(lost)?),
        "safe" => report::count(&all.minus(&losing(lost)?)),
        "share" => format!("{:.0}", 100.0 * losing(lost)?.ratio(all)),
        "odds" => {
            let odds = lost?.odds.as_ref()?;
            let text = report::percent(odds.decided, odds.clean);
            text.strip_suffix(" %")?.to_owned()
        }
        "dropped" => report::count(&losing(result.property(properties::CONVERGES))?),
        "conflicts" => report::count(result.costs.with_conflict.as_ref()?),
        "calls" => report::mean(result.costs.calls.as_ref()?, all)?,
        "most-calls" => result.costs.most_calls?.to_string(),
        "states" => result.exploration.states?.to_string(),
        "victim-step" => step(witness()?.victim.step)?,
        "stale-step" => step(witness()?.stale_read.as_ref()?.step)?,
        "guilty-step" => step(witness()?.culprit.as_ref()?.step)?,
        "conflict-step" => {
            let events = &witness()?.trace.events;
            step(events.iter().position(|event| event.is_conflict())? + 1)?
        }
        "losing-schedule" => witness()?.schedule.bare(),
        "dropped-schedule" => {
            result.property(properties::CONVERGES)?.witness.as_ref()?.schedule.bare()
        }
        "lost-field" => {
            let field = &witness()?.field;
            field.strip_prefix("status.").unwrap_or(field).to_owned()
        }
        _ => return None,
    })
}

/// How many schedules lose a write although no two reconciles overlap.
fn losing_serial(scenario: &Arc<Scenario>) -> Option<String> {
    let game = Game::new(scenario, MAX_STATES).ok()?;
    game.start_odds().ok()?;
    let mut found = 0_u64;
    count_serial(&mut game.start(), &mut found);
    Some(found.to_string())
}

fn count_serial(walk: &mut Walk<'_>, found: &mut u64) {
    if walk.is_over() {
        let judged = walk.replayed().judged;
        let is = |name: &str| judged.iter().any(|(known, is, _)| *known == name && *is);
        *found += u64::from(is(properties::NO_LOST_WRITE) && !is(properties::RACED));
        return;
    }
    for choice in walk.choices() {
        if walk.take(choice).is_ok() {
            count_serial(walk, found);
            walk.undo();
        }
    }
}
