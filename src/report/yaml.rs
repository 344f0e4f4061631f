//! An object as `kubectl get -o yaml` prints it, line by line, with the place of each line.
//!
//! Keys in order, lists not indented, `managedFields` left out (as kubectl leaves them out). Each
//! line knows the JSON pointer of the value that it shows, so that a report can strike out the
//! lines of a field that was lost. Next to read: `told.rs`.

use serde_json::Value;

use crate::apiserver::{FieldPath, Step};

/// One line of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its text, indented.
    pub text: String,
    /// The JSON pointer of the value it shows, or begins: `/status/conditions/0/type`.
    pub at: String,
}

/// The lines of an object; none if there is no object.
pub fn lines(object: Option<&Value>) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(object) = object {
        block(object, "", "", &mut lines);
    }
    lines
}

/// A map's or a list's lines, each indented by `indent`; of anything else one line.
fn block(value: &Value, indent: &str, at: &str, lines: &mut Vec<Line>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map.iter().filter(|(key, _)| !is_noise(at, key)) {
                let here = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
                entry(&format!("{indent}{}:", scalar_text(key)), value, indent, &here, lines);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let here = format!("{at}/{index}");
                let first = lines.len();
                block(item, &format!("{indent}  "), &here, lines);
                // The dash stands where the first line of the item is indented.
                lines[first].text.replace_range(indent.len()..indent.len() + 2, "- ");
            }
        }
        _ => lines.push(Line { text: format!("{indent}{}", scalar(value)), at: at.to_owned() }),
    }
}

fn entry(lead: &str, value: &Value, indent: &str, at: &str, lines: &mut Vec<Line>) {
    let mut push = |text: String| lines.push(Line { text, at: at.to_owned() });
    match value {
        Value::Object(map) if !map.is_empty() => {
            push(lead.to_owned());
            block(value, &format!("{indent}  "), at, lines);
        }
        Value::Array(items) if !items.is_empty() => {
            push(lead.to_owned());
            block(value, indent, at, lines);
        }
        Value::String(text) if text.contains('\n') && is_literal(text) => {
            push(format!("{lead} |{}", if text.ends_with('\n') { "" } else { "-" }));
            text.lines().for_each(|line| push(format!("{indent}  {line}").trim_end().to_owned()));
        }
        _ => push(format!("{lead} {}", scalar(value))),
    }
}

/// kubectl does not show who manages which field unless it is asked to.
fn is_noise(at: &str, key: &str) -> bool {
    at == "/metadata" && key == "managedFields"
}

/// Whether a block scalar shows this text as it is.
fn is_literal(text: &str) -> bool {
    let plain = |line: &str| !line.starts_with(' ') && line.trim_end() == line;
    let control = |c: char| c.is_control() && c != '\n';
    let begins = !text.starts_with('\n');
    begins && text.lines().all(plain) && !text.contains(control) && !text.ends_with("\n\n")
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => scalar_text(text),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

/// A string, in quotes where it would be taken for something else.
fn scalar_text(text: &str) -> String {
    let first = text.chars().next().unwrap_or(' ');
    let starts = !first.is_whitespace() && !"-?:,[]{}#&*!|>'\"%@`=".contains(first);
    let negative = first == '-' && text.len() > 1 && !text.starts_with("- ");
    let inside = |c: char| !c.is_control() && c != '\u{feff}';
    let ends = !text.ends_with([' ', ':']);
    let apart = text.contains(": ") || text.contains(" #");
    let plain = (starts || negative) && ends && !apart && text.chars().all(inside);
    match plain && !looks_typed(text) {
        true => text.to_owned(),
        false => Value::from(text).to_string(),
    }
}

/// Whether YAML would read a bare text as a number, a boolean, null, a time, or a merge key.
fn looks_typed(text: &str) -> bool {
    const WORDS: &[&str] =
        &["null", "~", "true", "false", "yes", "no", "on", "off", "y", "n", "<<"];
    let lower = text.to_ascii_lowercase();
    let number = lower.trim_start_matches(['-', '+', '.']);
    let numeric = number.starts_with(|c: char| c.is_ascii_digit())
        && number.chars().all(|c| c.is_ascii_hexdigit() || "xo._:+-tz".contains(c));
    WORDS.contains(&lower.as_str()) || numeric || matches!(number, "inf" | "nan")
}

/// The JSON pointer of a field in this object, if it is there.
pub fn pointer(field: &FieldPath, object: &Value) -> Option<String> {
    let mut at = String::new();
    let mut value = object;
    for step in field.steps() {
        let name = match step {
            Step::Key(key) => key.replace('~', "~0").replace('/', "~1"),
            Step::Index(index) => index.to_string(),
            Step::Entry { key, value: name } => {
                let is = |item: &Value| item.get(key).and_then(Value::as_str) == Some(name);
                value.as_array()?.iter().position(is)?.to_string()
            }
        };
        at = format!("{at}/{name}");
        value = object.pointer(&at)?;
    }
    Some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(value: &Value) -> String {
        lines(Some(value)).into_iter().map(|line| line.text + "\n").collect()
    }

    #[test]
    fn a_key_that_means_a_merge_is_quoted() {
        assert_eq!(text(&json!({"<<": "a", "a<<": "<<"})), "\"<<\": a\na<<: \"<<\"\n");
    }

    #[test]
    fn prints_as_kubectl_does() {
        let object = json!({
            "apiVersion": "v1", "kind": "Node",
            "metadata": {
                "name": "worker-1", "resourceVersion": "3", "managedFields": [{"manager": "x"}],
                "annotations": {"a/b": "first\nsecond\n", "time": "2026-01-01T00:00:00Z"},
            },
            "spec": {"taints": [{"effect": "NoSchedule", "key": "a"}, "bare"], "empty": {}},
            "status": {"capacity": {"cpu": "8"}, "ready": true, "none": null, "no": "no"},
        });
        let expected = "\
apiVersion: v1
kind: Node
metadata:
  annotations:
    a/b: |
      first
      second
    time: \"2026-01-01T00:00:00Z\"
  name: worker-1
  resourceVersion: \"3\"
spec:
  empty: {}
  taints:
  - effect: NoSchedule
    key: a
  - bare
status:
  capacity:
    cpu: \"8\"
  \"no\": \"no\"
  none: null
  ready: true
";
        assert_eq!(text(&object), expected);
    }

    #[test]
    fn each_line_knows_its_place() {
        let object = json!({"status": {"conditions": [{"type": "A"}, {"type": "B", "x": 1}]}});
        let field: FieldPath = "status.conditions[type=B]".parse().expect("a path");
        let at = pointer(&field, &object).expect("it is there");
        assert_eq!(at, "/status/conditions/1");
        let mine: Vec<String> = lines(Some(&object))
            .into_iter()
            .filter(|l| l.at.starts_with(&at))
            .map(|l| l.text)
            .collect();
        assert_eq!(mine, ["  - type: B", "    x: 1"]);
        assert_eq!(pointer(&"status.nothing".parse().expect("a path"), &object), None);
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~]{0,12}".prop_map(Value::from),
            "[a-z \n:#-]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[ -~]{1,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_yaml_reader_reads_what_was_printed(value in value()) {
            let object = json!({"spec": value});
            let read: Value = serde_saphyr::from_str(&text(&object)).expect("YAML");
            prop_assert_eq!(read, object);
        }
    }
}
