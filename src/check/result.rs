//! What a check found, as plain data: every renderer reads this and nothing else.
//!
//! Next to read: `verdict.rs`; `run.rs`, which fills it in; `report/`, which prints it.

use std::sync::Arc;

use super::game::{Belief, Chart, Odds, Store, Stored};
use super::verdict::{
    Advice, Costs, Expectation, Exploration, ListTyped, PropertyResult, Replayed, Verdict,
};
use crate::properties;
use crate::reconcilers::Reader;
use crate::scenario::Scenario;
use crate::schedulers::Count;
use crate::trace::Event;

/// What a check of one scenario found.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// The scenario, after `--write` and `--read`.
    pub scenario: Arc<Scenario>,
    /// The overrides given, as flags to repeat in commands: `--write merge-patch`.
    pub overrides: Vec<String>,
    /// The first four hex digits of the scenario's fingerprint.
    pub fingerprint: String,
    /// How it was explored.
    pub exploration: Exploration,
    /// What was found: the judged properties in the scenario's order, then notes.
    pub properties: Vec<PropertyResult>,
    /// What locking cost.
    pub costs: Costs,
    /// What became of `expect`.
    pub expectation: Expectation,
    /// Where the scenario expects that the server refuses it: what the server answers.
    pub refused: Option<String>,
    /// Other write methods run on the same scenario, if `advice` was asked for.
    pub advice: Vec<Advice>,
    /// What a list type would change, where the schema of a list that is written has none.
    pub list_type: Option<ListTyped>,
    /// The schedule that a report is to be about, if one was asked for.
    pub run: Option<Arc<Replayed>>,
    /// What a page shows besides, if `lesson` was asked for.
    pub lesson: Option<Arc<Lesson>>,
    /// Of real workers, for people: taints, divergences, programs that ended.
    pub notes: Vec<String>,
}

impl CheckResult {
    /// A judged property is violated that the scenario did not expect, or the expectation is
    /// not met.
    pub fn failed(&self) -> bool {
        match self.expectation {
            Expectation::Unmet => true,
            _ => self.unexpected_violation(),
        }
    }

    fn unexpected_violation(&self) -> bool {
        let stated = |name: &str| match &self.scenario.expect {
            crate::scenario::Expect::Verdicts(map) => map.contains_key(name),
            _ => false,
        };
        self.properties
            .iter()
            .any(|p| p.judged && p.verdict == Verdict::Violated && !stated(p.name))
    }

    /// The result for a property, if it was observed.
    pub fn property(&self, name: &str) -> Option<&PropertyResult> {
        self.properties.iter().find(|p| p.name == name)
    }

    /// The first violated judged property that has a witness.
    pub fn first_violation(&self) -> Option<&PropertyResult> {
        self.properties.iter().find(|p| p.judged && p.witness.is_some())
    }
}

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

/// What a page shows.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The schedules that are told.
    pub shown: Vec<Shown>,
    /// The one that a page opens with.
    pub first: usize,
    /// All schedules, or all classes of them.
    pub strip: Vec<Square>,
    /// The other write methods; the worst schedule of each cell, by index into `shown`.
    pub comparison: Comparison,
    /// Per row of the comparison: its worst schedule.
    pub worst: Vec<Option<usize>>,
    /// The letter of each worker.
    pub letters: Vec<char>,
    /// The names of the properties that [`Odds::violating`] counts, the judged ones first.
    pub judged: Vec<&'static str>,
    /// The game, if it is small enough.
    pub chart: Option<Chart>,
}

/// One schedule, with what each worker believed at each of its steps.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The run.
    pub run: Replayed,
    /// How each choice is spelled.
    pub letters: Vec<String>,
    /// Before the first step and after each: what each worker believes.
    pub beliefs: Vec<Vec<Belief>>,
    /// The caches and memories of its processes.
    pub stores: Vec<Store>,
    /// At the same places: what each of these holds.
    pub stored: Vec<Vec<Stored>>,
    /// At the same places: what each worker's next step would be, if it moved now.
    pub ahead: Vec<Vec<Option<Event>>>,
    /// At the same places: the schedules still possible.
    pub odds: Vec<Option<Odds>>,
    /// The write method and the reader, where these are not the scenario's own.
    pub instead: Option<(&'static str, Reader)>,
    /// The safe schedule next to it, if it loses and there is one.
    pub swap: Option<Swap>,
    /// The same order of moves under other write methods, if it loses.
    pub same_order: Vec<SameOrder>,
}

impl Shown {
    /// The first judged property that it violates.
    pub fn violates(&self) -> Option<&'static str> {
        let asked = |name: &str| self.run.scenario.properties.iter().any(|asked| asked == name);
        let judged = self.run.judged.iter().filter(|(name, ..)| asked(name));
        judged.filter(|(.., witness)| witness.is_some()).map(|(name, ..)| *name).next()
    }
}

/// One square.
#[derive(Clone, Debug)]
pub struct Square {
    /// The schedule that it shows, by index into `Lesson::shown`.
    pub shown: usize,
    /// How many schedules it stands for; `None` if unknown.
    pub schedules: Option<Count>,
}

/// Two schedules that differ by one exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The safe schedule, by index into `Lesson::shown`.
    pub with: usize,
    /// The two steps that are exchanged, from 0.
    pub steps: (usize, usize),
}

/// A schedule of another scenario in the order of this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameOrder {
    /// What is different: the write method, or the name of the other scenario.
    pub word: String,
    /// The schedule, by index into `Lesson::shown`.
    pub with: usize,
}
