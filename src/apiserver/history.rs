//! The log of all changes: what the watch cache and etcd's old revisions are to a real server.
//!
//! One entry per effective write, ordered by revision, with the object before and after, so that
//! a watch can tell which objects enter and leave a selector and a list can be answered as of an
//! old revision. The objects are here as JSON: a twelfth of what they take as values, and the
//! bytes that watches send. Compaction forgets the oldest entries. Next to read: `watch.rs`.

use std::sync::Arc;

use super::json::Json;
use super::{Key, Revision};

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LoggedWrite {
    pub revision: Revision,
    pub key: Arc<Key>,
    /// The object before the write; `None` when it was created.
    pub before: Option<Version>,
    /// The object after the write; `None` when it was removed.
    pub after: Option<Arc<Json>>,
    /// What was removed, as of this revision.
    pub removed: Option<Arc<Json>>,
}

/// One object as of one revision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Version {
    pub json: Arc<Json>,
    pub modified: Revision,
}

/// What an entry takes besides the JSON of its objects.
const ENTRY_BYTES: usize = 256;

impl LoggedWrite {
    /// How many bytes this entry takes, and no other.
    pub fn size(&self) -> usize {
        let new = [&self.after, &self.removed].into_iter().flatten();
        ENTRY_BYTES + new.map(|json| json.bytes().len()).sum::<usize>()
    }
}

/// All writes since the last compaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Log {
    /// Entries up to and including this revision are forgotten.
    compacted: Revision,
    events: Vec<Arc<LoggedWrite>>,
}

impl Log {
    pub fn new(first: Revision) -> Self {
        Log { compacted: first, events: Vec::new() }
    }

    /// The newest compacted revision.
    pub fn compacted(&self) -> Revision {
        self.compacted
    }

    pub fn push(&mut self, event: LoggedWrite) {
        self.events.push(Arc::new(event));
    }

    /// The writes after `revision`, oldest first.
    pub fn after(&self, revision: Revision) -> &[Arc<LoggedWrite>] {
        let from = self.events.partition_point(|event| event.revision <= revision);
        &self.events[from..]
    }

    pub fn compact(&mut self, revision: Revision) {
        let until = self.events.partition_point(|event| event.revision <= revision);
        self.events.drain(..until);
        self.events.shrink_to(2 * self.events.len());
        self.compacted = self.compacted.max(revision);
    }
}
