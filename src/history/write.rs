//! A write, as far as a judge has to know it: no scenario, no schedule, no worker.
//!
//! Next to read: `ledger.rs`.

use serde_json::Value;

use super::lists::Lists;
use super::meaning::Meant;
use crate::apiserver::{Key, PatchKind, Revision};

/// One write, in the order in which the server took them.
#[derive(Clone, Copy, Debug)]
pub struct Write<'w> {
    /// Whose it is: any number that tells authors apart.
    pub author: usize,
    /// The object.
    pub object: &'w Key,
    /// The lists of its kind.
    pub lists: &'w Lists,
    /// The revision of the object that it was built from.
    pub basis: Revision,
    /// The uid of that object; `None` if it is not known.
    pub basis_uid: Option<&'w str>,
    /// What it meant.
    pub meant: &'w [Meant],
    /// Which patch, if it is one.
    pub patch: Option<PatchKind>,
    /// The body.
    pub sent: &'w Value,
    /// The object before and after.
    pub before: Option<&'w Value>,
    /// See `before`.
    pub after: Option<&'w Value>,
    /// What became of it.
    pub answer: Answered,
    /// The revision that the object has after it: what its author was answered with.
    pub at: Revision,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// The server took it, and its author was told so.
    Acknowledged,
    /// The server took it, and the answer was lost: nothing was promised.
    Unanswered,
    /// The server refused it: nothing happened.
    Refused,
}

impl Write<'_> {
    /// Whether the server took it, whether or not it changed anything.
    pub fn took_effect(&self) -> bool {
        self.answer != Answered::Refused
    }

    /// Whether its author was told that it was taken.
    pub fn is_acknowledged(&self) -> bool {
        self.answer == Answered::Acknowledged
    }

    /// Whether it landed on another object than the one it was built from, of the same name.
    pub fn is_elsewhere(&self) -> bool {
        let basis = self.basis_uid.filter(|uid| !uid.is_empty());
        self.after.is_some() && basis.is_some_and(|basis| uid(self.after) != Some(basis))
    }

    /// Whether a later write of an object of the same name was to another one.
    pub fn is_of_another(&self, later: &Write<'_>) -> bool {
        later.before.is_some() && uid(self.after) != uid(later.before)
    }

    /// Whether the object is another one after it, or none.
    pub fn ends_the_object(&self) -> bool {
        self.after.is_none() || self.before.is_some() && uid(self.before) != uid(self.after)
    }
}

fn uid(object: Option<&Value>) -> Option<&str> {
    object?["metadata"]["uid"].as_str()
}
