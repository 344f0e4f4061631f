//! Tests of what was read: `when` of a step, and the conditions of an invariant.
//!
//! A [`Condition`] looks at one value, which may be absent. Next to read: `program.rs`.

use serde_json::Value;

use super::job::shows_version;
use super::program::{Slot, Term};
use crate::apiserver::FieldPath;

/// A test of a field of what is in a slot, or of whether anything is there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// The slot.
    pub slot: Slot,
    /// The field; `None` asks for the object itself, or for a list that is not empty.
    pub path: Option<FieldPath>,
    /// What is asked.
    pub condition: Condition,
}

impl Test {
    /// Whether it looks at a resourceVersion.
    pub(super) fn shows_versions(&self) -> bool {
        self.condition.shows_versions(self.path.as_ref())
    }
}

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// It is equal to this; `None`: it is absent.
    Is(Term),
    /// It is not equal to this; `None`: it is there.
    Not(Term),
    /// It is one of these.
    In(Vec<Value>),
    /// It is a number that compares so with another.
    Compares(Comparison, Term),
    /// It is a list that contains this.
    Contains(Term),
    /// It is there, or is not.
    Exists(bool),
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Comparison {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Condition {
    /// Whether a value is as it asks; `held` gives the values that it compares with.
    pub fn is_met(
        &self,
        found: Option<&Value>,
        held: &dyn Fn(Slot, &FieldPath) -> Option<Value>,
    ) -> bool {
        let of = |term: &Term| match term {
            Term::Literal(value) => value.clone(),
            Term::Held(slot, path) => held(*slot, path),
        };
        match self {
            Condition::Is(term) => same(found, of(term).as_ref()),
            Condition::Not(term) => !same(found, of(term).as_ref()),
            Condition::In(values) => values.iter().any(|value| same(found, Some(value))),
            Condition::Compares(comparison, term) => {
                let number = |value: Option<&Value>| match value {
                    None | Some(Value::Null) => Some(0.0),
                    Some(value) => value.as_f64(),
                };
                let (Some(a), Some(b)) = (number(found), number(of(term).as_ref())) else {
                    return false;
                };
                match comparison {
                    Comparison::Less => a < b,
                    Comparison::AtMost => a <= b,
                    Comparison::Greater => a > b,
                    Comparison::AtLeast => a >= b,
                }
            }
            Condition::Contains(term) => {
                let item = of(term);
                let list = found.and_then(Value::as_array);
                list.is_some_and(|list| list.iter().any(|entry| same(Some(entry), item.as_ref())))
            }
            Condition::Exists(there) => found.is_some_and(|value| !value.is_null()) == *there,
        }
    }

    /// Whether it looks at a resourceVersion, asked of what stands at a path; `None` is the whole
    /// object.
    pub fn shows_versions(&self, path: Option<&FieldPath>) -> bool {
        let asks_whether_there = matches!(
            self,
            Condition::Exists(_)
                | Condition::Is(Term::Literal(None))
                | Condition::Not(Term::Literal(None))
        );
        let looked_at = match path {
            Some(path) => shows_version(path),
            None => !asks_whether_there,
        };
        looked_at || self.path().is_some_and(shows_version)
    }

    /// The field that it compares with.
    pub(super) fn path(&self) -> Option<&FieldPath> {
        match self {
            Condition::Is(Term::Held(_, path))
            | Condition::Not(Term::Held(_, path))
            | Condition::Compares(_, Term::Held(_, path))
            | Condition::Contains(Term::Held(_, path)) => Some(path),
            _ => None,
        }
    }

    /// The slots that it looks at, as bits.
    pub(super) fn uses(&self) -> u64 {
        match self {
            Condition::Is(term)
            | Condition::Not(term)
            | Condition::Compares(_, term)
            | Condition::Contains(term) => match term {
                Term::Held(slot, _) => 1 << slot,
                Term::Literal(_) => 0,
            },
            Condition::In(_) | Condition::Exists(_) => 0,
        }
    }
}

/// Numbers by value; null, absent and an empty map or list are the same.
fn same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let there = |value: Option<&'_ Value>| match value {
        Some(Value::Null) => false,
        Some(Value::Object(map)) => !map.is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
        None => false,
    };
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a == b || a.as_f64() == b.as_f64(),
        _ if !there(a) && !there(b) => true,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn conditions_are_met_or_not() {
        let none = |_: Slot, _: &FieldPath| None;
        let literal = |value: Value| Term::Literal(Some(value));
        let met =
            |condition: &Condition, value: Option<Value>| condition.is_met(value.as_ref(), &none);
        assert!(met(&Condition::Is(literal(json!(1))), Some(json!(1.0))));
        assert!(met(&Condition::Is(Term::Literal(None)), Some(json!([]))));
        assert!(!met(&Condition::Is(Term::Literal(None)), Some(json!(0))));
        assert!(met(&Condition::Not(literal(json!("a"))), None));
        let at_most = Condition::Compares(Comparison::AtMost, literal(json!(3)));
        assert!(met(&at_most, Some(json!(3))) && !met(&at_most, Some(json!(4))));
        assert!(met(&at_most, None) && !met(&at_most, Some(json!("3"))));
        assert!(met(&Condition::Contains(literal(json!("x"))), Some(json!(["y", "x"]))));
        assert!(met(&Condition::Exists(false), Some(Value::Null)));
        assert!(met(&Condition::In(vec![json!("a"), json!("b")]), Some(json!("b"))));
    }
}
