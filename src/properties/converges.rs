//! `converges`: every worker's intent was acknowledged: nobody gave up, nobody retried forever.
//!
//! Giving up after a 409 is not a loss, since the caller knows; but a controller that is driven by
//! edges will not come back, and then the intent is *dropped*. A reconcile that finds nothing to
//! do (`when`) is fine. Next to read: `raced.rs`.

use super::Property;
use crate::reconcilers::Exchange;
use crate::trace::Event;

/// The property.
#[derive(Debug)]
pub struct Converges;

impl Property for Converges {
    type Memory = ();

    const NAME: &'static str = "converges";

    fn start(&self) {}

    fn exchange(&self, (): &mut (), _: &Exchange) {}

    fn observe(&self, (): &mut (), event: &Event) -> bool {
        event.mark.dropped
    }
}
