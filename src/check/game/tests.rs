//! The game is held to the check: the same steps, the same counts, the same witnesses.
//!
//! Next to read: `mod.rs`.

use std::sync::Arc;

mod held;

use super::{Game, MAX_STATES, Reason, Unknown, Walk};
use crate::check::{Options, replay, run};
use crate::scenario::Scenario;
use crate::schedulers::Count;
use crate::simulation::Choice;

fn game(name: &str) -> Game {
    let scenario = Arc::new(Scenario::builtin(name).expect("shipped"));
    Game::new(&scenario, MAX_STATES).expect("it can be played")
}

fn play<'g>(game: &'g Game, schedule: &str) -> Walk<'g> {
    let mut walk = game.start();
    for choice in game.parse(schedule).expect("letters").choices {
        walk.take(choice).unwrap_or_else(|stuck| panic!("{schedule}: {stuck:?}"));
    }
    walk
}

/// Every schedule, by playing it: how many, and how many violate each property.
fn enumerate(walk: &mut Walk<'_>, schedules: &mut u64, violating: &mut [u64]) {
    if walk.is_over() {
        *schedules += 1;
        for (count, violated) in violating.iter_mut().zip(walk.world().judge()) {
            *count += u64::from(violated);
        }
        return;
    }
    for choice in walk.choices() {
        walk.take(choice).expect("it is offered");
        enumerate(walk, schedules, violating);
        assert!(walk.undo());
    }
}

#[test]
fn the_odds_are_what_playing_every_schedule_gives_at_each_step() {
    for (name, prefix) in [
        ("status-race", ""),
        ("status-race", "hu"),
        ("status-race", "huh"),
        ("status-race", "hhu"),
        ("stale-cache", "hh"),
        ("stale-cache", "hh~hu"),
        ("conflict-dropped", "h"),
        ("old-struct", "hu"),
        ("timeout", "h"),
        ("recreated-object", ""),
        ("write-skew", "h"),
    ] {
        let game = game(name);
        let first = game.setting().workers[0].name.chars().next().expect("a name").to_string();
        let prefix = prefix.replace('h', &first);
        let mut walk = play(&game, &prefix);
        let odds = walk.odds().expect("small");
        let (mut schedules, mut violating) = (0, vec![0; odds.violating.len()]);
        enumerate(&mut walk, &mut schedules, &mut violating);
        let counted: Vec<Count> = violating.into_iter().map(Count::from).collect();
        assert_eq!((odds.schedules, odds.violating), (Count::from(schedules), counted), "{name}");
    }
}

#[test]
fn the_odds_at_the_start_are_the_checks() {
    for scenario in Scenario::all_builtin() {
        let scenario = Arc::new(scenario);
        if scenario.workers.len() > 3 {
            continue;
        }
        let result = run(&scenario, &Options::default()).expect("shipped");
        let game = Game::new(&scenario, MAX_STATES).expect("shipped");
        let odds = game.start_odds().expect("small");
        assert_eq!(Some(&odds.schedules), result.exploration.schedules.as_ref());
        let found: Vec<_> = result.properties.iter().filter_map(|p| p.schedules.clone()).collect();
        assert_eq!(odds.violating, found, "{}", scenario.name);
    }
}

#[test]
fn a_walk_is_a_replay_and_back_is_back() {
    let game = game("status-race");
    let walk = play(&game, "huhu");
    let replayed = replay(game.scenario(), &walk.schedule().to_string()).expect("it fits");
    let played = walk.replayed();
    assert_eq!((&played.trace, &played.schedule), (&replayed.trace, &replayed.schedule));
    let field = |judged: &crate::check::Replayed| {
        judged.judged[0].2.as_ref().map(|witness| (witness.field.clone(), witness.victim.clone()))
    };
    assert!(field(&played).is_some());
    assert_eq!(field(&played), field(&replayed));
    let mut back = walk.clone();
    while back.undo() {}
    assert_eq!(back.events(), []);
    assert_eq!(back.world().server, game.world().server);
    assert_eq!(back.odds().unwrap(), *game.start_odds().unwrap());
}

#[test]
fn each_worker_that_cannot_move_knows_why() {
    for scenario in Scenario::all_builtin() {
        let scenario = Arc::new(scenario);
        let game = Game::new(&scenario, 100).expect("shipped");
        let mut walk = game.start();
        loop {
            let (choices, stuck) = (walk.choices(), walk.stuck());
            let mut all: Vec<_> =
                choices.iter().copied().chain(stuck.iter().map(|stuck| stuck.choice)).collect();
            all.sort_unstable();
            let mut known = game.all_choices();
            known.sort_unstable();
            assert_eq!(all, known, "{}: each choice is offered or explained", scenario.name);
            for stuck in stuck {
                let refused = walk.take(stuck.choice).unwrap_err().expect("the reason is known");
                assert_eq!(refused, stuck);
            }
            let Some(choice) = choices.first() else { break };
            walk.take(*choice).expect("it is offered");
        }
    }
}

#[test]
fn the_reasons_are_the_true_ones() {
    let game = game("stale-cache");
    let reason = |schedule: &str, letters: &str| {
        let walk = play(&game, schedule);
        let stuck = walk.stuck().into_iter().find(|stuck| stuck.letters == letters);
        stuck.map(|stuck| stuck.reason)
    };
    assert_eq!(reason("", "~h"), Some(Reason::NothingQueued));
    assert_eq!(reason("hh", "~h"), None);
    assert_eq!(reason("hh", "h"), Some(Reason::Done));
    assert_eq!(reason("hhuu", "~h"), Some(Reason::Over));
    let game = self::game("timeout");
    let reason = |schedule: &str, letters: &str| {
        let walk = play(&game, schedule);
        let stuck = walk.stuck().into_iter().find(|stuck| stuck.letters == letters);
        stuck.map(|stuck| stuck.reason)
    };
    assert_eq!(reason("", "!lh"), Some(Reason::NoAnswerToLose));
    assert_eq!(reason("h", "!lh"), None);
    assert_eq!(reason("huu", "!lh"), Some(Reason::NoAnswerToLose), "that write will be refused");
    assert_eq!(reason("h!lh", "!lu"), Some(Reason::NoFaultLeft));
    let game = self::game("conflict-dropped");
    let walk = play(&game, "huhu");
    assert_eq!(walk.stuck()[1].sentence, "usage is done: it gave up");
}

#[test]
fn a_bounded_game_says_that_it_does_not_know() {
    let scenario = Arc::new(Scenario::builtin("status-race").expect("shipped"));
    let game = Game::new(&scenario, 3).expect("it can be played");
    assert!(matches!(game.start_odds(), Err(Unknown::CutOff { .. })));
    let walk = play(&game, "huhu");
    assert!(matches!(walk.odds(), Err(Unknown::CutOff { .. })));
    assert!(walk.is_over() && walk.replayed().judged[0].1, "it is judged all the same");
    let scenario = Arc::new(Scenario::builtin("conflict-dropped").expect("shipped"));
    let game = Game::new(&scenario, 3).expect("it can be played");
    assert_eq!(game.judged()[game.goal()].name, "converges", "what the scenario expects");
}

#[test]
fn a_chart_tells_what_a_walk_tells() {
    for name in ["status-race", "stale-cache", "timeout", "shared-object", "status-race-crd"] {
        let game = game(name);
        let chart = game.chart(2000).expect("small");
        assert!(chart.states.len() >= game.states(), "{name}");
        let mut schedules = 0;
        follow(&mut game.start(), &chart, 0, &mut schedules);
        assert_eq!(Count::from(schedules), game.start_odds().unwrap().schedules, "{name}");
        assert!(game.chart(chart.states.len() - 1).is_none());
    }
}

fn follow(walk: &mut Walk<'_>, chart: &super::Chart, at: usize, schedules: &mut u64) {
    let state = &chart.states[at];
    assert_eq!(state.beliefs, walk.beliefs());
    assert_eq!(state.odds, walk.odds());
    assert_eq!(state.stuck, walk.stuck());
    let choices: Vec<_> = state.ways.iter().map(|way| way.choice).collect();
    assert_eq!(choices, walk.choices());
    if walk.is_over() {
        assert_eq!(state.ending, Some(walk.world().judge()));
        *schedules += 1;
    }
    for way in &state.ways {
        let event = walk.take(way.choice).expect("it is offered");
        assert_eq!(*event, way.event);
        follow(walk, chart, way.to, schedules);
        walk.undo();
    }
}

#[test]
fn from_everywhere_the_way_to_lose_is_found_if_there_is_one() {
    for name in ["status-race", "stale-cache", "conflict-dropped", "lost-response"] {
        let game = game(name);
        let goal = game.goal();
        let chart = game.chart(2000).expect("small");
        for state in &chart.states {
            let mut walk = game.start();
            state.path.iter().for_each(|choice| drop(walk.take(*choice)));
            let losing = !state.odds.as_ref().unwrap().violating[goal].is_zero();
            let lost = walk.way_to_violate(goal);
            assert_eq!(lost.is_some(), losing, "{name} {:?}", state.path);
            assert!(lost.is_none_or(|lost| lost.world().judge()[goal]));
        }
        assert!(game.shortest(goal).is_some());
    }
}

#[test]
fn a_belief_is_what_the_worker_holds() {
    // An old struct drops `ready` while it decodes: the worker does not hold it.
    let old = game("old-struct");
    let usage = 1;
    let reads = old.start().world().choices();
    let read = *reads.iter().find(|choice| **choice == Choice::Worker(usage)).unwrap();
    let mut walk = old.start();
    let _ = walk.take(Choice::Worker(0));
    let _ = walk.take(Choice::Worker(0));
    let _ = walk.take(read);
    let held = walk.beliefs()[usage].object.as_ref().expect("it has read");
    let known = old.scenario().workers[usage].knows.clone().expect("it is an old struct");
    let status = held["status"].as_object().expect("a status");
    assert!(status.keys().all(|field| known.iter().any(|path| path.to_string().contains(field))));

    // One object in memory: at each step all workers that hold it hold the same.
    let shared = game("shared-object");
    for path in shared.chart(2000).expect("small").states.iter().map(|state| &state.path) {
        let mut walk = shared.start();
        path.iter().for_each(|choice| drop(walk.take(*choice)));
        let held: Vec<_> = walk.beliefs().iter().filter_map(|b| b.object.as_ref()).collect();
        assert!(held.windows(2).all(|pair| pair[0] == pair[1]), "{path:?}");
    }
}
