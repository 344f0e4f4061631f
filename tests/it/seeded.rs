//! Objects of a scenario are as a cluster would have them, and clients send what client-go sends:
//! counts that were false while a Node stood there as it was written in the file.

use std::fmt::Write as _;
use std::sync::Arc;

use lostwrite::check::{self, Options, Replayed};
use lostwrite::scenario::Scenario;

/// What an API server writes into the status of every Node.
const SERVER_OWN: &str = "daemonEndpoints: { kubeletEndpoint: { Port: 0 } }, \
     nodeInfo: { machineID: '', systemUUID: '', bootID: '', kernelVersion: '', osImage: '', \
     containerRuntimeVersion: '', kubeletVersion: '', \
     kubeProxyVersion: '', operatingSystem: '', architecture: '' }";

fn scenario(object: &str, workers: &[&str], more: &str) -> Arc<Scenario> {
    let mut text = format!(
        "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: seeded }}\n\
         objects:\n  - {object}\n{more}\nproperties: [no-lost-write, converges]\nworkers:\n"
    );
    for (name, worker) in ["alder", "birch"].iter().zip(workers) {
        let _ = writeln!(text, "  - {{ name: {name}, {worker} }}");
    }
    let mut read = Scenario::from_str("-", &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    Arc::new(read.remove(0))
}

fn node(status: &str) -> String {
    format!("{{ apiVersion: v1, kind: Node, metadata: {{ name: n1 }}, status: {{ {status} }} }}")
}

/// `violating of schedules` for both properties.
fn counts(scenario: &Arc<Scenario>) -> [String; 2] {
    let result = check::run(scenario, &Options::default()).expect("it runs");
    let all = result.exploration.schedules.clone().expect("counted");
    ["no-lost-write", "converges"].map(|name| {
        let violating = result.property(name).and_then(|p| p.schedules.as_ref());
        format!("{} of {all}", violating.expect("counted"))
    })
}

fn one_after_the_other(scenario: &Arc<Scenario>) -> Replayed {
    check::replay(scenario, "aabb").expect("it fits")
}

#[test]
fn a_node_counts_the_same_however_it_is_written() {
    let condition = |name: &str| {
        format!(
            "write: json-patch, sets: {{ 'status.conditions[type={name}]': {{ status: 'True' }} }}"
        )
    };
    let (ready, deadlock) = (condition("Ready"), condition("KernelDeadlock"));
    let own = ["status.phase: Running", "status.capacity.cpu: '8'"]
        .map(|set| format!("write: json-patch, sets: {{ {set} }}"));
    for status in ["", "conditions: []", SERVER_OWN] {
        let node = node(status);
        assert_eq!(
            counts(&scenario(&node, &[&ready, &deadlock], "")),
            ["4 of 6", "0 of 6"],
            "{status}"
        );
        assert_eq!(
            counts(&scenario(&node, &[&own[0], &own[1]], "")),
            ["0 of 6", "0 of 6"],
            "{status}"
        );
    }
}

#[test]
fn a_write_that_changes_nothing_commits_nothing() {
    let phase = "sets: { status.phase: Pending }";
    let removal = "sets: { 'status.conditions[type=A]': { $remove: true } }";
    let cpu = "sets: { status.capacity.cpu: 1 }";
    let claims = [
        ("phase: Pending", format!("write: merge-patch, {phase}")),
        ("phase: Pending", format!("write: strategic-merge-patch, {phase}")),
        ("phase: Pending", format!("write: update, {phase}")),
        ("phase: Pending", format!("write: update-unconditional, {phase}")),
        ("phase: Pending", format!("write: json-patch, {phase}")),
        ("phase: Pending, conditions: []", format!("write: merge-patch, {removal}")),
        ("phase: Pending", format!("write: apply, {removal}")),
        ("phase: Pending, capacity: { cpu: 1000m }", format!("write: update, {cpu}")),
        ("phase: Pending, capacity: { cpu: '1' }", format!("write: merge-patch, {cpu}")),
        ("phase: Pending, allocatable: { memory: 1024Ki }", format!("write: update, {phase}")),
    ];
    for (status, worker) in claims {
        let more = "write: merge-patch, sets: { status.phase: Running }";
        let scenario = scenario(&node(status), &[&worker, more], "");
        let run = one_after_the_other(&scenario);
        let committed: Vec<bool> = run.trace.events.iter().map(|event| event.committed).collect();
        assert_eq!(committed, [false, false, false, true], "{status}: {worker}");
        assert_eq!(run.trace.events[3].revision.0, 2, "{status}: {worker}");
    }
}

#[test]
fn a_recreated_node_has_its_status() {
    let workers = ["merge-patch", "update"]
        .map(|write| format!("write: {write}, sets: {{ status.phase: Running }}"));
    let faults = "faults: { recreations: 1 }";
    let workers = [workers[0].as_str(), workers[1].as_str()];
    assert_eq!(counts(&scenario(&node("phase: Running"), &workers, faults))[1], "10 of 30");
}

#[test]
fn a_strategic_merge_patch_changes_only_the_fields_of_its_entry() {
    let conditions = |types: &str| {
        let entries = types.chars().map(|c| format!("{{ type: {c}, status: 'False' }}"));
        format!("conditions: [{}]", entries.collect::<Vec<_>>().join(", "))
    };
    let patch = |path: &str, value: &str| {
        format!("write: strategic-merge-patch, sets: {{ '{path}': {value} }}")
    };
    let status = |name: &str| patch(&format!("status.conditions[type={name}].status"), "'True'");
    let message = patch("status.conditions[type=A].message", "hot");
    let removal = patch("status.conditions[type=A]", "{ $remove: true }");
    let address = patch("status.addresses[type=Hostname].address", "n1");
    let unmerged = |key: &str| patch(&format!("spec.taints[key={key}].effect"), "NoSchedule");
    for (workers, lost) in [
        ([status("A"), message.clone()], "0 of 6"),
        ([removal.clone(), status("B")], "0 of 6"),
        ([removal, patch("status.conditions[type=C]", "{ status: 'True' }")], "0 of 6"),
        ([address, status("B")], "0 of 6"),
        // A list without a merge key is sent whole.
        ([unmerged("a"), unmerged("b")], "4 of 6"),
    ] {
        let workers = [workers[0].as_str(), workers[1].as_str()];
        let scenario = scenario(&node(&conditions("AB")), &workers, "");
        assert_eq!(counts(&scenario)[0], lost, "{workers:?}");
    }
}

#[test]
fn a_shared_object_is_read_and_added_to_in_one_moment() {
    let object = "{ apiVersion: v1, kind: Node, metadata: { name: n1, labels: { a: x } } }";
    let worker = "process: p, write: update-shared, subresource: main, \
                  sets: { metadata.annotations.n: { $read: metadata.labels.a } }";
    let scenario = scenario(object, &[worker, worker], "");
    let run = check::replay(&scenario, "abaaabbb").expect("it fits");
    let touches = run.trace.events.iter().filter(|event| !event.intent.is_empty());
    let bases: Vec<u64> =
        touches.map(|event| event.basis.as_ref().map_or(0, |basis| basis.revision.0)).collect();
    // Touch and PUT of alder at rv 1; both of birch at rv 2, which memory held by then.
    assert_eq!(bases, [1, 1, 2, 2]);
}

#[test]
fn an_acknowledged_increment_is_lost_if_and_only_if_the_number_does_not_contain_it() {
    let object = "{ apiVersion: v1, kind: Node, metadata: { name: n1 }, status: \
                  { daemonEndpoints: { kubeletEndpoint: { Port: 0 } } } }";
    let path = "status.daemonEndpoints.kubeletEndpoint.Port";
    for client in ["typed", "unstructured"] {
        let worker = format!(
            "process: p, client: {client}, write: update-shared, sets: {{ {path}: {{ $add: 1 }} }}"
        );
        let scenario = scenario(object, &[&worker, &worker], "");
        let world = check::world(&scenario).expect("a world");
        let mut lost = 0;
        super::exhaustive::every_schedule(&world, &mut Vec::new(), &mut |choices, end| {
            let progress = end.workers.iter().map(|worker| worker.progress());
            let dropped: u32 = progress.map(|progress| progress.dropped).sum();
            let ending = end.ending();
            let node = ending.objects.values().next().expect("the node");
            let number = &node["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"];
            let missing = number.as_u64().expect("a number") < u64::from(2 - dropped);
            assert_eq!(end.judge()[0], missing, "{choices:?}: {number}, {dropped} gave up");
            lost += u32::from(missing);
        });
        assert!(lost > 0, "{client}");
        assert_eq!(counts(&scenario)[0].split(' ').next(), Some(&*lost.to_string()));
    }
}
