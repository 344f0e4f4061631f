//! loom over the shipped memory models: each broken twin breaks, each corrected one holds, and
//! how many executions that takes; and over the shipped scenarios, beside the exhaustive search.
//! Run with `cargo test --release --test loom`.

use std::sync::Arc;
use std::time::Duration;

use lostwrite::check::{Bound, Options, Verdict, run};
use lostwrite::getset::{Expected, Limits, MemoryVerdict, Touch, model, models};
use lostwrite::scenario::Scenario;
use lostwrite::simulation::FaultBudget;

/// Name, executions, and how many of them go wrong. loom explores deterministically, so a change
/// of a number is a change of a model, or of loom.
const EXPLORED: &[(&str, u64, u64)] = &[
    ("get-then-set", 14, 9),
    ("update-under-lock", 4, 0),
    ("word", 364, 0),
    ("two-fields-plain", 8, 2),
    ("two-fields-atomic", 6, 0),
    ("string-header", 52, 26),
    ("string-pointer", 8, 0),
    ("slice-header", 30, 8),
    ("slice-mutex", 4, 0),
    ("mutex-per-field", 13, 5),
    ("atomic-per-field", 30, 13),
    ("one-mutex", 4, 0),
    ("atomic-and-plain", 10, 6),
    ("atomic-only", 4, 0),
    ("snapshot-plain-pointer", 6, 2),
    ("snapshot-pointer", 6, 0),
    ("snapshot-store", 12, 10),
    ("snapshot-swap", 7, 0),
    ("getter-pointer", 4, 2),
    ("getter-copy", 4, 0),
    ("lazy-flag", 7, 7),
    ("lazy-once", 8, 0),
    ("args-shared", 25, 15),
    ("args-per-call", 1, 0),
    ("informer-in-place", 1, 1),
    ("informer-deep-copy", 1, 0),
    ("shallow-copy", 1, 1),
    ("deep-copy", 1, 0),
    ("map-plain", 70, 28),
    ("map-mutex", 4, 0),
    ("rwmutex-rlock", 12, 10),
    ("rwmutex-lock", 5, 0),
];

fn explore(name: &str, limits: Limits) -> MemoryVerdict {
    model(name).expect("a model of that name").explore(limits)
}

#[test]
fn each_model_does_what_it_is_there_to_show() {
    let mut explored = Vec::new();
    for model in models() {
        let verdict = model.explore(Limits::default());
        let (executions, wrong) = (verdict.executions, verdict.wrong);
        println!("{:<24}{executions:>6} executions, {wrong} wrong", model.name);
        assert!(verdict.complete, "{}: {:?}", model.name, verdict.cut_off);
        let breaks = model.expected == Expected::Breaks;
        assert_eq!(verdict.anomaly.is_some(), breaks, "{}: {verdict:?}", model.name);
        assert_eq!(wrong > 0, breaks, "{}", model.name);
        explored.push((model.name, executions, wrong));
    }
    assert_eq!(explored, EXPLORED);
}

#[test]
fn the_same_model_gives_the_same_verdict_twice() {
    for model in models() {
        assert_eq!(model.explore(Limits::default()), model.explore(Limits::default()));
    }
}

/// An order to draw ends where it goes wrong, and an atomic access in it is never stale: Go's
/// atomics are sequentially consistent, and loom's may be weaker, so such an order would not be
/// one that Go allows.
#[test]
fn each_offending_order_is_one_that_go_allows() {
    let mut weak = Vec::new();
    for model in models() {
        let Some(anomaly) = model.explore(Limits::default()).anomaly else { continue };
        let last = anomaly.events.last().expect("an order has events");
        assert_eq!((last.touch, &last.value), (Touch::Wrong, &anomaly.what), "{}", model.name);
        for event in &anomaly.events {
            assert!(anomaly.goroutines.contains(&event.goroutine), "{event:?}");
            assert!(
                event.missed.is_none() || event.touch == Touch::Read,
                "{}: {event:?}",
                model.name
            );
        }
        if anomaly.needs_weak_memory() {
            weak.push(model.name);
        }
    }
    assert_eq!(weak, ["two-fields-plain"], "the others need no weak memory");
}

#[test]
fn a_limit_is_never_a_success() {
    let few = Limits { executions: Some(3), ..Limits::default() };
    let verdict = explore("one-mutex", few);
    assert_eq!((verdict.executions, verdict.complete), (3, false));
    assert_eq!(verdict.cut_off.as_deref(), Some("stopped after 3 executions"));
    assert_eq!(verdict.anomaly, None);

    let no_time = Limits { duration: Some(Duration::ZERO), ..Limits::default() };
    assert!(!explore("one-mutex", no_time).complete);

    let bounded = Limits { preemptions: Some(0), ..Limits::default() };
    let verdict = explore("string-header", bounded);
    assert!(!verdict.complete && verdict.executions < 52, "{verdict:?}");

    let shallow = Limits { branches: 3, ..Limits::default() };
    let verdict = explore("get-then-set", shallow);
    assert!(!verdict.complete, "{verdict:?}");
}

#[test]
fn names_are_unique_and_sentences_are_sentences() {
    for (at, model) in models().iter().enumerate() {
        assert!(models()[..at].iter().all(|other| other.name != model.name), "{}", model.name);
        assert!(model.sentence.ends_with('.') && !model.go.ends_with('.'), "{}", model.name);
    }
}

/// The table of `docs/memory.md` has one line for each model, with these numbers.
#[test]
fn the_documentation_says_the_same() {
    let doc = include_str!("../docs/memory.md");
    for (name, executions, wrong) in EXPLORED {
        let line = doc.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let line = line.unwrap_or_else(|| panic!("no line for {name}"));
        assert!(line.contains(&format!(" | {executions} | {wrong} | ")), "{line}");
    }
}

/// loom's executions of small scenarios: with two workers of two calls, six schedules in ten.
const SCENARIOS: &[(&str, u64)] = &[
    ("status-race", 10),
    ("status-race-crd", 10),
    ("conditions-list", 10),
    ("stale-cache", 168),
    ("shared-object", 91),
    ("three-writers", 539),
];

fn loom(preemption_bound: Option<usize>) -> Options {
    Options { scheduler: "loom".to_owned(), preemption_bound, ..Options::default() }
}

#[test]
fn the_scenarios_under_loom_are_as_the_exhaustive_search_says() {
    for scenario in Scenario::all_builtin() {
        let scenario = Arc::new(scenario);
        let bounded = Options { max_states: Some(300), ..Options::default() };
        let ours = run(&scenario, &bounded).expect("a shipped scenario can be run");
        let pinned = SCENARIOS.iter().find(|(name, _)| *name == scenario.name);
        let small = ours.exploration.complete && scenario.workers.len() <= 2;
        if scenario.faults != FaultBudget::default() || !(small || pinned.is_some()) {
            continue;
        }
        let theirs = run(&scenario, &loom(None)).expect("loom can run it");
        let executions = theirs.exploration.executions;
        println!("{:<24}{:>6} executions", scenario.name, executions.unwrap_or(0));
        assert!(theirs.exploration.complete, "{}", scenario.name);
        if let Some((name, expected)) = pinned {
            assert_eq!(executions, Some(*expected), "{name}");
        }
        assert_eq!(theirs.exploration.schedules, ours.exploration.schedules, "{}", scenario.name);
        for (a, b) in ours.properties.iter().zip(&theirs.properties) {
            let name = format!("{} {}", scenario.name, a.name);
            assert_eq!((a.verdict, &a.schedules), (b.verdict, &b.schedules), "{name}");
            assert_eq!(a.witness.is_some(), b.witness.is_some(), "{name}");
        }
    }
}

/// With a bound on preemptions nothing holds: a loss is found, or nothing is known.
#[test]
fn a_bound_on_preemptions_proves_nothing() {
    let scenario = Scenario::builtin("three-writers").unwrap();
    let safe = Arc::new(scenario.with_write("update-retry").unwrap());
    let result = run(&safe, &loom(Some(1))).unwrap();
    assert!(!result.exploration.complete);
    assert!(matches!(result.exploration.stopped_by, Some(Bound::Engine(_))));
    assert_eq!(result.properties[0].verdict, Verdict::Unknown);
    let result = run(&Arc::new(scenario), &loom(Some(1))).unwrap();
    assert_eq!(result.properties[0].verdict, Verdict::Violated);
}

#[test]
fn six_threads_are_refused_in_words() {
    let mut scenario = Scenario::builtin("three-writers").unwrap();
    for name in ["fourth", "fifth", "sixth"] {
        let mut worker = scenario.workers[0].clone();
        worker.name = name.to_owned();
        scenario.workers.push(worker);
    }
    let refused = run(&Arc::new(scenario), &loom(None)).unwrap_err();
    assert_eq!(refused.message, "`loom` cannot run this scenario");
    assert!(refused.notes[0].starts_with("loom has 5 threads, and 6 workers"), "{refused:?}");
}
