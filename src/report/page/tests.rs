//! What the page says at a place is what the simulation says there: the objects, what each worker
//! holds, what caches and memories hold. And what a worker wrote is among the lines of the object.
//!
//! That the page's own scripts show these is tested in a browser: `tests/page/`. Next to read:
//! `scene.rs`.

use std::sync::Arc;

use super::data::{Place, Scene};
use super::scene::scene;
use crate::check::game::{Game, MAX_STATES, Walk};
use crate::check::{CheckResult, Options, game_lesson, run};
use crate::report::story::Story;
use crate::report::told::Told;
use crate::report::view::View;
use crate::report::yaml;
use crate::scenario::Scenario;

#[test]
fn no_text_ends_the_script_it_is_in() {
    let json = serde_json::to_string("</script><!--").expect("a string");
    let harmless = super::harmless(&json);
    assert!(!harmless.contains('<'));
    let read: String = serde_json::from_str(&harmless).expect("still JSON");
    assert_eq!(read, "</script><!--");
}

/// A scenario and the scene of its page.
fn told(scenario: Scenario) -> (CheckResult, Scene) {
    let options = Options { max_states: Some(5_000), ..Options::default() };
    let mut result = run(&Arc::new(scenario), &options).expect("shipped");
    result.lesson = Some(Arc::new(game_lesson(&result, None).expect("it can be told")));
    let scene = scene(&result).expect("it has a lesson");
    (result, scene)
}

#[test]
fn at_every_step_the_page_says_what_the_simulation_says() {
    let museum = Scenario::museum().into_iter().flat_map(|(_, acts)| acts);
    let (mut places, mut written) = (0, 0);
    for scenario in Scenario::all_builtin().into_iter().chain(museum) {
        let (result, scene) = told(scenario);
        let game = Game::new(&result.scenario, MAX_STATES).expect("shipped");
        let lesson = result.lesson.as_deref().expect("it has one");
        let first = &lesson.shown[lesson.first].run;
        let views = Story::new(&first.scenario, &first.trace).views;
        for (story, shown) in scene.stories.iter().zip(&lesson.shown) {
            let mut walk = game.start();
            let choices = &shown.run.schedule.choices;
            for (at, place) in story.places.iter().enumerate() {
                agrees(&scene, place, &walk, &views);
                if at > 0 {
                    let told = &scene.steps[story.steps[at - 1]];
                    written += fields_are_there(&scene, place, told);
                }
                places += 1;
                if let Some(choice) = choices.get(at) {
                    walk.take(*choice).expect("it is offered");
                }
            }
        }
        // The game that is embedded says the same, wherever one comes to.
        let (Some(graph), Some(chart)) = (&scene.graph, &lesson.chart) else { continue };
        for (state, charted) in graph.states.iter().zip(&chart.states).step_by(7) {
            let mut walk = game.start();
            charted.path.iter().for_each(|choice| drop(walk.take(*choice)));
            agrees(&scene, &state.p, &walk, &views);
            places += 1;
        }
    }
    assert!(places > 3_000 && written > 1_000, "{places} places, {written} fields");
}

/// The lines of a text of the scene.
fn lines(scene: &Scene, text: Option<usize>) -> Option<Vec<String>> {
    text.map(|text| scene.texts[text].clone())
}

fn agrees(scene: &Scene, place: &Place, walk: &Walk<'_>, views: &[View]) {
    let shown = |object: Option<&serde_json::Value>| {
        Some(yaml::lines(Some(object?)).into_iter().map(|line| line.text).collect::<Vec<_>>())
    };
    let name = format!("{} after {:?}", scene.name, walk.made());
    for (view, text) in views.iter().zip(&place.o) {
        let truth = walk.world().server.object(&view.key);
        assert_eq!(lines(scene, *text), shown(truth.as_deref()), "{name}: {}", view.key.name);
    }
    for (index, held) in place.b.iter().zip(walk.beliefs()) {
        let belief = &scene.beliefs[*index];
        assert_eq!(lines(scene, belief.text), shown(held.object.as_deref()), "{name}");
        let others: Vec<_> =
            belief.others.iter().map(|[_, text]| scene.texts[*text].clone()).collect();
        let seen = held.others.iter().filter(|(key, _)| views.iter().any(|v| v.key == **key));
        let held: Vec<_> = seen.filter_map(|(_, object)| shown(Some(object))).collect();
        assert_eq!(others, held, "{name}: beside what it read last");
    }
    let stores = walk.game().stores().iter().zip(walk.stored());
    let stores = stores.filter(|(store, _)| views.iter().any(|view| view.key == store.key));
    let kept = place.k.iter().map(|kept| &scene.kept[*kept]);
    let (kept, stores): (Vec<_>, Vec<_>) = (kept.collect(), stores.collect());
    assert_eq!(kept.len(), stores.len(), "{name}");
    for (kept, (_, stored)) in kept.into_iter().zip(stores) {
        assert_eq!(lines(scene, kept.text), shown(stored.object.as_deref()), "{name}");
        assert_eq!(kept.lag, stored.lag, "{name}");
    }
}

/// How many lines of the object the step's worker wrote; each is there.
fn fields_are_there(scene: &Scene, place: &Place, told: &Told) -> usize {
    let object = lines(scene, place.o[told.view]).unwrap_or_default();
    for line in &told.wrote {
        assert!(*line < object.len(), "{}: line {line} of {object:?}", scene.name);
    }
    told.wrote.len()
}
