//! Whatever comes over the wire, the mapping answers; it never panics.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::apiserver::Config;

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
                "additionalPrinterColumns": [
                    { "name": "X", "type": "string", "jsonPath": ".status.list[?(@.k==\"a\")].v" },
                ],
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "spec": { "type": "object", "properties": {
                        "n": { "type": "integer", "default": 1 },
                        "any": { "x-kubernetes-preserve-unknown-fields": true },
                    } },
                    "status": { "type": "object", "properties": {
                        "list": {
                            "type": "array",
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": ["k"],
                            "items": { "type": "object", "required": ["k"], "properties": {
                                "k": { "type": "string" }, "v": { "type": "string" },
                            } },
                        },
                    } },
                } } },
            }],
        },
    });
    server.install_crd(&crd, 0).expect("a good definition");
    server
}

fn request(method: &str, path: &str, query: &str, content: &str, body: &[u8]) -> HttpRequest {
    HttpRequest {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: vec![("Content-Type".into(), content.into())],
        body: body.into(),
        time: 1_700_000_000,
    }
}

fn response(server: &mut ApiServer, request: &HttpRequest) -> HttpResponse {
    match handle(server, request) {
        HttpAnswer::Response(response) | HttpAnswer::Wait(response) => response,
        HttpAnswer::Watch(_) => panic!("not a watch"),
    }
}

const WIDGETS: &str = "/apis/demo.example.com/v1/namespaces/default/widgets";

/// Who reads waits for it; who writes is answered at once.
#[test]
fn a_revision_that_is_not_there_yet_is_a_value_and_not_a_code() {
    let mut server = server();
    let later = format!("resourceVersion={}", server.revision().0 + 1);
    let mut ask = |method: &str, path: &str| {
        handle(&mut server, &request(method, path, &later, "application/json", b""))
    };
    let is_early = |answer: &HttpAnswer| matches!(answer, HttpAnswer::Wait(it) if it.code == 504);
    assert!(is_early(&ask("GET", WIDGETS)));
    assert!(is_early(&ask("GET", &format!("{WIDGETS}/a"))));
    let deleted = ask("DELETE", WIDGETS);
    assert!(matches!(&deleted, HttpAnswer::Response(it) if it.code == 504), "{deleted:?}");
}

#[test]
fn a_request_becomes_an_object_and_an_object_an_answer() {
    let mut server = server();
    let body = br#"{"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{"name":"a"},
        "spec":{"zzz":1}}"#;
    let made = response(&mut server, &request("POST", WIDGETS, "", "application/json", body));
    assert_eq!(made.code, 201);
    let warning = ("Warning".to_string(), "299 - \"unknown field \\\"spec.zzz\\\"\"".to_string());
    assert!(made.headers.contains(&warning));
    let read = response(&mut server, &request("GET", &format!("{WIDGETS}/a"), "", "", b""));
    assert_eq!(read.body, made.body);
    let nowhere = response(&mut server, &request("GET", "/apis/nope/v1/x", "", "", b""));
    assert_eq!((nowhere.code, nowhere.body.as_slice()), (404, &b"404 page not found\n"[..]));
}

#[test]
fn a_watch_gives_lines_as_things_happen() {
    let mut server = server();
    let HttpAnswer::Watch(mut watch) =
        handle(&mut server, &request("GET", WIDGETS, "watch=true&timeoutSeconds=5", "", b""))
    else {
        panic!("a watch");
    };
    assert_eq!(watch.timeout_seconds(), Some(5));
    assert!(watch.poll(&server, 0).is_empty());
    let body = br#"{"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{"name":"a"}}"#;
    response(&mut server, &request("POST", WIDGETS, "", "application/yaml", body));
    let lines = watch.poll(&server, 0);
    let event: serde_json::Value = serde_json::from_slice(&lines).expect("one line of JSON");
    assert_eq!(event["type"], "ADDED");
    assert_eq!(event["object"]["metadata"]["name"], "a");
    assert!(watch.poll(&server, 0).is_empty());
}

/// Keys that mean something.
const KEYS: &[&str] = &[
    "metadata",
    "spec",
    "status",
    "name",
    "namespace",
    "labels",
    "annotations",
    "finalizers",
    "ownerReferences",
    "managedFields",
    "resourceVersion",
    "uid",
    "generateName",
    "op",
    "path",
    "value",
    "from",
    "n",
    "any",
    "list",
    "k",
    "v",
    "apiVersion",
    "kind",
    "preconditions",
    "dryRun",
    "propagationPolicy",
    "deletionTimestamp",
    "fieldsV1",
    "manager",
    "operation",
    "data",
    "versions",
    "names",
    "group",
    "$patch",
    "containers",
];

/// Texts that mean something.
const TEXTS: &[&str] = &[
    "a",
    "demo.example.com/v1",
    "v1",
    "Widget",
    "ConfigMap",
    "Pod",
    "default",
    "add",
    "remove",
    "replace",
    "test",
    "/spec/n",
    "/metadata/labels/x~1y",
    "-",
    "0",
    "1001",
    "Apply",
    "Update",
    "replace",
    "2026-01-01T00:00:00Z",
];

/// JSON with the keys that matter here, and whatever else.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let key = prop::sample::select(KEYS);
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|it| json!(it)),
        any::<i64>().prop_map(|it| json!(it)),
        any::<f64>().prop_map(|it| json!(it)),
        "\\PC{0,8}".prop_map(|it| json!(it)),
        prop::sample::select(TEXTS).prop_map(|it| json!(it)),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| json!(it)),
            prop::collection::btree_map(
                key.clone().prop_map(|it: &str| it.to_string()),
                inner,
                0..6
            )
            .prop_map(|it| json!(it)),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let object = |metadata: serde_json::Value, rest: serde_json::Value| {
        let mut object = json!({
            "apiVersion": "demo.example.com/v1", "kind": "Widget", "metadata": { "name": "a" },
        });
        if let Some(rest) = rest.as_object() {
            let rest = rest.iter().map(|(key, value)| (key.clone(), value.clone()));
            object.as_object_mut().expect("an object").extend(rest);
        }
        if metadata.is_object() {
            object["metadata"] = metadata;
            object["metadata"]["name"] = json!("a");
        }
        object.to_string().into_bytes()
    };
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        value().prop_map(|it| it.to_string().into_bytes()),
        (value(), value()).prop_map(move |(metadata, rest)| object(metadata, rest)),
        prop::collection::vec(value(), 0..4).prop_map(|it| json!(it).to_string().into_bytes()),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "/",
        "/api",
        "/apis",
        "/api/v1",
        "/apis/apps/v1",
        "/openapi/v3",
        "/version",
        "/apis/demo.example.com/v1/widgets",
        "/apis/demo.example.com/v1/namespaces/default/widgets",
        "/apis/demo.example.com/v1/namespaces/default/widgets/a",
        "/apis/demo.example.com/v1/namespaces/default/widgets/a/status",
        "/apis/demo.example.com/v1/namespaces/default/widgets/%61/scale",
        "/api/v1/namespaces",
        "/api/v1/namespaces/default",
        "/api/v1/namespaces/default/pods/a",
        "/api/v1/namespaces/default/pods/a/status",
        "/api/v1/namespaces/default/pods",
        "/api/v1/namespaces/default/configmaps",
        "/api/v1/namespaces/default/configmaps/a",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.demo.example.com",
    ])
    .prop_map(String::from);
    prop_oneof![8 => known, 1 => "\\PC{0,40}", 1 => "(/[a-z%0-9.]{0,8}){0,7}"]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "watch",
        "limit",
        "continue",
        "resourceVersion",
        "resourceVersionMatch",
        "labelSelector",
        "fieldSelector",
        "dryRun",
        "fieldManager",
        "force",
        "fieldValidation",
        "timeoutSeconds",
        "sendInitialEvents",
        "allowWatchBookmarks",
        "propagationPolicy",
        "gracePeriodSeconds",
    ]);
    let value = prop_oneof![
        Just(String::from("1")),
        Just(String::from("true")),
        Just(String::from("All")),
        Just(String::from("Exact")),
        Just(String::from("NotOlderThan")),
        Just(String::from("a=b")),
        Just(String::from("metadata.name=a")),
        Just(String::from("Strict")),
        Just(String::new()),
        "[a-z!=<>(), %+0-9]{0,12}",
        "\\PC{0,12}",
        "[0-9-]{0,25}",
    ];
    prop::collection::vec((name, value), 0..4).prop_map(|pairs| {
        let pairs: Vec<_> = pairs.into_iter().map(|(k, v)| format!("{k}={v}")).collect();
        pairs.join("&")
    })
}

fn content() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "application/json",
        "application/yaml",
        "application/merge-patch+json",
        "application/json-patch+json",
        "application/apply-patch+yaml",
        "application/strategic-merge-patch+json",
        "",
        "text/plain",
    ])
}

fn accept() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "application/json",
        "application/yaml",
        "*/*",
        "x",
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json",
    ])
}

fn method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "X"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_requests_panics(
        steps in prop::collection::vec(
            (method(), path(), query(), content(), accept(), body()), 1..12,
        ),
    ) {
        let mut server = server();
        let mut watches = Vec::new();
        for (method, path, query, content, accept, body) in steps {
            let mut request = request(method, &path, &query, content, &body);
            request.headers.push(("accept".into(), accept.into()));
            let before = server.revision();
            match handle(&mut server, &request) {
                HttpAnswer::Response(response) | HttpAnswer::Wait(response) => {
                    prop_assert!((200..600).contains(&response.code));
                    let changed = server.revision() != before;
                    // A form that the answer cannot have is found out after the write: 406, and 500
                    // for a custom resource that is requested as a list.
                    let no_list = response.body.windows(21).any(|w| w == b"content is not a list");
                    let may_change = response.code < 300 || matches!(response.code, 406 | 409);
                    prop_assert!(!changed || may_change || no_list);
                }
                HttpAnswer::Watch(watch) => watches.push(watch),
            }
            for watch in &mut watches {
                watch.poll(&server, 0);
                watch.bookmark(&server, 0);
            }
        }
    }
}
