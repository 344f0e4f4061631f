//! Which workers the search takes for alike: different values cost as little as equal ones, where
//! nothing looks at them but to compare them.

use std::fmt::Write as _;

use lostwrite::check;
use lostwrite::schedulers::exhaustive::{Explored, Limits, explore};
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

/// A ConfigMap with workers, each a line of the file; who is exchanged, class by class.
fn classes(object: &str, workers: &[String]) -> Vec<Vec<usize>> {
    searched(&map_with(object, workers), Limits { symmetry: true, ..Limits::default() }).symmetric
}

fn map_with(object: &str, workers: &[String]) -> World {
    let text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: map}}\n\
         objects: [{{apiVersion: v1, kind: ConfigMap, metadata: {{name: x{object}}}}}]\n\
         workers:\n{}properties: [no-lost-write, serializable]\n",
        workers.iter().map(|worker| format!("  - {{{worker}}}\n")).collect::<String>()
    );
    let scenario = scenario(&text).unwrap_or_else(|| panic!("it is valid:\n{text}"));
    without_notes(check::world(&scenario).expect("nothing is refused"), 2)
}

fn each(letters: &str, worker: &str) -> Vec<String> {
    let named =
        |letter: char| format!("name: {letter}, {}", worker.replace('%', &letter.to_string()));
    letters.chars().map(named).collect()
}

/// Each worker has read nothing, has read, or has applied, and its field is there if it has: with
/// field managers that are exchanged, only how many there are of each matters.
#[test]
fn workers_that_apply_fields_of_their_own_are_explored_up_to_permutation() {
    for write in ["apply", "apply-force"] {
        for count in 2..=6_usize {
            let letters = &"abcdef"[..count];
            let world =
                map_with("", &each(letters, &format!("write: {write}, sets: {{data.%: v%}}")));
            let plain = searched(&world, Limits::default());
            assert_eq!(plain.graph.states(), 3_usize.pow(count as u32), "{write}");
            let found = searched(&world, Limits { symmetry: true, ..Limits::default() });
            assert_eq!(found.graph.states(), (count + 1) * (count + 2) / 2, "{write}");
            let said = |explored: &Explored| {
                let odds = explored.odds(0, 100).map(|odds| (odds.exact, odds.decided));
                (format!("{:?}", explored.counts(100)), odds, explored.shortest_of_all())
            };
            assert_eq!(said(&found), said(&plain), "{write}");
        }
    }
}

#[test]
fn field_managers_that_something_tells_apart_are_not_exchanged() {
    let apply = "write: apply, sets: {data.%: p}";
    let three = vec![vec![0, 1, 2]];
    let none = Vec::<Vec<usize>>::new();
    let with = |more: &[&str]| {
        let mut workers = each("abc", apply);
        workers.extend(more.iter().map(|&worker| worker.to_owned()));
        classes("", &workers)
    };
    assert_eq!(with(&[]), three);
    assert_eq!(with(&["name: z, write: update, sets: {data.z: p}"]), three);
    // A fourth worker with the manager of the first.
    let borrowed = "name: z, write: update, fieldManager: a, sets: {data.z: p}";
    assert_eq!(with(&[borrowed]), [vec![1, 2]]);
    // All with one manager, which stays where it is.
    let one = each("abc", "write: apply, fieldManager: one, sets: {data.%: p}");
    assert_eq!(classes("", &one), three);
    // A manager that owns something at the start.
    let seen = ", managedFields: [{manager: a, operation: Apply, apiVersion: v1, fieldsType: \
                FieldsV1, fieldsV1: {'f:data': {'f:z': {}}}}]}, data: {z: p";
    assert_eq!(classes(seen, &each("abc", apply)), [vec![1, 2]]);
    // A name that the server itself gives to managers.
    for name in ["before-first-apply", "ancient-changes", "unknown"] {
        let mut workers = each("ab", apply);
        workers.push(format!("name: c, fieldManager: {name}, write: apply, sets: {{data.c: p}}"));
        assert_eq!(classes("", &workers), [vec![0, 1]], "{name}");
    }
    // Fields that `managedFields` name by other keys than the path.
    let ports =
        "  - {name: %, object: Service/s, write: apply, sets: {'spec.ports[name=%].port': 80}}\n";
    let ports: String = ["a", "b"].iter().map(|letter| ports.replace('%', letter)).collect();
    let text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: ports}}\nobjects: \
         [{{apiVersion: v1, kind: Service, metadata: {{name: s}}, spec: {{ports: [{{name: a, port: \
         81}}, {{name: b, port: 81, protocol: UDP}}]}}}}]\nworkers:\n{ports}properties: \
         [no-lost-write]\nexpect: rejected\n"
    );
    let world = check::world(&scenario(&text).expect("it is valid")).expect("nothing is refused");
    let found = searched(&world, Limits { symmetry: true, ..Limits::default() });
    assert_eq!(found.symmetric, none);
}

/// The server keeps ten updaters of an object, and merges the oldest of more: of one age, by name.
#[test]
fn where_the_server_may_merge_updaters_no_managers_are_exchanged() {
    let mut members = Vec::new();
    for updaters in 7..=9 {
        let letters = &"bcdefghij"[..updaters];
        let mut workers = each(letters, "write: update, attempts: 1, sets: {data.%: p}");
        workers.push("name: a, write: apply, sets: {data.a: p}".to_owned());
        let world = map_with("", &workers);
        // Whether anybody is exchanged is known before the first step.
        let limits = Limits { symmetry: true, max_states: 1, ..Limits::default() };
        let found = explore(&world, limits, &mut |_| None).symmetric;
        members.push(found.iter().map(Vec::len).sum::<usize>());
    }
    assert_eq!(members, [7, 8, 0]);
}

/// A retry without limit is no reason to tell workers apart, nor is a livelock of several.
#[test]
fn workers_that_retry_without_limit_are_exchanged() {
    let of = |write: &str, attempts: &str| {
        let worker = format!("write: {write}, attempts: {attempts}, sets: {{data.%: v%}}");
        map_with("", &each("abcd", &worker))
    };
    let symmetric = |world: &World| searched(world, Limits { symmetry: true, ..Limits::default() });
    let (limited, unlimited) = (of("update-retry", "5"), of("update-retry", "unlimited"));
    let size = symmetric(&limited).graph.states();
    assert_eq!(symmetric(&unlimited).graph.states(), size, "four workers meet three conflicts");
    assert!(symmetric(&unlimited).livelock().is_none());
    // The same stale body again and again: no schedule in which two have read at first ends well.
    let stuck = of("update-retry", "unlimited, retryRead: none");
    let (found, plain) = (symmetric(&stuck), searched(&stuck, Limits::default()));
    assert_eq!(found.symmetric, [vec![0, 1, 2, 3]]);
    assert!(4 * found.graph.states() < plain.graph.states());
    assert!(found.livelock().is_some() && plain.livelock().is_some());
    let told = |explored: &Explored| format!("{:?}", explored.counts(30));
    assert_eq!(told(&found), told(&plain));
}

/// What stands in a cache that no worker will look into tells no states apart; how many events are
/// on their way to it does.
#[test]
fn a_cache_that_no_worker_looks_into_is_forgotten() {
    let world = |write: &str| {
        let mut workers = each("a", &format!("read: cache, write: {write}, sets: {{data.%: p}}"));
        workers.extend(each("bc", "write: merge-patch, runs: 2, sets: {data.n: v%, data.%: p}"));
        map_with("", &workers)
    };
    for write in ["merge-patch", "update-unconditional", "apply", "merge-patch-restamp"] {
        let world = world(write);
        let whole = searched(&world, Limits { unread: false, ..Limits::default() });
        let found = searched(&world, Limits::default());
        assert!(found.graph.states() < whole.graph.states(), "{write}");
        let said = |explored: &Explored| {
            let odds = explored.odds(0, 100).map(|odds| (odds.exact, odds.decided));
            (format!("{:?}", explored.counts(100)), odds, explored.shortest(0))
        };
        assert_eq!(said(&found), said(&whole), "{write}");
    }
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
