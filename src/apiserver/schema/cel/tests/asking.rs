//! Which rules are asked about which values, and which answers count.

use serde_json::{Value, json};

use super::super::super::Schema;
use super::{NONE, entry, list, object, ruled, say, texts, under_spec, with_root};

#[test]
fn values_are_asked_where_they_are() {
    let integer = json!({ "type": "integer" });
    let size = |rule: &str| {
        under_spec(json!({
            "type": "object", "properties": { "n": ruled(integer.clone(), rule) },
        }))
    };
    let at_spec = |rule: &str| {
        under_spec(ruled(json!({ "type": "object", "properties": { "n": integer } }), rule))
    };
    let rows = [
        (size("self > 1"), json!(null), json!({ "n": 2 }), ""),
        (
            size("self > 1"),
            json!(null),
            json!({ "n": 1 }),
            "spec.n: Invalid value: 1: failed rule: self > 1",
        ),
        (size("self > 1"), json!(null), json!({}), ""),
        (
            at_spec("self.n > 1"),
            json!(null),
            json!({ "n": 1 }),
            "spec: Invalid value: failed rule: self.n > 1",
        ),
        (
            at_spec("self.n > 1"),
            json!(null),
            json!({}),
            "spec: Invalid value: \"object\": no such key: n evaluating rule: self.n > 1",
        ),
        (at_spec("!has(self.n) || self.n > 1"), json!(null), json!({}), ""),
        (
            at_spec("has(self.n) && 1 / (self.n - 1) > 0"),
            json!(null),
            json!({ "n": 1 }),
            "spec: Invalid value: \"object\": division by zero evaluating rule: has(self.n) && \
             1 / (self.n - 1) > 0",
        ),
        // An error on one side does not matter where the other side decides.
        (at_spec("self.n > 1 || true"), json!(null), json!({}), ""),
        (at_spec("true || self.n > 1"), json!(null), json!({}), ""),
        (at_spec("!(self.n > 1 && false)"), json!(null), json!({}), ""),
    ];
    for (index, (schema, old, new, error)) in rows.iter().enumerate() {
        let wanted: Vec<&str> = Some(*error).into_iter().filter(|text| !text.is_empty()).collect();
        assert_eq!(say(schema, old, new), wanted, "row {index}");
    }
}

#[test]
fn a_rule_that_compares_is_asked_only_where_there_is_something_to_compare_with() {
    let n = json!({
        "type": "object",
        "properties": { "n": ruled(json!({ "type": "integer" }), "self >= oldSelf") },
    });
    let schema = under_spec(n.clone());
    let wrong = "spec.n: Invalid value: 1: failed rule: self >= oldSelf";
    assert_eq!(say(&schema, &json!(null), &json!({ "n": 1 })), NONE, "a create");
    assert_eq!(say(&schema, &json!({}), &json!({ "n": 1 })), NONE, "the field is new");
    assert_eq!(say(&schema, &json!({ "n": 2 }), &json!({})), NONE, "the field goes");
    assert_eq!(say(&schema, &json!({ "n": 2 }), &json!({ "n": 1 })), [wrong]);
    assert_eq!(say(&schema, &json!({ "n": 1 }), &json!({ "n": 1 })), NONE);

    let mut optional = n;
    optional["properties"]["n"]["x-kubernetes-validations"] = json!([{
        "rule": "oldSelf.hasValue() ? self >= oldSelf.value() : self == 0", "optionalOldSelf": true,
    }]);
    let schema = under_spec(optional.clone());
    assert_eq!(say(&schema, &json!(null), &json!({ "n": 1 })).len(), 1, "asked at a create");
    assert_eq!(say(&schema, &json!(null), &json!({ "n": 0 })), NONE);
    assert_eq!(say(&schema, &json!({}), &json!({ "n": 1 })).len(), 1, "asked of a new field");
    assert_eq!(say(&schema, &json!({ "n": 1 }), &json!({ "n": 2 })), NONE);
    assert_eq!(say(&schema, &json!({ "n": 3 }), &json!({ "n": 2 })).len(), 1);
    // It compares, and so an unchanged value is asked as well.
    optional["properties"]["n"]["x-kubernetes-validations"][0]["rule"] =
        json!("oldSelf.orValue(0) < self");
    let schema = under_spec(optional);
    assert_eq!(say(&schema, &json!({ "n": 3 }), &json!({ "n": 3 })).len(), 1);
}

#[test]
fn items_have_old_ones_in_maps_alone() {
    let items = |rule: &str| {
        under_spec(json!({
            "type": "object", "properties": { "l": list("map", entry(rule)) },
        }))
    };
    let l = |items: Value| json!({ "l": items });
    let schema = items("self.n >= oldSelf.n");
    let old = l(json!([{ "k": "a", "n": 5 }, { "k": "b", "n": 1 }]));
    let swapped = l(json!([{ "k": "b", "n": 1 }, { "k": "a", "n": 5 }]));
    assert_eq!(say(&schema, &old, &swapped), NONE, "paired by key, not by place");
    let less = l(json!([{ "k": "b", "n": 0 }, { "k": "a", "n": 5 }]));
    let wrong = "spec.l[0]: Invalid value: failed rule: self.n >= oldSelf.n";
    assert_eq!(say(&schema, &old, &less), [wrong]);
    let other = l(json!([{ "k": "c", "n": 0 }]));
    assert_eq!(say(&schema, &old, &other), NONE, "a new key has no old item");
    for kind in ["", "atomic", "set"] {
        let mut item = ruled(json!({ "type": "integer" }), "self >= oldSelf");
        if kind == "set" {
            item["type"] = "string".into();
        }
        let schema = json!({ "type": "object", "properties": { "l": list(kind, item) } });
        let errors = Schema::parse(&schema, "schema").unwrap_err();
        assert_eq!(
            texts(&errors),
            ["schema.properties[l].items.x-kubernetes-validations[0].rule: Invalid value: \
              \"self >= oldSelf\": oldSelf cannot be used on the uncorrelatable portion of the \
              schema within schema.properties[l]"],
            "{kind}"
        );
    }
}

#[test]
fn what_was_wrong_and_has_not_changed_is_tolerated() {
    let spec = json!({ "type": "object", "properties": {
        "n": ruled(json!({ "type": "integer" }), "self > 1"),
        "m": { "type": "object", "additionalProperties":
            ruled(json!({ "type": "integer" }), "self > 1") },
        "maps": list("map", entry("self.n > 1")),
        "plain": list("", ruled(json!({ "type": "integer" }), "self > 1")),
        "open": ruled(json!({
            "type": "object", "x-kubernetes-preserve-unknown-fields": true,
            "properties": { "n": { "type": "integer" } },
        }), "self.n > 1"),
        "other": { "type": "integer" },
    }});
    let schema = under_spec(spec);
    let rows = [
        (json!({ "n": 1 }), json!({ "n": 1, "other": 2 }), 0),
        (json!({ "n": 1 }), json!({ "n": 0, "other": 2 }), 1),
        (json!({}), json!({ "n": 1 }), 1),
        (json!({ "m": { "a": 1 } }), json!({ "m": { "a": 1, "b": 2 } }), 0),
        (json!({ "m": { "a": 1 } }), json!({ "m": { "b": 1 } }), 1),
        // Items of a map: each for itself. Of another list: all or none.
        (
            json!({ "maps": [{ "k": "a", "n": 1 }] }),
            json!({ "maps": [{ "k": "b", "n": 2 }, { "k": "a", "n": 1 }] }),
            0,
        ),
        (json!({ "maps": [{ "k": "a", "n": 1 }] }), json!({ "maps": [{ "k": "a", "n": 0 }] }), 1),
        (json!({ "plain": [1, 2] }), json!({ "plain": [1, 2], "other": 1 }), 0),
        (json!({ "plain": [1, 2] }), json!({ "plain": [1, 3] }), 1),
        (json!({ "plain": [1, 2] }), json!({ "plain": [1] }), 1),
        // A field that the schema does not know: never unchanged, for the server.
        (json!({ "open": { "n": 1 } }), json!({ "open": { "n": 1 }, "other": 1 }), 0),
        (json!({ "open": { "n": 1, "x": 1 } }), json!({ "open": { "n": 1, "x": 1 } }), 1),
    ];
    for (index, (old, new, errors)) in rows.iter().enumerate() {
        assert_eq!(say(&schema, old, new).len(), *errors, "row {index}");
    }
    let mut warnings = Vec::new();
    let n = |other: i32| object(&json!({ "n": 1, "other": other }));
    assert_eq!(schema.validate(&n(1), Some(&n(0)), &mut warnings), []);
    assert_eq!(warnings, ["spec.n: Invalid value: 1: failed rule: self > 1"]);
}

#[test]
fn errors_of_the_schema_are_tolerated_alike() {
    let small = json!({ "type": "integer", "maximum": 1 });
    let item = json!({ "type": "object", "required": ["k"], "properties": {
        "k": { "type": "string" }, "n": small,
    }});
    let schema = under_spec(json!({ "type": "object", "properties": {
        "n": small,
        "maps": list("map", item.clone()),
        "plain": list("", item),
        "atomic": { "type": "object", "x-kubernetes-map-type": "atomic",
            "properties": { "n": small, "m": { "type": "integer" } } },
    }}));
    let rows = [
        (json!({ "n": 2 }), json!({ "n": 2 }), 0),
        (json!({ "n": 2 }), json!({ "n": 3 }), 1),
        (
            json!({ "maps": [{ "k": "a", "n": 2 }] }),
            json!({ "maps": [{ "k": "b" }, { "k": "a", "n": 2 }] }),
            0,
        ),
        (
            json!({ "plain": [{ "k": "a", "n": 2 }] }),
            json!({ "plain": [{ "k": "a", "n": 2 }, { "k": "b" }] }),
            1,
        ),
        (json!({ "atomic": { "n": 2 } }), json!({ "atomic": { "n": 2, "m": 1 } }), 0),
    ];
    for (index, (old, new, errors)) in rows.iter().enumerate() {
        assert_eq!(say(&schema, old, new).len(), *errors, "row {index}");
    }
}

#[test]
fn rules_at_the_root_are_asked_on_status_too_and_never_tolerated() {
    let rule = "!has(self.status) || !self.status.ready || self.spec.n > 0";
    let spec = json!({ "type": "object", "properties": {
        "n": ruled(json!({ "type": "integer" }), "self < 9"),
    }});
    let schema = with_root(
        spec,
        json!([
            { "rule": rule, "message": " not ready \n" },
            { "rule": "!has(oldSelf.status) || !has(oldSelf.status.ready) || !oldSelf.status.ready \
                       || self.spec == oldSelf.spec", "message": "fixed once ready" },
        ]),
    );
    let gear = |n: i32, ready: Option<bool>| {
        let mut object = object(&json!({ "n": n }));
        if let Some(ready) = ready {
            object["status"] = json!({ "ready": ready });
        }
        object
    };
    let status =
        |old: &Value, new: &Value| texts(&schema.validate_status(new, old, &mut Vec::new()));
    let spec = |old: &Value, new: &Value| texts(&schema.validate(new, Some(old), &mut Vec::new()));
    let not_ready = "<nil>: Invalid value: not ready";
    let fixed = "<nil>: Invalid value: fixed once ready";
    assert_eq!(status(&gear(1, None), &gear(1, Some(true))), NONE);
    assert_eq!(status(&gear(0, None), &gear(0, Some(true))), [not_ready]);
    assert_eq!(status(&gear(0, Some(true)), &gear(0, Some(true))), [not_ready], "unchanged");
    assert_eq!(spec(&gear(1, Some(true)), &gear(2, Some(true))), [fixed]);
    assert_eq!(spec(&gear(1, Some(false)), &gear(2, Some(false))), NONE);
    assert_eq!(spec(&gear(1, Some(true)), &gear(1, Some(true))), NONE);
    // The spec is looked at as well, but it is as it was.
    assert_eq!(status(&gear(9, None), &gear(9, Some(true))), NONE);
}

#[test]
fn reasons_paths_and_messages_are_the_authors() {
    let say_one = |rule: Value, value: Value| {
        let mut spec = json!({ "type": "object", "properties": {
            "n": { "type": "integer" }, "s": { "type": "string" },
            "tags": { "type": "object", "additionalProperties": { "type": "string" } },
        }});
        spec["x-kubernetes-validations"] = json!([rule]);
        say(&under_spec(spec), &json!(null), &value)
    };
    let no = json!({ "n": 1, "s": "x" });
    for (rule, text) in [
        (
            json!({ "rule": "false", "reason": "FieldValueForbidden", "message": "m" }),
            "spec: Forbidden: m",
        ),
        (
            json!({ "rule": "false", "reason": "FieldValueRequired", "fieldPath": ".n" }),
            "spec.n: Required value: failed rule: false",
        ),
        (json!({ "rule": "false", "reason": "FieldValueDuplicate" }), "spec: Duplicate value"),
        (
            json!({ "rule": "false", "reason": "FieldValueInvalid", "fieldPath": ".tags['a.b']" }),
            "spec.tags[a.b]: Invalid value: failed rule: false",
        ),
        (
            json!({
                "rule": "false", "message": "m", "messageExpression": "'n=' + string(self.n)"
            }),
            "spec: Invalid value: n=1",
        ),
        (
            json!({ "rule": "false", "message": "m", "messageExpression": "self.nothing" }),
            "spec: Invalid value: m",
        ),
        (
            json!({ "rule": "false", "message": "m", "messageExpression": "'  '" }),
            "spec: Invalid value: m",
        ),
        (
            json!({ "rule": "false", "messageExpression": "'a\\nb'" }),
            "spec: Invalid value: failed rule: false",
        ),
        (json!({ "rule": " false " }), "spec: Invalid value: failed rule: false"),
        (
            json!({ "rule": "self.nothing", "message": "m" }),
            "spec: Invalid value: \"object\": no such key: nothing evaluating rule: m",
        ),
        (
            json!({ "rule": "self.s > 1" }),
            "spec: Invalid value: \"object\": 'no such overload': call arguments did not match a \
             supported operator, function or macro signature for rule: self.s > 1",
        ),
    ] {
        assert_eq!(say_one(rule.clone(), no.clone()), [text], "{rule}");
    }
}

#[test]
fn rules_are_not_asked_about_what_the_schema_refuses() {
    let n = ruled(json!({ "type": "integer", "maximum": 5, "enum": [1, 7, 9] }), "self > 7");
    let schema = under_spec(json!({ "type": "object", "properties": { "n": n } }));
    let blocked = "<nil>: Invalid value: null: some validation rules were not checked because the \
                   object was invalid; correct the existing errors to complete validation";
    let errors = say(&schema, &json!(null), &json!({ "n": 2 }));
    assert_eq!(errors.last().map(String::as_str), Some(blocked), "{errors:?}");
    // A wrong value alone does not block them.
    let errors = say(&schema, &json!(null), &json!({ "n": 7 }));
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[1].ends_with("failed rule: self > 7"), "{errors:?}");
}
