//! What a simulation found in every format: of scenarios, programs and real controllers alike.

use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, Client};
use lostwrite::kube::{Checked, Simulation};
use serde_json::{Value, json};

use crate::support::{crd, stock, widget};

fn report(checked: &Checked, format: &str) -> String {
    checked.report("two-conditions", format).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_loss_is_told_in_every_format() {
    let checked = stock(2, false).check();
    let schedule = checked.schedule().expect("a loss has a schedule");
    let json: Value = serde_json::from_str(&report(&checked, "json")).expect("JSON");
    let result = &json["results"][0];
    let property = &result["properties"][0];
    assert_eq!(property["name"], "no-lost-write", "{json:#}");
    assert_eq!(property["verdict"], "violated", "{json:#}");
    let found = checked.explored().expect("it was explored");
    let all = found.schedules.as_ref().expect("closed").to_string();
    assert_eq!(result["exploration"]["schedules"], all, "{result:#}");
    assert_eq!(property["violatingSchedules"], all, "each of them loses for a while: {result:#}");
    assert_eq!(result["conflicts"]["repairedSchedules"], all, "{result:#}");
    assert!(property["witness"].to_string().contains(&schedule), "{schedule} in {property:#}");

    let replay = format!(".replay(\"{schedule}\")");
    for format in ["text", "markdown", "github"] {
        let text = report(&checked, format);
        assert!(text.contains(&schedule), "{format}: {text}");
        assert!(!text.contains("lostwrite replay"), "{format}: {text}");
    }
    assert!(report(&checked, "text").contains(&replay));
    let page = report(&checked, "html");
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("conditions[Ready]") && page.contains(&schedule));
    let junit = report(&checked, "junit");
    assert!(junit.contains("<failure") && junit.contains("two-conditions"), "{junit}");
    let explained = checked.explain().expect("there is a loss");
    assert!(explained.contains("usage") && explained.contains("conditions"), "{explained}");
}

#[test]
fn code_scanning_is_shown_where_the_test_gives_the_worker() {
    let run = |condition| move |client| crate::support::run(client, condition, false);
    let simulation = Simulation::new().crd(crd()).object(widget("demo"));
    let simulation = simulation.controller("ready", run("Ready"));
    let line = line!() + 1;
    let simulation = simulation.controller("usage", run("Usage"));
    let checked = simulation.check();
    let sarif: Value = serde_json::from_str(&report(&checked, "sarif")).expect("JSON");
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], file!(), "{sarif:#}");
    assert_eq!(place["region"]["startLine"], line, "the culprit is usage: {sarif:#}");
}

#[test]
fn what_holds_is_told_with_its_counts_and_a_bound_as_unknown() {
    let checked = stock(2, true).check();
    let json: Value = serde_json::from_str(&report(&checked, "json")).expect("JSON");
    assert_eq!(json["results"][0]["properties"][0]["verdict"], "holds", "{json:#}");
    assert!(report(&checked, "junit").contains("failures=\"0\""));
    assert_eq!(checked.explain(), None);
    let bounded = stock(2, true).max_executions(2).check();
    let json: Value = serde_json::from_str(&report(&bounded, "json")).expect("JSON");
    assert_eq!(json["results"][0]["properties"][0]["verdict"], "unknown", "{json:#}");
    let error = checked.report("two-conditions", "pdf").expect_err("no such format");
    assert!(error.contains("no format is called `pdf`") && error.contains("junit"), "{error}");
}

#[test]
fn a_replay_and_a_modelled_worker_beside_real_ones_are_told_too() {
    let beside = |simulation: Simulation| {
        simulation.worker(
            "workers:\n  - name: billing\n    object: Widget/default/demo\n    \
             write: update-retry\n    \
             sets: { \"status.conditions[type=Paid]\": { status: \"True\" } }\n",
        )
    };
    let checked = beside(stock(1, false)).check();
    checked.assert_lost();
    let schedule = checked.schedule().expect("a loss has a schedule");
    let again = beside(stock(1, false)).replay(&schedule).check();
    for checked in [checked, again] {
        let page = report(&checked, "html");
        assert!(page.contains("billing") && page.contains("conditions[Paid]"));
        let scenario = checked.to_scenario().expect("two have written");
        assert!(scenario.contains("write: update-retry"), "{scenario}");
        assert!(scenario.contains("status.conditions[type=Paid]"), "{scenario}");
        assert!(lostwrite::Scenario::from_str("-", &scenario).is_ok(), "{scenario}");
    }
}

/// A definition in two versions, in a group that Kubernetes protects.
fn versions() -> Value {
    let mut crd = crd();
    let name = "api-approved.kubernetes.io";
    crd["metadata"] = json!({
        "name": "widgets.demo.k8s.io", "annotations": { name: "https://example.com/approved" },
    });
    crd["spec"]["group"] = json!("demo.k8s.io");
    let mut old = crd["spec"]["versions"][0].clone();
    (old["name"], old["storage"]) = (json!("v1beta1"), json!(false));
    crd["spec"]["versions"].as_array_mut().expect("versions").push(old);
    crd
}

#[test]
fn a_loss_under_a_definition_in_several_versions_is_drawn_and_modelled() {
    let write = |version: &'static str, field: &'static str| {
        move |client: Client| async move {
            let kind = GroupVersionKind::gvk("demo.k8s.io", version, "Widget");
            let resource = ApiResource::from_gvk(&kind);
            let api: Api<DynamicObject> = Api::default_namespaced_with(client, &resource);
            let widget = api.get("demo").await.expect("it is there");
            let conditions = widget.data["status"]["conditions"].as_array();
            let mut conditions = conditions.cloned().unwrap_or_default();
            conditions.push(json!({ "type": field, "status": "True" }));
            let patch = Patch::Merge(json!({ "status": { "conditions": conditions } }));
            api.patch_status("demo", &PatchParams::default(), &patch).await.expect("written");
        }
    };
    let mut object = widget("demo");
    object["apiVersion"] = json!("demo.k8s.io/v1");
    for versions_of in [["v1", "v1"], ["v1beta1", "v1beta1"]] {
        let simulation = Simulation::new().crd(versions()).object(object.clone());
        let simulation = simulation.controller("a", write(versions_of[0], "a"));
        let checked = simulation.controller("b", write(versions_of[1], "b")).check();
        checked.assert_lost();
        let text = checked.to_string();
        assert!(text.contains("4 of 6 schedules lose a write, and it stays lost"), "{text}");
        assert!(text.contains("└ conditions[a]") || text.contains("└ conditions[b]"), "{text}");
        let scenario = checked.to_scenario().expect("two have written");
        let read = lostwrite::Scenario::from_str("-", &scenario);
        let read = read.unwrap_or_else(|mistakes| panic!("{mistakes}\n{scenario}"));
        assert_eq!(read[0].objects.len(), 1, "{scenario}");
    }
}
