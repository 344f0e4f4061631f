//! The server's promises that everything else stands on, as the shortest sequences that break them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;

fn server() -> ApiServer {
    let mut server = ApiServer::new(Config::default());
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.demo.example.com" },
        "spec": {
            "group": "demo.example.com",
            "scope": "Namespaced",
            "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object",
                    "x-kubernetes-preserve-unknown-fields": true,
                } },
            }],
        },
    });
    server.install_crd(&crd, 0).unwrap();
    server
}

fn request(server: &ApiServer, verb: Verb, kind: &str, name: &str, body: Value) -> Request {
    Request {
        verb,
        resource: server.kind_named(kind).unwrap().resource.clone(),
        namespace: Some("default".into()),
        name: (verb != Verb::Create).then(|| name.to_string()),
        subresource: None,
        options: Options::default(),
        body: (!body.is_null()).then(|| Arc::new(body)),
        user_agent: "test/1.0".into(),
        time: 0,
    }
}

fn put_status(server: &mut ApiServer, object: Value) -> Response {
    let mut request = request(server, Verb::Update, "Widget", "a", object);
    request.subresource = Some(Subresource::Status);
    server.handle(&request)
}

fn widget() -> Value {
    json!({
        "apiVersion": "demo.example.com/v1",
        "kind": "Widget",
        "metadata": { "name": "a", "namespace": "default" },
        "spec": { "replicas": 1 },
    })
}

fn revision(object: &Value) -> u64 {
    object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_put_with_a_stale_revision_is_409_and_changes_nothing() {
    let mut server = server();
    let key = server.seed_object(&widget(), 0).unwrap();
    let read = Value::clone(&server.object(&key).unwrap());
    let mut first = read.clone();
    first["status"] = json!({ "health": "ok" });
    assert_eq!(put_status(&mut server, first).code, 200);
    let before = server.clone();
    let mut second = read;
    second["status"] = json!({ "usage": 7 });
    let answer = put_status(&mut server, second);
    assert_eq!(answer.code, 409);
    assert_eq!(answer.status().unwrap().reason, Some("Conflict"));
    assert_eq!(server, before);
}

#[test]
fn a_put_without_a_revision_is_422_on_a_custom_resource_and_200_on_a_config_map() {
    let mut server = server();
    server.seed_object(&widget(), 0).unwrap();
    assert_eq!(put_status(&mut server, widget()).code, 422);
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "m" }, "data": { "x": "1" },
    });
    server.seed_object(&map, 0).unwrap();
    let mut changed = map;
    changed["data"]["x"] = json!("2");
    let put = request(&server, Verb::Update, "ConfigMap", "m", changed);
    assert_eq!(server.handle(&put).code, 200);
}

#[test]
fn every_effective_write_moves_the_revision_by_one_and_a_no_op_does_not() {
    let mut server = server();
    let first = server.revision();
    let key = server.seed_object(&widget(), 0).unwrap();
    assert_eq!(server.revision().0, first.0 + 1);
    assert_eq!(revision(&server.object(&key).unwrap()), server.revision().0);
    let patch = json!({ "spec": { "replicas": 2 } });
    let patch = request(&server, Verb::Patch(PatchKind::Merge), "Widget", "a", patch);
    assert_eq!(server.handle(&patch).code, 200);
    assert_eq!(server.revision().0, first.0 + 2);
    assert_eq!(server.handle(&patch).code, 200);
    assert_eq!(server.revision().0, first.0 + 2);
}

#[test]
fn renamed_revisions_make_servers_with_the_same_objects_equal() {
    let config = Config { history: History::Nothing, ..Config::default() };
    let mut once = ApiServer::new(config);
    let map = |x: &str| {
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "m" }, "data": { "x": x },
        })
    };
    once.seed_object(&map("1"), 0).unwrap();
    let mut often = once.clone();
    for x in ["2", "3", "1"] {
        let mut put = request(&often, Verb::Update, "ConfigMap", "m", map(x));
        // The seed's manager: another would own the field afterwards.
        put.user_agent = "lostwrite".into();
        assert_eq!(often.handle(&put).code, 200);
    }
    assert_ne!(once, often);
    for server in [&mut once, &mut often] {
        let order = server.revisions();
        let rank = |revision: Revision| {
            Revision(order.iter().filter(|known| **known <= revision).count() as u64)
        };
        server.rename_revisions(&rank);
    }
    assert_eq!(once, often);
}

#[test]
fn a_compacted_past_is_expired_for_lists_pages_and_watches() {
    let mut server = server();
    for name in ["a", "b", "c"] {
        let mut widget = widget();
        widget["metadata"]["name"] = json!(name);
        server.seed_object(&widget, 0).unwrap();
    }
    let mut list = request(&server, Verb::List, "Widget", "", Value::Null);
    list.name = None;
    list.options.limit = Some(1);
    let page = server.handle(&list);
    let Body::List(first) = &page.body else { panic!("a list") };
    let token = first["metadata"]["continue"].as_str().unwrap().to_string();
    let mut watch_request = request(&server, Verb::Watch, "Widget", "", Value::Null);
    watch_request.name = None;
    let mut idle = server.watch(&watch_request).unwrap();
    assert_eq!(idle.poll(&server).len(), 3);
    for replicas in 2..5 {
        let patch = json!({ "spec": { "replicas": replicas } });
        let patch = request(&server, Verb::Patch(PatchKind::Merge), "Widget", "a", patch);
        assert_eq!(server.handle(&patch).code, 200);
    }

    // A revision of the future is waited for, like any other.
    let future = format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{},\"start\":\"a\"}}", u32::MAX);
    list.options.continue_token =
        Some(base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, future));
    assert_eq!(server.handle(&list).code, 504);
    list.options.continue_token = Some(token.clone());
    assert_eq!(server.handle(&list).code, 200, "a page is read at the revision of the first");
    server.compact(server.revision());
    let gone = server.handle(&list);
    assert_eq!((gone.code, gone.status().unwrap().reason), (410, Some("Expired")));
    list.options.continue_token = gone.status().unwrap().metadata.continue_token.clone();
    assert_eq!(server.handle(&list).code, 200, "going on inconsistently is offered");

    let events = idle.poll(&server);
    let types: Vec<_> = events.iter().map(|event| event.event_type).collect();
    assert_eq!(types, [EventType::Error]);
    assert_eq!(events[0].object["code"], 410);
    assert!(idle.is_over() && idle.poll(&server).is_empty());
}

#[test]
fn a_watch_misses_nothing_and_sees_each_write_once() {
    let mut server = server();
    let mut watch_request = request(&server, Verb::Watch, "Widget", "", Value::Null);
    watch_request.name = None;
    watch_request.options.label_selector = Some("app=x".into());
    let mut watch = server.watch(&watch_request).unwrap();
    server.seed_object(&widget(), 0).unwrap();
    let mut seen = Vec::new();
    for label in ["x", "x", "y", "x"] {
        let patch = json!({ "metadata": { "labels": { "app": label } } });
        let patch = request(&server, Verb::Patch(PatchKind::Merge), "Widget", "a", patch);
        assert_eq!(server.handle(&patch).code, 200);
        seen.extend(watch.poll(&server));
    }
    let shown: Vec<_> = seen.iter().map(|event| event.event_type).collect();
    use EventType::{Added, Deleted};
    assert_eq!(shown, [Added, Deleted, Added], "the second write changed nothing");
    let revisions: Vec<_> = seen.iter().map(|event| revision(&event.object)).collect();
    assert!(revisions.is_sorted() && revisions.len() == 3);
}

#[test]
fn a_definition_takes_its_objects_with_it_and_waits_for_finalizers() {
    let mut server = server();
    let mut held = widget();
    held["metadata"]["finalizers"] = json!(["demo.example.com/hold"]);
    let key = server.seed_object(&held, 0).unwrap();
    let kind = "CustomResourceDefinition";
    let name = "widgets.demo.example.com";
    let mut delete = request(&server, Verb::Delete, kind, name, Value::Null);
    delete.namespace = None;
    assert_eq!(server.handle(&delete).code, 200);
    assert!(server.object(&key).unwrap()["metadata"]["deletionTimestamp"].is_string());
    let mut create = widget();
    create["metadata"]["name"] = json!("b");
    let create = request(&server, Verb::Create, "Widget", "", create);
    assert_eq!(server.handle(&create).code, 403);
    let release = json!({ "metadata": { "finalizers": null } });
    let release = request(&server, Verb::Patch(PatchKind::Merge), "Widget", "a", release);
    assert_eq!(server.handle(&release).code, 200);
    assert!(server.object(&key).is_none() && server.kind_named("Widget").is_none());
    assert_eq!(server.handle(&create).code, 404);
}

fn node(status: Value) -> Value {
    json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "n1" }, "status": status })
}

fn cluster_scoped(server: &ApiServer, verb: Verb, body: Value) -> Request {
    Request { namespace: None, ..request(server, verb, "Node", "n1", body) }
}

#[test]
fn a_node_keeps_the_status_that_it_is_created_with() {
    let mut server = server();
    let body = node(json!({ "phase": "Running", "capacity": { "cpu": "1000m" } }));
    let created = server.handle(&cluster_scoped(&server, Verb::Create, body));
    let status = created.object().unwrap()["status"].clone();
    assert_eq!((&status["phase"], &status["capacity"]["cpu"]), (&json!("Running"), &json!("1")));
    assert_eq!(status["nodeInfo"]["kubeletVersion"], "");
    // A PUT to the same endpoint drops it, and the status is no wish: no manager owns it.
    let mut changed = (**created.object().unwrap()).clone();
    changed["status"]["phase"] = "Pending".into();
    let put = server.handle(&cluster_scoped(&server, Verb::Update, changed));
    assert_eq!(put.object().unwrap()["status"], status);
    assert!(created.object().unwrap()["metadata"].get("managedFields").is_none());
}

#[test]
fn a_node_without_a_status_has_what_its_structs_always_write() {
    let mut server = server();
    let mut body = node(Value::Null);
    body.as_object_mut().unwrap().remove("status");
    let created = server.handle(&cluster_scoped(&server, Verb::Create, body));
    let status = &created.object().unwrap()["status"];
    assert_eq!(status["daemonEndpoints"], json!({ "kubeletEndpoint": { "Port": 0 } }));
    assert_eq!(status["nodeInfo"]["architecture"], "");
}

#[test]
fn a_custom_resource_has_the_defaults_of_its_status_at_once() {
    let mut server = ApiServer::new(Config::default());
    let mut crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": "gears.demo.example.com" },
        "spec": {
            "group": "demo.example.com",
            "scope": "Namespaced",
            "names": { "plural": "gears", "kind": "Gear" },
            "versions": [{ "name": "v1", "served": true, "storage": true,
                           "subresources": { "status": {} } }],
        },
    });
    crd["spec"]["versions"][0]["schema"] = json!({ "openAPIV3Schema": {
        "type": "object",
        "properties": { "status": {
            "type": "object",
            "default": { "seen": -1 },
            "properties": {
                "seen": { "type": "integer" },
                "at": { "type": "object", "properties": {
                    "kind": { "type": "string", "default": "Tooth" } } },
            },
        } },
    } });
    server.install_crd(&crd, 0).unwrap();
    let gear = |name: &str, status: Value| {
        let metadata = json!({ "name": name, "namespace": "default" });
        json!({ "apiVersion": "demo.example.com/v1", "kind": "Gear",
                "metadata": metadata, "status": status })
    };
    // The status that was sent is dropped, and its default is there.
    let sent = gear("a", json!({ "seen": 7 }));
    let created = server.handle(&request(&server, Verb::Create, "Gear", "a", sent));
    assert_eq!(created.object().unwrap()["status"], json!({ "seen": -1 }));
    // A seeded status is kept, pruned and defaulted.
    let key = server.seed_object(&gear("b", json!({ "at": {}, "typo": 1 })), 0).unwrap();
    assert_eq!(server.object(&key).unwrap()["status"], json!({ "at": { "kind": "Tooth" } }));
    let key = server.seed_object(&gear("c", json!({ "at": null })), 0).unwrap();
    assert_eq!(server.object(&key).unwrap()["status"], json!({}));
}

#[test]
fn who_seeds_an_object_owns_its_status_as_its_spec() {
    let mut server = server();
    let mut seeded = widget();
    seeded["status"] = json!({ "ready": true });
    let key = server.seed_object(&seeded, 0).unwrap();
    let object = server.object(&key).unwrap();
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    let fields = &entries[0]["fieldsV1"];
    assert_eq!(fields["f:spec"], json!({ ".": {}, "f:replicas": {} }));
    assert_eq!(fields["f:status"], json!({ ".": {}, "f:ready": {} }));
    // Or the scenario says whose it is.
    seeded["metadata"]["name"] = "b".into();
    seeded["metadata"]["managedFields"] = json!([{
        "manager": "kubelet", "operation": "Update", "apiVersion": "demo.example.com/v1",
        "fieldsType": "FieldsV1", "fieldsV1": { "f:status": { "f:ready": {} } },
        "subresource": "status",
    }]);
    let key = server.seed_object(&seeded, 0).unwrap();
    let object = server.object(&key).unwrap();
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    let managers: Vec<_> = entries.iter().map(|entry| entry["manager"].as_str()).collect();
    assert_eq!(managers, [Some("kubelet")]);
}

#[test]
fn a_namespace_in_the_body_of_an_object_without_one_is_dropped() {
    let mut server = server();
    let node = json!({ "apiVersion": "v1", "kind": "Node",
        "metadata": { "name": "n", "namespace": "elsewhere" } });
    let mut create = request(&server, Verb::Create, "Node", "n", node.clone());
    create.namespace = None;
    let response = server.handle(&create);
    assert_eq!(response.code, 201);
    assert_eq!(response.object().unwrap()["metadata"].get("namespace"), None);
    for verb in [Verb::Update, Verb::Patch(PatchKind::Merge)] {
        let mut write = request(&server, verb, "Node", "n", node.clone());
        write.namespace = None;
        let response = server.handle(&write);
        assert_eq!(response.code, 200, "{verb:?}");
        assert_eq!(response.object().unwrap()["metadata"].get("namespace"), None);
    }
}

/// Roles are named `system:node`; a namespace and a service are labels in DNS.
#[test]
fn names_follow_the_rules_of_their_kind() {
    let mut server = server();
    let mut made = |kind: &str, group: &str, name: &str| {
        let mut request = request(&server, Verb::Create, kind, name, json!({}));
        request.namespace = request.namespace.filter(|_| kind != "ClusterRole");
        let mut object = json!({ "kind": kind, "metadata": { "name": name },
            "apiVersion": if group.is_empty() { "v1".into() } else { format!("{group}/v1") } });
        if kind == "Service" {
            object["spec"] = json!({ "ports": [{ "port": 80 }] });
        }
        request.body = Some(Arc::new(object));
        server.handle(&request).code
    };
    let rbac = "rbac.authorization.k8s.io";
    assert_eq!(made("ClusterRole", rbac, "kyverno:admission:core"), 201);
    assert_eq!(made("Role", rbac, "Mixed_Case"), 201);
    assert_eq!(made("Role", rbac, "a%b"), 422);
    assert_eq!(made("ConfigMap", "", "a:b"), 422);
    assert_eq!(made("ConfigMap", "", "a.b"), 201);
    assert_eq!(made("Service", "", "a.b"), 422);
    assert_eq!(made("Service", "", "a-b"), 201);
}
