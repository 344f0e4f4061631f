//! The resourceVersions that a worker holds: found, and given other numbers.
//!
//! Next to read: `schedulers/exhaustive/canonical.rs`, which needs that.

use std::sync::Arc;

use serde_json::Value;

use super::Basis;
use crate::apiserver::Revision;

/// The resourceVersion that a body names, as an object, as the `test` of a JSON patch or as the
/// precondition of a delete.
pub(crate) fn sent_revision(body: &Value) -> Option<Revision> {
    let text = match body {
        Value::Array(operations) => operations.iter().find_map(tested_version)?,
        object => {
            let options = object.get("preconditions").or_else(|| object.get("metadata"));
            options?.get("resourceVersion")?
        }
    };
    text.as_str()?.parse().ok().map(Revision)
}

pub(super) fn tested_version(operation: &Value) -> Option<&Value> {
    let is_test = operation["op"] == "test" && operation["path"] == "/metadata/resourceVersion";
    is_test.then(|| &operation["value"])
}

/// Renames the revision of a basis, unless it is not asked for any more.
pub(super) fn rename_basis(basis: &mut Basis, rename: &dyn Fn(Revision) -> Revision) {
    if basis.revision != Revision(0) {
        basis.revision = rename(basis.revision);
    }
}

pub(super) fn rename_in(body: &mut Value, rename: &dyn Fn(Revision) -> Revision) {
    let Some(revision) = sent_revision(body) else { return };
    let text = Value::String(rename(revision).to_string());
    match body {
        Value::Array(operations) => {
            let tests =
                operations.iter_mut().filter(|operation| tested_version(operation).is_some());
            tests.for_each(|operation| operation["value"] = text.clone());
        }
        object if object.get("preconditions").is_some() => {
            object["preconditions"]["resourceVersion"] = text;
        }
        object => object["metadata"]["resourceVersion"] = text,
    }
}

/// An object with its resourceVersion replaced.
pub(crate) fn renamed(object: &Arc<Value>, rename: &dyn Fn(Revision) -> Revision) -> Arc<Value> {
    let mut object = (**object).clone();
    rename_in(&mut object, rename);
    Arc::new(object)
}
