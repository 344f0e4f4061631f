//! A scenario explored once, so that it can be played.
//!
//! Next to read: `walk.rs`, a place in it.

use std::fmt;
use std::sync::Arc;

use super::odds::{self, Odds, Unknown};
use super::stored::{self, Store};
use super::stuck;
use crate::check::options::DEFAULT_MAX_STEPS;
use crate::check::prepared::Prepared;
use crate::check::replay::trace_of;
use crate::properties::Entry;
use crate::scenario::{Diagnostic, Expect, Scenario};
use crate::schedulers::exhaustive::{self, Graph, Limits};
use crate::schedulers::{self, Letters, Schedule, ScheduleError};
use crate::simulation::{Choice, Setting, World};
use crate::trace::Trace;

/// A scenario to be played.
pub struct Game {
    pub(super) scenario: Arc<Scenario>,
    pub(super) prepared: Prepared,
    pub(super) graph: Graph,
    pub(super) odds: Result<Vec<Odds>, Unknown>,
    shortest: Vec<Option<Vec<Choice>>>,
    any_run: Trace,
    pub(super) stores: Vec<Store>,
}

impl fmt::Debug for Game {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Game")
            .field("scenario", &self.scenario.name)
            .field("states", &self.graph.states())
            .finish_non_exhaustive()
    }
}

/// States that are explored for the odds, unless told otherwise: a second or so.
pub const MAX_STATES: u64 = 200_000;

impl Game {
    /// Explores a scenario, up to a maximum number of states. Beyond it the game can be played, but
    /// the odds are unknown.
    ///
    /// # Errors
    /// What the API server refuses of the scenario.
    pub fn new(scenario: &Arc<Scenario>, max_states: u64) -> Result<Game, Diagnostic> {
        let prepared = Prepared::new(scenario)?;
        let limits = Limits { max_states, ..Limits::default() };
        let explored = exhaustive::explore(&prepared.world, limits, &mut |_| None);
        let odds = match &explored.stopped_by {
            Some(_) => Err(Unknown::CutOff { states: explored.graph.states() as u64 }),
            None => odds::of(&explored.graph).ok_or(Unknown::Endless),
        };
        let shortest = (0..prepared.judged).map(|observer| explored.shortest(observer)).collect();
        let any_run = any_run(&prepared.world);
        let stores = stored::stores(&prepared.world);
        let (scenario, graph) = (Arc::clone(scenario), explored.graph);
        Ok(Game { scenario, prepared, graph, odds, shortest, any_run, stores })
    }

    /// The scenario.
    pub fn scenario(&self) -> &Arc<Scenario> {
        &self.scenario
    }

    /// The first four hex digits of its fingerprint.
    pub fn fingerprint(&self) -> &str {
        &self.prepared.fingerprint
    }

    /// How choices are spelled.
    pub fn letters(&self) -> &Arc<Letters> {
        &self.prepared.letters
    }

    /// Who works in which process, which caches there are.
    pub fn setting(&self) -> &Setting {
        &self.prepared.world.setting
    }

    /// The caches and memories in which processes keep objects for their workers.
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }

    /// The world before the first step.
    pub fn world(&self) -> &World {
        &self.prepared.world
    }

    /// The properties that judge, in the scenario's order, as in [`Odds::violating`].
    pub fn judged(&self) -> &[&'static Entry] {
        &self.prepared.observed[..self.prepared.judged]
    }

    /// The index of the property that the game is about: the first that some schedule violates, as
    /// far as that is known, else the first of all.
    pub fn goal(&self) -> usize {
        let start = self.start_odds();
        let properties = self.judged().iter().enumerate().filter(|(_, entry)| !entry.sometimes);
        // Where the search was cut off, what was found, or else what the scenario expects.
        let expected = |index: usize| match &self.scenario.expect {
            Expect::Verdicts(verdicts) => verdicts.get(self.judged()[index].name) == Some(&false),
            Expect::Unstated | Expect::Rejected => false,
        };
        let violated = |index: &usize| match start {
            Ok(odds) => !odds.violating[*index].is_zero(),
            Err(_) => self.shortest(*index).is_some() || expected(*index),
        };
        let indices: Vec<usize> = properties.map(|(index, _)| index).collect();
        let first = indices.first().copied().unwrap_or(0);
        indices.into_iter().find(violated).unwrap_or(first)
    }

    /// How many schedules there are in all, and how many of them violate each property.
    ///
    /// # Errors
    /// Why the odds are unknown.
    pub fn start_odds(&self) -> Result<&Odds, Unknown> {
        match &self.odds {
            Ok(odds) => Ok(&odds[0]),
            Err(unknown) => Err(*unknown),
        }
    }

    /// Distinct states, as the search counts them.
    pub fn states(&self) -> usize {
        self.graph.states()
    }

    /// Reads the text of a schedule of this scenario; its fingerprint, if it has one, must fit.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(&self, text: &str) -> Result<Schedule, ScheduleError> {
        let schedule = self.prepared.letters.parse(text)?;
        match &schedule.fingerprint {
            Some(other) if other != self.fingerprint() => Err(ScheduleError {
                message: format!(
                    "recorded for {other}, another version of the scenario; this one is {}",
                    self.fingerprint()
                ),
                offset: text.find('.').map_or(0, |at| at + 1),
            }),
            _ => Ok(schedule),
        }
    }

    /// The shortest schedule that violates a judged property, where the search found one; for one
    /// about *some* schedule, that meets it.
    pub fn shortest(&self, property: usize) -> Option<&[Choice]> {
        self.shortest.get(property)?.as_deref()
    }

    /// Some run to its end: for drawings, which have to know beforehand which fields of which
    /// objects they will show.
    pub fn any_run(&self) -> &Trace {
        &self.any_run
    }

    /// Every choice that this scenario could ever offer: workers, caches, faults.
    pub fn all_choices(&self) -> Vec<Choice> {
        stuck::all_choices(&self.prepared.world)
    }
}

/// Each worker after the other; a retry without end is cut off.
fn any_run(start: &World) -> Trace {
    let mut world = start.clone();
    let mut first = schedulers::Manual(|_: &[Choice]| Some(0));
    let run = schedulers::run(&mut world, &mut first, DEFAULT_MAX_STEPS);
    trace_of(start, run.events, run.finished)
}
