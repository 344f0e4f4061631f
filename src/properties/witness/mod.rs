//! Which three steps a report points at: the victim, the stale read, and the culprit; and how the
//! write was lost.
//!
//! Reads a finished trace, never runs anything. `lost.rs` finds a lost write, `others.rs` has the
//! witnesses of the other properties, `history.rs` the questions that all of them ask of the
//! events. Next to read: `lost.rs`.

mod history;
mod lost;
mod others;

pub(super) use lost::lost;
pub(super) use others::{dropped, never_done, not_serializable, stale_overwrite, wrong_conflict};

use std::sync::Arc;

use super::ListsOf;
use crate::history::{Finding, LossClass};
use crate::simulation::{BoxedMemory, Ending};
use crate::trace::Trace;

/// What was found in a trace that violates a property. Steps are indices into the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How the write was lost.
    pub class: LossClass,
    /// The write that is gone.
    pub victim: usize,
    /// The field that is gone.
    pub field: String,
    /// The read that was out of date.
    pub stale_read: Option<usize>,
    /// The step that took the field away.
    pub culprit: Option<usize>,
    /// What the judge found, its writes told as steps: the leaf, how it was to be, what was read
    /// for it. Of `no-lost-write` only.
    pub finding: Option<Finding>,
}

/// Finds the three steps. `memory` is what the property remembers at the end of the trace.
pub fn find_witness(
    property: &str,
    memory: &BoxedMemory,
    trace: &Trace,
    ending: &Ending,
    lists: &Arc<ListsOf>,
) -> Option<Found> {
    (super::named(property)?.find)(memory, trace, ending, lists)
}
