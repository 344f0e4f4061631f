//! `/scale`: the replicas of an object as an `autoscaling/v1` Scale, whatever its kind calls them.
//!
//! A write changes one field of the object, through `engine.rs` like every other. Next to read:
//! `engine.rs`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::call::{ApiResult, RequestScope};
use super::super::engine::{self, Update};
use super::super::metadata::Meta;
use super::super::patch::{self, PatchError};
use super::super::schema::FieldError;
use super::super::{ApiServer, Body, PatchKind, Scale, Status, Verb};
use super::create;

/// Reads the Scale of an object.
pub(crate) fn get(server: &ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let stored = server.store.get(&call.key()).ok_or_else(|| call.not_found())?;
    let scale = shown(call, &stored.view())?;
    Ok(call.answer(200, Arc::new(scale)))
}

/// Writes it.
pub(crate) fn write(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let current = server.store.get(&call.key()).cloned().ok_or_else(|| call.not_found())?;
    let scale = match call.request.verb {
        Verb::Update => create::body(call)?,
        Verb::Patch(kind) => patched(call, kind, &shown(call, &current.view())?)?,
        Verb::Create => return Err(Status::method_not_allowed(&call.kind.resource, "create")),
        _ => return Err(Status::method_not_allowed(&call.kind.resource, "delete")),
    };
    let paths = paths(call)?;
    let replicas = wanted(call, &scale)?;
    let revision = scale.meta("resourceVersion").filter(|it| *it != "").cloned();
    let transform = move |call: &mut RequestScope<'_>, current: &Value| {
        let mut new = current.clone();
        let parts: Vec<&str> = paths.spec.trim_start_matches('.').split('.').collect();
        put(&mut new, &parts, replicas.into());
        if let Some(revision) = revision {
            new.set_meta("resourceVersion", Some(revision));
        }
        call.record(Some(current), &mut new);
        Ok(new)
    };
    let update = Update { uid: None, transform: Box::new(transform) };
    let mut response = engine::update(server, call, current, update)?;
    if let Body::Object(object) = &response.body {
        let scale = shown(call, object.value())?;
        response.body = Body::Object(Arc::new(scale).into());
    }
    Ok(response)
}

fn paths(call: &RequestScope<'_>) -> ApiResult<Arc<Scale>> {
    call.kind.scale.clone().ok_or_else(|| call.not_found())
}

/// The number of replicas that a Scale asks for.
fn wanted(call: &RequestScope<'_>, scale: &Value) -> ApiResult<i64> {
    let name = scale.meta_str("name");
    if !name.is_empty() && name != call.name() {
        return Err(Status::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            call.name()
        )));
    }
    let replicas = &scale["spec"]["replicas"];
    let number = if replicas.is_null() { Some(0) } else { replicas.as_i64() };
    let Some(number) = number.filter(|number| i32::try_from(*number).is_ok()) else {
        let why =
            "json: cannot unmarshal into Go struct field ScaleSpec.spec.replicas of type int32";
        return Err(Status::bad_request(why));
    };
    if number < 0 {
        let why = "must be greater than or equal to 0";
        let error = FieldError::invalid("spec.replicas", replicas, why);
        return Err(Status::invalid("autoscaling", "Scale", call.name(), &[error]));
    }
    Ok(number)
}

fn patched(call: &RequestScope<'_>, kind: PatchKind, scale: &Value) -> ApiResult<Value> {
    let patch = call.request.body.as_deref().unwrap_or(&Value::Null);
    let new = match kind {
        PatchKind::Json => patch::json(scale, patch),
        _ => patch::merge(scale, patch),
    };
    new.map_err(|error| match error {
        PatchError::Malformed(text) => Status::bad_request(text),
        PatchError::TooLarge(text) => Status::too_large(&text),
        PatchError::Failed(_) => Status::patch_failed(),
    })
}

/// The Scale of an object.
fn shown(call: &RequestScope<'_>, object: &Value) -> ApiResult<Value> {
    let paths = paths(call)?;
    let at = |path: &str| {
        let parts = path.trim_start_matches('.').split('.');
        parts.into_iter().try_fold(object, |value, part| value.get(part))
    };
    let replicas = at(&paths.spec).and_then(Value::as_i64);
    let Some(replicas) = replicas else {
        let why = format!("the spec replicas field \"{}\" does not exist", paths.spec);
        return Err(Status::internal_error(&why));
    };
    let mut metadata = json!({ "name": object.meta_str("name") });
    for field in ["namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = object.meta(field) {
            metadata[field] = value.clone();
        }
    }
    let mut scale = json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": metadata,
        "spec": {},
        "status": { "replicas": at(&paths.status).and_then(Value::as_i64).unwrap_or(0) },
    });
    if replicas != 0 {
        scale["spec"]["replicas"] = replicas.into();
    }
    let selector = paths.selector.as_deref().and_then(at).map(|selector| match selector {
        Value::String(text) => text.clone(),
        labels => selector_text(labels),
    });
    if let Some(selector) = selector.filter(|text| !text.is_empty()) {
        scale["status"]["selector"] = selector.into();
    }
    Ok(scale)
}

/// A label selector as one line: `a=b,c in (d,e)`.
pub(super) fn selector_text(selector: &Value) -> String {
    let plain = selector.as_object().filter(|it| it.values().all(Value::is_string));
    let equal = selector["matchLabels"].as_object().or(plain).into_iter().flatten();
    let equal = equal.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let rules = selector["matchExpressions"].as_array().into_iter().flatten();
    let rules = rules.map(|rule| {
        let key = rule["key"].as_str().unwrap_or_default();
        let values = rule["values"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let values = values.collect::<Vec<_>>().join(",");
        match rule["operator"].as_str() {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        }
    });
    equal.chain(rules).collect::<Vec<_>>().join(",")
}

fn put(object: &mut Value, parts: &[&str], value: Value) {
    match parts {
        [] => *object = value,
        [first, rest @ ..] => {
            if !object.is_object() {
                *object = json!({});
            }
            put(&mut object[*first], rest, value);
        }
    }
}
