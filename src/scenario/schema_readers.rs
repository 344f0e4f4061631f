//! The shape of what a reader of an informer cache says of it.
//!
//! Next to read: `validate/readers.rs`.

use schemars::JsonSchema;
use serde::Deserialize;

/// How far an informer cache must have come.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline, title = "freshness")]
#[allow(missing_docs)]
pub enum Freshness {
    Eventual,
    Synced,
    ReadYourWrites,
}
