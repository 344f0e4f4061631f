//! One field's error and the texts in which the API server prints it.
//!
//! The constructors are those of the server's `field` package: each knows its reason and spells
//! its message. Aggregated, they become the message and the causes of a 422: the message names
//! each distinct error once, the causes keep every one. Next to read: `validate.rs`.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::apiserver::Cause;

/// Why one field of an object is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldError {
    /// The path, such as `spec.containers[0].name`.
    pub field: String,
    /// The cause's reason, such as `FieldValueInvalid`.
    pub reason: &'static str,
    /// The message without the path, such as `Required value: name is missing`.
    pub message: String,
}

impl FieldError {
    fn new(field: &str, reason: &'static str, head: String, detail: &str) -> FieldError {
        let message = if detail.is_empty() { head } else { format!("{head}: {detail}") };
        FieldError { field: field.to_owned(), reason, message }
    }

    /// `Invalid value: …`: right type, wrong value.
    pub fn invalid(field: &str, value: &Value, detail: &str) -> FieldError {
        let head = format!("Invalid value: {}", printed(value));
        FieldError::new(field, "FieldValueInvalid", head, detail)
    }

    /// `Invalid value: …` of a value that is printed already.
    pub(crate) fn printed(field: &str, value: &str, detail: &str) -> FieldError {
        FieldError::new(field, "FieldValueInvalid", format!("Invalid value: {value}"), detail)
    }

    /// `Invalid value` of something too large to be printed.
    #[cfg(feature = "cel")]
    pub(crate) fn invalid_something(field: &str, detail: &str) -> FieldError {
        FieldError::new(field, "FieldValueInvalid", "Invalid value".to_owned(), detail)
    }

    /// `Duplicate value` of something too large to be printed.
    #[cfg(feature = "cel")]
    pub(crate) fn duplicate_of_something(field: &str) -> FieldError {
        FieldError::new(field, "FieldValueDuplicate", "Duplicate value".to_owned(), "")
    }

    /// Whether an object with this error is not what rules in CEL may be asked about.
    pub(super) fn blocks_rules(&self) -> bool {
        let reasons = ["NotSupported", "Required", "TooLong", "TooMany", "TypeInvalid"];
        let kind = self.reason.strip_prefix("FieldValue").unwrap_or_default();
        reasons.contains(&kind)
    }

    /// `Invalid value: …`: wrong type.
    pub fn type_invalid(field: &str, value: &Value, detail: &str) -> FieldError {
        let head = format!("Invalid value: {}", printed(value));
        FieldError::new(field, "FieldValueTypeInvalid", head, detail)
    }

    /// `Required value`: it is missing.
    pub fn required(field: &str, detail: &str) -> FieldError {
        FieldError::new(field, "FieldValueRequired", "Required value".to_owned(), detail)
    }

    /// `Duplicate value: …`: something else has it already.
    pub fn duplicate(field: &str, value: &Value) -> FieldError {
        let head = format!("Duplicate value: {}", printed(value));
        FieldError::new(field, "FieldValueDuplicate", head, "")
    }

    /// `Forbidden`: it may not be set, or not now.
    pub fn forbidden(field: &str, detail: &str) -> FieldError {
        FieldError::new(field, "FieldValueForbidden", "Forbidden".to_owned(), detail)
    }

    /// `Unsupported value: …: supported values: …`.
    pub fn not_supported(field: &str, value: &Value, supported: &[&str]) -> FieldError {
        let list = supported.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", ");
        let head = format!("Unsupported value: {}", printed(value));
        let detail =
            if supported.is_empty() { String::new() } else { format!("supported values: {list}") };
        FieldError::new(field, "FieldValueNotSupported", head, &detail)
    }

    /// `Not found: …`: it names something that is not there.
    pub fn not_found(field: &str, value: &Value) -> FieldError {
        let head = format!("Not found: {}", printed(value));
        FieldError::new(field, "FieldValueNotFound", head, "")
    }

    /// `Too long: may not be more than N bytes`.
    pub fn too_long(field: &str, bytes_max: u64) -> FieldError {
        let detail = format!("may not be more than {bytes_max} bytes");
        FieldError::new(field, "FieldValueTooLong", "Too long".to_owned(), &detail)
    }

    /// `Too many: N: must have at most M items`.
    pub fn too_many(field: &str, found: u64, items_max: u64) -> FieldError {
        let detail = format!("must have at most {items_max} items");
        FieldError::new(field, "FieldValueTooMany", format!("Too many: {found}"), &detail)
    }

    /// The same error of an object that stands at `path` in another.
    pub fn below(mut self, path: &str) -> FieldError {
        self.field = match self.field.as_str() {
            "" | "<nil>" => path.to_owned(),
            field if field.starts_with('[') => format!("{path}{field}"),
            field => format!("{path}.{field}"),
        };
        self
    }

    /// Path and message, as one error of several is printed.
    pub fn text(&self) -> String {
        format!("{}: {}", self.field, self.message)
    }
}

/// The part of a 422's message after `is invalid: `.
///
/// One error stands alone; several stand in brackets, each distinct text once.
pub fn message(errors: &[FieldError]) -> String {
    let mut known = BTreeSet::new();
    let mut texts: Vec<String> = errors.iter().map(FieldError::text).collect();
    texts.retain(|text| known.insert(text.clone()));
    match texts.as_slice() {
        [only] => only.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}

/// The causes of a 422's details: every error, duplicates too.
pub fn causes(errors: &[FieldError]) -> Vec<Cause> {
    errors
        .iter()
        .map(|error| Cause {
            reason: Some(error.reason),
            message: Some(error.message.clone()),
            field: Some(error.field.clone()).filter(|field| !field.is_empty()),
        })
        .collect()
}

/// A value as the server prints it in an error: strings in Go's quotes, the rest as JSON.
pub(crate) fn printed(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Number(number) if number.is_f64() => go_float(number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// A float as Go prints it: with an exponent from a million on, and below a ten-thousandth.
pub(crate) fn go_float(number: f64) -> String {
    let scientific = format!("{number:e}");
    let parts = scientific.split_once('e').and_then(|(digits, exponent)| {
        Some((digits, exponent.parse::<i32>().ok().filter(|e| !(-4..6).contains(e))?))
    });
    match parts {
        Some((digits, exponent)) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        None => number.to_string(),
    }
}

/// Go's `%q`.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if u32::from(c) < 0x20 || c == '\u{7f}' => {
                out.push_str(&format!("\\x{:02x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_error_stands_alone_and_several_in_brackets_without_repetition() {
        let a = FieldError::required("spec.a", "");
        let b = FieldError::invalid("spec.b", &json!("x\ny"), "no");
        assert_eq!(message(std::slice::from_ref(&a)), "spec.a: Required value");
        let both = [a.clone(), b.clone(), a];
        assert_eq!(
            message(&both),
            r#"[spec.a: Required value, spec.b: Invalid value: "x\ny": no]"#
        );
        assert_eq!(causes(&both).len(), 3);
    }

    #[test]
    fn floats_are_printed_as_go_prints_them() {
        for (number, text) in
            [(1.5, "1.5"), (2.0, "2"), (999_999.0, "999999"), (3e9, "3e+09"), (1.25e-5, "1.25e-05")]
        {
            assert_eq!(go_float(number), text);
        }
    }

    #[test]
    fn supported_values_are_listed() {
        let error = FieldError::not_supported("x", &json!("Bogus"), &["", "Ignore"]);
        assert_eq!(error.message, r#"Unsupported value: "Bogus": supported values: "", "Ignore""#);
    }
}
