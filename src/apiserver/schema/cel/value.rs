//! How a JSON value looks to a rule: a CEL value, as its schema says.
//!
//! Names of fields are escaped, keys of maps are not; strings with some formats are times,
//! durations or bytes; `number` is a double even if it is whole. Two lists that are sets or maps
//! are equal in any order: the old one is put into the order of the new one, by which it is found
//! equal. Next to read: `evaluate.rs`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use kube_cel::cel::Value as Cel;
use kube_cel::cel::objects::{Key, Map};
use serde_json::Value;

use super::super::ratchet;
use super::super::rules::{ListKind, Rules};

/// A value as its schema has it. `order` is the new value, if this is the old one.
pub(super) fn convert(value: &Value, rules: &Rules, order: Option<&Value>) -> Cel {
    match value {
        Value::String(text) => string(text, rules),
        Value::Number(number) if rules.types == ["number"] => {
            Cel::Float(number.as_f64().unwrap_or(f64::NAN))
        }
        Value::Array(items) => {
            let found = order.and_then(Value::as_array);
            let sorted = found.and_then(|order| in_order(items, order, rules));
            let items: Vec<&Value> = sorted.unwrap_or_else(|| items.iter().collect());
            let like = |index: usize| found.and_then(|order| order.get(index));
            let item = |(index, item): (usize, &Value)| match &rules.items {
                Some(rules) => convert(item, rules, like(index)),
                None => plain(item),
            };
            Cel::List(Arc::new(items.into_iter().enumerate().map(item).collect()))
        }
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(name, inner)| {
                let like = order.and_then(|order| order.get(name));
                let (key, inner) = match (rules.properties.get(name), &rules.additional) {
                    (Some(rules), _) => (escaped(name), convert(inner, rules, like)),
                    (None, Some(rules)) => (Cow::Borrowed(&**name), convert(inner, rules, like)),
                    (None, None) => (escaped(name), plain(inner)),
                };
                (Key::String(Arc::new(key.into_owned())), inner)
            });
            Cel::Map(Map { map: Arc::new(pairs.collect()) })
        }
        other => plain(other),
    }
}

/// A value without a schema.
fn plain(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Cel::Int(whole),
            (None, float) => Cel::Float(float.unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(plain).collect())),
        Value::Object(fields) => {
            let pairs = fields
                .iter()
                .map(|(name, inner)| (Key::String(Arc::new(name.clone())), plain(inner)));
            Cel::Map(Map { map: Arc::new(pairs.collect()) })
        }
    }
}

fn string(text: &str, rules: &Rules) -> Cel {
    let typed = match rules.format.as_str() {
        _ if rules.types != ["string"] => None,
        "date-time" | "datetime" => {
            chrono::DateTime::parse_from_rfc3339(text).ok().map(Cel::Timestamp)
        }
        "date" => chrono::DateTime::parse_from_rfc3339(&format!("{text}T00:00:00Z"))
            .ok()
            .map(Cel::Timestamp),
        "duration" => duration(text).map(Cel::Duration),
        "byte" => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).ok();
            bytes.map(|bytes| Cel::Bytes(Arc::new(bytes)))
        }
        _ => None,
    };
    typed.unwrap_or_else(|| Cel::String(Arc::new(text.to_owned())))
}

/// Go's durations (`1h30m`), and the words that the format allows besides (`2 days`).
fn duration(text: &str) -> Option<chrono::Duration> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(chrono::Duration::zero());
    }
    let mut nanos = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        nanos += number * unit_nanos(&rest[..unit])?;
        rest = &rest[unit..];
    }
    // Within what fits 64 bits, or it is no duration.
    let whole = sign * nanos;
    #[allow(clippy::cast_possible_truncation)]
    (whole.abs() < 9.2e18).then(|| chrono::Duration::nanoseconds(whole as i64))
}

fn unit_nanos(unit: &str) -> Option<f64> {
    Some(match unit.trim_end().trim_end_matches('s') {
        "n" | "nano" => 1.0,
        "u" | "µ" | "micro" => 1e3,
        "m" if unit.starts_with("ms") => 1e6,
        "milli" => 1e6,
        "" if unit.starts_with('s') => 1e9,
        "sec" | "second" => 1e9,
        "m" | "min" | "minute" => 60e9,
        "h" | "hr" | "hour" => 3600e9,
        "d" | "day" => 86_400e9,
        "w" | "week" => 604_800e9,
        _ => return None,
    })
}

/// The items of a set or map in the order in which the new list has them, the others after.
fn in_order<'a>(items: &'a [Value], order: &[Value], rules: &Rules) -> Option<Vec<&'a Value>> {
    let name = |item: &Value| match rules.list {
        ListKind::Map => ratchet::keys(item, rules),
        _ => Some(vec![item.to_string()]),
    };
    if rules.list == ListKind::Atomic {
        return None;
    }
    let mut places = BTreeMap::new();
    for (place, item) in order.iter().enumerate() {
        if let Some(name) = name(item) {
            places.entry(name).or_insert(place);
        }
    }
    let place = |item: &Value| name(item).and_then(|name| places.get(&name).copied());
    let mut placed: Vec<_> =
        items.iter().map(|item| (place(item).unwrap_or(usize::MAX), item)).collect();
    placed.sort_by_key(|(place, _)| *place);
    Some(placed.into_iter().map(|(_, item)| item).collect())
}

/// Words that mean something in CEL.
const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// The name by which a rule calls a field.
pub(super) fn escaped(name: &str) -> Cow<'_, str> {
    if RESERVED.contains(&name) {
        return Cow::Owned(format!("__{name}__"));
    }
    if !name.contains("__") && !name.contains(['.', '-', '/']) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len() + 16);
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let (length, word) = match c {
            '_' if rest.starts_with("__") => (2, "__underscores__"),
            '.' => (1, "__dot__"),
            '-' => (1, "__dash__"),
            '/' => (1, "__slash__"),
            _ => (c.len_utf8(), &rest[..c.len_utf8()]),
        };
        out.push_str(word);
        rest = &rest[length..];
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_the_server_escapes_them() {
        for (name, shown) in [
            ("replicas", "replicas"),
            ("a_b", "a_b"),
            ("a__b", "a__underscores__b"),
            ("a.b/c-d", "a__dot__b__slash__c__dash__d"),
            ("namespace", "__namespace__"),
            ("int", "int"),
            ("default", "default"),
        ] {
            assert_eq!(escaped(name), shown);
        }
    }

    #[test]
    fn durations_are_those_of_the_format() {
        for (text, seconds) in [
            ("1h30m", Some(5400.0)),
            ("1.5s", Some(1.5)),
            ("250ms", Some(0.25)),
            ("-2m", Some(-120.0)),
            ("0", Some(0.0)),
            ("2 days", Some(172_800.0)),
            ("1 week", Some(604_800.0)),
            ("5 min", Some(300.0)),
            ("1h1", None),
            ("h", None),
            ("", Some(0.0)),
        ] {
            let found = duration(text).map(|found| found.num_milliseconds() as f64 / 1000.0);
            assert_eq!(found, seconds, "{text}");
        }
    }
}
