//! `serializable`: some one-after-the-other order of the runs explains what each of them did, and
//! the end.
//!
//! Stronger than `no-lost-write`: it also sees write skew, where each write is still there but no
//! order of the two decisions leads to both. A run is explained if, made alone at its place in the
//! order, it makes the same changes (leaf, and value after or gone), and the end is the same leaf
//! by leaf; a run that `when` skipped must be skipped there too. A run that was committed but whose
//! answers were all lost may be part of the order or not; a run that gave up is none. Orders are
//! tried by whoever runs worlds, and that is handed in. Next to read: `check/serial.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Build, Entry, ListsOf, Property, Rules, Words, witness};
use crate::apiserver::Key;
use crate::history::{Found, LeafPath, Lists, difference};
use crate::reconcilers::Exchange;
use crate::simulation::Ending;
use crate::trace::{Action, Event, Fault};

/// What a run changed: each leaf with its value afterwards, as JSON text; `None` if it is gone.
pub type Changes = BTreeMap<(Key, LeafPath), Option<String>>;

/// What came of one run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunOutcome {
    /// It wrote, and changed this.
    Changed(Changes),
    /// It found nothing to do (`when`).
    Skipped,
}

/// Runs by worker and outcome, and how many there are: which of a worker's runs it was does not
/// matter.
pub type RunsBy = BTreeMap<(usize, RunOutcome), u32>;

/// What is remembered of a history.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Runs {
    /// The runs that were acknowledged, or skipped: an order has all of them.
    pub acknowledged: RunsBy,
    /// Those that were committed and not acknowledged: an order has any of them.
    pub ambiguous: RunsBy,
    /// How often the object was created again: that has a place in the order too.
    pub recreations: u32,
    /// The runs that have written and are not over.
    open: BTreeMap<usize, Open>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Open {
    changes: Changes,
    acknowledged: bool,
    committed: bool,
}

/// Whether an order of some runs explains what they did and this end.
#[derive(Clone)]
pub struct SerialOrders(pub Arc<Explains>);

/// From what the runs did, and the end, to whether an order explains it.
pub type Explains = dyn Fn(&Runs, &Ending) -> bool + Send + Sync;

impl fmt::Debug for SerialOrders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SerialOrders")
    }
}

/// Its line in the table of properties.
pub(super) const ENTRY: Entry = Entry {
    name: Serializable::NAME,
    holds_when: "some one-after-the-other order of the acknowledged runs explains what each of \
                 them changed, and the end",
    sometimes: false,
    noted: false,
    words: &Words {
        violated: "{n} are explained by no one-after-the-other order of runs",
        claim: "no one-after-the-other order of runs explains it",
        outcome: "no order of the writes gives this",
        asked: "end as no one-after-the-other order would",
        line: Some("no order of the writes gives this"),
        headline: Some("No order of one after the other ends like this."),
        task: "Make it end as it could not, had the runs been made one after the other.",
        both: Some("Make both win: {wants}. It could not end so, had one worked after the other."),
        violate: "end as no one-after-the-other order would",
        violates: "ends as no one-after-the-other order would",
        holds: "it ended as some one-after-the-other order would",
        ..Words::ANY
    },
    build: Build::From(|jobs| Arc::new(Serializable::new(jobs.serial.clone(), &jobs.lists))),
    find: |_, trace, ending, lists| {
        witness::not_serializable(&trace.events, ending, &Rules::of_trace(lists))
    },
};

/// The property.
#[derive(Debug)]
pub struct Serializable {
    serial: SerialOrders,
    lists: Arc<ListsOf>,
}

impl Serializable {
    /// With a judge that tries orders.
    pub fn new(serial: SerialOrders, lists: &Arc<ListsOf>) -> Self {
        Serializable { serial, lists: Arc::clone(lists) }
    }
}

impl Runs {
    /// Takes notice of an event.
    pub fn observe(&mut self, event: &Event, lists: &ListsOf) {
        if event.action == Action::Fault(Fault::Recreation) {
            self.recreations += 1;
        }
        let Some(worker) = event.worker() else { return };
        // A process that restarts after an acknowledgement runs once more.
        if event.mark.first && self.open.get(&worker).is_some_and(|open| open.acknowledged) {
            self.close(worker);
        }
        if event.is_write() && (event.committed || event.is_acknowledged()) {
            let open = self.open.entry(worker).or_default();
            open.acknowledged |= event.is_acknowledged();
            open.committed |= event.committed;
            if event.committed {
                open.changes.extend(changes_of(event, lists));
            }
        }
        if !event.mark.last {
            return;
        }
        if self.open.contains_key(&worker) {
            self.close(worker);
        } else if event.is_skip() {
            *self.acknowledged.entry((worker, RunOutcome::Skipped)).or_default() += 1;
        }
    }

    fn close(&mut self, worker: usize) {
        let Some(open) = self.open.remove(&worker) else { return };
        let runs = match (open.acknowledged, open.committed) {
            (true, _) => &mut self.acknowledged,
            (false, true) => &mut self.ambiguous,
            (false, false) => return,
        };
        *runs.entry((worker, RunOutcome::Changed(open.changes))).or_default() += 1;
    }

    fn exchange(&mut self, exchange: &Exchange) {
        let (a, b) = exchange.workers;
        let other = |worker: usize| match worker {
            worker if worker == a => b,
            worker if worker == b => a,
            worker => worker,
        };
        let changes = |changes: Changes| -> Changes {
            let moved = changes.into_iter().map(|((key, leaf), value)| {
                if key != *exchange.key() {
                    return ((key, leaf), value);
                }
                let value = value.map(|text| exchange.text_at(&leaf, &text));
                ((key, exchange.leaf(&leaf)), value)
            });
            moved.collect()
        };
        let outcome = |outcome: RunOutcome| match outcome {
            RunOutcome::Changed(made) => RunOutcome::Changed(changes(made)),
            RunOutcome::Skipped => RunOutcome::Skipped,
        };
        for runs in [&mut self.acknowledged, &mut self.ambiguous] {
            let moved = std::mem::take(runs).into_iter();
            *runs = moved.map(|((worker, o), n)| ((other(worker), outcome(o)), n)).collect();
        }
        let open = std::mem::take(&mut self.open).into_iter().map(|(worker, open)| {
            let changes = changes(open.changes);
            (other(worker), Open { changes, ..open })
        });
        self.open = open.collect();
    }
}

/// What a committed write changed.
fn changes_of(event: &Event, lists: &ListsOf) -> Changes {
    let Some(key) = &event.key else { return Changes::new() };
    let unknown = Lists::unknown();
    let lists = lists.get(key).unwrap_or(&unknown);
    let found = difference(lists, event.before.as_deref(), event.after.as_deref(), &[]);
    let value = |found: Found| match found {
        Found::There => String::new(),
        Found::Is(value) => value.to_string(),
    };
    found.into_iter().map(|d| ((key.clone(), d.path), d.after.map(value))).collect()
}

impl Property for Serializable {
    type Memory = Runs;

    const NAME: &'static str = "serializable";

    fn start(&self) -> Runs {
        Runs::default()
    }

    fn exchange(&self, runs: &mut Runs, exchange: &Exchange) {
        runs.exchange(exchange);
    }

    /// One order is to explain all objects at once.
    fn is_per_object(&self) -> bool {
        false
    }

    fn observe(&self, runs: &mut Runs, event: &Event) -> bool {
        runs.observe(event, &self.lists);
        false
    }

    fn decides_at_end(&self, runs: &Runs, ending: &Ending) -> bool {
        !(self.serial.0)(runs, ending)
    }
}
