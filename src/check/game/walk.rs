//! One place in a game: forward by a choice, back by undo, and what the future holds.
//!
//! Next to read: `belief.rs`, `odds.rs`, `stuck.rs`: what is known at such a place.

use super::belief::{self, Belief};
use super::odds::{Odds, Unknown};
use super::playable::Game;
use super::stored::{self, Stored};
use super::stuck::{self, Stuck};
use crate::check::replay::{judged, trace_of};
use crate::check::verdict::Replayed;
use crate::reconcilers::Ask;
use crate::schedulers::Schedule;
use crate::simulation::{Choice, World};
use crate::trace::{Event, Trace};

/// A place in a game.
#[derive(Clone, Debug)]
pub struct Walk<'g> {
    game: &'g Game,
    choices: Vec<Choice>,
    events: Vec<Event>,
    /// The places from the first to this one: one more than there are choices.
    places: Vec<Place>,
}

#[derive(Clone, Debug)]
pub(super) struct Place {
    pub world: World,
    pub beliefs: Vec<Belief>,
    /// The state of the graph, where the search came as far as this.
    state: Option<usize>,
}

/// One choice, and where it leads.
#[derive(Clone, Debug)]
pub struct Way {
    /// The choice.
    pub choice: Choice,
    /// How it is spelled.
    pub letters: String,
    /// What would happen.
    pub event: Event,
    /// The schedules from there on.
    pub odds: Result<Odds, Unknown>,
    /// Whether every worker is done then.
    pub ends: bool,
}

impl Game {
    /// A place in it: the beginning.
    pub fn start(&self) -> Walk<'_> {
        Walk::new(self)
    }
}

impl<'g> Walk<'g> {
    fn new(game: &'g Game) -> Self {
        let world = game.prepared.world.clone();
        let beliefs = vec![Belief::default(); world.workers.len()];
        let places = vec![Place { world, beliefs, state: Some(0) }];
        Walk { game, choices: Vec::new(), events: Vec::new(), places }
    }

    pub(super) fn here(&self) -> &Place {
        self.places.last().expect("there is always the first place")
    }

    /// The game it is a place of.
    pub fn game(&self) -> &'g Game {
        self.game
    }

    /// The world now.
    pub fn world(&self) -> &World {
        &self.here().world
    }

    /// What each worker believes now, by index.
    pub fn beliefs(&self) -> &[Belief] {
        &self.here().beliefs
    }

    /// What each of [`Game::stores`] holds now.
    pub fn stored(&self) -> Vec<Stored> {
        stored::stored(self.world(), &self.game.stores)
    }

    /// The choices made so far.
    pub fn made(&self) -> &[Choice] {
        &self.choices
    }

    /// What happened so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Who may move now.
    pub fn choices(&self) -> Vec<Choice> {
        self.world().choices()
    }

    /// Whether every worker is done.
    pub fn is_over(&self) -> bool {
        self.world().is_finished()
    }

    /// What a choice would bring; `None` if it is not offered.
    pub fn look(&self, choice: Choice) -> Option<Way> {
        let mut further = self.clone();
        further.take(choice).ok()?;
        let event = further.events.pop()?;
        let letters = self.game.letters().spell(choice);
        Some(Way { choice, letters, event, odds: further.odds(), ends: further.is_over() })
    }

    /// Every choice that is offered, and where it leads.
    pub fn ways(&self) -> Vec<Way> {
        self.choices().into_iter().filter_map(|choice| self.look(choice)).collect()
    }

    /// All workers that cannot move, and why.
    pub fn stuck(&self) -> Vec<Stuck> {
        stuck::stuck(&self.game.prepared.world, self.world(), self.game.letters())
    }

    /// Makes a choice.
    ///
    /// # Errors
    /// Why it is not offered.
    pub fn take(&mut self, choice: Choice) -> Result<&Event, Option<Stuck>> {
        if !self.choices().contains(&choice) {
            return Err(self.stuck().into_iter().find(|stuck| stuck.choice == choice));
        }
        let mut place = self.here().clone();
        let event = place.world.take(choice);
        belief::notice(
            &mut place.beliefs,
            &event,
            &self.game.scenario,
            &self.game.prepared.world.setting,
        );
        for (belief, worker) in place.beliefs.iter_mut().zip(&place.world.workers) {
            if worker.ask() == Ask::Done {
                belief.others.clear();
            }
        }
        let graph = &self.game.graph;
        place.state = place.state.and_then(|state| {
            let edge = graph.edges(state).iter().find(|edge| graph.choice(**edge) == choice)?;
            Some(edge.to as usize)
        });
        self.choices.push(choice);
        self.events.push(event);
        self.places.push(place);
        Ok(self.events.last().expect("just pushed"))
    }

    /// Takes the last choice back; false if there is none.
    pub fn undo(&mut self) -> bool {
        if self.choices.pop().is_none() {
            return false;
        }
        self.events.pop();
        self.places.pop();
        true
    }

    /// Back to the beginning.
    pub fn restart(&mut self) {
        self.choices.clear();
        self.events.clear();
        self.places.truncate(1);
    }

    /// How many schedules are possible from here, and how many of them violate what. What is
    /// decided already is violated in all of them.
    ///
    /// # Errors
    /// Why the odds are unknown.
    pub fn odds(&self) -> Result<Odds, Unknown> {
        let all = self.game.odds.as_ref().map_err(|unknown| *unknown)?;
        let cut_off = Unknown::CutOff { states: self.game.graph.states() as u64 };
        let mut odds = all[self.here().state.ok_or(cut_off)?].clone();
        for (count, decided) in odds.violating.iter_mut().zip(&self.world().decided) {
            if *decided {
                *count = odds.schedules.clone();
            }
        }
        Ok(odds)
    }

    /// A way from here to an end that violates a property, if there is one.
    pub fn way_to_violate(&self, property: usize) -> Option<Walk<'g>> {
        let violates =
            |walk: &Walk<'_>| walk.odds().is_ok_and(|o| !o.violating[property].is_zero());
        let mut walk = violates(self).then(|| self.clone())?;
        while !walk.is_over() {
            let further = walk.choices().into_iter().find_map(|choice| {
                let mut further = walk.clone();
                further.take(choice).ok()?;
                violates(&further).then_some(further)
            });
            walk = further?;
        }
        Some(walk)
    }

    /// The schedule so far, with its fingerprint.
    pub fn schedule(&self) -> Schedule {
        self.game.prepared.schedule(self.choices.clone())
    }

    /// What happened so far, as a trace.
    pub fn trace(&self) -> Trace {
        trace_of(&self.game.prepared.world, self.events.clone(), self.is_over())
    }

    /// What a replay of the schedule so far shows: the trace, how it is judged, the witnesses.
    pub fn replayed(&self) -> Replayed {
        let (trace, schedule) = (self.trace(), self.schedule());
        let judged = judged(&self.game.prepared, self.world(), &schedule, trace.finished);
        Replayed { scenario: self.game.scenario.clone(), schedule, trace, judged }
    }
}
