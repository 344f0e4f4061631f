//! `no-stale-overwrite`: no field moves to a value computed from an older generation than the one
//! it replaces. `observedGeneration` never goes backwards.
//!
//! A field that a committed write moves (from one value to another) takes the generation that the
//! write's base had: whoever wrote it had seen the spec as of that generation, or put back what
//! a worker had. It must not be older than the generation of the value it replaces.
//! Values that were there at the start count as generation 0. Next to read: `serializable.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Build, Entry, Property, Rules, Words, witness};
use crate::apiserver::{FieldPath, Key};
use crate::reconcilers::{Exchange, Job};
use crate::trace::{Action, Event, Fault};

/// Its line in the table of properties.
pub(super) const ENTRY: Entry = Entry {
    name: NoStaleOverwrite::NAME,
    holds_when: "no field moves to a value computed from an older generation",
    sometimes: false,
    noted: false,
    words: &Words {
        violated: "in {n} a field goes back to an older generation",
        claim: "a field goes back to an older generation",
        outcome: "a field goes back",
        headline: Some("A field went back to an older generation."),
        task: "Make a field go back to an older generation.",
        violate: "send a field back to an older generation",
        violates: "sends a field back to an older generation",
        holds: "no field went back to an older generation",
        ..Words::ANY
    },
    build: Build::From(|jobs| Arc::new(NoStaleOverwrite::new(&jobs.jobs))),
    find: |_, trace, _, lists| witness::stale_overwrite(&trace.events, &Rules::of_trace(lists)),
};

/// The property.
#[derive(Debug)]
pub struct NoStaleOverwrite {
    fields: BTreeSet<(Key, FieldPath)>,
}

impl NoStaleOverwrite {
    /// For workers with these jobs.
    pub fn new(jobs: &[Option<Arc<Job>>]) -> Self {
        let sets = |job: &Arc<Job>| -> Vec<(Key, FieldPath)> {
            job.sets.iter().map(|set| (job.key.clone(), set.path.clone())).collect()
        };
        NoStaleOverwrite { fields: jobs.iter().flatten().flat_map(sets).collect() }
    }
}

impl Property for NoStaleOverwrite {
    /// The generation that each field's present value was computed from.
    type Memory = BTreeMap<(Key, FieldPath), u64>;

    const NAME: &'static str = "no-stale-overwrite";

    fn start(&self) -> Self::Memory {
        BTreeMap::new()
    }

    fn exchange(&self, computed_from: &mut Self::Memory, exchange: &Exchange) {
        let exchanged = std::mem::take(computed_from).into_iter().map(|((key, path), from)| {
            let path = if key == *exchange.key() { exchange.path(&path) } else { path };
            ((key, path), from)
        });
        *computed_from = exchanged.collect();
    }

    fn observe(&self, computed_from: &mut Self::Memory, event: &Event) -> bool {
        let Some(key) = &event.key else { return false };
        if event.action == Action::Fault(Fault::Recreation) {
            computed_from.retain(|(at, _), _| at != key);
        }
        let (true, true, Some(basis)) = (event.committed, event.is_write(), &event.basis) else {
            return false;
        };
        let mut backwards = false;
        for field in self.fields.iter().filter(|(at, _)| at == key) {
            let value = |object: &Option<Arc<serde_json::Value>>| {
                object.as_deref().and_then(|object| field.1.get(object)).cloned()
            };
            if value(&event.before) != value(&event.after) {
                let before = computed_from.insert(field.clone(), basis.generation);
                backwards |= before.is_some_and(|before| basis.generation < before);
            }
        }
        backwards
    }
}
