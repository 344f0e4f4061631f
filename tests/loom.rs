//! loom over the shipped memory models: each broken twin breaks, each corrected one holds, and
//! how many executions that takes. Run with `cargo test --release --test loom`.

use lostwrite::getset::{Expected, Limits, MemoryVerdict, Touch, model, models};
use std::time::Duration;

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
    ("slice-header", 24, 3),
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
    assert_eq!(weak, ["two-fields-plain", "slice-header"], "the others need no weak memory");
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
