//! Small requests that ask for much: refused or answered soon, and the server lives on.

use std::io::{BufReader, Write};
use std::time::{Duration, Instant};

use lostwrite::serve::{Limits, Running};
use serde_json::{Value, json};

use crate::http::{Client, Reply, read_head};
use crate::{WIDGETS, client, running, widget};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
/// A second on a quiet machine with an optimised server; a test has neither.
const SOON: Duration = Duration::from_secs(15);

struct Session {
    client: Client,
    _server: Running,
}

impl Session {
    fn new() -> Session {
        let server = running(Limits::default());
        Session { client: client(&server.url()), _server: server }
    }

    fn send(&mut self, method: &str, target: &str, kind: &str, body: &Value) -> Reply {
        self.client.headers = vec![("Content-Type".into(), format!("application/{kind}"))];
        let begin = Instant::now();
        let reply = self.client.send(method, target, body.to_string().as_bytes());
        let took = begin.elapsed();
        assert!(took < SOON, "{method} {target} took {took:?}");
        reply.expect("an answer")
    }

    fn create(&mut self, target: &str, object: &Value) {
        let reply = self.send("POST", target, "json", object);
        assert_eq!(reply.code, 201, "{}", reply.json());
    }

    fn patch(&mut self, target: &str, kind: &str, body: &Value) -> Reply {
        self.send("PATCH", target, kind, body)
    }
}

#[test]
fn copies_of_copies_are_refused_whatever_they_copy() {
    let mut session = Session::new();
    session.create(MAPS, &json!({ "metadata": { "name": "c" }, "data": { "a": "x" } }));
    session.create(WIDGETS, &widget("w", json!({ "a": "x" })));
    for (target, to) in [(format!("{MAPS}/c"), "/data"), (format!("{WIDGETS}/w"), "/spec")] {
        let list = json!({ "op": "add", "path": format!("{to}/l"), "value": [1] });
        let grow = json!({ "op": "copy", "from": format!("{to}/l"), "path": format!("{to}/l/-") });
        let mut list = vec![list];
        list.extend(vec![grow; 60]);
        let map = |n: usize| json!({ "op": "copy", "from": to, "path": format!("{to}/{n}") });
        let down = |n: usize| {
            let path = format!("{to}{}", "/x".repeat(n + 1));
            json!({ "op": "copy", "from": "/metadata", "path": path })
        };
        for patch in [Value::from(list), (0..60).map(map).collect(), (0..1000).map(down).collect()]
        {
            let reply = session.patch(&target, "json-patch+json", &patch);
            assert_eq!(reply.code, 413, "{:.300}", reply.json().to_string());
        }
        assert_eq!(session.send("GET", &target, "json", &Value::Null).code, 200);
    }
}

/// Each took from seconds to hours: reversed lists, long lists of deletions, long lists of owners,
/// the same in an apply and in a set of a definition.
#[test]
fn long_lists_take_no_longer_than_their_length() {
    let mut session = Session::new();
    let owner = |n| json!({ "apiVersion": "v1", "kind": "Pod", "name": format!("p{n}"), "uid": n });
    let text = |mut owner: Value| {
        owner["uid"] = owner["uid"].to_string().into();
        owner
    };
    let owners: Vec<Value> = (0..10_000).map(owner).map(text).collect();
    let reversed = |list: &[Value]| list.iter().rev().cloned().collect::<Vec<_>>();
    let refs = json!({ "metadata": { "name": "refs", "ownerReferences": owners } });
    session.create(MAPS, &refs);
    let target = format!("{MAPS}/refs");
    let patch = json!({ "metadata": { "ownerReferences": reversed(&owners) } });
    assert_eq!(session.patch(&target, "strategic-merge-patch+json", &patch).code, 200);
    let gone = |owner: &Value| json!({ "$patch": "delete", "uid": owner["uid"] });
    let gone: Vec<Value> = owners.iter().map(gone).collect();
    let patch = json!({ "metadata": {
        "ownerReferences": gone, "$setElementOrder/ownerReferences": [{ "uid": "1" }] } });
    assert!(session.patch(&target, "strategic-merge-patch+json", &patch).code < 500);

    let names: Vec<Value> = (0..30_000).map(|n| json!(format!("a.b/{n}"))).collect();
    session.create(MAPS, &json!({ "metadata": { "name": "fin", "finalizers": names } }));
    let target = format!("{MAPS}/fin");
    let all = json!({ "metadata": {
        "finalizers": reversed(&names),
        "$setElementOrder/finalizers": reversed(&names) } });
    assert_eq!(session.patch(&target, "strategic-merge-patch+json", &all).code, 200);
    let none = json!({ "metadata": { "$deleteFromPrimitiveList/finalizers": names } });
    assert_eq!(session.patch(&target, "strategic-merge-patch+json", &none).code, 200);

    let nodes = "/api/v1/nodes";
    session.create(nodes, &json!({ "metadata": { "name": "n" } }));
    let condition = |n| json!({ "type": format!("T{n}"), "status": "True" });
    let conditions: Vec<Value> = (0..3000).map(condition).collect();
    let status = format!("{nodes}/n/status");
    let patch = json!({ "status": { "conditions": conditions } });
    assert_eq!(session.patch(&status, "strategic-merge-patch+json", &patch).code, 200);
    let order: Vec<_> =
        reversed(&conditions).iter().map(|it| json!({ "type": it["type"] })).collect();
    let patch = json!({ "status": {
        "$setElementOrder/conditions": order, "conditions": reversed(&conditions) } });
    let reply = session.patch(&status, "strategic-merge-patch+json", &patch);
    assert_eq!(reply.code, 200);
    assert_eq!(reply.json()["status"]["conditions"][0]["type"], "T2999");
    let apply = json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n" },
        "status": { "conditions": reversed(&conditions) } });
    let target = format!("{status}?fieldManager=m&force=true");
    assert_eq!(session.patch(&target, "apply-patch+yaml", &apply).code, 200);
}

#[test]
fn values_twice_keys_twice_and_errors_by_the_thousand() {
    let mut session = Session::new();
    let owner = json!({ "apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u" });
    let mut controlled = owner.clone();
    controlled["controller"] = true.into();
    for (owners, code) in [(vec![owner; 20_000], 201), (vec![controlled; 20_000], 201)] {
        let name = format!("o{}", owners[0]["controller"]);
        let object = json!({ "metadata": { "name": name, "ownerReferences": owners } });
        assert_eq!(session.send("POST", MAPS, "json", &object).code, code);
    }
    let controller = |n: usize| {
        json!({ "apiVersion": "v1", "kind": "Pod", "name": "p", "controller": true,
                "uid": n.to_string() })
    };
    let owners: Vec<Value> = (0..20_000).map(controller).collect();
    let object = json!({ "metadata": { "name": "c", "ownerReferences": owners } });
    let reply = session.send("POST", MAPS, "json", &object);
    assert_eq!(reply.code, 422);
    assert!(reply.body.len() < 16 << 20, "{} bytes", reply.body.len());
    let names: Vec<Value> = (0..20_000).map(|n| json!(format!("not good {n}"))).collect();
    let object = json!({ "metadata": { "name": "f", "finalizers": names } });
    assert_eq!(session.send("POST", MAPS, "json", &object).code, 422);

    // One key twenty thousand times, and twenty thousand keys twice.
    session.client.headers = vec![("Content-Type".into(), "application/json".into())];
    for many in [1, 20_000] {
        let keys: Vec<_> = (0..40_000).map(|n| format!("\"k{}\":\"v\"", n % many)).collect();
        let body =
            format!("{{\"metadata\":{{\"name\":\"k{many}\"}},\"data\":{{{}}}}}", keys.join(","));
        let begin = Instant::now();
        let reply = session.client.send("POST", MAPS, body.as_bytes()).expect("an answer");
        assert!(begin.elapsed() < SOON);
        assert_eq!(reply.code, 201);
        let told = reply.headers.iter().filter(|(name, _)| name == "warning").count();
        assert_eq!(told, many.min(100));
    }
}

#[test]
fn a_selector_that_is_no_text_selects_nothing() {
    let mut session = Session::new();
    session.create(WIDGETS, &widget("w", json!({})));
    for query in ["labelSelector=%ff", "labelSelector=a%3D%ff", "labelSelector=%c3%28"] {
        for method in ["GET", "DELETE"] {
            let target = format!("{WIDGETS}?{query}");
            assert_eq!(session.send(method, &target, "json", &Value::Null).code, 400, "{target}");
        }
    }
    let target = format!("{WIDGETS}?fieldSelector=metadata.name%3D%ff");
    let reply = session.client.send("DELETE", &target, b"").expect("an answer");
    assert!(reply.json()["items"].as_array().is_none_or(Vec::is_empty));
    assert_eq!(session.send("GET", &format!("{WIDGETS}/w"), "json", &Value::Null).code, 200);
}

#[test]
fn an_absent_boolean_is_false_to_a_field_selector() {
    let mut session = Session::new();
    session.create("/api/v1/nodes", &json!({ "metadata": { "name": "in" } }));
    let out = json!({ "metadata": { "name": "out" }, "spec": { "unschedulable": true } });
    session.create("/api/v1/nodes", &out);
    let mut names = |selector: &str| -> Vec<String> {
        let target = format!("/api/v1/nodes?fieldSelector={selector}");
        let list = session.send("GET", &target, "json", &Value::Null).json();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or("?").into()).collect()
    };
    assert_eq!(names("spec.unschedulable%3Dfalse"), ["in"]);
    assert_eq!(names("spec.unschedulable!%3Dfalse"), ["out"]);
    assert_eq!(names("spec.unschedulable%3Dtrue"), ["out"]);
    assert_eq!(names("spec.unschedulable%3D"), [""; 0]);
}

#[test]
fn a_web_page_of_another_machine_may_not_write_without_a_token() {
    let server = running(Limits::default());
    let mut client = client(&server.url());
    let mut code = |extra: &[(&str, &str)]| {
        let own = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
        client.headers = extra.iter().map(own).collect();
        let object = json!({ "metadata": { "generateName": "x-" } }).to_string();
        client.send("POST", MAPS, object.as_bytes()).expect("an answer").code
    };
    for refused in [
        &[("Origin", "http://evil.example"), ("Sec-Fetch-Site", "cross-site")][..],
        &[("Origin", "http://evil.example")],
        &[("Origin", "http://127.0.0.1.evil.example:80")],
        &[("Origin", "https://localhost.evil.example")],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "cross-site"), ("Origin", "http://localhost:3000")],
    ] {
        assert_eq!(code(refused), 403, "{refused:?}");
    }
    for accepted in [
        &[][..],
        &[("Origin", "http://localhost:3000"), ("Sec-Fetch-Site", "same-site")],
        &[("Origin", "http://127.0.0.1:8001"), ("Sec-Fetch-Site", "same-origin")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", "http://[::1]:9")],
    ] {
        assert_eq!(code(accepted), 201, "{accepted:?}");
    }
}

#[test]
fn http_1_1_names_one_host() {
    let server = running(Limits::default());
    let client = client(&server.url());
    for (head, code) in [
        ("GET /api HTTP/1.1\r\n", 400),
        ("GET /api HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400),
        ("GET /api HTTP/1.1\r\nHost: localhost\r\n", 200),
        ("GET /api HTTP/1.0\r\n", 200),
    ] {
        let mut stream = client.connect().unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        assert_eq!(read_head(&mut BufReader::new(stream)).unwrap().0, code, "{head}");
    }
}

#[test]
fn what_a_config_map_and_a_secret_may_hold() {
    let mut session = Session::new();
    let secrets = "/api/v1/namespaces/default/secrets";
    let base64 = "YWJj".repeat(400_000);
    let large = "x".repeat(1024 * 1024 + 1);
    let fits = &large[1..];
    for (target, object, code, said) in [
        (
            MAPS,
            json!({ "data": { "a": large } }),
            422,
            "Too long: may not be more than 1048576 bytes",
        ),
        (MAPS, json!({ "data": { "a": fits } }), 201, ""),
        (MAPS, json!({ "binaryData": { "a": base64 } }), 422, "Too long"),
        (MAPS, json!({ "binaryData": { "a": "!!" } }), 400, "illegal base64 data at input byte 0"),
        (MAPS, json!({ "binaryData": { "a": "YWJ" } }), 400, "illegal base64 data at input byte 0"),
        (MAPS, json!({ "binaryData": { "a": "YW\nJj" } }), 201, ""),
        (MAPS, json!({ "data": { "a": "" }, "binaryData": { "a": "" } }), 422, "duplicate of key"),
        (
            secrets,
            json!({ "data": { "a": "not base64" } }),
            400,
            "illegal base64 data at input byte 3",
        ),
        (secrets, json!({ "data": { "a": base64 } }), 422, "data: Too long"),
        (secrets, json!({ "stringData": { "a": large } }), 422, "data: Too long"),
        (secrets, json!({ "data": { "a": "YWJj" } }), 201, ""),
    ] {
        let mut object = object;
        object["metadata"] = json!({ "generateName": "x-" });
        let reply = session.send("POST", target, "json", &object);
        let message = reply.json()["message"].as_str().unwrap_or_default().to_string();
        assert_eq!((reply.code, message.contains(said)), (code, true), "{message:.300}");
    }
    session.create(MAPS, &json!({ "metadata": { "name": "p" } }));
    let patch = json!({ "binaryData": { "a": "!" } });
    assert_eq!(session.patch(&format!("{MAPS}/p"), "merge-patch+json", &patch).code, 422);
}
