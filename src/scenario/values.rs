//! Field paths and values as a scenario writes them, with carets inside the strings.
//!
//! `{ $add: 1 }` and its like become [`ValueExpr`]s. An expression inside of the fields of a list
//! entry (`{ status: "True", observedGeneration: { $read: metadata.generation } }`) becomes a
//! field of its own. Next to read: `validate.rs`.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Key, Node, NodeKind};
use super::suggest::{did_you_mean, listed};
use crate::apiserver::{FieldPath, Step};
use crate::reconcilers::ValueExpr;

/// The expressions, each with an example.
const EXPRESSIONS: [(&str, &str); 5] = [
    ("$read", "{ $read: metadata.generation }"),
    ("$add", "{ $add: 1 }"),
    ("$append", "{ $append: x }"),
    ("$exactly", "{ $exactly: [a] }"),
    ("$remove", "{ $remove: true }"),
];

/// A path has no more steps than this.
const MAX_STEPS: usize = 32;

/// Reads paths and values, and collects what is wrong with them.
#[derive(Debug)]
pub struct Values<'v> {
    /// The text they stand in.
    pub source: &'v Arc<SourceText>,
    /// What is wrong.
    pub mistakes: Vec<Diagnostic>,
}

/// One entry of `sets`.
#[derive(Clone, Debug)]
pub struct SetEntry {
    /// The field.
    pub path: FieldPath,
    /// What it is to become.
    pub value: ValueExpr,
    /// Where the path stands.
    pub key: Range<usize>,
    /// Where the value stands.
    pub place: Range<usize>,
}

impl Values<'_> {
    /// The entries of `sets`.
    pub fn sets(&mut self, map: &Node) -> Vec<SetEntry> {
        let mut sets: Vec<SetEntry> = Vec::new();
        for (key, node) in map.entries() {
            let Some(path) = self.path(&key.text, &key.span) else { continue };
            if let Some(first) = sets.iter().find(|set| set.path == path) {
                let message = format!("the field `{}` is set twice", clean(&path.to_string()));
                let mistake = Diagnostic::error(message)
                    .at(self.source, key.span.clone(), "again here")
                    .see(self.source, first.key.clone(), "first here");
                self.mistakes.push(mistake);
                continue;
            }
            self.set(path, key, node, &mut sets);
        }
        sets
    }

    fn set(&mut self, path: FieldPath, key: &Key, node: &Node, sets: &mut Vec<SetEntry>) {
        let mut push = |path: FieldPath, value: ValueExpr, place: &Node| {
            sets.push(SetEntry { path, value, key: key.span.clone(), place: place.mark() });
        };
        if let Some(value) = self.expression(node) {
            let Some(value) = value else { return };
            return push(path, value, node);
        }
        let Some(inner) = find_expression(node) else {
            let value = match node.to_value() {
                Value::Null => ValueExpr::Remove,
                value => ValueExpr::Literal(value),
            };
            return push(path, value, node);
        };
        let in_entry = matches!(path.steps().last(), Some(Step::Entry { .. }));
        let direct = node.entries().iter().all(|(_, field)| {
            field.entries().iter().any(|(key, _)| is_expression(&key.text))
                || find_expression(field).is_none()
        });
        if !in_entry || !direct {
            let message = "an expression stands for a whole field, not for a part of its value";
            let mistake = Diagnostic::error(message)
                .at(self.source, inner, "")
                .help("give the field a line of its own in `sets`");
            return self.mistakes.push(mistake);
        }
        for (field, value) in node.entries() {
            let child = path.child(Step::Key(field.text.clone()));
            match self.expression(value) {
                Some(Some(expression)) => push(child, expression, value),
                Some(None) => {}
                None => push(child, ValueExpr::Literal(value.to_value()), value),
            }
        }
    }

    /// The entries of `when`: `None` is for absent.
    pub fn when(&mut self, map: &Node) -> Vec<(FieldPath, Option<Value>, Range<usize>)> {
        let mut conditions = Vec::new();
        for (key, node) in map.entries() {
            let path = self.path(&key.text, &key.span);
            if let Some(place) = find_expression(node) {
                let mistake = Diagnostic::error("`when` takes a literal value, not an expression")
                    .at(self.source, place, "")
                    .note("expressions (`$read`, `$add` ...) are for `sets`");
                self.mistakes.push(mistake);
                continue;
            }
            let value = Some(node.to_value()).filter(|value| !value.is_null());
            conditions.extend(path.map(|path| (path, value, key.span.clone())));
        }
        conditions
    }

    /// The field paths of `knows`.
    pub fn knows(&mut self, list: &Node) -> Vec<FieldPath> {
        let mut known = Vec::new();
        for item in list.items() {
            let Some(path) = self.path(item.as_str().unwrap_or_default(), &item.span) else {
                continue;
            };
            if path.root() != Some("status") {
                let mistake = Diagnostic::error("`knows` takes fields of the status")
                    .at(self.source, item.span.clone(), "")
                    .help(format!("write `status.{}`", clean(&path.to_string())));
                self.mistakes.push(mistake);
                continue;
            }
            known.push(path);
        }
        known
    }

    /// The field paths of `omit`, which none of the `sets` may need.
    pub fn omit(&mut self, list: &Node, sets: &[SetEntry]) -> Vec<FieldPath> {
        const IDENTITY: [&str; 5] = [
            "apiVersion",
            "kind",
            "metadata.name",
            "metadata.namespace",
            "metadata.resourceVersion",
        ];
        let mut omitted = Vec::new();
        for item in list.items() {
            let Some(path) = self.path(item.as_str().unwrap_or_default(), &item.span) else {
                continue;
            };
            let needed = IDENTITY.iter().filter_map(|field| field.parse::<FieldPath>().ok());
            if let Some(field) = needed.into_iter().find(|field| path.overlaps(field)) {
                let mistake = Diagnostic::error(format!("a PUT cannot leave out `{field}`"))
                    .at(self.source, item.span.clone(), "")
                    .note("`update-unconditional` is the PUT without a resourceVersion");
                self.mistakes.push(mistake);
                continue;
            }
            if let Some(set) = sets.iter().find(|set| set.path.overlaps(&path)) {
                let text = clean(&set.path.to_string());
                let message = format!("`{text}` is set, and `omit` leaves it out of the PUT");
                let mistake = Diagnostic::error(message)
                    .at(self.source, item.span.clone(), "left out here")
                    .see(self.source, set.key.clone(), "set here")
                    .help("remove it from `sets` or from `omit`");
                self.mistakes.push(mistake);
                continue;
            }
            omitted.push(path);
        }
        omitted
    }

    /// A field path, or a mistake with the caret at the character where it goes wrong.
    pub fn path(&mut self, text: &str, place: &Range<usize>) -> Option<FieldPath> {
        let problem = match text.parse::<FieldPath>() {
            Ok(path) if path.root().is_none() => {
                ("it begins with a field name, such as `status`".to_owned(), 0)
            }
            Ok(path) if path.steps().len() > MAX_STEPS => {
                (format!("it has more than {MAX_STEPS} steps"), 0)
            }
            Ok(path) => return Some(path),
            Err(error) => (error.message, error.offset),
        };
        let (message, offset) = problem;
        let mistake = Diagnostic::error(format!("cannot read this field path: {message}"))
            .at(self.source, inside(self.source, place, text, offset), "")
            .note(
                "field paths read like `status.ready`, `status.conditions[type=Ready]` or \
                 `metadata.labels[\"a.b/c\"]`",
            );
        self.mistakes.push(mistake);
        None
    }

    /// `None` if the node is no expression; `Some(None)` if it is a wrong one.
    fn expression(&mut self, node: &Node) -> Option<Option<ValueExpr>> {
        let (key, value) = node.entries().iter().find(|(key, _)| key.text.starts_with('$'))?;
        if node.entries().len() > 1 {
            let mistake = Diagnostic::error(format!(
                "`{}` must be the only key of its map",
                clean(&key.text)
            ))
            .at(self.source, key.span.clone(), "")
            .note("a value is a literal or one expression");
            self.mistakes.push(mistake);
            return Some(None);
        }
        let wrong = match (key.text.as_str(), &value.kind) {
            ("$read", NodeKind::String(text)) => {
                return Some(self.path(text, &value.span).map(ValueExpr::Read));
            }
            ("$read", _) => "a field path",
            ("$add", NodeKind::Number(n)) => return Some(Some(ValueExpr::Add(n.clone()))),
            ("$add", _) => "a number",
            ("$append", _) => return Some(Some(ValueExpr::Append(value.to_value()))),
            ("$exactly", _) => return Some(self.literal(value).map(ValueExpr::Exactly)),
            ("$remove", NodeKind::Bool(true)) => return Some(Some(ValueExpr::Remove)),
            ("$remove", NodeKind::String(_) | NodeKind::Number(_)) => {
                return Some(Some(ValueExpr::RemoveItem(value.to_value())));
            }
            ("$remove", _) => "`true`, or the item or key to take out of a list",
            (unknown, _) => {
                self.unknown_expression(unknown, key);
                return Some(None);
            }
        };
        let message = format!("`{}` takes {wrong}, not {}", key.text, value.described());
        let place = if value.span.is_empty() { key.span.clone() } else { value.mark() };
        self.mistakes.push(Diagnostic::error(message).at(self.source, place, ""));
        Some(None)
    }

    /// A value without expressions in it.
    fn literal(&mut self, node: &Node) -> Option<Value> {
        let Some(inner) = find_expression(node) else { return Some(node.to_value()) };
        let message = "an expression stands for a whole field, not for a part of its value";
        self.mistakes.push(Diagnostic::error(message).at(self.source, inner, ""));
        None
    }

    fn unknown_expression(&mut self, unknown: &str, key: &Key) {
        let names = EXPRESSIONS.map(|(name, _)| name);
        let examples = EXPRESSIONS.map(|(_, example)| example);
        let mistake = Diagnostic::error(format!("unknown expression `{}`", clean(unknown)))
            .at(self.source, key.span.clone(), "")
            .maybe_help(did_you_mean(unknown, names))
            .note(format!("the expressions are {}", listed(&examples, "and")));
        self.mistakes.push(mistake);
    }
}

fn is_expression(key: &str) -> bool {
    EXPRESSIONS.iter().any(|(name, _)| *name == key)
}

/// The first expression anywhere inside.
fn find_expression(node: &Node) -> Option<Range<usize>> {
    let mut entries = node.entries().iter();
    entries
        .find_map(|(key, value)| match is_expression(&key.text) {
            true => Some(key.span.clone()),
            false => find_expression(value),
        })
        .or_else(|| node.items().iter().find_map(find_expression))
}

/// The place of the character at `offset` of a string's value; the whole string if it is written
/// with escapes.
pub fn inside(
    source: &SourceText,
    place: &Range<usize>,
    text: &str,
    offset: usize,
) -> Range<usize> {
    let written = source.text.get(place.clone()).unwrap_or_default();
    let quote = usize::from(written.starts_with(['"', '\'']));
    if text.is_empty() || !written.get(quote..).is_some_and(|rest| rest.starts_with(text)) {
        return place.clone();
    }
    let offset = text.floor_char_boundary(offset.min(text.len()));
    let width = text[offset..].chars().next().map_or(1, char::len_utf8);
    let start = place.start + quote + offset;
    start..(start + width).min(place.end.max(start))
}
