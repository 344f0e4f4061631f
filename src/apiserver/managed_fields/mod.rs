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
//!
//! Not here: kubectl's migration from client-side apply (the manager `kubectl` and the annotation
//! `last-applied-configuration`), and conversion between versions of a kind: entries of another
//! version are taken as if their fields had the same names in this one.
//! Next to read: `path_set.rs`, then `update.rs` and `apply.rs`.

mod apply;
mod compare;
mod exchange;
mod managers;
mod merge;
mod path_set;
mod typed;
mod update;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use serde_json::Value;

use super::schema::Schema;
pub use exchange::Swap;

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
    /// Top-level or dotted paths that this endpoint lets no client write: `["status"]` on
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
    update::update(schema, live, new, write);
}

/// Applies a configuration to the live object, or to nothing.
///
/// The result is defaulted already.
pub fn apply(
    schema: &Schema,
    live: Option<&Value>,
    applied: &Value,
    write: &Write<'_>,
    force: bool,
) -> Result<Value, ApplyError> {
    apply::apply(schema, live, applied, write, force)
}

/// The message of the 409: `Apply failed with 1 conflict: conflict with "m1": .spec.a`.
pub fn conflict_message(conflicts: &[Conflict]) -> String {
    if let [only] = conflicts {
        let Conflict { manager, field } = only;
        return format!("Apply failed with 1 conflict: conflict with {manager}: {field}");
    }
    let mut lines = Vec::new();
    let mut last = "";
    for conflict in conflicts {
        if conflict.manager != last {
            lines.push(format!("conflicts with {}:", conflict.manager));
            last = &conflict.manager;
        }
        lines.push(format!("- {}", conflict.field));
    }
    format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
}

/// The causes of the 409.
pub fn conflict_causes(conflicts: &[Conflict]) -> Vec<super::Cause> {
    let cause = |conflict: &Conflict| super::Cause {
        reason: Some("FieldManagerConflict"),
        message: Some(format!("conflict with {}", conflict.manager)),
        field: Some(conflict.field.clone()),
    };
    conflicts.iter().map(cause).collect()
}

/// The entries after some managers and fields have changed places, in the server's order; `None` if
/// they cannot be read. The steps to fields must be the schema's: [`Kind::names_entries`].
///
/// [`Kind::names_entries`]: super::Kind::names_entries
pub fn exchanged(
    entries: &Value,
    rename: &dyn Fn(&str) -> Option<String>,
    swaps: &[Swap<'_>],
) -> Option<Value> {
    exchange::exchanged(entries, rename, swaps)
}

/// How many of an object's entries are of updates; and how many there may be before the oldest of
/// them are merged into one.
pub fn updaters(entries: &Value) -> (usize, usize) {
    let entries = entries.as_array().into_iter().flatten();
    let updates = entries.filter(|entry| entry["operation"] != "Apply");
    (updates.count(), managers::UPDATERS_MAX)
}

/// Whether the server itself gives managers this name, or means nothing by it.
pub fn is_reserved(manager: &str) -> bool {
    ["", managers::UNKNOWN, managers::ANCIENT, apply::BEFORE_FIRST_APPLY].contains(&manager)
}

/// Whether two objects are equal, or differ only in the times of their managedFields.
pub fn same_but_for_times(a: &Value, b: &Value) -> bool {
    let (Some(left), Some(right)) = (a.as_object(), b.as_object()) else { return a == b };
    let rest = |key: &str| key != "metadata";
    left.iter().filter(|(key, _)| rest(key)).eq(right.iter().filter(|(key, _)| rest(key)))
        && same_metadata(&a["metadata"], &b["metadata"])
}

fn same_metadata(a: &Value, b: &Value) -> bool {
    let (Some(left), Some(right)) = (a.as_object(), b.as_object()) else { return a == b };
    let rest = |key: &str| key != "managedFields";
    left.iter().filter(|(key, _)| rest(key)).eq(right.iter().filter(|(key, _)| rest(key)))
        && timeless(a) == timeless(b)
}

/// The entries without their times, in an order that does not depend on them.
fn timeless(metadata: &Value) -> Vec<String> {
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    let mut texts = entries
        .map(|entry| {
            let mut entry = entry.clone();
            if let Some(fields) = entry.as_object_mut() {
                fields.remove("time");
            }
            entry.to_string()
        })
        .collect::<Vec<_>>();
    texts.sort();
    texts
}
