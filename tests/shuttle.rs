//! shuttle over the shipped memory models: what an engine with sequential consistency finds of
//! what loom finds, and what it cannot. Run with `cargo test --release --test shuttle`.

use lostwrite::getset::{Expected, Limits, models};

/// What goes wrong in an order that sequential consistency has.
const FOUND: &[&str] = &[
    "get-then-set",
    "string-header",
    "mutex-per-field",
    "atomic-per-field",
    "atomic-and-plain",
    "snapshot-store",
    "args-shared",
    "informer-in-place",
];

/// Wrong only where a read may miss a write that was made before it.
const NEEDS_WEAK_MEMORY: &[&str] = &["two-fields-plain", "slice-header"];

/// Wrong only as a data race, which shuttle does not look for.
const IS_A_RACE: &[&str] = &["snapshot-plain-pointer", "getter-pointer", "lazy-flag"];

#[test]
fn loom_finds_more_than_shuttle_and_never_less() {
    let mut found = Vec::new();
    let mut missed = Vec::new();
    for model in models() {
        let verdict = model.explore_in_order(Limits::default());
        println!("{:<24}{:>6} executions, {} wrong", model.name, verdict.executions, verdict.wrong);
        assert!(verdict.complete, "{}: {:?}", model.name, verdict.cut_off);
        match (verdict.anomaly, model.expected) {
            (Some(anomaly), Expected::Breaks) => {
                assert!(!anomaly.needs_weak_memory(), "{}", model.name);
                found.push(model.name);
            }
            (None, Expected::Breaks) => missed.push(model.name),
            (anomaly, Expected::Holds) => assert_eq!(anomaly, None, "{}", model.name),
        }
    }
    assert_eq!(found, FOUND);
    let mut expected = [NEEDS_WEAK_MEMORY, IS_A_RACE].concat();
    expected.sort_unstable();
    missed.sort_unstable();
    assert_eq!(missed, expected);
}

/// loom says the same of why they are missed.
#[test]
fn what_shuttle_misses_is_a_stale_read_or_a_race() {
    for model in models() {
        let Some(anomaly) = model.explore(Limits::default()).anomaly else { continue };
        assert_eq!(
            anomaly.needs_weak_memory(),
            NEEDS_WEAK_MEMORY.contains(&model.name),
            "{}",
            model.name
        );
        if IS_A_RACE.contains(&model.name) {
            assert!(anomaly.what.starts_with("a data race"), "{}: {}", model.name, anomaly.what);
        }
    }
}
