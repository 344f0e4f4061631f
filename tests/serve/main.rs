//! `lostwrite serve` under clients: many at once, and hostile ones.

mod asked;
mod audit;
mod bounds;
mod cli;
mod concurrency;
mod future;
mod fuzz;
mod hostile;
#[path = "../support/http.rs"]
mod http;
#[cfg(unix)]
mod keeping;
mod kubectl;
mod linear;
mod past;
mod soak;
mod tls;

use lostwrite::apiserver::{ApiServer, Config};
use lostwrite::serve::{self, Limits, Running};
use serde_json::{Value, json};

/// A server with a definition of `widgets.demo.example.com`, where every namespace exists.
pub(crate) fn running(limits: Limits) -> Running {
    let mut server = ApiServer::new(Config { any_namespace: true, ..Config::default() });
    server.install_crd(&crd(), 0).expect("a good definition");
    let mut config = serve::Config::new(([127, 0, 0, 1], 0).into());
    config.limits = limits;
    serve::start(config, server).expect("a free port")
}

pub(crate) const WIDGETS: &str = "/apis/demo.example.com/v1/namespaces/default/widgets";

pub(crate) fn crd() -> Value {
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

pub(crate) fn widget(name: &str, spec: Value) -> Value {
    json!({
        "apiVersion": "demo.example.com/v1", "kind": "Widget",
        "metadata": { "name": name }, "spec": spec,
    })
}

/// A client that sends JSON.
pub(crate) fn client(url: &str) -> http::Client {
    let mut client = http::Client::new(url);
    client.headers = vec![("Content-Type".into(), "application/json".into())];
    client
}

pub(crate) fn post(client: &mut http::Client, object: &Value) {
    let reply = client.send("POST", WIDGETS, object.to_string().as_bytes()).expect("an answer");
    assert_eq!(reply.code, 201, "{}", reply.json());
}
