//! SARIF 2.1.0, for code scanning: one rule per property, one result per finding, at the line of
//! the culprit's `write:`.
//!
//! The steps of the losing schedule are a code flow, each at the line of its worker's `write:`;
//! what was expected is a note, and suppressed as such. Next to read: `chrome_trace.rs`.

use serde_json::{Value, json};

use super::github::{Finding, finding};
use super::losses::Facts;
use super::told;
use crate::check::{CheckResult, PropertyResult};
use crate::properties;

/// The document.
pub fn render(results: &[CheckResult]) -> String {
    let rules: Vec<Value> = properties::all()
        .iter()
        .map(|entry| {
            json!({
                "id": entry.name,
                "shortDescription": { "text": entry.holds_when },
                "helpUri": HELP,
            })
        })
        .collect();
    let found: Vec<Value> = results.iter().flat_map(of_result).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "lostwrite",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": found,
            "columnKind": "utf16CodeUnits",
        }],
    });
    format!("{log:#}\n")
}

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";
const HELP: &str = "https://docs.rs/lostwrite";

fn of_result(result: &CheckResult) -> Vec<Value> {
    let judged = result.properties.iter().filter(|property| property.judged);
    judged.filter_map(|property| Some(one(result, property, finding(result, property)?))).collect()
}

fn one(result: &CheckResult, property: &PropertyResult, found: Finding) -> Value {
    let level = match found.level {
        "notice" => "note",
        level => level,
    };
    let rule = properties::all().iter().position(|entry| entry.name == property.name);
    let mut value = json!({
        "ruleId": property.name,
        "ruleIndex": rule.unwrap_or(0),
        "level": level,
        "message": { "text": found.message },
        // The same loss of the same scenario is the same finding, wherever the file has moved.
        "partialFingerprints": {
            "lostwrite/v1": format!("{}/{}", result.scenario.name, property.name),
        },
    });
    let place = |line: usize| {
        found.file.as_ref().map(|file| {
            json!({ "physicalLocation": {
                "artifactLocation": { "uri": uri(file) },
                "region": { "startLine": line },
            }})
        })
    };
    if let Some(place) = place(found.line) {
        value["locations"] = json!([place]);
    }
    if let Some(witness) = &property.witness {
        let facts = Facts::new(&result.scenario, property.name, witness);
        let line = |worker: Option<usize>| {
            let line = worker.map(|worker| result.scenario.workers[worker].write_line);
            line.filter(|line| *line > 0).unwrap_or(found.line)
        };
        let steps = steps(&facts, |worker| place(line(worker)));
        value["codeFlows"] = json!([{ "threadFlows": [{ "locations": steps }] }]);
    }
    if found.expected {
        value["suppressions"] = json!([{
            "kind": "inSource",
            "justification": "expected by the scenario",
        }]);
    }
    value
}

/// The steps of the witness, in the words of the drawing.
fn steps(facts: &Facts<'_>, place: impl Fn(Option<usize>) -> Option<Value>) -> Vec<Value> {
    let told = told::all(&facts.story, Some(facts)).into_iter().zip(1..);
    told.map(|(told, step)| {
        let name = told.names.first().map_or("", String::as_str);
        let answer = told.code.map_or_else(String::new, |code| format!(", answered {code}"));
        let gone = told.gone.iter().map(|gone| format!("; {gone}")).collect::<String>();
        let text = format!("step {step}: {} {name}{answer}{gone}", told.who);
        let mut location = place(told.worker).unwrap_or_else(|| json!({}));
        location["message"] = json!({ "text": text });
        let importance = match step == facts.guilty_step() {
            true => "essential",
            false => "important",
        };
        json!({ "location": location, "importance": importance, "executionOrder": step })
    })
    .collect()
}

/// A path as a relative URI reference.
fn uri(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
    let mut uri = String::new();
    for c in path.replace('\\', "/").chars() {
        match plain(c) {
            true => uri.push(c),
            false => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|b| uri.push_str(&format!("%{b:02X}")));
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_path_becomes_a_uri() {
        assert_eq!(super::uri("scenarios/a b/ü.yaml"), "scenarios/a%20b/%C3%BC.yaml");
        assert_eq!(super::uri(r"a\b.yaml"), "a/b.yaml");
    }
}
