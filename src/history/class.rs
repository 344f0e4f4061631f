//! How a write was lost: the classes that a finding names.
//!
//! Decided from what was sent and what was there, never from the name of a write method.
//! `docs/verdicts.md` has the smallest history of each. Next to read: `judge.rs`.

use serde_json::Value;

use super::leaf::{LeafPath, Part};
use super::meaning::{Meant, Want};
use super::write::Write;
use crate::apiserver::PatchKind;

/// How a write was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LossClass {
    /// A whole object or status was replaced.
    Clobber,
    /// A whole list was replaced.
    ListReplaced,
    /// The diff did not contain it, because the stale base already had it.
    Omitted,
    /// A removed value came back.
    Resurrected,
    /// A combination that no worker computed.
    Torn,
    /// Two decisions on stale reads of different fields.
    Skew,
    /// Answered 2xx, but the server never stored it.
    Ignored,
    /// Same name, other uid.
    WrongObject,
    /// Not a loss: the worker gave up, visibly.
    Dropped,
    /// Not a loss: an invariant of the scenario is broken.
    Broken,
}

impl LossClass {
    /// As the JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            LossClass::Clobber => "clobber",
            LossClass::ListReplaced => "list-replaced",
            LossClass::Omitted => "omitted",
            LossClass::Resurrected => "resurrected",
            LossClass::Torn => "torn",
            LossClass::Skew => "skew",
            LossClass::Ignored => "ignored",
            LossClass::WrongObject => "wrong-object",
            LossClass::Dropped => "dropped",
            LossClass::Broken => "broken",
        }
    }
}

/// How a write took away, or overwrote, what was promised.
pub fn class_of(write: &Write<'_>, leaf: &LeafPath) -> LossClass {
    let list = list_of(leaf, write);
    match (write.patch, list) {
        (Some(PatchKind::Json), Some(_)) => LossClass::ListReplaced,
        (Some(_), Some(list)) if list.find(write.sent).is_some_and(Value::is_array) => {
            LossClass::ListReplaced
        }
        _ => LossClass::Clobber,
    }
}

/// The outermost list on the way to a leaf, or the leaf itself if it is a list.
fn list_of(leaf: &LeafPath, write: &Write<'_>) -> Option<LeafPath> {
    let at = leaf.parts().iter().position(|part| !matches!(part, Part::Field(_)));
    if let Some(at) = at {
        return Some(LeafPath::new(leaf.parts()[..at].to_vec()));
    }
    let versions = [write.before, write.after].into_iter().flatten();
    let is_list = versions.filter_map(|object| leaf.find(object)).any(Value::is_array);
    is_list.then(|| leaf.clone())
}

/// How a leaf came never to be there, although the write that meant it was acknowledged.
pub(super) fn of_absence(write: &Write<'_>, leaf: &LeafPath, want: &Want) -> LossClass {
    if sends(write, leaf, want) {
        return LossClass::Ignored;
    }
    // The diff did not contain it. If it did contain another leaf of the same intent, the result
    // is a combination that no worker computed.
    let other = |meant: &&Meant| meant.leaf != *leaf && meant.want != Want::There;
    let mut others = write.meant.iter().filter(other);
    match others.any(|meant| sends(write, &meant.leaf, &meant.want)) {
        true => LossClass::Torn,
        false => LossClass::Omitted,
    }
}

/// Whether the body of a write says what is meant of a leaf.
fn sends(write: &Write<'_>, leaf: &LeafPath, want: &Want) -> bool {
    match (write.patch, want) {
        (Some(PatchKind::Json), _) => {
            let fields = leaf.parts().iter().filter_map(|part| match part {
                Part::Field(name) => Some(name.replace('~', "~0").replace('/', "~1")),
                _ => None,
            });
            let root = format!("/{}", fields.collect::<Vec<_>>().join("/"));
            let operations = write.sent.as_array().into_iter().flatten();
            operations.filter(|operation| operation["op"] != "test").any(|operation| {
                let path = operation["path"].as_str().unwrap_or_default();
                root.starts_with(path) || path.starts_with(&root)
            })
        }
        // A removal is sent as null in a merge patch, by absence in a PUT.
        (Some(PatchKind::Merge), Want::Absent) => {
            let (last, way) = leaf.parts().split_last().expect("a leaf has a path");
            let parent = LeafPath::new(way.to_vec());
            let parent = parent.find(write.sent);
            match last {
                Part::Field(key) => parent.is_some_and(|parent| parent.get(key).is_some()),
                Part::Entry(_) | Part::Item(_) => parent.is_some(),
            }
        }
        (_, Want::Absent | Want::Only(_)) => true,
        (_, wanted) => {
            leaf.find(write.sent).is_some() && wanted.is_met(leaf, write.sent, write.lists)
        }
    }
}
