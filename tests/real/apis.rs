//! What kube-rs has besides `Controller::run`: each of its ways to the API server, in a simulation.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::DynamicObject;
use kube::runtime::controller::{Action, Config, Controller, trigger_self};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::finalizer::{Event as Finalize, finalizer};
use kube::runtime::reflector::{ObjectRef, store::Writer};
use kube::runtime::wait::await_condition;
use kube::runtime::{WatchStreamExt, applier, predicates, reflector, watcher};
use kube::{Api, Client, Resource};
use lostwrite::kube::{Checked, Simulation};
use serde_json::{Value, json};

use crate::support::{crd, resource, widget, widgets};

fn one() -> Simulation {
    Simulation::new().crd(crd()).object(widget("demo"))
}

async fn set(client: &Client, status: Value) -> Result<DynamicObject, kube::Error> {
    let patch = Patch::Merge(json!({ "status": status }));
    widgets(client.clone()).patch_status("demo", &PatchParams::default(), &patch).await
}

/// It is safe in every schedule, and this holds at the end of each.
#[track_caller]
fn ends(simulation: Simulation, finally: &str) -> Checked {
    let finally = format!("invariants:\n  - name: ends\n    finally: {{ {finally} }}\n");
    let checked = simulation.invariants(&finally).check();
    checked.assert_safe();
    checked
}

fn schedules(checked: &Checked) -> u64 {
    let found = checked.explored().unwrap_or_else(|| panic!("{checked}"));
    let all = found.schedules.as_ref().unwrap_or_else(|| panic!("{checked}"));
    all.to_string().parse().expect("a small number")
}

/// Puts a key of its own into a ConfigMap that may not be there yet, until it has worked.
async fn entry(client: Client, key: &'static str) {
    let api: Api<ConfigMap> = Api::default_namespaced(client);
    let add = |map: &mut ConfigMap| {
        map.data.get_or_insert_default().insert(key.to_owned(), "1".to_owned());
    };
    loop {
        let entry = api.entry("shared").await.expect("it can be read").and_modify(add);
        let made = || {
            let mut map = ConfigMap::default();
            map.metadata.name = Some("shared".to_owned());
            add(&mut map);
            map
        };
        if entry.or_insert(made).commit(&PostParams::default()).await.is_ok() {
            return;
        }
    }
}

#[test]
fn typed_entries_that_are_committed_until_it_works() {
    let two = one().controller("a", |it| entry(it, "a")).controller("b", |it| entry(it, "b"));
    let both = "ConfigMap/default/shared.data.a: \"1\", ConfigMap/default/shared.data.b: \"1\"";
    assert!(schedules(&ends(two, both)) > 2);
}

/// Keeps a finalizer on each Widget, and takes it away when the Widget goes.
async fn finalizing(client: Client) {
    let api = widgets(client.clone());
    let reconcile = |widget: Arc<DynamicObject>, client: Arc<Client>| async move {
        let api = widgets(Client::clone(&client));
        finalizer(&api, "demo.example.com/cleanup", widget, |event| async move {
            if let Finalize::Apply(_) = event {
                set(&client, json!({ "kept": true })).await?;
            }
            Ok::<_, kube::Error>(Action::await_change())
        })
        .await
    };
    let again =
        |_: Arc<DynamicObject>, _: &_, _: Arc<Client>| Action::requeue(Duration::from_secs(1));
    let controller = Controller::new_with(api, Default::default(), resource());
    controller.run(reconcile, again, Arc::new(client)).for_each(|_| async {}).await;
}

#[test]
fn a_finalizer_beside_a_deletion() {
    let deleted =
        one().controller("operator", finalizing).controller("user", |client| async move {
            let _ = widgets(client).delete("demo", &DeleteParams::default()).await;
        });
    let checked = ends(deleted, "Widget/default/demo: null");
    assert!(schedules(&checked) > 2, "{checked}");
}

/// Waits until the phase is set, in a stream that a reflector keeps a store of, and answers it.
async fn reflecting(client: Client, config: watcher::Config) {
    let api = widgets(client.clone());
    let writer = Writer::<DynamicObject>::new(resource());
    let store = writer.as_reader();
    let stream = reflector(writer, watcher(api, config)).default_backoff().applied_objects();
    let mut stream = std::pin::pin!(stream);
    while let Some(next) = stream.next().await {
        let Ok(widget) = next else { continue };
        if widget.data["status"]["phase"] == "Asked" {
            let _ = set(&client, json!({ "answer": "yes" })).await;
            break;
        }
    }
    assert!(store.len() <= 1);
}

#[test]
fn reflectors_with_both_kinds_of_lists() {
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let asked = one()
            .controller("reflector", move |client| reflecting(client, config.clone()))
            .controller("user", |client| async move {
                let _ = set(&client, json!({ "phase": "Asked" })).await;
            });
        let answered = "Widget/default/demo.status.answer: \"yes\"";
        ends(asked.clone(), answered);
        // A watch that breaks lists again, after a back-off.
        ends(asked.watch_gaps(1), answered);
    }
}

/// One ConfigMap for each Widget, with what a Secret says; the ConfigMap is applied.
async fn owning(client: Client) {
    let reconcile = |widget: Arc<DynamicObject>, client: Arc<Client>| async move {
        let client = Client::clone(&client);
        let secrets: Api<Secret> = Api::default_namespaced(client.clone());
        let seen = secrets.get_opt("input").await?.is_some();
        let owner = widget.controller_owner_ref(&resource());
        let child = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "child", "ownerReferences": [owner] },
            "data": { "seen": seen.to_string() },
        });
        let maps: Api<ConfigMap> = Api::default_namespaced(client);
        let params = PatchParams::apply("owning").force();
        maps.patch("child", &params, &Patch::Apply(child)).await?;
        Ok::<_, kube::Error>(Action::await_change())
    };
    let again = |_: Arc<DynamicObject>, _: &kube::Error, _: Arc<Client>| {
        Action::requeue(Duration::from_secs(1))
    };
    let every = |_: Secret| Some(ObjectRef::new_with("demo", resource()).within("default"));
    Controller::new_with(widgets(client.clone()), Default::default(), resource())
        .owns(Api::<ConfigMap>::default_namespaced(client.clone()), Default::default())
        .watches(Api::<Secret>::default_namespaced(client.clone()), Default::default(), every)
        .run(reconcile, again, Arc::new(client))
        .for_each(|_| async {})
        .await;
}

#[test]
fn a_controller_that_owns_and_watches() {
    let owned = one().controller("operator", owning).controller("user", |client| async move {
        let api: Api<Secret> = Api::default_namespaced(client);
        let secret = json!({ "metadata": { "name": "input" } });
        let secret = serde_json::from_value(secret).expect("a Secret");
        let _ = api.create(&PostParams::default(), &secret).await;
    });
    ends(owned, "ConfigMap/default/child.data.seen: \"true\"");
}

/// The pieces of a controller by hand: a watcher, its store, a queue and the applier.
async fn applying(client: Client) {
    let writer = Writer::<DynamicObject>::new(resource());
    let store = writer.as_reader();
    let changed = watcher(widgets(client.clone()), Default::default())
        .default_backoff()
        .reflect(writer)
        .applied_objects();
    let queue = trigger_self(changed, resource());
    let reconcile = |widget: Arc<DynamicObject>, client: Arc<Client>| {
        Box::pin(async move {
            let generation = widget.metadata.generation;
            if widget.data["status"]["seen"] != json!(generation) {
                set(&client, json!({ "seen": generation })).await?;
            }
            Ok::<_, kube::Error>(Action::await_change())
        })
    };
    let again = |_: Arc<DynamicObject>, _: &kube::Error, _: Arc<Client>| {
        Action::requeue(Duration::from_secs(1))
    };
    let all = applier(reconcile, again, Arc::new(client), store, queue, Config::default());
    all.for_each(|_| async {}).await;
}

#[test]
fn an_applier_with_a_queue_of_its_own() {
    let applied = one().controller("operator", applying).controller("user", |client| async move {
        let patch = Patch::Merge(json!({ "spec": { "size": 2 } }));
        let _ = widgets(client).patch("demo", &PatchParams::default(), &patch).await;
    });
    ends(applied, "Widget/default/demo.status.seen: 2");
}

/// Writes the status whenever something changes; without the filter that is its own write, too.
async fn counting(client: Client) {
    let changed = watcher(widgets(client.clone()), Default::default())
        .default_backoff()
        .applied_objects()
        .predicate_filter(predicates::generation, Default::default());
    let mut changed = std::pin::pin!(changed);
    let mut seen = 0;
    while let Some(Ok(_)) = changed.next().await {
        seen += 1;
        let _ = set(&client, json!({ "changes": seen })).await;
    }
}

#[test]
fn predicates_that_hide_its_own_writes() {
    let counted = one().controller("operator", counting).controller("user", |client| async move {
        let patch = Patch::Merge(json!({ "spec": { "size": 2 } }));
        let _ = widgets(client).patch("demo", &PatchParams::default(), &patch).await;
    });
    ends(counted, "Widget/default/demo.status.changes: 2");
}

#[test]
fn events_that_are_recorded_with_the_time() {
    let recording = |name: &'static str| {
        move |client: Client| async move {
            let reporter = Reporter { controller: name.to_owned(), instance: None };
            let recorder = Recorder::new(client.clone(), reporter);
            let api = widgets(client.clone());
            for phase in ["Started", "Done"] {
                let Ok(widget) = api.get("demo").await else { return };
                let event = Event {
                    type_: EventType::Normal,
                    reason: "Reconciled".to_owned(),
                    note: None,
                    action: "Reconcile".to_owned(),
                    secondary: None,
                };
                let about = widget.object_ref(&resource());
                recorder.publish(&event, &about).await.expect("an event");
                let _ = set(&client, json!({ name: phase })).await;
            }
        }
    };
    // No mask: the time in an Event, and in its name, means nothing to other workers.
    let two = one().controller("a", recording("a")).controller("b", recording("b"));
    let both = "Widget/default/demo.status.a: Done, Widget/default/demo.status.b: Done";
    assert_eq!(schedules(&ends(two, both)), 70, "8 choose 4: events are no moves");
}

#[test]
fn a_condition_that_is_awaited() {
    let waiting = one()
        .controller("operator", |client| async move {
            let ready = |it: Option<&DynamicObject>| {
                it.is_some_and(|it| it.data["status"]["phase"] == "Ready")
            };
            let _ = await_condition(widgets(client.clone()), "demo", ready).await;
            let _ = set(&client, json!({ "seen": true })).await;
        })
        .controller("user", |client| async move {
            let _ = set(&client, json!({ "phase": "Ready" })).await;
        });
    ends(waiting, "Widget/default/demo.status.seen: true");
}

/// Reads and puts until it was told that this worked.
async fn retrying(client: Client, field: &'static str) {
    let api = widgets(client);
    loop {
        let Ok(mut widget) = api.get("demo").await else { continue };
        widget.data["status"][field] = json!(true);
        if api.replace_status("demo", &PostParams::default(), &widget).await.is_ok() {
            return;
        }
    }
}

#[test]
fn retries_after_conflicts_and_lost_answers() {
    let two =
        || one().controller("a", |it| retrying(it, "a")).controller("b", |it| retrying(it, "b"));
    let both = "Widget/default/demo.status.a: true, Widget/default/demo.status.b: true";
    ends(two(), both);
    ends(two().lost_answers(1), both);
}

#[test]
fn an_apply_that_leaves_out_what_it_applied_means_it() {
    let apply = |client: Client, spec: Value| async move {
        let body = json!({
            "apiVersion": "demo.example.com/v1", "kind": "Widget",
            "metadata": { "name": "demo" }, "spec": spec,
        });
        let params = PatchParams::apply("agent");
        let _ = widgets(client).patch("demo", &params, &Patch::Apply(body)).await;
    };
    // A slot is claimed, and given back.
    let slots = one().controller("agent", move |client| async move {
        apply(client.clone(), json!({ "slot": "taken", "node": "n" })).await;
        apply(client, json!({ "node": "n" })).await;
    });
    slots.check().assert_safe();
    // Another worker under the same field manager has not applied it.
    let shared = one()
        .controller("agent", move |client| apply(client, json!({ "slot": "taken" })))
        .controller("other", move |client| apply(client, json!({ "node": "n" })));
    shared.check().assert_lost();
}

#[test]
fn lists_and_collections() {
    let listing = one().object(widget("other")).controller("a", |client| async move {
        let api = widgets(client);
        let all = api.list(&ListParams::default().limit(1)).await.expect("a page");
        assert_eq!(all.items.len(), 1);
        let token = all.metadata.continue_.expect("there is another page");
        let rest = api.list(&ListParams::default().continue_token(&token)).await.expect("the rest");
        assert_eq!(rest.items.len(), 1);
        let all = api.list_metadata(&ListParams::default()).await.expect("their metadata");
        assert_eq!(all.items.len(), 2);
        api.delete_collection(&DeleteParams::default(), &ListParams::default())
            .await
            .expect("gone");
        assert!(api.list(&ListParams::default()).await.expect("a list").items.is_empty());
    });
    ends(listing, "Widget/default/other: null");
}
