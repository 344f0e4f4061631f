//! What holds of apply whatever is applied: random configurations by several managers.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::compare::compare;
use super::path_set::PathSet;
use super::{ApplyError, Write, typed};
use crate::apiserver::schema::Schema;

fn schema() -> Schema {
    let item = json!({ "type": "object", "required": ["k"], "properties": {
        "k": { "type": "string" }, "a": { "type": "integer" }, "b": { "type": "integer" } } });
    let openapi = json!({ "type": "object", "properties": { "spec": {
        "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
            "n": { "type": "integer" },
            "m": { "type": "object", "additionalProperties": { "type": "integer" } },
            "set": { "type": "array", "x-kubernetes-list-type": "set",
                     "items": { "type": "string" } },
            "map": { "type": "array", "x-kubernetes-list-type": "map",
                     "x-kubernetes-list-map-keys": ["k"], "items": item },
            "atomic": { "type": "array", "items": { "type": "integer" } } } } } });
    Schema::parse(&openapi, "s").expect("a structural schema")
}

/// A subset of distinct letters, in some order.
///
/// Not the empty one: no path names an empty set or list-type map, so it has no owner, and pruning
/// may drop it with its parent. That is so on a real server as well.
fn letters() -> impl Strategy<Value = Vec<&'static str>> {
    prop::sample::subsequence(vec!["a", "b", "c"], 1..=3).prop_shuffle()
}

fn item(key: &str) -> impl Strategy<Value = Value> + use<> {
    let key = key.to_owned();
    (prop::option::of(0..3), prop::option::of(0..3)).prop_map(move |(a, b)| {
        let mut fields = Map::from_iter([("k".to_owned(), json!(key))]);
        fields.extend(a.map(|a| ("a".to_owned(), json!(a))));
        fields.extend(b.map(|b| ("b".to_owned(), json!(b))));
        Value::Object(fields)
    })
}

fn spec() -> impl Strategy<Value = Value> {
    let map = letters().prop_flat_map(|keys| keys.into_iter().map(item).collect::<Vec<_>>());
    let plain = prop::collection::btree_map("[ab]", 0..3, 0..3);
    (
        prop::option::of(0..3),
        prop::option::of(plain),
        prop::option::of(letters()),
        prop::option::of(map),
        prop::option::of(prop::collection::vec(0..3, 0..3)),
        prop::option::of(0..3),
    )
        .prop_map(|(n, m, set, map, atomic, free)| {
            let fields = [
                ("n", n.map(|n| json!(n))),
                ("m", m.map(|m| json!(m))),
                ("set", set.map(|set| json!(set))),
                ("map", map.map(|map| json!(map))),
                ("atomic", atomic.map(|atomic| json!(atomic))),
                ("free", free.map(|free| json!({ "deep": free }))),
            ];
            let fields =
                fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
            Value::Object(fields.collect())
        })
}

fn config(spec: &Value) -> Value {
    json!({ "apiVersion": "g/v1", "kind": "W", "metadata": { "name": "a" }, "spec": spec })
}

fn apply(
    schema: &Schema,
    live: Option<&Value>,
    manager: &str,
    spec: &Value,
    force: bool,
) -> Result<Value, ApplyError> {
    let time = "2026-01-01T00:00:00Z";
    let (api_version, kind, subresource) = ("g/v1", "W", "");
    let write = Write { manager, api_version, kind, subresource, reset: &[], time };
    super::apply(schema, live, &config(spec), &write, force)
}

/// Whether the server would store it. Dropping the last field of a map that another manager still
/// names as empty leaves null, which validation refuses.
fn is_valid(schema: &Schema, object: &Value) -> bool {
    schema.validate(object, None, &mut Vec::new()).is_empty()
}

/// Applies in turn by three managers; the last object.
fn applied(schema: &Schema, specs: &[(usize, Value)]) -> Option<Value> {
    specs.iter().fold(None, |live, (manager, spec)| {
        let manager = ["x", "y", "z"][manager % 3];
        let new = apply(schema, live.as_ref(), manager, spec, true).expect("force");
        if is_valid(schema, &new) { Some(new) } else { live }
    })
}

proptest! {
    #[test]
    fn applying_again_changes_nothing(
        before in prop::collection::vec((0..3_usize, spec()), 0..4),
        spec in spec(),
    ) {
        let schema = schema();
        let live = applied(&schema, &before);
        let once = apply(&schema, live.as_ref(), "x", &spec, true).expect("force");
        prop_assume!(is_valid(&schema, &once));
        let twice = apply(&schema, Some(&once), "x", &spec, false).expect("nothing of another's");
        prop_assert!(super::same_but_for_times(&once, &twice), "{once}\n{twice}");
    }

    #[test]
    fn what_is_applied_is_there_and_owned(
        before in prop::collection::vec((0..3_usize, spec()), 0..4),
        spec in spec(),
    ) {
        let schema = schema();
        let live = applied(&schema, &before);
        let new = apply(&schema, live.as_ref(), "x", &spec, true).expect("force");
        prop_assume!(is_valid(&schema, &new));
        let config = config(&spec);
        // Putting the configuration on top once more would change no value.
        let again = super::merge::merge(&new, &config, schema.root());
        let changes = compare(&new, &again, schema.root());
        prop_assert!(changes.added.is_empty() && changes.modified.is_empty());
        let wanted = super::update::strip(&typed::fields_of(&config, schema.root()));
        let entries = new["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let own = entries.iter().find(|entry| entry["manager"] == "x");
        let own = own.map(|entry| PathSet::decode(&entry["fieldsV1"]).expect("fieldsV1"));
        prop_assert_eq!(own.unwrap_or_default(), wanted);
    }

    #[test]
    fn without_force_no_other_managers_value_changes(
        before in prop::collection::vec((0..3_usize, spec()), 1..4),
        spec in spec(),
    ) {
        let schema = schema();
        let Some(live) = applied(&schema, &before) else { return Ok(()) };
        let Ok(new) = apply(&schema, Some(&live), "x", &spec, false) else { return Ok(()) };
        let changes = compare(&live, &new, schema.root());
        let entries = live["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        for entry in entries.iter().filter(|entry| entry["manager"] != "x") {
            let owned = PathSet::decode(&entry["fieldsV1"]).expect("fieldsV1");
            prop_assert!(owned.intersection(&changes.modified).is_empty(), "{live}\n{new}");
            prop_assert!(owned.intersection(&changes.removed).is_empty(), "{live}\n{new}");
        }
    }

    #[test]
    fn fields_v1_survives_reading_and_writing(spec in spec()) {
        let set = typed::fields_of(&config(&spec), schema().root());
        prop_assert_eq!(PathSet::decode(&set.encode()), Ok(set));
    }
}

/// Any JSON, with the names that our schemas know strewn in.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..3_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[a-c$]{0,2}".prop_map(Value::from),
    ];
    let names = vec![
        "metadata",
        "spec",
        "status",
        "labels",
        "finalizers",
        "ownerReferences",
        "managedFields",
        "containers",
        "conditions",
        "name",
        "type",
        "map",
        "set",
        "k",
        "resources",
        "template",
        "data",
        "stringData",
        "tolerations",
        "fieldsV1",
        "f:spec",
        "$patch",
        "$retainKeys",
        "$setElementOrder/conditions",
        "$deleteFromPrimitiveList/finalizers",
    ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        let name = prop::sample::select(names.clone());
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|fields| json!(fields)),
        ]
    })
}

proptest! {
    /// User mistakes are answers, never panics: every function takes any value.
    #[test]
    fn nothing_panics(object in any_json(), other in any_json()) {
        let builtins = [("", "Pod"), ("apps", "Deployment"), ("", "Secret"), ("", "Namespace")];
        let builtins = builtins.map(|(group, kind)| {
            crate::apiserver::schema::builtin::schema(group, "v1", kind).expect("a built-in kind")
        });
        let (api_version, kind, subresource) = ("g/v1", "W", "");
        let (manager, reset, time) = ("x", &["status"][..], "2026-01-01T00:00:00Z");
        let write = Write { manager, api_version, kind, subresource, reset, time };
        for schema in builtins.iter().map(|schema| (**schema).clone()).chain([schema()]) {
            let _ = schema.decode(&object);
            let _ = crate::apiserver::patch::strategic(&schema, &other, &object);
            let _ = schema.validate(&object, Some(&other), &mut Vec::new());
            let _ = schema.validate_status(&object, &other, &mut Vec::new());
            let mut config = object.clone();
            if let Some(fields) = config.as_object_mut() {
                fields.insert("apiVersion".to_owned(), json!(api_version));
                fields.insert("kind".to_owned(), json!(kind));
            }
            let _ = super::apply(&schema, Some(&other), &config, &write, true);
            let _ = super::apply(&schema, None, &config, &write, true);
            let mut new = object.clone();
            super::update(&schema, Some(&other), &mut new, &write);
            let mut new = object.clone();
            schema.prune(&mut new);
            schema.default(&mut new);
            schema.prepare_create(&mut new);
            let _ = schema.validate(&new, None, &mut Vec::new());
        }
        let _ = Schema::parse(&object, "s");
        let _ = crate::apiserver::patch::json(&other, &object);
        let _ = crate::apiserver::patch::merge(&other, &object);
    }
}
