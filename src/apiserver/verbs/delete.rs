//! DELETE of one object, and of a collection.
//!
//! An object with finalizers is not removed but marked, and goes when the last finalizer does
//! (`engine.rs`).

use std::sync::Arc;

use serde_json::Value;

use super::super::call::{ApiResult, RequestScope};
use super::super::metadata::Meta;
use super::super::server::namespace_key;
use super::super::strategy::Strategy;
use super::super::{ApiServer, Key, Response, Status};
use super::deletion::{self, Deletion};
use super::list;

/// Deletes the object in the URL.
pub(crate) fn delete(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    if call.is_status() {
        return Err(Status::method_not_allowed(&call.kind.resource, "delete"));
    }
    let key = call.key();
    match delete_object(server, call, &key)? {
        Removal::Gone(object) => {
            let status = Status::deleted(&key.resource, &key.name, object.meta_str("uid"));
            Ok(Response::from(status))
        }
        Removal::Marked(object) => {
            // Who wants the dependents gone too is told that this has only begun.
            let options = call.request.body.as_deref().unwrap_or(&Value::Null);
            let code = if options["orphanDependents"] == false { 202 } else { 200 };
            Ok(call.answer(code, object))
        }
    }
}

/// Deletes every object of a collection, one by one; the answer has them as they were.
pub(crate) fn delete_collection(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let page = list::page(server, call)?;
    for (key, _) in &page.items {
        delete_object(server, call, key)?;
    }
    let items = page.items.into_iter().map(|(_, stored)| stored).collect();
    Ok(list::answer(call, items, page.revision, page.next, page.remaining))
}

enum Removal {
    /// It is removed; this was its last state.
    Gone(Arc<Value>),
    /// It waits for its finalizers.
    Marked(Arc<Value>),
}

fn delete_object(server: &mut ApiServer, call: &RequestScope<'_>, key: &Key) -> ApiResult<Removal> {
    let Some(current) = server.store.get(key).cloned() else {
        return Err(Status::not_found(&key.resource, &key.name));
    };
    if is_immortal(key) {
        let why = "this namespace may not be deleted";
        return Err(Status::forbidden(&key.resource, &key.name, why));
    }
    check_preconditions(call, key, &current.object, current.modified.0)?;
    let options = call.request.body.as_deref().unwrap_or(&Value::Null);
    let dry_run = call.request.options.dry_run || options["dryRun"] == true;
    let time = call.request.time;
    let view = current.view();
    let is_pod = call.kind.strategy == Strategy::Pod;
    let marked = match call.kind.strategy.delete(call, &current.object, options) {
        Deletion::Now => {
            if !dry_run {
                server.delete(key, time);
            }
            return Ok(if is_pod { Removal::Marked(view) } else { Removal::Gone(view) });
        }
        Deletion::Pending => return Ok(Removal::Marked(view)),
        Deletion::Marked(marked) => marked,
    };
    if dry_run {
        return Ok(Removal::Marked(ApiServer::view(&marked, current.modified)));
    }
    let marked = server.put(key, marked, time);
    let object = &marked.object;
    if is_pod && object.finalizers().is_empty() && deletion::grace(object) == Some(0) {
        server.delete(key, time);
    }
    if key.resource == namespace_key("").resource {
        server.finish_namespace(&key.name, time);
    }
    Ok(Removal::Marked(marked.view()))
}

/// The namespaces that no cluster does without.
fn is_immortal(key: &Key) -> bool {
    *key == namespace_key(&key.name)
        && matches!(key.name.as_str(), "default" | "kube-system" | "kube-public")
}

fn check_preconditions(
    call: &RequestScope<'_>,
    key: &Key,
    object: &Value,
    revision: u64,
) -> ApiResult<()> {
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
