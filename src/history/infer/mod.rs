//! What a write meant, where it is not said: from what was sent, and from the versions that its
//! author may have seen.
//!
//! A [`Sent`] is what one request carries, as numbers of [`Names`]. On one version of the object
//! it means the leaves in which it differs from it ([`Sent::on`]). Where that version, the
//! *basis*, is known (a run under our own scheduler), that is all. Where it is not (an audit log),
//! `learn` weighs the versions that could have been it: an author who only changes his own
//! leaves explains a body better than one that changes those of others, and what a program usually
//! changes, with what values, and how old its reads usually are, is learned from all of its
//! writes. Nothing in here knows of logs.
//! Next to read: `sent.rs`, then `habits.rs`.

mod habits;
mod learn;
mod names;
mod operation;
mod sent;
mod unsaid;

pub use habits::{Habits, Slot};
pub use learn::{Guess, Owns, learn};
pub use names::{
    ABSENT, Flat, LeafId, Names, Order, THERE, ValueId, Version, differences, look, put,
};
pub use sent::{LeafChange, Method, Scope, Sent};
pub use unsaid::{Candidate, Unsaid};
