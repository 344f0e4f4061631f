//! GET of one object.

use super::super::engine::{Answer, Call, parse_revision};
use super::super::schema::FieldError;
use super::super::{ApiServer, Status};

/// The object as it is now; `resourceVersion` asks for at least that revision.
pub(crate) fn get(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    if let Some(asked) = call.request.options.resource_version.as_deref() {
        let revision = parse_revision(asked).map_err(|status| {
            let why = status.message.clone().unwrap_or_default();
            let error = FieldError::invalid("resourceVersion", &asked.into(), &why);
            Status::failure(500, error.text())
        })?;
        if revision > server.revision().0 {
            return Err(Status::too_large_resource_version(revision, server.revision()));
        }
    }
    let stored = server.store.get(&call.key()).ok_or_else(|| call.not_found())?;
    let object = ApiServer::view(&stored.object, stored.modified);
    Ok(call.answer(200, object))
}
