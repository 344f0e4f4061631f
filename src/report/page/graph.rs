//! The game as data: every state with its ways on.
//!
//! Each step is told as on the first way to its state. Next to read: `check/game/chart.rs`.

use std::sync::Arc;

use super::data::{Graph, Place, State, Table, Verdict};
use super::reason::loss;
use super::scene::{Scenery, outcome};
use crate::check::game::{Chart, ChartState, Reason};
use crate::properties;
use crate::report::losses::Facts;
use crate::report::story::Story;
use crate::report::told;
use crate::simulation::Choice;
use crate::trace::{Event, Trace};

/// The whole game.
pub(super) fn graph(scenery: &mut Scenery<'_>, chart: &Chart) -> Graph {
    let events = first_ways(chart);
    let mut choices = Choices::default();
    let mut reasons = Table::default();
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut states = Vec::new();
    for (at, state) in chart.states.iter().enumerate() {
        let mut ways = Vec::new();
        for way in &state.ways {
            let mut so_far = events[at].clone();
            so_far.push(way.event.clone());
            let trace = trace(scenery, so_far);
            let story = told_as_the_first(scenery, &trace);
            let told = told::told(&story, None, trace.events.len());
            let who = told.who.clone();
            let step = scenery.step(&story, told);
            ways.push([choices.add(&way.letters, who), step, way.to]);
        }
        let stuck = state.stuck.iter().map(|stuck| {
            [choices.add(&stuck.letters, String::new()), reasons.add(stuck.sentence.clone())]
        });
        let stuck = stuck.collect();
        let place = place(scenery, state, &events[at]);
        let end = state.ending.as_ref().map(|decided| {
            let verdict = verdict(scenery, decided);
            let known = verdicts.iter().position(|known| known.name == verdict.name);
            known.unwrap_or_else(|| {
                verdicts.push(verdict);
                verdicts.len() - 1
            })
        });
        let l = state.judged.as_deref().and_then(|run| {
            let facts = Facts::of_replay(run)?;
            Some(loss(scenery, run, &facts))
        });
        states.push(State { p: place, w: ways, s: stuck, e: end, l });
    }
    Graph { choices: choices.0, reasons: reasons.into_vec(), verdicts, states }
}

/// The choices by their letters, with who moves.
#[derive(Default)]
struct Choices(Vec<[String; 2]>);

impl Choices {
    fn add(&mut self, letters: &str, who: String) -> usize {
        match self.0.iter().position(|[known, _]| known == letters) {
            Some(at) => {
                if self.0[at][1].is_empty() {
                    self.0[at][1] = who;
                }
                at
            }
            None => {
                self.0.push([letters.to_owned(), who]);
                self.0.len() - 1
            }
        }
    }
}

/// The events on the first way to each state.
fn first_ways(chart: &Chart) -> Vec<Vec<Event>> {
    let mut events: Vec<Option<Vec<Event>>> = vec![None; chart.states.len()];
    if let Some(first) = events.first_mut() {
        *first = Some(Vec::new());
    }
    for (at, state) in chart.states.iter().enumerate() {
        let so_far = events[at].clone().unwrap_or_default();
        for way in &state.ways {
            if events[way.to].is_none() {
                let mut further = so_far.clone();
                further.push(way.event.clone());
                events[way.to] = Some(further);
            }
        }
    }
    events.into_iter().map(Option::unwrap_or_default).collect()
}

fn trace(scenery: &Scenery<'_>, events: Vec<Event>) -> Trace {
    let first = &scenery.lesson.shown[scenery.lesson.first].run.trace;
    Trace {
        workers: Arc::clone(&first.workers),
        caches: Arc::clone(&first.caches),
        initial: first.initial.clone(),
        events,
        said: Vec::new(),
        finished: false,
    }
}

/// A beginning of a run names objects and fields as the whole of the first one does.
fn told_as_the_first<'t>(scenery: &Scenery<'t>, trace: &'t Trace) -> Story<'t> {
    Story::with_views(&scenery.result.scenario, trace, scenery.views.clone())
}

fn place(scenery: &mut Scenery<'_>, state: &ChartState, events: &[Event]) -> Place {
    let trace = trace(scenery, events.to_vec());
    let story = Story::with_views(&scenery.result.scenario, &trace, scenery.views.clone());
    let keys: Vec<_> = scenery.views.iter().map(|view| view.key.clone()).collect();
    let object = |key| state.objects.iter().find(|(known, _)| *known == key)?.1.as_deref();
    let objects = keys.into_iter().map(object).map(|object| scenery.text(object)).collect();
    let beliefs = state.beliefs.iter().enumerate().map(|(worker, held)| {
        let moves = |choice: Choice| choice == Choice::Worker(worker);
        let ahead = state.ways.iter().find(|way| moves(way.choice)).map(|way| &way.event);
        let stuck = state.stuck.iter().find(|stuck| moves(stuck.choice));
        let dropped = stuck.is_some_and(|stuck| stuck.reason == Reason::GaveUp);
        scenery.belief(&story, held, ahead, dropped)
    });
    let b = beliefs.collect();
    let k = scenery.kept(&scenery.lesson.shown[scenery.lesson.first].stores, &state.stored);
    Place { o: objects, b, k, n: scenery.odds(state.odds.as_ref().ok()) }
}

/// What became of a schedule that ends so.
fn verdict(scenery: &Scenery<'_>, decided: &[bool]) -> Verdict {
    let judged = scenery.lesson.judged.iter().zip(decided);
    let violated = judged.filter(|(name, decided)| **decided && !properties::is_sometimes(name));
    outcome(violated.map(|(name, _)| *name).next(), true)
}
