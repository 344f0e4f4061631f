//! `raced`: *sometimes*, runs overlap. A `holds` over schedules in which nobody ever met anybody
//! means nothing, so this is the guard against a vacuous green.
//!
//! Met in a schedule in which one worker's reconcile begins while another's is under way.
//! Next to read: `no_lost_write.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Property;
use crate::reconcilers::Job;
use crate::trace::{Action, Event, Fault};

/// The property.
#[derive(Debug)]
pub struct Raced {
    process_of: Vec<Option<usize>>,
}

impl Raced {
    /// For workers with these jobs.
    pub fn new(jobs: &[Option<Arc<Job>>]) -> Self {
        let process = |job: &Option<Arc<Job>>| job.as_ref().map(|job| job.process);
        Raced { process_of: jobs.iter().map(process).collect() }
    }
}

impl Property for Raced {
    /// The workers whose reconcile is under way: a function of the workers' states, so this
    /// memory distinguishes no states that are not distinct already.
    type Memory = BTreeSet<usize>;

    const NAME: &'static str = "raced";

    fn start(&self) -> BTreeSet<usize> {
        BTreeSet::new()
    }

    fn observe(&self, under_way: &mut BTreeSet<usize>, event: &Event) -> bool {
        if let Action::Fault(Fault::Crash(process)) = event.action {
            under_way.retain(|worker| self.process_of[*worker] != Some(process));
        }
        let Some(worker) = event.worker() else { return false };
        if event.mark.last {
            under_way.remove(&worker);
        } else {
            under_way.insert(worker);
        }
        event.mark.first && under_way.iter().any(|other| *other != worker)
    }
}
