//! LIST of a collection: at the newest revision, at an old one, or page by page.
//!
//! A page after the first is read at the revision of the first, which its continue token holds; if
//! that has been compacted the answer is 410 with a token for going on inconsistently.
//! Next to read: `selector.rs`.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig, general_purpose::NO_PAD};
use serde_json::{Value, json};

use super::super::call::{ApiResult, RequestScope};
use super::super::engine::parse_request_revision;
use super::super::schema::FieldError;
use super::super::seen::Listed;
use super::super::selector::Selector;
use super::super::store::Stored;
use super::super::{ApiServer, Body, Key, Kind, Options, Response, Revision, Status, Verb};

/// The encoding of continue tokens; like Go's, it does not mind bits that are left over.
const URL_SAFE_NO_PAD: GeneralPurpose = {
    let config: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&URL_SAFE, config)
};

/// The objects of a kind in one namespace or in all.
pub(crate) fn list(server: &ApiServer, call: &mut RequestScope<'_>) -> ApiResult {
    let page = page(server, call)?;
    let items = page.items.into_iter().map(|(_, stored)| stored).collect();
    Ok(answer(call, items, page.revision, page.next, page.remaining))
}

/// A list as an answer. Items of a built-in kind do not repeat what kind they are.
pub(crate) fn answer(
    call: &RequestScope<'_>,
    items: Vec<Stored>,
    revision: Revision,
    next: String,
    remaining: Option<usize>,
) -> Response {
    let mut metadata = json!({ "resourceVersion": revision.to_string() });
    let custom = call.kind.is_custom();
    if !next.is_empty() || custom {
        metadata["continue"] = Value::String(next);
    }
    if let Some(remaining) = remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    let Kind { list_kind, .. } = call.kind.as_ref();
    let list = Listed::new(call.kind.api_version(), list_kind.clone(), metadata, items, custom);
    Response { code: 200, warnings: Vec::new(), body: Body::List(Box::new(list)) }
}

/// One page of a collection.
pub(crate) struct Page {
    pub items: Vec<(Arc<Key>, Stored)>,
    pub revision: Revision,
    /// The continue token of the next page; empty at the end.
    pub next: String,
    pub remaining: Option<usize>,
}

/// Which revision a list wants, and from which key on.
struct Place {
    revision: Option<Revision>,
    after: String,
}

/// Reads the page that a request means.
pub(crate) fn page(server: &ApiServer, call: &RequestScope<'_>) -> ApiResult<Page> {
    let options = &call.request.options;
    check_options(options)?;
    let selector = Selector::parse(options, &call.kind)?;
    let place = place(server, call)?;
    let revision = place.revision.unwrap_or(server.revision());
    let namespace = call.request.namespace.as_deref();
    let resource = &call.kind.resource;
    let mut found = match place.revision {
        Some(revision) => server.store.at(revision, resource),
        None => server.store.now(resource, namespace),
    };
    found.retain(|(key, _)| namespace.is_none() || key.namespace.as_deref() == namespace);
    found.sort_by(|(a, _), (b, _)| steps(a, namespace).cmp(steps(b, namespace)));
    if !place.after.is_empty() {
        found.retain(|(key, _)| position(key, namespace) >= place.after);
    }
    let cached = options.resource_version.as_deref() == Some("0") && place.after.is_empty();
    let limit = match options.limit {
        Some(limit) if limit > 0 && !cached => usize::try_from(limit).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let mut page = Page { items: Vec::new(), revision, next: String::new(), remaining: None };
    let total = found.len();
    for (read, (key, stored)) in found.into_iter().enumerate() {
        if !selector.matches(&stored.object) {
            continue;
        }
        page.items.push((key.clone(), stored));
        if page.items.len() == limit && read + 1 < total && !selector.names_one() {
            page.next = encode(&format!("{}\0", position(&key, namespace)), revision.0 as i64);
            page.remaining = selector.is_empty().then(|| total - limit);
            break;
        }
    }
    Ok(page)
}

fn place(server: &ApiServer, call: &RequestScope<'_>) -> ApiResult<Place> {
    let options = &call.request.options;
    let asked = options.resource_version.as_deref().unwrap_or_default();
    let now = server.revision();
    let oldest = server.store.log().map_or(now, |log| log.compacted());
    if let Some(token) = options.continue_token.as_deref().filter(|token| !token.is_empty()) {
        let (after, revision) = decode(token)
            .map_err(|error| Status::bad_request(format!("invalid continue token: {error}")))?;
        if !asked.is_empty() && asked != "0" {
            let text = "specifying resource version is not allowed when using continue";
            return Err(Status::bad_request(text));
        }
        return match u64::try_from(revision).map(Revision) {
            Err(_) => Ok(Place { revision: None, after }),
            Ok(revision) if revision < oldest => Err(expired_page(&after)),
            Ok(revision) if revision > now => {
                Err(Status::too_large_resource_version(revision.0, now))
            }
            Ok(revision) => Ok(Place { revision: Some(revision), after }),
        };
    }
    let revision = parse_request_revision(asked).map_err(|status| {
        let why = status.message.unwrap_or_default();
        Status::bad_request(format!("invalid resource version: {why}"))
    })?;
    if revision > now.0 {
        return Err(Status::too_large_resource_version(revision, now));
    }
    let exact = match options.resource_version_match.as_deref().unwrap_or_default() {
        "Exact" => true,
        // A collection is deleted page by page, so its list has a limit even if none is given.
        "" => {
            (options.limit.unwrap_or(0) > 0 || call.request.verb == Verb::DeleteCollection)
                && revision > 0
        }
        _ => false,
    };
    if exact && revision < oldest.0 {
        return Err(Status::expired("The resourceVersion for the provided list is too old."));
    }
    Ok(Place { revision: exact.then_some(Revision(revision)), after: String::new() })
}

/// Where a key stands in the order of a list: as etcd's keys do.
fn position(key: &Key, namespace: Option<&str>) -> String {
    match (&key.namespace, namespace) {
        (Some(own), None) => format!("/{own}/{}", key.name),
        _ => format!("/{}", key.name),
    }
}

/// The same, byte by byte.
fn steps<'a>(key: &'a Key, namespace: Option<&str>) -> impl Iterator<Item = u8> + 'a {
    let own = key.namespace.as_deref().filter(|_| namespace.is_none());
    let slash = own.map(|_| b'/');
    own.unwrap_or_default().bytes().chain(slash).chain(key.name.bytes())
}

fn encode(start: &str, revision: i64) -> String {
    let start = Value::String(start.into());
    let token = format!("{{\"v\":\"meta.k8s.io/v1\",\"rv\":{revision},\"start\":{start}}}");
    URL_SAFE_NO_PAD.encode(token)
}

/// The key from which a token goes on, and its revision (negative: the newest).
fn decode(token: &str) -> Result<(String, i64), String> {
    let bad = |why: String| format!("continue key is not valid: {why}");
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|error| bad(base64_error(token, &error)))?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|_| bad(json_error(&bytes)))?;
    if token["v"] != "meta.k8s.io/v1" {
        let version = token["v"].as_str().unwrap_or_default();
        let text = "server does not recognize this encoded version";
        return Err(bad(format!("{text} {version}")));
    }
    let revision = token["rv"].as_i64().unwrap_or(0);
    let start = token["start"].as_str().unwrap_or_default();
    if revision == 0 {
        let text = "incorrect encoded start resourceVersion (version meta.k8s.io/v1)";
        return Err(bad(text.into()));
    }
    if start.is_empty() {
        return Err(bad(String::from("encoded start key empty (version meta.k8s.io/v1)")));
    }
    let key = if start.starts_with('/') { start.to_string() } else { format!("/{start}") };
    let steps = key[1..].split('/');
    if steps.clone().any(|step| matches!(step, "" | "." | "..")) {
        return Err(bad(start.into()));
    }
    Ok((key, revision))
}

/// What Go says of bytes that are not JSON, as far as their beginning decides it.
fn json_error(bytes: &[u8]) -> String {
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[' | b'"') | None => String::from("unexpected end of JSON input"),
        Some(byte) => {
            format!("invalid character '{}' looking for beginning of value", char::from(*byte))
        }
    }
}

fn base64_error(token: &str, error: &base64::DecodeError) -> String {
    let at = match error {
        base64::DecodeError::InvalidByte(at, _) => *at,
        base64::DecodeError::InvalidLastSymbol { offset, .. } => *offset,
        _ => token.len() / 4 * 4,
    };
    format!("illegal base64 data at input byte {at}")
}

fn expired_page(after: &str) -> Box<Status> {
    let mut status = Status::expired(
        "The provided continue parameter is too old to display a consistent list result. You can \
         start a new list without the continue parameter, or use the continue token in this \
         response to retrieve the remainder of the results. Continuing with the provided token \
         results in an inconsistent list - objects that were created, modified, or deleted \
         between the time the first chunk was returned and now may show up in the list.",
    );
    status.metadata.continue_token = Some(encode(after, -1));
    status
}

fn check_options(options: &Options) -> ApiResult<()> {
    let mut errors = Vec::new();
    let path = "resourceVersionMatch";
    let forbidden = |text: &str| FieldError::forbidden(path, text);
    if let Some(wanted) = options.resource_version_match.as_deref().filter(|it| !it.is_empty()) {
        let revision = options.resource_version.as_deref().unwrap_or_default();
        if revision.is_empty() {
            let text = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(forbidden(text));
        }
        if options.continue_token.is_some() {
            errors.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
        }
        if !matches!(wanted, "Exact" | "NotOlderThan") {
            let known = ["Exact", "NotOlderThan", ""];
            errors.push(FieldError::not_supported(path, &wanted.into(), &known));
        }
        if wanted == "Exact" && revision == "0" {
            errors.push(forbidden(
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ));
        }
    }
    if options.send_initial_events.is_some() {
        let text = "sendInitialEvents is forbidden for list";
        errors.push(FieldError::forbidden("sendInitialEvents", text));
    }
    refuse(errors)
}

/// The options of a watch that contradict each other.
pub(crate) fn check_watch_options(options: &Options) -> ApiResult<()> {
    let mut errors = Vec::new();
    let path = "resourceVersionMatch";
    let forbidden = |text: &str| FieldError::forbidden(path, text);
    let wanted = options.resource_version_match.as_deref().unwrap_or_default();
    let initial = options.send_initial_events.is_some();
    let now = matches!(options.resource_version.as_deref(), None | Some("0"));
    // A watch from now on is, by default, one with initial events.
    if !initial && wanted.is_empty() && now && options.continue_token.is_some() {
        errors.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
    }
    if initial && wanted != "NotOlderThan" {
        let text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        errors.push(forbidden(text));
    }
    if !wanted.is_empty() {
        if !initial {
            errors.push(forbidden(
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
            ));
        }
        if wanted != "NotOlderThan" {
            errors.push(FieldError::not_supported(path, &wanted.into(), &["NotOlderThan"]));
        }
        if options.continue_token.is_some() {
            errors.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
        }
    }
    refuse(errors)
}

fn refuse(errors: Vec<FieldError>) -> ApiResult<()> {
    match errors.is_empty() {
        true => Ok(()),
        false => Err(Status::invalid("meta.k8s.io", "ListOptions", "", &errors)),
    }
}
