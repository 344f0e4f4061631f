//! The value a worker means a field to have: a literal, or computed from what was read.
//!
//! `{ $add: 1 }`, `{ $append: x }` and `{ $read: path }` make a write *derived*: computed from a
//! stale read, it is a lost update even where nothing else is overwritten.
//! Next to read: `job.rs`.

use serde_json::{Number, Value};

use super::Change;
use crate::apiserver::FieldPath;

/// A value in `sets`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ValueExpr {
    /// Exactly this.
    Literal(Value),
    /// `{ $read: path }`: a copy of another field as read; absent stays absent.
    Read(FieldPath),
    /// `{ $add: n }`: the number as read, plus `n`; absent counts as 0.
    Add(Number),
    /// `{ $append: x }`: the list as read, with `x` at its end.
    Append(Value),
    /// `{ $remove: true }`: absent.
    Remove,
}

impl ValueExpr {
    /// Whether the value depends on what was read.
    pub fn is_derived(&self) -> bool {
        matches!(self, ValueExpr::Read(_) | ValueExpr::Add(_) | ValueExpr::Append(_))
    }

    /// The field that it copies, if it does.
    pub fn reads(&self) -> Option<&FieldPath> {
        match self {
            ValueExpr::Read(from) => Some(from),
            _ => None,
        }
    }

    /// What the field at `path` is to become, given the object as read.
    pub fn change(&self, path: &FieldPath, read: &Value) -> Change {
        let value = match self {
            ValueExpr::Literal(value) => Some(value.clone()),
            ValueExpr::Read(from) => from.get(read).cloned(),
            ValueExpr::Add(n) => Some(Value::Number(add(path.get(read), n))),
            ValueExpr::Append(item) => {
                let mut list = match path.get(read) {
                    Some(Value::Array(list)) => list.clone(),
                    _ => Vec::new(),
                };
                list.push(item.clone());
                Some(Value::Array(list))
            }
            ValueExpr::Remove => None,
        };
        let item = match self {
            ValueExpr::Append(item) => Some(item.clone()),
            _ => None,
        };
        Change { path: path.clone(), value, derived: self.is_derived(), item }
    }
}

/// Integers stay integers, and saturate; anything else is a float. A field that is no number
/// counts as 0.
fn add(read: Option<&Value>, n: &Number) -> Number {
    let zero = Number::from(0);
    let read = read.and_then(Value::as_number).unwrap_or(&zero);
    match (read.as_i64(), n.as_i64()) {
        (Some(a), Some(b)) => Number::from(a.saturating_add(b)),
        _ => {
            let sum = read.as_f64().unwrap_or(0.0) + n.as_f64().unwrap_or(0.0);
            Number::from_f64(sum).unwrap_or(zero)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn computes_from_what_was_read() {
        let read = json!({"metadata": {"generation": 3}, "status": {"n": 41, "list": ["a"]}});
        let value = |expr: ValueExpr, path: &str| expr.change(&path.parse().unwrap(), &read).value;
        let one = Number::from(1);
        assert_eq!(value(ValueExpr::Add(one.clone()), "status.n"), Some(json!(42)));
        assert_eq!(value(ValueExpr::Add(one), "status.absent"), Some(json!(1)));
        assert_eq!(value(ValueExpr::Append(json!("b")), "status.list"), Some(json!(["a", "b"])));
        let generation = ValueExpr::Read("metadata.generation".parse().unwrap());
        assert_eq!(value(generation, "status.observedGeneration"), Some(json!(3)));
        assert_eq!(value(ValueExpr::Remove, "status.n"), None);
    }

    #[test]
    fn a_sum_never_overflows() {
        let max = json!({"n": i64::MAX});
        let sum = ValueExpr::Add(Number::from(1)).change(&"n".parse().unwrap(), &max);
        assert_eq!(sum.value, Some(json!(i64::MAX)));
    }
}
