//! An observer watches the events and remembers: the seam between the world and the properties.
//!
//! What an observer remembers is part of the state of a search, so it is a small value: cloned,
//! compared, hashed. The same observer serves the search, a replay, a thread run, and any other
//! history. Next to read: `properties/mod.rs`, whose properties are observers.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{Key, Revision};
use crate::reconcilers::Exchange;
use crate::trace::Event;

/// What is left when a schedule has ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ending {
    /// The objects in the store.
    pub objects: BTreeMap<Key, Arc<Value>>,
}

impl Ending {
    /// What two final states are compared by: the objects without the metadata that counts writes.
    pub fn content(&self) -> String {
        let mut text = String::new();
        for (key, object) in &self.objects {
            let mut object: Value = (**object).clone();
            if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                let counts =
                    ["resourceVersion", "generation", "managedFields", "uid", "creationTimestamp"];
                counts.iter().for_each(|field| drop(metadata.remove(*field)));
            }
            text.push_str(&format!("{key} {object}\n"));
        }
        text
    }
}

/// Watches events, remembers, and judges.
///
/// A search tells it of events as they look in a state that has been simplified: revisions have
/// other numbers (in the same order), and the basis of a write whose values were derived from
/// nothing has revision 0.
pub trait Observer: Debug + Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// What it remembers before the first event.
    fn start(&self) -> BoxedMemory;

    /// Takes notice of one event. True decides the schedule for good, whatever comes later.
    fn observe(&self, memory: &mut BoxedMemory, event: &Event) -> bool;

    /// Whether a schedule that ended so is decided, though no event did.
    fn decides_at_end(&self, memory: &BoxedMemory, ending: &Ending) -> bool;

    /// The step of a trace that breaks it, and how, if it tells that in words of its own.
    fn breach(&self, _events: &[Event], _ending: &Ending) -> Option<(usize, String)> {
        None
    }

    /// The resourceVersions it remembers.
    fn revisions(&self, memory: &BoxedMemory) -> Vec<Revision>;

    /// Whether it looks at a resourceVersion as a value of a field, so that none may be replaced.
    fn shows_versions(&self) -> bool {
        false
    }

    /// Replaces each of them.
    fn rename_revisions(&self, memory: &mut BoxedMemory, rename: &dyn Fn(Revision) -> Revision);

    /// What it remembers after an exchange of two workers that are alike. False if it cannot say,
    /// and then no worker is exchanged.
    fn exchange(&self, _memory: &mut BoxedMemory, _exchange: &Exchange) -> bool {
        false
    }

    /// Whether what it decides about one object depends only on what happens to that object, so
    /// that steps about different objects may change places.
    fn is_per_object(&self) -> bool {
        false
    }
}

/// A memory, boxed. Implemented for every `Clone + Eq + Hash` type.
pub trait MemoryValue: Any + Debug + Send + Sync {
    /// A copy.
    fn boxed_clone(&self) -> BoxedMemory;
    /// Whether `other` is the same value of the same type.
    fn same(&self, other: &dyn MemoryValue) -> bool;
    /// Feeds the value to a hasher.
    fn hash_into(&self, hasher: &mut dyn Hasher);
    /// The value itself.
    fn as_any(&self) -> &dyn Any;
    /// The value itself, to be changed.
    fn as_any_mut(&mut self) -> &mut dyn Any;
}

/// A memory on the heap.
pub type BoxedMemory = Box<dyn MemoryValue>;

impl<M: Clone + Eq + Hash + Debug + Send + Sync + 'static> MemoryValue for M {
    fn boxed_clone(&self) -> BoxedMemory {
        Box::new(self.clone())
    }

    fn same(&self, other: &dyn MemoryValue) -> bool {
        other.as_any().downcast_ref::<M>() == Some(self)
    }

    fn hash_into(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
}

impl Clone for BoxedMemory {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

impl PartialEq for BoxedMemory {
    fn eq(&self, other: &Self) -> bool {
        (**self).same(&**other)
    }
}

impl Eq for BoxedMemory {}

impl Hash for BoxedMemory {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash_into(state);
    }
}
