//! The update engine: the one way in which a stored object changes, for PUT, PATCH and apply.
//!
//! As one atomic step: look at the object, check the uid, compute the new object, check the
//! resourceVersion, carry over what the endpoint may not write, validate, and store, unless
//! nothing changed (a no-op: no revision, no event) or the last finalizer went (then it is
//! deleted). A real server runs this as a loop around an etcd transaction, without a limit of
//! tries; no client can tell the difference. Next to read: `engine/commit.rs`, through which it
//! and everyone else writes to the store, and `verbs/update.rs`.

mod commit;
pub(super) mod store;

use serde_json::Value;

use super::call::{ApiResult, RequestScope};
use super::managed_fields;
use super::metadata::{self, Meta};
use super::schema::FieldError;
use super::verbs::subresources;
use super::{ApiServer, Key, Revision, Status};
pub(crate) use commit::Commit;
use store::Stored;

/// Reads a resourceVersion: empty and zero mean none.
pub(crate) fn parse_revision(text: &str) -> ApiResult<u64> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| {
        let why = match text.bytes().all(|byte| byte.is_ascii_digit()) {
            true => "value out of range",
            false => "invalid syntax",
        };
        Status::failure(500, format!("strconv.ParseUint: parsing {text:?}: {why}"))
    })
}

/// Reads the resourceVersion parameter of a request: the error names it.
pub(crate) fn parse_request_revision(text: &str) -> ApiResult<u64> {
    parse_revision(text).map_err(|status| {
        let why = status.message.unwrap_or_default();
        let error = FieldError::invalid("resourceVersion", &text.into(), &why);
        Status::failure(500, error.text())
    })
}

/// Computes the new object from the one that is there.
pub(crate) type Transform<'f> =
    Box<dyn FnOnce(&mut RequestScope<'_>, &Value) -> ApiResult<Value> + 'f>;

/// The body's uid as a precondition (PUT only), and how to compute the new object.
pub(crate) struct Update<'f> {
    pub uid: Option<String>,
    pub transform: Transform<'f>,
}

/// Changes one stored object. `current` has been looked up by the caller, who answers 404.
pub(crate) fn update(
    server: &mut ApiServer,
    call: &mut RequestScope<'_>,
    current: Stored,
    update: Update<'_>,
) -> ApiResult {
    let key = call.key();
    check_uid(call, &current, update.uid.as_deref())?;
    let mut new = (update.transform)(call, &current.view())?;
    check_identity(call, &mut new)?;
    check_revision(call, &new, &current)?;
    new.set_meta("resourceVersion", None);
    let old = store::without_empty(&current.object);
    prepare(call, &mut new, &old);
    call.note(|stages| &mut stages.stored, &new);
    validate(call, &new, &old)?;
    call.kind.through_storage(&mut new);
    call.warnings.extend(call.kind.strategy.warnings(&new, Some(&old)));

    if is_finished(&new, &old) {
        let answer = call.answer(200, ApiServer::view(&new, current.modified));
        if !call.request.options.dry_run {
            server.delete(&key, call.request.time);
        }
        return Ok(answer);
    }
    if managed_fields::same_but_for_times(&new, &current.object) {
        return Ok(call.answer(200, &current));
    }
    if call.request.options.dry_run {
        return Ok(call.answer(200, ApiServer::view(&new, current.modified)));
    }
    let stored = server.put_for(call, &key, new)?;
    Ok(call.answer(200, &stored))
}

fn check_uid(call: &RequestScope<'_>, current: &Stored, uid: Option<&str>) -> ApiResult<()> {
    let found = current.object.meta_str("uid");
    match uid {
        Some(wanted) if wanted != found => {
            let why = format!(
                "StorageError: invalid object, Code: 4, Key: {}, ResourceVersion: 0, \
                 AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, \
                 UID in object meta: {found}",
                storage_key(call)
            );
            Err(Status::conflict(&call.kind.resource, call.name(), &why))
        }
        _ => Ok(()),
    }
}

/// The namespace and name of the new object are those of the URL.
pub(crate) fn check_identity(call: &RequestScope<'_>, new: &mut Value) -> ApiResult<()> {
    check_namespace(call, new)?;
    let (found, asked) = (new.meta_str("name"), call.name());
    if found.is_empty() {
        return Err(Status::bad_request(format!(
            "the name of the object ({asked} based on URL) was undeterminable: \
             name must be provided"
        )));
    }
    if found != asked {
        return Err(Status::bad_request(format!(
            "the name of the object ({found}) does not match the name on the URL ({asked})"
        )));
    }
    Ok(())
}

/// An empty namespace is filled in, that of an object without one is dropped; another one than
/// the URL's is an error.
pub(crate) fn check_namespace(call: &RequestScope<'_>, object: &mut Value) -> ApiResult<()> {
    let asked = call.request.namespace.as_deref().unwrap_or_default();
    let found = object.meta_str("namespace");
    if found.is_empty() && !asked.is_empty() {
        object.set_meta("namespace", Some(asked.into()));
    } else if asked.is_empty() && !found.is_empty() {
        object.set_meta("namespace", None);
    } else if found != asked {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

fn check_revision(call: &RequestScope<'_>, new: &Value, current: &Stored) -> ApiResult<()> {
    let resource = &call.kind.resource;
    match parse_revision(new.meta_str("resourceVersion"))? {
        0 if call.kind.unconditional_update => Ok(()),
        0 => {
            let path = "metadata.resourceVersion";
            let error = FieldError::invalid(path, &0.into(), "must be specified for an update");
            Err(Status::invalid(&resource.group, &resource.plural, call.name(), &[error]))
        }
        revision if Revision(revision) == current.modified => Ok(()),
        _ => Err(Status::stale(resource, call.name())),
    }
}

/// Carries over from the old object what this endpoint may not write, and counts generations.
fn prepare(call: &RequestScope<'_>, new: &mut Value, old: &Value) {
    if call.is_status() {
        return call.kind.strategy.prepare_for_status_update(new, old);
    }
    if let Some(path) = subresources::part_of(call) {
        prepare_part(call, path, new, old);
        return;
    }
    metadata::prepare_update(new, old);
    if call.drops_status() {
        new.set("status", old.get("status").cloned());
    }
    call.kind.schema.prepare_update(new, old);
    call.kind.strategy.prepare_for_update(new);
    let ignored: &[&str] = if call.kind.status_subresource { &["status"] } else { &[] };
    if call.kind.generation && metadata::content_differs(new, old, ignored) {
        let generation = old.meta("generation").and_then(Value::as_i64).unwrap_or(0) + 1;
        new.set_meta("generation", Some(generation.into()));
    }
}

/// A subresource that writes one part of the object: everything else stays as it was.
fn prepare_part(call: &RequestScope<'_>, path: &[&str], new: &mut Value, old: &Value) {
    let managed = new.meta("managedFields").cloned();
    let sent = path.iter().try_fold(&*new, |value, step| value.get(*step)).cloned();
    let mut kept = old.clone();
    put_at(&mut kept, path, sent);
    *new = kept;
    new.set_meta("managedFields", managed);
    if call.kind.generation && metadata::content_differs(new, old, &["status"]) {
        let generation = old.meta("generation").and_then(Value::as_i64).unwrap_or(0) + 1;
        new.set_meta("generation", Some(generation.into()));
    }
}

fn put_at(object: &mut Value, path: &[&str], value: Option<Value>) {
    match path {
        [] => {}
        [last] => object.set(last, value),
        [first, rest @ ..] => {
            if !object[*first].is_object() && value.is_some() {
                object[*first] = Value::Object(Default::default());
            }
            if let Some(inner) = object.get_mut(*first) {
                put_at(inner, rest, value);
            }
        }
    }
}

fn validate(call: &mut RequestScope<'_>, new: &Value, old: &Value) -> ApiResult<()> {
    let name = new.meta_str("name");
    check_type(call, new)?;
    let mut errors = metadata::validate_update(&call.kind, new, old);
    let schema = &call.kind.schema;
    let in_part = subresources::part_of(call).is_some();
    errors.extend(match call.is_status() {
        // What may not change has stayed.
        _ if in_part => schema.validate(new, None, &mut call.warnings),
        true => schema.validate_status(new, old, &mut call.warnings),
        false => schema.validate(new, Some(old), &mut call.warnings),
    });
    if !call.is_status() {
        errors.extend(call.kind.strategy.validate(new, Some(old)));
    }
    if errors.is_empty() { Ok(()) } else { Err(call.invalid(name, &errors)) }
}

/// 422 for another kind or apiVersion than the URL's.
pub(crate) fn check_type(call: &RequestScope<'_>, object: &Value) -> ApiResult<()> {
    let own = [("kind", call.kind.kind.clone()), ("apiVersion", call.kind.api_version())];
    let mut errors = Vec::new();
    for (field, own) in own {
        let found = object[field].as_str().unwrap_or_default();
        if found != own {
            errors.push(FieldError::invalid(field, &found.into(), &format!("must be {own}")));
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    let kind = object["kind"].as_str().unwrap_or_default();
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    Err(Status::invalid(group, kind, object.meta_str("name"), &errors))
}

/// Whether the object was being deleted and no finalizer holds it any more.
fn is_finished(new: &Value, old: &Value) -> bool {
    let grace = old.meta("deletionGracePeriodSeconds").and_then(Value::as_i64).unwrap_or(0);
    old.meta("deletionTimestamp").is_some() && new.finalizers().is_empty() && grace == 0
}

/// Where etcd would keep the object.
fn storage_key(call: &RequestScope<'_>) -> String {
    let Key { namespace, name, .. } = call.key();
    let prefix = call.kind.strategy.storage_prefix(&call.kind);
    match namespace {
        Some(namespace) => format!("{prefix}/{namespace}/{name}"),
        None => format!("{prefix}/{name}"),
    }
}
