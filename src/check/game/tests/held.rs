//! What a game says that a worker holds is what the simulation makes the worker's next request of.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::Verb;
use crate::check::game::{Chart, ChartState, ChartWay, Game, Heard, Store, StoreKind};
use crate::client::{decoded, make};
use crate::reconcilers::methods::{self, Refusal};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::simulation::Choice;
use crate::trace::{Action, Event, Loaded};

/// States up to which a game is compared place by place; of a larger one, places of random runs.
const MAX_STATES: usize = 300;

/// Random runs of a larger game.
const RUNS: u64 = 6;

/// Steps of one of them.
const MAX_STEPS: usize = 120;

#[test]
fn at_every_place_a_worker_holds_what_the_simulation_says() {
    let museum = Scenario::museum().into_iter().flat_map(|(_, acts)| acts);
    let (mut games, mut sampled, mut puts, mut reads) = (0, 0, 0, 0);
    for scenario in Scenario::all_builtin().into_iter().chain(museum) {
        let scenario = Arc::new(scenario);
        let game = Game::new(&scenario, MAX_STATES as u64).expect("shipped");
        let charts = match game.chart(MAX_STATES) {
            Some(chart) => vec![chart],
            None => (0..RUNS).map(|run| random_run(&game, run)).collect(),
        };
        games += 1;
        sampled += usize::from(charts.len() > 1);
        for (chart, state) in charts.iter().flat_map(|c| c.states.iter().map(move |s| (c, s))) {
            in_memory_all_hold_the_same(&game, state);
            for way in &state.ways {
                puts += usize::from(a_put_is_made_of_what_is_held(&game, state, way));
                reads += usize::from(what_is_read_is_held(&game, chart, state, way));
            }
        }
    }
    let all = Scenario::builtin_names().count()
        + Scenario::museum().iter().map(|(_, acts)| acts.len()).sum::<usize>();
    assert_eq!(games, all);
    assert!(sampled > 5 && puts > 300 && reads > 500, "{sampled} sampled, {puts}, {reads}");
}

/// The places of one random run, as a chart without a branch.
fn random_run(game: &Game, run: u64) -> Chart {
    let mut rng = Rng::for_run(18, run);
    let mut walk = game.start();
    let mut states = Vec::new();
    while !walk.is_over() && states.len() < MAX_STEPS {
        let choices = walk.choices();
        let choice = choices[rng.below(choices.len())];
        let here = walk.clone();
        let event = walk.take(choice).expect("it is offered").clone();
        let (letters, to) = (game.letters().spell(choice), states.len() + 1);
        let decided = walk.world().decided.clone();
        let way = ChartWay { choice, letters, to, event, decided };
        states.push(super::super::chart::state(&here, vec![way]));
    }
    states.push(super::super::chart::state(&walk, Vec::new()));
    Chart { states }
}

fn in_memory_all_hold_the_same(game: &Game, state: &ChartState) {
    for (store, stored) in game.stores().iter().zip(&state.stored) {
        for worker in store.workers.iter().filter(|_| is_memory(store)) {
            let belief = &state.beliefs[*worker];
            if belief.from == Heard::Memory {
                assert_eq!(belief.object, stored.object, "{} {worker}", place(game, state));
            }
        }
    }
}

/// Whether it is a PUT; then its body is the copy of its worker with the worker's change made.
fn a_put_is_made_of_what_is_held(game: &Game, state: &ChartState, way: &ChartWay) -> bool {
    let Choice::Worker(worker) = way.choice else { return false };
    let Action::Write { verb: Verb::Update, sent, .. } = &way.event.action else { return false };
    let belief = &state.beliefs[worker];
    let held = match belief.key == way.event.key {
        true => belief.object.as_ref(),
        false => way.event.key.as_ref().and_then(|key| belief.others.get(key)),
    };
    let held = held.unwrap_or_else(|| panic!("{}: it holds nothing", place(game, state)));
    let mut expected = Value::clone(held);
    // In memory the change is made already, or undone again: what is there is sent.
    if belief.from != Heard::Memory {
        way.event.intent.iter().for_each(|change| make(change, &mut expected));
    }
    let sent = sent.as_object().expect("an object");
    let spec = &game.scenario().workers[worker];
    for path in &spec.omit {
        path.remove(&mut expected);
    }
    if spec.write.contains("literal") {
        return false;
    }
    for (key, value) in sent.iter().filter(|(key, _)| *key != "metadata") {
        let expected = expected.get(key).unwrap_or(&Value::Null);
        assert_eq!(value, expected, "{}: {key}", place(game, state));
    }
    true
}

/// Whether something is read; then it is held at the next place.
fn what_is_read_is_held(game: &Game, chart: &Chart, state: &ChartState, way: &ChartWay) -> bool {
    let Choice::Worker(worker) = way.choice else { return false };
    let source = match &way.event.action {
        Action::Read => state.objects.iter().find(|(key, _)| Some(key) == way.event.key.as_ref()),
        Action::CacheRead | Action::Load(Loaded::Cache) => None,
        _ => return false,
    };
    let then = &chart.states[way.to].beliefs[worker];
    let method = methods::named(&game.scenario().workers[worker].write);
    let restamps = method.is_some_and(|method| method.after_refusal() == Refusal::Restamp);
    if restamps && way.event.mark.attempts > 0 {
        // After a conflict it looks at the version alone.
        assert_eq!(then.object, state.beliefs[worker].object, "{}", place(game, state));
        return false;
    }
    let source = match source {
        Some((_, object)) => object.clone(),
        None => in_cache(game, state, worker, &way.event),
    };
    if then.key != way.event.key || !matches!(then.from, Heard::Live | Heard::Cache) {
        return false;
    }
    let mut source = source.map_or(Value::Null, |object| Value::clone(&object));
    if let (Some(knows), false) = (&game.scenario().workers[worker].knows, source.is_null()) {
        decoded(Some(knows), &mut source);
    }
    let held = then.object.as_deref().cloned().unwrap_or_default();
    for key in ["spec", "status", "data"] {
        assert_eq!(held.get(key), source.get(key), "{}: {key}", place(game, state));
    }
    true
}

fn in_cache(game: &Game, state: &ChartState, worker: usize, event: &Event) -> Option<Arc<Value>> {
    let stores = game.stores().iter().zip(&state.stored);
    let mut caches = stores.filter(|(store, _)| {
        !is_memory(store)
            && store.workers.contains(&worker)
            && Some(&store.key) == event.key.as_ref()
    });
    caches.next()?.1.object.clone()
}

fn is_memory(store: &Store) -> bool {
    matches!(store.kind, StoreKind::Memory(_))
}

fn place(game: &Game, state: &ChartState) -> String {
    format!("{} after {:?}", game.scenario().name, state.path)
}
