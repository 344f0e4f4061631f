//! A scenario made ready to be run: its world before the first step, what is observed of it, and
//! how its schedules are spelled.
//!
//! Next to read: `explore.rs`, `replay.rs`.

use std::sync::Arc;

use super::judge::properties_of;
use super::serial;
use crate::properties::Entry;
use crate::scenario::{Diagnostic, Plan, Scenario};
use crate::schedulers::timed::Timing;
use crate::schedulers::{Letters, Schedule};
use crate::simulation::{Choice, Observer, World};

/// A scenario made ready to be run.
pub(super) struct Prepared {
    pub observed: Vec<&'static Entry>,
    pub judged: usize,
    pub world: World,
    pub letters: Arc<Letters>,
    pub fingerprint: String,
    pub timing: Timing,
    tallies: [Arc<dyn Observer>; 2],
}

impl Prepared {
    pub(super) fn new(scenario: &Arc<Scenario>) -> Result<Prepared, Diagnostic> {
        Prepared::with_notes(scenario, |_| true)
    }

    /// Observes, besides what is judged, only what is wanted as a note.
    pub(super) fn with_notes(
        scenario: &Arc<Scenario>,
        wanted: impl Fn(&Entry) -> bool,
    ) -> Result<Prepared, Diagnostic> {
        let plan = Plan::new(scenario)?;
        let (mut observed, judged) = properties_of(scenario);
        let mut at = 0..;
        observed.retain(|entry| at.next().is_some_and(|at| at < judged) || wanted(entry));
        let alone = plan.world(&[], serial::none());
        let world = plan.world(&observed, serial::orders(alone));
        let letters = Arc::new(Letters::assign(&world.setting));
        let fingerprint = format!("{:016x}", scenario.fingerprint())[..4].to_owned();
        let timing = scenario.timing.clone();
        let tallies = plan.tallies();
        Ok(Prepared { observed, judged, world, letters, fingerprint, timing, tallies })
    }

    /// The same world, watched also by what is counted beside the verdicts.
    pub(super) fn counting(&self) -> World {
        let mut setting = (*self.world.setting).clone();
        setting.observers.extend(self.tallies.iter().cloned());
        let World { server, workers, faults, .. } = self.world.clone();
        World::new(Arc::new(setting), server, workers, faults)
    }

    pub(super) fn schedule(&self, choices: Vec<Choice>) -> Schedule {
        let fingerprint = Some(self.fingerprint.clone());
        Schedule { fingerprint, choices, letters: Arc::clone(&self.letters), text: None }
    }
}

/// The world of a scenario before its first step, watched by the properties that a check of it
/// observes: for a scheduler, or a search, of one's own.
///
/// # Errors
/// What the API server refuses of the scenario.
pub fn world(scenario: &Arc<Scenario>) -> Result<World, Diagnostic> {
    Prepared::new(scenario).map(|prepared| prepared.world)
}
