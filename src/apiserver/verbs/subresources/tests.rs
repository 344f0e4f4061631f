//! Evictions, bindings, tokens, approvals and the other parts behind an object's name.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::apiserver::{ApiServer, Body, Config, Request, Resource, Response, Subresource, Verb};

fn server() -> ApiServer {
    let mut server = ApiServer::new(Config::default());
    for object in [
        json!({ "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": "p", "labels": { "app": "a" } },
            "spec": { "containers": [{ "name": "c", "image": "i" }] },
            "status": { "phase": "Running" } }),
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "s" } }),
        json!({ "apiVersion": "certificates.k8s.io/v1", "kind": "CertificateSigningRequest",
            "metadata": { "name": "r" },
            "spec": { "request": "Zm9v", "signerName": "example.com/x",
                "usages": ["client auth"] } }),
    ] {
        server.seed_object(&object, 0).expect("an object");
    }
    server
}

/// A request to `v1/pods/p`, or to what `path` names: group/version/plural/name.
fn ask(server: &mut ApiServer, verb: Verb, path: &str, body: Value) -> Response {
    let parts: Vec<&str> = path.split(' ').collect();
    let [group, version, plural, name, subresource] = parts[..] else { panic!("{path}") };
    let group = if group == "-" { "" } else { group };
    let cluster = ["namespaces", "certificatesigningrequests", "tokenreviews"];
    let namespaced = !cluster.contains(&plural);
    server.handle(&Request {
        verb,
        resource: Resource { group: group.into(), version: version.into(), plural: plural.into() },
        namespace: namespaced.then(|| "default".into()),
        name: Some(name.into()),
        subresource: Subresource::named(subresource),
        options: Default::default(),
        body: Some(Arc::new(body)),
        user_agent: "test".into(),
        time: 100,
    })
}

fn message(response: &Response) -> String {
    match &response.body {
        Body::Status(status) => status.message.clone().unwrap_or_default(),
        _ => String::new(),
    }
}

const POD: &str = "- v1 pods p -";

#[test]
fn an_eviction_deletes_a_pod_unless_its_budget_says_no() {
    let eviction = json!({ "apiVersion": "policy/v1", "kind": "Eviction",
        "metadata": { "name": "p" }, "deleteOptions": { "gracePeriodSeconds": 0 } });
    let mut free = server();
    let answer = ask(&mut free, Verb::Create, "- v1 pods p eviction", eviction.clone());
    assert_eq!(answer.code, 201);
    assert_eq!(ask(&mut free, Verb::Get, POD, Value::Null).code, 404);

    let budget = |allowed: i64, observed: i64| {
        json!({ "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": { "name": "b" },
            "spec": { "selector": { "matchLabels": { "app": "a" } }, "minAvailable": 1 },
            "status": { "observedGeneration": observed, "disruptionsAllowed": allowed,
                "desiredHealthy": 1, "currentHealthy": 1, "expectedPods": 1 } })
    };
    for (allowed, observed, code, why) in
        [(0, 0, 429, ""), (0, 1, 429, "Cannot evict"), (1, 1, 201, "")]
    {
        let mut server = server();
        server.seed_object(&budget(allowed, observed), 0).expect("a budget");
        let answer = ask(&mut server, Verb::Create, "- v1 pods p eviction", eviction.clone());
        assert_eq!(answer.code, code);
        assert!(message(&answer).starts_with(why));
        let left = ask(&mut server, Verb::Get, POD, Value::Null).code;
        assert_eq!(left, if code == 201 { 404 } else { 200 });
        if code == 201 {
            let path = "policy v1 poddisruptionbudgets b -";
            let budget = ask(&mut server, Verb::Get, path, Value::Null);
            let budget = budget.object().expect("the budget");
            assert_eq!(budget["status"]["disruptionsAllowed"], 0);
            assert!(budget["status"]["disruptedPods"]["p"].is_string());
        }
    }
}

#[test]
fn a_binding_assigns_a_node_once() {
    let mut server = server();
    let binding = json!({ "apiVersion": "v1", "kind": "Binding", "metadata": { "name": "p" },
        "target": { "kind": "Node", "name": "n" } });
    let path = "- v1 pods p binding";
    let log = "- v1 pods p log";
    let no_host = ask(&mut server, Verb::Get, log, Value::Null);
    assert_eq!((no_host.code, message(&no_host)), {
        (400, "pod p does not have a host assigned".into())
    });
    assert_eq!(ask(&mut server, Verb::Create, path, binding.clone()).code, 201);
    let pod = ask(&mut server, Verb::Get, POD, Value::Null);
    let pod = pod.object().expect("the pod");
    assert_eq!(pod["spec"]["nodeName"], "n");
    assert_eq!(pod["status"]["conditions"][0]["type"], "PodScheduled");
    let again = ask(&mut server, Verb::Create, path, binding);
    assert_eq!(again.code, 409);
    assert!(message(&again).ends_with("pod p is already assigned to node \"n\""));
    assert_eq!(ask(&mut server, Verb::Get, log, Value::Null).code, 503);
    assert_eq!(ask(&mut server, Verb::Get, path, Value::Null).code, 405);
}

#[test]
fn a_token_is_made_for_an_account_that_exists() {
    let mut server = server();
    let request = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": { "audiences": ["a"], "expirationSeconds": 700 } });
    let path = "- v1 serviceaccounts s token";
    let answer = ask(&mut server, Verb::Create, path, request.clone());
    let token = answer.object().expect("a token");
    assert_eq!(token["status"]["expirationTimestamp"], "1970-01-01T00:13:20Z");
    assert_eq!(token["status"]["token"].as_str().expect("a text").split('.').count(), 3);
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
        "spec": { "token": token["status"]["token"], "audiences": ["a"] } });
    let path_of_review = "authentication.k8s.io v1 tokenreviews - -";
    let answer = ask(&mut server, Verb::Create, path_of_review, review);
    let review = answer.object().expect("a review");
    assert_eq!(review["status"]["user"]["username"], "system:serviceaccount:default:s");
    let short = json!({ "spec": { "expirationSeconds": 1 } });
    assert_eq!(ask(&mut server, Verb::Create, path, short).code, 422);
    let absent = "- v1 serviceaccounts t token";
    assert_eq!(ask(&mut server, Verb::Create, absent, request).code, 404);
}

#[test]
fn a_part_of_an_object_is_written_and_nothing_else() {
    let mut server = server();
    let path = "certificates.k8s.io v1 certificatesigningrequests r approval";
    let mut asked = Value::clone(ask(&mut server, Verb::Get, path, Value::Null).object().unwrap());
    asked["spec"]["signerName"] = "example.com/other".into();
    asked["status"] = json!({ "conditions": [{ "type": "Approved", "status": "True" }],
        "certificate": "Zm9v" });
    let answer = ask(&mut server, Verb::Update, path, asked);
    let request = answer.object().expect("the request");
    assert_eq!(request["status"]["conditions"][0]["type"], "Approved");
    assert!(request["status"].get("certificate").is_none());
    assert_eq!(request["spec"]["signerName"], "example.com/x");

    let path = "- v1 pods p ephemeralcontainers";
    let mut pod = Value::clone(ask(&mut server, Verb::Get, path, Value::Null).object().unwrap());
    pod["spec"]["ephemeralContainers"] = json!([{ "name": "e", "image": "i" }]);
    pod["metadata"]["labels"]["app"] = "b".into();
    let answer = ask(&mut server, Verb::Update, path, pod);
    let pod = answer.object().unwrap_or_else(|| panic!("{}", message(&answer)));
    assert_eq!(pod["spec"]["ephemeralContainers"][0]["name"], "e");
    assert_eq!(pod["metadata"]["labels"]["app"], "a");
    assert_eq!(pod["metadata"]["generation"], 2);
}

#[test]
fn a_namespace_waits_for_the_finalizers_of_others() {
    let mut server = server();
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace",
        "metadata": { "name": "held" },
        "spec": { "finalizers": ["kubernetes", "example.com/x"] } });
    server.seed_object(&namespace, 0).expect("a namespace");
    let path = "- v1 namespaces held -";
    ask(&mut server, Verb::Delete, path, json!({}));
    let waits = ask(&mut server, Verb::Get, path, Value::Null);
    assert_eq!(waits.object().expect("it waits")["status"]["phase"], "Terminating");
    let mut freed = Value::clone(waits.object().unwrap());
    freed["spec"]["finalizers"] = json!([]);
    let answer = ask(&mut server, Verb::Update, "- v1 namespaces held finalize", freed);
    assert_eq!(answer.code, 200);
    assert_eq!(ask(&mut server, Verb::Get, path, Value::Null).code, 404);
}
