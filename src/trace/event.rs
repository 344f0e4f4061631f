//! One step of a run: who moved, what they asked, what they were told, and the object around it.
//!
//! Events are all that properties and renderers ever see. A trace is never stored during a
//! search: it is what one gets by replaying a schedule. Next to read: `properties/mod.rs`.

use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{Key, PatchKind, Revision, Subresource, Verb};
use crate::reconcilers::{Basis, Change, Stopping};

/// Who moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// A worker, by its index in the scenario.
    Worker(usize),
    /// An informer cache received one event, by the index of the cache.
    Cache(usize),
    /// A fault that is no worker's step: a crash, a watch gap, a recreation.
    World,
}

/// A fault, as one choice of the scheduler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The next request of this worker is committed, and its response lost.
    LostResponse(usize),
    /// The process with this index restarts.
    Crash(usize),
    /// The watch of this cache breaks, and the cache relists.
    WatchGap(usize),
    /// The object is deleted and created again under the same name.
    Recreation,
    /// The deadline of a key that waits to be tried again passes, and the work queue drops it: that
    /// of this worker.
    Deadline(usize),
}

/// How an object came into the memory that the workers of a process share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loaded {
    /// By a GET.
    Live,
    /// From the informer cache of the process.
    Cache,
    /// It was there: another run or worker had read it.
    Held,
}

/// What a process did about its leadership, in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Leads {
    /// It has acquired the Lease, and starts to lead.
    Starts,
    /// It has found that it lost the Lease.
    Stops(Stopping),
    /// It looked whether it leads.
    Looks(bool),
}

/// What was done in one step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// A GET.
    Read,
    /// A GET of which only the resourceVersion is kept (`update-restamp`, `merge-patch-restamp`).
    ReadRevision,
    /// A look into the informer cache.
    CacheRead,
    /// A list, live or from the informer cache.
    List {
        /// The plural name of the resource.
        of: Arc<str>,
        /// How many objects were found.
        found: usize,
        /// Whether it was a look into the informer cache.
        cached: bool,
    },
    /// A copy was put into the informer cache of a process, and not sent.
    CacheWrite,
    /// Something was done outside of the cluster, by its name.
    Effect(Arc<str>),
    /// A process began or ceased to lead, or looked whether it leads.
    Lead(Leads),
    /// A write.
    Write {
        /// The verb.
        verb: Verb,
        /// What of the object; `None` for its own endpoint.
        subresource: Option<Subresource>,
        /// The resourceVersion it named as a precondition.
        precondition: Option<Revision>,
        /// Server-side apply with `force`.
        force: bool,
        /// The body.
        sent: Arc<Value>,
    },
    /// Read into the object that the workers of a process share.
    Load(Loaded),
    /// The shared object was changed in memory, or found not to be as `when` wants it.
    Touch,
    /// A response was decoded into the shared object.
    Decode,
    /// An informer cache received one event of its watch.
    Deliver,
    /// An informer cache received its first list, and has synced.
    Sync {
        /// How many objects there are in it.
        found: usize,
    },
    /// A fault struck.
    Fault(Fault),
}

/// Where in its reconcile a worker's step stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RunMark {
    /// Which reconcile of the worker, from 0.
    pub run: u32,
    /// The first step of the reconcile.
    pub first: bool,
    /// It is the first, and the reconcile of another worker is under way.
    pub overlaps: bool,
    /// The last step of the reconcile.
    pub last: bool,
    /// The reconcile ended here, with its intent unacknowledged.
    pub dropped: bool,
    /// Attempts of the write under way, those of runs begun again and this step included.
    pub attempts: u32,
}

impl RunMark {
    /// Whether a run ends with this step that found nothing to do (`when`), if it ends with one
    /// that is no write and no worker gave up. A response that is decoded follows a write.
    fn ends_without_write(self, action: &Action) -> bool {
        let quiet = !matches!(action, Action::Write { .. } | Action::Decode | Action::CacheWrite);
        self.last && !self.dropped && quiet
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// Who moved.
    pub actor: Actor,
    /// What was done.
    pub action: Action,
    /// The object it was about.
    pub key: Option<Key>,
    /// The HTTP status code of the answer; `None` where no request was made.
    pub code: Option<u16>,
    /// `reason` of the Status that came back, such as `Conflict`.
    pub reason: Option<&'static str>,
    /// `message` of the Status that came back.
    pub message: Option<String>,
    /// Whether the answer reached the worker.
    pub answered: bool,
    /// Whether the store moved to a new revision.
    pub committed: bool,
    /// For a read: what was read. For a write: what it was built from.
    pub basis: Option<Basis>,
    /// What the write meant to change.
    pub intent: Arc<[Change]>,
    /// What the actor saw: the object read, cached, decoded, delivered, or in the response.
    pub seen: Option<Arc<Value>>,
    /// The object in the store before and after this step.
    pub before: Option<Arc<Value>>,
    /// See `before`.
    pub after: Option<Arc<Value>>,
    /// The store's revision after this step.
    pub revision: Revision,
    /// Where in its reconcile the step stands.
    pub mark: RunMark,
}

impl Event {
    /// A step that is about no object, and changes none.
    pub fn about_nothing(actor: Actor, action: Action, revision: Revision) -> Event {
        Event {
            actor,
            action,
            key: None,
            code: None,
            reason: None,
            message: None,
            answered: true,
            committed: false,
            basis: None,
            intent: [].into(),
            seen: None,
            before: None,
            after: None,
            revision,
            mark: RunMark::default(),
        }
    }

    /// The worker that moved, if it was one.
    pub fn worker(&self) -> Option<usize> {
        match self.actor {
            Actor::Worker(worker) => Some(worker),
            _ => None,
        }
    }

    /// Whether this step is a write, whatever the answer.
    pub fn is_write(&self) -> bool {
        matches!(self.action, Action::Write { .. })
    }

    /// Whether a run ends with this step because it found nothing to do (`when`).
    pub fn is_skip(&self) -> bool {
        self.worker().is_some() && self.mark.ends_without_write(&self.action)
    }

    /// Whether this step is a request to the API server.
    pub fn is_api_call(&self) -> bool {
        self.code.is_some() && matches!(self.actor, Actor::Worker(_))
    }

    /// Whether the API server answered 2xx, and the worker was told so.
    pub fn is_acknowledged(&self) -> bool {
        self.answered && self.is_write() && self.code.is_some_and(|code| code / 100 == 2)
    }

    /// Whether the server refused the write because of a conflict: 409, or the 422 of a JSON
    /// patch whose `test` failed.
    pub fn is_conflict(&self) -> bool {
        let tested =
            matches!(self.action, Action::Write { verb: Verb::Patch(PatchKind::Json), .. });
        self.code == Some(409) || (tested && self.code == Some(422))
    }
}
