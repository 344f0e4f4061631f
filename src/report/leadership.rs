//! What a process did about its leadership, in words.
//!
//! Next to read: `story.rs`, which says it in every drawing.

use crate::reconcilers::Stopping;
use crate::trace::Leads;

/// What a process does about its leadership, at length and in short.
pub fn leadership(leads: Leads) -> (&'static str, &'static str) {
    match leads {
        Leads::Starts => ("has the Lease, and starts to lead", "starts to lead"),
        Leads::Stops(Stopping::Exit) => ("has lost the Lease, and exits", "lost the Lease: exits"),
        Leads::Stops(Stopping::Finish) => {
            ("has lost the Lease, and begins no reconcile any more", "lost the Lease: finishes")
        }
        Leads::Stops(Stopping::Log) => {
            ("has lost the Lease, logs that, and goes on", "lost the Lease: logs it")
        }
        Leads::Looks(true) => ("looks in memory: it leads", "believes that it leads"),
        Leads::Looks(false) => ("looks in memory: it does not lead", "does not lead"),
    }
}
