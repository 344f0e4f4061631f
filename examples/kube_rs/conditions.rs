//! Every order of the two controllers' requests, and of what their watches tell them.

use lostwrite::kube::Simulation;
use serde_json::{Value, json};
use widget_operator::run;

fn crd() -> Value {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    let schema = json!({ "type": "object", "properties": { "spec": open, "status": open } });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.demo.example.com" },
        "spec": {
            "group": "demo.example.com", "scope": "Namespaced",
            "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": schema },
            }],
        },
    })
}

pub fn cluster() -> Simulation {
    Simulation::new().crd(crd()).object(json!({
        "apiVersion": "demo.example.com/v1", "kind": "Widget",
        "metadata": { "name": "demo", "namespace": "default" }, "spec": {},
    }))
}

pub fn simulation() -> Simulation {
    cluster()
        .controller("ready", |client| run(client, "Ready"))
        .controller("usage", |client| run(client, "Usage"))
}

#[test]
fn the_two_controllers_never_lose_a_condition() {
    let checked = simulation().check();
    println!("{checked}");
    checked.assert_safe();
}

#[test]
fn usage_keeps_the_condition_of_ready() {
    simulation().replay("1.60e9.r~uuu~u~r").check().assert_safe();
}
