//! The museum: every act is what it says it is, and its page is current.

use std::sync::Arc;

use lostwrite::check::{self, CheckResult, Expectation, Options};
use lostwrite::report;
use lostwrite::scenario::{Expect, Scenario};

fn explored() -> Vec<(&'static str, Vec<CheckResult>)> {
    let check = |act: Scenario| {
        let name = act.name.clone();
        check::run(&Arc::new(act), &Options::default()).unwrap_or_else(|e| panic!("{name}:\n{e}"))
    };
    let exhibits = Scenario::museum().into_iter();
    exhibits.map(|(title, acts)| (title, acts.into_iter().map(check).collect())).collect()
}

#[test]
fn every_act_meets_its_expectation_and_the_page_is_current() {
    let exhibits = explored();
    let (mut acts, mut own) = (0, 0);
    for act in exhibits.iter().flat_map(|(_, acts)| acts) {
        let name = &act.scenario.name;
        assert_ne!(act.scenario.expect, Expect::Unstated, "{name} says what it expects");
        assert_eq!(act.expectation, Expectation::Met, "{name}");
        assert!(act.exploration.complete, "{name}");
        assert!(act.scenario.description.starts_with("Modelled after "), "{name}");
        acts += 1;
        own += usize::from(!act.scenario.invariants.is_empty());
    }
    assert!(acts >= 20 && own >= 5, "{acts} acts, {own} with invariants of their own");
    crate::generated::current("docs/museum.md", &report::museum(&exhibits));
}
