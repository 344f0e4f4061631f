//! `raced`: *sometimes*, runs overlap. A `holds` over schedules in which no worker ever met another
//! means nothing, so this is the guard against a vacuous green.
//!
//! Met in a schedule in which one worker's reconcile begins while another's is under way: the step
//! says so itself, so there is nothing to remember. Next to read: `no_lost_write.rs`.

use std::sync::Arc;

use super::{Build, Detail, Entry, Property, Words};
use crate::reconcilers::Exchange;
use crate::trace::Event;

/// Its line in the table of properties.
pub(super) const ENTRY: Entry = Entry {
    name: Raced::NAME,
    holds_when: "in at least one schedule, runs overlapped, so that `holds` means something",
    sometimes: true,
    noted: true,
    words: &Words {
        violated: "no two runs overlapped, in no schedule: this tests nothing",
        detail: Detail::Overlaps,
        ..Words::ANY
    },
    build: Build::From(|_| Arc::new(Raced)),
    find: |_, _, _, _| None,
};

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
