//! `when` of a step.

use std::ops::Range;

use serde_json::Value;

use super::Compiler;
use crate::reconcilers::{Comparison, Condition, Op, Term, Test};
use crate::scenario::diagnostic::clean;
use crate::scenario::node::{Key, Node, NodeKind};
use crate::scenario::suggest::{did_you_mean, listed};

/// The operators.
const OPERATORS: [&str; 10] =
    ["$eq", "$ne", "$lt", "$lte", "$gt", "$gte", "$in", "$contains", "$exists", "$read"];

impl Compiler<'_> {
    /// `when`, with its `else`. The run ends if it is not met and there is no `else`.
    pub(super) fn when(&mut self, step: &Node, map: &Node, is_last: bool) {
        let tests: Vec<Test> =
            map.entries().iter().filter_map(|(key, node)| self.test(key, node)).collect();
        let otherwise = step.get("else").filter(|node| node.kind != NodeKind::Null);
        if otherwise.is_none() && is_last {
            self.wrong(&map.mark(), "no step follows this `when`, so it has no effect")
                .help("put it before the step that depends on it, or give it an `else`");
        }
        let test = self.here();
        self.push(Op::Test { tests, otherwise: 0 });
        // Met: over what is done otherwise.
        let jump = self.here();
        self.push(Op::Jump(0));
        let start = self.here();
        match otherwise {
            Some(steps) => self.block(steps),
            None => self.push(Op::Stop),
        }
        let end = self.here();
        if let Op::Test { otherwise, .. } = &mut self.steps.code[test] {
            *otherwise = start;
        }
        self.steps.code[jump] = Op::Jump(end);
    }

    fn test(&mut self, key: &Key, node: &Node) -> Option<Test> {
        let alone = self.bound.iter().find(|bound| bound.name == key.text).cloned();
        let (slot, path) = match alone {
            Some(bound) => (bound.slot, None),
            None => {
                let path = self.values.path(&key.text, &key.span)?;
                match self.bound_path(&path) {
                    Some((bound, rest)) => (bound.slot, Some(rest)),
                    None => match self.bound.as_slice() {
                        // A path of the only thing that was read.
                        [only] if self.is_field_of(&path, &only.kind) => (only.slot, Some(path)),
                        _ => {
                            let first = path.root().unwrap_or_default().to_owned();
                            self.named(&first, &key.span)?;
                            return None;
                        }
                    },
                }
            }
        };
        let condition = self.condition(node)?;
        Some(Test { slot, path, condition })
    }

    fn condition(&mut self, node: &Node) -> Option<Condition> {
        let operators = node.entries().iter().filter(|(key, _)| key.text.starts_with('$'));
        let operators: Vec<_> = operators.collect();
        let Some((key, value)) = operators.first() else {
            let value = Some(node.to_value()).filter(|value| !value.is_null());
            return Some(Condition::Is(Term::Literal(value)));
        };
        if node.entries().len() > 1 {
            let message = format!("`{}` must be the only key of its map", clean(&key.text));
            self.wrong(&key.span, message).note("a condition is a literal or one operator");
            return None;
        }
        let place = if value.span.is_empty() { key.span.clone() } else { value.mark() };
        match key.text.as_str() {
            "$eq" => self.term(value).map(Condition::Is),
            "$read" => self.term(node).map(Condition::Is),
            "$ne" => self.term(value).map(Condition::Not),
            "$contains" => self.term(value).map(Condition::Contains),
            "$in" => match &value.kind {
                NodeKind::List(items) => {
                    Some(Condition::In(items.iter().map(Node::to_value).collect()))
                }
                _ => self.operator_takes(&place, "$in", "a list", value),
            },
            "$exists" => match value.kind {
                NodeKind::Bool(there) => Some(Condition::Exists(there)),
                _ => self.operator_takes(&place, "$exists", "`true` or `false`", value),
            },
            "$lt" => self.compares(Comparison::Less, key, value),
            "$lte" => self.compares(Comparison::AtMost, key, value),
            "$gt" => self.compares(Comparison::Greater, key, value),
            "$gte" => self.compares(Comparison::AtLeast, key, value),
            unknown => {
                let message = format!("unknown operator `{}`", clean(unknown));
                let meant = did_you_mean(unknown, OPERATORS);
                self.wrong(&key.span, message)
                    .maybe_help(meant)
                    .note(format!("the operators are {}", listed(&OPERATORS, "and")));
                None
            }
        }
    }

    fn operator_takes(
        &mut self,
        place: &Range<usize>,
        operator: &str,
        what: &str,
        value: &Node,
    ) -> Option<Condition> {
        self.wrong(place, format!("`{operator}` takes {what}, not {}", value.described()));
        None
    }

    fn compares(&mut self, comparison: Comparison, key: &Key, value: &Node) -> Option<Condition> {
        let place = if value.span.is_empty() { key.span.clone() } else { value.mark() };
        let term = self.term(value)?;
        match &term {
            Term::Literal(Some(Value::Number(_))) | Term::Held(..) => {
                Some(Condition::Compares(comparison, term))
            }
            Term::Literal(_) => {
                self.operator_takes(&place, &key.text, "a number or `{ $read: alias.path }`", value)
            }
        }
    }

    /// A literal, or `{ $read: alias.path }`.
    pub(super) fn term(&mut self, node: &Node) -> Option<Term> {
        let Some((key, value)) = node.entry("$read") else {
            let value = Some(node.to_value()).filter(|value| !value.is_null());
            return Some(Term::Literal(value));
        };
        let Some(text) = value.as_str() else {
            let message = format!("`$read` takes a path, not {}", value.described());
            self.wrong(&key.span, message);
            return None;
        };
        let (slot, path) = self.held(text, &value.span)?;
        Some(Term::Held(slot, path))
    }
}
