//! The log of all changes: what the watch cache and etcd's old revisions are to a real server.
//!
//! One entry per effective write, ordered by revision, with the object before and after, so that
//! a watch can tell which objects enter and leave a selector and a list can be answered as of an
//! old revision. Compaction forgets the oldest entries. Next to read: `watch.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::store::Stored;
use super::{Key, Revision};

/// What one write did to an object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    /// It was created or changed, and is this now.
    Put { object: Arc<Value> },
    /// It was removed.
    Delete,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Event {
    pub revision: Revision,
    pub key: Arc<Key>,
    /// The object before the write; `None` when it was created.
    pub before: Option<Stored>,
    pub change: Change,
}

/// All writes since the last compaction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Log {
    /// Entries up to and including this revision are forgotten.
    compacted: Revision,
    events: Vec<Arc<Event>>,
}

impl Log {
    pub fn new(first: Revision) -> Self {
        Log { compacted: first, events: Vec::new() }
    }

    /// The newest revision of which nothing is known any more but the present.
    pub fn compacted(&self) -> Revision {
        self.compacted
    }

    pub fn push(&mut self, event: Event) {
        self.events.push(Arc::new(event));
    }

    /// The writes after `revision`, oldest first.
    pub fn after(&self, revision: Revision) -> &[Arc<Event>] {
        let from = self.events.partition_point(|event| event.revision <= revision);
        &self.events[from..]
    }

    pub fn compact(&mut self, revision: Revision) {
        let until = self.events.partition_point(|event| event.revision <= revision);
        self.events.drain(..until);
        self.compacted = self.compacted.max(revision);
    }
}
