//! Values by which two workers differ, and which nothing looks at but to compare them: exchanged
//! together with the workers.
//!
//! One worker writes `Ready` where the other writes `Failed`, each in a field of its own or both
//! in the same one. If neither value is read, tested, added to, or the server's to interpret, a
//! state in which the one stands there has the same future as the state in which the other does,
//! up to the exchange of both workers: the server stores what it is given, and a property asks
//! whether two values are the same. So the values must be told apart by equality alone, however
//! equality is meant (as bytes, as numbers, as quantities), from each other and from everything
//! else that is ever written there; both must be there or be absent alike, so nothing empty is
//! taken. Next to read: `schedulers/exhaustive/symmetry.rs`, which tries both on the real server.

use std::sync::Arc;

use serde_json::Value;

use super::super::{Job, Op, Program, ValueExpr};
use crate::apiserver::{FieldPath, Kind, Step};
use crate::history::{canonical, quantity};

/// Two values of one field, or of two fields that are exchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnValue {
    /// Where the one worker writes it, and where the other does.
    pub paths: (FieldPath, FieldPath),
    /// What the one writes, and what the other does.
    pub values: (Value, Value),
}

impl OwnValue {
    fn places(&self) -> impl Iterator<Item = &FieldPath> {
        let (a, b) = &self.paths;
        std::iter::once(a).chain((a != b).then_some(b))
    }

    /// The other value, if this is one of the two.
    pub fn other(&self, value: &Value) -> Option<&Value> {
        let (a, b) = &self.values;
        match () {
            () if value == a => Some(b),
            () if value == b => Some(a),
            () => None,
        }
    }

    /// Whether this is one of the places.
    pub fn is_at(&self, path: &FieldPath) -> bool {
        self.places().any(|place| place == path)
    }

    fn overlaps(&self, path: &FieldPath) -> bool {
        self.places().any(|place| place.overlaps(path))
    }

    /// Whether a value means the same as one of the two.
    fn is_like(&self, value: &Value) -> bool {
        is_like(&self.values.0, value) || is_like(&self.values.1, value)
    }

    /// Whether the two are told apart from each other and from those of another pair.
    fn is_distinct(&self, others: &[OwnValue]) -> bool {
        !is_like(&self.values.0, &self.values.1)
            && others.iter().filter(|other| *other != self).all(|other| {
                let meet = other.places().any(|place| self.overlaps(place));
                !meet || !self.is_like(&other.values.0) && !self.is_like(&other.values.1)
            })
    }
}

/// Whether two values may mean the same to whatever compares them.
fn is_like(a: &Value, b: &Value) -> bool {
    canonical(a) == canonical(b) || quantity(a).is_some_and(|a| quantity(b) == Some(a))
}

/// Pairs the values of two literals at two paths; false if they differ in more than such values.
pub(super) fn pair(
    paths: (&FieldPath, &FieldPath),
    a: &Value,
    b: &Value,
    values: &mut Vec<OwnValue>,
) -> bool {
    let paired = match (a, b) {
        _ if a == b => return true,
        (Value::Object(one), Value::Object(other)) => {
            return one.len() == other.len()
                && one.iter().all(|(key, a)| {
                    let step = || Step::Key(key.clone());
                    let below = (&paths.0.child(step()), &paths.1.child(step()));
                    other.get(key).is_some_and(|b| pair(below, a, b, values))
                });
        }
        (Value::String(a), Value::String(b)) => !a.is_empty() && !b.is_empty(),
        (Value::Number(a), Value::Number(b)) => {
            let whole = |n: &serde_json::Number| n.as_i64().is_some_and(|n| n != 0);
            whole(a) && whole(b)
        }
        _ => false,
    };
    // A leaf inside of a list inside of an entry may be the whole list: too much to follow.
    // And what tells an entry apart says where its other fields are.
    let entries = |path: &FieldPath| {
        let names_entry = |steps: &[Step]| match steps {
            [Step::Entry { key, .. }, Step::Key(last)] => key == last,
            _ => false,
        };
        if path.steps().windows(2).any(names_entry) {
            return false;
        }
        let lists = path.steps().iter().filter(|step| !matches!(step, Step::Key(_)));
        lists.clone().count() <= 1 && !lists.into_iter().any(|it| matches!(it, Step::Index(_)))
    };
    let paths = (paths.0.clone(), paths.1.clone());
    let found = OwnValue { values: (a.clone(), b.clone()), paths };
    let plain = paired && entries(&found.paths.0) && entries(&found.paths.1);
    if plain && !values.contains(&found) {
        values.push(found);
    }
    plain
}

/// Whether nothing but equality tells the values apart: to no worker, and not by the schema.
pub(super) fn are_sound(
    values: &[OwnValue],
    programs: &[Arc<Program>],
    pair: (&Arc<Program>, &Arc<Program>),
    kind: &Kind,
) -> bool {
    let compared = |value: &OwnValue| {
        let (a, b) = &value.values;
        value.places().all(|place| kind.only_stores(&place.field_names(), (a, b)))
    };
    values.iter().all(|value| value.is_distinct(values) && compared(value))
        && programs.iter().all(|program| {
            let whose = match program {
                program if Arc::ptr_eq(program, pair.0) => Some(false),
                program if Arc::ptr_eq(program, pair.1) => Some(true),
                _ => None,
            };
            program.only_key() != pair.0.only_key()
                || program.code.iter().all(|op| leaves_alone(op, values, whose))
        })
}

/// Whether an operation looks at none of the values, and writes none that is not the worker's:
/// the first one's, the second one's, or that of neither.
fn leaves_alone(op: &Op, values: &[OwnValue], whose: Option<bool>) -> bool {
    let apart = |path: &FieldPath| !values.iter().any(|value| value.overlaps(path));
    match op {
        Op::Test { tests, .. } => {
            let looked_at = tests.iter().flat_map(|it| [it.path.as_ref(), it.condition.path()]);
            looked_at.flatten().all(apart)
        }
        Op::Write(write) => {
            let Job { sets, when, decided, validate, .. } = &*write.job;
            let asked = validate.iter().flat_map(|(path, rule)| [Some(path), rule.path()]);
            when.iter().map(|(path, _)| path).chain(decided).chain(asked.flatten()).all(apart)
                && sets.iter().all(|set| match &set.value {
                    ValueExpr::Literal(literal) => stays(&set.path, literal, values, whose),
                    ValueExpr::Remove => true,
                    ValueExpr::Read(from) | ValueExpr::Held { path: from, .. } => {
                        apart(from) && apart(&set.path)
                    }
                    ValueExpr::Exactly(_)
                    | ValueExpr::Add(_)
                    | ValueExpr::Append(_)
                    | ValueExpr::RemoveItem(_) => apart(&set.path),
                })
        }
        _ => true,
    }
}

/// Whether a literal at a path writes one of the values only where that is the worker's own.
fn stays(path: &FieldPath, literal: &Value, values: &[OwnValue], whose: Option<bool>) -> bool {
    if !values.iter().any(|value| value.overlaps(path)) {
        return true;
    }
    match literal {
        Value::Object(fields) if !fields.is_empty() => {
            // A value that this would be written over as a whole.
            !values.iter().any(|value| value.is_at(path))
                && fields.iter().all(|(key, inner)| {
                    stays(&path.child(Step::Key(key.clone())), inner, values, whose)
                })
        }
        scalar => values.iter().filter(|value| value.overlaps(path)).all(|value| {
            let own = match whose {
                Some(false) => path == &value.paths.0 && scalar == &value.values.0,
                Some(true) => path == &value.paths.1 && scalar == &value.values.1,
                None => false,
            };
            own || value.is_at(path) && !value.is_like(scalar) && is_scalar(scalar)
        }),
    }
}

fn is_scalar(value: &Value) -> bool {
    matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_))
}

/// Exchanges the values in an object, or in a body with its shape.
pub(super) fn exchange_in(values: &[OwnValue], object: &mut Value) {
    exchange_below(values, &FieldPath::new(Vec::new()), object);
}

/// Exchanges the values in what stands at a path.
pub(super) fn exchange_below(values: &[OwnValue], path: &FieldPath, below: &mut Value) {
    for value in values {
        for place in value.places().filter(|place| place.steps().starts_with(path.steps())) {
            let rest = FieldPath::new(place.steps()[path.steps().len()..].to_vec());
            if let Some(found) = rest.get_mut(below)
                && let Some(other) = value.other(found)
            {
                *found = other.clone();
            }
        }
    }
}

/// Whether an object, as it is at the start, holds nothing that is like one of the values.
pub(super) fn are_new_to(values: &[OwnValue], object: &Value) -> bool {
    values.iter().all(|value| {
        value.places().filter_map(|place| place.get(object)).all(|found| !value.is_like(found))
    })
}
