//! Verdicts of small scenarios, with exact counts: what a write meant is what counts, not how it
//! was spelled.
//!
//! Each group begins with a scenario that was once judged wrongly; its neighbours are of other
//! methods, kinds and paths. The counts are those of the judge in `brute_judge.rs` as well.

use std::sync::Arc;

use lostwrite::check::{self, Options};
use lostwrite::scenario::Scenario;
use lostwrite::simulation::World;
use lostwrite::trace::Event;

use super::brute_judge::loses;
use super::exhaustive::scenario;

const WIDGET: &str = "{apiVersion: demo.example.com/v1, kind: Widget, metadata: {name: demo, \
     namespace: default, labels: {l: \"1\"}, finalizers: [x.io/a]}, spec: {replicas: 1}, status: \
     {phase: Old, restarts: 0, conditions: [{type: Ready, status: \"False\"}]}}";

const NODE: &str = "{apiVersion: v1, kind: Node, metadata: {name: demo, labels: {l: \"1\"}}, \
     status: {capacity: {cpu: \"1\"}, conditions: [{type: Ready, status: \"False\", \
     lastHeartbeatTime: null, lastTransitionTime: null}]}}";

const CONFIG_MAP: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: demo, namespace: \
     default, finalizers: [x.io/a, y.io/b]}, data: {a: \"0\"}}";

const SECRET: &str = "{apiVersion: v1, kind: Secret, metadata: {name: demo, namespace: default}, \
     data: {user: dQ==, password: cA==}}";

const DEPLOYMENT: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: demo, \
     namespace: default}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: \
     {a: b}}, spec: {containers: [{name: a, image: b}]}}}}";

const GEAR: &str = "{apiVersion: gears.example.com/v1, kind: Gear, metadata: {name: demo, \
     namespace: default}, spec: {}}";

/// A kind with defaults, and lists without a list type.
const GEAR_CRD: &str = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, \
     metadata: {name: gears.gears.example.com}, spec: {group: gears.example.com, scope: \
     Namespaced, names: {plural: gears, singular: gear, kind: Gear, listKind: GearList}, versions: \
     [{name: v1, served: true, storage: true, subresources: {status: {}}, schema: \
     {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {mode: {type: \
     string, default: plain}, teeth: {type: integer}}}, status: {type: object, properties: {ratio: \
     {type: number}, at: {type: object, properties: {name: {type: string}, kind: {type: string, \
     default: Tooth}}}, ports: {type: array, items: {type: object, properties: {port: {type: \
     integer}, protocol: {type: string, default: TCP}}}}, parts: {type: array, items: {type: \
     object, properties: {name: {type: string}, state: {type: string}, note: {type: \
     string}}}}}}}}}}]}}";

fn text(object: &str, workers: &[&str], properties: &str) -> String {
    let crd = match object {
        WIDGET => "crds: [crds/widget.crd.yaml]\n".to_owned(),
        GEAR => format!("crds: [{GEAR_CRD}]\n"),
        _ => String::new(),
    };
    let names = ["alder", "birch", "cedar"];
    let workers = workers.iter().zip(names);
    let workers: String =
        workers.map(|(worker, name)| format!("  - {{ name: {name}, {worker} }}\n")).collect();
    format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: small}}\n\
         description: Made by a test.\n{crd}objects:\n  - {object}\nworkers:\n{workers}properties: \
         [{properties}]\n"
    )
}

/// In how many schedules, of how many, a property is violated.
fn count(text: &str, property: &str) -> String {
    let scenario = scenario(text).unwrap_or_else(|| panic!("not valid:\n{text}"));
    let result = check::run(&scenario, &Options::default()).expect("it runs");
    let found = result.property(property).and_then(|p| p.schedules.clone()).expect("counted");
    format!("{found} of {}", result.exploration.schedules.expect("counted"))
}

fn every_history(world: &World, events: &mut Vec<Event>, end: &mut dyn FnMut(&[Event], &World)) {
    let possible = world.choices();
    if possible.is_empty() {
        return end(events, world);
    }
    for choice in possible {
        let mut next = world.clone();
        events.push(next.take(choice));
        every_history(&next, events, end);
        events.pop();
    }
}

/// The same by the other judge.
fn by_brute_force(scenario: &Arc<Scenario>) -> String {
    let world = check::world(scenario).expect("it runs");
    let key = world.setting.objects[0].clone();
    let initial = world.server.object(&key).expect("it is seeded");
    let (mut lost, mut all) = (0, 0);
    every_history(&world, &mut Vec::new(), &mut |events, end| {
        let left = end.server.object(&key);
        lost += u32::from(loses(scenario, &initial, events, left.as_deref()));
        all += 1;
    });
    format!("{lost} of {all}")
}

/// Schedules that lose a write: by the search, and by the other judge if it knows the kind.
fn loses_in(expected: &str, object: &str, workers: &[&str]) {
    let text = text(object, workers, "no-lost-write");
    assert_eq!(count(&text, "no-lost-write"), expected, "{text}");
    if object != GEAR && object != DEPLOYMENT {
        assert_eq!(by_brute_force(&scenario(&text).expect("valid")), expected, "{text}");
    }
}

#[test]
fn a_path_into_an_entry_means_its_leaf_however_it_is_spelled() {
    let message = |method: &str| {
        format!("write: {method}, sets: {{ \"status.conditions[type=Ready].message\": hello }}")
    };
    let entry = |method: &str| {
        format!(
            "write: {method}, sets: {{ \"status.conditions[type=Ready]\": {{ status: \"True\" }} }}"
        )
    };
    let leaf = |method: &str| {
        format!("write: {method}, sets: {{ \"status.conditions[type=Ready].status\": \"True\" }}")
    };
    for (object, method, expected) in [
        (WIDGET, "merge-patch", "4 of 6"),
        (WIDGET, "update-restamp", "4 of 6"),
        (NODE, "update-unconditional", "4 of 6"),
        (NODE, "merge-patch", "4 of 6"),
        (WIDGET, "update-retry", "0 of 6"),
        (WIDGET, "json-patch", "0 of 6"),
    ] {
        loses_in(expected, object, &[&message(method), &entry(method)]);
        loses_in(expected, object, &[&message(method), &leaf(method)]);
    }
    // Nobody says how the list is keyed: its owners mean entries all the same.
    let part =
        |leaf: &str| format!("write: merge-patch, sets: {{ \"status.parts[name=a].{leaf}\": x }}");
    loses_in("4 of 6", GEAR, &[&part("state"), &part("note")]);
}

#[test]
fn a_literal_map_means_its_keys() {
    let whole = "write: update-unconditional, sets: { status.capacity: { cpu: \"2\" } }";
    let key = "write: update-unconditional, sets: { status.capacity.memory: 1Gi }";
    loses_in("5 of 6", NODE, &[key, whole]);
    let labels = |method: &str| {
        [
            format!("write: {method}, sets: {{ metadata.labels.m: \"7\" }}"),
            format!("write: {method}, sets: {{ metadata.labels: {{ l: \"1\", n: p }} }}"),
        ]
    };
    for (object, method, expected) in [
        (WIDGET, "update-retry", "3 of 6"),
        (NODE, "update-unconditional", "5 of 6"),
        (NODE, "update-retry", "3 of 6"),
        (WIDGET, "merge-patch", "1 of 6"),
        (WIDGET, "apply-force", "0 of 6"),
    ] {
        let [key, whole] = labels(method);
        loses_in(expected, object, &[&key, &whole]);
    }
    let secret = "write: update-retry, sets: { data: { user: dQ==, password: cA== } }";
    let keys = "write: merge-patch, sets: { data.host: aA==, data.uri: dXJp }";
    loses_in("3 of 6", SECRET, &[secret, keys]);
    // Who means the whole exactly means that the others' keys go, and they may put them back.
    let exact = "write: update-retry, sets: { data: { $exactly: { user: dQ== } } }";
    loses_in("0 of 6", SECRET, &[exact, keys]);
}

#[test]
fn a_removal_means_what_its_author_saw() {
    let cleaner = "write: merge-patch, sets: { metadata.finalizers: { $remove: true } }";
    let keeper = |method: &str| {
        format!("write: {method}, sets: {{ metadata.finalizers: {{ $append: z.io/keep }} }}")
    };
    loses_in("2 of 6", WIDGET, &[cleaner, &keeper("merge-patch-locked")]);
    loses_in("2 of 6", CONFIG_MAP, &[cleaner, &keeper("update-retry")]);
    let empty = "write: merge-patch, sets: { metadata.finalizers: [] }";
    loses_in("2 of 6", WIDGET, &[empty, &keeper("json-patch-tested")]);
    let data = "write: update-unconditional, sets: { data: { $remove: true } }";
    loses_in("4 of 6", CONFIG_MAP, &[data, "write: update-unconditional, sets: { data.n: x }"]);
    let item = "write: update-unconditional, sets: { metadata.finalizers: { $remove: x.io/a } }";
    loses_in("4 of 6", CONFIG_MAP, &[item, &keeper("update-unconditional")]);
    // An index means the entry that stood there: here the one that birch moves to another place.
    let second = "write: merge-patch, sets: { \"metadata.finalizers[1]\": { $remove: true } }";
    let first = "write: merge-patch-locked, sets: { metadata.finalizers: { $remove: x.io/a } }";
    loses_in("2 of 6", CONFIG_MAP, &[second, first]);
    // By index, or of one item, alone: nothing is lost.
    for path in ["metadata.finalizers: []", "\"metadata.finalizers[0]\": { $remove: true }"] {
        for method in ["update", "merge-patch", "json-patch", "json-patch-tested"] {
            loses_in("0 of 1", CONFIG_MAP, &[&format!("write: {method}, sets: {{ {path} }}")]);
        }
    }
}

#[test]
fn a_guard_is_a_read() {
    let claim = |method: &str, guard: &str, set: &str| {
        format!("write: {method}, when: {{ {guard} }}, sets: {{ {set} }}")
    };
    for (object, path, guard, method, expected) in [
        (WIDGET, "status.phase", "Old", "merge-patch", "4 of 6"),
        (WIDGET, "status.phase", "Old", "json-patch", "4 of 6"),
        (WIDGET, "status.phase", "Old", "update-restamp", "4 of 6"),
        (CONFIG_MAP, "data.owner", "null", "update-unconditional", "4 of 6"),
        (CONFIG_MAP, "data.owner", "null", "merge-patch", "4 of 6"),
        (NODE, "metadata.labels.owner", "null", "strategic-merge-patch", "4 of 6"),
        (WIDGET, "status.phase", "Old", "merge-patch-locked", "0 of 6"),
        (CONFIG_MAP, "data.owner", "null", "json-patch-tested", "0 of 6"),
    ] {
        let by = |me: &str| claim(method, &format!("{path}: {guard}"), &format!("{path}: {me}"));
        loses_in(expected, object, &[&by("alice"), &by("bob")]);
        // Two claims with the same value lose nothing.
        loses_in("0 of 6", object, &[&by("same"), &by("same")]);
        let text = text(object, &[&by("alice"), &by("bob")], "serializable");
        assert_eq!(count(&text, "serializable"), expected, "{text}");
    }
    // What was claimed is written together with the claim: the read of the one is for both.
    let both = |me: &str| {
        claim("merge-patch", "data.owner: null", &format!("data.owner: {me}, data.since: {me}"))
    };
    loses_in("4 of 6", CONFIG_MAP, &[&both("alice"), &both("bob")]);
    // A decision from a field that nobody else means together with this one is no lost update.
    let skew = [
        "write: merge-patch, when: { data.b: null }, sets: { data.c: x }",
        "write: merge-patch, when: { data.c: null }, sets: { data.b: x }",
    ];
    loses_in("0 of 6", CONFIG_MAP, &skew);
    let text = text(CONFIG_MAP, &skew, "serializable");
    assert_eq!(count(&text, "serializable"), "4 of 6");
}

#[test]
fn equal_is_equal_by_value() {
    for set in [
        "status.ratio: 1.0",
        "status.ratio: 1e3",
        "status.at: { name: a }",
        "status.ports: [{ port: 80 }]",
        "status.ports: { $append: { port: 80 } }",
        "status.at: { $exactly: { name: a } }",
        "status.parts: []",
    ] {
        for method in ["update-retry", "merge-patch", "json-patch", "apply-force"] {
            loses_in("0 of 1", GEAR, &[&format!("write: {method}, sets: {{ {set} }}")]);
        }
    }
    let strategy = "spec.strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 2 } }";
    let gitops = format!("write: update-retry, sets: {{ {strategy} }}");
    loses_in("0 of 6", DEPLOYMENT, &["write: merge-patch, sets: { spec.replicas: 3 }", &gitops]);
    for amount in ["1", "\"1000m\"", "\"1\""] {
        for method in ["update", "merge-patch", "strategic-merge-patch"] {
            let set = format!("write: {method}, sets: {{ status.capacity.cpu: {amount} }}");
            loses_in_by_search("0 of 1", NODE, &[&set]);
        }
    }
    // What comes back because the schema has a default for it was not brought about.
    let removed =
        |method: &str| format!("write: {method}, sets: {{ spec.mode: {{ $remove: true }} }}");
    for method in ["update", "merge-patch"] {
        loses_in("1 of 1", GEAR, &[&removed(method)]);
    }
    let replicas = "write: update, sets: { spec.replicas: { $remove: true } }";
    loses_in("1 of 1", DEPLOYMENT, &[replicas]);
}

/// Without the other judge, which does not know amounts.
fn loses_in_by_search(expected: &str, object: &str, workers: &[&str]) {
    let text = text(object, workers, "no-lost-write");
    assert_eq!(count(&text, "no-lost-write"), expected, "{text}");
}

#[test]
fn a_literal_list_means_its_entries() {
    let list = |method: &str, read: &str, name: &str| {
        format!(
            "write: {method}, read: {read}, sets: {{ status.conditions: [{{ type: {name}, status: \
             \"True\" }}] }}"
        )
    };
    let bare = "{apiVersion: v1, kind: Node, metadata: {name: demo}, spec: {}, status: {phase: \
                Pending}}";
    loses_in(
        "20 of 20",
        bare,
        &[&list("update-retry", "cache", "Alder"), &list("update-unconditional", "live", "Birch")],
    );
    let both = |method: &str| [list(method, "live", "Alder"), list(method, "live", "Birch")];
    for (object, method, expected) in [
        (WIDGET, "merge-patch", "6 of 6"),
        (WIDGET, "update-retry", "6 of 6"),
        (NODE, "update-unconditional", "6 of 6"),
    ] {
        let [alder, birch] = both(method);
        loses_in(expected, object, &[&alder, &birch]);
    }
}

#[test]
fn an_order_has_to_explain_what_each_run_changed_not_only_the_end() {
    // Both write the same end; but the second of an order would have changed nothing.
    let copy = "write: merge-patch, sets: { data.c: { $read: data.a }, data.a: \"1\" }";
    let text = text(CONFIG_MAP, &[copy, copy], "serializable");
    assert_eq!(count(&text, "serializable"), "4 of 6", "{text}");
}

#[test]
fn skipped_and_repaired_are_told() {
    let claim = |me: &str| {
        format!("write: merge-patch, when: {{ data.o: null }}, sets: {{ data.o: {me} }}")
    };
    let text = text(CONFIG_MAP, &[&claim("alice"), &claim("bob")], "no-lost-write");
    let result = check::run(&scenario(&text).expect("valid"), &Options::default()).expect("runs");
    let number = |n: &Option<lostwrite::schedulers::Count>| n.as_ref().map(ToString::to_string);
    assert_eq!(number(&result.costs.skipped).as_deref(), Some("2"));
    assert_eq!(number(&result.costs.repaired).as_deref(), Some("0"));
}
