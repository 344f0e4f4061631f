//! Paths: which kind, namespace, object and subresource one means, or which document.
//!
//! Next to read: `discovery.rs` for the documents.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{ApiServer, Kind, Resource, Status, Subresource, Verb};

use super::query::{self, Query};
use super::{HttpRequest, aggregated, discovery, negotiate, openapi, protobuf};

/// Where a path leads.
#[derive(Debug)]
pub(crate) enum Route {
    /// Nowhere: 404 as plain text.
    NotFound,
    /// To a short text, such as `ok`.
    Plain(&'static str),
    /// To a document about the API itself.
    Document(Value),
    /// To a document with a content type of its own.
    Encoded(&'static str, Vec<u8>),
    /// To objects.
    Resource(Target),
    /// To objects, but not by this method.
    Refused(Box<Status>),
}

/// What objects a path means.
#[derive(Debug)]
pub(crate) struct Target {
    pub kind: Arc<Kind>,
    pub namespace: Option<String>,
    pub name: Option<String>,
    pub subresource: Option<Subresource>,
    /// Whether the path says `watch`, as it had to before there was a parameter for it.
    pub watch: bool,
}

impl Target {
    /// The verb that a method means here, of a patch by its content type.
    pub fn verb(
        &self,
        method: &str,
        content_type: &str,
        query: &Query,
    ) -> Result<Verb, Box<Status>> {
        let watch = query.boolean("watch").unwrap_or(false);
        if self.watch && matches!(method, "GET" | "HEAD") {
            return Ok(Verb::Watch);
        }
        Ok(match (method, self.name.is_some()) {
            ("GET" | "HEAD", true) => Verb::Get,
            ("GET" | "HEAD", false) if watch => Verb::Watch,
            ("GET" | "HEAD", false) => Verb::List,
            ("POST", _) => Verb::Create,
            ("PUT", _) => Verb::Update,
            ("PATCH", _) => Verb::Patch(negotiate::patch_kind(content_type, &self.kind)?),
            ("DELETE", true) => Verb::Delete,
            ("DELETE", false) => Verb::DeleteCollection,
            _ => return Err(Status::method_not_allowed(&self.kind.resource, "")),
        })
    }
}

/// Finds where a request leads.
pub(crate) fn route(server: &ApiServer, http: &HttpRequest) -> Route {
    let Some(segments) = segments(&http.path) else { return Route::NotFound };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if let Some(route) = document(server, http, &segments) {
        return route;
    }
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return Route::NotFound,
    };
    match target(server, group, version, rest) {
        Some((target, known)) => methods(http, target, known),
        None => Route::NotFound,
    }
}

/// The decoded segments of a path; `None` if it cannot be decoded.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix('/')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    path.split('/').map(query::decode).collect()
}

fn document(server: &ApiServer, http: &HttpRequest, segments: &[&str]) -> Option<Route> {
    if !matches!(http.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    if let Some((content_type, body)) = special(server, http, segments) {
        return Some(Route::Encoded(content_type, body));
    }
    let document = match segments {
        ["healthz" | "livez" | "readyz", ..] => return Some(Route::Plain("ok")),
        ["version"] => discovery::version(),
        ["api"] => discovery::core(server, http),
        ["apis"] => discovery::groups(server, http),
        ["apis", group] => discovery::group(server, group)?,
        ["api", "v1"] => discovery::resources(server, "", "v1")?,
        ["apis", group, version] => discovery::resources(server, group, version)?,
        ["openapi", "v2"] => openapi::v2(server),
        ["openapi", "v3"] => openapi::v3_index(server),
        ["openapi", "v3", "api", version] => openapi::v3(server, "", version)?,
        ["openapi", "v3", "apis", group, version] => openapi::v3(server, group, version)?,
        [""] => discovery::paths(server),
        _ => return None,
    };
    Some(Route::Document(document))
}

/// Documents whose form follows from what is accepted: discovery of everything at once, and
/// OpenAPI v2 in protobuf.
fn special(
    server: &ApiServer,
    http: &HttpRequest,
    segments: &[&str],
) -> Option<(&'static str, Vec<u8>)> {
    let accept = http.header("accept")?;
    match segments {
        ["api" | "apis"] => aggregated::discovery(server, &accept, segments[0] == "api"),
        ["openapi", "v2"] if accept.contains(openapi::V2_ASKED) => {
            let body = protobuf::openapi_v2("Kubernetes", discovery::VERSION);
            Some((openapi::V2_PROTOBUF, body))
        }
        _ => None,
    }
}

/// What a path means, and whether there is a subresource of that name if it has one.
fn target(server: &ApiServer, group: &str, version: &str, rest: &[&str]) -> Option<(Target, bool)> {
    let find = |plural: &str| {
        let resource =
            Resource { group: group.into(), version: version.into(), plural: plural.into() };
        server.kind_of(&resource)
    };
    let (watch, rest) = match rest {
        ["watch", rest @ ..] if !rest.is_empty() => (true, rest),
        rest => (false, rest),
    };
    let own = |text: &str| Some(text.to_string()).filter(|text| !text.is_empty());
    let (namespace, rest) = match rest {
        ["namespaces", namespace, rest @ ..]
            if rest.first().is_some_and(|next| !matches!(*next, "status" | "finalize")) =>
        {
            (Some(own(namespace)?), rest)
        }
        rest => (None, rest),
    };
    let (plural, name, subresource) = match rest {
        [plural] => (*plural, None, None),
        [plural, name] => (*plural, Some(own(name)?), None),
        // What comes after a subresource is its own affair; `status` does not look at it.
        [plural, name, subresource, ..] => (*plural, Some(own(name)?), Some(own(subresource)?)),
        _ => return None,
    };
    let kind = find(plural)?;
    if rest.len() > 3 && !kind.is_custom() {
        return None;
    }
    let known = subresource.as_deref().map(Subresource::named);
    let subresource = known.flatten();
    let known = known.is_none_or(|it| it.is_some());
    let wrong_scope = match kind.namespaced {
        true => namespace.is_none() && name.is_some(),
        false => namespace.is_some(),
    };
    (!wrong_scope).then_some((Target { kind, namespace, name, subresource, watch }, known))
}

/// `/status` knows fewer methods; over all namespaces one can only list and watch.
fn methods(http: &HttpRequest, target: Target, known: bool) -> Route {
    let Target { kind, namespace, name, subresource, .. } = &target;
    let reads = matches!(http.method.as_str(), "GET" | "HEAD");
    if kind.namespaced && namespace.is_none() && !reads {
        return match kind.is_custom() {
            true => Route::NotFound,
            false => Route::Refused(Status::no_such_method()),
        };
    }
    if !known || !kind.has_subresource(*subresource) {
        let name = name.as_deref().unwrap_or_default();
        return Route::Refused(Status::not_found(&kind.resource, name));
    }
    let on_status = *subresource == Some(Subresource::Status);
    let refused = match http.method.as_str() {
        "POST" if on_status => "create",
        "DELETE" if on_status => "delete",
        "POST" if name.is_some() && subresource.is_none() && !kind.is_custom() => {
            return Route::Refused(Status::no_such_method());
        }
        _ => return Route::Resource(target),
    };
    Route::Refused(kind.strategy.refuse_method(kind, refused))
}
