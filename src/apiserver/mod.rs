//! The fake API server: one value, one atomic transition per request.

mod field_path;
mod key;
pub mod managed_fields;
pub mod patch;
mod request;
pub mod schema;
mod status;

pub use field_path::{FieldPath, FieldPathError, Step};
pub use key::{Key, ListType};
pub use request::{
    Body, FieldValidation, Options, PatchKind, Request, Resource, Response, Revision, Verb,
};
pub use status::{Cause, Details, ListMeta, Status};
