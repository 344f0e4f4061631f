//! What a request carries, and what it means on a version of the object.
//!
//! A PUT means the leaves in which it differs from what its author had read. A merge patch means
//! its scalars and nulls, and of each of its lists the difference of that list. A strategic merge
//! patch and an apply mean their leaves (and directives). A JSON patch means its paths, an index
//! standing for the entry that its author saw there.
//! Next to read: `habits.rs`.

use serde_json::Value;

use super::names::{ABSENT, Flat, LeafId, Names, ValueId, Version, differences, entry_of};
use super::operation::{Operation, operations, spread};
use crate::history::{LeafPath, Lists, Part};

/// How a request writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Create,
    Update,
    MergePatch,
    StrategicMergePatch,
    JsonPatch,
    Apply,
}

impl Method {
    /// Its name in results.
    pub fn name(self) -> &'static str {
        match self {
            Method::Create => "create",
            Method::Update => "update",
            Method::MergePatch => "merge-patch",
            Method::StrategicMergePatch => "strategic-merge-patch",
            Method::JsonPatch => "json-patch",
            Method::Apply => "apply",
        }
    }
}

/// Which part of an object an endpoint takes from a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it: the kind has no status subresource.
    Everything,
    /// All but `status`.
    WithoutStatus,
    /// `status` alone.
    Status,
}

/// One leaf that a write means, with the value that it is to have; [`ABSENT`] is gone.
pub type LeafChange = (LeafId, ValueId);

/// What one request carries.
#[derive(Clone, Debug)]
pub struct Sent {
    /// How it writes.
    pub method: Method,
    /// What it means whatever its author had read.
    pub explicit: Vec<LeafChange>,
    /// Containers that it takes away: what its author saw there.
    removed: Vec<LeafPath>,
    /// Leaves whose meaning depends on what its author had read.
    pub body: Flat,
    scope: Scope,
    /// The lists of a merge patch; `None` of a PUT, which is compared in all of its scope.
    lists: Option<Vec<LeafId>>,
    operations: Vec<Operation>,
}

impl Sent {
    /// A request by its body, as far as the endpoint takes it.
    pub fn new(
        names: &mut Names,
        lists: &Lists,
        method: Method,
        scope: Scope,
        body: &Value,
    ) -> Sent {
        let mut sent = Sent {
            method,
            explicit: Vec::new(),
            removed: Vec::new(),
            body: Flat::from([]),
            scope,
            lists: None,
            operations: Vec::new(),
        };
        match method {
            Method::Create => sent.explicit = names.flat(lists, body, &[]).to_vec(),
            Method::Update => sent.body = names.flat(lists, body, &[]),
            Method::JsonPatch => sent.sort_operations(names, lists, operations(body)),
            Method::Apply => sent.explicit = names.flat(lists, body, &[]).to_vec(),
            Method::StrategicMergePatch => {
                let mut clean = body.clone();
                sent.strip(&mut Vec::new(), &mut clean);
                sent.explicit = names.flat(lists, &clean, &[]).to_vec();
            }
            Method::MergePatch => {
                let mut found = Vec::new();
                sent.walk(&mut Vec::new(), body, &mut found);
                let found: Vec<LeafId> = found.into_iter().map(|path| names.path(path)).collect();
                let all = names.flat(lists, body, &[]);
                let (body, explicit) =
                    all.iter().partition(|(leaf, _)| found.contains(&names.list(*leaf)));
                let body: Vec<LeafChange> = body;
                (sent.body, sent.explicit) = (body.into(), explicit);
                sent.lists = Some(found);
            }
        }
        let takes = |names: &Names, leaf: LeafId| match scope {
            Scope::Everything => true,
            Scope::WithoutStatus => !names.is_status(leaf),
            Scope::Status => names.is_status(leaf),
        };
        sent.explicit.retain(|(leaf, _)| takes(names, *leaf));
        if method == Method::Update {
            sent.body = sent.body.iter().filter(|it| takes(names, it.0)).copied().collect();
        }
        sent
    }

    /// Whether it is refused unless the object is as it says.
    pub fn tests(&self) -> bool {
        self.operations.iter().any(|operation| operation.tests)
    }

    /// Whether what it means depends on what its author had read.
    pub fn depends(&self) -> bool {
        match self.method {
            Method::Update => true,
            Method::MergePatch => self.lists.as_ref().is_some_and(|lists| !lists.is_empty()),
            Method::JsonPatch => self.operations.iter().any(|operation| !operation.tests),
            _ => false,
        }
    }

    /// Whether an operation puts a map or a list in the place of one that a leaf is in.
    pub fn puts_around(&self, leaf: &LeafPath) -> bool {
        let around = |operation: &Operation| {
            let mut parts = leaf.parts().iter();
            let holds =
                operation.inserts && (operation.value.is_object() || operation.value.is_array());
            let inside =
                |step: &String| matches!(parts.next(), Some(Part::Field(key)) if key == step);
            holds && !operation.tests && operation.path.iter().all(inside)
        };
        self.operations.iter().any(around)
    }

    /// The kind turns out to have a status subresource: this endpoint drops the status.
    pub fn drop_status(&mut self, names: &Names) {
        if self.scope == Scope::Everything {
            self.scope = Scope::WithoutStatus;
            self.explicit.retain(|it| !names.is_status(it.0));
            self.body = self.body.iter().filter(|it| !names.is_status(it.0)).copied().collect();
        }
    }

    /// Whether a list of this merge patch was merged into the one that was there, after all.
    pub fn is_merged(&self, names: &Names, after: &Version) -> bool {
        let Some(lists) = &self.lists else { return false };
        let sent: Vec<LeafId> = self.body.iter().map(|it| names.owner(it.0)).collect();
        let filled = |list: LeafId| sent.iter().any(|owner| names.list(*owner) == list);
        after.leaves.iter().any(|(leaf, _)| {
            let list = names.list(*leaf);
            lists.contains(&list) && filled(list) && !sent.contains(&names.owner(*leaf))
        })
    }

    /// Whether the request covers a leaf: what happened to it may be its doing.
    pub fn covers(&self, names: &Names, leaf: LeafId) -> bool {
        let path = names.leaf(leaf);
        match self.method {
            Method::Create => true,
            Method::Update => self.takes(names, leaf),
            _ => {
                self.explicit.iter().any(|it| it.0 == leaf || names.leaf(it.0).contains(path))
                    || self.removed.iter().any(|container| container.contains(path))
                    || self.lists.as_ref().is_some_and(|it| it.contains(&names.list(leaf)))
                    || self.operations.iter().any(|it| it.reaches(path))
                    || self.method == Method::Apply
            }
        }
    }

    /// Scalars at paths without an index are meant whatever was read.
    fn sort_operations(&mut self, names: &mut Names, lists: &Lists, all: Vec<Operation>) {
        for operation in all {
            let plain = !operation.is_indexed() && !operation.tests;
            let parts = operation.path.iter().map(|step| Part::Field(step.clone()));
            let path = LeafPath::new(parts.collect());
            if plain && !operation.inserts {
                self.removed.push(path);
            } else if plain && !operation.value.is_object() && !operation.value.is_array() {
                let object = spread(&path, &operation.value).unwrap_or_default();
                self.explicit.extend(names.flat(lists, &object, &[]).iter());
            } else {
                self.operations.push(operation);
            }
        }
        self.explicit.sort_unstable();
    }

    /// The nulls and the lists of a merge patch.
    fn walk(&mut self, at: &mut Vec<Part>, patch: &Value, lists: &mut Vec<LeafPath>) {
        match patch {
            Value::Object(fields) => {
                for (key, inner) in fields {
                    at.push(Part::Field(key.clone()));
                    self.walk(at, inner, lists);
                    at.pop();
                }
            }
            Value::Null => self.removed.push(LeafPath::new(at.clone())),
            Value::Array(_) => lists.push(LeafPath::new(at.clone())),
            _ => {}
        }
    }

    /// Takes the directives out of a strategic merge patch.
    fn strip(&mut self, at: &mut Vec<Part>, patch: &mut Value) {
        match patch {
            Value::Object(fields) => {
                let names: Vec<String> = fields.keys().cloned().collect();
                for name in names {
                    if let Some(list) = name.strip_prefix("$deleteFromPrimitiveList/") {
                        let items = fields[&name].as_array().into_iter().flatten();
                        for item in items.map(Part::item) {
                            let mut path = at.clone();
                            path.extend([Part::Field(list.to_owned()), item]);
                            self.removed.push(LeafPath::new(path));
                        }
                    }
                    if name.starts_with('$') {
                        fields.remove(&name);
                        continue;
                    }
                    at.push(Part::Field(name.clone()));
                    if fields[&name].is_null() {
                        self.removed.push(LeafPath::new(at.clone()));
                    } else {
                        self.strip(at, &mut fields[&name]);
                    }
                    at.pop();
                }
            }
            Value::Array(items) => {
                let mut kept = Vec::new();
                for mut item in std::mem::take(items) {
                    let Some(entry) = entry_of(&item) else {
                        kept.push(item);
                        continue;
                    };
                    at.push(entry);
                    if item["$patch"] == "delete" {
                        self.removed.push(LeafPath::new(at.clone()));
                    } else {
                        self.strip(at, &mut item);
                        kept.push(item);
                    }
                    at.pop();
                }
                *items = kept;
            }
            _ => {}
        }
    }

    /// Whether a difference counts.
    fn takes(&self, names: &Names, leaf: LeafId) -> bool {
        if let Some(lists) = &self.lists {
            return lists.contains(&names.list(leaf));
        }
        match self.scope {
            Scope::Everything => true,
            Scope::WithoutStatus => !names.is_status(leaf),
            Scope::Status => names.is_status(leaf),
        }
    }

    /// What it means if its author had read this version, without what it means on any.
    /// `None` if its author cannot have read it: a test of its own would have failed.
    pub fn on(&self, names: &mut Names, lists: &Lists, basis: &Version) -> Option<Vec<LeafChange>> {
        match self.method {
            Method::Update | Method::MergePatch if self.depends() => {
                let mut changes = differences(&basis.leaves, &self.body);
                changes.retain(|(leaf, _)| self.takes(names, *leaf));
                Some(changes)
            }
            Method::JsonPatch => self.by_path(names, lists, basis),
            _ => Some(Vec::new()),
        }
    }

    /// The leaves of this version that it takes away by the name of a container.
    pub fn taken_away(&self, names: &Names, version: &Version) -> Vec<LeafChange> {
        let mut gone = Vec::new();
        for container in &self.removed {
            let under = version.leaves.iter().filter(|it| container.contains(names.leaf(it.0)));
            gone.extend(under.map(|(leaf, _)| (*leaf, ABSENT)));
        }
        gone
    }

    /// The paths of a JSON patch.
    fn by_path(
        &self,
        names: &mut Names,
        lists: &Lists,
        basis: &Version,
    ) -> Option<Vec<LeafChange>> {
        let mut changes: Vec<LeafChange> = Vec::new();
        for operation in &self.operations {
            let Some(path) = operation.resolve(names, basis) else {
                if operation.is_indexed() {
                    return None;
                }
                continue;
            };
            let as_written = spread(&path, &operation.value);
            let new = match (operation.removes && !operation.inserts, as_written) {
                (false, Some(object)) => names.flat(lists, &object, &[]),
                _ => Flat::from([]),
            };
            if operation.tests {
                let stands = |it: &&LeafChange| basis.leaves.binary_search(it).is_ok();
                if operation.is_indexed() && new.iter().filter(stands).count() < new.len() {
                    return None;
                }
                continue;
            }
            if operation.removes {
                let named = new.iter().map(|it| it.0);
                let kept: Vec<LeafId> = named.collect();
                for (leaf, _) in basis.leaves.iter() {
                    if path.contains(names.leaf(*leaf)) && !kept.contains(leaf) {
                        changes.push((*leaf, ABSENT));
                    }
                }
            }
            let whole = !operation.is_indexed();
            let same = |it: &&LeafChange| whole && basis.leaves.binary_search(it).is_ok();
            let meant = new.iter().filter(|it| path.overlaps(names.leaf(it.0)));
            changes.extend(meant.filter(|it| !same(it)));
        }
        changes.sort_unstable();
        changes.dedup_by_key(|it| it.0);
        Some(changes)
    }
}
