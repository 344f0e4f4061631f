//! The value a worker means a field to have: a literal, or computed from what was read.
//!
//! `{ $add: 1 }`, `{ $append: x }` and `{ $read: path }` make a write *derived*: computed from a
//! stale read, it is a lost update even where nothing else is overwritten. What is meant, as
//! opposed to what is sent, is in `intent.rs`. Next to read: `job.rs`.

use serde_json::{Number, Value};

use super::program::Slot;
use crate::apiserver::FieldPath;
use crate::history::{Change, LeafPath, Lists, canonical};

/// A value in `sets`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ValueExpr {
    /// These leaves.
    Literal(Value),
    /// `{ $exactly: value }`: sent as the literal is; also that nothing else is in it.
    Exactly(Value),
    /// `{ $read: path }`: a copy of another field as read; absent stays absent.
    Read(FieldPath),
    /// `{ $add: n }`: the number as read, plus `n`; absent counts as 0.
    Add(Number),
    /// `{ $append: x }`: the list as read, with `x` at its end.
    Append(Value),
    /// `{ $remove: true }`: absent.
    Remove,
    /// `{ $remove: item }`: the list as read, without this item, or the entry with this key.
    RemoveItem(Value),
    /// `{ $read: alias.path }`: a copy of a field of something else that the run has read.
    Held {
        /// Where the run keeps it.
        slot: Slot,
        /// The field.
        path: FieldPath,
        /// Whether it is an earlier read of the object that is written.
        own: bool,
    },
}

impl ValueExpr {
    /// Whether the value depends on what was read.
    pub fn is_derived(&self) -> bool {
        use ValueExpr::{Add, Append, Held, Read};
        matches!(self, Read(_) | Add(_) | Append(_) | Held { .. })
    }

    /// What the field at `path` is to become, given the object as read. A value that is held
    /// elsewhere is the decision's business.
    pub fn change(&self, path: &FieldPath, read: &Value, lists: &Lists) -> Change {
        let value = match self {
            ValueExpr::Literal(value) | ValueExpr::Exactly(value) => Some(value.clone()),
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
            ValueExpr::Remove | ValueExpr::Held { .. } => None,
            ValueExpr::RemoveItem(item) => {
                path.get(read).map(|list| without(list, item, &LeafPath::from(path), read, lists))
            }
        };
        let item = match self {
            ValueExpr::Append(item) => Some(item.clone()),
            _ => None,
        };
        let derived = self.is_derived();
        Change { path: path.clone(), value, derived, item, meaning: None }
    }
}

/// A list without an item, or without the entry that has it as its key.
fn without(list: &Value, item: &Value, at: &LeafPath, read: &Value, lists: &Lists) -> Value {
    let Value::Array(items) = list else { return list.clone() };
    let named = |entry: &Value| {
        let part = lists.entry_at(at, entry, read).filter(|_| entry.is_object());
        part.is_some_and(|part| part.is_named(item))
    };
    let stays = |entry: &&Value| canonical(entry) != canonical(item) && !named(entry);
    Value::Array(items.iter().filter(stays).cloned().collect())
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
        let value = |expr: ValueExpr, path: &str| {
            expr.change(&path.parse().unwrap(), &read, &Lists::unknown()).value
        };
        let one = Number::from(1);
        assert_eq!(value(ValueExpr::Add(one.clone()), "status.n"), Some(json!(42)));
        assert_eq!(value(ValueExpr::Add(one), "status.absent"), Some(json!(1)));
        assert_eq!(value(ValueExpr::Append(json!("b")), "status.list"), Some(json!(["a", "b"])));
        let generation = ValueExpr::Read("metadata.generation".parse().unwrap());
        assert_eq!(value(generation, "status.observedGeneration"), Some(json!(3)));
        assert_eq!(value(ValueExpr::Remove, "status.n"), None);
        let remove = |item: Value, path: &str| value(ValueExpr::RemoveItem(item), path);
        assert_eq!(remove(json!("a"), "status.list"), Some(json!([])));
        assert_eq!(remove(json!("b"), "status.list"), Some(json!(["a"])));
        assert_eq!(remove(json!("a"), "status.absent"), None);
        let entries = json!([{"type": "A", "status": 1}, {"type": "B"}]);
        let read = json!({"c": entries});
        let left = ValueExpr::RemoveItem(json!("A")).change(
            &"c".parse().unwrap(),
            &read,
            &Lists::unknown(),
        );
        assert_eq!(left.value, Some(json!([{"type": "B"}])));
    }

    #[test]
    fn a_sum_never_overflows() {
        let max = json!({"n": i64::MAX});
        let sum =
            ValueExpr::Add(Number::from(1)).change(&"n".parse().unwrap(), &max, &Lists::unknown());
        assert_eq!(sum.value, Some(json!(i64::MAX)));
    }
}
