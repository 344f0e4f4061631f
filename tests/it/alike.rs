//! Which workers the search takes for alike: different values cost as little as equal ones, where
//! nothing looks at them but to compare them.

use std::fmt::Write as _;

use lostwrite::check;
use lostwrite::schedulers::exhaustive::Limits;
use lostwrite::simulation::World;

use crate::exhaustive::scenario;
use crate::scale::{searched, text_of, without_notes};

/// Workers that each set the fields, with `%` for the worker's own letter.
fn workers_with(workers: u8, sets: &str, write: &str, more: &str) -> World {
    let mut text = text_of(&[], &[], &["no-lost-write", "serializable"]);
    let at = text.find("properties:").expect("it is there");
    let mut list = String::new();
    for letter in (b'a'..).take(workers.into()).map(char::from) {
        let sets = sets.replace('%', &letter.to_string());
        let _ = writeln!(
            list,
            "  - {{name: {letter}, object: Widget/default/widget, write: {write}, \
             sets: {{{sets}}}}}"
        );
    }
    text.insert_str(at, &format!("{list}{more}"));
    let scenario = scenario(&text).expect("it is valid");
    without_notes(check::world(&scenario).expect("nothing is refused"), 2)
}

fn states(world: &World) -> (usize, usize) {
    let symmetric = searched(world, Limits { symmetry: true, ..Limits::default() });
    (symmetric.graph.states(), symmetric.symmetric.len())
}

#[test]
fn different_values_cost_no_more_than_equal_ones() {
    for write in ["update-retry", "merge-patch-locked", "merge-patch"] {
        let of = |sets: &str| states(&workers_with(4, sets, write, ""));
        let entry = "'status.conditions[type=%]': { status: 'True', reason: ";
        assert_eq!(of(&format!("{entry}R% }}")), of(&format!("{entry}R }}")), "{write}");
        let text = "'metadata.annotations.%': ";
        assert_eq!(of(&format!("{text}v%")), of(&format!("{text}v")), "{write}");
        // Also where all write one field.
        assert_eq!(of("status.phase: P%").1, 1, "{write}");
    }
}

#[test]
fn values_that_somebody_looks_at_are_not_exchanged() {
    let of = |sets: &str, more: &str| states(&workers_with(2, sets, "update", more)).1;
    let reader = |rest: &str| {
        format!("  - {{name: z, object: Widget/default/widget, write: update, {rest}}}\n")
    };
    assert_eq!(of("status.phase: P%", ""), 1);
    let copied = "sets: {'metadata.annotations.z': { $read: status.phase }}";
    assert_eq!(of("status.phase: P%", &reader(copied)), 0);
    let guarded = "when: {status.phase: Pa}, sets: {status.ready: true}";
    assert_eq!(of("status.phase: P%", &reader(guarded)), 0);
    let compared = "sets: {status.ready: true}, validate: {status.phase: { $ne: Pa }}";
    assert_eq!(of("status.phase: P%", &reader(compared)), 0, "a setter looks at it");
    let written = "runs: 2, sets: {status.phase: Pa}";
    assert_eq!(of("status.phase: P%", &reader(written)), 0);
    // An empty value is nothing to some, and the server takes only some values of an enumeration.
    let named = |values: &[&str]| {
        let lines = values.iter().enumerate().map(|(at, sets)| {
            let sets = format!("name: w{at}, object: Widget/default/widget, sets: {{{sets}}}");
            format!("  - {{{sets}, write: update}}\n")
        });
        states(&workers_with(0, "", "update", &lines.collect::<String>())).1
    };
    assert_eq!(named(&["status.phase: A", "status.phase: B"]), 1);
    assert_eq!(named(&["status.phase: A", "status.phase: \"\""]), 0);
    assert_eq!(named(&["status.vcpus: 1", "status.vcpus: 2"]), 1);
    assert_eq!(named(&["status.vcpus: 1", "status.vcpus: 0"]), 0);
    assert_eq!(named(&["spec.replicas: 3", "spec.replicas: 2"]), 1);
    assert_eq!(named(&["spec.replicas: 3", "spec.replicas: 1"]), 0, "1 is there at the start");
    let condition = |status: &str| format!("'status.conditions[type=A]': {{ status: '{status}' }}");
    assert_eq!(named(&[&condition("True"), &condition("False")]), 1);
}

/// A setter refuses a stale object by what stands in it, whatever its version.
#[test]
fn a_setter_looks_into_a_stale_object() {
    let object = "object: Widget/default/widget";
    let workers = format!(
        "  - {{name: a, {object}, read: cache, write: update, sets: {{status.ready: true}}, \
         validate: {{status.restarts: {{ $lte: 0 }}}}}}\n  \
         - {{name: b, {object}, write: merge-patch, sets: {{status.restarts: 5}}}}\n  \
         - {{name: c, {object}, write: merge-patch, sets: {{status.restarts: 0}}}}\n"
    );
    let world = workers_with(0, "", "update", &workers);
    let counted = |canonical: bool| {
        let explored = searched(&world, Limits { canonical, ..Limits::default() });
        format!("{:?}", explored.counts(100).expect("it was covered"))
    };
    assert_eq!(counted(true), counted(false));
}
