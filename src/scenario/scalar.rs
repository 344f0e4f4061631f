//! What an unquoted word of YAML is: as kubectl's reader takes it.
//!
//! kubectl reads YAML 1.1: `yes`, `on`, `no` and `off` are booleans, `0644` is octal. A number
//! that JSON cannot hold exactly becomes a float, as in Go. Next to read: `yaml.rs`.

use serde_json::Number;

use super::node::NodeKind;

/// The value of a plain scalar.
pub fn resolve(text: &str) -> NodeKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeKind::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            NodeKind::Bool(true)
        }
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            NodeKind::Bool(false)
        }
        _ => match number(text) {
            Some(number) => NodeKind::Number(number),
            None => NodeKind::String(text.to_owned()),
        },
    }
}

/// Whether the text is one of YAML's numbers that JSON has not.
pub fn is_infinite(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

fn number(text: &str) -> Option<Number> {
    let first = text.chars().find(|c| !matches!(c, '+' | '-'))?;
    if !(first.is_ascii_digit() || first == '.') || text.len() > 400 {
        return None;
    }
    integer(text).or_else(|| float(text))
}

fn integer(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes()[0] {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let digits = digits.replace('_', "");
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let magnitude = match digits.get(..2) {
        Some("0x") => u64::from_str_radix(&digits[2..], 16),
        Some("0o") => u64::from_str_radix(&digits[2..], 8),
        Some("0b") => u64::from_str_radix(&digits[2..], 2),
        Some(two) if two.starts_with('0') => u64::from_str_radix(&digits[1..], 8),
        _ => digits.parse(),
    }
    .ok()?;
    match negative {
        false => Some(Number::from(magnitude)),
        true => 0i64.checked_sub_unsigned(magnitude).map(Number::from),
    }
}

fn float(text: &str) -> Option<Number> {
    let plain = text.chars().all(|c| c.is_ascii_digit() || "+-.eE".contains(c));
    if !plain || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().and_then(Number::from_f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn value(text: &str) -> Value {
        super::super::node::Node { span: 0..0, kind: resolve(text) }.to_value()
    }

    #[test]
    fn words_are_taken_as_kubectl_takes_them() {
        for (text, wanted) in [
            ("0", json!(0)),
            ("-7", json!(-7)),
            ("0644", json!(420)),
            ("0x1f", json!(31)),
            ("1_000", json!(1000)),
            ("18446744073709551615", json!(u64::MAX)),
            ("1.5e3", json!(1500.0)),
            ("yes", json!(true)),
            ("~", json!(null)),
            ("1.2.3", json!("1.2.3")),
            ("2026-01-01", json!("2026-01-01")),
            ("10Gi", json!("10Gi")),
            ("-", json!("-")),
            (".", json!(".")),
            ("e1", json!("e1")),
            ("+-1", json!("+-1")),
            ("089", json!(89.0)),
        ] {
            assert_eq!(value(text), wanted, "{text}");
        }
        assert!(is_infinite("-.inf") && is_infinite(".nan") && !is_infinite("inf"));
    }
}
