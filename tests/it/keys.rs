//! Every key of a worker means something with every write method, or the scenario is told that it
//! does not: each method is tried with each key, and what may happen must change, or a diagnostic
//! must point at the key.

use std::collections::BTreeSet;
use std::sync::Arc;

use lostwrite::check;
use lostwrite::reconcilers::methods::{self, Refusal};
use lostwrite::scenario::{Diagnostic, Mistakes, Scenario};
use lostwrite::schedulers::Count;
use lostwrite::schedulers::exhaustive::{Limits, explore};

/// The other worker applies: its writes make versions stale, and have owners recorded.
const OTHER: &str = "write: apply-force, runs: 2, sets: { \
     status.daemonEndpoints.kubeletEndpoint.Port: { $add: 1 } }";
/// Or it shares an object in memory, into which responses are decoded.
const SHARING: &str = "write: update-shared, sets: { status.capacity.cpu: '8' }";

/// Every key of a worker that is not needed, with a value that is not the default.
const KEYS: [(&str, &str); 13] = [
    ("read", "cache"),
    ("retryRead", "cache"),
    ("retryRead", "none"),
    ("restamp", "before"),
    ("omit", "[status.daemonEndpoints]"),
    ("attempts", "1"),
    ("attempts", "2"),
    ("runs", "2"),
    ("client", "unstructured"),
    ("subresource", "main"),
    ("when", "{ status.phase: Pending }"),
    ("knows", "[status.phase]"),
    ("fieldManager", "birch"),
];

fn read(write: &str, more: &str) -> Result<Arc<Scenario>, Vec<Diagnostic>> {
    let other = if more.contains("client") { SHARING } else { OTHER };
    let text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: keys }}\n\
         expect: {{ no-lost-write: violated }}\nobjects:\n  - {{ apiVersion: v1, kind: Node, \
         metadata: {{ name: n1 }}, status: {{ conditions: [{{ type: A, status: 'True' }}] }} }}\n\
         workers:\n  - {{ name: birch, process: p, {other} }}\n\
         \x20 - {{ name: alder, process: p, write: {write}, sets: {{ status.phase: Running, \
         'status.conditions[type=B].status': 'True' }}\n{more}    }}\n"
    );
    let read = Scenario::from_str("-", &text);
    read.map(|mut read| Arc::new(read.remove(0))).map_err(|mistakes| mistakes.0)
}

/// All that may happen: how many schedules there are and lose, how they end, and who owns what
/// after one.
fn outcome(scenario: &Arc<Scenario>) -> (Vec<String>, BTreeSet<String>, Vec<String>) {
    let mut world = check::world(scenario).expect("a world");
    let explored = explore(&world, Limits::default(), &mut |_| None);
    let counts = explored.counts(100).expect("complete");
    let schedules: Vec<String> =
        [&counts.schedules].into_iter().chain(&counts.decided).map(Count::to_string).collect();
    while let Some(choice) = world.choices().last().copied() {
        world.take(choice);
    }
    let objects = world.ending().objects;
    let owners = objects.values().map(|object| object["metadata"]["managedFields"].to_string());
    (schedules, explored.finals(), owners.collect())
}

#[test]
fn no_key_is_ignored_in_silence() {
    let mut silent = Vec::new();
    for method in methods::all() {
        for (key, value) in KEYS {
            if value == "1" && method.after_refusal() == Refusal::GiveUp {
                // One try is what it has.
                continue;
            }
            // The key again with its default, so that both are in the same world.
            let default = if key == "client" { ", client: typed" } else { "" };
            let plain = outcome(&read(method.name(), default).expect("valid"));
            let said = match read(method.name(), &format!("    , {key}: {value}\n")) {
                Err(mistakes) => mistakes,
                Ok(scenario) if outcome(&scenario) != plain => continue,
                Ok(scenario) => scenario.warnings.clone(),
            };
            // The key stands on a line of its own, which is shown only if it is pointed at.
            if !Mistakes(said).to_string().contains(&format!(", {key}: ")) {
                silent.push(format!("{} with `{key}: {value}`", method.name()));
            }
        }
    }
    assert!(silent.is_empty(), "ignored in silence: {silent:#?}");
}
