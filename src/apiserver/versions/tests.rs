//! One object at two versions, its scale, its defaults; and what controllers do a moment later.

use serde_json::{Value, json};

use super::super::schema::FieldError;
use super::super::*;

fn definition(versions: &[(&str, bool, Value)]) -> Value {
    let version = |(at, (name, served, spec)): (usize, &(&str, bool, Value))| {
        json!({
            "name": name, "served": served, "storage": at == 0,
            "subresources": { "status": {}, "scale": {
                "specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n",
                "labelSelectorPath": ".status.labels",
            } },
            "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                "spec": { "type": "object", "properties": spec },
                "status": { "type": "object", "default": { "n": 0 }, "properties": {
                    "n": { "type": "integer" }, "labels": { "type": "string" },
                } },
            } } },
        })
    };
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "twos.a.io" },
        "spec": {
            "group": "a.io", "scope": "Namespaced", "names": { "plural": "twos", "kind": "Two" },
            "versions": versions.iter().enumerate().map(version).collect::<Vec<_>>(),
        },
    })
}

fn both() -> Value {
    let n = json!({ "type": "integer" });
    definition(&[
        ("v1", true, json!({ "n": n, "old": n })),
        ("v2", true, json!({ "n": n, "new": n, "d": { "type": "string", "default": "x" } })),
    ])
}

fn server(config: Config, definition: &Value) -> ApiServer {
    let mut server = ApiServer::new(config);
    server.install_crd(definition, 0).unwrap();
    server
}

/// Asks, at a version of `twos` or for another resource; what is answered and the code.
fn ask(server: &mut ApiServer, verb: Verb, at: (&str, &str), body: Value) -> (u16, Value) {
    let (version, name) = at;
    let (name, subresource) = match name.split_once('/') {
        Some((name, subresource)) => (name, Subresource::named(subresource)),
        None => (name, None),
    };
    let (group, version, plural) = match version.split_once('/') {
        Some(("apps", plural)) => ("apps", "v1", plural),
        Some((_, plural)) => ("", "v1", plural),
        None => ("a.io", version, "twos"),
    };
    let resource = Resource { group: group.into(), version: version.into(), plural: plural.into() };
    let request = Request {
        verb,
        resource,
        namespace: Some("default".into()),
        name: (!name.is_empty()).then(|| name.to_owned()),
        subresource,
        options: Options::default(),
        body: (!body.is_null()).then(|| std::sync::Arc::new(body)),
        user_agent: "test".into(),
        time: 7,
    };
    let response = server.handle(&request);
    let body = match &response.body {
        Body::Object(object) => Value::clone(object.value()),
        Body::List(list) => Value::clone(list.value()),
        Body::Status(status) => serde_json::to_value(status).unwrap(),
    };
    (response.code, body)
}

fn two(version: &str, spec: Value) -> Value {
    json!({
        "apiVersion": format!("a.io/{version}"), "kind": "Two",
        "metadata": { "name": "x", "namespace": "default" }, "spec": spec,
    })
}

#[test]
fn what_is_written_at_one_version_is_there_at_the_other() {
    let mut server = server(Config::default(), &both());
    let watch = |server: &ApiServer| {
        let resource =
            Resource { group: "a.io".into(), version: "v2".into(), plural: "twos".into() };
        let options =
            Options { resource_version: Some(server.revision().to_string()), ..Options::default() };
        let request = Request {
            verb: Verb::Watch,
            resource,
            namespace: None,
            name: None,
            subresource: None,
            options,
            body: None,
            user_agent: "t".into(),
            time: 0,
        };
        server.watch(&request).unwrap()
    };
    let mut watch = watch(&server);
    let (code, one) =
        ask(&mut server, Verb::Create, ("v1", ""), two("v1", json!({ "n": 1, "old": 2 })));
    assert_eq!((code, &one["status"]), (201, &json!({ "n": 0 })), "a default of the status");
    let (code, other) = ask(&mut server, Verb::Get, ("v2", "x"), Value::Null);
    assert_eq!(code, 200);
    assert_eq!(other["apiVersion"], "a.io/v2");
    assert_eq!(other["spec"], json!({ "n": 1, "d": "x" }), "pruned and defaulted by v2");
    assert_eq!(other["metadata"]["resourceVersion"], one["metadata"]["resourceVersion"]);
    assert_eq!(other["metadata"]["uid"], one["metadata"]["uid"]);
    let again = ask(&mut server, Verb::Create, ("v2", ""), two("v2", json!({ "n": 1 })));
    assert_eq!(again.0, 409);
    // A field that only v2 knows is not stored; a write through v2 conflicts with one through v1.
    let mut put = other.clone();
    put["spec"] = json!({ "n": 3, "new": 4 });
    let (code, answer) = ask(&mut server, Verb::Update, ("v2", "x"), put.clone());
    assert_eq!((code, &answer["spec"]), (200, &json!({ "n": 3, "d": "x" })));
    let (code, _) = ask(&mut server, Verb::Update, ("v1", "x"), one);
    assert_eq!(code, 409, "it was written through the other version");
    let (_, now) = ask(&mut server, Verb::Get, ("v1", "x"), Value::Null);
    assert_eq!(now["spec"], json!({ "n": 3 }));
    let (code, list) = ask(&mut server, Verb::List, ("v2", ""), Value::Null);
    assert_eq!((code, list["items"].as_array().map(Vec::len)), (200, Some(1)));
    assert_eq!(ask(&mut server, Verb::Delete, ("v2", "x"), Value::Null).0, 200);
    assert_eq!(ask(&mut server, Verb::Get, ("v1", "x"), Value::Null).0, 404);
    let events = watch.poll(&server);
    let seen: Vec<_> = events.iter().map(|event| event.event_type.text()).collect();
    assert_eq!(seen, ["ADDED", "MODIFIED", "DELETED"]);
    assert!(events.iter().all(|event| event.object.value()["apiVersion"] == "a.io/v2"));
}

#[test]
fn a_definition_that_changes_takes_its_objects_along() {
    let n = json!({ "type": "integer" });
    let first = definition(&[("v1", true, json!({ "n": n }))]);
    let mut server = server(Config::default(), &first);
    ask(&mut server, Verb::Create, ("v1", ""), two("v1", json!({ "n": 1 })));
    let key = |server: &ApiServer| server.revision();
    let revision = key(&server);
    // A new version, and a new default of the old one.
    let mut changed = definition(&[
        ("v1", true, json!({ "n": n, "more": { "type": "integer", "default": 9 } })),
        ("v2", true, json!({ "n": n })),
    ]);
    let crd = "core/customresourcedefinitions";
    let put = |server: &mut ApiServer, definition: &Value| {
        let kinds = crd::kinds(definition).map_err(|errors: Vec<FieldError>| errors).unwrap();
        server.serve("twos.a.io", kinds);
    };
    let _ = crd;
    put(&mut server, &changed);
    let (_, old) = ask(&mut server, Verb::Get, ("v1", "x"), Value::Null);
    assert_eq!(old["spec"], json!({ "n": 1, "more": 9 }), "as it is read now");
    let (code, new) = ask(&mut server, Verb::Get, ("v2", "x"), Value::Null);
    assert_eq!((code, &new["spec"]), (200, &json!({ "n": 1 })));
    assert_eq!(server.revision(), revision, "no write was stored");
    // v1 is served no more, and stays the storage version.
    changed["spec"]["versions"][0]["served"] = false.into();
    put(&mut server, &changed);
    assert_eq!(ask(&mut server, Verb::Get, ("v1", "x"), Value::Null).0, 404);
    assert_eq!(ask(&mut server, Verb::Get, ("v2", "x"), Value::Null).0, 200);
    changed["spec"]["versions"][0]["served"] = true.into();
    put(&mut server, &changed);
    let (_, old) = ask(&mut server, Verb::Get, ("v1", "x"), Value::Null);
    assert_eq!(old["spec"]["n"], 1);
}

#[test]
fn scale_shows_and_sets_the_replicas() {
    let mut server = server(Config::default(), &both());
    ask(&mut server, Verb::Create, ("v1", ""), two("v1", json!({ "n": 2 })));
    let status = json!({ "status": { "n": 1, "labels": "a=b" } });
    assert_eq!(ask(&mut server, Verb::Patch(PatchKind::Merge), ("v1", "x/status"), status).0, 200);
    let (code, scale) = ask(&mut server, Verb::Get, ("v1", "x/scale"), Value::Null);
    assert_eq!((code, &scale["kind"]), (200, &json!("Scale")));
    assert_eq!(scale["spec"], json!({ "replicas": 2 }));
    assert_eq!(scale["status"], json!({ "replicas": 1, "selector": "a=b" }));
    let (code, scale) = ask(
        &mut server,
        Verb::Patch(PatchKind::Merge),
        ("v2", "x/scale"),
        json!({ "spec": { "replicas": 5 } }),
    );
    assert_eq!((code, &scale["spec"]["replicas"]), (200, &json!(5)));
    let (_, two) = ask(&mut server, Verb::Get, ("v1", "x"), Value::Null);
    assert_eq!((&two["spec"]["n"], &two["metadata"]["generation"]), (&json!(5), &json!(2)));
    let mut stale = scale.clone();
    stale["metadata"]["resourceVersion"] = "1".into();
    assert_eq!(ask(&mut server, Verb::Update, ("v1", "x/scale"), stale).0, 409);
    let mut negative = scale.clone();
    negative["spec"]["replicas"] = json!(-1);
    assert_eq!(ask(&mut server, Verb::Update, ("v1", "x/scale"), negative).0, 422);
    assert_eq!(ask(&mut server, Verb::Delete, ("v1", "x/scale"), Value::Null).0, 405);
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": { "name": "d", "namespace": "default" },
        "spec": { "replicas": 0,
            "selector": { "matchLabels": { "a": "b" },
                "matchExpressions": [{ "key": "c", "operator": "In", "values": ["d", "e"] }] },
            "template": { "metadata": { "labels": { "a": "b", "c": "d" } },
                "spec": { "containers": [{ "name": "c", "image": "i" }] } } },
    });
    let (code, answer) = ask(&mut server, Verb::Create, ("apps/deployments", ""), deployment);
    assert_eq!(code, 201, "{answer}");
    let (code, scale) = ask(&mut server, Verb::Get, ("apps/deployments", "d/scale"), Value::Null);
    assert_eq!((code, &scale["spec"]), (200, &json!({})), "no replicas are left out");
    assert_eq!(scale["status"]["selector"], "a=b,c in (d,e)");
    let config_map = ask(&mut server, Verb::Get, ("core/configmaps", "d/scale"), Value::Null);
    assert_eq!(config_map.0, 404);
}

fn owned(name: &str, owner: &Value, blocks: bool) -> Value {
    let reference = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "blockOwnerDeletion": blocks,
    });
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": name, "namespace": "default", "ownerReferences": [reference] },
    })
}

/// A server that collects, with an owner and what it owns: `a` under it, `b` under `a`.
fn family(blocks: bool) -> ApiServer {
    let mut server = ApiServer::new(Config { collects: true, later: true, ..Config::default() });
    let maps = ("core/configmaps", "");
    let owner = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "o", "namespace": "default" },
    });
    let (_, owner) = ask(&mut server, Verb::Create, maps, owner);
    let (_, a) = ask(&mut server, Verb::Create, maps, owned("a", &owner, blocks));
    ask(&mut server, Verb::Create, maps, owned("b", &a, blocks));
    server.run_controllers(7);
    server
}

fn left(server: &mut ApiServer) -> Vec<String> {
    let (_, list) = ask(server, Verb::List, ("core/configmaps", ""), Value::Null);
    let items = list["items"].as_array().unwrap();
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn garbage_is_collected_by_each_policy() {
    for blocks in [false, true] {
        for policy in ["Background", "Foreground"] {
            let mut server = family(blocks);
            assert_eq!(left(&mut server), ["a", "b", "o"]);
            let options = json!({ "propagationPolicy": policy });
            ask(&mut server, Verb::Delete, ("core/configmaps", "o"), options);
            let there = if policy == "Foreground" { 3 } else { 2 };
            assert_eq!(left(&mut server).len(), there, "{policy}: nothing more in this step");
            server.run_controllers(7);
            assert_eq!(left(&mut server), [""; 0], "{policy}, blocks: {blocks}");
        }
    }
    let mut server = family(true);
    let options = json!({ "propagationPolicy": "Orphan" });
    ask(&mut server, Verb::Delete, ("core/configmaps", "o"), options);
    server.run_controllers(7);
    assert_eq!(left(&mut server), ["a", "b"]);
    let (_, a) = ask(&mut server, Verb::Get, ("core/configmaps", "a"), Value::Null);
    assert!(a["metadata"].get("ownerReferences").is_none(), "{a}");
    // A second owner keeps what has lost its first.
    let mut server = family(true);
    let second = json!({ "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "p", "namespace": "default" } });
    let (_, second) = ask(&mut server, Verb::Create, ("core/configmaps", ""), second);
    let (_, a) = ask(&mut server, Verb::Get, ("core/configmaps", "a"), Value::Null);
    let mut references = a["metadata"]["ownerReferences"].as_array().unwrap().clone();
    references.extend(
        owned("a", &second, true)["metadata"]["ownerReferences"].as_array().cloned().unwrap(),
    );
    let patch = json!({ "metadata": { "ownerReferences": references } });
    ask(&mut server, Verb::Patch(PatchKind::Merge), ("core/configmaps", "a"), patch);
    let options = json!({ "propagationPolicy": "Foreground" });
    ask(&mut server, Verb::Delete, ("core/configmaps", "o"), options);
    server.run_controllers(7);
    assert_eq!(left(&mut server), ["a", "b", "p"]);
    // A finalizer of another controller holds the owner, and it alone.
    let mut server = family(true);
    let patch = json!({ "metadata": { "finalizers": ["a.io/x"] } });
    ask(&mut server, Verb::Patch(PatchKind::Merge), ("core/configmaps", "a"), patch);
    let options = json!({ "propagationPolicy": "Foreground" });
    ask(&mut server, Verb::Delete, ("core/configmaps", "o"), options);
    server.run_controllers(7);
    assert_eq!(left(&mut server), ["a", "o"]);
    let patch = json!({ "metadata": { "finalizers": null } });
    ask(&mut server, Verb::Patch(PatchKind::Merge), ("core/configmaps", "a"), patch);
    server.run_controllers(7);
    assert_eq!(left(&mut server), [""; 0]);
}

#[test]
fn a_deleted_definition_is_seen_terminating() {
    let mut server = server(Config { later: true, ..Config::default() }, &both());
    ask(&mut server, Verb::Create, ("v1", ""), two("v1", json!({ "n": 1 })));
    let resource = crd::resource();
    let key = Key { resource: resource.clone(), namespace: None, name: "twos.a.io".into() };
    let request = Request {
        verb: Verb::Delete,
        resource,
        namespace: None,
        name: Some("twos.a.io".into()),
        subresource: None,
        options: Options::default(),
        body: None,
        user_agent: "t".into(),
        time: 7,
    };
    assert_eq!(server.handle(&request).code, 200);
    let there = server.object(&key).expect("it terminates");
    assert_eq!(there["metadata"]["finalizers"][0], "customresourcecleanup.apiextensions.k8s.io");
    assert_eq!(ask(&mut server, Verb::Get, ("v2", "x"), Value::Null).0, 200);
    let (code, _) = ask(&mut server, Verb::Create, ("v1", ""), two("v1", json!({ "n": 1 })));
    assert_eq!(code, 403, "nothing new while it terminates");
    assert!(server.has_work());
    server.run_controllers(8);
    assert!(server.object(&key).is_none());
    assert!(!server.has_work());
    assert_eq!(ask(&mut server, Verb::Get, ("v1", "x"), Value::Null).0, 404);
}
