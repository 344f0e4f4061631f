//! `converges`: every worker's intent was acknowledged: no worker gave up or retried forever.
//!
//! Giving up after a 409 is not a loss, since the caller knows; but a controller that is driven by
//! edges will not come back, and then the intent is *dropped*. A reconcile that finds nothing to
//! do (`when`) is fine. Next to read: `raced.rs`.

use std::sync::Arc;

use super::{Build, Detail, Entry, Property, Words, witness};
use crate::reconcilers::Exchange;
use crate::trace::Event;

/// Its line in the table of properties.
pub(super) const ENTRY: Entry = Entry {
    name: Converges::NAME,
    holds_when: "every worker's intent was acknowledged: no worker gave up or retried forever",
    sometimes: false,
    noted: true,
    words: &Words {
        violated: "in {n} a worker gives up, or never ends",
        claim: "a worker gives up, or never ends",
        detail: Detail::Calls,
        outcome: "a worker gives up",
        told: true,
        title: Some("gives up"),
        asked: "end with a worker giving up",
        still: Some("a worker gives up, or never ends"),
        task: "Make a worker give up.",
        violate: "end with a worker giving up",
        violates: "ends with a worker giving up",
        holds: "every worker got through",
        ..Words::ANY
    },
    build: Build::From(|_| Arc::new(Converges)),
    find: |_, trace, _, _| witness::dropped(&trace.events).or_else(|| witness::never_done(trace)),
};

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
