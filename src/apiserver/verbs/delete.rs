//! DELETE of one object, and of a collection.
//!
//! An object with finalizers is not removed but marked, and goes when the last finalizer does
//! (`engine.rs`).

use std::sync::Arc;

use serde_json::Value;

use super::super::engine::{Answer, Call};
use super::super::metadata::{self, Meta};
use super::super::{ApiServer, Key, Response, Status};
use super::list;

/// Deletes the object in the URL.
pub(crate) fn delete(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    if call.is_status() {
        return Err(Status::method_not_allowed(&call.kind.resource, "delete"));
    }
    let key = call.key();
    match delete_object(server, call, &key)? {
        Removal::Gone(object) => {
            let status = Status::deleted(&key.resource, &key.name, object.meta_str("uid"));
            Ok(Response::from(status))
        }
        Removal::Marked(object) => Ok(call.answer(200, object)),
    }
}

/// Deletes every object of a collection, one by one.
pub(crate) fn delete_collection(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    let page = list::page(server, call)?;
    let mut items = Vec::new();
    for (key, _) in page.items {
        let (Removal::Gone(object) | Removal::Marked(object)) = delete_object(server, call, &key)?;
        items.push(Value::clone(&object));
    }
    Ok(list::answer(call, items, page.revision, page.next, page.remaining))
}

enum Removal {
    /// It is removed; this was its last state.
    Gone(Arc<Value>),
    /// It waits for its finalizers.
    Marked(Arc<Value>),
}

fn delete_object(server: &mut ApiServer, call: &Call<'_>, key: &Key) -> Answer<Removal> {
    let Some(current) = server.store.get(key).cloned() else {
        return Err(Status::not_found(&key.resource, &key.name));
    };
    check_preconditions(call, key, &current.object, current.modified.0)?;
    let dry_run = call.request.options.dry_run;
    let view = ApiServer::view(&current.object, current.modified);
    if current.object.finalizers().is_empty() {
        if !dry_run {
            server.store.delete(key);
        }
        return Ok(Removal::Gone(view));
    }
    if current.object.meta("deletionTimestamp").is_some() {
        return Ok(Removal::Marked(view));
    }
    let mut marked = Value::clone(&current.object);
    let now = metadata::timestamp(call.request.time);
    marked.set_meta("deletionTimestamp", Some(now.into()));
    marked.set_meta("deletionGracePeriodSeconds", Some(0.into()));
    if let Some(generation) = current.object.meta("generation").and_then(Value::as_i64) {
        marked.set_meta("generation", Some((generation + 1).into()));
    }
    if dry_run {
        return Ok(Removal::Marked(ApiServer::view(&marked, current.modified)));
    }
    let marked = Arc::new(marked);
    let revision = server.store.put(key, marked.clone());
    Ok(Removal::Marked(ApiServer::view(&marked, revision)))
}

fn check_preconditions(call: &Call<'_>, key: &Key, object: &Value, revision: u64) -> Answer<()> {
    let Some(options) = &call.request.body else { return Ok(()) };
    let wanted = |field: &str| options["preconditions"][field].as_str().map(String::from);
    let refuse = |why: String| {
        let mut resource = key.resource.clone();
        resource.plural = call.kind.kind.clone();
        Err(Status::conflict(&resource, &key.name, &why))
    };
    let uid = object.meta_str("uid");
    if let Some(wanted) = wanted("uid").filter(|wanted| wanted != uid) {
        return refuse(format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). \
             The object might have been deleted and then recreated"
        ));
    }
    if let Some(wanted) = wanted("resourceVersion").filter(|it| *it != revision.to_string()) {
        return refuse(format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the \
             ResourceVersion in record ({revision}). The object might have been modified"
        ));
    }
    Ok(())
}
