//! The verbs, one file each, and the table that finds them.
//!
//! Next to read: `update.rs`, where lost writes are made and refused.

pub(crate) mod create;
mod delete;
mod get;
pub(crate) mod list;
mod patch;
mod scale;
pub(crate) mod subresources;
mod update;

use super::call::{Answer, Call};
use super::{ApiServer, Status, Verb, reviews};

/// What a verb does: one atomic step.
type Handler = fn(&mut ApiServer, &mut Call<'_>) -> Answer;

/// Each verb with its handler. A watch is not one step: see `watch.rs`.
const TABLE: &[(Verb, Handler)] = &[
    (Verb::Get, |server, call| get::get(server, call)),
    (Verb::List, |server, call| list::list(server, call)),
    (Verb::Create, create::create),
    (Verb::Update, update::update),
    (Verb::Patch, patch::patch),
    (Verb::Delete, delete::delete),
    (Verb::DeleteCollection, delete::delete_collection),
];

/// Handles a request that only reads; `None` if it is none.
pub(crate) fn read(server: &ApiServer, call: &mut Call<'_>) -> Option<Answer> {
    if !matches!(call.request.verb, Verb::Get | Verb::List) {
        return None;
    }
    Some(match call.kind.has_subresource(call.request.subresource.as_deref()) {
        false => Err(call.not_found()),
        true => match subresources::read(server, call) {
            Some(answer) => answer,
            None if call.request.verb == Verb::Get => get::get(server, call),
            None => list::list(server, call),
        },
    })
}

/// Handles one request.
pub(crate) fn handle(server: &mut ApiServer, call: &mut Call<'_>) -> Answer {
    if !call.kind.has_subresource(call.request.subresource.as_deref()) {
        return Err(call.not_found());
    }
    if call.kind.review {
        return reviews::review(call);
    }
    if let Some(answer) = subresources::handle(server, call) {
        return answer;
    }
    let verb = call.request.verb;
    match TABLE.iter().find(|(known, _)| *known == verb) {
        Some((_, handler)) => handler(server, call),
        None => Err(Status::bad_request("a watch is not answered by one response")),
    }
}
