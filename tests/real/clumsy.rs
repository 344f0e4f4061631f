//! More awkward users of a simulation: of its options, of the runtime, of the API.

use std::future::{Ready, pending, ready};
use std::time::Duration;

use futures_util::StreamExt;
use kube::Client;
use kube::api::{DeleteParams, PostParams, WatchParams};
use kube::runtime::controller::{Action, Controller};
use lostwrite::kube::{Checked, Simulation};
use serde_json::{Value, json};

use crate::awkward::{fails, one, patch, safe};
use crate::support::{crd, resource, stock, widget, widgets};

#[track_caller]
fn unknown(simulation: Simulation) -> Checked {
    let checked = simulation.check();
    let found = checked.explored().unwrap_or_else(|| panic!("{checked}"));
    assert!(!found.is_complete(), "{checked}");
    assert!(checked.to_string().contains("not everything"), "{checked}");
    checked
}

#[test]
fn signals_are_told_to_be_missing() {
    let signalled = one().controller("operator", |client| async move {
        Controller::new_with(widgets(client), Default::default(), resource())
            .shutdown_on_signal()
            .run(
                |_, _| ready(Ok::<_, kube::Error>(Action::await_change())),
                |_, _, _| Action::await_change(),
                std::sync::Arc::new(()),
            )
            .for_each(|_| async {})
            .await;
    });
    fails(signalled, &["IO is disabled", "and no signals: do without `shutdown_on_signal`"]);
}

#[test]
fn a_runtime_inside_the_runtime_is_told_with_the_way_out() {
    let nested = one().controller("worker", |_| async {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {});
    });
    fails(nested, &["within a runtime", "help: the worker runs on a runtime already"]);
}

#[test]
fn panics_of_every_kind() {
    let worded = one().controller("a", |_| async { std::panic::panic_any(42) });
    fails(worded, &["`a` panicked at tests/real/clumsy.rs:", "without words"]);
    let at_once = one().controller("a", |_| -> Ready<()> { panic!("before it begins") });
    fails(at_once, &["`a` panicked at tests/real/clumsy.rs:", "before it begins"]);
    let later = one().controller("a", |client| async move {
        let _ = patch(client, json!({ "phase": "A" })).await;
        let nothing = std::hint::black_box(None::<u8>);
        let _ = nothing.expect("nothing is there");
    });
    fails(later, &["nothing is there", "after 1."]);
    // In a task that nobody waits for: as in any program of tokio's, it ends that task.
    safe(one().controller("a", |client| async move {
        drop(tokio::spawn(async { panic!("in a task of its own") }));
        let _ = patch(client, json!({ "phase": "A" })).await;
    }));
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            assert!(std::thread::panicking(), "panics when it is dropped");
        }
    }
    safe(one().controller("a", |_| async {
        let _bomb = Bomb;
        pending::<()>().await;
    }));
}

#[test]
fn waiting_for_what_never_comes_ends() {
    safe(one().controller("a", |_| pending::<()>()));
    safe(one().controller("a", |_| async {
        let lock = tokio::sync::Mutex::new(());
        let _first = lock.lock().await;
        let _second = lock.lock().await;
    }));
    safe(one().controller("a", |client| async move {
        let mut often = tokio::time::interval(Duration::from_millis(1));
        loop {
            often.tick().await;
            let _ = widgets(client.clone()).get("demo").await;
        }
    }));
    // Spins for a while, and goes on.
    safe(one().controller("a", |client| async move {
        let begin = std::time::Instant::now();
        while begin.elapsed() < Duration::from_millis(20) {}
        let _ = patch(client, json!({ "phase": "A" })).await;
    }));
}

#[test]
fn two_that_undo_each_other_for_ever_are_bounded() {
    let fighting = |phase: &'static str| {
        move |client: Client| async move {
            loop {
                let read = widgets(client.clone()).get("demo").await;
                let Ok(read) = read else { return };
                if read.data["status"]["phase"] != phase {
                    let _ = patch(client.clone(), json!({ "phase": phase })).await;
                }
            }
        }
    };
    let two = one().controller("a", fighting("A")).controller("b", fighting("B"));
    let checked = unknown(two.max_steps(8));
    assert!(checked.to_string().contains("max_steps"), "{checked}");
    let endless = one().controller("a", |client| async move {
        let named = json!({ "apiVersion": "demo.example.com/v1", "kind": "Widget", "spec": {},
            "metadata": { "generateName": "w-" } });
        let named = serde_json::from_value(named).expect("a widget");
        while widgets(client.clone()).create(&PostParams::default(), &named).await.is_ok() {}
    });
    unknown(endless.max_steps(12));
}

#[test]
fn bounds_of_nothing_are_unknown_and_not_safe() {
    let two = || stock(2, true);
    unknown(two().max_executions(0));
    unknown(two().max_states(0));
    unknown(two().max_steps(0));
    unknown(two().timeout(Duration::ZERO));
    unknown(two().random(0, 1));
    unknown(two().uniform(0, 1));
    unknown(two().pct(0, 1, 0));
    unknown(two().pct(3, 1, 1_000));
    // No time at all: nothing that waits for it goes on.
    two().time(Duration::ZERO).threads(0).check();
}

#[test]
fn options_that_make_no_sense_are_told_or_do_nothing() {
    let nowhere = stock(2, true).max_executions(1).checkpoint("/nowhere/at/all/x.checkpoint");
    fails(nowhere, &["the checkpoint /nowhere/at/all/x.checkpoint cannot be used"]);
    for path in ["", "[[", "*", "a..b", "status.\u{1f600}"] {
        safe(stock(2, true).ignore(path));
    }
    let modelled = "workers:\n  - name: a\n    object: Widget/default/demo\n    write: \
                    merge-patch\n    sets: { \"status.phase\": A }\n";
    let twice = one().controller("a", |_| async {}).worker(modelled);
    fails(twice, &["two workers are called `a`"]);
    fails(one().object(json!({ "apiVersion": "v1", "kind": "ConfigMap" })), &["refuses an object"]);
    fails(one().object(json!(null)), &["refuses an object"]);
    fails(one().crd(json!("text")), &["refuses a CRD"]);
    safe(one().crd(crd()).object(widget("demo")));
}

#[test]
fn names_of_workers_are_those_of_scenarios() {
    for nameless in ["", " ", "a\nb", "a/b", "a b", "\u{1f600}", "1", "~", "'"] {
        let told = one().controller(nameless, |_| async {});
        fails(told, &["is not a valid worker name: a name begins with a letter"]);
    }
    for (a, b) in [("a-b", "a_b"), ("A", "a"), ("outside", "x.2")] {
        let run = |condition| move |client| crate::support::run(client, condition, false);
        let two = || one().controller(a, run("Ready")).controller(b, run("Usage"));
        let checked = two().check();
        checked.assert_lost();
        let schedule = checked.schedule().expect("a loss has a schedule");
        two().replay(&schedule).check().assert_lost();
        assert!(checked.report("x", "json").is_ok(), "{a:?} and {b:?}");
    }
}

#[test]
fn requests_that_mean_nothing_are_answered() {
    let checked = safe(one().controller("a", |client| async move {
        let send = |request: http::Request<Vec<u8>>| client.request::<Value>(request);
        let of = |method: &str, path: &str, kind: &str, body: &[u8]| {
            let request = http::Request::builder().method(method).uri(path);
            request.header("content-type", kind).body(body.to_vec()).expect("a request")
        };
        let demo = "/apis/demo.example.com/v1/namespaces/default/widgets/demo";
        let json = "application/json";
        for request in [
            of("PATCH", demo, "application/merge-patch+json", b"\xff\xfe"),
            of("PATCH", demo, "text/plain", b"{}"),
            of("PUT", demo, json, b""),
            of("PUT", demo, json, &[b'['; 20_000]),
            of("BREW", demo, json, b"{}"),
            of("GET", "/api/v1/namespaces/default/pods/none/log?follow=true", json, b""),
            of("POST", "/api/v1/namespaces/default/pods/none/exec?command=ls", json, b""),
            of("GET", "/no/such/path?x=%ff", json, b""),
            of("DELETE", "/", json, b""),
        ] {
            assert!(send(request).await.is_err());
        }
    }));
    assert!(checked.explored().is_some_and(|found| found.steps > 0), "{checked}");
}

#[test]
fn watches_that_are_not_read_and_what_is_deleted_under_a_worker() {
    safe(
        one()
            .controller("deaf", |client| async move {
                let api = widgets(client);
                let watch = api.watch(&WatchParams::default(), "0").await;
                drop(api.watch(&WatchParams::default(), "0").await);
                let _kept = watch.expect("a watch");
                pending::<()>().await;
            })
            .controller("writer", |client| async move {
                for phase in ["A", "B", "C"] {
                    let _ = patch(client.clone(), json!({ "phase": phase })).await;
                }
            }),
    );
    let deleted = one().controller("a", |client| async move {
        let path =
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.demo.example.com";
        let _: Result<Value, _> =
            client.request(http::Request::delete(path).body(Vec::new()).expect("a request")).await;
        assert!(patch(client, json!({ "phase": "A" })).await.is_err());
    });
    safe(deleted.controller("b", |client| async move {
        let _ = widgets(client).delete("demo", &DeleteParams::default()).await;
    }));
}

#[test]
fn many_requests_at_once_are_bounded() {
    let crowd = one().controller("crowd", |client| async move {
        let tasks: Vec<_> = (0..40)
            .map(|n| tokio::spawn(patch(client.clone(), json!({ format!("f{n}"): n }))))
            .collect();
        for task in tasks {
            let _ = task.await;
        }
    });
    unknown(crowd.max_executions(50));
}
