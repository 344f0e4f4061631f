//! The `Status` object: how the API server says no.
//!
//! A modelled error is a value with the code, reason, message and details that a real server
//! prints; serialised, its keys come in the server's order. Constructors for each reason live
//! here so that no other file spells a message. Next to read: `server.rs`.

use serde::Serialize;

use super::schema::{self, FieldError};
use super::{Resource, Revision};

/// A `v1` `Status`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Status {
    pub kind: &'static str,
    pub api_version: &'static str,
    pub metadata: ListMeta,
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<Details>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

/// The list metadata of a Status: empty, but for an expired continue token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct ListMeta {
    #[serde(rename = "continue", skip_serializing_if = "Option::is_none")]
    pub continue_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
}

/// Which object, and which fields, a Status is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

/// One reason for a refusal, usually one field's.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[allow(missing_docs)]
pub struct Cause {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// What 409 says after a PUT or patch with a stale resourceVersion.
const MODIFIED: &str = "the object has been modified; please apply your changes to the latest \
                        version and try again";

/// The cause by which a revision of the future is told from other timeouts.
const VERSION_TOO_LARGE: &str = "ResourceVersionTooLarge";

const PAGE_NOT_FOUND: &str = "404 page not found";

/// The constructors: one for each way in which the server says no.
impl Status {
    /// A failure with a message and a code, and nothing else: what an unforeseen Go error becomes.
    pub fn failure(code: u16, message: impl Into<String>) -> Box<Status> {
        Box::new(Status {
            kind: "Status",
            api_version: "v1",
            metadata: ListMeta::default(),
            status: "Failure",
            message: Some(message.into()),
            reason: None,
            details: None,
            code: Some(code),
        })
    }

    /// What a path that leads nowhere is answered: plain text over HTTP, not a Status.
    pub fn page_not_found() -> Box<Status> {
        Status::failure(404, PAGE_NOT_FOUND)
    }

    /// Whether this is [`Status::page_not_found`].
    pub fn is_page_not_found(&self) -> bool {
        self.message.as_deref() == Some(PAGE_NOT_FOUND) && self.reason.is_none()
    }

    /// A failure with a reason, and without details.
    pub(crate) fn because(
        code: u16,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Box<Status> {
        let mut status = Status::failure(code, message);
        status.reason = Some(reason);
        status
    }

    fn about(mut self: Box<Self>, name: &str, group: &str, kind: &str) -> Box<Status> {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_string());
        let (name, group, kind) = (text(name), text(group), text(kind));
        self.details = Some(Details { name, group, kind, ..Details::default() });
        self
    }

    /// The success of a delete that removed the object.
    pub fn deleted(resource: &Resource, name: &str, uid: &str) -> Box<Status> {
        let mut status = Status::failure(200, "").about(name, &resource.group, &resource.plural);
        status.status = "Success";
        status.message = None;
        status.code = None;
        if let Some(details) = &mut status.details {
            details.uid = Some(uid.to_string());
        }
        status
    }

    /// The success of an action that shows no object.
    pub fn success(code: u16) -> Box<Status> {
        let mut status = Status::failure(code, "");
        status.status = "Success";
        status.message = None;
        status
    }

    /// 429: not now.
    pub fn too_many_requests(why: &str, causes: Vec<Cause>, retry: Option<u32>) -> Box<Status> {
        let mut status = Status::because(429, "TooManyRequests", why);
        let retry_after_seconds = retry;
        status.details = Some(Details { causes, retry_after_seconds, ..Details::default() });
        status
    }

    /// 503: whoever could answer is not there.
    pub fn unavailable(why: &str) -> Box<Status> {
        Status::because(503, "ServiceUnavailable", why)
    }

    /// 404: there is no object of this name.
    pub fn not_found(resource: &Resource, name: &str) -> Box<Status> {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Status::because(404, "NotFound", message).about(name, &resource.group, &resource.plural)
    }

    /// 409: there is an object of this name already.
    pub fn already_exists(resource: &Resource, name: &str) -> Box<Status> {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Status::because(409, "AlreadyExists", message).about(
            name,
            &resource.group,
            &resource.plural,
        )
    }

    /// 409: the write was made for another state of the object than the present one.
    pub fn conflict(resource: &Resource, name: &str, why: &str) -> Box<Status> {
        let shown = resource.qualified();
        let message = format!("Operation cannot be fulfilled on {shown} \"{name}\": {why}");
        Status::because(409, "Conflict", message).about(name, &resource.group, &resource.plural)
    }

    /// 409: the resourceVersion of the write is not the object's.
    pub fn stale(resource: &Resource, name: &str) -> Box<Status> {
        Status::conflict(resource, name, MODIFIED)
    }

    /// 409 of server-side apply: other managers own some of the fields.
    pub fn apply_conflict(message: String, causes: Vec<Cause>) -> Box<Status> {
        let mut status = Status::because(409, "Conflict", message);
        status.details = Some(Details { causes, ..Details::default() });
        status
    }

    /// 422: fields of the object are wrong. `kind` is the Kind (or, once, the resource).
    pub fn invalid(group: &str, kind: &str, name: &str, errors: &[FieldError]) -> Box<Status> {
        let shown = super::kind::qualified(kind, group);
        let message = format!("{shown} \"{name}\" is invalid: {}", schema::message(errors));
        let mut status = Status::because(422, "Invalid", message).about(name, group, kind);
        if let Some(details) = &mut status.details {
            details.causes = schema::causes(errors);
        }
        status
    }

    /// 422 of a JSON patch that could not be carried out: the server keeps the reason to itself.
    pub fn patch_failed() -> Box<Status> {
        let message = "the server rejected our request due to an error in our request";
        Status::because(422, "Invalid", message).about("", "", "")
    }

    /// 403: it is not allowed now.
    pub fn forbidden(resource: &Resource, name: &str, why: &str) -> Box<Status> {
        let shown = resource.qualified();
        let message = format!("{shown} \"{name}\" is forbidden: {why}");
        Status::because(403, "Forbidden", message).about(name, &resource.group, &resource.plural)
    }

    /// 403: the namespace is being deleted.
    pub fn namespace_terminating(resource: &Resource, name: &str, namespace: &str) -> Box<Status> {
        let why = format!(
            "unable to create new content in namespace {namespace} because it is being terminated"
        );
        let mut status = Status::forbidden(resource, name, &why);
        if let Some(details) = &mut status.details {
            details.causes = vec![Cause {
                reason: Some("NamespaceTerminating"),
                message: Some(format!("namespace {namespace} is being terminated")),
                field: Some("metadata.namespace".into()),
            }];
        }
        status
    }

    /// 500: the server itself is at a loss.
    pub fn internal_error(why: &str) -> Box<Status> {
        let text = format!("Internal error occurred: {why}");
        let mut status = Status::because(500, "InternalError", text);
        let cause = Cause { reason: None, message: Some(why.into()), field: None };
        status.details = Some(Details { causes: vec![cause], ..Details::default() });
        status
    }

    /// 400: the request makes no sense.
    pub fn bad_request(message: impl Into<String>) -> Box<Status> {
        Status::because(400, "BadRequest", message)
    }

    /// 405: this resource does not do that. `verb` in Go's words: `create`, `delete`, …
    pub fn method_not_allowed(resource: &Resource, verb: &str) -> Box<Status> {
        let shown = resource.qualified();
        let message = format!("{verb} is not supported on resources of kind \"{shown}\"");
        Status::because(405, "MethodNotAllowed", message).about(
            "",
            &resource.group,
            &resource.plural,
        )
    }

    /// 405: the path exists, but not for this method.
    pub fn no_such_method() -> Box<Status> {
        let message = "the server does not allow this method on the requested resource";
        Status::because(405, "MethodNotAllowed", message).about("", "", "")
    }

    /// 410: the past that is asked for has been compacted.
    pub fn expired(message: impl Into<String>) -> Box<Status> {
        Status::because(410, "Expired", message)
    }

    /// 413: the request is too large.
    pub fn too_large(why: &str) -> Box<Status> {
        let message = format!("Request entity too large: {why}");
        Status::because(413, "RequestEntityTooLarge", message)
    }

    /// 500: what is to be stored is larger than etcd takes.
    pub fn too_large_to_store() -> Box<Status> {
        Status::failure(500, "etcdserver: request is too large")
    }

    /// 415: the body's content type is none of these.
    pub fn unsupported_media_type(accepted: &str) -> Box<Status> {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: \
             {accepted}"
        );
        Status::because(415, "UnsupportedMediaType", message)
    }

    /// 406: the answer cannot be given in the form that is asked for.
    pub fn not_acceptable(accepted: &str) -> Box<Status> {
        let message = format!("only the following media types are accepted: {accepted}");
        Status::because(406, "NotAcceptable", message)
    }

    /// Whether this is [`Status::too_large_resource_version`]: known by its cause, as by clients.
    pub fn is_too_large_resource_version(&self) -> bool {
        let causes = self.details.iter().flat_map(|details| &details.causes);
        causes.into_iter().any(|cause| cause.reason == Some(VERSION_TOO_LARGE))
    }

    /// 504: the revision that is asked for lies in the future.
    pub fn too_large_resource_version(asked: u64, current: Revision) -> Box<Status> {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let mut status = Status::because(504, "Timeout", message);
        let cause = Cause {
            reason: Some(VERSION_TOO_LARGE),
            message: Some("Too large resource version".into()),
            field: None,
        };
        status.details = Some(Details {
            causes: vec![cause],
            retry_after_seconds: Some(1),
            ..Details::default()
        });
        status
    }
}
