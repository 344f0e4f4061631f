//! From what happened in an execution to what was lost in it.
//!
//! Next to read: `checked.rs`.

use super::drive::Ran;
use crate::parking::{Judged, judged};

/// What was found where an execution ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Found {
    /// Losses that were still there at the end.
    pub lost: usize,
    /// Losses that were repaired.
    pub repaired: usize,
    /// Invariants that are broken, by their place in the list.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<usize>,
}

pub(super) fn losses(ran: &Ran) -> Judged {
    judged(&ran.history.steps, &ran.history.kinds)
}

pub(super) fn judge(ran: &Ran) -> Found {
    let judged = losses(ran);
    let (lost, repaired) = (judged.lost().count(), judged.repaired().count());
    Found { lost, repaired, broken: ran.broken.clone() }
}
