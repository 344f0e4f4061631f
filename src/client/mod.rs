//! What a controller holds in its hand: how it turns what it read into what it sends, its
//! informer cache, and the object that its workers share.
//!
//! `diff.rs` is client-go's side of a patch, `informer.rs` the cache that a watch feeds one event
//! at a time, `shared.rs` what decoding a response does to an object in memory. Nothing here
//! knows who moves next. Next to read: `reconcilers/mod.rs`.

mod diff;
mod informer;
mod shared;
mod strategic;

pub use diff::{decoded, json_diff, leave_out, make, merge_diff};
pub use informer::{Informer, Selection, WatchEvent};
pub use shared::{decode_into, without_managed_fields};
pub use strategic::strategic_diff;
