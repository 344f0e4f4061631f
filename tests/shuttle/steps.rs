//! Reconciles of several steps: loom, shuttle and the machine's threads agree with the exhaustive
//! search. What they refuse is a worker that has to wait, or a fault.

use std::sync::Arc;

use lostwrite::check::{Options, Verdict, run};
use lostwrite::scenario::Scenario;
use lostwrite::simulation::FaultBudget;

use super::{check, found, replays, under};

/// What one worker does; `W` is its letter.
const PROGRAMS: [&str; 8] = [
    "[{get: ConfigMap/demo}, {write: update, object: ConfigMap/demo, sets: {data.W: p}}]",
    "[{get: ConfigMap/demo}, {write: update-restamp, object: ConfigMap/demo, sets: {data.n: W}}]",
    "[{get: ConfigMap/demo}, {when: {ConfigMap/demo.data.n: null}}, \
     {write: merge-patch, object: ConfigMap/demo, sets: {data.n: W}}, {effect: told}]",
    "[{get: ConfigMap/other}, {write: merge-patch-literal, object: ConfigMap/demo, \
     sets: {data.n: {$read: ConfigMap/other.data.x}}}, \
     {write: merge-patch-literal, object: ConfigMap/other, sets: {data.x: W}}]",
    "[{create: {kind: Secret, name: s, labels: {of: demo}, onExists: next}}, \
     {list: {kind: Secret, labels: {of: demo}, as: all}}, {delete: {each: all}}]",
    "[{create: {kind: Secret, name: s, labels: {of: demo}, onExists: adopt, as: own}}, \
     {write: merge-patch-literal, object: ConfigMap/demo, \
     sets: {data.n: {$read: own.metadata.name}}}]",
    "[{cache: ConfigMap/demo}, {write: update-unconditional, object: ConfigMap/demo, \
     sets: {data.W: p}}]",
    "[{effect: called}, {get: ConfigMap/demo}, {addFinalizer: example.com/W}]",
];

/// Two workers, each with one of the programs.
fn pair(one: usize, other: usize) -> Arc<Scenario> {
    let worker = |at: usize, letter: &str| {
        let steps = PROGRAMS[at].replace('W', letter);
        format!("- {{ name: {letter}, object: ConfigMap/demo, onError: drop, steps: {steps} }}\n")
    };
    let text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: steps }}\n\
         objects:\n\
         - {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: demo }} }}\n\
         - {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: other }}, data: {{ x: v }} }}\n\
         properties: [no-lost-write, converges]\nworkers:\n{}{}",
        worker(one, "a"),
        worker(other, "b")
    );
    match Scenario::from_str("-", &text) {
        Ok(mut scenarios) => Arc::new(scenarios.remove(0)),
        Err(mistakes) => panic!("{text}\n{mistakes:?}"),
    }
}

#[test]
fn thirty_scenarios_of_steps_are_the_same_under_each_engine() {
    let pairs = (0..PROGRAMS.len()).flat_map(|one| (0..=one).map(move |other| (one, other)));
    let (mut agreed, mut lost) = (0, 0);
    for (one, other) in pairs {
        let scenario = pair(one, other);
        let ours = check(&scenario, &Options::default());
        assert!(ours.exploration.complete);
        let name = format!("programs {one} and {other}");
        for engine in ["loom", "shuttle-calls"] {
            let theirs = check(&scenario, &under(engine, None, 0));
            assert!(theirs.exploration.complete, "{name}, {engine}");
            assert_eq!(found(&theirs), found(&ours), "{name}, {engine}");
            replays(&scenario, &theirs);
        }
        let theirs = check(&scenario, &under("threads", Some(20), 0));
        replays(&scenario, &theirs);
        for (a, b) in ours.properties.iter().zip(&theirs.properties) {
            let said = [a.verdict, Verdict::Unknown];
            assert!(said.contains(&b.verdict), "{name}, threads: {:?}, {:?}", b.verdict, a.verdict);
        }
        agreed += 1;
        lost += u32::from(ours.properties[0].verdict == Verdict::Violated);
    }
    assert!(agreed >= 30 && lost >= 5, "{agreed} agreed, {lost} lose a write");
}

/// Shipped scenarios that loom refuses although it has the threads for them.
#[test]
fn what_is_refused_has_to_wait_or_has_faults() {
    let mut refused = Vec::new();
    let acts = Scenario::museum().into_iter().flat_map(|(_, acts)| acts);
    for scenario in Scenario::all_builtin().into_iter().chain(acts).map(Arc::new) {
        let few = Options { runs: Some(1), ..under("loom", None, 0) };
        let Err(refusal) = run(&scenario, &few) else { continue };
        let why = refusal.notes.concat();
        let threads = why.contains("threads, and");
        let waits = why.contains("none of them waits");
        let faults = why.contains("fault") && scenario.faults != FaultBudget::default();
        assert!(threads || waits || faults, "{}: {refusal:?}", scenario.name);
        if waits {
            refused.push(scenario.name.clone());
        }
    }
    println!("a worker has to wait in {}: {}", refused.len(), refused.join(", "));
    assert!(!refused.is_empty());
}
