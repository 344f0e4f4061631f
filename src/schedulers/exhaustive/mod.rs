//! Every schedule, as a walk over the graph of distinct states.
//!
//! Two schedules that lead to the same state have the same future, so the future is explored once.
//! What the properties remember is part of the state, therefore the number of schedules, and of
//! schedules that violate a property, comes exactly from one pass over the graph (`counts.rs`),
//! and so does the shortest losing schedule (`shortest.rs`), without enumerating schedules.
//!
//! States are rows of small integers: every part of a world (server, caches, memories, workers,
//! what a property remembers) is interned, and what one step does to the parts is computed once by
//! the real server and then looked up (`parts.rs`). Absolute revisions do not distinguish states,
//! only their order does (`canonical.rs`). Next to read: `parts.rs`.

mod canonical;
mod counts;
mod graph;
mod livelock;
mod odds;
mod parts;
mod shortest;

use std::collections::BTreeSet;

pub use counts::Counts;
pub use graph::{Edge, Graph};
pub use odds::Odds;

use self::parts::Parts;
use crate::schedulers::Bound;
use crate::simulation::{Choice, World};

/// How far to go, and how.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Distinct states to be expanded at most.
    pub max_states: u64,
    /// Steps of a schedule at most.
    pub max_steps: u64,
    /// Whether states that differ only in absolute revisions are one. Off for comparison only.
    pub canonical: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_states: u64::MAX, max_steps: u64::MAX, canonical: true }
    }
}

/// How far the search has come, for progress bars.
#[derive(Clone, Copy, Debug, Default)]
pub struct SearchProgress {
    /// States found.
    pub states: u64,
    /// States found and not yet expanded.
    pub frontier: u64,
    /// Transitions taken.
    pub transitions: u64,
    /// The length of the schedules that lead to the states expanded now.
    pub depth: u64,
}

/// What a search found.
#[derive(Debug)]
pub struct Explored {
    /// The graph.
    pub graph: Graph,
    /// What stopped the search before it had covered everything.
    pub stopped_by: Option<Bound>,
    /// The most write attempts in one reconcile.
    pub max_attempts: u32,
    /// How often the effect of a step was looked up rather than computed, and computed.
    pub memo: (u64, u64),
    /// The distinct contents of the store at the ends of schedules.
    pub finals: BTreeSet<String>,
}

/// How many states are expanded between two calls of `pulse`.
const PULSE: usize = 1024;

/// Explores every schedule of a world. `pulse` is told of progress from time to time, and stops
/// the search by returning a bound.
pub fn explore(
    world: &World,
    limits: Limits,
    pulse: &mut dyn FnMut(SearchProgress) -> Option<Bound>,
) -> Explored {
    let mut parts = Parts::new(world, limits.canonical);
    let mut graph = Graph::new(world.setting.observers.len());
    let mut row = parts.initial(world);
    graph.add(&row);
    let mut stopped_by = None;
    let (mut next, mut level_end, mut depth) = (0, 1, 0);
    while next < graph.states() && stopped_by.is_none() {
        if next == level_end {
            (depth, level_end) = (depth + 1, graph.states());
        }
        if next % PULSE == 0 {
            stopped_by = pulse(SearchProgress {
                states: graph.states() as u64,
                frontier: (graph.states() - next) as u64,
                transitions: graph.transitions() as u64,
                depth,
            });
        }
        row.copy_from_slice(graph.row(next));
        if parts.is_finished(&row) {
            graph.close_final(next, parts.judge(&row));
        } else if next as u64 >= limits.max_states {
            stopped_by = Some(Bound::States(limits.max_states));
            graph.leave_open(next);
        } else if depth >= limits.max_steps {
            graph.leave_open(next);
        } else {
            parts.expand(&row, &mut |choice, to, flags| graph.connect(choice, to, flags));
            graph.close(next);
        }
        next += 1;
    }
    for state in next..graph.states() {
        graph.leave_open(state);
    }
    if stopped_by.is_none() && graph.is_open() {
        stopped_by = Some(Bound::Steps(limits.max_steps));
    }
    let finals = graph.finals().map(|state| parts.content(graph.row(state))).collect();
    Explored { stopped_by, max_attempts: parts.max_attempts, memo: parts.memo, finals, graph }
}

impl Explored {
    /// The shortest schedule that violates (meets) the observer with this index, and among those
    /// the one with the fewest switches between workers; and, if it leads nowhere, without end.
    pub fn shortest(&self, observer: usize) -> Option<Vec<Choice>> {
        shortest::schedule(&self.graph, Some(observer))
    }

    /// The shortest schedule of all, whatever it decides.
    pub fn shortest_of_all(&self) -> Option<Vec<Choice>> {
        shortest::schedule(&self.graph, None)
    }

    /// A schedule into a livelock and once around it: somebody retries forever though the scheduler
    /// neglects nobody. Looks only where the graph has a cycle and nothing was cut off.
    pub fn livelock(&self) -> Option<Vec<Choice>> {
        let cyclic = self.stopped_by.is_none() && self.graph.topological().is_none();
        if cyclic { livelock::schedule(&self.graph) } else { None }
    }

    /// Exact counts; up to so many steps if the graph has a cycle or was cut off there.
    pub fn counts(&self, max_steps: u64) -> Option<Counts> {
        counts::count(&self.graph, &self.stopped_by, max_steps)
    }

    /// How likely a scheduler that picks at random is to decide the observer with this index;
    /// `None` if a bound cut the search off.
    pub fn odds(&self, observer: usize, max_steps: u64) -> Option<Odds> {
        self.stopped_by.is_none().then(|| odds::odds(&self.graph, observer, max_steps))
    }
}
