//! The fake API server: one value, one atomic transition per request.

mod builtin;
mod call;
mod crd;
mod engine;
mod field_path;
mod history;
mod key;
mod kind;
mod label_selector;
mod lifecycle;
pub mod managed_fields;
mod metadata;
mod names;
pub mod patch;
mod request;
pub mod schema;
mod selector;
mod server;
mod status;
mod store;
mod verbs;
mod watch;

pub use field_path::{FieldPath, FieldPathError, Step};
pub use key::{Key, ListType};
pub use kind::Kind;
pub use request::{
    Body, FieldValidation, Options, PatchKind, Request, Resource, Response, Revision, Verb,
};
pub use server::{ApiServer, Config};
pub use status::{Cause, Details, ListMeta, Status};
pub use store::History;
pub use watch::{EventType, Watch, WatchEvent};

#[cfg(test)]
mod tests;
