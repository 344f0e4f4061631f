//! The stable JSON of `check`, `replay` and `compare`: `schemaVersion` 1, additions only.
//!
//! Counts of schedules are decimal strings, since they pass 2^53; `null` is what a sampling
//! scheduler cannot know. Next to read: `json/compare.rs`.

use serde::Serialize;

use super::likelihood::{JsonOdds, JsonSample, JsonTimed};
use super::losses::Facts;
use super::story::Story;
use super::{explain, told, why};
use crate::check::{
    Bound, CheckResult, Expectation, LossClass, PropertyResult, Replayed, Verdict, Witness,
};
use crate::properties;
use crate::scenario::Scenario;
use crate::schedulers::Count;

mod compare;

pub use compare::compare;

const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    results: Vec<JsonResult<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonResult<'a> {
    scenario: &'a str,
    file: Option<&'a str>,
    fingerprint: &'a str,
    overrides: &'a [String],
    expectation: &'static str,
    failed: bool,
    refused: Option<&'a str>,
    exploration: JsonExploration<'a>,
    properties: Vec<JsonProperty<'a>>,
    conflicts: JsonConflicts,
    advice: Vec<JsonAdvice<'a>>,
    /// Of real workers: taints, divergences, programs that ended.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    notes: &'a [String],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonExploration<'a> {
    scheduler: &'a str,
    complete: bool,
    states: Option<u64>,
    transitions: Option<u64>,
    schedules: Option<String>,
    executions: Option<u64>,
    seed: Option<u64>,
    cyclic: bool,
    stopped_by: Option<JsonBound>,
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<JsonWork>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<JsonSample>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timed: Option<JsonTimed>,
}

/// What an exhaustive search had to do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonWork {
    /// Steps that the real server, cache or memory performed.
    computed: u64,
    /// Steps whose effect was looked up.
    looked_up: u64,
    /// The workers that were explored up to permutation, class by class.
    symmetric: Vec<Vec<String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonBound {
    bound: &'static str,
    value: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonProperty<'a> {
    name: &'a str,
    verdict: &'static str,
    judged: bool,
    violating_schedules: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    satisfying_schedules: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<JsonExact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uniform_scheduler: Option<JsonOdds>,
    witness: Option<JsonWitness<'a>>,
}

/// Beside what real threads happened to meet: in how many schedules it is so, of how many.
#[derive(Serialize)]
struct JsonExact {
    decided: String,
    schedules: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonWitness<'a> {
    schedule: String,
    steps: usize,
    class: &'static str,
    victim: JsonVictim<'a>,
    stale_read: Option<JsonPointer<'a>>,
    culprit: Option<JsonPointer<'a>>,
    /// Of a worker that gave up: the write that was sooner. It is guilty of nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    overtaken_by: Option<JsonPointer<'a>>,
    why: Vec<String>,
    explanation: Vec<String>,
    trace: Vec<JsonStep>,
}

#[derive(Serialize)]
struct JsonVictim<'a> {
    worker: &'a str,
    step: usize,
    field: &'a str,
}

#[derive(Serialize)]
struct JsonPointer<'a> {
    worker: &'a str,
    step: usize,
}

/// One step, in the words of the drawing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonStep {
    step: usize,
    actor: String,
    action: String,
    code: Option<u16>,
    resource_version: String,
    object: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gone: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonConflicts {
    schedules_with_conflict: Option<String>,
    max_attempts: u32,
    api_calls: Option<String>,
    most_api_calls: Option<u64>,
    /// Schedules in which an acknowledged write is gone for a while and comes back.
    repaired_schedules: Option<String>,
    /// Schedules in which a run finds nothing to do (`when`).
    skipped_schedules: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonAdvice<'a> {
    write: &'a str,
    verdict: &'static str,
    violating_schedules: Option<String>,
    schedules: Option<String>,
    refused: Option<&'a str>,
}

fn text(count: Option<&Count>) -> Option<String> {
    count.map(ToString::to_string)
}

/// The document of `check` and `replay`.
pub fn check(results: &[CheckResult]) -> String {
    let results = results.iter().map(result).collect();
    pretty(&Document { schema_version: SCHEMA_VERSION, results })
}

fn pretty(document: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(document);
    text.expect("strings, numbers and lists always serialise") + "\n"
}

fn result(result: &CheckResult) -> JsonResult<'_> {
    let exploration = &result.exploration;
    JsonResult {
        scenario: &result.scenario.name,
        file: result.scenario.source.file.as_deref(),
        fingerprint: &result.fingerprint,
        overrides: &result.overrides,
        expectation: expectation(result.expectation),
        failed: result.failed(),
        refused: result.refused.as_deref(),
        exploration: JsonExploration {
            scheduler: exploration.scheduler,
            complete: exploration.complete,
            states: exploration.states,
            transitions: exploration.transitions,
            schedules: text(exploration.schedules.as_ref()),
            executions: exploration.executions,
            seed: exploration.seed,
            cyclic: exploration.cyclic,
            stopped_by: exploration.stopped_by.as_ref().map(bound),
            work: exploration.work.as_ref().map(|work| JsonWork {
                computed: work.computed,
                looked_up: work.looked_up,
                symmetric: work.symmetric.iter().map(|class| names(result, class)).collect(),
            }),
            sample: JsonSample::of(exploration),
            timed: exploration.timed.as_deref().map(JsonTimed::from),
        },
        properties: result.properties.iter().map(|found| property(result, found)).collect(),
        conflicts: JsonConflicts {
            schedules_with_conflict: text(result.costs.with_conflict.as_ref()),
            max_attempts: result.costs.max_attempts,
            api_calls: text(result.costs.calls.as_ref()),
            most_api_calls: result.costs.most_calls,
            repaired_schedules: text(result.costs.repaired.as_ref()),
            skipped_schedules: text(result.costs.skipped.as_ref()),
        },
        notes: &result.notes,
        advice: result
            .advice
            .iter()
            .map(|advice| JsonAdvice {
                write: advice.write,
                verdict: advice.verdict.as_str(),
                violating_schedules: text(advice.losing.as_ref()),
                schedules: text(advice.schedules.as_ref()),
                refused: advice.refused.as_deref(),
            })
            .collect(),
    }
}

fn names(result: &CheckResult, workers: &[usize]) -> Vec<String> {
    workers.iter().map(|worker| result.scenario.workers[*worker].name.clone()).collect()
}

/// Whether what was expected came about, in one word.
fn expectation(expectation: Expectation) -> &'static str {
    match expectation {
        Expectation::Met => "met",
        Expectation::Unmet => "unmet",
        Expectation::None => "none",
        Expectation::Undecided => "undecided",
    }
}

fn bound(bound: &Bound) -> JsonBound {
    let (bound, value) = match bound {
        Bound::States(n) => ("max-states", Some(*n)),
        Bound::Memory(bytes) => ("max-memory", Some(*bytes)),
        Bound::Steps(n) => ("max-steps", Some(*n)),
        Bound::Timeout(n) => ("timeout", Some(*n)),
        Bound::Runs(n) => ("runs", Some(*n)),
        Bound::Shard(index, _) => ("shard", Some(u64::from(*index))),
        Bound::FirstViolation => ("first-violation", None),
        Bound::Interrupted => ("interrupted", None),
        Bound::Engine(_) => ("engine", None),
    };
    JsonBound { bound, value }
}

/// `raced` is a *sometimes* property: its count is of the schedules that satisfy it.
fn property<'a>(result: &'a CheckResult, found: &'a PropertyResult) -> JsonProperty<'a> {
    let name = found.name;
    let sometimes = properties::is_sometimes(name);
    let count = text(found.schedules.as_ref());
    // A sampling scheduler, or a search that was cut off, cannot know how many schedules there are.
    let all = text(result.exploration.schedules.as_ref());
    let (violating, satisfying) = match (sometimes, found.verdict) {
        (_, Verdict::Holds) => (Some("0".to_owned()), count.filter(|_| sometimes)),
        (true, Verdict::Violated) => (all, count),
        (false, Verdict::Violated) => (count.filter(|_| all.is_some()), None),
        (_, Verdict::Unknown) => (None, None),
    };
    JsonProperty {
        name,
        verdict: found.verdict.as_str(),
        judged: found.judged,
        violating_schedules: violating,
        satisfying_schedules: satisfying,
        exact: found.exact.as_ref().map(|(decided, schedules)| JsonExact {
            decided: decided.to_string(),
            schedules: schedules.to_string(),
        }),
        uniform_scheduler: found.odds.map(JsonOdds::from),
        witness: found.witness.as_ref().map(|found| witness(&result.scenario, name, found)),
    }
}

fn witness<'a>(scenario: &'a Scenario, property: &'a str, found: &'a Witness) -> JsonWitness<'a> {
    let pointer = |pointer: &'a crate::check::Pointer| JsonPointer {
        worker: &pointer.worker,
        step: pointer.step,
    };
    let facts = Facts::new(scenario, property, found);
    let given_up = found.class == LossClass::Dropped;
    let guilty = found.culprit.as_ref().filter(|_| !given_up);
    let plain = super::Style { width: usize::MAX / 4, ..super::Style::default() };
    JsonWitness {
        schedule: found.schedule.to_string(),
        steps: found.trace.events.len(),
        class: found.class.as_str(),
        victim: JsonVictim {
            worker: &found.victim.worker,
            step: found.victim.step,
            field: &found.field,
        },
        stale_read: found.stale_read.as_ref().filter(|_| facts.has_stale_read()).map(pointer),
        culprit: guilty.map(pointer),
        overtaken_by: given_up.then_some(found.culprit.as_ref()).flatten().map(pointer),
        why: why::sentences(&facts).into_iter().map(|sentence| sentence.text).collect(),
        explanation: explain::explain(&facts, &plain)
            .iter()
            .map(|line| line.paint(&plain).trim_end().to_owned())
            .collect(),
        trace: steps(&facts.story, Some(&facts)),
    }
}

fn steps(story: &Story<'_>, facts: Option<&Facts<'_>>) -> Vec<JsonStep> {
    let steps = told::all(story, facts).into_iter().zip(1..);
    steps
        .map(|(told, step)| JsonStep {
            step,
            actor: told.who,
            action: told.names.into_iter().next().unwrap_or_default(),
            code: told.code,
            resource_version: told.rv.to_string(),
            object: told.object,
            notes: told.notes,
            gone: told.gone,
        })
        .collect()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonReplay<'a> {
    schema_version: u32,
    scenario: &'a str,
    schedule: String,
    finished: bool,
    steps: Vec<JsonStep>,
    properties: Vec<JsonProperty<'a>>,
}

/// The document of `replay`: the steps, and the judgement of this one schedule.
pub fn replay(replayed: &Replayed) -> String {
    let scenario = &replayed.scenario;
    let property = |(name, decided, found): &'_ (&'static str, bool, Option<Witness>)| {
        let sometimes = properties::is_sometimes(name);
        let verdict = match (*decided != sometimes, replayed.trace.finished) {
            (true, true) => Verdict::Violated,
            (false, true) => Verdict::Holds,
            (_, false) => Verdict::Unknown,
        };
        (*name, verdict, found.is_some())
    };
    let properties = replayed.judged.iter().map(|judged| {
        let (name, verdict, _) = property(judged);
        JsonProperty {
            name,
            verdict: verdict.as_str(),
            judged: scenario.properties.iter().any(|asked| asked == name),
            violating_schedules: None,
            satisfying_schedules: None,
            exact: None,
            uniform_scheduler: None,
            witness: judged.2.as_ref().map(|found| witness(scenario, name, found)),
        }
    });
    pretty(&JsonReplay {
        schema_version: SCHEMA_VERSION,
        scenario: &scenario.name,
        schedule: replayed.schedule.to_string(),
        finished: replayed.trace.finished,
        steps: steps(&Story::new(scenario, &replayed.trace), Facts::of_replay(replayed).as_ref()),
        properties: properties.collect(),
    })
}
