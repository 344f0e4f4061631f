//! A real kube-rs controller, watcher, reflector and finalizer against `lostwrite serve`, by HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::controller::Action;
use kube::runtime::finalizer::{Event as Finalize, finalizer};
use kube::runtime::watcher::Event;
use kube::runtime::{Controller, reflector, watcher};
use kube::{Api, Client, ResourceExt};
use lostwrite::apiserver::{ApiServer, Config};
use lostwrite::serve::{self, Running};
use serde_json::{Value, json};

const WIDGETS: u64 = 10;
const PATIENCE: Duration = Duration::from_secs(60);

fn running() -> Running {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.demo.example.com" },
        "spec": {
            "group": "demo.example.com", "scope": "Namespaced",
            "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "properties": { "spec": open, "status": open },
                } },
            }],
        },
    });
    let mut server = ApiServer::new(Config::default());
    server.install_crd(&crd, 0).expect("a good definition");
    serve::start(serve::Config::new(([127, 0, 0, 1], 0).into()), server).expect("a free port")
}

fn widget(name: &str, n: u64) -> Value {
    json!({
        "apiVersion": "demo.example.com/v1", "kind": "Widget",
        "metadata": { "name": name, "namespace": "default" }, "spec": { "n": n },
    })
}

/// What the controller shares with the test.
struct Context {
    api: Api<DynamicObject>,
    cleaned: Mutex<Vec<String>>,
}

async fn reconcile(
    object: Arc<DynamicObject>,
    context: Arc<Context>,
) -> Result<Action, kube::runtime::finalizer::Error<kube::Error>> {
    let inside = context.clone();
    finalizer(&context.api, "demo.example.com/cleanup", object, |event| async move {
        match event {
            Finalize::Apply(object) => {
                let status = json!({ "status": { "observed": object.data["spec"]["n"] } });
                let (name, params) = (object.name_any(), PatchParams::default());
                inside.api.patch_status(&name, &params, &Patch::Merge(status)).await?;
            }
            Finalize::Cleanup(object) => inside.cleaned.lock().unwrap().push(object.name_any()),
        }
        Ok(Action::await_change())
    })
    .await
}

/// Waits until the objects in the cluster are as they should be.
async fn until(api: &Api<DynamicObject>, what: &str, good: impl Fn(&[DynamicObject]) -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE;
    loop {
        let items = api.list(&ListParams::default()).await.expect("a list").items;
        if good(&items) {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "{what}: {items:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn converged(items: &[DynamicObject], count: u64) -> bool {
    let good = |item: &DynamicObject| {
        item.data["status"]["observed"] == item.data["spec"]["n"] && item.finalizers().len() == 1
    };
    items.len() as u64 == count && items.iter().all(good)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_converges_also_after_a_relist() {
    let server = running();
    let client = Client::try_from(kube::Config::new(server.url().parse().unwrap())).unwrap();
    let kind = GroupVersionKind::gvk("demo.example.com", "v1", "Widget");
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);

    let context = Arc::new(Context { api: api.clone(), cleaned: Mutex::default() });
    let controller = Controller::new_with(api.clone(), Default::default(), resource.clone());
    let retry =
        |_: Arc<DynamicObject>, _: &_, _: Arc<Context>| Action::requeue(Duration::from_millis(100));
    let running = controller.run(reconcile, retry, context.clone()).for_each(|_| async {});
    let controller = tokio::spawn(running);

    // A reflector of our own, and what its watcher saw.
    let writer = reflector::store::Writer::<DynamicObject>::new(resource);
    let store = writer.as_reader();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let note = seen.clone();
    let stream = reflector(writer, watcher(api.clone(), Default::default()));
    let watching = tokio::spawn(stream.for_each(move |event| {
        let text = match event {
            Ok(Event::Init) => "init".to_string(),
            Ok(Event::InitDone) => "done".to_string(),
            Ok(_) => "object".to_string(),
            Err(error) => format!("{error:?}"),
        };
        note.lock().unwrap().push(text);
        async {}
    }));

    for n in 0..WIDGETS {
        let object = serde_json::from_value(widget(&format!("w{n}"), n)).unwrap();
        api.create(&PostParams::default(), &object).await.expect("created");
    }
    until(&api, "created", |items| converged(items, WIDGETS)).await;
    let change = Patch::Merge(json!({ "spec": { "n": 77 } }));
    api.patch("w3", &PatchParams::default(), &change).await.expect("patched");
    until(&api, "changed", |items| converged(items, WIDGETS)).await;

    // A write that no watch can still see, because its revision is forgotten at once: 410.
    let lists = |seen: &[String]| seen.iter().filter(|text| *text == "init").count();
    let before = lists(&seen.lock().unwrap());
    server.with(|server| {
        server.seed_object(&widget("unseen", 99), 0).expect("a good object");
        server.compact(server.revision());
    });
    until(&api, "unseen", |items| converged(items, WIDGETS + 1)).await;
    let end = tokio::time::Instant::now() + PATIENCE;
    while store.len() as u64 != WIDGETS + 1 && tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(store.len() as u64, WIDGETS + 1);
    let texts = seen.lock().unwrap().clone();
    assert!(texts.iter().any(|text| text.contains("410")), "{texts:?}");
    assert!(lists(&texts) > before, "{texts:?}");

    for name in api.list(&ListParams::default()).await.unwrap().items.iter().map(|it| it.name_any())
    {
        api.delete(&name, &DeleteParams::default()).await.expect("deleted");
    }
    until(&api, "deleted", <[DynamicObject]>::is_empty).await;
    let mut cleaned = BTreeMap::new();
    for name in context.cleaned.lock().unwrap().iter() {
        *cleaned.entry(name.clone()).or_insert(0) += 1;
    }
    assert_eq!(cleaned.len() as u64, WIDGETS + 1, "{cleaned:?}");
    controller.abort();
    watching.abort();
}
