//! The four kinds of PATCH as pure functions on JSON values.
//!
//! [`merge`] is RFC 7386, [`json`] RFC 6902 as the server's library reads it, [`strategic`] the
//! built-in kinds' patch with merge keys. Server-side apply is not here: it needs to know who owns
//! what, and so lives in `managed_fields/`. Nothing here knows of resourceVersion, validation or
//! Status objects; the server maps [`PatchError`] to an answer.

mod element_order;
mod json;
mod limits;
mod merge;
mod strategic;

pub use json::json;
pub use merge::merge;
pub use strategic::strategic;

/// Why a patch could not be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatchError {
    /// The patch itself is not of the right shape: 400, with this message.
    Malformed(String),
    /// More operations, copies or work than a patch may have: 413, with this message.
    TooLarge(String),
    /// An operation failed. A JSON patch is answered 422 without this text.
    Failed(String),
}

impl std::fmt::Display for PatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PatchError::Malformed(text) | PatchError::TooLarge(text) | PatchError::Failed(text) => {
                f.write_str(text)
            }
        }
    }
}

impl std::error::Error for PatchError {}

/// Go's word for the type of a JSON value, as its JSON decoder prints it.
pub(crate) fn go_json_type(value: &serde_json::Value) -> &'static str {
    use serde_json::Value;
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// JSON equality in which `1` and `1.0` are one number.
pub(crate) fn same_json(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_json(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same_json(a, b)))
        }
        (a, b) => a == b,
    }
}
