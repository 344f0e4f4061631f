//! The short form of a worker is sugar for the long one: shipped scenarios, written in both.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::check::{self, Options};
use crate::scenario::{Scenario, SourceText, builtin, yaml};

/// A worker in the short form, in the long form; `None` if it uses what only the short form has.
fn long(worker: &Value, object: &str) -> Option<Value> {
    let in_cache = worker["cacheWrite"].as_bool().map(|_| "");
    let write = worker["write"].as_str().or(in_cache)?;
    let shared = write == "update-shared";
    if shared && worker["read"] == "cache" {
        return None;
    }
    let object = worker["object"].as_str().unwrap_or(object);
    let reads = if worker["read"] == "cache" { "cache" } else { "get" };
    let mut step = json!({ "write": write, "sets": worker["sets"] });
    for key in ["when", "subresource", "retryRead", "restamp", "omit"] {
        if !worker[key].is_null() {
            step[key] = worker[key].clone();
        }
    }
    step["object"] = json!(object);
    // A shared object is read into memory by the write itself.
    if worker["cacheWrite"] == true {
        step = json!({ "cacheWrite": object, "sets": worker["sets"] });
    }
    let steps = if shared { json!([step]) } else { json!([{ reads: object }, step]) };
    let mut long = json!({
        "name": worker["name"],
        "steps": steps,
        "onError": "drop",
    });
    let rest = ["process", "fieldManager", "attempts", "runs", "client", "knows", "validate"];
    for key in rest.into_iter().chain(["freshness", "beforeSync"]) {
        if !worker[key].is_null() {
            long[key] = worker[key].clone();
        }
    }
    Some(long)
}

/// A shipped scenario, and with every worker in the long form; both from JSON, so that the order of
/// keys is the same.
fn both(text: &str) -> Option<(Arc<Scenario>, Arc<Scenario>)> {
    let mut value: Value = value_of(text);
    let kind = value["objects"][0]["kind"].as_str()?.to_owned();
    let name = value["objects"][0]["metadata"]["name"].as_str()?.to_owned();
    let object = format!("{kind}/{name}");
    let workers = value["workers"].as_array()?.clone();
    let workers: Option<Vec<Value>> = workers.iter().map(|worker| long(worker, &object)).collect();
    let widget: Value = value_of(include_str!("../../../scenarios/crds/widget.crd.yaml"));
    if !value["crds"].is_null() {
        value["crds"] = json!([widget]);
    }
    value.as_object_mut()?.remove("timing");
    let read = |value: &Value| {
        let scenarios = Scenario::from_str("both.yaml", &value.to_string());
        let scenarios = scenarios.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        scenarios.into_iter().next().map(Arc::new)
    };
    let short = read(&value)?;
    value["workers"] = Value::Array(workers?);
    Some((short, read(&value)?))
}

/// YAML as JSON.
fn value_of(text: &str) -> Value {
    let source = SourceText::new("shipped", text);
    yaml::parse(&source).expect("it is shipped")[0].root.to_value()
}

#[test]
fn every_shipped_scenario_in_the_long_form_has_the_same_counts_and_the_same_witness() {
    let mut compared = 0;
    for name in Scenario::builtin_names() {
        let Some((short, long)) = builtin::text(name).and_then(both) else { continue };
        let check = |scenario: &Arc<Scenario>| {
            let options = Options { max_states: Some(20_000), ..Options::default() };
            check::run(scenario, &options).expect("it can be run")
        };
        let (one, other) = (check(&short), check(&long));
        if !one.exploration.complete {
            continue;
        }
        compared += 1;
        assert_eq!(one.exploration.schedules, other.exploration.schedules, "{}", short.name);
        assert_eq!(one.exploration.states, other.exploration.states, "{}", short.name);
        for (a, b) in one.properties.iter().zip(&other.properties) {
            let at = format!("{}: {}", short.name, a.name);
            assert_eq!(
                (a.name, a.verdict, &a.schedules),
                (b.name, b.verdict, &b.schedules),
                "{at}"
            );
            let steps = |w: &check::Witness| {
                // The four letters of the fingerprint are those of another file.
                let text = w.schedule.to_string();
                let moves = text.rsplit('.').next().map(str::to_owned);
                (w.class, w.field.clone(), moves)
            };
            assert_eq!(a.witness.as_ref().map(steps), b.witness.as_ref().map(steps), "{at}");
        }
    }
    assert!(compared >= 20, "only {compared} were compared");
}
