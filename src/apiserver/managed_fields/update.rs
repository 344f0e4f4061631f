//! Recording an update: who changed what owns it, and no other manager does any more.

use serde_json::Value;

use super::compare::{Comparison, compare};
use super::managers::{Manager, Managers, Operation, Owned};
use super::path_set::{PathSet, Step};
use super::{Conflict, Write, typed};
use crate::apiserver::schema::Schema;

/// The fields that no entry ever names.
const STRIPPED: [&[&str]; 12] = [
    &["apiVersion"],
    &["kind"],
    &["metadata"],
    &["metadata", "name"],
    &["metadata", "namespace"],
    &["metadata", "creationTimestamp"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "clusterName"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
];

/// A set of named fields.
fn set_of<'a>(paths: impl Iterator<Item = Vec<&'a str>>) -> PathSet {
    let mut set = PathSet::default();
    for path in paths {
        set.insert(&path.into_iter().map(Step::field).collect::<Vec<_>>());
    }
    set
}

/// What this endpoint resets.
pub(super) fn reset_of(write: &Write<'_>) -> PathSet {
    set_of(write.reset.iter().map(|path| path.split('.').collect()))
}

/// A set without the fields that no entry names.
pub(super) fn strip(set: &PathSet) -> PathSet {
    set.difference(&set_of(STRIPPED.iter().map(|path| path.to_vec())))
}

/// The entries that a write starts from: those it sends, if it may and they are valid; otherwise
/// the live object's. One empty entry, or an empty list, asks to forget them all.
fn starting_point(live: &Value, new: &Value, write: &Write<'_>) -> Managers {
    let of = |object: &Value| object["metadata"].get("managedFields").cloned();
    let of_live = || Managers::decode(of(live).as_ref()).unwrap_or_default();
    if !write.subresource.is_empty() {
        return of_live();
    }
    let sent = of(new);
    if let Some(Value::Array(entries)) = &sent {
        let blank = |entry: &Value| entry.as_object().is_some_and(|fields| fields.is_empty());
        if entries.is_empty() || (entries.len() == 1 && blank(&entries[0])) {
            return Managers::default();
        }
    }
    match Managers::decode(sent.as_ref()) {
        Ok(managers) if !managers.0.is_empty() => managers,
        _ => of_live(),
    }
}

/// Removes or replaces `metadata.managedFields`.
pub(super) fn set_entries(object: &mut Value, entries: Option<Value>) {
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    match (metadata, entries) {
        (Some(metadata), Some(entries)) => {
            metadata.insert("managedFields".to_owned(), entries);
        }
        (Some(metadata), None) => {
            metadata.remove("managedFields");
        }
        (None, _) => {}
    }
}

/// See [`super::update`].
pub(super) fn update(schema: &Schema, live: Option<&Value>, new: &mut Value, write: &Write<'_>) {
    let empty = schema.empty_object();
    let before = live.unwrap_or(&empty);
    let mut managers = starting_point(before, new, write);
    set_entries(new, None);
    let known = before["metadata"]["uid"].as_str().is_some_and(|uid| !uid.is_empty());
    // Tracking starts with the create, or with the first apply.
    if managers.0.is_empty() && known {
        return;
    }
    let fits = |object: &Value| typed::check(object, schema.root(), true).is_ok();
    // What does not fit the schema cannot be tracked: its entries are gone.
    if !fits(new) || !fits(before) {
        return;
    }
    record(schema, before, new, &mut managers, write.manager, write);
    set_entries(new, managers.encode());
}

/// Enters an update from `before` to `after` by the manager of that name.
pub(super) fn record(
    schema: &Schema,
    before: &Value,
    after: &Value,
    managers: &mut Managers,
    name: &str,
    write: &Write<'_>,
) {
    let changes = compare(before, after, schema.root()).without(&reset_of(write));
    // Even a manager's own older entries lose what changed: the change goes into this one.
    take(managers, &changes, None);
    let set = strip(&changes.modified.union(&changes.added));
    if !set.is_empty() {
        let manager = Manager::new(write, name, Operation::Update);
        let owned = managers.0.entry(manager).or_default();
        *owned = Owned {
            set: owned.set.union(&set),
            api_version: write.api_version.to_owned(),
            time: Some(write.time.to_owned()),
        };
    }
    managers.cap();
}

/// What other managers own of the fields that changed.
pub(super) fn conflicts(managers: &Managers, changes: &Comparison, own: &Manager) -> Vec<Conflict> {
    let changed = changes.modified.union(&changes.added);
    let others = managers.0.iter().filter(|(manager, _)| *manager != own);
    others
        .flat_map(|(manager, owned)| {
            let paths = owned.set.intersection(&changed).paths();
            paths.into_iter().map(|path| Conflict {
                manager: manager.text(),
                field: super::path_set::path_text(&path),
            })
        })
        .collect()
}

/// Takes the fields that changed from all other managers.
pub(super) fn take(managers: &mut Managers, changes: &Comparison, own: Option<&Manager>) {
    let changed = changes.modified.union(&changes.added).union(&changes.removed);
    for (manager, owned) in &mut managers.0 {
        if Some(manager) != own {
            owned.set = owned.set.difference(&changed);
        }
    }
    managers.drop_empty();
}
