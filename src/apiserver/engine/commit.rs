//! The one function that writes to the store, and what follows from a write.
//!
//! The store's own writing methods are visible in this folder and nowhere else. So whoever writes
//! an object, verb or controller, comes through [`ApiServer::write`]: there a revision is taken,
//! watches get their event, the log its entry, and each served version its copy. Next to read:
//! `store.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::super::call::{ApiResult, RequestScope};
use super::super::metadata::Meta;
use super::super::{ApiServer, Key, PatchKind, Revision, Status};
use super::store::Stored;

/// A change of one key of the store.
pub(crate) enum Commit {
    /// It holds what [`Store::next`](super::store::Store::next) made, at the next revision.
    Put(Stored),
    /// It holds nothing from the next revision on.
    Delete,
    /// It holds this from the present revision on: a copy at another version, the initial state.
    PutAlong(Arc<Value>),
    /// It holds nothing from the present revision on.
    DeleteAlong,
    /// It holds this since an earlier revision: no event.
    Restore(Arc<Value>, Revision),
    /// It never held anything: no event.
    Forget,
}

impl ApiServer {
    /// Writes to the store.
    pub(crate) fn write(&mut self, key: &Key, commit: Commit) {
        match commit {
            Commit::Put(next) => {
                self.store.put(key, next);
                self.mirror(key);
            }
            Commit::Delete => {
                self.store.delete(key);
                self.unmirror(key);
            }
            Commit::PutAlong(object) => self.store.put_along(key, object),
            Commit::DeleteAlong => self.store.delete_along(key),
            Commit::Restore(object, modified) => self.store.restore(key, object, modified),
            Commit::Forget => self.store.forget(key),
        }
    }

    /// Writes an object of the server's own, of any size, and does what follows from it.
    pub(crate) fn put(&mut self, key: &Key, object: Value, time: i64) -> Stored {
        let next = self.store.next(Arc::new(object));
        self.write(key, Commit::Put(next.clone()));
        self.written(key, time);
        next
    }

    /// Removes an object, and does what follows from it.
    pub(crate) fn delete(&mut self, key: &Key, time: i64) {
        self.write(key, Commit::Delete);
        self.removed(key, time);
    }

    /// Writes an object of a client's, and does what follows from it. A patch that makes it too
    /// large is tried once more without owners.
    pub(crate) fn put_for(
        &mut self,
        call: &RequestScope<'_>,
        key: &Key,
        object: Value,
    ) -> ApiResult<Stored> {
        let mut next = self.store.next(Arc::new(object));
        if next.is_too_large()
            && call.request.verb.patch().is_some_and(|kind| kind != PatchKind::Apply)
        {
            let mut object = Arc::unwrap_or_clone(next.object);
            object.set_meta("managedFields", None);
            next = self.store.next(Arc::new(object));
        }
        if next.is_too_large() {
            return Err(Status::too_large_to_store());
        }
        self.write(key, Commit::Put(next.clone()));
        self.written(key, call.request.time);
        Ok(next)
    }

    /// Forgets the past up to and including a revision.
    ///
    /// Lists at older revisions, continue tokens and watches that have not come so far are answered
    /// 410 from now on, as after a compaction that the watch cache has not outlived.
    pub fn compact(&mut self, revision: Revision) {
        self.store.compact(revision.min(self.store.revision()));
    }

    /// Gives the revisions of the live objects and the counter other names in the same order.
    ///
    /// For [`History::Nothing`](super::super::History::Nothing): servers that differ only in how
    /// often they were written to become equal. `f` must be monotone.
    pub fn rename_revisions(&mut self, f: &dyn Fn(Revision) -> Revision) {
        self.store.rename_revisions(f);
    }

    /// Replaces an object by what `change` makes of it, as if it had always been so.
    ///
    /// For a search that exchanges what no worker can tell apart.
    pub fn map_object(&mut self, key: &Key, change: &dyn Fn(&Arc<Value>) -> Arc<Value>) {
        self.store.map_object(key, change);
    }
}
