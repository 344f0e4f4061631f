//! POST: a new object.
//!
//! Order as in a real server: namespace check, decoding (types, unknown fields, defaults), fields
//! that only the server writes, name, validation, store. Next to read: `metadata.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::super::engine::{Answer, Call, parse_revision};
use super::super::managed_fields;
use super::super::metadata::{self, Meta};
use super::super::schema::FieldError;
use super::super::{ApiServer, Key, Status};

/// Creates the object in the body.
pub(crate) fn create(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    if call.is_status() {
        return Err(Status::method_not_allowed(&call.kind.resource, "create"));
    }
    let object = body(call)?;
    create_object(server, call, object, None)
}

/// Puts an object there with its status, whatever its kind's endpoints allow.
pub(crate) fn seed(server: &mut ApiServer, call: &mut Call<'_>) -> Answer<Key> {
    let object = body(call)?;
    let status = object.get("status").cloned();
    let response = create_object(server, call, object, status)?;
    let name = response.object().map(|object| object.meta_str("name").to_string());
    Ok(call.key_named(&name.unwrap_or_default()))
}

/// The body, with the namespace of the URL in it.
pub(crate) fn body(call: &Call<'_>) -> Answer<Value> {
    let Some(body) = &call.request.body else {
        return Err(Status::bad_request("the request has no body"));
    };
    let mut object = Value::clone(body);
    check_namespace(call, &mut object)?;
    Ok(object)
}

/// An empty namespace is filled in; another one than the URL's is an error.
pub(crate) fn check_namespace(call: &Call<'_>, object: &mut Value) -> Answer<()> {
    let asked = call.request.namespace.as_deref().unwrap_or_default();
    let found = object.meta_str("namespace");
    if found.is_empty() && !asked.is_empty() {
        object.set_meta("namespace", Some(asked.into()));
    } else if found != asked {
        return Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// Stores a new object; also the end of an apply, or of a PUT, to an absent object.
pub(crate) fn create_object(
    server: &mut ApiServer,
    call: &mut Call<'_>,
    mut object: Value,
    seeded_status: Option<Value>,
) -> Answer {
    check_type(call, &object)?;
    call.admit(&mut object)?;
    let schema = call.kind.schema.clone();
    call.as_write(|write| managed_fields::update(&schema, None, &mut object, write));
    store_new(server, call, object, seeded_status)
}

/// The second half of a create: the body is decoded, its ownership is recorded.
pub(crate) fn store_new(
    server: &mut ApiServer,
    call: &mut Call<'_>,
    mut object: Value,
    seeded_status: Option<Value>,
) -> Answer {
    let namespace = call.request.namespace.as_deref().unwrap_or_default();
    if call.kind.namespaced && !server.namespace_exists(namespace) {
        let resource = super::super::server::namespace_key(namespace).resource;
        return Err(Status::not_found(&resource, namespace));
    }
    if parse_revision(object.meta_str("resourceVersion"))? != 0 {
        let text = "resourceVersion should not be set on objects to be created";
        return Err(Status::failure(500, text));
    }
    object.set_meta("resourceVersion", None);
    if let Some(fields) = object.as_object_mut().filter(|_| call.drops_status()) {
        fields.remove("status");
    }
    call.kind.schema.prepare_create(&mut object);
    if let Some(status) = seeded_status.filter(|_| call.drops_status()) {
        object["status"] = status;
    }
    metadata::prepare_create(&mut object, server.next_uid(), call.request.time);
    if call.kind.generation {
        object.set_meta("generation", Some(1.into()));
    }
    name(server, call, &mut object)?;
    let errors = call.kind.schema.validate(&object, None);
    if !errors.is_empty() {
        return Err(call.invalid(object.meta_str("name"), &errors));
    }
    let key = call.key_named(object.meta_str("name"));
    if server.store.get(&key).is_some() {
        return Err(Status::already_exists(&call.kind.resource, &key.name));
    }
    if call.request.options.dry_run {
        return Ok(call.answer(201, Arc::new(object)));
    }
    server.make_uid();
    let object = Arc::new(object);
    let revision = server.store.put(&key, object.clone());
    Ok(call.answer(201, ApiServer::view(&object, revision)))
}

/// Another apiVersion or kind than the URL's.
pub(crate) fn check_type(call: &Call<'_>, object: &Value) -> Answer<()> {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let expected = call.kind.api_version();
    if version != expected {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version \
             ({expected})"
        )));
    }
    let kind = object["kind"].as_str().unwrap_or_default();
    if kind != call.kind.kind {
        let text = format!("must be {}", call.kind.kind);
        let error = FieldError::invalid("kind", &kind.into(), &text);
        let group = &call.kind.resource.group;
        return Err(Status::invalid(group, kind, object.meta_str("name"), &[error]));
    }
    Ok(())
}

/// Makes a name from generateName if there is none.
fn name(server: &ApiServer, call: &Call<'_>, object: &mut Value) -> Answer<()> {
    if !object.meta_str("name").is_empty() {
        return Ok(());
    }
    let base = object.meta_str("generateName").to_string();
    if base.is_empty() {
        let text = "name or generateName is required";
        return Err(call.invalid("", &[FieldError::required("metadata.name", text)]));
    }
    let name = format!("{base}{}", server.suffix(0));
    object.set_meta("name", Some(name.into()));
    Ok(())
}
