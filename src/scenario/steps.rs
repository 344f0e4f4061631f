//! `steps` of a worker: from nodes to the code of a program, with a caret for each mistake.
//!
//! Names are bound from top to bottom; a path that begins with a bound name reads from there, any
//! other from the object that is written. Everything that does not depend on other workers is
//! decided here: kinds, endpoints, the types of lists. Next to read: `reconcilers/program.rs`.

mod conditions;
mod leadership;
mod readers;
mod requests;
#[cfg(test)]
mod tests;
mod writes;

use std::ops::Range;
use std::sync::Arc;

use super::cluster::Cluster;
use super::diagnostic::{Diagnostic, SourceText, clean};
use super::node::{Node, NodeKind};
use super::suggest::{did_you_mean, listed};
use super::values::Values;
use crate::apiserver::{FieldPath, Key, Kind};
use crate::reconcilers::{Attempts, Condition, Freshness, OnError, Op, Reader, SLOTS, Slot, Then};

/// The actions; a step has exactly one. Where two of these keys may stand together, the first
/// decides what the step is.
const ACTIONS: [&str; 14] = [
    "addFinalizer",
    "removeFinalizer",
    "create",
    "delete",
    "get",
    "cache",
    "list",
    "cacheWrite",
    "effect",
    "leader",
    "lead",
    "resign",
    "write",
    "when",
];

/// What the worker says about all of its steps.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The worker's name.
    pub worker: String,
    /// The field manager.
    pub field_manager: String,
    /// Tries of a retrying method, and of a run.
    pub attempts: Attempts,
    /// Whether a response is decoded into a typed struct.
    pub typed: bool,
    /// What becomes of a run that fails.
    pub on_error: OnError,
    /// The worker's object.
    pub object: Option<String>,
    /// What its setter asks of a status.
    pub validate: Vec<(FieldPath, Condition)>,
    /// The status fields that its typed client knows; all of them for `None`.
    pub knows: Option<Vec<FieldPath>>,
    /// The fields that its PUTs leave out.
    pub omit: Vec<FieldPath>,
    /// How far the caches must have come that it reads.
    pub freshness: Freshness,
}

/// The code of a worker's steps, and the place of each operation.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// The code.
    pub code: Vec<Op>,
    /// For each operation, where its step stands.
    pub places: Vec<Range<usize>>,
}

/// A name that a step has bound.
#[derive(Clone, Debug)]
struct Bound {
    name: String,
    /// The name as the beginning of a path.
    path: Option<FieldPath>,
    slot: Slot,
    kind: Arc<Kind>,
    /// `None` if it is not known beforehand.
    key: Option<Key>,
    is_list: bool,
}

struct Compiler<'c> {
    values: Values<'c>,
    source: &'c Arc<SourceText>,
    cluster: &'c Cluster,
    defaults: &'c Defaults,
    bound: Vec<Bound>,
    steps: Steps,
    place: Range<usize>,
}

/// Compiles the steps of a worker.
pub fn compile(
    source: &Arc<SourceText>,
    node: &Node,
    cluster: &Cluster,
    defaults: &Defaults,
) -> Result<Steps, Vec<Diagnostic>> {
    let values = Values { source, mistakes: Vec::new() };
    let (bound, steps) = (Vec::new(), Steps::default());
    let place = node.mark();
    let mut compiler = Compiler { values, source, cluster, defaults, bound, steps, place };
    compiler.block(node);
    let asks = |op: &Op| !matches!(op, Op::Test { .. } | Op::Jump(_) | Op::Stop);
    if compiler.values.mistakes.is_empty() && !compiler.steps.code.iter().any(asks) {
        compiler
            .wrong(&node.mark(), "these steps make no request")
            .help("begin with `get`, `cache` or `list`");
    }
    match compiler.values.mistakes.is_empty() {
        true => Ok(compiler.steps),
        false => Err(compiler.values.mistakes),
    }
}

/// A mistake that is being described.
struct Wrong<'w>(&'w mut Diagnostic);

impl Wrong<'_> {
    fn help(self, text: impl Into<String>) -> Self {
        self.0.help.push(text.into());
        self
    }

    fn maybe_help(self, text: Option<String>) -> Self {
        self.0.help.extend(text);
        self
    }

    fn note(self, text: impl Into<String>) -> Self {
        self.0.notes.push(text.into());
        self
    }
}

impl Compiler<'_> {
    fn wrong(&mut self, place: &Range<usize>, message: impl Into<String>) -> Wrong<'_> {
        let mistake = Diagnostic::error(message).at(self.source, place.clone(), "");
        self.values.mistakes.push(mistake);
        Wrong(self.values.mistakes.last_mut().expect("just pushed"))
    }

    fn push(&mut self, op: Op) {
        self.steps.code.push(op);
        self.steps.places.push(self.place.clone());
    }

    fn here(&self) -> usize {
        self.steps.code.len()
    }

    /// A list of steps, from top to bottom.
    fn block(&mut self, list: &Node) {
        let steps = list.items();
        for (at, step) in steps.iter().enumerate() {
            let found = ACTIONS.iter().filter_map(|action| step.entry(action));
            let actions: Vec<_> = found.collect();
            let Some((key, value)) = actions.first() else {
                let mark = step.mark();
                self.wrong(&mark, "this step has no action")
                    .note(format!("the actions are {}", listed(&ACTIONS, "and")));
                continue;
            };
            self.place = key.span.clone();
            if !self.keys_go_together(step, &key.text) {
                continue;
            }
            match key.text.as_str() {
                "get" => self.read(step, value, Reader::Live),
                "cache" => self.read(step, value, Reader::Cache),
                "list" => self.list(value),
                "when" => self.when(step, value, at + 1 == steps.len()),
                "write" => self.write(step),
                "create" => self.create(step, value),
                "delete" => self.delete(step, value),
                "cacheWrite" => self.cache_write(step, value),
                "addFinalizer" => self.finalizer(step, value, true),
                "removeFinalizer" => self.finalizer(step, value, false),
                "leader" => self.leader(value),
                "lead" => self.lead(value),
                "resign" => self.resign(value),
                _ => self.effect(value),
            }
        }
    }

    /// Whether every key of the step belongs to its action.
    fn keys_go_together(&mut self, step: &Node, action: &str) -> bool {
        const WRITE: [&str; 12] = [
            "object",
            "sets",
            "subresource",
            "fieldManager",
            "attempts",
            "retryRead",
            "restamp",
            "omit",
            "when",
            "validate",
            "onError",
            "write",
        ];
        let allowed: &[&str] = match action {
            "get" => &["as"],
            "cache" => &["as", "freshness", "beforeSync"],
            "cacheWrite" => &["sets"],
            "when" => &["else"],
            "write" => &WRITE,
            "addFinalizer" | "removeFinalizer" => {
                &["object", "write", "fieldManager", "attempts", "retryRead", "restamp", "onError"]
            }
            "create" | "delete" => &["onError"],
            _ => &[],
        };
        let mut fits = true;
        for (key, value) in step.entries() {
            let text = key.text.as_str();
            if text == action || allowed.contains(&text) || value.kind == NodeKind::Null {
                continue;
            }
            fits = false;
            let wrong = match ACTIONS.contains(&text) {
                true => self
                    .wrong(
                        &key.span,
                        format!("a step must have exactly one action; this one has `{action}`"),
                    )
                    .help(format!("make `{text}` a step of its own")),
                false => self.wrong(&key.span, format!("`{text}` does not belong to `{action}`")),
            };
            if !allowed.is_empty() {
                wrong.note(format!("keys allowed beside `{action}`: {}", listed(allowed, "and")));
            }
        }
        fits
    }

    /// Gives something a name.
    fn bind(
        &mut self,
        name: &str,
        place: &Range<usize>,
        kind: &Arc<Kind>,
        key: Option<Key>,
        is_list: bool,
    ) -> Slot {
        let same = self.bound.iter().position(|bound| bound.name == name);
        if let Some(at) = same {
            let bound = &self.bound[at];
            if bound.is_list == is_list && bound.kind == *kind {
                self.bound[at].key = key.filter(|key| Some(key) == self.bound[at].key.as_ref());
                return self.bound[at].slot;
            }
            let message = format!("`{}` already names something else", clean(name));
            self.wrong(place, message).help("choose another name with `as`");
        }
        let slot = self.bound.len();
        if slot >= SLOTS {
            self.wrong(place, format!("these steps bind more than {SLOTS} names"));
            return 0;
        }
        let path = name.parse().ok();
        let (name, kind) = (name.to_owned(), Arc::clone(kind));
        self.bound.push(Bound { name, path, slot, kind, key, is_list });
        slot
    }

    /// The name that a path begins with, and the rest of the path.
    fn bound_path(&self, path: &FieldPath) -> Option<(&Bound, FieldPath)> {
        let begins = |bound: &&Bound| {
            bound.path.as_ref().is_some_and(|name| path.steps().starts_with(name.steps()))
        };
        let length = |bound: &&Bound| bound.path.as_ref().map_or(0, |name| name.steps().len());
        let bound = self.bound.iter().filter(begins).max_by_key(length)?;
        let rest = path.steps()[length(&bound)..].to_vec();
        Some((bound, FieldPath::new(rest)))
    }

    fn names(&self) -> Vec<String> {
        self.bound.iter().map(|bound| bound.name.clone()).collect()
    }

    /// What a name names.
    fn named(&mut self, name: &str, place: &Range<usize>) -> Option<Bound> {
        if let Some(found) = self.bound.iter().find(|bound| bound.name == name) {
            return Some(found.clone());
        }
        let names = self.names();
        let message = format!("no earlier step has bound `{}`", clean(name));
        let wrong = self.wrong(place, message);
        match names.is_empty() {
            true => drop(wrong.help("bind it first, with `get`, `cache`, `list` or `create`")),
            false => {
                let meant = did_you_mean(name, names.iter().map(String::as_str));
                wrong.maybe_help(meant).note(format!("bound here: {}", listed(&names, "and")));
            }
        }
        None
    }

    /// A path that must begin with a bound name.
    fn held(&mut self, text: &str, place: &Range<usize>) -> Option<(Slot, FieldPath)> {
        let path = self.values.path(text, place)?;
        if let Some((bound, rest)) = self.bound_path(&path) {
            return Some((bound.slot, rest));
        }
        let first = path.root().unwrap_or_default().to_owned();
        self.named(&first, place).map(|bound| (bound.slot, path))
    }

    /// The kind of this name.
    fn kind(&mut self, name: &str, place: &Range<usize>) -> Option<Arc<Kind>> {
        if let Some(kind) = self.cluster.server.kind_named(name) {
            return Some(kind);
        }
        let kinds = self.cluster.server.kinds();
        let names: Vec<&str> = kinds.iter().map(|kind| kind.kind.as_str()).collect();
        let meant = did_you_mean(name, names.iter().copied());
        let message = format!("there is no kind `{}`", clean(name));
        let custom = kinds.iter().filter(|kind| kind.is_custom()).map(|kind| kind.kind.as_str());
        let custom: Vec<&str> = custom.collect();
        let note = match custom.as_slice() {
            [] => {
                "this scenario has no CustomResourceDefinition; built-in kinds need none".to_owned()
            }
            custom => format!("its own kinds are {}", listed(custom, "and")),
        };
        self.wrong(place, message).maybe_help(meant).note(note);
        None
    }

    /// The object that `Kind/name` or `Kind/namespace/name` names; it need not exist.
    fn object(&mut self, text: &str, place: &Range<usize>) -> Option<(Arc<Kind>, Key)> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (*kind, None, *name),
            [kind, namespace, name] => (*kind, Some((*namespace).to_owned()), *name),
            _ => {
                let message = "an object must be named `Kind/name` or `Kind/namespace/name`";
                self.wrong(place, message);
                return None;
            }
        };
        let kind = self.kind(kind, place)?;
        if name.is_empty() || !kind.namespaced && namespace.is_some() {
            let message = match name.is_empty() {
                true => "this object has no name".to_owned(),
                false => format!("`{}` is not namespaced", kind.kind),
            };
            self.wrong(place, message);
            return None;
        }
        let seeded = self.cluster.objects.iter().find(|seeded| {
            let there = &seeded.key.namespace;
            seeded.kind.kind == kind.kind
                && seeded.key.name == name
                && (namespace.is_none() || namespace == *there)
        });
        let key = seeded.map(|seeded| seeded.key.clone()).unwrap_or_else(|| Key {
            resource: kind.resource.clone(),
            namespace: kind.namespaced.then(|| namespace.unwrap_or_else(|| "default".to_owned())),
            name: name.to_owned(),
        });
        Some((kind, key))
    }

    /// What becomes of the run if a step fails.
    fn on_error(&mut self, step: &Node) -> OnError {
        step.get("onError")
            .map_or(self.defaults.on_error, |node| on_error(node, self.defaults.on_error))
    }
}

/// `requeue`, `drop`, `next`, or one of them for each kind of error.
pub fn on_error(node: &Node, default: OnError) -> OnError {
    let then = |node: &Node| match node.as_str() {
        Some("drop") => Then::Drop,
        Some("next") => Then::Next,
        _ => Then::Requeue,
    };
    match &node.kind {
        NodeKind::String(_) => OnError::always(then(node)),
        _ => OnError {
            conflict: node.get("conflict").map_or(default.conflict, then),
            other: node.get("other").map_or(default.other, then),
        },
    }
}
