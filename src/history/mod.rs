//! What a write meant, what it did, and when a write is lost: the one mechanism behind every
//! verdict, of scenarios, of real programs and of audit logs.
//!
//! Everything is judged leaf by leaf. This folder knows objects, schemas and writes; nothing of
//! scenarios, schedulers or workers. `docs/verdicts.md` is its definition in words.
//! Next to read: `leaf.rs`, then `lists.rs`, `diff.rs`.

mod diff;
mod equal;
mod leaf;
mod lists;

pub use diff::{Difference, difference};
pub use equal::{canonical, is_as, is_empty, quantity};
pub use leaf::{LeafPath, Part};
pub use lists::{Found, KEYS, Leaves, Lists};
