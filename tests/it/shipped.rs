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
