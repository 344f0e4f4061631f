//! Schemas as a whole: the recorded CRD and small ones for single rules.

use serde_json::{Value, json};

use super::Schema;

fn widget() -> Schema {
    parse(json!({
        "spec": { "type": "object", "properties": {
            "replicas": { "type": "integer" },
            "color": { "type": "string" },
            "mode": { "type": "string", "default": "auto" },
            "limits": { "type": "object", "additionalProperties": { "type": "integer" } },
            "tags": { "type": "array", "x-kubernetes-list-type": "set",
                      "items": { "type": "string" } },
            "extra": { "type": "object", "x-kubernetes-preserve-unknown-fields": true }
        }},
        "status": { "type": "object", "properties": {
            "conditions": { "type": "array", "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["type"],
                "items": { "type": "object", "required": ["type"], "properties": {
                    "type": { "type": "string" }, "status": { "type": "string" } } } }
        }}
    }))
}

fn parse(properties: Value) -> Schema {
    let openapi = json!({ "type": "object", "properties": properties });
    Schema::parse(&openapi, "schema").expect("a structural schema")
}

fn complaints(schema: &Schema, object: Value) -> Vec<String> {
    schema.validate(&object, None, &mut Vec::new()).iter().map(super::FieldError::text).collect()
}

#[test]
fn unknown_fields_are_pruned_and_named_in_order() {
    let mut object = json!({
        "kind": "Widget", "metadata": { "name": "a", "nope": 1 },
        "spec": { "zzz": 1, "yyy": {}, "extra": { "kept": null } },
        "status": { "conditions": [{ "type": "A", "odd": 1 }] }, "zoo": 1
    });
    let unknown = widget().prune(&mut object);
    assert_eq!(
        unknown,
        ["metadata.nope", "spec.yyy", "spec.zzz", "status.conditions[0].odd", "zoo"]
    );
    assert_eq!(
        object,
        json!({
            "kind": "Widget", "metadata": { "name": "a" }, "spec": { "extra": { "kept": null } },
            "status": { "conditions": [{ "type": "A" }] }
        })
    );
}

#[test]
fn nulls_go_or_become_the_default() {
    let mut object = json!({ "spec": { "mode": null, "color": null, "limits": { "x": null } } });
    let schema = widget();
    assert!(schema.prune(&mut object).is_empty());
    schema.default(&mut object);
    assert_eq!(object, json!({ "spec": { "mode": "auto", "limits": {} } }));
}

#[test]
fn a_default_needs_its_parent() {
    let mut object = json!({ "metadata": {} });
    widget().default(&mut object);
    assert_eq!(object, json!({ "metadata": {} }));
}

#[test]
fn types_are_reported_with_the_servers_words() {
    assert_eq!(
        complaints(&widget(), json!({ "spec": { "replicas": 1.5, "tags": [1, "a", "a"] } })),
        [
            "spec.replicas: Invalid value: \"number\": spec.replicas in body must be of type \
             integer: \"number\"",
            "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in \
             spec.replicas",
            "spec.tags[0]: Invalid value: \"integer\": spec.tags[0] in body must be of type \
             string: \"integer\"",
            "spec.tags[2]: Duplicate value: \"a\"",
        ]
    );
    assert_eq!(
        complaints(&widget(), json!({ "status": { "conditions": [{ "status": "True" }] } })),
        ["status.conditions[0].type: Required value"]
    );
    let twice = json!({ "status": { "conditions": [{ "type": "A" }, { "type": "A" }] } });
    assert_eq!(
        complaints(&widget(), twice),
        ["status.conditions[1]: Duplicate value: {\"type\":\"A\"}"]
    );
}

#[test]
fn value_rules_are_reported_with_the_servers_words() {
    let schema = parse(json!({
        "n": { "type": "integer", "minimum": 1, "maximum": 9, "multipleOf": 2 },
        "s": { "type": "string", "minLength": 2, "maxLength": 3, "pattern": "^a" },
        "e": { "type": "string", "enum": ["x", "y"] },
        "l": { "type": "array", "items": { "type": "string" }, "minItems": 1, "maxItems": 2 },
        "d": { "type": "string", "format": "date" },
        "i": { "x-kubernetes-int-or-string": true }
    }));
    let mut found = Vec::new();
    for object in [
        json!({ "n": 0 }),
        json!({ "n": 10 }),
        json!({ "n": 3 }),
        json!({ "s": "a" }),
        json!({ "s": "aaaa" }),
        json!({ "s": "bb" }),
        json!({ "e": "z" }),
        json!({ "l": [] }),
        json!({ "l": ["a", "b", "c"] }),
        json!({ "d": "x" }),
        json!({ "i": true }),
        json!({ "i": 1 }),
        json!({ "i": "50%" }),
    ] {
        found.extend(complaints(&schema, object));
    }
    assert_eq!(
        found,
        [
            "n: Invalid value: 0: n in body should be greater than or equal to 1",
            "n: Invalid value: 10: n in body should be less than or equal to 9",
            "n: Invalid value: 3: n in body should be a multiple of 2",
            "s: Invalid value: \"a\": s in body should be at least 2 chars long",
            "s: Too long: may not be more than 3 bytes",
            "s: Invalid value: \"bb\": s in body should match '^a'",
            "e: Unsupported value: \"z\": supported values: \"x\", \"y\"",
            "l: Invalid value: 0: l in body should have at least 1 items",
            "l: Too many: 3: must have at most 2 items",
            "d: Invalid value: \"x\": d in body must be of type date: \"x\"",
            "i: Invalid value: \"boolean\": i in body must be of type integer,string: \"boolean\"",
        ]
    );
}

#[test]
fn alternatives_report_the_best_failure() {
    let openapi = json!({ "type": "object", "properties": {
        "s": { "type": "object", "properties": { "a": { "type": "string" },
                                                 "b": { "type": "string" } },
               "oneOf": [{ "required": ["a"] }, { "required": ["b"] }] } } });
    let schema = Schema::parse(&openapi, "schema").expect("a structural schema");
    assert_eq!(
        complaints(&schema, json!({ "s": {} })),
        [
            "<nil>: Invalid value: \"\": \"s\" must validate one and only one schema (oneOf). \
             Found none valid",
            "s.a: Required value",
        ]
    );
    assert_eq!(
        complaints(&schema, json!({ "s": { "a": "1", "b": "1" } })),
        ["<nil>: Invalid value: \"\": \"s\" must validate one and only one schema (oneOf). \
             Found 2 valid alternatives"]
    );
}

#[test]
fn what_was_invalid_and_has_not_changed_is_tolerated() {
    let schema = parse(json!({
        "a": { "type": "integer", "minimum": 1 }, "b": { "type": "integer", "minimum": 1 } }));
    let old = json!({ "a": 0, "b": 0 });
    let fields = |new: &Value| {
        let errors = schema.validate(new, Some(&old), &mut Vec::new());
        errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
    };
    assert_eq!(fields(&json!({ "a": 0, "b": -1 })), ["b"]);
    assert!(fields(&json!({ "a": 0, "b": 2 })).is_empty());
}

#[test]
fn what_is_not_structural_is_refused() {
    let refused = |openapi: Value| {
        let errors = Schema::parse(&openapi, "s").expect_err("not structural");
        errors.iter().map(super::FieldError::text).collect::<Vec<_>>()
    };
    assert_eq!(refused(json!({})), ["s.type: Required value: must not be empty at the root"]);
    assert_eq!(
        refused(json!({ "type": "object", "properties": { "a": {}, "l": { "type": "array" } } })),
        [
            "s.properties[a].type: Required value: must not be empty for specified object fields",
            "s.properties[l].items: Required value: must be specified",
        ]
    );
    assert_eq!(
        refused(json!({ "type": "object", "anyOf": [{ "type": "object" }] })),
        ["s.anyOf[0].type: Forbidden: must be empty to be structural"]
    );
}

#[cfg(not(feature = "cel"))]
#[test]
fn a_cel_rule_is_refused_by_name() {
    let openapi = json!({ "type": "object", "properties": { "spec": {
        "type": "object", "x-kubernetes-validations": [{ "rule": "self.a > 1" }] } } });
    let errors = Schema::parse(&openapi, "s").expect_err("a CEL rule");
    assert_eq!(errors[0].field, "s.properties[spec].x-kubernetes-validations[0].rule");
    assert!(errors[0].message.contains("self.a > 1"), "{}", errors[0].message);
}

#[test]
fn metadata_goes_through_its_struct() {
    let schema = widget();
    let wrong = json!({ "metadata": { "labels": { "x": 3 } } });
    assert_eq!(
        schema.decode(&wrong),
        Err("json: cannot unmarshal number into Go struct field ObjectMeta.labels of type string"
            .to_owned())
    );
    let mut empty = json!({ "metadata": {
        "name": "a", "labels": {}, "annotations": null, "creationTimestamp": null } });
    assert!(schema.prune(&mut empty).is_empty());
    assert_eq!(empty, json!({ "metadata": { "name": "a" } }));
}

#[test]
fn a_pod_is_decoded_and_defaulted_like_the_struct_it_is() {
    let schema = super::builtin::schema("", "v1", "Pod").expect("a built-in kind");
    let mut pod = json!({ "metadata": { "name": "p" }, "spec": {
        "containers": [{ "name": "c", "image": "img:1", "odd": 1 }], "hostNetwork": false },
        "status": { "conditions": [{ "type": "Ready", "status": "True" }] } });
    assert_eq!(schema.decode(&pod), Ok(()));
    assert_eq!(schema.prune(&mut pod), ["spec.containers[0].odd"]);
    schema.default(&mut pod);
    assert_eq!(
        pod,
        json!({ "metadata": { "name": "p" }, "spec": {
            "containers": [{ "name": "c", "image": "img:1", "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent" }],
            "restartPolicy": "Always", "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst", "securityContext": {},
            "schedulerName": "default-scheduler", "enableServiceLinks": true },
            "status": { "conditions": [{ "type": "Ready", "status": "True",
                "lastProbeTime": null, "lastTransitionTime": null }] } })
    );
    assert_eq!(
        schema.decode(&json!({ "spec": { "containers": "x" } })),
        Err("json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type \
             []v1.Container"
            .to_owned())
    );
}

#[test]
fn a_status_update_is_validated_by_the_status_schema_alone() {
    let schema = widget();
    let old = json!({ "spec": { "replicas": "x" }, "status": {} });
    let with = |status: Value| json!({ "spec": { "replicas": "x" }, "status": status });
    let complaints = |status: Value| {
        let errors = schema.validate_status(&with(status), &old, &mut Vec::new());
        errors.iter().map(super::FieldError::text).collect::<Vec<_>>()
    };
    assert!(complaints(json!({ "conditions": [] })).is_empty());
    assert_eq!(
        complaints(Value::Null),
        ["status: Invalid value: \"null\":  in body must be of type object: \"null\""]
    );
    assert_eq!(
        complaints(json!({ "conditions": [{ "type": 1 }] })),
        ["status.conditions[0].type: Invalid value: \"integer\": conditions[0].type in body must \
          be of type string: \"integer\""]
    );
    assert_eq!(
        complaints(json!({ "conditions": [{ "type": "A" }, { "type": "A" }] })),
        ["status.conditions[1]: Duplicate value: {\"type\":\"A\"}"]
    );
}

#[test]
fn of_a_pods_spec_only_images_and_few_other_fields_change() {
    let schema = super::builtin::schema("", "v1", "Pod").expect("a built-in kind");
    let pod = |image: &str, node: &str| {
        let containers = json!([{ "name": "c", "image": image }]);
        json!({ "spec": { "containers": containers, "nodeName": node } })
    };
    assert!(schema.validate(&pod("a:2", "n"), Some(&pod("a:1", "n")), &mut Vec::new()).is_empty());
    let errors = schema.validate(&pod("a:1", "m"), Some(&pod("a:1", "n")), &mut Vec::new());
    assert_eq!(
        errors.iter().map(|error| error.reason).collect::<Vec<_>>(),
        ["FieldValueForbidden"]
    );
    assert_eq!(
        schema.validate(&json!({ "spec": {} }), None, &mut Vec::new())[0].field,
        "spec.containers"
    );
}

#[test]
fn a_number_too_large_for_an_integer_is_no_integer() {
    let mut object: Value =
        serde_json::from_str(r#"{"spec":{"replicas":99999999999999999999}}"#).expect("JSON");
    widget().prune(&mut object);
    assert!(complaints(&widget(), object)[0].contains("of type integer: \"number\""));
    let mut whole = json!({ "spec": { "replicas": 2.0 } });
    widget().prune(&mut whole);
    assert_eq!(whole.to_string(), r#"{"spec":{"replicas":2}}"#);
}

#[test]
fn preserving_unknown_fields_reaches_into_lists_and_not_below_known_fields() {
    let schema = parse(json!({
        "l": { "type": "array", "x-kubernetes-preserve-unknown-fields": true, "items": {
            "type": "object", "properties": { "known": { "type": "object", "properties": {
                "a": { "type": "string" } } } } } },
        "any": { "type": "object", "additionalProperties": true }
    }));
    let mut object = json!({
        "l": [{ "free": 1, "known": { "a": "x", "b": "y" } }],
        "any": { "flat": 1, "deep": { "x": 1 } }
    });
    assert_eq!(schema.prune(&mut object), ["any.deep.x", "l[0].known.b"]);
    assert_eq!(
        object,
        json!({ "l": [{ "free": 1, "known": { "a": "x" } }], "any": { "flat": 1, "deep": {} } })
    );
}

#[test]
fn an_embedded_resource_keeps_its_type_and_the_fields_of_metadata() {
    let schema = parse(json!({ "t": { "type": "object", "x-kubernetes-embedded-resource": true,
        "properties": { "spec": { "type": "object" } } } }));
    let mut object = json!({ "t": { "apiVersion": "v1", "kind": "K", "odd": 1, "spec": { "x": 1 },
        "metadata": { "name": "n", "labels": {}, "nope": 1 } } });
    assert_eq!(schema.prune(&mut object), ["t.metadata.nope", "t.odd", "t.spec.x"]);
    assert_eq!(
        object,
        json!({ "t": { "apiVersion": "v1", "kind": "K", "spec": {}, "metadata": { "name": "n" } } })
    );
}
