//! The shape of `kinds`: a kind in one line, for a scenario without a CustomResourceDefinition.
//!
//! Next to read: `kinds.rs`, which makes a definition of it.

use schemars::JsonSchema;
use serde::Deserialize;

/// A kind of your own, in one line. It takes every field in `spec` and `status`; the server treats
/// it as it treats any custom resource.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "kind of your own")]
#[expect(dead_code, reason = "kinds are read from the nodes, for their places")]
pub struct OwnKind {
    /// The kind, such as `Workload`.
    #[schemars(length(min = 1, max = 63))]
    pub kind: String,
    /// Whether it has a status subresource. Default: `true`.
    pub status: Option<bool>,
    /// The list type of `status.conditions`: `map` (one entry per `type`) or `atomic`. Default: the
    /// definition says nothing, which a server treats as `atomic`.
    pub conditions: Option<Conditions>,
    /// Whether its objects are in namespaces. Default: `true`.
    pub namespaced: Option<bool>,
    /// The API group. Default: `example.com`.
    #[schemars(length(min = 1, max = 253))]
    pub group: Option<String>,
    /// The version. Default: `v1`.
    #[schemars(length(min = 1, max = 63))]
    pub version: Option<String>,
    /// The plural name. Default: the kind in lower case, with an `s`.
    #[schemars(length(min = 1, max = 63))]
    pub plural: Option<String>,
}

/// The list type of `status.conditions`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "list type")]
#[allow(missing_docs)]
pub enum Conditions {
    Map,
    Atomic,
}
