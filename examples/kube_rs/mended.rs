//! The same two controllers: each patch names the version that it was made of.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::controller::{Action, Controller};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

struct Context {
    api: Api<DynamicObject>,
    condition: &'static str,
}

async fn reconcile(widget: Arc<DynamicObject>, it: Arc<Context>) -> Result<Action, kube::Error> {
    let conditions = &widget.data["status"]["conditions"];
    let mut conditions = conditions.as_array().cloned().unwrap_or_default();
    if conditions.iter().any(|condition| condition["type"] == it.condition) {
        return Ok(Action::await_change());
    }
    conditions.push(json!({ "type": it.condition, "status": "True" }));
    let patch = Patch::Merge(json!({
        "metadata": { "resourceVersion": widget.resource_version() },
        "status": { "conditions": conditions },
    }));
    it.api.patch_status(&widget.name_any(), &PatchParams::default(), &patch).await?;
    Ok(Action::await_change())
}

/// One of the controllers, as `main` runs it.
pub async fn run(client: Client, condition: &'static str) {
    let kind = GroupVersionKind::gvk("demo.example.com", "v1", "Widget");
    let resource = ApiResource::from_gvk(&kind);
    let api: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
    let again = |_, _: &kube::Error, _| Action::requeue(Duration::from_secs(5));
    let context = Arc::new(Context { api: api.clone(), condition });
    let controller = Controller::new_with(api, Default::default(), resource);
    controller.run(reconcile, again, context).for_each(|_| async {}).await;
}
