//! DELETE of one object, and of a collection.
//!
//! An object with finalizers is not removed but marked, and goes when the last finalizer does
//! (`engine.rs`).

use std::sync::Arc;

use serde_json::Value;

use super::super::call::{Answer, Call};
use super::super::metadata::{self, Meta};
use super::super::server::namespace_key;
use super::super::{ApiServer, Key, Response, Status, crd, lifecycle};
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
        Removal::Marked(object) => {
            // Who wants the dependents gone too is told that this has only begun.
            let options = call.request.body.as_deref().unwrap_or(&Value::Null);
            let code = if options["orphanDependents"] == false { 202 } else { 200 };
            Ok(call.answer(code, object))
        }
    }
}

/// Deletes every object of a collection, one by one; the answer has them as they were.
pub(crate) fn delete_collection(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
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

fn delete_object(server: &mut ApiServer, call: &Call<'_>, key: &Key) -> Answer<Removal> {
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
    let marked = match mark(call, &current.object, options) {
        Deletion::Now => {
            if !dry_run {
                server.delete(key, time);
            }
            return Ok(if is_pod(call) { Removal::Marked(view) } else { Removal::Gone(view) });
        }
        Deletion::Pending => return Ok(Removal::Marked(view)),
        Deletion::Marked(marked) => marked,
    };
    if dry_run {
        return Ok(Removal::Marked(ApiServer::view(&marked, current.modified)));
    }
    let marked = server.put(key, marked, time);
    let object = &marked.object;
    if is_pod(call) && object.finalizers().is_empty() && grace(object) == Some(0) {
        server.delete(key, time);
    }
    if key.resource == namespace_key("").resource {
        server.finish_namespace(&key.name, time);
    }
    Ok(Removal::Marked(marked.view()))
}

/// What a delete does to one object.
enum Deletion {
    /// It removes the object.
    Now,
    /// Nothing: the object is being deleted already.
    Pending,
    /// It leaves the object marked, with finalizers or a grace period to wait for.
    Marked(Value),
}

fn mark(call: &Call<'_>, object: &Value, options: &Value) -> Deletion {
    let time = call.request.time;
    let marked = object.meta("deletionTimestamp").is_some();
    match call.kind.kind.as_str() {
        crd::KIND if !call.kind.custom && !marked => {
            return Deletion::Marked(lifecycle::mark_definition(object, time));
        }
        "Namespace" if !call.kind.custom && !marked => {
            return Deletion::Marked(lifecycle::mark_namespace(object, time));
        }
        "Pod" if !call.kind.custom => return mark_pod(object, options, time),
        _ => {}
    }
    let finalizers = finalizers(object, options);
    if finalizers.is_empty() {
        return Deletion::Now;
    }
    let changed = finalizers.iter().map(String::as_str).ne(object.finalizers());
    if marked && !changed {
        return Deletion::Pending;
    }
    let mut new = if marked { object.clone() } else { metadata::marked(object, 0, time) };
    new.set_meta("finalizers", Some(Value::from(finalizers)));
    Deletion::Marked(new)
}

/// The namespaces that no cluster does without.
fn is_immortal(key: &Key) -> bool {
    *key == namespace_key(&key.name)
        && matches!(key.name.as_str(), "default" | "kube-system" | "kube-public")
}

fn is_pod(call: &Call<'_>) -> bool {
    call.kind.kind == "Pod" && !call.kind.custom
}

fn grace(object: &Value) -> Option<i64> {
    object.meta("deletionGracePeriodSeconds").and_then(Value::as_i64)
}

/// A pod is always marked first. One that runs somewhere is given time, and only its kubelet
/// removes it (by a delete with no grace); another one goes in the same step.
fn mark_pod(pod: &Value, options: &Value, time: i64) -> Deletion {
    let scheduled = pod["spec"]["nodeName"].as_str().is_some_and(|node| !node.is_empty());
    let finished = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64().unwrap_or(30);
    let asked =
        options["gracePeriodSeconds"].as_i64().map(|asked| if asked < 0 { 1 } else { asked });
    let finalizers = finalizers(pod, options);
    match grace(pod) {
        Some(0) if finalizers.is_empty() => return Deletion::Now,
        Some(0) => return Deletion::Pending,
        Some(pending) if asked.is_none_or(|asked| asked >= pending) => return Deletion::Pending,
        _ => {}
    }
    let seconds = if scheduled && !finished { asked.unwrap_or(own) } else { 0 };
    let mut new = metadata::marked(pod, seconds, time);
    if pod.meta("deletionTimestamp").is_some() {
        new.set_meta("generation", pod.meta("generation").cloned());
    }
    if !finalizers.is_empty() {
        new.set_meta("finalizers", Some(Value::from(finalizers)));
    }
    Deletion::Marked(new)
}

/// The finalizers that a deleted object has to wait for.
///
/// Foreground and Orphan bring one each; without a policy those of an earlier delete stay.
fn finalizers(object: &Value, options: &Value) -> Vec<String> {
    let had = object.finalizers();
    let policy = match (options["orphanDependents"].as_bool(), &options["propagationPolicy"]) {
        (Some(true), _) => Some("Orphan"),
        (Some(false), _) => Some("Background"),
        (None, policy) => policy.as_str(),
    };
    let (orphan, foreground) = match policy {
        Some(policy) => (policy == "Orphan", policy == "Foreground"),
        None => (had.contains(&"orphan"), had.contains(&"foregroundDeletion")),
    };
    let garbage = ["orphan", "foregroundDeletion"];
    let wanted =
        |name: &str| name == "orphan" && orphan || name == "foregroundDeletion" && foreground;
    let mut kept: Vec<String> = had
        .into_iter()
        .filter(|name| !garbage.contains(name) || wanted(name))
        .map(String::from)
        .collect();
    for name in garbage {
        if wanted(name) && !kept.iter().any(|known| known == name) {
            kept.push(name.into());
        }
    }
    kept
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
