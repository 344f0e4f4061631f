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
}

pub(super) fn losses(ran: &Ran) -> Judged {
    judged(&ran.history.steps, &ran.history.kinds)
}

pub(super) fn judge(ran: &Ran) -> Found {
    let judged = losses(ran);
    Found { lost: judged.lost().count(), repaired: judged.repaired().count() }
}
