//! Does a text have the shape of the schema? Every mistake at once, each with its place.
//!
//! A walk over a [`Node`] beside its JSON Schema: only the keywords that our own schema uses are
//! understood. Deserialising stops at the first mistake and forgets where it was; this does not.
//! Next to read: `load.rs`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Key, Node, NodeKind};
use super::suggest::{closest, did_you_mean, listed};

/// What is wrong with `node`, judged by `schema` (with its `$defs`).
pub fn check(source: &Arc<SourceText>, node: &Node, schema: &Value) -> Vec<Diagnostic> {
    let mut walk = Walk { source, root: schema, mistakes: Vec::new() };
    walk.value(node, schema, "a scenario file", node.mark());
    walk.mistakes
}

/// The maximum of mistakes: no reader goes on after that.
const MOST_MISTAKES: usize = 100;

struct Walk<'w> {
    source: &'w Arc<SourceText>,
    root: &'w Value,
    mistakes: Vec<Diagnostic>,
}

impl<'w> Walk<'w> {
    /// `what` names the value in messages; `owner` is where to point if the value has no place.
    fn value(&mut self, node: &Node, schema: &'w Value, what: &str, owner: Range<usize>) {
        let schema = self.resolved(schema);
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            return match choices.iter().find(|choice| has_type(node, self.resolved(choice))) {
                Some(choice) => self.value(node, choice, what, owner),
                None => self.wrong_type(node, schema, what, owner),
            };
        }
        if !has_type(node, schema) {
            return self.wrong_type(node, schema, what, owner);
        }
        match &node.kind {
            NodeKind::Map(entries) => self.map(node, entries, schema, what, owner),
            NodeKind::List(items) => self.list(node, items, schema, what, owner),
            NodeKind::String(text) => self.string(node, text, schema, what),
            NodeKind::Number(number) => self.number(node, number.as_f64(), schema, what),
            NodeKind::Null | NodeKind::Bool(_) => {}
        }
    }

    fn resolved(&self, schema: &'w Value) -> &'w Value {
        match schema.get("$ref").and_then(Value::as_str) {
            Some(to) => self.root.pointer(to.trim_start_matches('#')).unwrap_or(schema),
            None => schema,
        }
    }

    fn map(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        schema: &'w Value,
        what: &str,
        owner: Range<usize>,
    ) {
        let bounds = ("minProperties", "maxProperties");
        if !self.fits(node, entries.len(), schema, bounds, what, owner.clone()) {
            return;
        }
        let title = schema.get("title").and_then(Value::as_str);
        let known: BTreeMap<&str, &'w Value> = schema
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .map(|(name, inner)| (name.as_str(), inner))
            .collect();
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        for (key, value) in entries {
            if self.mistakes.len() >= MOST_MISTAKES {
                return;
            }
            match known.get(key.text.as_str()) {
                Some(inner) => {
                    let required = is_required(schema, &key.text);
                    if value.kind != NodeKind::Null || required {
                        let what = format!("`{}`", key.text);
                        self.value(value, inner, &what, key.span.clone());
                    }
                }
                None if closed => self.unknown_key(key, &known, title.unwrap_or("map")),
                None => {}
            }
        }
        for name in strings(schema.get("required")) {
            let misspelt = |(key, _): &(Key, Node)| {
                let names = known.keys().copied();
                !known.contains_key(key.text.as_str()) && closest(&key.text, names) == Some(name)
            };
            if node.get(name).is_none() && !(closed && entries.iter().any(misspelt)) {
                let known = known.get(name).map(|schema| self.resolved(schema));
                self.missing(node, name, title.unwrap_or(what), known, owner.clone());
            }
        }
    }

    fn list(
        &mut self,
        node: &Node,
        items: &[Node],
        schema: &'w Value,
        what: &str,
        owner: Range<usize>,
    ) {
        if !self.fits(node, items.len(), schema, ("minItems", "maxItems"), what, owner) {
            return;
        }
        if let Some(inner) = schema.get("items") {
            let title = self.resolved(inner).get("title").and_then(Value::as_str);
            let what = title.map_or_else(|| format!("an entry of {what}"), with_article);
            for item in items {
                if self.mistakes.len() >= MOST_MISTAKES {
                    return;
                }
                self.value(item, inner, &what, item.mark());
            }
        }
        if schema.get("uniqueItems") == Some(&Value::Bool(true)) {
            for (i, item) in items.iter().enumerate() {
                if let Some(first) = items[..i].iter().find(|first| first.kind == item.kind) {
                    let mistake = Diagnostic::error(format!("{what} has the same entry twice"))
                        .at(self.source, item.mark(), "again here")
                        .see(self.source, first.mark(), "first here");
                    self.mistakes.push(mistake);
                }
            }
        }
    }

    fn string(&mut self, node: &Node, text: &str, schema: &Value, what: &str) {
        let choices: Vec<&str> = strings(schema.get("enum")).collect();
        if !choices.is_empty() && !choices.contains(&text) {
            let mistake = match schema.get("title").and_then(Value::as_str) {
                Some(title) => format!("unknown {title} `{}`", clean(text)),
                None => format!("{what} must be {}, not `{}`", listed(&choices, "or"), clean(text)),
            };
            let mut mistake = self.error(node.mark(), mistake);
            let meant = did_you_mean(text, choices.iter().copied());
            let all = match choices.len() {
                0..=1 => None,
                2..=6 => Some(format!("{what} is one of {}", listed(&choices, "and"))),
                _ => None,
            };
            mistake = mistake.maybe_help(meant);
            mistake.notes.extend(all.or_else(|| where_listed(schema)));
            return self.mistakes.push(mistake);
        }
        let length = text.chars().count();
        let bounds = (bound(schema, "minLength"), bound(schema, "maxLength"));
        if bounds.0.is_some_and(|least| length < least) {
            self.mistakes.push(self.error(node.mark(), format!("{what} is empty")));
        }
        if let Some(most) = bounds.1.filter(|most| length > *most) {
            let mistake = self.error(node.mark(), format!("{what} is too long"));
            let note = format!("it has {length} characters; at most {most} are allowed");
            self.mistakes.push(mistake.note(note));
        }
    }

    fn number(&mut self, node: &Node, number: Option<f64>, schema: &Value, what: &str) {
        let Some(number) = number else { return };
        let (least, most) = (schema.get("minimum"), schema.get("maximum"));
        let outside = least.and_then(Value::as_f64).is_some_and(|least| number < least)
            || most.and_then(Value::as_f64).is_some_and(|most| number > most);
        if let (true, Some(least), Some(most)) = (outside, least, most) {
            let message = format!("{what} must be a number from {least} to {most}");
            self.mistakes.push(self.error(node.mark(), message));
        }
    }

    /// Whether the number of entries is as the schema wants it: what has far too many is not
    /// looked at entry by entry.
    fn fits(
        &mut self,
        node: &Node,
        count: usize,
        schema: &Value,
        bounds: (&str, &str),
        what: &str,
        owner: Range<usize>,
    ) -> bool {
        let place = if node.span.is_empty() { owner } else { node.mark() };
        if bound(schema, bounds.0).is_some_and(|least| count < least) {
            let said = schema.get("description").and_then(Value::as_str);
            let mut mistake = self.error(place, format!("{what} is empty"));
            mistake.notes.extend(said.map(|text| format!("{what}: {}", first_sentence(text))));
            self.mistakes.push(mistake);
        } else if let Some(most) = bound(schema, bounds.1).filter(|most| count > *most) {
            let message = format!("{what} has too many entries");
            let note = format!("it has {count}; at most {most} are allowed");
            self.mistakes.push(self.error(place, message).note(note));
        } else {
            return true;
        }
        false
    }

    fn unknown_key(&mut self, key: &Key, known: &BTreeMap<&str, &Value>, title: &str) {
        let names: Vec<&str> = known.keys().copied().collect();
        let mistake = match title {
            "property" => {
                self.error(key.span.clone(), format!("unknown property `{}`", clean(&key.text)))
            }
            _ => self.error(
                key.span.clone(),
                format!("unknown key `{}` in {}", clean(&key.text), with_article(title)),
            ),
        };
        let meant = did_you_mean(&key.text, names.iter().copied());
        let what = if title == "property" { "properties" } else { "keys" };
        let note = format!("the {what} are {}", listed(&names, "and"));
        let mut mistake = mistake.maybe_help(meant);
        mistake.notes.extend((names.len() > 1).then_some(note));
        self.mistakes.push(mistake);
    }

    fn missing(
        &mut self,
        node: &Node,
        name: &str,
        title: &str,
        schema: Option<&Value>,
        owner: Range<usize>,
    ) {
        let place = if node.span.is_empty() { owner } else { node.mark() };
        let message = format!("{} needs the key `{name}`", with_article(title));
        let mut mistake = self.error(place, message);
        if let Some(schema) = schema {
            let choices: Vec<&str> = strings(schema.get("enum")).collect();
            if let [only] = choices.as_slice() {
                mistake = mistake.help(format!("add `{name}: {only}`"));
            } else if let Some(text) = schema.get("description").and_then(Value::as_str) {
                mistake = mistake.note(format!("`{name}`: {}", first_sentence(text)));
            }
        }
        self.mistakes.push(mistake);
    }

    fn wrong_type(&mut self, node: &Node, schema: &'w Value, what: &str, owner: Range<usize>) {
        let place = if node.span.is_empty() { owner } else { node.mark() };
        let wanted = self.wanted(schema);
        let message = format!("{what} must be {wanted}, not {}", node.described());
        let mut mistake = self.error(place.clone(), message);
        let scalar = matches!(node.kind, NodeKind::Bool(_) | NodeKind::Number(_));
        if scalar && wanted.contains("a string") {
            let written = self.source.text.get(place).unwrap_or_default();
            mistake = mistake.help(format!("put quotes around it: \"{}\"", clean(written)));
        }
        self.mistakes.push(mistake);
    }

    fn wanted(&self, schema: &'w Value) -> String {
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let choices: Vec<String> =
                choices.iter().map(|choice| self.wanted(self.resolved(choice))).collect();
            return choices.join(" or ");
        }
        if schema.get("title").and_then(Value::as_str) == Some("duration") {
            return "a duration such as 5ms".to_owned();
        }
        let choices: Vec<&str> = strings(schema.get("enum")).collect();
        if (1..=3).contains(&choices.len()) {
            return listed(&choices, "or");
        }
        let types = types(schema).into_iter().map(|name| match name {
            "object" => "a map",
            "array" => "a list",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            _ => "a string",
        });
        types.collect::<Vec<_>>().join(" or ")
    }

    fn error(&self, place: Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(message).at(self.source, place, "")
    }
}

fn has_type(node: &Node, schema: &Value) -> bool {
    let types = types(schema);
    types.is_empty()
        || types.into_iter().any(|name| match &node.kind {
            NodeKind::Null => name == "null",
            NodeKind::Bool(_) => name == "boolean",
            NodeKind::Number(n) => {
                name == "number" || name == "integer" && (n.is_u64() || n.is_i64())
            }
            NodeKind::String(_) => name == "string",
            NodeKind::List(_) => name == "array",
            NodeKind::Map(_) => name == "object",
        })
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        list => strings(list).collect(),
    }
}

fn strings(list: Option<&Value>) -> impl Iterator<Item = &str> {
    list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn bound(schema: &Value, name: &str) -> Option<usize> {
    schema.get(name)?.as_u64().and_then(|bound| usize::try_from(bound).ok())
}

fn is_required(schema: &Value, name: &str) -> bool {
    strings(schema.get("required")).any(|required| required == name)
}

fn with_article(title: &str) -> String {
    match title {
        "metadata" | "faults" | "timing" => format!("`{title}`"),
        _ if title.starts_with("uni") => format!("a {title}"),
        _ if title.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {title}"),
        _ => format!("a {title}"),
    }
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or(text, |(first, _)| first)
}

fn where_listed(schema: &Value) -> Option<String> {
    match schema.get("title").and_then(Value::as_str)? {
        "write method" => Some("`lostwrite list writes` prints all of them".to_owned()),
        "property" => Some("`lostwrite list properties` prints all of them".to_owned()),
        _ => None,
    }
}
