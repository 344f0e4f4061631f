//! POST: a new object.
//!
//! Order as in a real server: decoding (types, unknown fields, defaults), apiVersion, fields that
//! only the server writes, namespace, ownership, name, validation, store.
//! Next to read: `metadata.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::super::call::{ApiResult, RequestScope};
use super::super::engine::{self, parse_revision};
use super::super::metadata::{self, Meta};
use super::super::{ApiServer, Key, Status, server, store};

/// The maximum of names that are tried for a generateName.
const NAME_ATTEMPTS: u64 = 8;
/// A generated name's prefix is cut so that prefix and suffix fit into a label.
const PREFIX_BYTES_MAX: usize = 58;

/// Creates the object in the body.
pub(crate) fn create(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    if call.is_status() {
        return Err(Status::method_not_allowed(&call.kind.resource, "create"));
    }
    let object = body(call)?;
    create_object(server, call, object)
}

/// Creates an object with its status, whatever its kind's endpoints allow: the status goes the way
/// of the rest (decoded, pruned, defaulted, owned by who created it), and is kept.
pub(crate) fn seed(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult<Key> {
    call.seeds = true;
    let object = body(call)?;
    let response = create_object(server, call, object)?;
    let name = response.object().map(|object| object.meta_str("name").to_string());
    Ok(call.key_named(&name.unwrap_or_default()))
}

/// The body of a POST or PUT.
pub(crate) fn body(call: &RequestScope<'_>) -> ApiResult<Value> {
    match &call.request.body {
        Some(body) => Ok(Value::clone(body)),
        None => Err(Status::bad_request("the request has no body")),
    }
}

/// Decodes and stores a new object; also the end of a PUT to an absent object.
pub(crate) fn create_object(
    server: &mut ApiServer,
    call: &mut RequestScope<'_>,
    mut object: Value,
) -> ApiResult {
    let says_status = object.get("status").is_some_and(|status| !status.is_null());
    call.admit(&mut object)?;
    metadata::wipe(&mut object);
    engine::check_namespace(call, &mut object)?;
    dedup_owners(call, &mut object);
    call.record(None, &mut object);
    store_new(server, call, object, says_status)
}

/// An owner that is named twice is kept once.
pub(crate) fn dedup_owners(call: &mut RequestScope<'_>, object: &mut Value) {
    let Some(owners) = object.meta("ownerReferences").and_then(Value::as_array).cloned() else {
        return;
    };
    let mut known = BTreeSet::new();
    let mut kept: Vec<Value> = Vec::new();
    let mut twice = Vec::new();
    for owner in owners {
        if !known.insert(owner.to_string()) {
            twice.push(owner["uid"].as_str().unwrap_or_default().to_string());
        } else {
            kept.push(owner);
        }
    }
    if !twice.is_empty() {
        call.warnings.push(format!(
            ".metadata.ownerReferences contains duplicate entries; API server dedups owner \
             references in 1.20+, and may reject such requests as early as 1.24; please fix your \
             requests; duplicate UID(s) observed: {}",
            twice.join(", ")
        ));
        object.set_meta("ownerReferences", Some(Value::Array(kept)));
    }
}

/// The second half of a create, and the end of an apply to an absent object: the object is
/// decoded and its ownership is recorded. `says_status`: the request itself has a status.
pub(crate) fn store_new(
    server: &mut ApiServer,
    call: &mut RequestScope<'_>,
    mut object: Value,
    says_status: bool,
) -> ApiResult {
    admit_namespace(server, call)?;
    let asked = parse_revision(object.meta_str("resourceVersion"));
    prepare(server, call, &mut object, says_status);
    call.note(|stages| &mut stages.stored, &object);
    name(server, call, &mut object)?;
    validate(call, &object)?;
    call.warnings.extend(call.kind.strategy.warnings(&object, None));
    if asked? != 0 {
        let text = "resourceVersion should not be set on objects to be created";
        return Err(Status::failure(500, text));
    }
    let key = call.key_named(object.meta_str("name"));
    if let Some(existing) = server.store.get(&key) {
        let generated = !object.meta_str("generateName").is_empty();
        return Err(already_exists(&key, &existing.object, generated));
    }
    server.make_uid();
    if call.request.options.dry_run {
        return Ok(call.answer(201, store::without_empty(&Arc::new(object))));
    }
    call.kind.through_storage(&mut object);
    if call.kind.strategy.defaults_on_read() && call.drops_status() {
        // A status that was dropped has its default when it is read again.
        call.kind.schema.default(&mut object);
    }
    let stored = server.put_for(call, &key, object)?;
    Ok(call.answer(201, &stored))
}

/// Whether the namespace, and the kind, still take new objects.
fn admit_namespace(server: &ApiServer, call: &RequestScope<'_>) -> ApiResult<()> {
    let namespace = call.request.namespace.as_deref().unwrap_or_default();
    if call.kind.is_custom() && server.is_terminating(&call.kind.resource) {
        let name = call.request.body.as_deref().map(|body| body.meta_str("name").to_string());
        let why = "create not allowed while custom resource definition is terminating";
        return Err(Status::forbidden(&call.kind.resource, &name.unwrap_or_default(), why));
    }
    if !call.kind.namespaced {
        return Ok(());
    }
    if !server.namespace_exists(namespace) {
        let resource = server::namespace_key(namespace).resource;
        return Err(Status::not_found(&resource, namespace));
    }
    if server.is_namespace_terminating(namespace) {
        let name = call.request.body.as_deref().map(|body| body.meta_str("name").to_string());
        let resource = &call.kind.resource;
        return Err(Status::namespace_terminating(resource, &name.unwrap_or_default(), namespace));
    }
    Ok(())
}

/// What only the server writes.
fn prepare(server: &ApiServer, call: &RequestScope<'_>, object: &mut Value, says_status: bool) {
    metadata::prepare_create(object, server.next_uid(), call.request.time);
    object.set_meta("resourceVersion", None);
    let seeded = call.seeds && says_status;
    let status = match object.as_object_mut() {
        Some(fields) if call.drops_status() && !call.kind.status_at_creation => {
            fields.remove("status").filter(|_| seeded)
        }
        _ => None,
    };
    call.kind.schema.prepare_create(object);
    call.kind.strategy.prepare_for_create(object);
    if let (Some(status), Some(fields)) = (status, object.as_object_mut()) {
        fields.insert("status".into(), status);
    }
    // What is read from the store is defaulted: a status has its defaults, though none was sent.
    if call.kind.strategy.defaults_on_read() {
        call.kind.schema.default(object);
    }
    if call.kind.generation {
        object.set_meta("generation", Some(1.into()));
    }
}

fn validate(call: &mut RequestScope<'_>, object: &Value) -> ApiResult<()> {
    engine::check_type(call, object)?;
    let mut errors = metadata::validate_create(&call.kind, object);
    errors.extend(call.kind.schema.validate(object, None, &mut call.warnings));
    errors.extend(call.kind.strategy.validate(object, None));
    if errors.is_empty() { Ok(()) } else { Err(call.invalid(object.meta_str("name"), &errors)) }
}

/// Makes a name from generateName if there is none.
fn name(server: &ApiServer, call: &RequestScope<'_>, object: &mut Value) -> ApiResult<()> {
    let base = object.meta_str("generateName").to_string();
    if !object.meta_str("name").is_empty() || base.is_empty() {
        return Ok(());
    }
    let mut end = base.len().min(PREFIX_BYTES_MAX);
    while !base.is_char_boundary(end) {
        end -= 1;
    }
    for attempt in 0..NAME_ATTEMPTS {
        let name = format!("{}{}", &base[..end], server.suffix(attempt));
        let taken = server.store.get(&call.key_named(&name)).is_some();
        object.set_meta("name", Some(name.into()));
        if !taken {
            break;
        }
    }
    Ok(())
}

fn already_exists(key: &Key, existing: &Value, generated: bool) -> Box<Status> {
    let mut status = Status::already_exists(&key.resource, &key.name);
    let mut message = status.message.take().unwrap_or_default();
    if generated {
        message += ", the server was not able to generate a unique name for the object";
        if let Some(details) = &mut status.details {
            details.retry_after_seconds = Some(1);
        }
    }
    if existing.meta("deletionTimestamp").is_some() {
        message = format!("object is being deleted: {message}");
    }
    status.message = Some(message);
    status
}
