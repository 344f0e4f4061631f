//! `serializable`: the final state is that of some one-after-the-other order of the acknowledged
//! runs, each reading, computing and writing alone.
//!
//! Stronger than `no-lost-write`: it also sees write skew, where each write is still there but no
//! order of the two decisions leads to both. What is compared is everything but the metadata that
//! counts writes. A run that was committed but whose answers were all lost may be part of the order
//! or not. Which states the orders lead to is computed by whoever runs worlds, and handed in.
//! Next to read: `check/serial.rs`.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::Property;
use crate::reconcilers::Exchange;
use crate::simulation::Ending;
use crate::trace::{Action, Event, Fault};

/// Which runs were acknowledged (worker and run), and how often somebody recreated the object:
/// that has a place in the order too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Acknowledged {
    /// The runs.
    pub runs: BTreeSet<(usize, u32)>,
    /// The recreations.
    pub recreations: u32,
}

/// The final states (see [`Ending::content`]) that the orders of some runs lead to.
#[derive(Clone)]
pub struct SerialOutcomes(pub Arc<Outcomes>);

/// From what was acknowledged to the final states of its orders.
pub type Outcomes = dyn Fn(&Acknowledged) -> BTreeSet<String> + Send + Sync;

impl fmt::Debug for SerialOutcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SerialOutcomes")
    }
}

/// The property.
#[derive(Debug)]
pub struct Serializable {
    serial: SerialOutcomes,
}

impl Serializable {
    /// With the outcomes of the orders.
    pub fn new(serial: SerialOutcomes) -> Self {
        Serializable { serial }
    }
}

/// The runs that were acknowledged, and those that were committed but not acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Runs {
    acknowledged: Acknowledged,
    ambiguous: BTreeSet<(usize, u32)>,
}

impl Property for Serializable {
    type Memory = Runs;

    const NAME: &'static str = "serializable";

    fn start(&self) -> Runs {
        Runs::default()
    }

    fn exchange(&self, runs: &mut Runs, exchange: &Exchange) {
        let (a, b) = exchange.workers;
        let exchanged = |runs: &mut BTreeSet<(usize, u32)>| {
            let renamed = std::mem::take(runs).into_iter().map(|(worker, run)| match worker {
                worker if worker == a => (b, run),
                worker if worker == b => (a, run),
                worker => (worker, run),
            });
            *runs = renamed.collect();
        };
        exchanged(&mut runs.acknowledged.runs);
        exchanged(&mut runs.ambiguous);
    }

    /// One order is to explain all objects at once.
    fn is_per_object(&self) -> bool {
        false
    }

    fn observe(&self, runs: &mut Runs, event: &Event) -> bool {
        if event.action == Action::Fault(Fault::Recreation) {
            runs.acknowledged.recreations += 1;
        }
        let Some(worker) = event.worker() else { return false };
        let run = (worker, event.mark.run);
        if event.is_acknowledged() {
            runs.ambiguous.remove(&run);
            runs.acknowledged.runs.insert(run);
        } else if event.committed && !event.answered && !runs.acknowledged.runs.contains(&run) {
            runs.ambiguous.insert(run);
        }
        false
    }

    fn decides_at_end(&self, runs: &Runs, ending: &Ending) -> bool {
        let found = ending.content();
        let ambiguous: Vec<_> = runs.ambiguous.iter().copied().collect();
        let subsets = 0..1_u32 << ambiguous.len().min(16);
        !subsets.into_iter().any(|chosen| {
            let extra = ambiguous.iter().enumerate().filter(|(i, _)| chosen >> i & 1 == 1);
            let mut order = runs.acknowledged.clone();
            order.runs.extend(extra.map(|(_, run)| *run));
            (self.serial.0)(&order).contains(&found)
        })
    }
}
