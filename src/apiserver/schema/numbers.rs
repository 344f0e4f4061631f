//! The validation of numbers, with the server's arithmetic.
//!
//! An integer is compared as one: a bound of 2.5 counts as 2, unless the schema's type is integer;
//! then such a bound is an error of its own for every value.

use serde_json::Value;

use super::field_error::go_float;
use super::rules::Rules;
use super::validate::{Findings, general, invalid};

/// A number against the rules for numbers.
pub(super) fn check(value: &Value, rules: &Rules, path: &str) -> Findings {
    let mut findings = Findings { matches: 1, ..Findings::default() };
    let mut fits = |prefix: &str, number: &Value| {
        let text = out_of_range(number, rules)
            .map(|ty| general(format!("{prefix} value must be of type {ty} in {path}")));
        let fits = text.is_none();
        text.into_iter().for_each(|failure| findings.add(failure));
        fits
    };
    fits("Checked", value);
    let integer = value.as_i64();
    let mut complaints = Vec::new();
    if let Some(factor) = rules.multiple_of {
        let native = fits("MultipleOf", &constraint(factor));
        complaints.push(multiple_of(value, integer.filter(|_| native), factor, path));
    }
    if let Some(bound) = &rules.minimum {
        let native = fits("Minimum boundary", &constraint(bound.limit));
        let words = ["greater than or equal to", "greater than"];
        let side = Side { sign: -1.0, word: words[usize::from(bound.exclusive)] };
        complaints.push(side.check(
            value,
            integer.filter(|_| native),
            bound.limit,
            bound.exclusive,
        ));
    }
    if let Some(bound) = &rules.maximum {
        let native = fits("Maximum boundary", &constraint(bound.limit));
        let words = ["less than or equal to", "less than"];
        let side = Side { sign: 1.0, word: words[usize::from(bound.exclusive)] };
        complaints.push(side.check(
            value,
            integer.filter(|_| native),
            bound.limit,
            bound.exclusive,
        ));
    }
    for (value, complaint) in complaints.into_iter().flatten() {
        if complaint.starts_with("factor") {
            findings.add(super::validate::failure_of(path, &value, complaint));
        } else {
            findings.add(invalid(path, &value, &complaint));
        }
    }
    findings
}

/// A bound as a number that is an integer if it can be.
fn constraint(number: f64) -> Value {
    match truncated(number) {
        Some(integer) if number.fract() == 0.0 => Value::from(integer),
        _ => Value::from(number),
    }
}

/// The integer part, if it fits.
fn truncated(number: f64) -> Option<i64> {
    let fits = number.abs() < 9.2e18;
    // In range, as just checked; the fraction is meant to go.
    #[allow(clippy::cast_possible_truncation)]
    fits.then_some(number as i64)
}

/// The type that a number does not fit, if it does not.
fn out_of_range(number: &Value, rules: &Rules) -> Option<String> {
    let ty = *rules.types.first().filter(|_| rules.types.len() == 1)?;
    let float = number.as_f64().unwrap_or_default();
    let whole = number.as_i64().or(truncated(float).filter(|_| float.fract() == 0.0));
    let fits = match (ty, rules.format.as_str()) {
        ("integer", "int32") => whole.is_some_and(|integer| i32::try_from(integer).is_ok()),
        ("integer", _) => whole.is_some(),
        ("number", "float") => float.abs() <= f64::from(f32::MAX),
        _ => true,
    };
    let format = match rules.format.as_str() {
        "" => "(default format)".to_owned(),
        format => format!("with format {format}"),
    };
    (!fits).then(|| format!("{ty} {format}"))
}

/// The value that an error shows, and what it says.
type Complaint = Option<(Value, String)>;

fn multiple_of(value: &Value, integer: Option<i64>, factor: f64, path: &str) -> Complaint {
    let not_positive = |shown: Value| {
        let text = format!("factor MultipleOf declared for {path} must be positive: {shown}");
        Some((shown, text))
    };
    let wrong = |factor: String| Some((value.clone(), format!("should be a multiple of {factor}")));
    match (integer, truncated(factor)) {
        (Some(_), Some(factor)) if factor <= 0 => not_positive(Value::from(factor)),
        (Some(integer), Some(factor)) if integer % factor != 0 => wrong(factor.to_string()),
        (Some(_), Some(_)) => None,
        _ if factor <= 0.0 => not_positive(Value::from(factor)),
        _ => {
            let number = value.as_f64().unwrap_or_default();
            let quotient = if factor < 1.0 { 1.0 / factor * number } else { number / factor };
            let whole = (quotient - quotient.round()).abs() <= 1e-9 * quotient.abs().max(1.0);
            let shown =
                (Value::from(number), format!("should be a multiple of {}", go_float(factor)));
            if whole { None } else { Some(shown) }
        }
    }
}

/// One side of a range: `sign` is 1 for a maximum and -1 for a minimum.
struct Side {
    sign: f64,
    word: &'static str,
}

impl Side {
    fn check(&self, value: &Value, integer: Option<i64>, limit: f64, exclusive: bool) -> Complaint {
        let (beyond, limit) = match (integer, truncated(limit)) {
            (Some(integer), Some(limit)) => {
                let order = if self.sign > 0.0 { integer.cmp(&limit) } else { limit.cmp(&integer) };
                (order.is_gt() || (exclusive && order.is_eq()), limit.to_string())
            }
            _ => {
                let excess = (value.as_f64().unwrap_or_default() - limit) * self.sign;
                let beyond = excess > 0.0 || (exclusive && excess == 0.0);
                return beyond.then(|| {
                    let shown = Value::from(value.as_f64().unwrap_or_default());
                    (shown, format!("should be {} {}", self.word, go_float(limit)))
                });
            }
        };
        beyond.then(|| (value.clone(), format!("should be {} {limit}", self.word)))
    }
}
