//! Server-side apply: merging a configuration, pruning what it dropped, and conflicts.

use serde_json::{Value, json};

use super::compare::compare;
use super::managers::{Manager, Managers, Operation, Owned};
use super::merge::{merge, remove};
use super::path_set::PathSet;
use super::update::{conflicts, record, reset_of, set_entries, strip, take};
use super::{ApplyError, Write, typed};
use crate::apiserver::patch::same_json;
use crate::apiserver::schema::Schema;
use crate::apiserver::schema::node::Node;
use crate::apiserver::store::empty_collections;

/// The manager of what was there before an object was applied for the first time.
pub(super) const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// See [`super::apply`].
pub(super) fn apply(
    schema: &Schema,
    live: Option<&Value>,
    config: &Value,
    write: &Write<'_>,
    force: bool,
) -> Result<Value, ApplyError> {
    check_config(schema, config, write)?;
    let mut empty = schema.empty_object();
    empty["apiVersion"] = json!(write.api_version);
    empty["kind"] = json!(write.kind);
    let mut live = live.unwrap_or(&empty).clone();
    let mut managers = Managers::decode(live["metadata"].get("managedFields"))
        .map_err(|text| ApplyError::Typed(format!("failed to decode managed fields: {text}")))?;
    set_entries(&mut live, None);
    if managers.0.is_empty() {
        record(schema, &empty, &live, &mut managers, BEFORE_FIRST_APPLY, write);
    }

    let root = schema.root();
    let own = Manager::new(write, write.manager, Operation::Apply);
    let reset = reset_of(write);
    let last = managers.0.remove(&own).unwrap_or_default();
    let set = typed::fields_of(config, root).recursive_difference(&reset);
    let entry = Owned { set, api_version: write.api_version.to_owned(), time: last.time.clone() };
    managers.0.insert(own.clone(), entry);

    let merged = merge(&live, config, root);
    let mut new = prune(&merged, &last.set, &managers, root);
    let changes = compare(&live, &new, root).without(&reset);
    let found = conflicts(&managers, &changes, &own);
    if !force && !found.is_empty() {
        return Err(ApplyError::Conflict(found));
    }
    take(&mut managers, &changes, Some(&own));
    let changed = !same_json(&live, &new);
    if let Some(entry) = managers.0.get_mut(&own) {
        entry.set = strip(&entry.set);
        if changed {
            entry.time = Some(write.time.to_owned());
        }
    }
    managers.drop_empty();
    if changed {
        let empty = empty_collections(&new);
        schema.round_trip(&mut new);
        for (name, value) in empty {
            new["metadata"][name] = value;
        }
        schema.default(&mut new);
    } else {
        new = live;
    }
    if new.get("metadata").is_none_or(Value::is_null) {
        new["metadata"] = json!({});
    }
    set_entries(&mut new, managers.encode());
    Ok(new)
}

/// What is wrong with the request itself.
fn check_config(schema: &Schema, config: &Value, write: &Write<'_>) -> Result<(), ApplyError> {
    let text = |key: &str| config[key].as_str().unwrap_or_default();
    let with_group = |version: &str| match version.contains('/') {
        true => version.to_owned(),
        false => format!("/{version}"),
    };
    let kind = format!("{}, Kind={}", with_group(text("apiVersion")), text("kind"));
    if (text("apiVersion"), text("kind")) != (write.api_version, write.kind) {
        return Err(ApplyError::BadRequest(format!("invalid object type: {kind}")));
    }
    if config["metadata"].get("managedFields").is_some_and(|entries| !entries.is_null()) {
        let text = "metadata.managedFields must be nil";
        return Err(ApplyError::BadRequest(text.to_owned()));
    }
    typed::check(config, schema.root(), false).map_err(|error| {
        let name = |key: &str| config["metadata"][key].as_str().unwrap_or_default();
        let object = format!("{}/{}; {kind}", name("namespace"), name("name"));
        ApplyError::Typed(format!("failed to create typed patch object ({object}): {error}"))
    })
}

/// Removes what this manager applied last time, does not apply now, and no other manager owns.
fn prune(merged: &Value, last: &PathSet, managers: &Managers, root: &Node) -> Value {
    if last.is_empty() {
        return merged.clone();
    }
    let named = |set: &PathSet| set.with_named_parents(Some(root));
    let fields = |value: &Value| named(&typed::fields_of(value, root));
    let all = fields(merged);
    let last = named(last);
    let mut owned = PathSet::default();
    managers.0.values().for_each(|one| owned.extend(&one.set));

    let pruned = remove(merged, &last, root);
    // Back comes what another manager owns, ...
    let kept = fields(&pruned).union(&named(&owned));
    let pruned = remove(merged, &all.difference(&kept), root);
    // ... and what went along without having been this manager's.
    remove(merged, &all.difference(&fields(&pruned)).intersection(&last), root)
}
