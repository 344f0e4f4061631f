//! JUnit, SARIF and trace events: what they say. That other people's readers read them is tested in
//! `tests/page/formats.mjs`.

use lostwrite::report::{Style, renderer};
use serde_json::Value;

use super::{all_checked, checked, render};

fn parsed(format: &str, name: &str) -> Value {
    let text = render(format, &checked(name, false), Style::default());
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn junit_has_a_case_per_property_and_fails_what_check_fails() {
    let mut results = all_checked();
    let mut failing = checked("status-race", false);
    let scenario = std::sync::Arc::make_mut(&mut failing.scenario);
    scenario.expect = lostwrite::scenario::Expect::Unstated;
    failing.expectation = lostwrite::check::Expectation::None;
    results.push(failing);
    let text = renderer("junit").expect("a format").render(&results, &Style::default());
    let report = quick_junit::Report::deserialize_from_str(&text).expect("JUnit");
    assert_eq!(report.test_suites.len(), results.len());
    for (suite, result) in report.test_suites.iter().zip(&results) {
        let judged = result.properties.iter().filter(|property| property.judged).count();
        assert_eq!(suite.test_cases.len(), judged);
        assert_eq!(suite.failures > 0, result.failed(), "{}", result.scenario.name);
    }
    assert!(text.contains("Replay: lostwrite replay status-race --schedule"), "{text}");
    assert!(text.contains("└ capacity.cpu: &quot;8&quot; is gone"), "the drawing: {text}");
    assert!(!text.contains("time="), "no time is known");
}

#[test]
fn sarif_points_at_the_line_of_the_write_and_tells_the_steps() {
    let text = std::fs::read_to_string("scenarios/status-race.yaml").expect("shipped");
    let writes = text.lines().zip(1..).filter(|(line, _)| line.contains("write: update-"));
    let lines: Vec<u64> = writes.map(|(_, number)| number).collect();
    let path = std::path::Path::new("scenarios/status-race.yaml");
    let scenario = lostwrite::scenario::Scenario::from_file(path).expect("it reads").remove(0);
    let result = lostwrite::check::run(&std::sync::Arc::new(scenario), &Default::default());
    let text = render("sarif", &result.expect("it runs"), Style::default());
    let log: Value = serde_json::from_str(&text).expect("JSON");
    let found = &log["runs"][0]["results"][0];
    assert_eq!((&found["ruleId"], &found["level"]), (&"no-lost-write".into(), &"note".into()));
    let place = &found["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "scenarios/status-race.yaml");
    // The culprit is the first worker of the file.
    assert_eq!(place["region"]["startLine"].as_u64(), Some(lines[0]));
    let steps = found["codeFlows"][0]["threadFlows"][0]["locations"].as_array().expect("steps");
    let line = |step: &Value| step["location"]["physicalLocation"]["region"]["startLine"].as_u64();
    let moved: Vec<u64> = steps.iter().filter_map(line).collect();
    assert_eq!(moved, [lines[0], lines[1], lines[1], lines[0]], "health, usage, usage, health");
    assert_eq!(found["suppressions"][0]["kind"], "inSource", "it is expected");
    let rule = found["ruleIndex"].as_u64().expect("an index") as usize;
    assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][rule]["id"], "no-lost-write");
}

#[test]
fn a_trace_has_a_slice_per_step_and_a_flow_per_write() {
    let trace = parsed("chrome-trace", "status-race");
    let events = trace["traceEvents"].as_array().expect("events");
    let of = |phase: &str| events.iter().filter(|e| e["ph"] == phase).collect::<Vec<_>>();
    let steps: Vec<&Value> = of("X").into_iter().filter(|event| event["cat"] != "object").collect();
    let starts: Vec<u64> = steps.iter().filter_map(|event| event["ts"].as_u64()).collect();
    assert_eq!(starts, [0, 1000, 2000, 3000], "one step is one millisecond");
    let guilty: Vec<_> = steps.iter().filter(|event| event["cat"] == "guilty").collect();
    assert_eq!(guilty.len(), 1);
    assert_eq!(guilty[0]["args"]["gone"][0], "capacity.cpu: \"8\" is gone");
    let (from, to) = (of("s"), of("f"));
    assert_eq!((from.len(), to.len()), (2, 2), "each write was made of a read");
    for (from, to) in from.iter().zip(&to) {
        assert_eq!(from["id"], to["id"]);
        assert!(from["ts"].as_u64() < to["ts"].as_u64());
    }
    let states: Vec<&str> = of("X")
        .into_iter()
        .filter(|event| event["cat"] == "object")
        .filter_map(|event| event["name"].as_str())
        .collect();
    assert_eq!(states, ["{}", "{ capacity.cpu: \"8\" }", "{ phase: Running }"]);
}
