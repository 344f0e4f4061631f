//! Awkward users of a simulation: each gets a clear outcome, and nothing hangs.

use std::time::Duration;

use kube::api::{Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use kube::{Api, Client};
use lostwrite::kube::{Checked, Outcome, Simulation};
use serde_json::{Value, json};

use crate::support::{crd, widget, widgets};

pub fn one() -> Simulation {
    Simulation::new().crd(crd()).object(widget("demo"))
}

pub async fn patch(client: Client, status: Value) -> Result<DynamicObject, kube::Error> {
    let patch = Patch::Merge(json!({ "status": status }));
    widgets(client).patch_status("demo", &PatchParams::default(), &patch).await
}

/// It cannot go on, and says so in these words.
#[track_caller]
pub fn fails(simulation: Simulation, words: &[&str]) {
    let checked = simulation.check();
    let told = matches!(checked.outcome(), Outcome::Failed { .. } | Outcome::Unsteady { .. });
    let text = checked.to_string();
    assert!(told, "{text}");
    words.iter().for_each(|word| assert!(text.contains(word), "{word} in:\n{text}"));
}

#[track_caller]
pub fn safe(simulation: Simulation) -> Checked {
    let checked = simulation.check();
    checked.assert_safe();
    checked
}

fn stuck(simulation: Simulation) {
    let patient = simulation.patience(Duration::from_secs(3));
    fails(patient, &["has kept the thread", "help: something blocks"]);
}

#[test]
fn a_panic_is_told_with_the_schedule() {
    let panics = one().controller("worker", |client| async move {
        patch(client, json!({ "phase": "A" })).await.expect("it is there");
        panic!("no such luck");
    });
    fails(panics, &["`worker` panicked at tests/real/awkward.rs:", ": no such luck", "after 1."]);
}

#[test]
fn whoever_keeps_the_thread_is_told_of() {
    stuck(one().controller("sleeper", |_| async { std::thread::sleep(Duration::from_secs(3600)) }));
    stuck(one().controller("spinner", |_| async {
        loop {
            tokio::task::yield_now().await;
        }
    }));
    stuck(one().controller("waiter", |_| async {
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let _ = receiver.recv();
        drop(sender);
    }));
    stuck(one().controller("blocker", |_| async {
        let _ = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(30))).await;
    }));
}

#[test]
fn what_cannot_work_here_is_told_with_the_way_out() {
    let in_place = one().controller("worker", |_| async {
        tokio::task::block_in_place(|| ());
    });
    fails(in_place, &["block_in_place", "help"]);
    let socket = one().controller("worker", |_| async {
        let _ = tokio::net::TcpStream::connect("127.0.0.1:1").await;
    });
    fails(socket, &["there are no sockets in a simulation"]);
}

#[test]
fn blocking_tasks_that_end_are_waited_for() {
    let checked = safe(one().controller("worker", |client| async move {
        let phase = tokio::task::spawn_blocking(|| {
            std::thread::sleep(Duration::from_millis(20));
            "A"
        });
        let phase = phase.await.expect("it ends");
        patch(client, json!({ "phase": phase })).await.expect("it is there");
    }));
    let found = checked.explored().expect("it was explored");
    assert_eq!(found.steps, 1, "the write was made once: {checked}");
}

#[test]
fn an_endless_requeue_that_writes_is_bounded_and_unknown() {
    let endless = one().max_steps(20).controller("worker", |client| async move {
        for n in 0.. {
            let _ = patch(client.clone(), json!({ "n": n })).await;
        }
    });
    let checked = endless.check();
    assert!(checked.to_string().contains("still busy after 20 steps"), "{checked}");
    assert!(!checked.explored().expect("it was explored").is_complete());
}

#[test]
fn an_endless_poll_that_changes_nothing_is_quiet() {
    safe(one().controller("poller", |client| async move {
        loop {
            let _ = widgets(client.clone()).get("demo").await;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }));
    safe(one().controller("sleeper", |client| async move {
        tokio::time::sleep(Duration::from_secs(86_400)).await;
        patch(client, json!({ "phase": "tomorrow" })).await.expect("it is there");
    }));
}

fn now() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("it is later than 1970").as_nanos().to_string()
}

fn stamping(simulation: Simulation) -> Simulation {
    simulation.controller("a", |client| async move {
        let condition = json!({ "type": "A", "lastTransitionTime": now() });
        let _ = patch(client, json!({ "conditions": [condition] })).await;
    })
}

#[test]
fn the_wall_clock_is_found_with_the_path_and_the_mask() {
    let reader = |simulation: Simulation| {
        stamping(simulation).controller("b", |client| async move {
            let _ = widgets(client.clone()).get("demo").await;
            let _ = widgets(client).get("demo").await;
        })
    };
    let mask = "status.conditions[*].lastTransitionTime";
    fails(
        reader(one()),
        &["the same schedule leads to different states", &format!(".ignore(\"{mask}\")")],
    );
    let checked = reader(one().ignore(mask)).check();
    checked.assert_safe();
    assert_eq!(checked.explored().and_then(|f| f.schedules.clone()).unwrap().to_string(), "3");
}

#[test]
fn a_masked_clock_is_masked_in_what_a_modelled_worker_has_read() {
    let modelled = "workers:\n  - name: b\n    object: Widget/default/demo\n    \
                    write: update-retry\n    \
                    sets: { \"status.conditions[type=B]\": { status: \"True\" } }\n";
    let beside = |simulation: Simulation| stamping(simulation).worker(modelled);
    let mask = "status.conditions[*].lastTransitionTime";
    fails(beside(one()), &["leads to different states", mask]);
    let checked = beside(one().ignore(mask)).check();
    let counts = |checked: &Checked| {
        let found = checked.explored().unwrap_or_else(|| panic!("{checked}"));
        (found.schedules.clone().unwrap().to_string(), found.losing.clone().unwrap().to_string())
    };
    // As with a clock that stands still, which needs no mask, and as with no merging at all.
    let still = one().worker(modelled).controller("a", |client| async move {
        let condition = json!({ "type": "A", "lastTransitionTime": "1" });
        let _ = patch(client, json!({ "conditions": [condition] })).await;
    });
    assert_eq!(counts(&checked), counts(&still.clone().check()));
    assert_eq!(counts(&checked), counts(&still.merge(false).check()));
}

#[test]
fn the_order_of_a_hash_map_in_a_body_means_nothing() {
    use std::collections::HashMap;
    let hashed = |client: Client| async move {
        let map: HashMap<String, u32> = (0..9).map(|n| (format!("key{n}"), n)).collect();
        let pairs: Vec<String> = map.iter().map(|(key, n)| format!("\"{key}\":{n}")).collect();
        let body = format!("{{\"status\":{{{}}}}}", pairs.join(","));
        let path = "/apis/demo.example.com/v1/namespaces/default/widgets/demo/status";
        let request = http::Request::patch(path)
            .header("content-type", "application/merge-patch+json")
            .body(body.into_bytes());
        let _: Value = client.request(request.unwrap()).await.expect("it is there");
    };
    safe(one().controller("a", hashed).controller("b", hashed));
}

#[test]
fn what_is_kept_between_executions_is_found() {
    use std::sync::atomic::{AtomicU64, Ordering};
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let counting = |client| async move {
        let n = RUNS.fetch_add(1, Ordering::Relaxed);
        let _ = patch(client, json!({ "n": n })).await;
    };
    let shared = one().controller("a", counting).controller("b", counting);
    fails(shared, &["the same schedule leads to different states", "status.n"]);
}

#[test]
fn a_panic_that_the_worker_catches_is_its_own_business() {
    safe(one().controller("careful", |client| async move {
        let task = tokio::spawn(async { panic!("in a task of its own") });
        assert!(task.await.is_err());
        patch(client, json!({ "phase": "A" })).await.expect("it is there");
    }));
}

#[test]
fn a_worker_makes_its_own_client() {
    let checked = safe(one().service("other", |service| async move {
        let api: Api<DynamicObject> = Api::default_namespaced_with(
            Client::new(service, "elsewhere"),
            &crate::support::resource(),
        );
        assert!(api.get("demo").await.is_err(), "it is in `default`");
    }));
    assert_eq!(checked.explored().map(|found| found.steps), Some(1), "{checked}");
}

#[test]
fn random_names_are_found() {
    let random = one().controller("a", |client| async move {
        let api = widgets(client.clone());
        let object = serde_json::from_value(widget(&format!("w{}", now()))).expect("a widget");
        let _ = api.create(&PostParams::default(), &object).await;
        let _ = api.get("demo").await;
    });
    let random = random.controller("b", |client| async move {
        let _ = widgets(client.clone()).get("demo").await;
        let _ = widgets(client).get("demo").await;
    });
    fails(random, &["the same schedule leads to different states", "metadata.name"]);
}

#[test]
fn large_objects_pass_and_too_large_ones_are_refused_by_the_server() {
    for (bytes, taken) in [(1_000_000, true), (4_000_000, false)] {
        let checked = one().controller("worker", move |client| async move {
            let result = patch(client, json!({ "text": "x".repeat(bytes) })).await;
            assert_eq!(result.is_ok(), taken, "{bytes} bytes");
        });
        safe(checked);
    }
}

#[test]
fn clients_that_are_dropped_and_requests_that_are_given_up() {
    safe(one().controller("nobody", |client| async move { drop(client) }));
    safe(one().controller("failing", |client| async move { patch(client, json!(7)).await }));
    // A request whose future is dropped is on its way all the same.
    let dropped = one().controller("hasty", |client| async move {
        let write = patch(client.clone(), json!({ "phase": "A" }));
        tokio::select! {
            biased;
            _ = write => {}
            () = tokio::task::yield_now() => {}
        }
    });
    safe(dropped);
    // Time does not pass while somebody can be answered: this never times out.
    safe(one().controller("timely", |client| async move {
        let write = patch(client, json!({ "phase": "A" }));
        tokio::time::timeout(Duration::from_millis(1), write).await.expect("in time").expect("ok");
    }));
}

#[test]
fn spawned_tasks_belong_to_their_worker() {
    let spawning = one().controller("spawner", |client| async move {
        let mut tasks = Vec::new();
        for phase in ["A", "B"] {
            tasks.push(tokio::spawn(patch(client.clone(), json!({ phase: true }))));
        }
        for task in tasks {
            task.await.expect("no panic").expect("it is there");
        }
    });
    let checked = safe(spawning);
    let all = checked.explored().and_then(|found| found.schedules.clone()).unwrap();
    assert_eq!(all.to_string(), "2", "either may come first: {checked}");
}

#[test]
fn kinds_that_nobody_serves_and_reviews_are_answered_at_once() {
    let checked = safe(one().controller("curious", |client| async move {
        let gone: Result<Value, _> = client
            .request(http::Request::get("/apis/nobody.example.com/v1/things").body(vec![]).unwrap())
            .await;
        assert!(gone.is_err());
        let review = json!({ "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview", "spec": {} });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let request = http::Request::post(path).body(review.to_string().into_bytes()).unwrap();
        let answer: Value = client.request(request).await.expect("a review");
        assert_eq!(answer["status"]["allowed"], true);
        let event = json!({ "apiVersion": "v1", "kind": "Event", "metadata": { "name": "e" } });
        let request = http::Request::post("/api/v1/namespaces/default/events");
        let request = request.body(event.to_string().into_bytes()).unwrap();
        let _: Value = client.request(request).await.expect("an event");
    }));
    assert_eq!(checked.explored().map(|found| found.steps), Some(0), "{checked}");
}

#[test]
fn mistakes_in_what_is_given_are_told() {
    let twice = one().controller("a", |_| async {}).controller("a", |_| async {});
    fails(twice, &["two workers are called `a`"]);
    fails(one().crd(json!({ "kind": "Nonsense" })), &["refuses a CRD"]);
    fails(one().object(json!({ "kind": "Thing", "apiVersion": "v9" })), &["refuses an object"]);
    fails(one().controller("a", |_| async {}).replay("xyz"), &["there is no worker `x`"]);
    fails(one().controller("a", |_| async {}).replay("1.0000.a"), &["a schedule of other workers"]);
    fails(one().worker("workers:\n  - name: a\n"), &["write"]);
    safe(one());
}

#[test]
fn faults_are_choices() {
    let write = |client| async move {
        let _ = patch(client, json!({ "phase": "A" })).await;
    };
    let schedules = |simulation: Simulation| {
        let checked = simulation.controller("a", write).check();
        checked.explored().and_then(|found| found.schedules.clone()).unwrap().to_string()
    };
    assert_eq!(schedules(one()), "1");
    assert_eq!(schedules(one().lost_answers(1)), "2");
    assert_eq!(schedules(one().crashes(1)), "2");
}

#[test]
fn leases_are_given_to_one_unless_they_are_raced_for() {
    let candidate = |client: Client| async move {
        let api: Api<DynamicObject> = Api::namespaced_with(
            client,
            "default",
            &kube::core::ApiResource::from_gvk(&kube::core::GroupVersionKind::gvk(
                "coordination.k8s.io",
                "v1",
                "Lease",
            )),
        );
        let lease = json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": { "name": "leader" }, "spec": { "holderIdentity": "me" } });
        let lease = serde_json::from_value(lease).expect("a lease");
        let _ = api.create(&PostParams::default(), &lease).await;
    };
    let two = || one().controller("a", candidate).controller("b", candidate);
    let schedules = |simulation: Simulation| {
        let checked = simulation.check();
        checked.explored().and_then(|found| found.schedules.clone()).unwrap().to_string()
    };
    assert_eq!(schedules(two()), "1");
    assert_eq!(schedules(two().leases_race()), "2");
}
