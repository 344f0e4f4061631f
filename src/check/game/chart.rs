//! The whole graph of a small game as plain data, for a page in which it is played without us.
//!
//! States are told apart by everything a reader sees, resourceVersions and beliefs included, so
//! they are a few more than the search's; what is said of a state is true however one came to it,
//! and its `path` is the first way there. Next to read: `walk.rs`.

use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use serde_json::Value;

use super::belief::Belief;
use super::odds::{Odds, Unknown};
use super::playable::Game;
use super::stored::Stored;
use super::stuck::Stuck;
use super::walk::Walk;
use crate::apiserver::{ApiServer, Key};
use crate::check::Replayed;
use crate::client::Informer;
use crate::reconcilers::BoxedWorker;
use crate::simulation::{BoxedMemory, Choice, FaultBudget, Memory, World};
use crate::trace::Event;

/// Every state that can be reached; the first is the beginning.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The states, in the order of discovery, breadth first.
    pub states: Vec<ChartState>,
}

/// One state.
#[derive(Clone, Debug)]
pub struct ChartState {
    /// The first way to it.
    pub path: Vec<Choice>,
    /// The objects in the store.
    pub objects: Vec<(Key, Option<Arc<Value>>)>,
    /// What each of [`Game::stores`] holds.
    pub stored: Vec<Stored>,
    /// What each worker believes.
    pub beliefs: Vec<Belief>,
    /// Who may move.
    pub ways: Vec<ChartWay>,
    /// Who may not, and why.
    pub stuck: Vec<Stuck>,
    /// The schedules from here on.
    pub odds: Result<Odds, Unknown>,
    /// Where every worker is done: for each observed property, whether it is violated (met).
    pub ending: Option<Vec<bool>>,
    /// There too: how its first way is judged.
    pub judged: Option<Box<Replayed>>,
}

/// One choice of a state.
#[derive(Clone, Debug)]
pub struct ChartWay {
    /// The choice.
    pub choice: Choice,
    /// How it is spelled.
    pub letters: String,
    /// The number of the state it leads to.
    pub to: usize,
    /// What happens, as on the first way to the state.
    pub event: Event,
    /// The observed properties that are decided then, for good.
    pub decided: Vec<bool>,
}

/// Everything by which states are told apart.
#[derive(PartialEq, Eq, Hash)]
struct Identity {
    server: ApiServer,
    caches: Vec<Informer>,
    memories: Vec<Memory>,
    faults: FaultBudget,
    workers: Vec<BoxedWorker>,
    remembered: Vec<BoxedMemory>,
    decided: Vec<bool>,
    beliefs: Vec<Belief>,
}

impl Identity {
    fn of(walk: &Walk<'_>) -> Identity {
        let World { server, caches, memories, faults, workers, remembered, decided, .. } =
            walk.world().clone();
        let beliefs = walk.beliefs().to_vec();
        Identity { server, caches, memories, faults, workers, remembered, decided, beliefs }
    }
}

impl Game {
    /// The whole graph, if it has at most `limit` states.
    pub fn chart(&self, max_states: usize) -> Option<Chart> {
        let mut known: IndexSet<Identity, FxBuildHasher> = IndexSet::default();
        known.insert(Identity::of(&self.start()));
        let mut places = vec![self.start()];
        let mut states = Vec::new();
        while states.len() < places.len() {
            let here = places[states.len()].clone();
            let mut ways = Vec::new();
            for choice in here.choices() {
                let mut there = here.clone();
                let event = there.take(choice).expect("it is offered").clone();
                let (to, new) = known.insert_full(Identity::of(&there));
                let decided = there.world().decided.clone();
                if new {
                    if known.len() > max_states {
                        return None;
                    }
                    places.push(there);
                }
                let letters = self.letters().spell(choice);
                ways.push(ChartWay { choice, letters, to, event, decided });
            }
            states.push(state(&here, ways));
        }
        Some(Chart { states })
    }
}

/// What is told of this place.
pub(super) fn state(here: &Walk<'_>, ways: Vec<ChartWay>) -> ChartState {
    let world = here.world();
    let object = |key: &Key| (key.clone(), world.server.object(key));
    // What the scenario names, and what was made on the way here.
    let made = here.events().iter().filter_map(|event| event.key.as_ref());
    let keys: IndexSet<&Key, FxBuildHasher> = world.setting.objects.iter().chain(made).collect();
    ChartState {
        path: here.made().to_vec(),
        objects: keys.into_iter().map(object).collect(),
        stored: here.stored(),
        beliefs: here.beliefs().to_vec(),
        ways,
        stuck: here.stuck(),
        odds: here.odds(),
        ending: here.is_over().then(|| world.judge()),
        judged: here.is_over().then(|| Box::new(here.replayed())),
    }
}
