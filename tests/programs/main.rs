//! Programs under a chosen order: a loss is hunted down, and nobody survives an execution.
#![cfg(target_os = "linux")]

mod awkward;
mod confirm;
mod lives;
mod printed;
mod reports;
mod together;

use lostwrite::programs::Hunt;
use serde_json::{Value, json};

fn crd() -> Value {
    let open = json!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true });
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.demo.example.com" },
        "spec": {
            "group": "demo.example.com", "scope": "Namespaced",
            "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "properties": { "spec": open, "status": open },
                } },
            }],
        },
    })
}

fn cluster() -> Hunt {
    let widget = json!({
        "apiVersion": "demo.example.com/v1", "kind": "Widget",
        "metadata": { "name": "demo", "namespace": "default" }, "spec": {},
    });
    Hunt::new().crd(crd()).object(widget)
}

fn two(locked: &str) -> Hunt {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/controller.py");
    let run = |hunt: Hunt, name: &str, condition: &str| {
        hunt.program(name, &["python3", script, condition, locked])
    };
    run(run(cluster(), "ready", "Ready"), "usage", "Usage")
}

#[test]
fn an_unlocked_list_is_lost_within_ten_executions_and_its_replay_shows_it() {
    let hunted = two("unlocked").executions(10).run();
    let loss = hunted.loss.as_ref().unwrap_or_else(|| panic!("{hunted}"));
    assert!(hunted.executions <= 10, "{hunted}");
    let text = hunted.to_string();
    for needle in ["LOST", "replaced the whole list conditions", "replay   1.", "Ready 200"] {
        assert!(text.contains(needle), "{needle} in:\n{text}");
    }
    let again = two("unlocked").replay(&loss.schedule).run();
    assert!(again.loss.is_some(), "{again}");
    let scenario = loss.scenario.as_deref().expect("it can be modelled");
    let scenarios = lostwrite::Scenario::from_str("from-a-run", scenario).expect("it is one");
    lostwrite::Verdicts::of(scenarios, &Default::default()).assert_lost();
}

#[test]
fn with_the_version_in_the_patch_nothing_is_found() {
    let hunted = two("locked").executions(5).run();
    assert!(hunted.loss.is_none() && hunted.failed.is_none(), "{hunted}");
    assert_eq!(hunted.executions, 5);
    assert!(hunted.to_string().contains("not every order was run"), "{hunted}");
}

/// `lostwrite` with these arguments, in the folder of this test: exit code, stdout, stderr.
fn lostwrite(arguments: &[&str]) -> (Option<i32>, String, String) {
    let program = env!("CARGO_BIN_EXE_lostwrite");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    let mut command = std::process::Command::new(program);
    command.args(arguments).current_dir(folder).env_remove("LOSTWRITE_ALLOW_RUN");
    let output = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_line_starts_programs_only_if_it_is_allowed_to() {
    let (code, out, err) = lostwrite(&["check", "two.yaml"]);
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    assert!(err.contains("python3 controller.py Ready unlocked"), "{err}");
    assert!(err.contains("--allow-run starts them"), "{err}");

    let (code, out, err) = lostwrite(&["check", "two.yaml", "--allow-run", "--runs", "10"]);
    assert_eq!(code, Some(1), "{out}{err}");
    let (_, schedule) = out.split_once("replay   ").expect("the replay line");
    let schedule = schedule.lines().next().unwrap_or_default();
    let (code, out, _) = lostwrite(&["replay", "two.yaml", "--allow-run", "--schedule", schedule]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("replaced the whole list conditions"), "{out}");
}
