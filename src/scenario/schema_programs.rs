//! The shape of what a scenario says of programs: `run`, `stimuli`, `limits`, `leases`,
//! `isolation`.
//!
//! As in `schema.rs`, the doc comments are the text of the reference.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::schema::Subresource;

/// What happens to the cluster from outside, as one step of the schedule: exactly one of `create`,
/// `patch`, `delete`, `scale` and `edit`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "stimulus")]
pub struct StimulusFile {
    /// Creates this object.
    #[serde(default)]
    #[schemars(schema_with = "map")]
    pub create: Option<Map<String, Value>>,
    /// `Kind/name` or `Kind/namespace/name`: sends `with` as a merge patch.
    pub patch: Option<String>,
    /// With `patch`: the merge patch.
    #[serde(default)]
    #[schemars(schema_with = "map")]
    pub with: Option<Map<String, Value>>,
    /// Deletes this object.
    pub delete: Option<String>,
    /// Sets the replicas of this object through its `scale` subresource.
    pub scale: Option<String>,
    /// With `scale`: how many replicas.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub to: Option<u32>,
    /// Edits this object as `kubectl edit` does: two steps, a GET, and a PUT with the version that
    /// was read.
    pub edit: Option<String>,
    /// With `edit`: field path to value.
    #[serde(default)]
    #[schemars(schema_with = "map")]
    pub sets: Option<Map<String, Value>>,
    /// With `patch` and `edit`: `status`, or `main` for the object's own endpoint. Default: `main`.
    pub subresource: Option<Subresource>,
    /// Whether it comes only when no worker can move. Default: false, the scheduler places it.
    pub settled: Option<bool>,
}

/// What each program may use up in one execution.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schemars(title = "limits")]
pub struct LimitsFile {
    /// Bytes of resident memory of all its processes. Default: 2 GiB.
    #[schemars(range(min = 1_048_576, max = 1_099_511_627_776_u64))]
    pub memory: Option<u64>,
    /// Processes at a time. Default: 256.
    #[schemars(range(min = 1, max = 100_000))]
    pub processes: Option<u32>,
    /// Open files of each process. Default: 4096.
    #[schemars(range(min = 16, max = 1_000_000))]
    pub files: Option<u64>,
    /// Requests to the API server. Default: 20,000.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub requests: Option<u64>,
    /// Watches open at a time. Default: 1,000.
    #[schemars(range(min = 1, max = 100_000))]
    pub watches: Option<u32>,
}

/// Who gets a Lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "leases")]
#[allow(missing_docs)]
pub enum Leases {
    First,
    Race,
}

/// What parts one execution from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline, title = "isolation")]
#[allow(missing_docs)]
pub enum IsolationFile {
    Process,
    Name,
}

pub(super) fn map(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "minProperties": 1, "maxProperties": 100 })
}

pub(super) fn env(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "maxProperties": 100,
        "additionalProperties": { "title": "variable", "type": "string" },
    })
}
