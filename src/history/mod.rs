//! What a write meant, what it did, and when a write is lost: the one mechanism behind every
//! verdict, of scenarios, of real programs and of audit logs.
//!
//! Everything is judged leaf by leaf. This folder knows objects, schemas and writes; nothing of
//! scenarios, schedulers or workers. `docs/verdicts.md` is its definition in words.
//! Next to read: `leaf.rs`, then `lists.rs`, `diff.rs`, `meaning.rs`, `ledger.rs`.

mod class;
mod diff;
mod equal;
#[doc(hidden)]
pub mod infer;
mod judge;
mod leaf;
mod ledger;
mod lists;
mod meaning;
mod write;

pub use class::LossClass;
pub(crate) use class::class_of;
pub use diff::{Difference, difference};
pub use equal::{canonical, is_empty, quantity};
pub use judge::{End, Finding, judge};
pub use leaf::{LeafPath, Part};
pub use ledger::{Compared, Effects, Fate, Ledger, Promise, promised};
pub use lists::{Found, KEYS, Leaves, Lists};
pub use meaning::{Change, Manner, Meaning, Meant, Want};
pub use write::{Answered, Write};

#[cfg(test)]
mod tests;
