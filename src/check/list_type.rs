//! What a list type would change: a list of a custom resource that several workers write and whose
//! schema does not say how it merges, given `x-kubernetes-list-type: map`, and applied to.
//!
//! The scenario is run again with the definition changed, so the number that is printed is
//! measured. Next to read: `explore.rs`.

use std::sync::{Arc, OnceLock};

use serde_json::{Value, json};

use super::explore::explore;
use super::options::Options;
use super::verdict::ListTyped;
use crate::apiserver::{FieldPath, Step};
use crate::properties;
use crate::reconcilers::methods;
use crate::scenario::Scenario;

/// The first list of the scenario that several workers write by entries and whose schema has no
/// list type, measured with one; `None` if there is none.
pub(super) fn with_list_type(scenario: &Arc<Scenario>, options: &Options) -> Option<ListTyped> {
    let (list, key) = untyped(scenario)?;
    let mut typed = scenario.writing(methods::named("apply")?);
    let names: Vec<String> = list.field_names().into_iter().map(str::to_owned).collect();
    let declared =
        Arc::make_mut(&mut typed.crds).edit().iter_mut().map(|crd| declare(crd, &names, &key));
    let changed = declared.filter(|declared| *declared).count() > 0;
    // The server that is kept has the definitions as they were.
    typed.base = OnceLock::new();
    let result = changed.then(|| explore(&Arc::new(typed), options).ok()).flatten()?;
    let lost = result.property(properties::NO_LOST_WRITE)?;
    Some(ListTyped {
        list,
        key,
        verdict: lost.verdict,
        losing: lost.schedules.clone(),
        schedules: result.exploration.schedules.clone(),
    })
}

/// A list that two workers write by its entries, and the key that they name them by.
fn untyped(scenario: &Scenario) -> Option<(FieldPath, String)> {
    let entries = scenario.workers.iter().enumerate().flat_map(|(at, worker)| {
        worker.sets.iter().filter_map(move |(path, _)| {
            let list = path.outermost_list()?;
            match path.steps().get(list.steps().len()) {
                Some(Step::Entry { key, .. }) => Some((at, list, key.clone())),
                _ => None,
            }
        })
    });
    let entries: Vec<_> = entries.collect();
    let shared = |(at, list, key): &&(usize, FieldPath, String)| {
        entries.iter().any(|(other, same, by)| other != at && same == list && by == key)
    };
    let (_, list, key) = entries.iter().find(shared)?;
    let names: Vec<String> = list.field_names().into_iter().map(str::to_owned).collect();
    let mut crds = scenario.crds.to_vec();
    let is_untyped = crds.iter_mut().any(|crd| declare(crd, &names, key));
    is_untyped.then(|| (list.clone(), key.clone()))
}

/// Gives the list of every version that has it and says no list type the type `map`.
fn declare(crd: &mut Value, names: &[String], key: &str) -> bool {
    let versions = crd["spec"]["versions"].as_array_mut();
    let mut declared = false;
    for version in versions.into_iter().flatten() {
        let root = &mut version["schema"]["openAPIV3Schema"];
        let node = names.iter().try_fold(root, |node, name| {
            node.get_mut("properties").and_then(|properties| properties.get_mut(name))
        });
        let Some(node) = node.and_then(Value::as_object_mut) else { continue };
        let has_key = node.get("items").is_some_and(|items| !items["properties"][key].is_null());
        if node.contains_key("x-kubernetes-list-type") || !has_key {
            continue;
        }
        node.insert("x-kubernetes-list-type".into(), json!("map"));
        node.insert("x-kubernetes-list-map-keys".into(), json!([key]));
        let required = &mut node["items"]["required"];
        match required.as_array_mut() {
            Some(required) if required.iter().any(|name| name == key) => {}
            Some(required) => required.push(json!(key)),
            None => *required = json!([key]),
        }
        declared = true;
    }
    declared
}
