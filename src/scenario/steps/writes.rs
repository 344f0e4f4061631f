//! The steps that write by a write method: `write`, `addFinalizer` and `removeFinalizer`.

use std::sync::Arc;

use serde_json::Value;

use super::{Bound, Compiler};
use crate::apiserver::{FieldPath, Key, Kind, Subresource};
use crate::history::Lists;
use crate::reconcilers::{
    Attempts, Condition, Job, Op, Reader, Restamp, Set, Slot, Term, Test, ValueExpr, WriteOp,
    methods::{self, WriteMethod},
};
use crate::scenario::build::TIME;
use crate::scenario::conditions;
use crate::scenario::diagnostic::clean;
use crate::scenario::node::{Node, NodeKind};
use crate::scenario::probe::unknown_field;
use crate::scenario::useless_keys::useless;
use crate::scenario::values::SetEntry;

/// The object that a step writes.
struct Subject {
    kind: Arc<Kind>,
    key: Key,
    bound: Option<Bound>,
    /// The object is whichever was bound.
    dynamic: bool,
}

impl Compiler<'_> {
    /// `write`.
    pub(super) fn write(&mut self, step: &Node) {
        let Some(subject) = self.subject(step) else { return };
        let Some(sets) = step.get("sets").filter(|node| node.kind != NodeKind::Null) else {
            let place = self.place.clone();
            self.wrong(&place, "this `write` has no `sets`")
                .help("add `sets: { status.ready: true }`");
            return;
        };
        let sets = self.values.sets(sets);
        let own = subject.bound.as_ref().map(|bound| bound.slot);
        let (key, kind) = (&subject.key, &subject.kind);
        let sets = sets.into_iter().filter_map(|set| self.resolved(set, own, key, kind));
        let sets: Vec<SetEntry> = sets.collect();
        let when = step.get("when").map(|node| self.values.when(node)).unwrap_or_default();
        let when = when.into_iter().map(|(path, value, _)| (path, value)).collect();
        let method = step.get("write").and_then(Node::as_str).unwrap_or_default();
        self.push_write(step, &subject, method, (sets, when));
    }

    /// `addFinalizer` and `removeFinalizer`: nothing is sent if it is as wanted already.
    pub(super) fn finalizer(&mut self, step: &Node, value: &Node, adds: bool) {
        let Some(subject) = self.subject(step) else { return };
        let Some(bound) = &subject.bound else {
            let place = self.place.clone();
            let name = format!("{}/{}", subject.kind.kind, subject.key.name);
            self.wrong(&place, "no earlier step has read the object")
                .help(format!("add `- get: {name}` above"));
            return;
        };
        let name = value.as_str().unwrap_or_default();
        let path: FieldPath = "metadata.finalizers".parse().expect("a path");
        let item = Value::String(name.to_owned());
        let contains = Condition::Contains(Term::Literal(Some(item.clone())));
        let test = Test { slot: bound.slot, path: Some(path.clone()), condition: contains };
        let value = match adds {
            true => ValueExpr::Append(item),
            false => ValueExpr::RemoveItem(item),
        };
        let set = SetEntry { path, value, key: self.place.clone(), place: self.place.clone() };
        let at = self.here();
        self.push(Op::Test { tests: vec![test], otherwise: 0 });
        let mut jump = None;
        if adds {
            // Met: it is there already.
            jump = Some(self.here());
            self.push(Op::Jump(0));
        }
        let start = self.here();
        let method = step.get("write").and_then(Node::as_str).unwrap_or("update");
        self.push_write(step, &subject, method, (vec![set], Vec::new()));
        let end = self.here();
        if let Op::Test { otherwise, .. } = &mut self.steps.code[at] {
            *otherwise = if adds { start } else { end };
        }
        if let Some(jump) = jump {
            self.steps.code[jump] = Op::Jump(end);
        }
    }

    fn push_write(
        &mut self,
        step: &Node,
        subject: &Subject,
        method: &str,
        (sets, when): (Vec<SetEntry>, Vec<(FieldPath, Option<Value>)>),
    ) {
        let Some(write) = methods::named(method) else { return };
        let Subject { kind, key, bound, dynamic } = subject;
        if bound.is_none() && write.needs_read() && !write.is_shared() {
            let name = format!("{}/{}", kind.kind, key.name);
            let place = self.place.clone();
            self.wrong(&place, format!("`{method}` is computed from a read of the object"))
                .help(format!("add `- get: {name}` above"));
            return;
        }
        if *dynamic && write.is_shared() {
            let place = self.place.clone();
            self.wrong(&place, format!("`{method}` needs an object with a fixed name"));
            return;
        }
        let status = match step.get("subresource").and_then(Node::as_str) {
            Some(word) => word == "status",
            None => {
                let only_status = sets.iter().all(|set| set.path.root() == Some("status"));
                kind.status_subresource && only_status && !sets.is_empty()
            }
        };
        let omit = match step.get("omit").filter(|node| node.kind != NodeKind::Null) {
            Some(node) => self.values.omit(node, &sets),
            None => self.defaults.omit.clone(),
        };
        self.without_effect(step, write);
        if bound.is_none() && !write.is_shared() {
            self.needs_a_read(&sets, &when, write, &format!("{}/{}", kind.kind, key.name));
        }
        let set = |set: SetEntry| {
            let list = set.path.outermost_list().unwrap_or_else(|| set.path.clone());
            let list = Some(kind.list_type(&list.field_names()));
            Set { path: set.path, value: set.value, list }
        };
        let manager = step.get("fieldManager").and_then(Node::as_str);
        let attempts = match step.get("attempts").map(|node| &node.kind) {
            Some(NodeKind::Number(n)) => Attempts::AtMost(n.as_u64().unwrap_or(1) as u32),
            Some(NodeKind::String(_)) => Attempts::Unlimited,
            _ => self.defaults.attempts,
        };
        let job = Job {
            name: self.defaults.worker.clone(),
            key: key.clone(),
            api_version: kind.api_version(),
            kind: kind.kind.clone(),
            schema: Arc::clone(&kind.schema),
            write,
            subresource: status.then_some(Subresource::Status),
            creates: kind.create_on_update,
            sets: sets.into_iter().map(set).collect(),
            when,
            decided: bound.as_ref().map_or_else(Vec::new, |bound| self.decided(bound)),
            guards: false,
            lists: Lists::of(kind),
            field_manager: manager.unwrap_or(&self.defaults.field_manager).to_owned(),
            attempts,
            retry_read: match step.get("retryRead").and_then(Node::as_str) {
                Some("cache") => Some(Reader::Cache),
                Some("none") => None,
                _ => Some(Reader::Live),
            },
            restamp: match step.get("restamp").and_then(Node::as_str) {
                Some("before") => Restamp::Before,
                _ => Restamp::OnConflict,
            },
            omit,
            typed: self.defaults.typed,
            knows: self.defaults.knows.clone(),
            validate: match step.get("validate").filter(|node| node.kind != NodeKind::Null) {
                Some(node) => conditions::validate(&mut self.values, node),
                None if status => self.defaults.validate.clone(),
                None => Vec::new(),
            },
            time: TIME,
        };
        let on_error = self.on_error(step);
        let from = bound.as_ref().map(|bound| bound.slot);
        let mut op = WriteOp::new(Arc::new(job), from, on_error);
        op.dynamic = *dynamic;
        op.freshness = self.defaults.freshness;
        self.push(Op::Write(op));
    }

    /// Keys of the step that its write method has no use for.
    fn without_effect(&mut self, step: &Node, write: &dyn WriteMethod) {
        for (key, why) in useless(write) {
            let said = step.entry(key).filter(|(_, value)| value.kind != NodeKind::Null);
            // A default that is said does no harm.
            let harmless = |value: &Node| matches!(value.as_str(), Some("live" | "conflict"));
            if let Some((at, value)) = said
                && !harmless(value)
                && !(key == "attempts" || key == "retryRead" && value.as_str() == Some("cache"))
            {
                let place = at.span.clone();
                self.wrong(&place, format!("`{key}` has no effect here")).note(why);
            }
        }
    }

    /// Nothing has read the object: a value that is computed from it, or a `when`, has no basis.
    fn needs_a_read(
        &mut self,
        sets: &[SetEntry],
        when: &[(FieldPath, Option<Value>)],
        write: &dyn WriteMethod,
        object: &str,
    ) {
        if write.is_apply() {
            return;
        }
        let from_object = |set: &&SetEntry| {
            use ValueExpr::{Add, Append, Read, RemoveItem};
            matches!(set.value, Read(_) | Add(_) | Append(_) | RemoveItem(_))
        };
        let place = match sets.iter().find(from_object) {
            Some(set) => set.place.clone(),
            None if !when.is_empty() => self.place.clone(),
            None => return,
        };
        self.wrong(&place, "this is computed from a read of the object, and no step has read it")
            .help(format!("add `- get: {object}` above"));
    }

    /// The fields of an object that earlier steps of the run have tested.
    fn decided(&self, bound: &Bound) -> Vec<FieldPath> {
        let mut decided = Vec::new();
        for op in &self.steps.code {
            let Op::Test { tests, .. } = op else { continue };
            let of_object = tests.iter().filter(|test| test.slot == bound.slot);
            decided.extend(of_object.filter_map(|test| test.path.clone()));
        }
        decided
    }

    /// Which object a step writes.
    fn subject(&mut self, step: &Node) -> Option<Subject> {
        let node = step.get("object").filter(|node| node.kind != NodeKind::Null);
        let place = node.map_or(self.place.clone(), |node| node.span.clone());
        let said = node.and_then(Node::as_str).map(str::to_owned);
        let only = || match self.cluster.objects.as_slice() {
            [only] => Some(only.reference()),
            _ => None,
        };
        let one_bound = || {
            let mut bound = self.bound.iter().filter(|bound| !bound.is_list);
            let first = bound.next()?;
            bound.next().is_none().then(|| first.name.clone())
        };
        let name = said.or_else(|| self.defaults.object.clone()).or_else(one_bound).or_else(only);
        let Some(name) = name else {
            let names = self.names();
            self.wrong(&place, "this step does not say which object it writes")
                .maybe_help(names.first().map(|name| format!("add `object: {name}`")));
            return None;
        };
        if let Some(bound) = self.bound.iter().find(|bound| bound.name == name).cloned() {
            if bound.is_list {
                self.wrong(&place, format!("`{}` is a list, not an object", clean(&name)));
                return None;
            }
            let (kind, dynamic) = (Arc::clone(&bound.kind), bound.key.is_none());
            let nameless =
                Key { resource: kind.resource.clone(), namespace: None, name: String::new() };
            let key = bound.key.clone().unwrap_or(nameless);
            return Some(Subject { kind, key, bound: Some(bound), dynamic });
        }
        if !name.contains('/') {
            self.named(&name, &place);
            return None;
        }
        let (kind, key) = self.object(&name, &place)?;
        // It may have been read under another name.
        let bound = self.bound.iter().rev().find(|bound| bound.key.as_ref() == Some(&key));
        let bound = bound.cloned();
        Some(Subject { kind, key, bound, dynamic: false })
    }

    /// A value in the light of the names that are bound.
    pub(super) fn resolved(
        &mut self,
        mut set: SetEntry,
        own: Option<Slot>,
        key: &Key,
        kind: &Kind,
    ) -> Option<SetEntry> {
        let ValueExpr::Read(path) = &set.value else { return Some(set) };
        match self.bound_path(path) {
            Some((bound, rest)) if Some(bound.slot) == own => set.value = ValueExpr::Read(rest),
            Some((bound, path)) => {
                let own = bound.key.as_ref() == Some(key);
                set.value = ValueExpr::Held { slot: bound.slot, path, own };
            }
            None if self.is_field_of(path, kind) => {}
            None => {
                let first = path.root().unwrap_or_default().to_owned();
                self.named(&first, &set.place)?;
            }
        }
        Some(set)
    }

    /// Whether objects of the kind can have a field with the first name of this path.
    pub(super) fn is_field_of(&self, path: &FieldPath, kind: &Kind) -> bool {
        let Some(first) = path.steps().first() else { return false };
        unknown_field(kind, &FieldPath::new(vec![first.clone()])).is_none()
    }
}
