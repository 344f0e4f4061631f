//! The invariants of an exploration, told of each step as it is made.
//!
//! What they remember is part of the state: an invariant may look at several objects, so the order
//! of writes to different objects can decide it. Next to read: `lot.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::model::rebased;
use super::names::{BASE, Names};
use crate::apiserver::{Key, Revision, Written};
use crate::properties::Invariant;
use crate::simulation::{BoxedMemory, Observer};
use crate::trace::{Action, Actor, Event};

/// Invariants, what they remember, and the objects as they are.
#[derive(Debug, Default)]
pub struct Watched {
    invariants: Vec<Arc<Invariant>>,
    memories: Vec<BoxedMemory>,
    objects: BTreeMap<Key, Arc<Value>>,
}

impl Watched {
    /// None of them has seen anything but these objects.
    #[cfg(feature = "kube")]
    pub(super) fn new(invariants: &[Invariant], written: Vec<Written>, names: &Names) -> Watched {
        let mut objects = BTreeMap::new();
        for Written { key, after, .. } in written {
            if let Some(after) = after {
                objects.insert(key, as_seen(&after, names));
            }
        }
        let mut invariants = invariants.to_vec();
        let object = |key: &Key| objects.get(key).cloned();
        invariants.iter_mut().for_each(|own| own.begin(&object));
        let invariants: Vec<Arc<Invariant>> = invariants.into_iter().map(Arc::new).collect();
        let memories = invariants.iter().map(|own| own.start()).collect();
        Watched { invariants, memories, objects }
    }

    /// Whether there is nothing to watch.
    pub(super) fn is_empty(&self) -> bool {
        self.invariants.is_empty()
    }

    /// A worker has made a step, with these writes.
    pub(super) fn see(
        &mut self,
        worker: usize,
        action: Option<&Action>,
        written: &[Written],
        names: &Names,
    ) {
        if self.is_empty() {
            return;
        }
        let action = action.cloned().unwrap_or(Action::Read);
        let step = Event::about_nothing(Actor::Worker(worker), action, Revision(0));
        if written.is_empty() {
            self.observe(&step);
        }
        for Written { key, revision, after } in written {
            let after = after.as_ref().map(|object| as_seen(object, names));
            let before = match &after {
                Some(after) => self.objects.insert(key.clone(), Arc::clone(after)),
                None => self.objects.remove(key),
            };
            let revision = Revision(revision.0.saturating_sub(BASE));
            let key = Some(key.clone());
            let committed = Event { committed: true, key, before, after, revision, ..step.clone() };
            self.observe(&committed);
        }
    }

    fn observe(&mut self, event: &Event) {
        for (own, memory) in self.invariants.iter().zip(&mut self.memories) {
            own.observe(memory, event);
        }
    }

    /// What they remember.
    pub(super) fn text(&self) -> String {
        format!("{:?}", self.memories)
    }

    /// Which of them are broken in a schedule that ends here, by their place in the list.
    #[cfg(feature = "kube")]
    pub(super) fn broken(&self) -> Vec<usize> {
        let ending = crate::simulation::Ending { objects: self.objects.clone() };
        let all = self.invariants.iter().zip(&self.memories).enumerate();
        let broken = all.filter(|(_, (own, memory))| own.decides_at_end(memory, &ending));
        broken.map(|(at, _)| at).collect()
    }
}

/// An object as an invariant sees it: revisions from 1, and nothing that is masked.
fn as_seen(object: &Arc<Value>, names: &Names) -> Arc<Value> {
    rebased(&names.covered(object))
}
