//! Which workers the search takes for alike: different values cost as little as equal ones, where
//! nothing looks at them but to compare them.

use std::fmt::Write as _;

use lostwrite::check;
use lostwrite::schedulers::exhaustive::Limits;
use lostwrite::simulation::World;

use crate::exhaustive::scenario;
use crate::scale::{searched, text_of, without_notes};
use crate::soundness::ruled::definition;

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

/// Rules cost only where they see what workers write.
#[test]
fn rules_that_see_no_difference_separate_no_workers() {
    let world = |sets: &str, rules: &[&str]| {
        let mut text = String::from(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: ruled}\n",
        );
        text.push_str(&definition(rules));
        text.push_str(
            "objects:\n  - {apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: w}, \
             status: {restarts: 0, phase: Old}}\nworkers:\n",
        );
        for letter in ["a", "b", "c"] {
            let sets = sets.replace('%', letter);
            let _ = writeln!(text, "  - {{name: {letter}, write: update-retry, sets: {{{sets}}}}}");
        }
        text.push_str("properties: [no-lost-write]\n");
        let scenario = scenario(&text).unwrap_or_else(|| panic!("it is valid:\n{text}"));
        without_notes(check::world(&scenario).expect("nothing is refused"), 1)
    };
    let bound = "ROOT: self.status.restarts < 100";
    let owners = "ROOT: !has(self.status.owners) || self.status.owners";
    let own = "ROOT: !has(self.status.owners) || !has(self.status.owners";
    let mine = "ROOT: !has(self.status.mine) || !has(self.status.mine";
    // How many of the three are exchanged.
    let rows = [
        ("status.restarts: {$add: 1}", bound, 3),
        ("status.phase: P%", bound, 3),
        ("status.phase: P%", "ROOT: self.status.phase != 'Pz'", 3),
        ("status.phase: P%", "ROOT: self.status.phase != 'Pb' || self.status.restarts < 9", 2),
        ("status.phase: P%", "ROOT: oldSelf.status.phase <= self.status.phase", 0),
        ("status.phase: P%", "ROOT: oldSelf.status.phase in ['Old', self.status.phase]", 3),
        ("status.phase: P%", "PHASE: self.size() < 5", 3),
        ("status.phase: P%", "PHASE: self.size() < 5 || self == oldSelf", 0),
        ("status.phase: P%", "ROOT: self.status.phase.size() < 5", 0),
        ("status.owners.%: v%", bound, 3),
        ("status.owners.%: v%", &format!("{owners}.size() < 9"), 3),
        ("status.owners.%: v%", &format!("{owners}.all(k, k != 'z')"), 0),
        ("status.owners.%: v%", &format!("{own}.a) || self.status.restarts < 9"), 2),
        ("status.owners.%: v%", &format!("{own}.z)"), 3),
        ("status.owners.%: v%", "ROOT: self.status != oldSelf.status", 3),
        ("status.mine.%: v", "ROOT: !has(self.status.mine) || self.status.restarts < 9", 3),
        ("status.mine.%: v", &format!("{mine}.a) || self.status.mine.a != 'x'"), 2),
        ("status.mine.%: v", &format!("{mine}.c) || self.status.mine.c.size() < 9"), 2),
    ];
    let entry = "'status.conditions[type=%]': {status: 'True', reason: R%}";
    let list = "ROOT: !has(self.status.conditions) || self.status.conditions";
    let entries = [
        (".all(c, c.status != 'Unknown')", 3),
        (".size() < 9", 3),
        (".filter(c, c.status == 'True').size() < 9", 3),
        (".all(c, c.type != 'Ready')", 3),
        (".exists_one(c, c.type == 'a') || self.status.restarts < 9", 2),
        (".map(c, c.type).size() < 9", 3),
        (".all(c, self.status.conditions.exists_one(d, d.type == c.type))", 3),
        (".all(c, self.status.conditions.exists_one(d, d.reason == c.reason))", 0),
        (".all(c, c.reason.matches('^R'))", 0),
        ("[0].status == 'True'", 3),
        ("[0].type == 'a' || self.status.restarts < 9", 2),
        (".size() > 0 || self.status == oldSelf.status", 3),
    ];
    let entries = entries.map(|(rule, exchanged)| (entry, format!("{list}{rule}"), exchanged));
    let rows = rows.map(|(sets, rule, exchanged)| (sets, rule.to_owned(), exchanged));
    for (sets, rule, exchanged) in rows.into_iter().chain(entries) {
        let found =
            searched(&world(sets, &[&rule]), Limits { symmetry: true, ..Limits::default() });
        let members: usize = found.symmetric.iter().map(Vec::len).sum();
        assert_eq!(members, exchanged, "{sets}, {rule}");
    }
    let counted = |rules: &[&str]| states(&world(entry, rules));
    let seen = counted(&["ROOT: self.status.restarts < 100", "ITEM: self.status == 'True'"]);
    assert_eq!(seen, counted(&[]), "the same states as without rules");
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
