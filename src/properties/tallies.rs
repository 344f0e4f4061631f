//! What is counted beside the verdicts, and is no property: schedules in which an acknowledged
//! write is gone for a while and comes back, and schedules in which a run finds nothing to do.
//!
//! A search counts them as it counts a property: an event decides. Next to read:
//! `no_lost_write.rs`.

use std::sync::Arc;

use super::no_lost_write::{Intents, Rules};
use super::{Jobs, Property};
use crate::apiserver::Revision;
use crate::reconcilers::Exchange;
use crate::simulation::Observer;
use crate::trace::Event;

/// Counts schedules with a *repair*: a leaf of an acknowledged write was taken away, and a later
/// write put it back, before anything was lost for good. It remembers what `no-lost-write`
/// remembers, and so makes no state of its own.
#[derive(Debug)]
pub struct Repaired {
    rules: Rules,
}

/// Counts schedules with a run that found nothing to do (`when`).
#[derive(Debug)]
pub struct Skipped;

/// Both, in this order.
pub fn tallies(jobs: &Jobs) -> [Arc<dyn Observer>; 2] {
    let rules = Rules::new(&jobs.jobs, &jobs.lists);
    [Arc::new(Repaired { rules }), Arc::new(Skipped)]
}

impl Property for Repaired {
    type Memory = Intents;

    const NAME: &'static str = "repaired";

    fn start(&self) -> Intents {
        Intents::start()
    }

    fn observe(&self, memory: &mut Intents, event: &Event) -> bool {
        let effects = memory.take(&self.rules, event);
        effects.repaired && !effects.lost
    }

    fn revisions(&self, memory: &Intents) -> Vec<Revision> {
        memory.revisions()
    }

    fn exchange(&self, memory: &mut Intents, exchange: &Exchange) {
        memory.exchange(exchange);
    }

    fn rename_revisions(&self, memory: &mut Intents, rename: &dyn Fn(Revision) -> Revision) {
        memory.rename_revisions(rename);
    }
}

impl Property for Skipped {
    type Memory = ();

    const NAME: &'static str = "skipped";

    fn start(&self) {}

    fn exchange(&self, (): &mut (), _: &Exchange) {}

    fn observe(&self, (): &mut (), event: &Event) -> bool {
        event.is_skip()
    }
}
