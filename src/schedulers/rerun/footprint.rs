//! What a move has touched: enough to tell which moves may change places.
//!
//! Two moves of different workers commute if neither writes what the other reads or writes, neither
//! changes a collection that the other lists, and they do not feed one stream. Next to read:
//! `graph.rs`, which draws conclusions from it.

/// What one move has touched. Objects, collections and streams are numbers that the owner of the
/// execution gives them.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Footprint {
    /// Objects that were read, or looked at and not changed.
    pub reads: Vec<u64>,
    /// Objects that were changed.
    pub writes: Vec<u64>,
    /// Collections that were listed.
    pub lists: Vec<u64>,
    /// Collections of which an object was changed.
    pub touches: Vec<u64>,
    /// Streams that got something to tell.
    pub feeds: Vec<u64>,
    /// The stream that was told all that was on the way, however much that is.
    pub drains: Option<u64>,
    /// It commutes with nothing.
    pub alone: bool,
}

fn meet(a: &[u64], b: &[u64]) -> bool {
    a.iter().any(|x| b.contains(x))
}

impl Footprint {
    /// Whether these two, of different workers, may change places.
    pub fn commutes_with(&self, other: &Footprint) -> bool {
        let drained = |a: &Footprint, b: &Footprint| a.drains.is_some_and(|s| b.feeds.contains(&s));
        !(self.alone
            || other.alone
            || meet(&self.writes, &other.reads)
            || meet(&self.writes, &other.writes)
            || meet(&self.reads, &other.writes)
            || meet(&self.touches, &other.lists)
            || meet(&self.lists, &other.touches)
            || meet(&self.feeds, &other.feeds)
            || drained(self, other)
            || drained(other, self))
    }
}
