//! One request: who may ask, its body, its answer.
//!
//! Next to read: `watch.rs`.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Request, Response};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::apiserver::Status;
use crate::rest::{self, BODY_BYTES_MAX, HttpAnswer, HttpRequest, HttpResponse};

use super::record::Received;
use super::state::{SMALL_BODY, Shared};
use super::users::{self, User};
use super::watch;

/// The body of an answer.
pub type Body = BoxBody<Bytes, Infallible>;

/// Drain up to this much of an oversized body, so that the client sees the error.
const DRAINED_BYTES: usize = 8 << 20;
/// How long a read of a revision of the future waits for it.
const FUTURE: Duration = Duration::from_secs(3);

const AUDIT_ID: &str = "audit-id";

/// Answers a request.
pub async fn answer(
    shared: Arc<Shared>,
    peer: String,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let given = request.headers().get(AUDIT_ID).filter(|id| !id.is_empty()).cloned();
    let id = given.unwrap_or_else(|| {
        HeaderValue::from_str(&shared.audit_id()).unwrap_or(HeaderValue::from_static(""))
    });
    let mut response = match try_answer(shared, &id, peer, request).await {
        Ok(response) => response,
        Err(refusal) => whole(rest::refusal(&refusal)),
    };
    response.headers_mut().insert(AUDIT_ID, id);
    Ok(response)
}

/// An answer that the API server itself has no part in.
type Refusal = Box<Status>;

async fn try_answer(
    shared: Arc<Shared>,
    id: &HeaderValue,
    peer: String,
    request: Request<Incoming>,
) -> Result<Response<Body>, Refusal> {
    let (head, body) = request.into_parts();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    let mut http = HttpRequest {
        method: head.method.as_str().to_string(),
        path: head.uri.path().to_string(),
        query: head.uri.query().unwrap_or_default().to_string(),
        headers: headers.collect(),
        body: Vec::new(),
        time: 0,
    };
    check_host(head.version, &http)?;
    let user = admit(&shared, &http, head.uri.host())?;
    let acts_as = users::impersonated(&http);
    let acts_as = acts_as.map_err(|why| Status::because(500, "InternalError", why))?;
    http.body = read(&shared, body).await?;
    let watches = watch::is_watch(&http);
    let permit = match watches {
        true => Some(shared.watches.clone().try_acquire_owned().map_err(|_| too_many())?),
        false => None,
    };
    let id = String::from_utf8_lossy(id.as_bytes());
    let who = (user, acts_as);
    let entry = match shared.records() {
        true => Received::new(&http, (&id, &peer), who, &shared.policy),
        false => None,
    };
    let handled = handle(&shared, &mut http, entry.clone()).await;
    match handled {
        Err(why) => Err(Status::because(500, "InternalError", why)),
        Ok(HttpAnswer::Response(response) | HttpAnswer::Wait(response)) => Ok(whole(response)),
        Ok(HttpAnswer::Watch(stream)) => {
            let end = entry.map(|entry| entry.complete(&http));
            Ok(watch::response(shared, stream, permit, end))
        }
    }
}

fn too_many() -> Refusal {
    Status::too_many_requests("too many watches, please try again later", Vec::new(), Some(1))
}

/// Handles a request; a read of a revision that is not there yet waits for it a little.
async fn handle(
    shared: &Shared,
    http: &mut HttpRequest,
    entry: Option<Received>,
) -> Result<HttpAnswer, &'static str> {
    let patience = Instant::now() + FUTURE;
    let mut changes = shared.changes();
    loop {
        changes.borrow_and_update();
        let response = match shared.handle(http, entry.as_ref())? {
            HttpAnswer::Wait(response) => response,
            answer => return Ok(answer),
        };
        if !matches!(timeout_at(patience, changes.changed()).await, Ok(Ok(()))) {
            let answer = HttpAnswer::Response(response);
            if let Some(entry) = entry {
                shared.note(&entry.line(http, &answer));
            }
            return Ok(answer);
        }
    }
}

/// Who asks, if this request may be made at all.
fn admit(shared: &Shared, http: &HttpRequest, authority: Option<&str>) -> Result<User, Refusal> {
    let health = matches!(http.path.as_str(), "/healthz" | "/livez" | "/readyz");
    if shared.tokens.is_empty() {
        // A web page whose name has been pointed here must not write to the store.
        let header = http.header("host");
        let host = authority.or(header.as_deref()).unwrap_or("localhost");
        return match is_local(host) && !is_from_elsewhere(http) {
            true => Ok(User::only()),
            false => Err(Status::because(403, "Forbidden", "without a token, only for localhost")),
        };
    }
    let header = http.header("authorization").unwrap_or_default();
    let scheme = header.get(..7).unwrap_or_default();
    let given = header.get(7..).unwrap_or_default().trim();
    let user = shared.tokens.user(given).filter(|_| scheme.eq_ignore_ascii_case("bearer "));
    match user {
        Some(user) => Ok(user.clone()),
        None if health => Ok(User::anonymous()),
        None => Err(Status::because(401, "Unauthorized", "Unauthorized")),
    }
}

/// HTTP/1.1 asks for one Host, so that no client can leave out what the next check looks at.
fn check_host(version: hyper::Version, http: &HttpRequest) -> Result<(), Refusal> {
    let named = |(name, _): &&(String, String)| name.eq_ignore_ascii_case("host");
    match (version, http.headers.iter().filter(named).count()) {
        (hyper::Version::HTTP_11, 1) => Ok(()),
        (hyper::Version::HTTP_11, _) | (_, 2..) => {
            Err(Status::because(400, "BadRequest", "one Host header is required"))
        }
        _ => Ok(()),
    }
}

/// Whether a web page of another machine has sent this: browsers say so, and no other client does.
fn is_from_elsewhere(http: &HttpRequest) -> bool {
    let cross = http.header("sec-fetch-site").is_some_and(|it| it.trim() == "cross-site");
    let origin = http.header("origin");
    let foreign = origin.is_some_and(|origin| match origin.trim().split_once("://") {
        Some((_, host)) => !is_local(host),
        None => true,
    });
    cross || foreign
}

fn is_local(host: &str) -> bool {
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.rsplit_once(':').map_or(host, |(host, _)| host),
    };
    let address = host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    address || host.eq_ignore_ascii_case("localhost")
}

/// The body: at most one byte more than is accepted, so that its refusal is said in one place.
async fn read(shared: &Shared, mut body: Incoming) -> Result<Vec<u8>, Refusal> {
    let deadline = Instant::now() + shared.limits.body;
    let late = |_| Status::because(408, "Timeout", "the body of the request did not come in time");
    let mut bytes = Vec::new();
    let mut seen = 0;
    let mut permit = None;
    while let Some(frame) = timeout_at(deadline, body.frame()).await.map_err(late)? {
        let broken = |_| Status::because(400, "BadRequest", "the body of the request broke off");
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        seen += data.len();
        if seen > SMALL_BODY && permit.is_none() {
            let large = timeout_at(deadline, shared.large_bodies.acquire());
            permit = large.await.map_err(late)?.ok();
        }
        let room = (BODY_BYTES_MAX + 1).saturating_sub(bytes.len());
        bytes.extend_from_slice(&data[..data.len().min(room)]);
        if seen > DRAINED_BYTES {
            break;
        }
    }
    Ok(bytes)
}

/// A complete response.
fn whole(answer: HttpResponse) -> Response<Body> {
    let body = Full::new(Bytes::from(answer.body)).boxed();
    with_headers(answer.code, &answer.headers, body)
}

/// A response with these headers; one that HTTP does not allow is left out.
pub fn with_headers(code: u16, headers: &[(String, String)], body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(code).unwrap_or_default();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(value.as_bytes())) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A body as JSON, for the record.
pub fn value(bytes: &[u8]) -> Option<Value> {
    if bytes.is_empty() {
        return None;
    }
    let protobuf = || crate::rest::protobuf_value(bytes);
    let yaml = || serde_saphyr::from_str(std::str::from_utf8(bytes).ok()?).ok();
    serde_json::from_slice(bytes).ok().or_else(protobuf).or_else(yaml)
}
