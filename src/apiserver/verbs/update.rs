//! PUT: the object becomes what the body says.
//!
//! With a resourceVersion it is conditional: 409 if somebody wrote in between. Without one it is
//! refused with 422, or, for kinds with `unconditional_update`, overwrites whatever is there.
//! Next to read: `engine.rs`.

use serde_json::Value;

use super::super::engine::{self, Answer, Call, Update};
use super::super::metadata::Meta;
use super::super::{ApiServer, Status, managed_fields};
use super::create;

/// Replaces the object, or on `/status` its status.
pub(crate) fn update(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    let mut body = create::body(call)?;
    check_name(call, &body)?;
    let Some(current) = server.store.get(&call.key()).cloned() else {
        if call.kind.create_on_update && !call.is_status() {
            body.set_meta("resourceVersion", None);
            return create::create_object(server, call, body, None);
        }
        return Err(call.not_found());
    };
    create::check_type(call, &body)?;
    call.admit(&mut body)?;
    let uid = Some(body.meta_str("uid")).filter(|uid| !uid.is_empty()).map(String::from);
    let mut transform = |call: &mut Call<'_>, current: &Value| {
        let mut new = body.clone();
        let schema = call.kind.schema.clone();
        call.as_write(|write| managed_fields::update(&schema, Some(current), &mut new, write));
        Ok(new)
    };
    engine::update(server, call, current, Update { uid, transform: &mut transform })
}

/// The name in the body is the name in the URL.
fn check_name(call: &Call<'_>, body: &Value) -> Answer<()> {
    let (found, asked) = (body.meta_str("name"), call.name());
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
