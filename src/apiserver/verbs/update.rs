//! PUT: the object becomes what the body says.
//!
//! With a resourceVersion it is conditional: 409 after another write in between. Without one it is
//! refused with 422, or, for kinds with `unconditional_update`, overwrites whatever is there.
//! Next to read: `engine.rs`.

use serde_json::Value;

use super::super::ApiServer;
use super::super::call::{ApiResult, RequestScope};
use super::super::engine::{self, Update};
use super::super::metadata::Meta;
use super::create;

/// Replaces the object, or on `/status` its status.
pub(crate) fn update(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let mut body = create::body(call)?;
    call.admit(&mut body)?;
    engine::check_identity(call, &mut body)?;
    create::dedup_owners(call, &mut body);
    let Some(current) = server.store.get(&call.key()).cloned() else {
        if call.kind.create_on_update && call.request.subresource.is_none() {
            body.set_meta("resourceVersion", None);
            metadata_of_new(call, &mut body);
            return create::store_new(server, call, body, false);
        }
        return Err(call.not_found());
    };
    let uid = Some(body.meta_str("uid")).filter(|uid| !uid.is_empty()).map(String::from);
    let transform = |call: &mut RequestScope<'_>, current: &Value| {
        call.record(Some(current), &mut body);
        Ok(body)
    };
    engine::update(server, call, current, Update { uid, transform: Box::new(transform) })
}

fn metadata_of_new(call: &RequestScope<'_>, body: &mut Value) {
    super::super::metadata::wipe(body);
    call.record(None, body);
}
