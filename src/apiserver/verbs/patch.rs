//! PATCH: the object becomes what the patch makes of it, at the moment of the write.
//!
//! A patch is computed from the *present* object, so it never conflicts unless it carries a
//! resourceVersion itself. Next to read: `engine.rs`, and `patch/`.

use std::sync::Arc;

use serde_json::Value;

use super::super::call::{ApiResult, RequestScope};
use super::super::engine::{self, Update};
use super::super::managed_fields::{self, ApplyError};
use super::super::metadata::Meta;
use super::super::patch::{self, PatchError};
use super::super::{ApiServer, Body, FieldValidation, PatchKind, Status};
use super::create;

/// Patches the object, or on `/status` its status.
pub(crate) fn patch(
    server: &mut ApiServer,
    call: &mut RequestScope<'_>,
    kind: PatchKind,
) -> ApiResult {
    if !call.kind.strategy.takes(kind) {
        return Err(Status::unsupported_media_type(
            "application/json-patch+json, application/merge-patch+json, \
             application/apply-patch+yaml",
        ));
    }
    let Some(current) = server.store.get(&call.key()).cloned() else {
        if kind == PatchKind::Apply && call.request.subresource.is_none() {
            return apply_new(server, call);
        }
        return Err(call.not_found());
    };
    let transform = move |call: &mut RequestScope<'_>, current: &Value| {
        let mut new = match kind {
            PatchKind::Apply => return applied(call, Some(current)),
            _ => patched(call, kind, current)?,
        };
        call.admit_patched(&mut new)?;
        call.record(Some(current), &mut new);
        create::dedup_owners(call, &mut new);
        Ok(new)
    };
    engine::update(server, call, current, Update { uid: None, transform: Box::new(transform) })
}

fn body<'a>(call: &RequestScope<'a>) -> &'a Value {
    call.request.body.as_deref().unwrap_or(&Value::Null)
}

fn patched(call: &RequestScope<'_>, kind: PatchKind, current: &Value) -> ApiResult<Value> {
    let patch = body(call);
    let new = match kind {
        PatchKind::Json => patch::json(current, patch),
        PatchKind::Strategic => patch::strategic(&call.kind.schema, current, patch),
        PatchKind::Merge | PatchKind::Apply => patch::merge(current, patch),
    };
    new.map_err(|error| match error {
        PatchError::Malformed(text) => Status::bad_request(text),
        PatchError::TooLarge(text) => Status::too_large(&text),
        PatchError::Failed(_) => Status::patch_failed(),
    })
}

/// An apply to an absent object creates it.
fn apply_new(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let mut object = applied(call, None)?;
    let uid = object.meta_str("uid");
    if !uid.is_empty() {
        let why = format!(
            "uid mismatch: the provided object specified uid {uid}, and no existing object was \
             found"
        );
        return Err(Status::conflict(&call.kind.resource, call.name(), &why));
    }
    engine::check_identity(call, &mut object)?;
    // Nothing is there to compare it with. A dry run shows it all the same.
    let revision = object.meta("resourceVersion").cloned();
    object.set_meta("resourceVersion", None);
    let mut response = create::store_new(server, call, object, false)?;
    if let (Body::Object(object), true) = (&mut response.body, call.request.options.dry_run) {
        let mut shown = Value::clone(object);
        shown.set_meta("resourceVersion", revision);
        *object = Arc::new(shown).into();
    }
    Ok(response)
}

fn applied(call: &mut RequestScope<'_>, current: Option<&Value>) -> ApiResult<Value> {
    let object = body(call);
    let revision = object.meta("resourceVersion").cloned();
    let uid = object.meta("uid").cloned();
    let force = call.request.options.force.unwrap_or(false);
    let schema = call.kind.schema.clone();
    let new = call.as_write(|write| managed_fields::apply(&schema, current, object, write, force));
    let mut new = new.map_err(|error| match error {
        ApplyError::BadRequest(text) => Status::bad_request(text),
        ApplyError::Typed(text) => Status::failure(500, text),
        ApplyError::Conflict(conflicts) => Status::apply_conflict(
            managed_fields::conflict_message(&conflicts),
            managed_fields::conflict_causes(&conflicts),
        ),
    })?;
    call.kind.strategy.default(&mut new);
    let twice = &call.request.options.decoding_errors;
    match call.request.options.field_validation {
        FieldValidation::Strict if !twice.is_empty() => {
            return Err(Status::bad_request(format!(
                "error strict decoding patch: error converting YAML to JSON: yaml: unmarshal \
                 errors:\n  {}",
                twice.join("\n  ")
            )));
        }
        FieldValidation::Warn => call.warnings.extend(twice.iter().cloned()),
        _ => {}
    }
    let own = |field: &str| current.and_then(|current| current.meta(field).cloned());
    new.set_meta("resourceVersion", revision.or_else(|| own("resourceVersion")));
    new.set_meta("uid", uid.or_else(|| own("uid")));
    if call.stages.is_some() {
        let mut asked = new.clone();
        as_sent(&mut asked, object);
        call.note(|stages| &mut stages.asked, &asked);
        call.note(|stages| &mut stages.decoded, &new);
        call.note(|stages| &mut stages.defaulted, &new);
    }
    Ok(new)
}

/// Writes the scalars of a configuration as they were sent: merging has canonicalised them.
fn as_sent(object: &mut Value, sent: &Value) {
    match (object, sent) {
        (Value::Object(object), Value::Object(sent)) => {
            for (key, sent) in sent {
                if let Some(value) = object.get_mut(key) {
                    as_sent(value, sent);
                }
            }
        }
        (Value::Object(_) | Value::Array(_), _) | (_, Value::Object(_) | Value::Array(_)) => {}
        (object, sent) => object.clone_from(sent),
    }
}
