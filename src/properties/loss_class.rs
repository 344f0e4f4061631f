//! How a write is lost: the classes that a witness names.
//!
//! `docs/verdicts.md` has the smallest history of each. Next to read: `witness/class.rs`, which
//! decides.

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
        }
    }
}
