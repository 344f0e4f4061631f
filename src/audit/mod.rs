//! Audit logs: events of any order, form and level in; what was lost, by whom, out.
//!
//! A log says what was sent and what came of it, never what was meant: that is inferred
//! (`history/infer`), and then the judge of all histories judges it (`history/judge.rs`).
//! This folder opens no file. Next to read: `event.rs`, `log.rs`, `track.rs`, `judge.rs`.
#![allow(missing_docs)]

mod clients;
mod doubts;
mod event;
mod findings;
mod forget;
mod given;
mod judge;
mod kinds;
mod log;
mod model;
mod owns;
mod pairs;
mod patches;
mod programs;
mod readings;
mod replay;
mod risks;
mod shape;
mod telling;
mod track;

pub use event::{AuditEvent, Skipped};
pub use findings::{Certainty, Finding, LostLeaf, PairKey, Party, Repair, Verdict};
pub use judge::judge;
pub use kinds::Kinds;
pub use log::Log;
pub use model::{Model, Set, Worker};
pub use owns::Owns;
pub use pairs::{Pair, pattern};
pub use risks::Risk;
pub use shape::events;
