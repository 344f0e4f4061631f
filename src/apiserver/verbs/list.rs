//! LIST of a collection.

use serde_json::{Value, json};
use std::sync::Arc;

use super::super::engine::{Answer, Call};
use super::super::{ApiServer, Body, Response};

/// The objects of a kind in one namespace or in all.
pub(crate) fn list(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    let namespace = call.request.namespace.as_deref();
    let found = server.store.of_resource(&call.kind.resource, namespace);
    let items: Vec<Value> = found.map(|(_, stored)| stored.view()).collect();
    let list = json!({
        "apiVersion": call.kind.api_version(),
        "kind": call.kind.list_kind,
        "metadata": { "continue": "", "resourceVersion": server.revision().to_string() },
        "items": items,
    });
    Ok(Response { code: 200, warnings: Vec::new(), body: Body::List(Arc::new(list)) })
}
