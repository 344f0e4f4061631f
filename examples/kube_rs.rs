//! Two kube-rs controllers on one list of conditions, and the test that finds what they lose.
//!
//! `cargo test --example kube_rs --features kube`. The walk through it is `docs/kube-rs.md`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::controller::{Action, Controller};
use kube::{Api, Client, ResourceExt};
use lostwrite::kube::Simulation;
use serde_json::{Value, json};

struct Context {
    api: Api<DynamicObject>,
    condition: &'static str,
    /// The mended controller names the version that it has read.
    mended: bool,
}

async fn reconcile(widget: Arc<DynamicObject>, it: Arc<Context>) -> Result<Action, kube::Error> {
    let conditions = &widget.data["status"]["conditions"];
    let mut conditions = conditions.as_array().cloned().unwrap_or_default();
    if conditions.iter().any(|condition| condition["type"] == it.condition) {
        return Ok(Action::await_change());
    }
    conditions.push(json!({ "type": it.condition, "status": "True" }));
    let mut patch = json!({ "status": { "conditions": conditions } });
    if it.mended {
        patch["metadata"] = json!({ "resourceVersion": widget.resource_version() });
    }
    let patch = Patch::Merge(patch);
    it.api.patch_status(&widget.name_any(), &PatchParams::default(), &patch).await?;
    Ok(Action::await_change())
}

/// The controller, as its `main` would run it.
async fn run(client: Client, condition: &'static str, mended: bool) {
    let kind = GroupVersionKind::gvk("demo.example.com", "v1", "Widget");
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
    let again = |_, _: &kube::Error, _| Action::requeue(Duration::from_secs(5));
    let context = Arc::new(Context { api: api.clone(), condition, mended });
    let controller = Controller::new_with(api, Default::default(), resource);
    controller.run(reconcile, again, context).for_each(|_| async {}).await;
}

fn crd() -> Value {
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

fn simulation(mended: bool) -> Simulation {
    let widget = json!({
        "apiVersion": "demo.example.com/v1", "kind": "Widget",
        "metadata": { "name": "demo", "namespace": "default" }, "spec": {},
    });
    Simulation::new()
        .crd(crd())
        .object(widget)
        .controller("ready", move |client| run(client, "Ready", mended))
        .controller("usage", move |client| run(client, "Usage", mended))
}

fn main() {
    println!("{}", simulation(false).check());
    println!("With the version that was read in the patch:\n\n{}", simulation(true).check());
}

#[test]
fn the_two_controllers_lose_a_condition() {
    simulation(false).check().assert_lost();
}

#[test]
fn mended_they_never_do() {
    simulation(true).check().assert_safe();
}
