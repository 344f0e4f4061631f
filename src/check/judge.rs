//! What is judged, and whether it is as expected.
//!
//! A scenario's own properties come first; `converges` and `raced` are told as notes where it
//! does not ask for them. Next to read: `explore.rs`.

use super::verdict::{Expectation, PropertyResult, Verdict};
use crate::properties::{self, Entry};
use crate::scenario::{Expect, Scenario};

/// The properties to observe: the judged ones first, and how many these are.
pub(super) fn properties_of(scenario: &Scenario) -> (Vec<&'static Entry>, usize) {
    let own = |name: &String| scenario.invariants.iter().any(|own| own.name == name.as_str());
    let named = |name: &String| match own(name) {
        true => Some(properties::invariant_entry(name)),
        false => properties::named(name),
    };
    let mut observed: Vec<&Entry> = scenario.properties.iter().filter_map(named).collect();
    if observed.is_empty() {
        observed.extend(properties::named(properties::NO_LOST_WRITE));
    }
    let judged = observed.len();
    let noted =
        |entry: &&Entry| entry.noted && !scenario.properties.iter().any(|p| p == entry.name);
    observed.extend(properties::all().iter().filter(noted));
    (observed, judged)
}

/// What became of the scenario's expectation.
pub(crate) fn expectation(scenario: &Scenario, found: &[PropertyResult]) -> Expectation {
    let Expect::Verdicts(expected) = &scenario.expect else { return Expectation::None };
    let verdict = |name: &String| {
        found.iter().find(|p| p.name == name).map_or(Verdict::Unknown, |p| p.verdict)
    };
    let as_expected = |holds: bool| if holds { Verdict::Holds } else { Verdict::Violated };
    let mut all = Expectation::Met;
    for (name, holds) in expected {
        match verdict(name) {
            found if found == as_expected(*holds) => {}
            Verdict::Unknown => all = Expectation::Undecided,
            _ => return Expectation::Unmet,
        }
    }
    all
}
