//! Validation rules in CEL (`x-kubernetes-validations`).
//!
//! The expressions are parsed and evaluated by `kube-cel`, which is kube-rs' set of the functions
//! that Kubernetes adds to CEL. What is here is the server's part: which rules a definition may
//! have ([`compile`]), how a JSON value looks to a rule (`value.rs`), which rules are asked about
//! which value, and which answers count (`walk.rs`), what a rule can see at all (`reads.rs`).
//! Not done: the type check of a rule when its definition is created, and the limits of cost.
//! Next to read: `walk.rs`.

mod compile;
mod evaluate;
mod expand;
mod field_path;
mod memo;
mod reads;
mod sees;
mod value;
mod walk;

#[cfg(test)]
mod tests;

pub(super) use compile::{Checks, Site, compile};
pub(super) use memo::Memo;
pub(super) use walk::validate;
