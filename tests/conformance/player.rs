//! Plays one recorded case against a server and collects the differences.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::arm::{Actual, Arm, Reply};
use crate::matching::{self, Bindings, Grade};

/// What came of one case: the differences in each grade.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub exact: Vec<String>,
    pub semantic: Vec<String>,
}

/// One case being played.
pub struct Player<'a> {
    arm: &'a mut dyn Arm,
    exact: Bindings,
    semantic: Bindings,
    /// The times last seen, by JSON path, for `$time` in a request.
    times: BTreeMap<String, String>,
    last_time: Option<String>,
    outcome: Outcome,
}

/// Plays a case to its end.
pub fn play(arm: &mut dyn Arm, case: &Value) -> Outcome {
    let mut player = Player {
        arm,
        exact: Bindings::default(),
        semantic: Bindings::default(),
        times: BTreeMap::new(),
        last_time: None,
        outcome: Outcome::default(),
    };
    for (index, step) in case["steps"].as_array().into_iter().flatten().enumerate() {
        if let Err(error) = player.step(&index.to_string(), step) {
            player.both(&index.to_string(), error);
            break;
        }
    }
    player.outcome
}

impl Player<'_> {
    fn both(&mut self, at: &str, text: String) {
        self.outcome.exact.push(format!("step {at}: {text}"));
        self.outcome.semantic.push(format!("step {at}: {text}"));
    }

    fn step(&mut self, at: &str, step: &Value) -> Result<(), String> {
        if let Some(control) = step["control"].as_str() {
            if control == "sleep" {
                self.arm.sleep(step["seconds"].as_u64().unwrap_or(0));
            }
            return Ok(());
        }
        if step["watch"].is_object() {
            return self.watch(at, step);
        }
        let request = self.fill(&step["request"], "")?;
        let mut actual = self.arm.request(&request);
        for _ in 0..30 {
            if step["eventually"] != true || self.agrees(step, &actual) {
                break;
            }
            self.arm.sleep(1);
            actual = self.arm.request(&request);
        }
        self.judge(at, step, actual);
        Ok(())
    }

    fn agrees(&self, step: &Value, actual: &Actual) -> bool {
        let mut bound = self.semantic.clone();
        differences(step, actual, &mut bound, Grade::Semantic).is_empty()
    }

    fn watch(&mut self, at: &str, step: &Value) -> Result<(), String> {
        let request = self.fill(&step["watch"], "")?;
        let open = self.arm.watch(&request);
        for (index, during) in step["during"].as_array().into_iter().flatten().enumerate() {
            self.step(&format!("{at}.{index}"), during)?;
        }
        match (self.arm.finish(open), step["events"].as_array()) {
            (Reply::Events(events), Some(expected)) => {
                self.judge_events(at, step, expected, events)
            }
            (Reply::Response(actual), None) => self.judge(at, step, actual),
            (Reply::Response(actual), Some(_)) => {
                let text = format!("watch answered code {} {}", actual.code, actual.body);
                self.both(at, text);
            }
            (Reply::Events(events), None) => {
                let want = &step["response"]["code"];
                self.both(at, format!("watch gave {} events, want code {want}", events.len()));
            }
        }
        Ok(())
    }

    /// Replaces the symbols in a request.
    fn fill(&self, value: &Value, path: &str) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => {
                let path = path.strip_prefix("/body").unwrap_or(path);
                let time = self.times.get(path).or(self.last_time.as_ref());
                let time = time.map_or("2026-01-01T00:00:00Z", String::as_str);
                let filled = self.semantic.fill(text, time);
                Value::String(filled.or_else(|_| self.exact.fill(text, time))?)
            }
            Value::Object(fields) => {
                let mut filled = serde_json::Map::new();
                for (key, value) in fields {
                    filled.insert(key.clone(), self.fill(value, &format!("{path}/{key}"))?);
                }
                Value::Object(filled)
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                let filled = items.map(|(at, item)| self.fill(item, &format!("{path}/{at}")));
                Value::Array(filled.collect::<Result<_, _>>()?)
            }
            other => other.clone(),
        })
    }

    fn note_times(&mut self, expected: &Value, actual: &Value, path: &str) {
        match (expected, actual) {
            (Value::Object(want), Value::Object(have)) => {
                for (key, want) in want {
                    if let Some(have) = have.get(key) {
                        self.note_times(want, have, &format!("{path}/{key}"));
                    }
                }
            }
            (Value::Array(want), Value::Array(have)) => {
                for (index, (want, have)) in want.iter().zip(have).enumerate() {
                    self.note_times(want, have, &format!("{path}/{index}"));
                }
            }
            (Value::String(want), Value::String(have)) if want == "$time" => {
                self.times.insert(path.into(), have.clone());
                self.last_time = Some(have.clone());
            }
            _ => {}
        }
    }

    fn judge(&mut self, at: &str, step: &Value, actual: Actual) {
        self.note_times(&step["response"]["body"], &actual.body, "");
        let exact = differences(step, &actual, &mut self.exact, Grade::Exact);
        let semantic = differences(step, &actual, &mut self.semantic, Grade::Semantic);
        self.collect(at, exact, semantic);
    }

    fn judge_events(&mut self, at: &str, step: &Value, expected: &[Value], actual: Vec<Value>) {
        let mut actual = Value::Array(actual);
        matching::normalise(&mut actual);
        let Value::Array(actual) = actual else { return };
        let mut actual = matching::collapse_bookmarks(actual);
        if step["unordered"] == true {
            matching::sort_initial(&mut actual);
        }
        let exact = event_differences(expected, &actual, &mut self.exact, Grade::Exact);
        let semantic = event_differences(expected, &actual, &mut self.semantic, Grade::Semantic);
        self.collect(at, exact, semantic);
    }

    fn collect(&mut self, at: &str, exact: Vec<String>, semantic: Vec<String>) {
        let named = |texts: Vec<String>| -> Vec<String> {
            texts.into_iter().map(|text| format!("step {at}: {text}")).collect()
        };
        self.outcome.exact.extend(named(exact));
        self.outcome.semantic.extend(named(semantic));
    }
}

fn differences(step: &Value, actual: &Actual, bound: &mut Bindings, grade: Grade) -> Vec<String> {
    let expected = &step["response"];
    let mut out = Vec::new();
    if expected["code"] != actual.code {
        out.push(format!("code: got {}, want {}", actual.code, expected["code"]));
    }
    if grade == Grade::Exact {
        let want = expected["warnings"].as_array().cloned().unwrap_or_default();
        let have: Vec<Value> = actual.warnings.iter().map(|text| json!(text)).collect();
        if want != have {
            out.push(format!("warnings: got {have:?}, want {want:?}"));
        }
    }
    let mut body = actual.body.clone();
    matching::normalise(&mut body);
    if step["unordered"] == true {
        matching::sort_items(&mut body);
    }
    matching::diff_body(&expected["body"], &body, bound, "body", grade, &mut out);
    out
}

fn event_differences(
    expected: &[Value],
    actual: &[Value],
    bound: &mut Bindings,
    grade: Grade,
) -> Vec<String> {
    let mut out = Vec::new();
    if expected.len() != actual.len() {
        let shown: Vec<_> = actual
            .iter()
            .map(|event| format!("{} {}", event["type"], event["object"]["metadata"]["name"]))
            .collect();
        out.push(format!("events: got {} {shown:?}, want {}", actual.len(), expected.len()));
    }
    for (index, (want, have)) in expected.iter().zip(actual).enumerate() {
        if want["type"] != have["type"] {
            out.push(format!("events[{index}]: got {}, want {}", have["type"], want["type"]));
        }
        let path = format!("events[{index}].object");
        matching::diff_body(&want["object"], &have["object"], bound, &path, grade, &mut out);
    }
    out
}
