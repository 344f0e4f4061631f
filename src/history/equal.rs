//! When two values are the same: by value, not by spelling.
//!
//! Numbers are compared by value (`1.0` is `1`, `1e3` is `1000`); `null` and absent are the same;
//! a map is as wanted if what was wanted of it is there, whatever the server put beside it.
//! Next to read: `lists.rs`.

use serde_json::{Map, Number, Value};

/// A value in one spelling of all that are equal: numbers as integers where they are, no nulls.
pub fn canonical(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(number)),
        Value::Array(items) => Value::Array(items.iter().map(canonical).collect()),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields = fields.map(|(key, value)| (key.clone(), canonical(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

/// Beyond this a floating point number no longer tells neighbouring integers apart.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn whole(number: &Number) -> Number {
    let float = number.as_f64().filter(|_| number.is_f64());
    match float {
        Some(float) if float.fract() == 0.0 && float.abs() <= EXACT => Number::from(float as i64),
        _ => number.clone(),
    }
}

/// Whether nothing stands there: `null`, an empty map or an empty list.
pub fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.values().all(Value::is_null),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Whether a value is as wanted: what was wanted is there, whatever else is.
pub fn is_as(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(key, wanted)| match found.get(key) {
                Some(found) => is_as(found, wanted),
                None => is_empty(wanted),
            })
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| is_as(a, b))
        }
        (Value::Number(found), Value::Number(wanted)) => whole(found) == whole(wanted),
        (found, wanted) => found == wanted || is_empty(found) && is_empty(wanted),
    }
}

/// A quantity as Kubernetes reads it, in one spelling: `1`, `1000m` and `"1"` are the same.
/// `None` if it is no quantity, or too large to be compared exactly.
pub fn quantity(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let suffix_at = text.find(|c: char| !(c.is_ascii_digit() || "+-.".contains(c)));
    let (digits, suffix) = text.split_at(suffix_at.unwrap_or(text.len()));
    let (binary, decimal): (u32, i32) = match suffix {
        "" => (0, 0),
        "n" => (0, -9),
        "u" => (0, -6),
        "m" => (0, -3),
        "k" => (0, 3),
        "M" => (0, 6),
        "G" => (0, 9),
        "T" => (0, 12),
        "P" => (0, 15),
        "E" => (0, 18),
        "Ki" => (10, 0),
        "Mi" => (20, 0),
        "Gi" => (30, 0),
        "Ti" => (40, 0),
        "Pi" => (50, 0),
        "Ei" => (60, 0),
        other => (0, other.strip_prefix(['e', 'E'])?.parse().ok()?),
    };
    let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if integer.len() + fraction.len() == 0 || fraction.contains(['+', '-']) {
        return None;
    }
    let mantissa: i128 = format!("{integer}{fraction}").parse().ok()?;
    let mut number = mantissa.checked_mul(1_i128 << binary)?;
    let mut exponent = decimal.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    while number != 0 && number % 10 == 0 {
        (number, exponent) = (number / 10, exponent + 1);
    }
    let exponent = if number == 0 { 0 } else { exponent };
    Some(format!("{number}e{exponent}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_compared_by_value() {
        assert!(is_as(&json!(1), &json!(1.0)));
        assert!(is_as(&json!(1000), &json!(1e3)));
        assert!(!is_as(&json!(1), &json!("1")));
        assert!(!is_as(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)));
        assert_eq!(canonical(&json!({"a": 1.0, "b": null})), json!({"a": 1}));
    }

    #[test]
    fn a_map_may_hold_more_than_was_wanted() {
        let stored = json!([{"port": 80, "protocol": "TCP"}]);
        assert!(is_as(&stored, &json!([{"port": 80}])));
        assert!(!is_as(&json!([{"port": 80}]), &stored));
        assert!(!is_as(&stored, &json!([{"port": 80}, {"port": 81}])));
        assert!(is_as(&json!({}), &json!({"list": [], "gone": null})));
        assert!(is_as(&json!(null), &json!([])));
    }

    #[test]
    fn quantities_are_compared_by_amount() {
        let same = |a: Value, b: Value| assert_eq!(quantity(&a), quantity(&b));
        same(json!(1), json!("1"));
        same(json!("1000m"), json!("1"));
        same(json!("1Ki"), json!("1024"));
        same(json!("0.5"), json!("500m"));
        same(json!("1e3"), json!("1k"));
        same(json!("0"), json!("0Mi"));
        assert_ne!(quantity(&json!("1M")), quantity(&json!("1Mi")));
        for nonsense in ["", ".", "abc", "1x", "1.-2", "12e", "9e99999999999"] {
            assert_eq!(quantity(&json!(nonsense)), None, "{nonsense}");
        }
    }
}
