//! What is asked of one value: in `invariants`, and in a worker's `validate`.
//!
//! Next to read: `reconcilers/condition.rs`.

use std::ops::Range;

use super::diagnostic::{Diagnostic, clean};
use super::node::{Node, NodeKind};
use super::suggest::{did_you_mean, listed};
use super::values::Values;
use crate::apiserver::FieldPath;
use crate::reconcilers::{Comparison, Condition, Term};

/// The operators.
const OPERATORS: [&str; 9] =
    ["$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$in", "$contains", "$exists"];

/// The entries of `validate`: a literal, an operator, or a list of allowed values.
pub fn validate(values: &mut Values<'_>, map: &Node) -> Vec<(FieldPath, Condition)> {
    let mut rules = Vec::new();
    for (key, node) in map.entries() {
        let path = values.path(&key.text, &key.span);
        let condition = match &node.kind {
            NodeKind::List(items) => {
                Some(Condition::In(items.iter().map(Node::to_value).collect()))
            }
            _ => condition(values, node),
        };
        rules.extend(path.zip(condition));
    }
    rules
}

/// A literal, `null`, or one operator; a path that it compares with is of the same object.
pub fn condition(values: &mut Values<'_>, node: &Node) -> Option<Condition> {
    let source = values.source;
    let wrong = |place: &Range<usize>, message: String| {
        Diagnostic::error(message).at(source, place.clone(), "")
    };
    let operator = node.entries().iter().find(|(key, _)| key.text.starts_with('$'));
    let Some((key, value)) = operator else {
        let value = Some(node.to_value()).filter(|value| !value.is_null());
        return Some(Condition::Is(Term::Literal(value)));
    };
    if node.entries().len() > 1 {
        let mistake =
            wrong(&key.span, format!("`{}` must be the only key of its map", clean(&key.text)));
        values.mistakes.push(mistake.note("a condition is a literal or one operator"));
        return None;
    }
    let term = |value: &Node| Term::Literal(Some(value.to_value()).filter(|v| !v.is_null()));
    let comparison = match key.text.as_str() {
        "$lt" => Some(Comparison::Less),
        "$lte" => Some(Comparison::AtMost),
        "$gt" => Some(Comparison::Greater),
        "$gte" => Some(Comparison::AtLeast),
        _ => None,
    };
    let takes = match (key.text.as_str(), &value.kind) {
        ("$eq", _) => return Some(Condition::Is(term(value))),
        ("$ne", _) => return Some(Condition::Not(term(value))),
        ("$contains", _) => return Some(Condition::Contains(term(value))),
        ("$in", NodeKind::List(items)) => {
            return Some(Condition::In(items.iter().map(Node::to_value).collect()));
        }
        ("$in", _) => "a list of values",
        ("$exists", NodeKind::Bool(there)) => return Some(Condition::Exists(*there)),
        ("$exists", _) => "`true` or `false`",
        _ => match (comparison, &value.kind) {
            (Some(comparison), NodeKind::Number(_)) => {
                return Some(Condition::Compares(comparison, term(value)));
            }
            (Some(comparison), NodeKind::String(text)) => {
                let path = values.path(text, &value.span)?;
                return Some(Condition::Compares(comparison, Term::Held(0, path)));
            }
            (Some(_), _) => "a number, or a path of the same object",
            (None, _) => {
                let meant = did_you_mean(&key.text, OPERATORS);
                let mistake = wrong(&key.span, format!("unknown operator `{}`", clean(&key.text)));
                let note = format!("the operators are {}", listed(&OPERATORS, "and"));
                values.mistakes.push(mistake.maybe_help(meant).note(note));
                return None;
            }
        },
    };
    let place = if value.span.is_empty() { key.span.clone() } else { value.mark() };
    let message = format!("`{}` takes {takes}, not {}", key.text, value.described());
    values.mistakes.push(wrong(&place, message));
    None
}
