//! The seam everything hangs on: a worker never calls anything. It *asks* and is *answered*.
//!
//! A [`Worker`] is a small value. [`Worker::ask`] says what it wants next: an API request, a look
//! into its process's informer cache, a touch of the memory its process shares, or nothing any
//! more. [`Worker::answer`] gives it the outcome. Between the two it computes: no other part sees
//! that. So the same worker runs under the exhaustive search, under loom and shuttle, on OS
//! threads, and (its asks then being HTTP requests) as a real controller.
//! Next to read: `job.rs` (what a scenario's worker is told), then `methods/update_restamp.rs`.

use std::any::Any;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use super::{Decision, Exchange, Freshness, Program, Reader};
use crate::apiserver::{FieldPath, Key, Request, Response, Revision};
use crate::client::Selection;
use crate::history::Change;

/// The state of an object that a write was built from: what its worker had read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Basis {
    /// The object's resourceVersion when it was read.
    pub revision: Revision,
    /// `metadata.uid`: which incarnation of the object.
    pub uid: Arc<str>,
    /// `metadata.generation`, 0 where the kind has none.
    pub generation: u64,
}

impl Basis {
    /// The basis of something built from `object` as the API server sent it.
    pub fn of(object: &Value) -> Basis {
        let metadata = &object["metadata"];
        let revision = metadata["resourceVersion"].as_str().and_then(|text| text.parse().ok());
        Basis {
            revision: Revision(revision.unwrap_or(0)),
            uid: metadata["uid"].as_str().unwrap_or_default().into(),
            generation: metadata["generation"].as_u64().unwrap_or(0),
        }
    }
}

/// An API request, with what the properties need to know about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The request.
    pub request: Arc<Request>,
    /// What it was built from; `None` for a read.
    pub basis: Option<Basis>,
    /// What it means to change; empty for a read.
    pub intent: Arc<[Change]>,
    /// A read of which only the resourceVersion is kept.
    pub only_version: bool,
}

/// What a worker wants next.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// One API request.
    Api(Call),
    /// A look into the informer cache of its process.
    Cache(Key),
    /// A look at several objects in the informer cache of its process.
    CacheList(Arc<Selection>),
    /// To put an object into the informer cache of its process.
    CacheWrite(CacheWrite),
    /// Something outside of the cluster, by its name.
    Effect(Arc<str>),
    /// A touch of the object that the workers of its process hold in memory.
    Shared(Shared),
    /// A touch of what its process knows about its leadership; answered with the Lease that it has
    /// acquired.
    Lead(Lead),
    /// Nothing any more: the worker is done.
    Done,
}

/// A copy of an object, put into the informer cache of a process: no request is made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CacheWrite {
    /// Which object.
    pub key: Key,
    /// The copy.
    pub object: Arc<Value>,
    /// What was changed in it.
    pub intent: Arc<[Change]>,
}

/// What a process does about its leadership.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Lead {
    /// It has acquired this Lease, and leads from now on.
    Start(Arc<Value>),
    /// It has lost the Lease.
    Stop(Stopping),
    /// It looks whether it leads.
    Look,
}

/// What a process does when it finds that it has lost the Lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stopping {
    /// It exits: its reconciles stop where they are.
    #[default]
    Exit,
    /// Reconciles that are under way go on, and none begins.
    Finish,
    /// It only logs: its reconciles go on and begin as before.
    Log,
}

/// The four touches of a shared object, each one step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shared {
    /// Read it into memory, if no worker has yet: by this call, or from the informer cache of the
    /// process.
    Load {
        /// A GET of the object.
        call: Call,
        /// Where it is read.
        from: Reader,
    },
    /// Decide from what memory holds now, and change it there.
    Touch(Arc<Decision>),
    /// Send what memory holds now, as this call's body; its version is the basis.
    Put {
        /// The call, without its body.
        call: Call,
        /// The status fields that the client's struct has; all of them for `None`.
        knows: Option<Vec<FieldPath>>,
        /// The fields that the client's struct leaves out.
        omit: Vec<FieldPath>,
    },
    /// Decode a response into it.
    Decode {
        /// The object in the response.
        object: Arc<Value>,
        /// Whether decoding replaces everything (unstructured), or overwrites the keys that are
        /// present and leaves the others (typed).
        replace: bool,
    },
}

/// The outcome of an ask.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The API server's response.
    Response(Response),
    /// No response came: a timeout. The request may have been committed.
    Lost,
    /// The object in the cache, or `None` if the cache has no such object.
    Cached(Option<Arc<Value>>),
    /// The objects in the cache.
    Listed(Vec<Arc<Value>>),
    /// The object in the shared memory after a load or a decoding.
    Shared(Option<Arc<Value>>),
    /// The object in the shared memory after a touch, and what the touch changed; `None` if the
    /// object is not as `when` wants it, and nothing was touched.
    Touched(Option<Arc<Value>>, Option<Arc<[Change]>>),
    /// What was to be done outside of the cluster, or in the cache, is done.
    Done,
}

/// How far a worker has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Progress {
    /// Reconciles finished.
    pub finished: u32,
    /// Of these, the ones whose intent was acknowledged.
    pub acknowledged: u32,
    /// Of these, the ones that gave up with their intent unacknowledged.
    pub dropped: u32,
    /// Whether a reconcile has begun and not finished.
    pub under_way: bool,
    /// Attempts made of the write under way.
    pub attempts: u32,
    /// How often the reconcile failed that waits in a work queue to be tried again; 0 if none does.
    pub requeued: u32,
}

/// A step machine that asks and is answered. Implement it to put a controller of your own under
/// every scheduler; derive `Clone`, `PartialEq`, `Eq`, `Hash` and `Debug` on the type.
pub trait Worker: fmt::Debug + Send + Sync {
    /// Who it is; also its User-Agent.
    fn name(&self) -> &str;

    /// What it wants next. The same value asks the same.
    fn ask(&self) -> Ask;

    /// How far the informer cache must have come that it asks to look into.
    fn freshness(&self) -> Freshness {
        Freshness::default()
    }

    /// Whether it may ever look into the informer cache of its process, from now on.
    fn may_look(&self) -> bool {
        self.ask() != Ask::Done
    }

    /// The outcome of what it asked.
    fn answer(&mut self, answer: &Answer);

    /// How far it has come. The default counts the whole life of the worker as one reconcile
    /// that is acknowledged when it is done.
    fn progress(&self) -> Progress {
        match self.ask() {
            Ask::Done => Progress { finished: 1, acknowledged: 1, ..Progress::default() },
            _ => Progress { under_way: true, ..Progress::default() },
        }
    }

    /// Forgets what can influence neither its future nor a property: how often it was acknowledged
    /// before, for example. Only a search asks, to see that two states are one.
    fn forget_past(&mut self) {}

    /// Itself after an exchange of two workers that are alike, which it may be one of; `None` if
    /// it cannot say, and then no worker is exchanged.
    fn exchanged(&self, _exchange: &Exchange) -> Option<BoxedWorker> {
        None
    }

    /// The program that it runs, if a scenario says one.
    fn program(&self) -> Option<Arc<Program>> {
        None
    }

    /// Its process restarts: memory is gone, the reconcile under way begins again. Returns false
    /// if the worker cannot do that, and then it is never asked to.
    fn restart(&mut self) -> bool {
        false
    }

    /// The key of its reconcile leaves the work queue for good, while it waits to be tried again.
    fn give_up(&mut self) {}

    /// The resourceVersions it holds; together with [`Worker::rename_revisions`] this lets the
    /// search treat states as equal that differ only in the absolute numbers. `None` if the
    /// worker cannot say, and then they are told apart.
    fn revisions(&self) -> Option<Vec<Revision>> {
        None
    }

    /// Replaces every resourceVersion it holds. `is_live` says which of the old ones an object
    /// in the store still has: what is held for a write that names any other can be forgotten,
    /// because the server will refuse that write unread.
    fn rename_revisions(
        &mut self,
        _rename: &dyn Fn(Revision) -> Revision,
        _is_live: &dyn Fn(Revision) -> bool,
    ) {
    }
}

/// A worker as a boxed value: cloned, compared and hashed. Implemented for every [`Worker`] that
/// is `Clone + Eq + Hash`.
pub trait WorkerValue: Worker {
    /// A copy.
    fn boxed_clone(&self) -> BoxedWorker;
    /// Whether `other` is the same value of the same type.
    fn same(&self, other: &dyn WorkerValue) -> bool;
    /// Feeds the value to a hasher.
    fn hash_into(&self, hasher: &mut dyn Hasher);
    /// For [`WorkerValue::same`].
    fn as_any(&self) -> &dyn Any;
}

/// A worker on the heap.
pub type BoxedWorker = Box<dyn WorkerValue>;

impl<W: Worker + Clone + Eq + Hash + 'static> WorkerValue for W {
    fn boxed_clone(&self) -> BoxedWorker {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn WorkerValue) -> bool {
        other.as_any().downcast_ref::<W>() == Some(self)
    }

    fn hash_into(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Clone for BoxedWorker {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

impl PartialEq for BoxedWorker {
    fn eq(&self, other: &Self) -> bool {
        (**self).same(&**other)
    }
}

impl Eq for BoxedWorker {}

impl Hash for BoxedWorker {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash_into(state);
    }
}
