//! Write methods and the keys about them: what each sends, and how often that loses a write.

use std::sync::Arc;

use lostwrite::check::{self, Options};
use lostwrite::scenario::{Mistakes, Scenario};
use lostwrite::trace::Action;
use serde_json::{Value, json};

const NODE: &str = "{ apiVersion: v1, kind: Node, metadata: { name: n1, labels: { own: 'yes' } }, \
                    status: { phase: Old, conditions: [{ type: A, status: 'True' }] } }";

/// A scenario about a Node, with these workers.
fn about_a_node(workers: &[&str]) -> Result<Arc<Scenario>, Mistakes> {
    let listed = workers.iter().enumerate().map(|(at, worker)| {
        let name = char::from(b'a' + at as u8);
        format!("  - {{ name: {name}, {worker} }}\n")
    });
    let text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: m }}\n\
         properties: [no-lost-write, converges]\nobjects:\n  - {NODE}\nworkers:\n{}",
        listed.collect::<String>()
    );
    Scenario::from_str("-", &text).map(|mut all| Arc::new(all.remove(0)))
}

fn node(workers: &[&str]) -> Arc<Scenario> {
    about_a_node(workers).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// `2 of 6, 0 give up`: schedules that lose a write, all of them, and those in which a worker gives
/// up.
fn counts(workers: &[&str]) -> String {
    let options = Options { advice: false, ..Options::default() };
    let result = check::run(&node(workers), &options).expect("it can be run");
    let of = |name: &str| {
        let property = result.property(name).expect("judged");
        property.schedules.as_ref().expect("counted").to_string()
    };
    let all = result.exploration.schedules.as_ref().expect("counted");
    format!("{} of {all}, {} give up", of("no-lost-write"), of("converges"))
}

/// The bodies that a worker alone sends, and how they are answered.
fn sent(workers: &[&str], schedule: &str) -> Vec<(Value, u16)> {
    let replayed = check::replay(&node(workers), schedule).expect("it fits");
    let events = replayed.trace.events.iter();
    let write = |event: &lostwrite::trace::Event| match &event.action {
        Action::Write { sent, .. } => Some(((**sent).clone(), event.code?)),
        _ => None,
    };
    events.filter_map(write).collect()
}

#[test]
fn a_literal_merge_patch_is_exactly_what_is_set() {
    let alone = |sets: &str| {
        let worker = format!("write: merge-patch-literal, sets: {{ {sets} }}");
        sent(&[&worker], "a a").remove(0).0
    };
    // Also what is so already, which a difference would omit.
    assert_eq!(alone("status.phase: Old"), json!({"status": {"phase": "Old"}}));
    assert_eq!(alone("status.phase: { $remove: true }"), json!({"status": {"phase": null}}));
    let one = json!({"status": {"conditions": [{"type": "B", "status": "True"}]}});
    assert_eq!(alone("'status.conditions[type=B].status': 'True'"), one);
    assert_eq!(
        alone("'status.conditions[type=A]': { $remove: true }"),
        json!({"status": {"conditions": []}})
    );
    assert_eq!(
        alone("metadata.labels.own: { $remove: true }, metadata.labels.more: 'no'"),
        json!({"metadata": {"labels": {"own": null, "more": "no"}}})
    );
}

#[test]
fn a_restamp_before_the_first_put_loses_more_schedules_and_hardly_meets_a_conflict() {
    let worker =
        |field: &str, more: &str| format!("write: update-restamp, sets: {{ {field}: x }}{more}");
    let both = |more: &str| {
        let (a, b) = (worker("status.phase", more), worker("status.nodeInfo.machineID", more));
        counts(&[&a, &b])
    };
    assert_eq!(both(""), "4 of 6, 0 give up");
    // Counted by a program of its own: read, GET, PUT; on a conflict GET and PUT again.
    assert_eq!(both(", restamp: before"), "18 of 20, 0 give up");
    assert_eq!(both(", restamp: conflict"), "4 of 6, 0 give up");
}

#[test]
fn the_same_body_again_is_refused_each_time() {
    let tester = "write: json-patch-tested, sets: { status.phase: New }, retryRead: none, \
                  attempts: 3";
    let other = "write: update-retry, sets: { status.nodeInfo.machineID: x }, attempts: 9";
    assert_eq!(counts(&[tester, other]), "0 of 6, 2 give up");
    let refused = sent(&[tester, other], "a b b a a a");
    let codes: Vec<u16> = refused.iter().map(|(_, code)| *code).collect();
    assert_eq!(codes, [200, 422, 422, 422]);
    assert!(refused[1].0 == refused[2].0 && refused[2].0 == refused[3].0);
}

#[test]
fn a_field_that_a_put_leaves_out_goes_without_being_meant_to() {
    let owner = "write: merge-patch, sets: { status.phase: New }";
    let old = "write: update-retry, sets: { status.nodeInfo.machineID: x }, omit: [status.phase]";
    // Lost wherever the PUT comes last: a fresh version does not help.
    assert_eq!(counts(&[owner, old]), "3 of 6, 0 give up");
    let body = sent(&[old], "a a").remove(0).0;
    assert_eq!(body["status"]["phase"], Value::Null);
    assert_eq!(body["status"]["nodeInfo"]["machineID"], "x");
}

#[test]
fn an_increment_by_a_strategic_merge_patch_needs_the_version() {
    let port = "sets: { status.daemonEndpoints.kubeletEndpoint.Port: { $add: 1 } }";
    let both = |method: &str| {
        let worker = format!("write: {method}, {port}");
        counts(&[&worker, &worker])
    };
    assert_eq!(both("strategic-merge-patch"), "4 of 6, 0 give up");
    assert_eq!(both("strategic-merge-patch-locked"), "0 of 6, 0 give up");
    assert_eq!(both("merge-patch-restamp"), "4 of 6, 0 give up");
}
