//! HTTP for the API server, without a socket: the one place where paths, queries, headers and
//! bodies become requests, and answers become bytes.
//!
//! [`handle`] takes one HTTP request as a value and gives an HTTP response as a value, or a
//! [`WatchStream`], which whoever owns the connection polls for the next bytes. There is no
//! thread, clock or socket in here: time comes with the request, waiting is the caller's.
//! A read of a revision of the future, which a real server holds for three seconds, is
//! [`HttpAnswer::Wait`]. Next to read: `route.rs`, `head.rs`, then `body.rs`.

mod aggregated;
mod body;
mod columns;
mod discovery;
mod encode;
mod head;
mod json;
mod negotiate;
mod openapi;
mod options;
mod protobuf;
mod query;
mod route;
mod table;
mod watch;

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{ApiServer, Body, Key, Kind, PatchKind, Request, Response, Status, Verb};

use head::Head;
use negotiate::Media;
use query::Query;
use route::{Route, Target};

pub use watch::WatchStream;

/// Larger bodies are refused; the socket's owner may stop reading there.
pub const BODY_BYTES_MAX: usize = 3 * 1024 * 1024;

/// One HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path as sent, percent-encoded, without the query.
    pub path: String,
    /// The query as sent, without the question mark.
    pub query: String,
    /// The headers; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The time in seconds since 1970.
    pub time: i64,
}

impl HttpRequest {
    /// The value of a header; several are joined by commas.
    pub fn header(&self, name: &str) -> Option<String> {
        let values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join(", "))
    }
}

/// One HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// The status code.
    pub code: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl HttpResponse {
    fn new(code: u16, content_type: &str, body: Vec<u8>) -> Self {
        let headers = vec![("Content-Type".into(), content_type.into())];
        HttpResponse { code, headers, body }
    }

    /// The answer to a path that leads nowhere: plain text, not a Status.
    fn page_not_found() -> Self {
        let mut response =
            HttpResponse::new(404, "text/plain; charset=utf-8", b"404 page not found\n".to_vec());
        response.headers.push(("X-Content-Type-Options".into(), "nosniff".into()));
        response
    }
}

/// What a request leads to.
#[derive(Debug)]
pub enum HttpAnswer {
    /// A response, complete.
    Response(HttpResponse),
    /// A stream of events.
    Watch(Box<WatchStream>),
    /// A read of a revision that is not there yet; the response is for who does not wait for it.
    Wait(HttpResponse),
}

/// What the server has done, before it is written down: that needs the server no more.
#[derive(Debug)]
pub struct Outcome(Done);

#[derive(Debug)]
enum Done {
    Watch(Box<WatchStream>),
    Document(Value),
    Response(HttpResponse),
    Refused(Box<Status>),
    /// The revision that is asked for is not there yet.
    Early(Box<Status>),
    Answered {
        kind: Arc<Kind>,
        media: Media,
        response: Response,
    },
}

impl Outcome {
    /// The answer.
    pub fn answer(self, http: &HttpRequest) -> HttpAnswer {
        HttpAnswer::Response(match self.0 {
            Done::Watch(stream) => return HttpAnswer::Watch(stream),
            Done::Document(document) => encode::document(http, &document),
            Done::Response(response) => response,
            Done::Refused(status) => encode::status(http, &status, &[]),
            Done::Early(status) => return HttpAnswer::Wait(encode::status(http, &status, &[])),
            Done::Answered { kind, media, response } => match response.status() {
                Some(status) => {
                    encode::status_code(http, status, response.code, &response.warnings)
                }
                None => encode::response(&kind, &media, &response, http.time),
            },
        })
    }
}

/// The server that a request is for: one that it may change, or one that others read as well.
enum Access<'a> {
    Write(&'a mut ApiServer),
    Read(&'a ApiServer),
}

impl Access<'_> {
    fn server(&self) -> &ApiServer {
        match self {
            Access::Write(server) => server,
            Access::Read(server) => server,
        }
    }
}

/// A body as a value, if it is protobuf that can be read.
pub fn protobuf_value(bytes: &[u8]) -> Option<Value> {
    if !bytes.starts_with(protobuf::PREFIX) {
        return None;
    }
    protobuf::read(bytes, None).ok()
}

/// A Status as the answer to a request that no API server has looked at.
pub fn refusal(status: &Status) -> HttpResponse {
    encode::refusal(status)
}

/// Handles one HTTP request.
pub fn handle(server: &mut ApiServer, http: &HttpRequest) -> HttpAnswer {
    act(server, http).answer(http)
}

/// Handles one HTTP request, but for writing down the answer.
pub fn act(server: &mut ApiServer, http: &HttpRequest) -> Outcome {
    access(Access::Write(server), http)
}

/// A text with its `%20`s decoded; `None` if that is no text.
pub fn decoded(text: &str) -> Option<String> {
    query::decode(text)
}

/// Whether a request can only read.
pub fn only_reads(http: &HttpRequest) -> bool {
    matches!(http.method.as_str(), "GET" | "HEAD")
}

/// Handles a request that [`only_reads`], but for writing down the answer.
pub fn look(server: &ApiServer, http: &HttpRequest) -> Outcome {
    access(Access::Read(server), http)
}

fn access(mut access: Access<'_>, http: &HttpRequest) -> Outcome {
    let query = Query::parse(&http.query);
    let text = |text: &str| HttpResponse::new(200, "text/plain; charset=utf-8", text.into());
    Outcome(match route::route(access.server(), http) {
        Route::NotFound => Done::Response(HttpResponse::page_not_found()),
        Route::Plain(plain) => Done::Response(text(plain)),
        Route::Document(document) => Done::Document(document),
        Route::Encoded(content_type, body) => {
            Done::Response(HttpResponse::new(200, content_type, body))
        }
        Route::Refused(status) => Done::Refused(status),
        Route::Resource(target) => {
            resource(&mut access, http, &query, &target).unwrap_or_else(Done::Refused)
        }
    })
}

/// A request for objects of one kind.
fn resource(
    access: &mut Access<'_>,
    http: &HttpRequest,
    query: &Query,
    target: &Target,
) -> Result<Done, Box<Status>> {
    let kind = &target.kind;
    let mut head = Head::read(http, query, target)?;
    let body = body::decode(http, query, kind, &mut head)
        .map_err(|status| absent(access.server(), target, head.verb.patch()).unwrap_or(status))?;
    let Head { verb, media, options, seconds, .. } = head;
    let request = Request {
        verb,
        resource: kind.resource.clone(),
        namespace: target.namespace.clone(),
        name: target.name.clone(),
        subresource: target.subresource,
        options,
        body: body.map(Arc::new),
        user_agent: http.header("user-agent").unwrap_or_default(),
        time: http.time,
    };
    if verb == Verb::Watch {
        let watch = access.server().watch(&request)?;
        return Ok(Done::Watch(Box::new(WatchStream::new(watch, media, seconds, kind.clone()))));
    }
    let response = match access {
        Access::Write(server) => server.handle(&request),
        Access::Read(server) => server.read(&request),
    };
    Ok(match response.body {
        Body::Status(status) if !verb.writes() && status.is_too_large_resource_version() => {
            Done::Early(status)
        }
        _ => Done::Answered { kind: kind.clone(), media, response },
    })
}

/// 404 if there is nothing to patch: only then does the server look at the patch.
fn absent(server: &ApiServer, target: &Target, patch: Option<PatchKind>) -> Option<Box<Status>> {
    let Target { kind, namespace, name, .. } = target;
    let name = name.as_ref().filter(|_| patch.is_some_and(|it| it != PatchKind::Apply))?;
    let resource = kind.resource.clone();
    let key = Key { resource, namespace: namespace.clone(), name: name.clone() };
    server.object(&key).is_none().then(|| Status::not_found(&kind.resource, name))
}

/// What a request is about, before it is handled.
#[cfg(any(feature = "kube", feature = "serve"))]
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub kind: Arc<Kind>,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub subresource: Option<crate::apiserver::Subresource>,
    pub verb: Verb,
}

/// What a request is about; `None` if about no object that is served.
#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) fn aim(server: &ApiServer, http: &HttpRequest) -> Option<Aim> {
    let Route::Resource(target) = route::route(server, http) else { return None };
    let (content_type, query) = (negotiate::content_type(http), Query::parse(&http.query));
    let verb = match target.verb(&http.method, &content_type, &query) {
        Ok(verb) => verb,
        // One that is refused for its content type is a patch all the same.
        Err(_) if http.method == "PATCH" => Verb::Patch(PatchKind::Merge),
        Err(_) => return None,
    };
    let Target { kind, namespace, name, subresource, .. } = target;
    Some(Aim { kind, namespace, name, subresource, verb })
}

#[cfg(test)]
mod tests;
