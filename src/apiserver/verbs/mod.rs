//! The verbs, one file each, and what finds them.
//!
//! Next to read: `update.rs`, where lost writes are made and refused.

pub(crate) mod create;
mod delete;
pub(crate) mod deletion;
mod get;
pub(crate) mod list;
mod patch;
mod scale;
pub(crate) mod subresources;
mod update;

use super::call::{ApiResult, RequestScope};
use super::{ApiServer, Status, Verb, reviews};

/// Handles a request that only reads; `None` if it is none.
pub(crate) fn read(server: &ApiServer, call: &mut RequestScope<'_>) -> Option<ApiResult> {
    if !matches!(call.request.verb, Verb::Get | Verb::List) {
        return None;
    }
    Some(match call.kind.has_subresource(call.request.subresource) {
        false => Err(call.not_found()),
        true => match subresources::read(server, call) {
            Some(answer) => answer,
            None if call.request.verb == Verb::Get => get::get(server, call),
            None => list::list(server, call),
        },
    })
}

/// Handles one request.
pub(crate) fn handle(server: &mut ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    if !call.kind.has_subresource(call.request.subresource) {
        return Err(call.not_found());
    }
    if call.kind.review {
        return reviews::review(call);
    }
    if let Some(answer) = subresources::handle(server, call) {
        return answer;
    }
    match call.request.verb {
        Verb::Get => get::get(server, call),
        Verb::List => list::list(server, call),
        Verb::Create => create::create(server, call),
        Verb::Update => update::update(server, call),
        Verb::Patch(kind) => patch::patch(server, call, kind),
        Verb::Delete => delete::delete(server, call),
        Verb::DeleteCollection => delete::delete_collection(server, call),
        // A watch is not one step: see `watch.rs`.
        Verb::Watch => Err(Status::bad_request("a watch is not answered by one response")),
    }
}
