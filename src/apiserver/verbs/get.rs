//! GET of one object.

use super::super::call::{ApiResult, RequestScope};
use super::super::engine::parse_request_revision;
use super::super::{ApiServer, Status};

/// The object as it is now; `resourceVersion` asks for at least that revision.
pub(crate) fn get(server: &ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    if let Some(asked) = call.request.options.resource_version.as_deref() {
        let revision = parse_request_revision(asked)?;
        if revision > server.revision().0 {
            return Err(Status::too_large_resource_version(revision, server.revision()));
        }
    }
    let stored = server.store.get(&call.key()).ok_or_else(|| call.not_found())?;
    Ok(call.answer(200, stored))
}
