//! PATCH: the object becomes what the patch makes of it, at the moment of the write.
//!
//! A patch is computed from the *present* object, so it never conflicts unless it carries a
//! resourceVersion itself. Next to read: `engine.rs`, and `patch/`.

use serde_json::Value;

use super::super::engine::{self, Answer, Call, Update};
use super::super::managed_fields::{self, ApplyError};
use super::super::metadata::Meta;
use super::super::patch::{self, PatchError};
use super::super::{ApiServer, PatchKind, Status};
use super::create;

/// Patches the object, or on `/status` its status.
pub(crate) fn patch(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    let kind = call.request.patch.unwrap_or(PatchKind::Merge);
    if kind == PatchKind::Strategic && call.kind.custom {
        return Err(Status::unsupported_media_type(
            "application/json-patch+json, application/merge-patch+json, \
             application/apply-patch+yaml",
        ));
    }
    let Some(current) = server.store.get(&call.key()).cloned() else {
        if kind == PatchKind::Apply && !call.is_status() {
            let object = applied(call, None)?;
            return create::store_new(server, call, object, None);
        }
        return Err(call.not_found());
    };
    let mut transform = |call: &mut Call<'_>, current: &Value| {
        let mut new = match kind {
            PatchKind::Apply => return applied(call, Some(current)),
            _ => patched(call, kind, current)?,
        };
        call.admit(&mut new)?;
        let schema = call.kind.schema.clone();
        call.as_write(|write| managed_fields::update(&schema, Some(current), &mut new, write));
        Ok(new)
    };
    engine::update(server, call, current, Update { uid: None, transform: &mut transform })
}

fn body<'a>(call: &Call<'a>) -> &'a Value {
    call.request.body.as_deref().unwrap_or(&Value::Null)
}

fn patched(call: &Call<'_>, kind: PatchKind, current: &Value) -> Answer<Value> {
    let patch = body(call);
    let new = match kind {
        PatchKind::Json => patch::json(current, patch),
        PatchKind::Strategic => patch::strategic(&call.kind.schema, current, patch),
        PatchKind::Merge | PatchKind::Apply => patch::merge(current, patch),
    };
    new.map_err(|error| match error {
        PatchError::Malformed(text) => Status::bad_request(text),
        PatchError::TooLarge(text) => Status::too_large(text),
        PatchError::Failed(_) => Status::patch_failed(),
    })
}

fn applied(call: &mut Call<'_>, current: Option<&Value>) -> Answer<Value> {
    let mut object = Value::clone(body(call));
    create::check_namespace(call, &mut object)?;
    if object.meta_str("name").is_empty() {
        object.set_meta("name", Some(call.name().into()));
    }
    let revision = object.meta("resourceVersion").cloned();
    let force = call.request.options.force.unwrap_or(false);
    let schema = call.kind.schema.clone();
    let new = call.as_write(|write| managed_fields::apply(&schema, current, &object, write, force));
    let mut new = new.map_err(|error| match error {
        ApplyError::BadRequest(text) => Status::bad_request(text),
        ApplyError::Typed(text) => Status::failure(500, text),
        ApplyError::Conflict(conflicts) => Status::apply_conflict(
            managed_fields::conflict_message(&conflicts),
            managed_fields::conflict_causes(&conflicts),
        ),
    })?;
    if let Some(current) = current {
        let own = current.meta("resourceVersion").cloned();
        new.set_meta("resourceVersion", revision.or(own));
    }
    call.kind.schema.default(&mut new);
    Ok(new)
}
