//! The JSON of `check` and `compare`: the fields that scripts rely on, with their types.

use std::sync::Arc;

use super::{all_checked, check_text, checked, many, render};
use lostwrite::apiserver::Revision;
use lostwrite::check::{self, Options};
use lostwrite::report::{self, Style};
use lostwrite::scenario::Scenario;
use serde_json::Value;

fn is_count(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit()))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn the_document_of_a_check() {
    for result in all_checked() {
        let document = parsed(&render("json", &result, Style::default()));
        assert_eq!(document["schemaVersion"], 1);
        let json = &document["results"][0];
        assert_eq!(json["scenario"], result.scenario.name.as_str());
        assert!(json["file"].is_null());
        assert_eq!(json["expectation"], "met");
        let exploration = &json["exploration"];
        assert_eq!(exploration["scheduler"], "exhaustive");
        assert_eq!(exploration["complete"], true);
        assert!(exploration["states"].is_u64() && exploration["transitions"].is_u64());
        assert!(is_count(&exploration["schedules"]));
        assert!(exploration["executions"].is_null() && exploration["seed"].is_null());
        assert!(is_count(&json["conflicts"]["schedulesWithConflict"]));
        assert!(json["conflicts"]["maxAttempts"].is_u64());
        for (property, json) in result.properties.iter().zip(json["properties"].as_array().unwrap())
        {
            assert_eq!(json["name"], property.name);
            assert_eq!(json["verdict"], property.verdict.as_str());
            assert!(is_count(&json["violatingSchedules"]), "{json}");
            assert_eq!(is_count(&json["satisfyingSchedules"]), property.name == "raced", "{json}");
            let Some(witness) = &property.witness else {
                assert!(json["witness"].is_null());
                continue;
            };
            let json = &json["witness"];
            assert_eq!(json["schedule"], witness.schedule.to_string());
            assert_eq!(json["steps"], witness.trace.events.len());
            assert_eq!(json["class"], witness.class.as_str());
            assert_eq!(json["victim"]["worker"], witness.victim.worker.as_str());
            assert_eq!(json["victim"]["step"], witness.victim.step);
            assert_eq!(json["victim"]["field"], witness.field.as_str());
            // Nobody is guilty of a conflict: the write that was sooner has a key of its own.
            let gave_up = witness.class.as_str() == "dropped";
            let key = if gave_up { "overtakenBy" } else { "culprit" };
            let step = witness.culprit.as_ref().map(|pointer| pointer.step);
            assert_eq!(json[key]["step"].as_u64().map(|step| step as usize), step);
            assert!(!gave_up || json["culprit"].is_null());
            // Only a read that was out of date is called stale.
            if let Some(at) = json["staleRead"]["step"].as_u64() {
                let read = &witness.trace.events[at as usize - 1];
                let last = &witness.trace.events[witness.victim.step.max(step.unwrap_or(0)) - 1];
                let basis = read.basis.as_ref().map(|basis| basis.revision);
                let before = last.before.as_deref();
                let before = before.and_then(|it| it["metadata"]["resourceVersion"].as_str());
                let before = before.and_then(|text| text.parse().ok()).map(Revision);
                assert!(basis < before, "{basis:?} is as new as {before:?}: {json}");
            }
            assert_eq!(json["trace"].as_array().unwrap().len(), witness.trace.events.len());
        }
    }
}

#[test]
fn what_a_sampling_scheduler_cannot_know_is_null() {
    let options = Options { scheduler: "random".to_owned(), runs: Some(20), ..Options::default() };
    let result = check_text(&many(2, "update-retry"), &options);
    let document = parsed(&render("json", &result, Style::default()));
    let json = &document["results"][0];
    assert_eq!(json["expectation"], "none");
    assert_eq!(json["exploration"]["complete"], false);
    assert!(json["exploration"]["schedules"].is_null());
    assert_eq!(json["exploration"]["executions"], 20);
    assert!(json["exploration"]["seed"].is_u64());
    assert_eq!(json["properties"][0]["verdict"], "unknown");
}

#[test]
fn counts_beyond_53_bits_keep_every_digit() {
    let mut result = checked("status-race", false);
    let huge = lostwrite::schedulers::Count::from(u128::MAX);
    result.exploration.schedules = Some(huge.clone());
    let document = parsed(&render("json", &result, Style::default()));
    assert_eq!(document["results"][0]["exploration"]["schedules"], huge.to_string());
}

#[test]
fn the_document_and_the_table_of_a_comparison_agree() {
    for name in ["status-race", "conditions-list", "status-race-crd"] {
        let scenario = Arc::new(Scenario::builtin(name).unwrap());
        let comparison = check::compare(&scenario, &Options::default()).unwrap();
        let document = parsed(&report::compare_json(&comparison));
        assert_eq!(document["schemaVersion"], 1);
        assert_eq!(document["scenario"], name);
        let table = report::compare_table(&comparison, &Style::default(), false);
        let rows = document["rows"].as_array().unwrap();
        assert_eq!(rows.len(), comparison.rows.len());
        for pair in rows.chunks(2) {
            let [live, cache] = pair else { panic!("two rows per method") };
            assert_eq!((&live["read"], &cache["read"]), (&"live".into(), &"cache".into()));
            let write = live["write"].as_str().unwrap();
            let line = table.lines().find(|line| line.split_whitespace().next() == Some(write));
            let line = line.unwrap_or_else(|| panic!("{write} is in the table"));
            for row in pair {
                if row["refused"].is_string() {
                    assert!(line.contains("refused"), "{line}");
                    assert!(row["schedules"].is_null() && row["meanCalls"].is_null());
                    continue;
                }
                let count = |key: &str| row[key].as_str().unwrap().to_owned();
                let of = format!("{} of {}", count("violatingSchedules"), count("schedules"));
                assert!(line.contains(&of), "{of}: {line}");
                assert_eq!(row["verdict"] == "holds", count("violatingSchedules") == "0");
                assert!(row["meanCalls"].is_number() && is_count(&row["conflicts"]));
            }
        }
        insta::assert_snapshot!(format!("compare-{name}"), table);
    }
}
