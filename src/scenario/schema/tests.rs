//! The schema names what exists, and requires only what has no default.

use super::*;

#[test]
fn the_built_in_kinds_that_are_named_exist() {
    let schema = json_schema();
    let text = schema["properties"]["crds"]["description"].as_str().unwrap();
    let named = text.split_once("kinds (").and_then(|(_, rest)| rest.split_once(')'));
    let (named, _) = named.expect("some kinds are named");
    let server = crate::apiserver::ApiServer::new(Default::default());
    for kind in named.trim_start_matches("such as ").split(", ") {
        assert!(server.kind_named(kind).is_some(), "there is no kind `{kind}`");
    }
}

#[test]
fn required_are_only_the_keys_without_a_default() {
    let schema = json_schema();
    assert_eq!(
        schema["required"],
        serde_json::json!(["apiVersion", "kind", "metadata", "objects", "workers"])
    );
    let worker = &schema["$defs"]["Worker"];
    assert_eq!(worker["required"], serde_json::json!(["name"]));
    assert_eq!(worker["properties"]["read"]["type"], "string");
}
