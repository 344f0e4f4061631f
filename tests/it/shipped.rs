//! Every shipped scenario, explored exhaustively, is what it says it is.

use std::sync::Arc;

use lostwrite::check::{self, Expectation, Options, Verdict};
use lostwrite::scenario::Scenario;

#[test]
fn every_shipped_scenario_meets_its_expectation() {
    let mut wrong = Vec::new();
    for scenario in Scenario::all_builtin() {
        let scenario = Arc::new(scenario);
        let result = check::run(&scenario, &Options { advice: false, ..Options::default() })
            .unwrap_or_else(|e| panic!("{}:\n{e}", scenario.name));
        let judged = result.properties.iter().map(|p| {
            let class = p.witness.as_ref().map(|w| (w.class.as_str(), w.schedule.to_string()));
            let count = p.schedules.as_ref().map(ToString::to_string);
            format!("    {} {:?} {count:?} {class:?}", p.name, p.verdict)
        });
        let judged: Vec<String> = judged.collect();
        let schedules = result.exploration.schedules.as_ref().map(ToString::to_string);
        let report = format!("{} of {schedules:?}\n{}", scenario.name, judged.join("\n"));
        println!("{report}");
        let known = result.properties.iter().all(|p| p.verdict != Verdict::Unknown);
        if result.expectation != Expectation::Met || result.failed() || !known {
            wrong.push(report);
        }
    }
    assert!(wrong.is_empty(), "not as expected:\n{}", wrong.join("\n"));
}

#[test]
fn a_bound_on_states_gives_unknown_never_holds() {
    let scenario = Arc::new(Scenario::builtin("three-writers").expect("shipped"));
    let whole = check::run(&scenario, &Options { advice: false, ..Options::default() }).unwrap();
    let states = whole.exploration.states.expect("the exhaustive search counts states");
    for max_states in 1..states {
        let options = Options { advice: false, max_states: Some(max_states), ..Options::default() };
        let bounded = check::run(&scenario, &options).unwrap();
        // Final states need no expansion, so a bound a little below may still cover everything.
        for property in bounded.properties.iter().filter(|_| !bounded.exploration.complete) {
            // `raced` is about some schedule: one that was seen is enough.
            let seen = property.name == "raced" && property.verdict == Verdict::Holds;
            assert!(property.verdict != Verdict::Holds || seen, "{max_states}: {property:?}");
        }
    }
}

#[test]
fn a_retry_without_end_is_a_cycle_and_not_an_endless_search() {
    let shipped = Scenario::builtin("stale-cache").expect("shipped");
    let mut scenario =
        shipped.with_write("merge-patch-locked").expect("a custom resource takes it");
    for worker in &mut scenario.workers {
        worker.attempts = lostwrite::reconcilers::Attempts::Unlimited;
        worker.retry_read = Some(lostwrite::reconcilers::Reader::Cache);
    }
    let options = Options { advice: false, max_states: Some(10_000), ..Options::default() };
    let result = check::run(&Arc::new(scenario), &options).unwrap();
    assert!(result.exploration.complete && result.exploration.cyclic);
    let lost = result.property("no-lost-write").expect("judged");
    assert_eq!(lost.verdict, Verdict::Holds);
}
