//! A kube-rs controller as a program: keeps one condition of each Widget.
//!
//!     keeper CONDITION merge|locked MEASURE_MS
//!
//! Next to read: `measure.py`.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::runtime::controller::{Action, Controller};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

struct Keeper {
    api: Api<DynamicObject>,
    condition: String,
    locked: bool,
    measure: Duration,
}

async fn reconcile(widget: Arc<DynamicObject>, it: Arc<Keeper>) -> Result<Action, kube::Error> {
    tokio::time::sleep(it.measure).await;
    let widget = it.api.get(&widget.name_any()).await?;
    let conditions = widget.data["status"]["conditions"].as_array();
    let mut conditions = conditions.cloned().unwrap_or_default();
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
    println!("{} written", it.condition);
    Ok(Action::await_change())
}

fn again(_: Arc<DynamicObject>, error: &kube::Error, it: Arc<Keeper>) -> Action {
    println!("{} refused: {error}", it.condition);
    Action::requeue(Duration::from_millis(10))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [condition, write, measure] = &arguments[..] else {
        return Err("keeper CONDITION merge|locked MEASURE_MS".into());
    };
    let (condition, locked) = (condition.clone(), write == "locked");
    let measure = Duration::from_millis(measure.parse()?);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async move {
        let client = Client::try_default().await?;
        let kind = GroupVersionKind::gvk("demo.example.com", "v1", "Widget");
        let resource = ApiResource::from_gvk(&kind);
        let api: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
        let keeper = Arc::new(Keeper { api: api.clone(), condition, locked, measure });
        let controller = Controller::new_with(api, Default::default(), resource);
        controller.run(reconcile, again, keeper).for_each(|_| async {}).await;
        Ok(())
    })
}
