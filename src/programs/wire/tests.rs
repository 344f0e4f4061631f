//! What goes through the wire comes back, in every execution.

use super::*;
use crate::scenario::Scenario;
use serde_json::json;

fn wire(number: u64, names: &[&str]) -> Wire {
    let objects: Vec<Value> = names
        .iter()
        .map(
            |name| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } }),
        )
        .collect();
    let document = json!({
        "apiVersion": "lostwrite.dev/v1alpha1", "kind": "Scenario", "metadata": { "name": "w" },
        "kinds": [{ "kind": "Widget", "group": "demo.example.com" }], "objects": objects,
        "workers": [{ "name": "one", "run": ["true"] }],
    });
    let read = Scenario::from_str("w", &document.to_string());
    let read = read.unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let words = Arc::new(read[0].words());
    Wire { number, offset: 100 * number, words, lasting: Arc::default() }
}

fn out(wire: &Wire, value: &Value) -> Value {
    serde_json::from_slice(&wire.send(value.to_string().into_bytes())).expect("JSON")
}

fn request(method: &str, path: &str, query: &str, body: &Value) -> HttpRequest {
    HttpRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
        time: 0,
    }
}

const ALL: &str = "/apis/demo.example.com/v1/namespaces/default/widgets";

/// What is stored, with all that changes on the way.
fn stored() -> Value {
    json!({
        "apiVersion": "demo.example.com/v1", "kind": "Widget",
        "metadata": {
            "name": "demo", "namespace": "default", "resourceVersion": "7310000012",
            "uid": "12345678-1234-4123-8123-123456789abc",
            "finalizers": ["demo.example.com/hold"],
            "labels": { "demo.example.com/of": "demo" },
            "managedFields": [{ "manager": "demo", "fieldsV1": { "k:{\"name\":\"demo\"}": {} } }],
        },
        "spec": { "child": "demo-config", "path": "default/demo", "two": "web of demo, not demos",
                  "first": "demo-web", "number": "7310000000", "other": "731000000" },
    })
}

#[test]
fn what_is_sent_back_is_what_is_stored() {
    for number in [1, 2, 12] {
        let wire = wire(number, &["demo", "web", "web-app"]);
        let told = out(&wire, &stored());
        let own = |name: &str| format!("{name}-{number}");
        assert_eq!(told["metadata"]["name"], own("demo"));
        assert_eq!(told["metadata"]["labels"]["demo.example.com/of"], own("demo"));
        assert_eq!(told["metadata"]["finalizers"], stored()["metadata"]["finalizers"]);
        assert_eq!(told["metadata"]["managedFields"], stored()["metadata"]["managedFields"]);
        let version = (BASE + 12 + 100 * number).to_string();
        assert_eq!(told["metadata"]["resourceVersion"], version);
        assert_ne!(told["metadata"]["uid"], stored()["metadata"]["uid"]);
        assert_eq!(told["spec"]["child"], format!("{}-config", own("demo")));
        assert_eq!(told["spec"]["two"], format!("{} of {}, not demos", own("web"), own("demo")));
        assert_eq!(told["spec"]["other"], "731000000");
        let path = format!("{ALL}/{}/status", own("demo"));
        let query = format!("fieldSelector=metadata.name%3D{}&fieldManager=demo", own("web-app"));
        let mut back = request("PUT", &path, &query, &told);
        assert_eq!(wire.receive(&mut back, "one"), Request::Now);
        assert_eq!(back.path, format!("{ALL}/demo/status"));
        assert_eq!(back.query, "fieldSelector=metadata.name%3Dweb-app&fieldManager=demo");
        let inside: Value = serde_json::from_slice(&back.body).expect("JSON");
        assert_eq!(inside, stored());
    }
}

#[test]
fn every_text_comes_back() {
    let parts = ["demo", "web", "web-app", "demo.example.com", "x", "1", "2", "7310000007", "é"];
    let joints = ["-", "/", ".", " ", ":", "", "_"];
    for number in [1, 2, 11] {
        let wire = wire(number, &["demo", "web", "web-app"]);
        let mut texts = Vec::new();
        for (first, joint) in parts.iter().flat_map(|it| joints.iter().map(move |by| (it, by))) {
            texts.extend(parts.iter().map(|last| format!("{first}{joint}{last}")));
        }
        for text in texts {
            let told = out(&wire, &json!({ "spec": { "text": text } }));
            let mut back = request("POST", ALL, "", &told);
            let got = wire.receive(&mut back, "one");
            let inside: Value = serde_json::from_slice(&back.body).expect("JSON");
            assert_eq!(inside["spec"]["text"], text, "{number} {told}");
            assert_eq!(got, Request::Now, "{number} {text} {told}");
        }
    }
}

#[test]
fn what_was_not_told_is_refused_and_what_is_gone_is_known() {
    let wire = wire(3, &["demo"]);
    let ask = |path: &str, query: &str, body: Value| {
        wire.receive(&mut request("PUT", &format!("{ALL}{path}"), query, &body), "one")
    };
    let refused = |request: Request, needle: &str| match request {
        Request::Refused(words) => assert!(words.contains(needle), "{needle} in {words}"),
        other => panic!("{needle}: {other:?}"),
    };
    let nothing = || Value::Null;
    assert_eq!(ask("/demo-3", "", nothing()), Request::Now);
    assert_eq!(ask("/demo-2", "", nothing()), Request::Earlier);
    assert_eq!(ask("", "fieldSelector=metadata.name%3Ddemo-1", nothing()), Request::Earlier);
    assert_eq!(ask("", "", json!({ "metadata": { "name": "demo-2-config" } })), Request::Earlier);
    // Of no execution yet: another name altogether, with `demo` in it.
    refused(ask("/demo-4", "", nothing()), "says `demo`");
    refused(ask("/demo", "", nothing()), "`one` says `demo` in PUT /apis/");
    refused(ask("", "labelSelector=app%3Ddemo", nothing()), "in labelSelector");
    refused(ask("", "", json!({ "spec": { "a": ["b", "demo"] } })), "in spec.a[1]");
    refused(ask("", "", json!({ "status": { "by": { "demo-3": 1 } } })), "in status.by.demo-3");
    refused(ask("", "", json!({ "status": { "a": "demo-3 and demo" } })), "in status.a");
    // What one execution has told another is no name of this one, and no mistake either.
    assert_eq!(ask("", "", json!({ "status": { "a": "demo-1" } })), Request::Now);
    let lease = "/apis/coordination.k8s.io/v1/namespaces/default/leases/l";
    refused(wire.receive(&mut request("GET", lease, "", &nothing()), "one"), "uses a Lease");
    // A child with a number is another one than a sibling of that name.
    let siblings = super::tests::wire(2, &["web", "web-a"]);
    let mut child = request("GET", "/api/v1/namespaces/default/configmaps/web-2-a", "", &nothing());
    refused(siblings.receive(&mut child, "one"), "says `web-a`");
}

#[test]
fn a_version_of_an_earlier_execution_comes_before_all_of_this_one() {
    let wire = wire(2, &["demo"]);
    let version = (BASE + 150).to_string();
    let mut old =
        request("GET", ALL, &format!("watch=true&resourceVersion={version}"), &json!(null));
    assert_eq!(wire.receive(&mut old, "one"), Request::Now);
    assert_eq!(old.query, format!("watch=true&resourceVersion={BASE}"));
}

#[test]
fn a_watch_of_one_object_ends_with_its_execution() {
    let wire = wire(2, &["demo"]);
    let of_one = |query: &str| wire.is_of_one(&request("GET", ALL, query, &Value::Null));
    assert!(of_one("watch=true&fieldSelector=metadata.name%3Ddemo"));
    assert!(of_one("labelSelector=app%3Ddemo&watch=1"));
    assert!(!of_one("watch=true&labelSelector=demo.example.com%2Fapp"));
}
