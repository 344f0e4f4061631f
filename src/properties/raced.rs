//! `raced`: *sometimes*, runs overlap. A `holds` over schedules in which nobody ever met anybody
//! means nothing, so this is the guard against a vacuous green.
//!
//! Met in a schedule in which one worker's reconcile begins while another's is under way: the step
//! says so itself, so there is nothing to remember. Next to read: `no_lost_write.rs`.

use super::Property;
use crate::reconcilers::Exchange;
use crate::trace::Event;

/// The property.
#[derive(Debug)]
pub struct Raced;

impl Property for Raced {
    type Memory = ();

    const NAME: &'static str = "raced";

    fn start(&self) {}

    fn exchange(&self, (): &mut (), _: &Exchange) {}

    /// Runs of different objects overlap too.
    fn is_per_object(&self) -> bool {
        false
    }

    fn observe(&self, (): &mut (), event: &Event) -> bool {
        event.mark.overlaps
    }
}
