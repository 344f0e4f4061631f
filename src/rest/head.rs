//! The head of a request for objects: its verb, its parameters, and in which form body and answer
//! come. It is read once, before the body is looked into. Next to read: `body.rs`.

use crate::apiserver::{Options, Status, Verb};

use super::negotiate::{self, Media};
use super::query::Query;
use super::route::Target;
use super::{BODY_BYTES_MAX, HttpRequest, options};

/// What is known of a request without its body.
#[derive(Debug)]
pub(crate) struct Head {
    pub verb: Verb,
    /// The form of the answer.
    pub media: Media,
    /// The media type of the body, without parameters.
    pub content_type: String,
    pub options: Options,
    /// The seconds after which a watch is closed.
    pub seconds: Option<u64>,
}

impl Head {
    /// Reads it; refusals are in the order of a real server.
    pub fn read(http: &HttpRequest, query: &Query, target: &Target) -> Result<Head, Box<Status>> {
        let kind = &target.kind;
        let content_type = negotiate::content_type(http);
        let verb = target.verb(&http.method, &content_type, query)?;
        options::check_timeout(query)?;
        if target.name.is_none() && matches!(verb, Verb::Update | Verb::Patch(_)) {
            return Err(Status::bad_request("name must be provided"));
        }
        let media = negotiate::output(http, query, verb, kind)?;
        if http.body.len() > BODY_BYTES_MAX {
            return Err(Status::too_large(&format!("limit is {BODY_BYTES_MAX}")));
        }
        if matches!(verb, Verb::Create | Verb::Update) {
            negotiate::check_input(&content_type, kind)?;
        }
        let mut options = options::parse(verb, query)?;
        if let (Some(name), true) = (&target.name, target.watch) {
            options.field_selector = Some(format!("metadata.name={name}"));
        }
        let seconds = match verb {
            Verb::Watch => options::timeout_seconds(query)?,
            _ => None,
        };
        Ok(Head { verb, media, content_type, options, seconds })
    }
}
