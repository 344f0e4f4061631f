//! The inner pieces, one by one: a request to the API server, a transition of the search, whole
//! searches, a whole check. `cargo bench` runs them; `docs/performance.md` says what they mean.
//!
//! Next to read: `workload.rs`, then `compare/src/main.rs`.

mod workload;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use lostwrite::apiserver::{ApiServer, Key, Options, PatchKind, Request, Subresource, Verb};
use lostwrite::check;
use lostwrite::scenario::Scenario;
use lostwrite::schedulers::exhaustive::{Limits, explore};
use serde_json::{Value, json};
use workload::{Field, text, world};

/// A Node as a kubelet would keep it, and its key.
fn node() -> (ApiServer, Key) {
    let mut server = ApiServer::new(Default::default());
    let condition = |kind: &str| json!({ "type": kind, "status": "False", "reason": "Probed" });
    let kinds = ["Ready", "DiskPressure", "MemoryPressure", "PIDPressure"];
    let conditions: Vec<Value> = kinds.map(condition).to_vec();
    let object = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": "worker-1", "labels": { "zone": "a", "arch": "amd64" } },
        "spec": { "podCIDR": "10.0.0.0/24" },
        "status": { "capacity": { "cpu": "8", "memory": "32Gi" }, "conditions": conditions },
    });
    let key = server.seed_object(&object, 0).expect("a Node");
    (server, key)
}

fn request(key: &Key, verb: Verb, body: Option<Value>) -> Request {
    Request {
        verb,
        resource: key.resource.clone(),
        namespace: None,
        name: Some(key.name.clone()),
        subresource: Some(Subresource::Status),
        options: Options { field_manager: Some("bench".to_owned()), ..Options::default() },
        body: body.map(Arc::new),
        user_agent: "bench".to_owned(),
        time: 0,
    }
}

fn requests(c: &mut Criterion) {
    let (server, key) = node();
    let mut changed = (*server.object(&key).expect("seeded")).clone();
    changed["status"]["phase"] = json!("Running");
    let status = json!({ "status": { "phase": "Running" } });
    let applied = json!({
        "apiVersion": "v1", "kind": "Node", "metadata": { "name": "worker-1" },
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] },
    });
    let operations = json!([{ "op": "add", "path": "/status/phase", "value": "Running" }]);
    let patch = |kind, body| request(&key, Verb::Patch(kind), Some(body));
    let mut group = c.benchmark_group("request");
    for (name, request) in [
        ("GET", request(&key, Verb::Get, None)),
        ("PUT", request(&key, Verb::Update, Some(changed))),
        ("PATCH merge", patch(PatchKind::Merge, status.clone())),
        ("PATCH json", patch(PatchKind::Json, operations)),
        ("PATCH strategic", patch(PatchKind::Strategic, status)),
        ("PATCH apply", patch(PatchKind::Apply, applied)),
    ] {
        let code = server.clone().handle(&request).code;
        assert_eq!(code, 200, "{name}");
        group.bench_function(name, |b| {
            let run = |mut server: ApiServer| black_box(server.handle(&request));
            b.iter_batched(|| server.clone(), run, BatchSize::SmallInput);
        });
    }
    group.finish();
}

/// Transitions, each computed by the server once and then looked up.
fn transitions(c: &mut Criterion) {
    let world = world(&text(4, 2, "update-unconditional", Field::Own, ""));
    let explored = explore(&world, Limits::default(), &mut |_| None);
    let mut group = c.benchmark_group("transition");
    group.throughput(Throughput::Elements(explored.graph.transitions() as u64)).sample_size(10);
    group.bench_function("4 x 4, without a lock", |b| {
        b.iter(|| explore(black_box(&world), Limits::default(), &mut |_| None));
    });
    group.finish();
}

fn searches(c: &mut Criterion) {
    let mut group = c.benchmark_group("search");
    group.sample_size(10);
    for (workers, runs, write, field) in [
        (2, 1, "update-unconditional", Field::Own),
        (3, 2, "update-unconditional", Field::Own),
        (4, 2, "update", Field::Counter),
        (4, 1, "update-retry", Field::Own),
    ] {
        let world = world(&text(workers, runs, write, field, ""));
        group.bench_function(format!("{workers} x {}, {write}", 2 * runs), |b| {
            b.iter(|| explore(black_box(&world), Limits::default(), &mut |_| None));
        });
    }
    group.finish();
}

/// Rules are asked once of each pair of an old and a new object, and then remembered.
fn rules(c: &mut Criterion) {
    let mut group = c.benchmark_group("rules");
    group.sample_size(10);
    for (name, rules) in [("without", false), ("with", true)] {
        let world = world(&workload::ruled(4, rules));
        group.bench_function(format!("4 workers, {name}"), |b| {
            b.iter(|| explore(black_box(&world), Limits::default(), &mut |_| None));
        });
    }
    group.finish();
}

fn checks(c: &mut Criterion) {
    let scenario = Arc::new(Scenario::builtin("status-race").expect("shipped"));
    let with_advice = check::Options { advice: true, ..check::Options::default() };
    c.bench_function("check/status-race", |b| {
        b.iter(|| check::run(black_box(&scenario), &check::Options::default()));
    });
    c.bench_function("check/status-race, with the advice", |b| {
        b.iter(|| check::run(black_box(&scenario), &with_advice));
    });
}

criterion_group!(benches, requests, transitions, searches, rules, checks);
criterion_main!(benches);
