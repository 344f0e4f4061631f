//! Whether the rules of one place see the difference between two objects.
//!
//! The two objects differ by an exchange: of two fields, of the names of two entries, of two
//! values; and so do their old objects. A rule says the same of both if it looks at nothing that
//! differs, or only compares it with what differs in the same way: a field with itself in the old
//! object, a value with a literal that is neither of the two. Paths are names of fields from the
//! place of the rules, steps into items skipped. Next to read: `../rules.rs`, which asks.

use serde_json::Value;

use super::compile::{Checks, Rule};
use super::reads::{Look, Step};
use super::value::escaped;

impl Checks {
    /// Whether a rule may tell two fields under a parent apart.
    pub(in super::super) fn see_fields(&self, parent: &[&str], a: &str, b: &str) -> bool {
        self.any(|_, place, look| match reach(place, parent) {
            Reach::Apart => false,
            Reach::Around | Reach::Here => match look {
                Look::Presence => false,
                // Whole values, compared with whole values: what is in them is exchanged in both.
                Look::Itself => place.contains(&Step::Items),
                Look::Literal(_) | Look::Value => true,
            },
            Reach::Below(name) => is_name(name, a) || is_name(name, b),
        })
    }

    /// Whether a rule may tell two entries of a list apart, which differ by this key.
    pub(in super::super) fn see_entries(&self, key: &[&str], a: &str, b: &str) -> bool {
        let (a, b) = (Value::from(a), Value::from(b));
        self.any(|_, place, look| {
            let items = place.iter().filter(|step| **step == Step::Items).count();
            match (reach(place, key), look) {
                (Reach::Apart, _) | (Reach::Around | Reach::Here, Look::Presence) => false,
                (Reach::Here, Look::Literal(literal)) => is_like(literal, &a, &b),
                // All items have their names exchanged.
                (Reach::Here, Look::Itself) => items > 1,
                (Reach::Around, Look::Itself) => items > 0,
                (Reach::Around | Reach::Here | Reach::Below(_), _) => true,
            }
        })
    }

    /// Whether a rule may tell two scalar values at a place apart, of which each is valid there on
    /// its own. `exact` is whether the place's schema leaves values as they are: a time or a
    /// floating point number may equal one that is written otherwise.
    pub(in super::super) fn see_values(
        &self,
        path: &[&str],
        (a, b): (&Value, &Value),
        exact: bool,
    ) -> bool {
        self.any(|rule, place, look| {
            let compared = |differs: bool| !exact || differs;
            match (reach(place, path), look) {
                // A rule about this value and no other: what it says is known to be the same.
                _ if path.is_empty() && !rule.uses_old_self => false,
                (Reach::Apart, _) | (Reach::Around | Reach::Here, Look::Presence) => false,
                (Reach::Here, Look::Literal(literal)) => compared(is_like(literal, a, b)),
                (Reach::Around | Reach::Here, Look::Itself) => {
                    compared(place.contains(&Step::Items))
                }
                (Reach::Around | Reach::Here | Reach::Below(_), _) => true,
            }
        })
    }

    fn any(&self, sees: impl Fn(&Rule, &[Step], &Look) -> bool) -> bool {
        let all = self.rules.iter().flat_map(|rule| rule.reads.iter().map(move |it| (rule, it)));
        all.into_iter().any(|(rule, (place, look))| sees(rule, place, look))
    }
}

/// Where a place is, seen from another.
enum Reach<'s> {
    Apart,
    /// It contains the other.
    Around,
    Here,
    /// In the other, in the field of this name.
    Below(&'s str),
}

fn reach<'s>(place: &'s [Step], path: &[&str]) -> Reach<'s> {
    let mut names = place.iter().filter_map(|step| match step {
        Step::Field(name) => Some(name.as_str()),
        Step::Items => None,
    });
    for field in path {
        match names.next() {
            None => return Reach::Around,
            Some(name) if is_name(name, field) => {}
            Some(_) => return Reach::Apart,
        }
    }
    names.next().map_or(Reach::Here, Reach::Below)
}

/// Whether a rule's name for a field may mean this one: keys of maps are not escaped.
fn is_name(name: &str, field: &str) -> bool {
    name == field || escaped(field) == name
}

/// Whether a literal may equal one of two values.
fn is_like(literal: &str, a: &Value, b: &Value) -> bool {
    let literal: Value = serde_json::from_str(literal).unwrap_or_default();
    [a, b].into_iter().any(|value| match (value.as_f64(), literal.as_f64()) {
        (Some(value), Some(literal)) => value == literal,
        _ => *value == literal,
    })
}
