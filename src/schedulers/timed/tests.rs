//! The simulated time, step by step, on worlds of shipped scenarios with constant spans.

use std::sync::Arc;

use super::*;
use crate::scenario::Scenario;
use crate::schedulers::run;
use crate::simulation::World;

const MS: Nanos = 1_000_000;

fn world(name: &str) -> World {
    let scenario = Scenario::builtin(name).expect("shipped");
    crate::check::world(&Arc::new(scenario)).expect("a world")
}

fn constant(start: Nanos, latency: Nanos) -> WorkerTiming {
    WorkerTiming {
        api_latency: Distribution::Constant(latency),
        think_time: Distribution::Constant(MS),
        start: Distribution::Constant(start),
        period: None,
        backoff: Backoff::RATE_LIMITED,
        deadline: None,
    }
}

fn timed(world: &World, timing: Timing) -> (Vec<Choice>, Vec<StepTimes>, Vec<bool>) {
    let processes = world.setting.workers.iter().map(|worker| worker.process).collect();
    let mut scheduler = Timed::new(timing, processes, 1, 0);
    assert!(scheduler.begin());
    let mut world = world.clone();
    let run = run(&mut world, &mut scheduler, 1000);
    assert!(run.finished);
    (run.choices, scheduler.times().to_vec(), world.judge())
}

fn at(times: &[StepTimes]) -> Vec<Nanos> {
    times.iter().map(|times| times.at / MS).collect()
}

#[test]
fn requests_overlap_or_not_as_the_times_have_it() {
    let world = world("status-race");
    let timing = |start| Timing {
        cache_lag: Distribution::Constant(0),
        rate_limit: None,
        workers: vec![constant(0, 10 * MS), constant(start, 10 * MS)],
    };
    // GET at 5 (answered at 10), 1 of thinking, PUT sent at 11 and made at 16.
    let (choices, times, judged) = timed(&world, timing(3 * MS));
    let (a, b) = (Choice::Worker(0), Choice::Worker(1));
    assert_eq!((choices, at(&times), judged[0]), (vec![a, b, a, b], vec![5, 8, 16, 19], true));
    let (choices, times, judged) = timed(&world, timing(12 * MS));
    assert_eq!((choices, at(&times), judged[0]), (vec![a, a, b, b], vec![5, 16, 17, 28], false));
    assert_eq!(times[1], StepTimes { due: 11 * MS, sent: 11 * MS, at: 16 * MS, answered: 21 * MS });
}

#[test]
fn a_write_reaches_a_cache_after_its_lag() {
    let world = world("stale-cache");
    let timing = |lag| Timing {
        cache_lag: Distribution::Constant(lag),
        rate_limit: None,
        workers: vec![constant(0, 2 * MS), constant(50 * MS, 2 * MS)],
    };
    let delivered =
        |choices: &[Choice]| choices.iter().position(|choice| matches!(choice, Choice::Deliver(_)));
    let soon = timed(&world, timing(10 * MS));
    assert_eq!((delivered(&soon.0), soon.2[0]), (Some(2), false));
    // A look into the cache is made when it is due, and answered at once.
    assert_eq!(at(&soon.1), [0, 2, 12, 50, 52]);
    let late = timed(&world, timing(100 * MS));
    assert_eq!((delivered(&late.0), late.2[0]), (None, true));
}

#[test]
fn a_process_waits_for_its_rate_limit() {
    let text = include_str!("../../../scenarios/status-race.yaml");
    let text = text.replace("    write:", "    runs: 4\n    write:");
    let scenario = Scenario::from_str("-", &text).expect("a scenario").remove(0);
    let world = crate::check::world(&Arc::new(scenario)).expect("a world");
    let timing = |rate_limit| Timing {
        cache_lag: Distribution::Constant(0),
        rate_limit,
        workers: vec![constant(0, 2 * MS); 2],
    };
    // Sixteen requests: ten at once, then one every 200 ms.
    let limited = timed(&world, timing(Some(RateLimit::CLIENT_GO))).1;
    let waited = limited.iter().filter(|times| times.sent > times.due).count();
    assert_eq!((limited.len(), waited), (16, 6));
    assert!(limited[15].sent > 1100 * MS);
    let free = timed(&world, timing(None)).1;
    assert!(free.iter().all(|times| times.sent == times.due));
}

#[test]
fn a_period_runs_from_the_beginning_of_a_reconcile() {
    let text = include_str!("../../../scenarios/status-race.yaml");
    let text = text.replace("    write:", "    runs: 3\n    write:");
    let scenario = Scenario::from_str("-", &text).expect("a scenario").remove(0);
    let world = crate::check::world(&Arc::new(scenario)).expect("a world");
    let every = |period| WorkerTiming {
        period: Some(Distribution::Constant(period)),
        ..constant(0, 2 * MS)
    };
    let timing = Timing {
        cache_lag: Distribution::Constant(0),
        rate_limit: None,
        workers: vec![every(100 * MS), every(3 * MS)],
    };
    let (choices, times, _) = timed(&world, timing);
    let due = |worker| {
        let steps = choices.iter().zip(&times).filter(|(c, _)| **c == Choice::Worker(worker));
        steps.step_by(2).map(|(_, times)| times.due / MS).collect::<Vec<_>>()
    };
    // A reconcile takes 5 ms: the second worker is always late, and never idle.
    assert_eq!((due(0), due(1)), (vec![0, 100, 200], vec![0, 5, 10]));
}
