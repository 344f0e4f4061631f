//! When an answer counts as equal to a recorded one: the corpus README's rules, in both grades.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

/// How strictly an answer is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Code, warnings and the whole body.
    Exact,
    /// What a program decides on.
    Semantic,
}

/// What the symbols of one case stand for.
#[derive(Clone, Debug, Default)]
pub struct Bindings(BTreeMap<String, String>);

const SYMBOLS: &str = r"\$(?:(rv|uid|continue|suffix)(\d+)|(time|age))";
const TIME: &str = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z";

fn symbols() -> Regex {
    Regex::new(SYMBOLS).expect("a constant pattern")
}

impl Bindings {
    /// The text a symbol is bound to.
    pub fn get(&self, symbol: &str) -> Option<&String> {
        self.0.get(symbol)
    }

    fn bind(&mut self, symbol: &str, text: &str) -> bool {
        if let Some(bound) = self.0.get(symbol) {
            return bound == text;
        }
        if symbol.starts_with("$uid") {
            let mut others = self.0.iter().filter(|(known, _)| known.starts_with("$uid"));
            if others.any(|(_, bound)| bound == text) {
                return false;
            }
        }
        if let Some(rank) = symbol.strip_prefix("$rv") {
            let number = |text: &str| text.parse::<u128>().unwrap_or(0);
            let in_order = self.0.iter().all(|(known, bound)| match known.strip_prefix("$rv") {
                Some(other) if number(other) < number(rank) => number(bound) < number(text),
                Some(_) => number(bound) > number(text),
                None => true,
            });
            if !in_order {
                return false;
            }
        }
        self.0.insert(symbol.into(), text.into());
        true
    }

    /// Whether a string matches an expected one with symbols in it; binds those that are new.
    fn matches(&mut self, expected: &str, actual: &str) -> bool {
        let symbols = symbols();
        if !symbols.is_match(expected) {
            return expected == actual;
        }
        let mut pattern = String::from("^(?s)");
        let mut groups: Vec<String> = Vec::new();
        let mut at = 0;
        for found in symbols.captures_iter(expected) {
            let whole = found.get(0).expect("group 0 always matches");
            pattern.push_str(&regex::escape(&expected[at..whole.start()]));
            at = whole.end();
            if let Some(bound) = self.0.get(whole.as_str()) {
                pattern.push_str(&regex::escape(bound));
                continue;
            }
            match (found.get(1).map(|it| it.as_str()), found.get(3).map(|it| it.as_str())) {
                (_, Some("time")) => pattern.push_str(TIME),
                (_, Some(_)) => pattern.push_str(r"(?:\d+[smhd])+"),
                (kind, None) => {
                    let text = match kind {
                        Some("rv") => r"(\d+)",
                        Some("uid") => r#"([^\s"\\,)]+?)"#,
                        Some("continue") => r#"([^\s"]+)"#,
                        _ => "([a-z0-9]{5})",
                    };
                    pattern.push_str(text);
                    groups.push(whole.as_str().into());
                }
            }
        }
        pattern.push_str(&regex::escape(&expected[at..]));
        pattern.push('$');
        let pattern = Regex::new(&pattern).expect("escaped text and constant groups");
        let Some(found) = pattern.captures(actual) else { return false };
        let pairs = groups.iter().enumerate();
        pairs.fold(true, |good, (index, symbol)| good & self.bind(symbol, &found[index + 1]))
    }

    /// Replaces the symbols of a request; the error is a symbol that nothing has bound.
    pub fn fill(&self, text: &str, time: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut at = 0;
        for found in symbols().find_iter(text) {
            out.push_str(&text[at..found.start()]);
            at = found.end();
            match (found.as_str(), self.0.get(found.as_str())) {
                ("$time", _) => out.push_str(time),
                (_, Some(bound)) => out.push_str(bound),
                (symbol, None) => return Err(format!("unbound symbol {symbol} in a request")),
            }
        }
        out.push_str(&text[at..]);
        Ok(out)
    }
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(160) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// All differences of two bodies.
pub fn diff(
    expected: &Value,
    actual: &Value,
    bound: &mut Bindings,
    path: &str,
    grade: Grade,
    out: &mut Vec<String>,
) {
    match (expected, actual) {
        (Value::Object(want), Value::Object(have)) => {
            let skipped = |key: &str| grade == Grade::Semantic && key == "managedFields";
            for (key, want) in want.iter().filter(|(key, _)| !skipped(key)) {
                match have.get(key) {
                    None => out.push(format!("{path}.{key}: missing, want {}", short(want))),
                    Some(have) => diff(want, have, bound, &format!("{path}.{key}"), grade, out),
                }
            }
            for (key, have) in have.iter().filter(|(key, _)| !skipped(key)) {
                if !want.contains_key(key) {
                    out.push(format!("{path}.{key}: unexpected {}", short(have)));
                }
            }
        }
        (Value::Array(want), Value::Array(have)) => {
            if want.len() != have.len() {
                let (has, wants) = (short(actual), short(expected));
                let lengths = format!("{} elements, want {}", have.len(), want.len());
                out.push(format!("{path}: {lengths} (got {has}, want {wants})"));
            }
            for (index, (want, have)) in want.iter().zip(have).enumerate() {
                diff(want, have, bound, &format!("{path}[{index}]"), grade, out);
            }
        }
        (Value::String(want), Value::String(have)) if bound.matches(want, have) => {}
        (Value::Number(want), Value::Number(have)) if want.as_f64() == have.as_f64() => {}
        (want, have) if want == have && !want.is_string() => {}
        (want, have) => {
            let known: Vec<_> = symbols()
                .find_iter(want.as_str().unwrap_or_default())
                .map(|it| format!("{}={:?}", it.as_str(), bound.get(it.as_str())))
                .collect();
            let known = known.join(", ");
            out.push(format!("{path}: got {}, want {} ({known})", short(have), short(want)));
        }
    }
}

fn causes(body: &Value) -> Vec<(String, String)> {
    let list = body["details"]["causes"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
    let mut causes: Vec<_> =
        list.map(|cause| (text(&cause["reason"]), text(&cause["field"]))).collect();
    causes.sort();
    causes.dedup();
    causes
}

/// The differences of two bodies, by the rules for Status objects and plain text.
pub fn diff_body(
    expected: &Value,
    actual: &Value,
    bound: &mut Bindings,
    path: &str,
    grade: Grade,
    out: &mut Vec<String>,
) {
    let is_status = expected["kind"] == "Status" && expected["apiVersion"] == "v1";
    match (grade, expected) {
        (Grade::Semantic, Value::Object(_)) if is_status => {
            for field in ["kind", "status", "reason", "code"] {
                let (have, want) = (&actual[field], &expected[field]);
                if have != want {
                    out.push(format!("{path}.{field}: got {}, want {}", short(have), short(want)));
                }
            }
            let (have, want) = (causes(actual), causes(expected));
            if have != want {
                out.push(format!("{path}.details.causes: got {have:?}, want {want:?}"));
            }
        }
        (Grade::Semantic, Value::String(_)) if actual.is_string() => {}
        _ => diff(expected, actual, bound, path, grade, out),
    }
}

/// Puts what a real server orders by chance, or by its clock, into one order.
pub fn normalise(value: &mut Value) {
    sort_causes(value);
    match value {
        Value::Object(fields) => {
            let definition = fields.get("kind").is_some_and(|it| it == "CustomResourceDefinition");
            for (key, value) in fields.iter_mut() {
                if key == "managedFields"
                    && let Some(list) = value.as_array_mut()
                {
                    list.sort_by_key(|entry| {
                        ["operation", "manager", "apiVersion", "subresource"]
                            .map(|field| entry[field].as_str().unwrap_or_default().to_string())
                    });
                }
                if definition
                    && key == "metadata"
                    && let Some(metadata) = value.as_object_mut()
                {
                    metadata.remove("managedFields");
                }
                normalise(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalise),
        _ => {}
    }
}

fn sort_causes(value: &mut Value) {
    if value["kind"] != "Status" {
        return;
    }
    let list = |causes: &[Value]| {
        let text = |cause: &Value| {
            let part = |field: &str| cause[field].as_str().unwrap_or_default().to_string();
            format!("{}: {}", part("field"), part("message"))
        };
        let texts: Vec<_> = causes.iter().map(text).collect();
        format!("[{}]", texts.join(", "))
    };
    let Some(causes) = value["details"]["causes"].as_array().cloned() else { return };
    let mut sorted = causes.clone();
    sorted.sort_by_key(|cause| {
        ["field", "message", "reason"].map(|it| cause[it].as_str().unwrap_or_default().to_string())
    });
    let before = value["message"].as_str().unwrap_or_default().to_string();
    if let Some(head) = before.strip_suffix(&list(&causes))
        && causes.len() > 1
    {
        value["message"] = Value::String(format!("{head}{}", list(&sorted)));
    }
    value["details"]["causes"] = Value::Array(sorted);
}

fn place(object: &Value) -> (String, String) {
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_string();
    (text("namespace"), text("name"))
}

/// Sorts the items of a list by namespace and name.
pub fn sort_items(body: &mut Value) {
    if let Some(items) = body["items"].as_array_mut() {
        items.sort_by_key(place);
    }
}

/// Sorts the leading ADDED events by namespace and name.
pub fn sort_initial(events: &mut [Value]) {
    let initial = events.iter().take_while(|event| event["type"] == "ADDED").count();
    events[..initial].sort_by_key(|event| place(&event["object"]));
}

/// Runs of bookmarks without annotations count as one: the last.
pub fn collapse_bookmarks(events: Vec<Value>) -> Vec<Value> {
    let plain = |event: &Value| {
        event["type"] == "BOOKMARK" && event["object"]["metadata"]["annotations"].is_null()
    };
    let next: Vec<bool> = events.iter().skip(1).map(plain).chain([false]).collect();
    let kept = events.into_iter().zip(next);
    kept.filter(|(event, next)| !(plain(event) && *next)).map(|(event, _)| event).collect()
}
