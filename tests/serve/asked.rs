//! What clients ask for that no curl does: discovery at once, tables, protobuf, OpenAPI.

use lostwrite::serve::{Limits, Running};
use serde_json::{Value, json};

use crate::http::{Client, Reply};
use crate::{WIDGETS, client, running, widget};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

struct Session {
    client: Client,
    _server: Running,
}

impl Session {
    fn new() -> Session {
        let server = running(Limits::default());
        Session { client: client(&server.url()), _server: server }
    }

    fn create(&mut self, target: &str, object: &Value) -> Reply {
        self.send("POST", target, &[("Content-Type", "application/json")], object.to_string())
    }

    fn send(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Reply {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        self.client.headers = headers.collect();
        self.client.send(method, target, body.as_ref()).expect("an answer")
    }
}

fn content_type(reply: &Reply) -> &str {
    let mut headers = reply.headers.iter();
    let found = headers.find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    found.map_or("", |(_, value)| value)
}

#[test]
fn discovery_comes_at_once_if_it_is_asked_for_so() {
    let mut session = Session::new();
    let v2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let accept = format!("{v2},application/json");
    for (path, version) in [("/apis", "demo.example.com"), ("/api", "")] {
        let reply = session.send("GET", path, &[("Accept", &accept)], "");
        assert_eq!((reply.code, content_type(&reply)), (200, v2), "{path}");
        let found = reply.json();
        assert_eq!(found["kind"], "APIGroupDiscoveryList");
        let groups = found["items"].as_array().expect("groups");
        let group = groups.iter().find(|group| group["metadata"]["name"] == version);
        assert!(group.is_some(), "{path}: {found}");
    }
    let one = session.send("GET", "/apis", &[("Accept", &accept)], "").json();
    let of_widgets = one["items"].as_array().into_iter().flatten();
    let resource = of_widgets
        .filter(|group| group["metadata"]["name"] == "demo.example.com")
        .map(|group| group["versions"][0]["resources"][0].clone())
        .next();
    let resource = resource.expect("the group of the definition");
    assert_eq!(resource["resource"], "widgets");
    assert_eq!(resource["responseKind"]["kind"], "Widget");
    assert_eq!(resource["subresources"][0]["subresource"], "status");
    let plain = session.send("GET", "/apis", &[("Accept", "application/json")], "").json();
    assert_eq!(plain["kind"], "APIGroupList");
}

#[test]
fn rows_of_a_table_say_what_they_are_and_nodes_have_columns() {
    let mut session = Session::new();
    let ready = json!([{ "type": "Ready", "status": "True" }]);
    let node = json!({
        "metadata": { "name": "n", "labels": { "node-role.kubernetes.io/worker": "" } },
        "status": { "conditions": ready, "nodeInfo": { "kubeletVersion": "v1.36.0" } },
    });
    assert_eq!(session.create("/api/v1/nodes", &node).code, 201);
    assert_eq!(session.create(WIDGETS, &widget("w", json!({ "a": 1 }))).code, 201);
    let accept = [("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")];
    for (target, version, kind) in
        [("/api/v1/nodes", "v1", "Node"), (WIDGETS, "demo.example.com/v1", "Widget")]
    {
        let target = format!("{target}?includeObject=Object");
        let table = session.send("GET", &target, &accept, "").json();
        let object = &table["rows"][0]["object"];
        assert_eq!((&object["apiVersion"], &object["kind"]), (&json!(version), &json!(kind)));
        assert!(object["spec"].is_object(), "{object}");
    }
    let table = session.send("GET", "/api/v1/nodes", &accept, "").json();
    let shown = |priority: i64| -> Vec<String> {
        let columns = table["columnDefinitions"].as_array().into_iter().flatten();
        let shown = columns.filter(|column| column["priority"] == priority);
        shown.map(|column| column["name"].as_str().unwrap_or("?").to_owned()).collect()
    };
    assert_eq!(shown(0), ["Name", "Status", "Roles", "Age", "Version"]);
    let cells = table["rows"][0]["cells"].as_array().expect("cells");
    assert_eq!(cells[..3], [json!("n"), json!("Ready"), json!("worker")]);
    assert_eq!(cells[4], "v1.36.0");
}

/// An object in the envelope of Kubernetes' protobuf: version and kind, then the object's bytes.
fn envelope(kind: &str, object: &[u8]) -> Vec<u8> {
    let field = |number: u8, bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).expect("a short field");
        [&[number << 3 | 2, length][..], bytes].concat()
    };
    let meta = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
    [b"k8s\0".to_vec(), field(1, &meta), field(2, object), field(3, b""), field(4, b"")].concat()
}

#[test]
fn typed_go_clients_write_delete_and_read_in_protobuf() {
    let mut session = Session::new();
    // ObjectMeta with a name, as a ConfigMap's first field.
    let named = envelope("ConfigMap", b"\x0a\x04\x0a\x02pb");
    let headers = [("Content-Type", PROTOBUF), ("Accept", PROTOBUF)];
    let made = session.send("POST", MAPS, &headers, &named);
    assert_eq!((made.code, content_type(&made)), (201, PROTOBUF));
    assert!(made.body.starts_with(b"k8s\0"), "{:?}", made.body);
    let target = format!("{MAPS}/pb");
    let read = session.send("GET", &target, &[("Accept", "application/json")], "");
    assert_eq!(read.json()["metadata"]["name"], "pb");
    let options = envelope("DeleteOptions", b"");
    let gone = session.send("DELETE", &target, &headers, &options);
    assert_eq!(gone.code, 200, "{:?}", String::from_utf8_lossy(&gone.body));
    assert_eq!(session.send("GET", &target, &[], "").code, 404);
    // A custom resource has no protobuf.
    let refused = session.send("POST", WIDGETS, &headers[..1], envelope("Widget", b""));
    assert_eq!(refused.code, 415);
}

#[test]
fn old_kubectl_is_answered_openapi_v2_in_protobuf() {
    let mut session = Session::new();
    for separator in [".", "@"] {
        let asked = format!("application/com.github.proto-openapi.spec.v2{separator}v1.0+protobuf");
        let reply = session.send("GET", "/openapi/v2", &[("Accept", &asked)], "");
        assert_eq!(reply.code, 200);
        assert!(content_type(&reply).ends_with("v1.0+protobuf"), "{:?}", reply.headers);
        assert!(!reply.body.is_empty() && !reply.body.starts_with(b"{"), "{:?}", reply.body);
    }
    let plain = session.send("GET", "/openapi/v2", &[("Accept", "application/json")], "");
    assert_eq!(plain.json()["swagger"], "2.0");
}

#[test]
fn an_event_is_posted_to_either_group_and_found_in_both() {
    let mut session = Session::new();
    let core = "/api/v1/namespaces/default/events";
    let group = "/apis/events.k8s.io/v1/namespaces/default/events";
    let about = json!({ "kind": "ConfigMap", "name": "x", "namespace": "default" });
    let event =
        json!({ "metadata": { "name": "core" }, "involvedObject": about, "reason": "Seen" });
    assert_eq!(session.create(core, &event).code, 201);
    let event = json!({
        "metadata": { "name": "group" }, "regarding": about, "reason": "Seen", "action": "Look",
        "type": "Normal", "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingController": "example.com/c", "reportingInstance": "c-1",
    });
    let made = session.create(group, &event);
    assert_eq!(made.code, 201, "{}", made.json());
    for target in [core, group] {
        let list = session.send("GET", target, &[], "").json();
        assert_eq!(list["items"].as_array().map(Vec::len), Some(2), "{list}");
    }
}

#[test]
fn an_object_that_etcd_would_not_take_is_refused() {
    let mut session = Session::new();
    let large = "x".repeat(1_600_000);
    let reply = session.create(WIDGETS, &widget("large", json!({ "a": large })));
    assert_eq!(reply.code, 500);
    assert!(reply.json()["message"].as_str().is_some_and(|it| it.contains("request is too large")));
}

#[test]
fn yaml_may_nest_as_deep_as_json() {
    let mut session = Session::new();
    let mut apply = |body: String| {
        let head = "apiVersion: demo.example.com/v1\nkind: Widget\nmetadata: {name: deep}\nspec:";
        let body = if body.starts_with('{') { body } else { format!("{head}\n{body}") };
        let target = format!("{WIDGETS}/deep?fieldManager=m");
        let headers = [("Content-Type", "application/apply-patch+yaml")];
        session.send("PATCH", &target, &headers, body)
    };
    let block = |depth: usize| -> String {
        (1..=depth).map(|level| format!("{}a:\n", " ".repeat(level))).collect()
    };
    let flow = |depth: usize| format!("  a: {}1{}\n", "{a: ".repeat(depth), "}".repeat(depth));
    let json = |depth: usize| {
        let spec = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
        let head = r#"{"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{},"#;
        format!(r#"{head}"spec":{spec}}}"#)
    };
    for depth in [62, 63, 64, 65, 66, 150, 190] {
        for body in [block(depth), flow(depth), json(depth)] {
            let reply = apply(body);
            assert!([200, 201].contains(&reply.code), "{depth}: {}", reply.json());
        }
    }
    for depth in [210, 250, 10_000] {
        for body in [flow(depth), json(depth)] {
            let reply = apply(body);
            let said = reply.json()["message"].to_string();
            let refused = reply.code == 400 && said.contains("exceeded max depth");
            assert!(refused, "{depth}: {} {said}", reply.code);
        }
    }
}
