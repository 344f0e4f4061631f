//! Two widgets and a stock controller.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::controller::{Action, Controller};
use kube::{Api, Client, ResourceExt};
use lostwrite::kube::Simulation;
use serde_json::{Value, json};

/// The CustomResourceDefinition of Widgets, with a status.
pub fn crd() -> Value {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    json!({
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
    })
}

/// A Widget.
pub fn widget(name: &str) -> Value {
    json!({
        "apiVersion": "demo.example.com/v1", "kind": "Widget",
        "metadata": { "name": name, "namespace": "default" }, "spec": {},
    })
}

/// The API of Widgets.
pub fn widgets(client: Client) -> Api<DynamicObject> {
    Api::default_namespaced_with(client, &resource())
}

/// What its API is asked for.
pub fn resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("demo.example.com", "v1", "Widget"))
}

struct Context {
    api: Api<DynamicObject>,
    condition: &'static str,
    locked: bool,
}

/// A stock controller that adds a condition of its own to the list of each Widget.
pub async fn run(client: Client, condition: &'static str, locked: bool) {
    let api = widgets(client);
    let context = Arc::new(Context { api: api.clone(), condition, locked });
    let controller = Controller::new_with(api, Default::default(), resource());
    controller
        .run(reconcile, |_, _: &kube::Error, _| Action::requeue(Duration::from_secs(5)), context)
        .for_each(|_| async {})
        .await;
}

async fn reconcile(widget: Arc<DynamicObject>, it: Arc<Context>) -> Result<Action, kube::Error> {
    let conditions = &widget.data["status"]["conditions"];
    let mut conditions = conditions.as_array().cloned().unwrap_or_default();
    if conditions.iter().any(|condition| condition["type"] == it.condition) {
        return Ok(Action::await_change());
    }
    conditions.push(json!({ "type": it.condition, "status": "True" }));
    let mut patch = json!({ "status": { "conditions": conditions } });
    if it.locked {
        patch["metadata"] = json!({ "resourceVersion": widget.resource_version() });
    }
    let name = widget.name_any();
    it.api.patch_status(&name, &PatchParams::default(), &Patch::Merge(patch)).await?;
    Ok(Action::await_change())
}

/// So many stock controllers on one Widget.
pub fn stock(controllers: usize, locked: bool) -> Simulation {
    let conditions = ["Ready", "Usage", "Synced", "Paid"];
    let mut simulation = Simulation::new().crd(crd()).object(widget("demo"));
    for condition in conditions.into_iter().take(controllers) {
        let name = condition.to_lowercase();
        simulation = simulation.controller(&name, move |client| run(client, condition, locked));
    }
    simulation
}

/// One reconcile: a GET and a PATCH.
pub async fn patch_once(client: Client) {
    let api = widgets(client);
    let read = api.get("demo").await.expect("it is there");
    let patch = json!({ "status": { "seen": read.metadata.generation } });
    let (params, patch) = (PatchParams::default(), Patch::Merge(patch));
    api.patch_status("demo", &params, &patch).await.expect("it is there");
}
