//! Writes in sequence, as recorded from a real server: who owns what afterwards.

use serde_json::{Value, json};

use super::{ApplyError, Write, conflict_message};
use crate::apiserver::patch;
use crate::apiserver::schema::Schema;

/// One object and nothing of a server: the endpoint's carry-over is done by hand.
struct Stored {
    schema: Schema,
    object: Option<Value>,
}

const VERSION: &str = "g/v1";

fn write<'a>(manager: &'a str, subresource: &'a str) -> Write<'a> {
    let reset: &[&str] = if subresource.is_empty() { &["status"] } else { &["spec", "metadata"] };
    let (api_version, kind, time) = (VERSION, "Widget", "2026-01-01T00:00:00Z");
    Write { manager, api_version, kind, subresource, reset, time }
}

impl Stored {
    fn new() -> Stored {
        let openapi = json!({ "type": "object", "properties": {
            "spec": { "type": "object", "properties": {
                "replicas": { "type": "integer" },
                "color": { "type": "string" },
                "mode": { "type": "string", "default": "auto" },
                "limits": { "type": "object", "additionalProperties": { "type": "integer" } },
                "tags": { "type": "array", "x-kubernetes-list-type": "set",
                          "items": { "type": "string" } },
                "extra": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } } },
            "status": { "type": "object", "properties": {
                "phase": { "type": "string" },
                "history": { "type": "array", "items": { "type": "object", "properties": {
                    "rev": { "type": "integer" } } } },
                "conditions": { "type": "array", "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["type"],
                    "items": { "type": "object", "required": ["type"], "properties": {
                        "type": { "type": "string" }, "status": { "type": "string" },
                        "reason": { "type": "string" } } } } } } } });
        let schema = Schema::parse(&openapi, "s").expect("a structural schema");
        Stored { schema, object: None }
    }

    /// Applies `fields`; the message if it is refused.
    fn apply(&mut self, manager: &str, subresource: &str, fields: Value) -> String {
        self.apply_with(manager, subresource, fields, false)
    }

    fn apply_with(&mut self, manager: &str, sub: &str, fields: Value, force: bool) -> String {
        let mut config = json!({ "apiVersion": VERSION, "kind": "Widget",
                                 "metadata": { "name": "a" } });
        merge_into(&mut config, fields);
        let live = self.object.as_ref();
        match super::apply(&self.schema, live, &config, &write(manager, sub), force) {
            Ok(new) => self.store(new),
            Err(ApplyError::Conflict(conflicts)) => return conflict_message(&conflicts),
            Err(ApplyError::Typed(text) | ApplyError::BadRequest(text)) => return text,
        }
        String::new()
    }

    /// Creates or merge-patches.
    fn update(&mut self, manager: &str, subresource: &str, fields: Value) {
        let start = json!({ "apiVersion": VERSION, "kind": "Widget", "metadata": { "name": "a" } });
        let live = self.object.clone();
        let base = live.clone().unwrap_or(start);
        let mut new = patch::merge(&base, &fields).expect("an object");
        self.schema.prune(&mut new);
        self.schema.default(&mut new);
        super::update(&self.schema, live.as_ref(), &mut new, &write(manager, subresource));
        self.store(new);
    }

    fn store(&mut self, mut new: Value) {
        new["metadata"]["uid"] = json!("u");
        self.object = Some(new);
    }

    fn field(&self, pointer: &str) -> Value {
        let object = self.object.as_ref().expect("an object is stored");
        object.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// Manager, operation and subresource, and what they own.
    fn owners(&self) -> Value {
        let entries = self.field("/metadata/managedFields");
        let entries = entries.as_array().cloned().unwrap_or_default();
        let name = |entry: &Value| {
            let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
            let name = format!("{} {} {}", text("manager"), text("operation"), text("subresource"));
            name.trim().to_owned()
        };
        entries.iter().map(|entry| (name(entry), entry["fieldsV1"].clone())).collect()
    }
}

fn merge_into(target: &mut Value, fields: Value) {
    *target = patch::merge(target, &fields).expect("an object");
}

#[test]
fn a_create_owns_its_fields_and_defaults() {
    let mut stored = Stored::new();
    stored.update("u1", "", json!({ "spec": { "replicas": 1, "limits": { "x": 1 } } }));
    assert_eq!(
        stored.owners(),
        json!({ "u1 Update": { "f:spec": { ".": {}, "f:limits": { ".": {}, "f:x": {} },
                                           "f:mode": {}, "f:replicas": {} } } })
    );
    stored.update("u2", "", json!({ "spec": { "replicas": 2 } }));
    stored.update("u2", "", json!({ "spec": { "limits": null } }));
    assert_eq!(
        stored.owners(),
        json!({ "u1 Update": { "f:spec": { ".": {}, "f:mode": {} } },
                "u2 Update": { "f:spec": { "f:replicas": {} } } })
    );
}

#[test]
fn another_value_for_an_owned_field_is_a_conflict() {
    let mut stored = Stored::new();
    assert_eq!(stored.apply("m1", "", json!({ "spec": { "replicas": 1 } })), "");
    let refused = stored.apply("m2", "", json!({ "spec": { "replicas": 2, "color": "red" } }));
    assert_eq!(refused, "Apply failed with 1 conflict: conflict with \"m1\": .spec.replicas");
    assert_eq!(stored.apply("m2", "", json!({ "spec": { "replicas": 1 } })), "");
    let both = json!({ "f:spec": { "f:replicas": {} } });
    assert_eq!(stored.owners(), json!({ "m1 Apply": both, "m2 Apply": both }));
}

#[test]
fn conflicts_are_listed_by_manager() {
    let mut stored = Stored::new();
    stored.apply("m1", "", json!({ "spec": { "replicas": 1, "limits": { "cpu": 1 } } }));
    stored.apply("m2", "", json!({ "spec": { "color": "x" } }));
    let all = json!({ "spec": { "replicas": 2, "color": "y", "limits": { "cpu": 2 } } });
    assert_eq!(
        stored.apply("m3", "", all),
        "Apply failed with 3 conflicts: conflicts with \"m1\":\n- .spec.replicas\n\
         - .spec.limits.cpu\nconflicts with \"m2\":\n- .spec.color"
    );
}

#[test]
fn an_updater_is_named_with_its_version_and_loses_by_force() {
    let mut stored = Stored::new();
    stored.update("m", "", json!({ "spec": { "replicas": 1 } }));
    let two = || json!({ "spec": { "replicas": 2 } });
    assert_eq!(
        stored.apply("m", "", two()),
        "Apply failed with 1 conflict: conflict with \"m\" using g/v1: .spec.replicas"
    );
    assert_eq!(stored.apply_with("m", "", two(), true), "");
    assert_eq!(
        stored.owners(),
        json!({ "m Apply": { "f:spec": { "f:replicas": {} } },
                "m Update": { "f:spec": { ".": {}, "f:mode": {} } } })
    );
}

#[test]
fn what_the_same_manager_no_longer_applies_is_removed() {
    let mut stored = Stored::new();
    let condition = |name: &str| {
        json!({ "status": { "conditions": [
        { "type": name, "status": "True" }] } })
    };
    stored.update("c", "", json!({ "spec": {} }));
    stored.apply("ctl", "status", condition("A"));
    stored.apply("ctl", "status", condition("B"));
    assert_eq!(stored.field("/status/conditions"), condition("B")["status"]["conditions"]);
}

#[test]
fn a_shared_entry_stays_with_the_fields_of_those_who_keep_it() {
    let mut stored = Stored::new();
    let one = |field: &str| json!({ "status": { "conditions": [{ "type": "A", field: "x" }] } });
    stored.update("c", "", json!({ "spec": {} }));
    stored.apply("m1", "status", one("status"));
    stored.apply("m2", "status", one("reason"));
    stored.apply("m1", "status", json!({ "status": { "conditions": [] } }));
    assert_eq!(stored.field("/status/conditions"), json!([{ "type": "A", "reason": "x" }]));
}

#[test]
fn an_updaters_field_survives_the_applier_that_shared_it() {
    let mut stored = Stored::new();
    stored.update("c", "", json!({ "spec": {} }));
    stored.update("upd", "status", json!({ "status": { "phase": "p" } }));
    stored.apply("m", "status", json!({ "status": { "phase": "p" } }));
    stored.apply("m", "status", json!({ "status": {} }));
    assert_eq!(stored.field("/status/phase"), "p");
}

#[test]
fn main_and_status_are_owned_apart() {
    let mut stored = Stored::new();
    stored.apply("m", "", json!({ "spec": { "replicas": 1 } }));
    stored.apply("m", "status", json!({ "spec": { "replicas": 5 }, "status": { "phase": "p" } }));
    stored.apply("m", "", json!({ "spec": { "color": "x" }, "status": { "phase": "z" } }));
    assert_eq!(
        stored.owners(),
        json!({ "m Apply": { "f:spec": { "f:color": {} } },
                "m Apply status": { "f:status": { "f:phase": {} } } })
    );
}

#[test]
fn a_dropped_map_without_an_owner_becomes_null() {
    let mut stored = Stored::new();
    stored.apply("m", "", json!({ "spec": { "replicas": 1, "limits": { "cpu": 1 } } }));
    stored.apply("m", "", json!({ "spec": { "replicas": 1 } }));
    assert_eq!(stored.field("/spec"), json!({ "mode": "auto", "replicas": 1 }));
    stored.apply("m", "", json!({ "spec": { "limits": {} } }));
    stored.apply("m2", "", json!({ "spec": { "limits": { "mem": 2 } } }));
    stored.apply("m2", "", json!({ "spec": {} }));
    assert_eq!(stored.field("/spec/limits"), Value::Null);
}

#[test]
fn sets_merge_in_the_recorded_order() {
    let mut stored = Stored::new();
    stored.apply("m1", "", json!({ "spec": { "tags": ["a", "b"] } }));
    stored.apply("m2", "", json!({ "spec": { "tags": ["c", "a"] } }));
    assert_eq!(stored.field("/spec/tags"), json!(["c", "a", "b"]));
    stored.apply("m1", "", json!({ "spec": { "tags": ["b"] } }));
    assert_eq!(stored.field("/spec/tags"), json!(["c", "a", "b"]));
    stored.apply("m2", "", json!({ "spec": { "tags": [] } }));
    assert_eq!(stored.field("/spec/tags"), json!(["b"]));
}

#[test]
fn what_does_not_fit_the_schema_is_named() {
    let mut stored = Stored::new();
    let prefix = "failed to create typed patch object (/a; g/v1, Kind=Widget): ";
    for (fields, text) in [
        (json!({ "spec": { "zzz": 1 } }), ".spec.zzz: field not declared in schema"),
        (
            json!({ "spec": { "replicas": "x" } }),
            ".spec.replicas: expected numeric (int or float), got string",
        ),
        (json!({ "spec": "x" }), ".spec: expected map, got &{x}"),
        (
            json!({ "spec": { "color": 1 } }),
            ".spec.color: expected string, got &value.valueUnstructured{Value:1}",
        ),
        (
            json!({ "spec": { "tags": ["a", "a"] } }),
            ".spec.tags: duplicate entries for key [=\"a\"]",
        ),
        (
            json!({ "status": { "conditions": [{ "status": "True" }] } }),
            ".status.conditions: element 0: associative list with keys has an element that omits \
             all key fields [\"type\"] (and doesn't have default values for any key fields)",
        ),
    ] {
        assert_eq!(stored.apply("m", "", fields), format!("{prefix}{text}"));
    }
    assert_eq!(
        stored.apply("m", "", json!({ "apiVersion": null })),
        "invalid object type: /, Kind=Widget"
    );
    assert_eq!(
        stored.apply("m", "", json!({ "metadata": { "managedFields": [] } })),
        "metadata.managedFields must be nil"
    );
}

#[test]
fn forgotten_owners_come_back_with_the_first_apply() {
    let mut stored = Stored::new();
    stored.update("u", "", json!({ "spec": { "replicas": 1 } }));
    stored.update("u", "", json!({ "metadata": { "managedFields": [{}] } }));
    assert_eq!(stored.owners(), json!({}));
    stored.update("u", "", json!({ "spec": { "replicas": 2 } }));
    assert_eq!(stored.owners(), json!({}));
    stored.apply("m", "", json!({ "spec": { "color": "x" } }));
    assert_eq!(
        stored.owners(),
        json!({ "m Apply": { "f:spec": { "f:color": {} } },
                "before-first-apply Update": {
                    "f:spec": { ".": {}, "f:mode": {}, "f:replicas": {} } } })
    );
}

#[test]
fn the_eleventh_updater_makes_ancient_changes() {
    let mut stored = Stored::new();
    for index in 0..11 {
        let name = format!("u{index:02}");
        stored.update(&name, "", json!({ "spec": { "extra": { name.clone(): 1 } } }));
    }
    let owners = stored.owners();
    assert_eq!(owners.as_object().map(serde_json::Map::len), Some(10));
    assert_eq!(
        owners["ancient-changes Update"],
        json!({ "f:spec": { ".": {}, "f:extra": { ".": {}, "f:u00": {}, "f:u01": {} },
                            "f:mode": {} } })
    );
}

#[test]
fn unknown_fields_under_preserve_are_owned_one_by_one() {
    let mut stored = Stored::new();
    stored.update("u", "", json!({ "spec": { "replicas": 1 } }));
    let mut new = stored.object.clone().expect("stored");
    new["spec"]["extra"] = json!({ "any": { "thing": [1, null, { "k": null }] }, "n": null });
    super::update(&stored.schema, stored.object.clone().as_ref(), &mut new, &write("v", ""));
    stored.store(new);
    assert_eq!(
        stored.owners()["v Update"],
        json!({ "f:spec": { "f:extra": { ".": {}, "f:any": { ".": {}, "f:thing": {} },
                                         "f:n": {} } } })
    );
}

#[test]
fn an_object_created_without_any_field_is_not_tracked() {
    let mut stored = Stored::new();
    stored.update("u", "", json!({}));
    stored.update("u", "", json!({ "spec": { "replicas": 1 } }));
    assert_eq!(stored.owners(), json!({}));
}

#[test]
fn times_alone_are_no_difference() {
    let entry = |time: &str| {
        json!({ "metadata": { "managedFields": [
        { "manager": "m", "time": time }] }, "spec": 1 })
    };
    assert!(super::same_but_for_times(&entry("1"), &entry("2")));
    assert!(!super::same_but_for_times(&entry("1"), &json!({ "metadata": {}, "spec": 1 })));
}
