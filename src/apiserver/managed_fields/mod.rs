//! Who owns which field: `metadata.managedFields`, and server-side apply, which lives by it.
//!
//! A caller needs one call per write:
//!
//! * **POST, PUT, merge, JSON and strategic patch** — [`update`]`(schema, live, new, write)`, after
//!   decoding, pruning and defaulting and *before* anything is carried over from the live object
//!   (status on the main endpoint, creationTimestamp, ...). `live` is the stored object, or `None`
//!   for a create. It rewrites `new.metadata.managedFields`.
//! * **apply** — [`apply`]`(schema, live, applied, write, force)` computes the new object with its
//!   managedFields. `live` is the stored object or `None` if there is none; `applied` is the
//!   request's body. The result then goes through defaulting, validation and the endpoint's
//!   carry-over like any other new object.
//! * **before storing** — [`same_but_for_times`]: whether two objects differ only in the times of
//!   their managedFields; then the write is a no-op and the live object stays.
//!
//! Everything that is not in the objects comes in by [`Write`]: no clock, no request in here.

use serde_json::Value;

use super::schema::Schema;

/// Who writes, where and when.
#[derive(Clone, Debug)]
pub struct Write<'a> {
    /// The field manager.
    pub manager: &'a str,
    /// The apiVersion of the request, such as `demo.example.com/v1`.
    pub api_version: &'a str,
    /// The kind of the request.
    pub kind: &'a str,
    /// `status`, if the write goes to the status subresource; otherwise empty.
    pub subresource: &'a str,
    /// Top-level or dotted paths that this endpoint does not let anybody write: `["status"]` on
    /// the main endpoint of a kind with a status subresource, `["spec", "metadata"]` on /status.
    pub reset: &'a [&'a str],
    /// The time of the request, RFC 3339 with seconds.
    pub time: &'a str,
}

/// Why an apply is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplyError {
    /// 400 BadRequest with this message: managedFields in the body, wrong apiVersion or kind.
    BadRequest(String),
    /// 500 without a reason, with this message: the body does not fit the schema.
    Typed(String),
    /// 409 Conflict: other managers own these fields with other values.
    Conflict(Vec<Conflict>),
}

/// One field that another manager owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Conflict {
    /// The other manager, as printed: `"m1" with subresource "status"`.
    pub manager: String,
    /// The field, such as `.status.conditions[type="A"].status`.
    pub field: String,
}

/// Records a POST, PUT or patch in the new object's managedFields.
pub fn update(schema: &Schema, live: Option<&Value>, new: &mut Value, write: &Write<'_>) {
    let _ = (schema, live, new, write);
}

/// Applies a configuration to the live object, or to nothing.
pub fn apply(
    schema: &Schema,
    live: Option<&Value>,
    applied: &Value,
    write: &Write<'_>,
    force: bool,
) -> Result<Value, ApplyError> {
    let _ = (schema, live, write, force);
    Ok(applied.clone())
}

/// The message of the 409: `Apply failed with 1 conflict: conflict with "m1": .spec.a`.
pub fn conflict_message(conflicts: &[Conflict]) -> String {
    format!("Apply failed with {} conflicts", conflicts.len())
}

/// The causes of the 409.
pub fn conflict_causes(conflicts: &[Conflict]) -> Vec<super::Cause> {
    let _ = conflicts;
    Vec::new()
}

/// Whether two objects are equal, or differ only in the times of their managedFields.
pub fn same_but_for_times(a: &Value, b: &Value) -> bool {
    a == b
}
