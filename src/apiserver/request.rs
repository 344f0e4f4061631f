//! One request to the API server and its answer, as values.
//!
//! A [`Request`] is what is left of an HTTP request once path, query, headers and body are
//! understood (`rest/` does that for real HTTP; the modelled workers build requests directly).
//! Everything the server may not take from the machine comes in here: the time, and who asks.
//! Next to read: `server.rs`, which dispatches on [`Verb`].

use std::sync::Arc;

use serde_json::Value;

use super::Status;
use super::seen::{Listed, Seen};

/// A revision of the whole store: etcd's counter, of which `resourceVersion` is the API's face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The API's verbs, as RBAC names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch(PatchKind),
    Delete,
    DeleteCollection,
}

impl Verb {
    /// Whether a request with this verb may change what is stored.
    pub fn writes(self) -> bool {
        match self {
            Verb::Get | Verb::List | Verb::Watch => false,
            Verb::Create | Verb::Update | Verb::Patch(_) => true,
            Verb::Delete | Verb::DeleteCollection => true,
        }
    }

    /// As RBAC has it.
    pub fn name(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Watch => "watch",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Patch(_) => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
        }
    }

    /// Which patch, if it is one.
    pub fn patch(self) -> Option<PatchKind> {
        match self {
            Verb::Patch(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Group, version and plural name of a resource: `demo.example.com/v1`, `widgets`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// The API group; empty for the core group.
    pub group: String,
    /// The API version, such as `v1`.
    pub version: String,
    /// The plural name in lower case, such as `widgets`.
    pub plural: String,
}

impl Resource {
    /// As errors print it: `widgets.demo.example.com`, or `configmaps`.
    pub fn qualified(&self) -> String {
        super::kind::qualified(&self.plural, &self.group)
    }
}

/// The four kinds of PATCH, by kube-core's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PatchKind {
    /// `application/merge-patch+json`, RFC 7386: lists are replaced whole.
    Merge,
    /// `application/json-patch+json`, RFC 6902.
    Json,
    /// `application/strategic-merge-patch+json`: built-in kinds only.
    Strategic,
    /// `application/apply-patch+yaml`: server-side apply.
    Apply,
}

/// What is behind an object's name in a path: `/status`. Which kind has which, its
/// [`Kind`](super::Kind) says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Subresource {
    Approval,
    Attach,
    Binding,
    EphemeralContainers,
    Eviction,
    Exec,
    Finalize,
    Log,
    PortForward,
    Proxy,
    Resize,
    Scale,
    Status,
    Token,
}

impl Subresource {
    /// All of them, by their names in a path.
    const ALL: [(&'static str, Subresource); 14] = [
        ("approval", Subresource::Approval),
        ("attach", Subresource::Attach),
        ("binding", Subresource::Binding),
        ("ephemeralcontainers", Subresource::EphemeralContainers),
        ("eviction", Subresource::Eviction),
        ("exec", Subresource::Exec),
        ("finalize", Subresource::Finalize),
        ("log", Subresource::Log),
        ("portforward", Subresource::PortForward),
        ("proxy", Subresource::Proxy),
        ("resize", Subresource::Resize),
        ("scale", Subresource::Scale),
        ("status", Subresource::Status),
        ("token", Subresource::Token),
    ];

    /// The one of this name, if there is one.
    pub fn named(name: &str) -> Option<Subresource> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, it)| it)
    }

    /// As it stands in a path.
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, it)| *it == self).map_or("", |(name, _)| name)
    }
}

impl std::fmt::Display for Subresource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// `fieldValidation`: what happens to fields the schema does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldValidation {
    /// Drop them silently.
    Ignore,
    /// Drop them and answer with a `Warning` header.
    #[default]
    Warn,
    /// Refuse the request with 400.
    Strict,
}

/// The query parameters and DeleteOptions that the server understands, with their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct Options {
    pub field_manager: Option<String>,
    pub force: Option<bool>,
    pub dry_run: bool,
    pub field_validation: FieldValidation,
    /// What the body's decoder objects to (keys that come twice), for `field_validation`.
    pub decoding_errors: Vec<String>,
    pub resource_version: Option<String>,
    pub resource_version_match: Option<String>,
    pub limit: Option<u64>,
    pub continue_token: Option<String>,
    pub label_selector: Option<String>,
    pub field_selector: Option<String>,
    pub allow_watch_bookmarks: bool,
    pub send_initial_events: Option<bool>,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Request {
    /// What is asked for.
    pub verb: Verb,
    /// Of which resource.
    pub resource: Resource,
    /// In which namespace; `None` for cluster-scoped resources and for lists over all namespaces.
    pub namespace: Option<String>,
    /// Which object; `None` for collections.
    pub name: Option<String>,
    /// What of the object; `None` for the object itself.
    pub subresource: Option<Subresource>,
    /// Query parameters.
    pub options: Options,
    /// The decoded body: an object, a patch, or DeleteOptions.
    pub body: Option<Arc<Value>>,
    /// The client's User-Agent; up to its first `/` it is the default field manager.
    pub user_agent: String,
    /// The time of the request in seconds since 1970: the server has no clock.
    pub time: i64,
}

/// The answer to one request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Response {
    /// The HTTP status code.
    pub code: u16,
    /// `Warning` headers, without the `299 - ` prefix and the quotes.
    pub warnings: Vec<String>,
    /// The body.
    pub body: Body,
}

/// The body of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// One object, with its resourceVersion in its metadata.
    Object(Seen),
    /// A list object.
    List(Box<Listed>),
    /// A Status: every error, and the success of a delete.
    Status(Box<Status>),
}

impl From<Box<Status>> for Response {
    fn from(status: Box<Status>) -> Self {
        let code = status.code.unwrap_or(200);
        Response { code, warnings: Vec::new(), body: Body::Status(status) }
    }
}

impl Response {
    /// Whether the server acknowledged the request (2xx).
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// The object in the answer, if it is one.
    pub fn object(&self) -> Option<&Arc<Value>> {
        match &self.body {
            Body::Object(object) => Some(object.value()),
            _ => None,
        }
    }

    /// The Status in the answer, if it is one.
    pub fn status(&self) -> Option<&Status> {
        match &self.body {
            Body::Status(status) => Some(status),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_subresource_has_one_name() {
        for (name, subresource) in Subresource::ALL {
            assert_eq!(Subresource::named(name), Some(subresource));
            assert_eq!(subresource.to_string(), name);
        }
        assert_eq!(Subresource::named("nothing"), None);
    }
}
