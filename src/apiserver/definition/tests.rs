//! Definitions with one thing wrong, each beside one that is right.

use serde_json::{Value, json};

use super::validate;

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "gears.a.io" },
        "spec": {
            "group": "a.io", "scope": "Namespaced", "conversion": { "strategy": "None" },
            "names": {
                "plural": "gears", "singular": "gear", "kind": "Gear", "listKind": "GearList",
            },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object" } },
            }],
        },
        "status": { "storedVersions": ["v1"], "acceptedNames": { "plural": "", "kind": "" } },
    })
}

fn second(schema: Value) -> Value {
    json!({ "name": "v2", "served": true, "storage": false,
        "schema": { "openAPIV3Schema": schema } })
}

#[test]
fn each_mistake_is_said_as_the_server_says_it() {
    let object = json!({ "type": "object" });
    let untyped = json!({ "type": "object", "properties": { "a": {} } });
    let rows: Vec<(&str, Value, &str)> = vec![
        ("/spec/group", json!("a_b.io"), "spec.group: Invalid value: \"a_b.io\": a lowercase RFC"),
        ("/spec/scope", json!(""), "spec.scope: Required value"),
        (
            "/spec/scope",
            json!("Both"),
            "spec.scope: Unsupported value: \"Both\": supported values: \
          \"Cluster\", \"Namespaced\"",
        ),
        ("/spec/versions/0/name", json!("1v"), "spec.version: Invalid value: \"1v\": a DNS-1035"),
        (
            "/spec/versions/0/schema",
            json!({}),
            "spec.versions[0].schema.openAPIV3Schema: Required value",
        ),
        (
            "/spec/versions/0/schema/openAPIV3Schema",
            untyped.clone(),
            "spec.validation.openAPIV3Schema.properties[a].type: Required value: must not be empty \
             for specified object fields",
        ),
        (
            "/spec/versions/0/storage",
            json!(false),
            "spec.versions: Invalid value: [{\"Name\":\"v1\",\"Served\":true,\"Storage\":false,\
             \"Deprecated\":false,\"DeprecationWarning\":null,\"Schema\":null,\
             \"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}]: \
             must have exactly one version marked as storage version",
        ),
        (
            "/spec/versions/0/additionalPrinterColumns",
            json!([{ "name": "A", "type": "text", "jsonPath": "spec" }]),
            "spec.additionalPrinterColumns[0].type: Invalid value: \"text\": must be one of \
             boolean,date,integer,number,string",
        ),
        (
            "/spec/versions/0/subresources",
            json!({ "scale": { "specReplicasPath": ".n", "statusReplicasPath": ".status.n" } }),
            "spec.subresources.scale.specReplicasPath: Invalid value: \".n\": should be a json \
             path under .spec",
        ),
        (
            "/spec/versions/0/deprecationWarning",
            json!("old"),
            "spec.versions[0].deprecationWarning: Invalid value: \"old\": can only be set for \
             deprecated versions",
        ),
        (
            "/spec/names/kind",
            json!("Ge ar"),
            "spec.names.kind: Invalid value: \"Ge ar\": may have \
          mixed case, but should otherwise match: a DNS-1035",
        ),
        (
            "/spec/names/listKind",
            json!("Gear"),
            "spec.names.listKind: Invalid value: \"Gear\": \
          kind and listKind may not be the same",
        ),
        ("/spec/names/shortNames", json!(["G"]), "spec.names.shortNames[0]: Invalid value: \"G\""),
        (
            "/spec/conversion/strategy",
            json!("Webhook"),
            "spec.conversion.webhookClientConfig: Required value: required when strategy is set",
        ),
        (
            "/spec/preserveUnknownFields",
            json!(true),
            "spec.preserveUnknownFields: Invalid value: true: cannot set to true",
        ),
        (
            "/status/storedVersions",
            json!(["v0", "v1"]),
            "status.storedVersions[0]: Invalid value: \"v0\": missing from spec.versions; v0 was",
        ),
    ];
    assert_eq!(validate(&definition(), None), []);
    for (pointer, value, text) in rows {
        let mut wrong = definition();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        wrong.pointer_mut(parent).unwrap()[field] = value;
        let errors = validate(&wrong, None);
        let texts: Vec<String> = errors.iter().map(|error| error.text()).collect();
        assert!(texts.iter().any(|error| error.starts_with(text)), "{pointer}: {texts:?}");
    }
    // Schemas that differ are looked at where they stand.
    let mut two = definition();
    two["spec"]["versions"].as_array_mut().unwrap().push(second(untyped));
    let errors = validate(&two, None);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].field, "spec.versions[1].schema.openAPIV3Schema.properties[a].type");
    two["spec"]["versions"][1] = second(object);
    assert_eq!(validate(&two, None), []);
    two["spec"]["versions"][1]["name"] = "v1".into();
    let errors = validate(&two, None);
    assert!(errors[0].message.ends_with("must contain unique version names"), "{errors:?}");
}

#[test]
fn names_are_kept_and_groups_of_kubernetes_need_approval() {
    let old = definition();
    let mut new = definition();
    new["spec"]["scope"] = "Cluster".into();
    new["spec"]["names"]["kind"] = "Cog".into();
    let fields: Vec<String> =
        validate(&new, Some(&old)).into_iter().map(|error| error.field).collect();
    assert_eq!(fields, ["spec.scope", "spec.names.kind"]);
    let mut own = definition();
    own["spec"]["group"] = "a.k8s.io".into();
    own["metadata"]["name"] = "gears.a.k8s.io".into();
    let errors = validate(&own, None);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].field, "metadata.annotations[api-approved.kubernetes.io]");
    assert_eq!(validate(&own, Some(&own)), [], "it was so before");
    for (annotation, right) in
        [("https://e.org/1", true), ("unapproved, a test", true), ("yes", false)]
    {
        own["metadata"]["annotations"] = json!({ "api-approved.kubernetes.io": annotation });
        assert_eq!(validate(&own, None).is_empty(), right, "{annotation}");
    }
}

/// Published manifests leave defaults out, and a later release stores another version.
#[test]
fn a_definition_is_applied_and_its_next_release_stores_another_version() {
    use super::super::{ApiServer, Config, Options, PatchKind, Request, Verb};
    let mut server = ApiServer::new(Config::default());
    let mut apply = |versions: Value| {
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": { "name": "gears.a.io" },
            "spec": { "group": "a.io", "scope": "Namespaced", "versions": versions,
                "names": { "plural": "gears", "kind": "Gear" } },
        });
        let options = Options { field_manager: Some("m".into()), ..Options::default() };
        let response = server.handle(&Request {
            verb: Verb::Patch(PatchKind::Apply),
            resource: super::super::crd::resource(),
            namespace: None,
            name: Some("gears.a.io".into()),
            subresource: None,
            options,
            body: Some(std::sync::Arc::new(definition)),
            user_agent: "t".into(),
            time: 0,
        });
        assert!(response.is_success(), "{:?}", response.body);
        Value::clone(response.object().expect("the definition"))
    };
    let version = |name: &str, storage: bool| {
        json!({ "name": name, "served": true, "storage": storage,
            "schema": { "openAPIV3Schema": { "type": "object" } } })
    };
    let first = apply(json!([version("v1alpha1", true)]));
    assert_eq!(first["spec"]["names"]["listKind"], "GearList");
    let second = apply(json!([version("v1", true), version("v1alpha1", false)]));
    assert_eq!(second["status"]["storedVersions"], json!(["v1alpha1", "v1"]));
}
