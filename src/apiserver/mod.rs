//! The fake API server: one value, one atomic transition per request.
//!
//! [`ApiServer`] is a Kubernetes API server without a lock, a clock, a thread or a socket: it is
//! cloned, compared and hashed like a number, and [`ApiServer::handle`] is its only transition.
//! What it answers is what a real server of v1.36 answers; `docs/fidelity.md` says how far that has
//! been measured, and what is left out. HTTP is in `crate::rest`.
//!
//! To read it: `request.rs` and `status.rs` (what goes in and comes out), `engine/store.rs` (one
//! revision for everything), `server.rs`, `verbs/update.rs`, and `engine.rs`, where a write is
//! accepted, refused or found to change nothing. `kind.rs` and `builtin.rs` hold the flags that
//! decide whether a write can be lost at all.

mod account;
mod builtin;
mod call;
mod controllers;
mod crd;
mod definition;
mod engine;
mod field_path;
mod history;
mod json;
mod key;
mod kind;
mod label_selector;
mod lifecycle;
pub(crate) mod managed_fields;
mod metadata;
mod names;
pub mod patch;
mod request;
mod reviews;
pub(crate) mod schema;
mod seen;
mod selector;
mod server;
mod snapshot;
mod status;
mod strategy;
mod verbs;
mod versions;
mod watch;

pub use account::{Account, Fate};
use engine::store;
pub use engine::store::History;
pub use field_path::{FieldPath, FieldPathError, Step};
pub use key::{Key, ListType};
pub use kind::{Kind, Scale};
pub(crate) use names::uuid;
pub use request::{
    Body, FieldValidation, Options, PatchKind, Request, Resource, Response, Revision, Subresource,
    Verb,
};
#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use schema::builtin::write_string_data;
pub use seen::{Listed, Seen};
#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use server::Written;
pub use server::{ApiServer, Config};
pub use snapshot::Snapshot;
pub use status::{Cause, Details, ListMeta, Status};
pub use watch::{EventType, Watch, WatchEvent};

#[cfg(test)]
mod tests;
