//! The long form of a reconcile: its counts are exact.

use std::fmt::Write as _;

use lostwrite::check::{self, Options, Verdict};
use lostwrite::properties;
use lostwrite::schedulers::Count;
use lostwrite::simulation::Choice;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::exhaustive::{agrees, scenario, small_world};

/// One step of a random program: the steps that it may need before it, and itself.
const STEPS: [&str; 25] = [
    "- get: ConfigMap/demo",
    "- cache: ConfigMap/demo",
    "- get: ConfigMap/other",
    "- list: { kind: Secret, labels: { of: demo }, as: all }",
    "- list: { kind: Secret, labels: { of: demo }, as: all, from: cache }",
    "- when: { ConfigMap/demo.data.a: null }",
    "- when: { ConfigMap/demo.data.b: { $ne: \"1\" } }\n        else: [{ effect: told }]",
    "- write: merge-patch\n        object: ConfigMap/demo\n        sets: { data.W: \"1\" }",
    "- write: update\n        object: ConfigMap/demo\n        sets: { data.a: W }",
    "- write: update-retry\n        object: ConfigMap/demo\n        sets: { data.b: W }",
    "- write: merge-patch-locked\n        object: ConfigMap/demo\n        \
     sets: { data.c: { $read: ConfigMap/other.data.x } }",
    "- write: update-restamp\n        object: ConfigMap/demo\n        sets: { data.W: \"2\" }",
    "- write: merge-patch-literal\n        object: ConfigMap/demo\n        sets: { data.b: W }",
    "- write: merge-patch-restamp\n        object: ConfigMap/demo\n        sets: { data.b: W, \
     data.W: \"3\" }",
    "- write: update-restamp\n        restamp: before\n        object: ConfigMap/demo\n        \
     omit: [data.b]\n        sets: { data.W: \"4\" }",
    "- write: strategic-merge-patch-locked\n        retryRead: none\n        object: \
     ConfigMap/demo\n        sets: { data.W: \"5\" }",
    "- create: { kind: Secret, name: s, labels: { of: demo }, onExists: next }",
    "- create: { kind: Secret, name: s, labels: { of: demo }, onExists: adopt, as: own }",
    "- delete: { each: all }",
    "- effect: called",
    "- { cache: ConfigMap/demo, freshness: read-your-writes }",
    "- { cache: ConfigMap/demo, freshness: synced, beforeSync: true }",
    "- list: { kind: Secret, labels: { of: demo }, as: all, from: cache, freshness: \
     read-your-writes }",
    "- cacheWrite: ConfigMap/demo\n        sets: { data.a: cached, data.W: copied }",
    "- cacheWrite: ConfigMap/demo",
];

/// A step that needs an object that no earlier step has read is left out.
fn program(steps: &[usize], letter: char) -> String {
    let mut text = String::new();
    let (mut demo, mut other, mut all, mut asks) = (false, false, false, false);
    for &step in steps {
        let line = STEPS[step];
        let needs_demo =
            ["- write", "- when", "- cacheWrite"].iter().any(|it| line.starts_with(it));
        let needs_other = line.contains("$read: ConfigMap/other");
        let needs_all = line.contains("each: all");
        if needs_demo && !demo || needs_other && !other || needs_all && !all {
            continue;
        }
        demo |= line.ends_with(": ConfigMap/demo") || line.contains("{ cache: ConfigMap/demo");
        other |= line.ends_with(": ConfigMap/other");
        all |= line.contains("as: all");
        asks = true;
        let _ = writeln!(text, "      {}", line.replace('W', &letter.to_string()));
    }
    if !asks || text.trim_end().ends_with('}') && text.lines().last().unwrap().contains("- when") {
        text.push_str("      - effect: last\n");
    }
    text
}

fn random_program() -> impl Strategy<Value = String> {
    let worker = (
        prop::collection::vec(0..STEPS.len(), 1..5),
        prop::sample::select(vec!["drop", "next", "requeue"]),
        any::<bool>(),
    );
    (prop::collection::vec(worker, 1..4), prop::bool::weighted(0.1)).prop_map(
        |(workers, crashes)| {
            let mut text = String::from(
                "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {name: random}\n\
                 objects:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: demo}, data: {b: \
                 \"0\"}}\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: other}, data: {x: \
                 \"7\"}}\nworkers:\n",
            );
            for (at, (steps, on_error, together)) in workers.iter().enumerate() {
                let letter = char::from(b'p' + at as u8);
                let steps = program(steps, letter);
                let _ = write!(
                    text,
                    "  - name: {letter}\n    attempts: 2\n    onError: {on_error}\n    \
                     steps:\n{steps}"
                );
                if *together {
                    text.push_str("    process: shared\n");
                }
            }
            if crashes {
                text.push_str("faults: { crashes: 1 }\n");
            }
            let all: Vec<&str> = properties::all().iter().map(|entry| entry.name).collect();
            // Names that the server generates depend on the order, so serial orders are not asked.
            let asked = all.iter().filter(|name| **name != "serializable");
            let asked: Vec<&str> = asked.copied().collect();
            let _ = writeln!(text, "properties: [{}]", asked.join(", "));
            text
        },
    )
}

/// The minimum of random programs that are compared.
const CASES: u32 = 500;

#[test]
fn counts_of_random_programs_equal_those_of_brute_force() {
    let config = ProptestConfig {
        cases: CASES,
        max_global_rejects: 20_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let compared = std::cell::Cell::new(0_u32);
    let outcome = runner.run(&random_program(), |text| {
        let Some((scenario, world)) = small_world(&text) else {
            return Err(TestCaseError::reject("too large"));
        };
        compared.set(compared.get() + 1);
        agrees(&scenario, &world)
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(compared.get() >= CASES, "only {} programs were compared", compared.get());
}

#[test]
fn random_programs_are_mostly_valid() {
    let strategy = random_program();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let texts = (0..50).map(|_| strategy.new_tree(&mut runner).expect("a tree").current());
    let valid = texts.filter(|text| scenario(text).is_some()).count();
    assert!(valid >= 45, "{valid} of 50");
}

/// Two issuers of one certificate each create a Secret and write its name; the cleanup of the one
/// deletes the Secret of the other.
const TWICE: &str = "
apiVersion: lostwrite.dev/v1alpha1
kind: Scenario
metadata: { name: twice }
objects:
  - { apiVersion: v1, kind: ConfigMap, metadata: { name: web } }
workers:
  - name: a
    steps: &steps
      - get: ConfigMap/web
      - when: { ConfigMap/web.data.key: null }
      - create: { kind: Secret, generateName: web-, labels: { cert: web }, as: key }
      - write: merge-patch
        object: ConfigMap/web
        sets: { data.key: { $read: key.metadata.name } }
      - list: { kind: Secret, labels: { cert: web }, as: secrets }
      - delete: { each: secrets, unless: { metadata.name: { $read: key.metadata.name } } }
  - name: b
    steps: *steps
";

#[test]
fn objects_that_were_not_there_are_created_listed_and_deleted() {
    let scenario = scenario(TWICE).expect("it is valid");
    let result = check::run(&scenario, &Options::default()).unwrap();
    let lost = result.property("no-lost-write").expect("judged");
    assert_eq!(lost.verdict, Verdict::Violated);
    let world = check::world(&scenario).unwrap();
    let mut ends = std::collections::BTreeSet::new();
    crate::exhaustive::every_schedule(&world, &mut Vec::new(), &mut |_, end| {
        let objects = end.ending().objects;
        let named = objects.iter().find(|(key, _)| key.name == "web").expect("the ConfigMap");
        let named = named.1["data"]["key"].as_str().map(str::to_owned);
        let there = named.is_some_and(|name| objects.keys().any(|key| key.name == name));
        ends.insert((there, objects.len() - 1));
    });
    // One Secret, and it is the one that is named; or the named one was deleted by the other.
    assert!(ends.contains(&(true, 1)) && ends.iter().any(|(there, _)| !there), "{ends:?}");
    assert!(result.exploration.schedules.as_ref().is_some_and(|count| *count > Count::from(1_u64)));
}

/// Each write of a run, and that of a run that is begun again, has all its tries.
#[test]
fn each_write_of_a_run_has_all_its_tries() {
    let ends_with = |on_error: &str, fields: [&str; 2], moves: &[usize]| {
        let write = |field| {
            format!(
                "[{{ get: ConfigMap/x }}, {{ write: update-retry, object: ConfigMap/x, \
                 sets: {{ data.{field}: p }} }}"
            )
        };
        let steps = fields.map(write).join(", ").replace("}, [", "}, ");
        let mut text = format!(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: tries }}\n\
             objects:\n- {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: x }} }}\nworkers:\n\
             - {{ name: a, attempts: 2, onError: {on_error}, steps: {steps}] }}\n"
        );
        for other in ["b", "c", "d"] {
            let write = "object: ConfigMap/x, write: merge-patch-literal";
            let _ = writeln!(text, "- {{ name: {other}, {write}, sets: {{ data.{other}: p }} }}");
        }
        let mut world = check::world(&scenario(&text).expect("it is valid")).expect("a world");
        for worker in moves {
            world.take(Choice::Worker(*worker));
        }
        let object = world.ending().objects.values().next().cloned().expect("the ConfigMap");
        fields.map(|field| object["data"][field] == "p")
    };
    // b and c read, then write between a read of a and its write. Each write of a is refused once.
    let both = [1, 2, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0];
    assert_eq!(ends_with("drop", ["one", "two"], &both), [true, true]);
    // The first is refused twice, the run begins again, and it is refused once more.
    let again = [1, 2, 3, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0, 0, 0];
    assert_eq!(ends_with("requeue", ["one", "two"], &again), [true, true]);
}
