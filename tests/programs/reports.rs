//! What is found in programs, in every format; where a replay diverges.

use serde_json::Value;

use crate::{lostwrite, two};

#[test]
fn what_is_found_is_told_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let formats = ["json", "junit", "sarif", "markdown", "html", "github", "mermaid"];
    let formats = formats.into_iter().chain(["chrome-trace", "text"]);
    let file = |format: &str| folder.path().join(format).display().to_string();
    let reports: Vec<String> = formats.clone().map(|it| format!("{it}={}", file(it))).collect();
    let mut arguments = vec!["check", "two.yaml", "--allow-run", "--runs", "10", "-o", "name"];
    arguments.extend(reports.iter().flat_map(|report| ["--report", report.as_str()]));
    let (code, out, err) = lostwrite(&arguments);
    assert_eq!((code, out.as_str()), (Some(1), "scenario/two-programs\n"), "{err}");
    let read = |format: &str| std::fs::read_to_string(file(format)).expect(format);
    let json: Value = serde_json::from_str(&read("json")).expect("JSON");
    let result = &json["results"][0];
    assert_eq!(result["exploration"]["scheduler"], "hunt");
    let property = &result["properties"][0];
    assert_eq!(
        (&property["name"], &property["verdict"]),
        (&"no-lost-write".into(), &"violated".into())
    );
    let trace = property["witness"]["trace"].as_array().expect("steps");
    // A program's own lines stand beside its steps.
    let said = |step: &Value| step["notes"].to_string().contains("| Ready 200");
    assert!(trace.iter().any(said), "{property:#}");
    let schedule = property["witness"]["schedule"].as_str().expect("a schedule").to_owned();
    let replay = format!("lostwrite replay two.yaml --allow-run --schedule {schedule}");
    for (format, needles) in [
        ("junit", &["<testsuite", "no-lost-write", "<failure"][..]),
        ("sarif", &["codeFlows", "two.yaml", "no-lost-write"]),
        ("markdown", &["| two-programs | no-lost-write | violated |", &replay]),
        ("html", &["| Ready 200", "replaced the whole list conditions", &schedule]),
        ("github", &["two.yaml", "lost write", &replay]),
        ("mermaid", &["sequenceDiagram", "ready", "usage"]),
        ("chrome-trace", &["traceEvents"]),
        ("text", &["FAIL", "| Ready 200", &replay]),
    ] {
        let text = read(format);
        for needle in needles {
            assert!(text.contains(needle), "{format}: {needle} in:\n{text}");
        }
    }
    let (code, out, err) =
        lostwrite(&["explain", "two.yaml", "--allow-run", "--schedule", &schedule]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("replaced the whole list"), "{out}");
}

#[test]
fn files_with_programs_are_validated_and_run_by_no_other_command() {
    let (code, out, err) = lostwrite(&["validate", "two.yaml"]);
    assert_eq!(
        (code, out.as_str()),
        (Some(0), "ok  two-programs  2 workers  (two.yaml)\n"),
        "{err}"
    );
    for command in ["compare", "play", "report"] {
        let (code, _, err) = lostwrite(&[command, "two.yaml"]);
        assert!(code == Some(2) && err.contains("starts programs"), "{command}: {err}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("wrong.yaml");
    let text = "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: { name: wrong }\n\
                objects:\n  - { apiVersion: v1, kind: ConfigMap, metadata: { name: a } }\n\
                workers:\n  \
                - { name: a, run: [true], write: update }\nstimuli:\n  - { patch: ConfigMap/a }\n";
    std::fs::write(&file, text.replace("[true]", "[\"true\"]")).expect("written");
    let (code, _, err) = lostwrite(&["validate", &file.display().to_string()]);
    assert_eq!(code, Some(2));
    for needle in ["`write` cannot be combined with `run`", "`patch` needs `with`"] {
        assert!(err.contains(needle), "{needle} in:\n{err}");
    }
}

#[test]
fn a_replay_says_where_the_programs_diverge() {
    let found = two("unlocked").executions(10).run();
    let schedule = found.loss.as_ref().unwrap_or_else(|| panic!("{found}")).schedule.clone();
    let again = two("unlocked").replay(&schedule).run();
    assert_eq!(again.diverged, None, "{again}");
    let (head, letters) = schedule.rsplit_once('.').expect("a head");
    let other = two("unlocked").replay(&format!("{head}.{letters}rrrrrr")).run();
    let words = other.diverged.as_deref().unwrap_or_else(|| panic!("{other}"));
    assert!(words.contains("was to be `r`"), "{words}");
    assert!(other.to_string().contains("the programs diverge: step"), "{other}");
}
