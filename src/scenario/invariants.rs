//! `invariants`: from nodes to rules, with a caret for each mistake.
//!
//! Next to read: `properties/invariant.rs`.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::cluster::{Cluster, Seeded};
use super::conditions;
use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Node, NodeKind};
use super::suggest::{did_you_mean, listed};
use super::values::Values;
use crate::apiserver::{FieldPath, Key};
use crate::properties::{self, Clause, Invariant, Rule};
use crate::reconcilers::Condition;

/// The rules; an invariant has exactly one.
const RULES: [&str; 7] = ["never", "always", "finally", "owner", "stable", "monotonic", "effect"];

/// Reads the invariants of a scenario.
pub fn read(
    source: &Arc<SourceText>,
    list: &Node,
    cluster: &Cluster,
    workers: &[String],
) -> Result<Vec<Invariant>, Vec<Diagnostic>> {
    let values = Values { source, mistakes: Vec::new() };
    let mut reader = Reader { values, source, cluster, workers };
    let mut all: Vec<Invariant> = Vec::new();
    for node in list.items() {
        let Some(name_node) = node.get("name") else { continue };
        let name = name_node.as_str().unwrap_or_default();
        if properties::named(name).is_some() || all.iter().any(|other| other.name == name) {
            let message = format!("`{}` already names a property", clean(name));
            reader.wrong(&name_node.span, message, "give the invariant a name of its own");
            continue;
        }
        if let Some(rule) = reader.rule(node) {
            let entry = properties::invariant_entry(name);
            let workers = workers.to_vec();
            all.push(Invariant { name: entry.name, rule, workers, initial: Vec::new() });
        }
    }
    match reader.values.mistakes.is_empty() {
        true => Ok(all),
        false => Err(reader.values.mistakes),
    }
}

struct Reader<'r> {
    values: Values<'r>,
    source: &'r Arc<SourceText>,
    cluster: &'r Cluster,
    workers: &'r [String],
}

impl Reader<'_> {
    fn wrong(&mut self, place: &Range<usize>, message: impl Into<String>, help: &str) {
        let mistake = Diagnostic::error(message).at(self.source, place.clone(), "").help(help);
        self.values.mistakes.push(mistake);
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        let found: Vec<_> = RULES.iter().filter_map(|rule| node.entry(rule)).collect();
        let (key, value) = match found.as_slice() {
            [one] => *one,
            [] => {
                let message = "this invariant has no rule";
                self.wrong(
                    &node.mark(),
                    message,
                    "add `never`, `always`, `finally`, `owner`, `stable`, `monotonic` or `effect`",
                );
                return None;
            }
            [_, (second, _), ..] => {
                let message = "an invariant must have exactly one rule";
                self.wrong(&second.span.clone(), message, "make this an invariant of its own");
                return None;
            }
        };
        match key.text.as_str() {
            "never" => {
                let worker = match value.get("worker") {
                    Some(node) => self.workers(node)?,
                    None => Vec::new(),
                };
                Some(Rule::Never(self.clauses(value)?, worker))
            }
            "always" => self.clauses(value).map(Rule::Always),
            "finally" => self.clauses(value).map(Rule::Finally),
            "owner" => self.owner(value),
            "stable" => self.stable(value),
            "monotonic" => {
                let (key, path) = self.place(value.as_str().unwrap_or_default(), &value.span)?;
                let Some(path) = path else {
                    let help = "add the field: `Kind/name.spec.epoch`";
                    self.wrong(&value.span, "`monotonic` needs the path of a field", help);
                    return None;
                };
                Some(Rule::Monotonic { key, path })
            }
            _ => self.effect(value),
        }
    }

    fn worker(&mut self, node: &Node) -> Option<usize> {
        let name = node.as_str().unwrap_or_default();
        let at = self.workers.iter().position(|worker| worker == name);
        if at.is_none() {
            let meant = did_you_mean(name, self.workers.iter().map(String::as_str));
            let help =
                meant.unwrap_or_else(|| format!("the workers are {}", listed(self.workers, "and")));
            self.wrong(&node.span, format!("there is no worker `{}`", clean(name)), &help);
        }
        at
    }

    /// One worker, or several.
    fn workers(&mut self, node: &Node) -> Option<Vec<usize>> {
        let names: Vec<&Node> = match &node.kind {
            NodeKind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        names.into_iter().map(|node| self.worker(node)).collect()
    }

    /// `path: condition` entries, or a list of such maps under `all`.
    fn clauses(&mut self, map: &Node) -> Option<Vec<Clause>> {
        let mut clauses = Vec::new();
        for (key, node) in map.entries() {
            match key.text.as_str() {
                "worker" => {}
                "all" => {
                    for item in node.items() {
                        clauses.extend(self.clauses(item)?);
                    }
                }
                text => {
                    let (object, path) = self.place(text, &key.span)?;
                    let condition = self.condition(node)?;
                    let shown = self.source.text.get(node.span.clone()).unwrap_or_default().trim();
                    let text = format!("`{text}: {shown}`");
                    clauses.push(Clause { key: object, path, condition, text });
                }
            }
        }
        if clauses.is_empty() {
            self.wrong(
                &map.mark(),
                "this rule names no field",
                "for example: `status.phase: Ready`",
            );
            return None;
        }
        Some(clauses)
    }

    /// The object and the field that a path names.
    fn place(&mut self, text: &str, span: &Range<usize>) -> Option<(Key, Option<FieldPath>)> {
        let short = |seeded: &Seeded| format!("{}/{}", seeded.kind.kind, seeded.key.name);
        let names = |seeded: &Seeded| [seeded.reference(), short(seeded)];
        for seeded in &self.cluster.objects {
            for name in names(seeded) {
                match text.strip_prefix(name.as_str()) {
                    Some("") => return Some((seeded.key.clone(), None)),
                    Some(rest) if rest.starts_with('.') => {
                        let path = self.values.path(&rest[1..], span)?;
                        return Some((seeded.key.clone(), Some(path)));
                    }
                    _ => {}
                }
            }
        }
        if let Some((kind, rest)) = text.split_once('/') {
            // An object that is not there yet.
            let (name, path) = rest.split_once('.').map_or((rest, None), |(n, p)| (n, Some(p)));
            let Some(found) = self.cluster.server.kind_named(kind) else {
                let kinds = self.cluster.server.kinds();
                let meant = did_you_mean(kind, kinds.iter().map(|kind| kind.kind.as_str()));
                let help = meant.unwrap_or_else(|| "name the object as `Kind/name`".to_owned());
                self.wrong(span, format!("there is no kind `{}`", clean(kind)), &help);
                return None;
            };
            let (namespace, name) = match name.split_once('/') {
                Some((namespace, name)) if found.namespaced => (namespace, name),
                _ => ("default", name),
            };
            let namespace = found.namespaced.then(|| namespace.to_owned());
            let key = Key { resource: found.resource.clone(), namespace, name: name.to_owned() };
            let path = match path {
                Some(path) => Some(self.values.path(path, span)?),
                None => None,
            };
            return Some((key, path));
        }
        match self.cluster.objects.as_slice() {
            [only] => Some((only.key.clone(), Some(self.values.path(text, span)?))),
            all => {
                let first = all.first().map(short).unwrap_or_default();
                let help = format!("write `{first}.{}`", clean(text));
                self.wrong(span, "this path does not name an object", &help);
                None
            }
        }
    }

    fn condition(&mut self, node: &Node) -> Option<Condition> {
        conditions::condition(&mut self.values, node)
    }

    /// `{ path: spec.replicas, after: 2 }`.
    fn stable(&mut self, node: &Node) -> Option<Rule> {
        let unknown =
            node.entries().iter().find(|(key, _)| key.text != "path" && key.text != "after");
        if let Some((key, _)) = unknown {
            let message = format!("`stable` has no key `{}`", clean(&key.text));
            self.wrong(&key.span, message, "write `{ path: spec.replicas, after: 2 }`");
            return None;
        }
        let most = match node.get("after").map(|after| (after, &after.kind)) {
            None => 1,
            Some((after, NodeKind::Number(n))) => {
                match n.as_u64().and_then(|n| n.try_into().ok()) {
                    Some(n) => n,
                    None => return self.how_often(after),
                }
            }
            Some((after, _)) => return self.how_often(after),
        };
        let place = match node.get("path") {
            None => None,
            Some(path) => {
                let (key, field) = self.place(path.as_str().unwrap_or_default(), &path.span)?;
                Some((key, field.unwrap_or_else(|| FieldPath::new(Vec::new()))))
            }
        };
        Some(Rule::Stable { place, most })
    }

    fn how_often(&mut self, after: &Node) -> Option<Rule> {
        let help = "write a whole number: the maximum number of changes back";
        self.wrong(&after.mark(), "`after` must be a number of changes back", help);
        None
    }

    fn owner(&mut self, node: &Node) -> Option<Rule> {
        let (Some(path), Some(by)) = (node.get("path"), node.get("by")) else {
            self.wrong(
                &node.mark(),
                "`owner` needs `path` and `by`",
                "write `{ path: spec.replicas, by: hpa }`",
            );
            return None;
        };
        let (key, field) = self.place(path.as_str().unwrap_or_default(), &path.span)?;
        let Some(field) = field else {
            self.wrong(
                &path.span,
                "`owner` needs the path of a field",
                "add the field: `Kind/name.spec.replicas`",
            );
            return None;
        };
        Some(Rule::Owner { key, path: field, by: self.workers(by)? })
    }

    fn effect(&mut self, node: &Node) -> Option<Rule> {
        let (name, value) = match node.entries() {
            [(key, value)] => (key.text.clone(), value),
            _ => {
                self.wrong(
                    &node.mark(),
                    "`effect` must name exactly one effect",
                    "write `{ charge: at-most-once }`",
                );
                return None;
            }
        };
        let (least, most) = match value.to_value() {
            Value::String(word) if word == "at-most-once" => (0, 1),
            Value::String(word) if word == "exactly-once" => (1, 1),
            Value::String(word) if word == "never" => (0, 0),
            _ => {
                let help = "write `at-most-once`, `exactly-once` or `never`";
                self.wrong(
                    &value.mark(),
                    "this does not state how often the effect may occur",
                    help,
                );
                return None;
            }
        };
        Some(Rule::Effect { name, least, most })
    }
}
