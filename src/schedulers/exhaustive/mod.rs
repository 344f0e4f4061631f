//! Every schedule, as a walk over the graph of distinct states.
//!
//! Two schedules that lead to the same state have the same future, so the future is explored once.
//! What the properties remember is part of the state, therefore the number of schedules, and of
//! schedules that violate a property, comes exactly from one pass over the graph (`counts.rs`),
//! and so does the shortest losing schedule (`shortest.rs`), without enumerating schedules.
//!
//! States are rows of small integers: every part of a world is interned, and what one step does to
//! the parts is computed once by the real server and then looked up (`parts.rs`). Absolute
//! revisions do not distinguish states, only their order does (`canonical.rs`); workers that are
//! alike are exchanged (`symmetry.rs`); without counting, steps that may change places are taken
//! in one order (`reduction.rs`). A search that is stopped can be continued (`checkpoint.rs`), and
//! split (`shard.rs`). Next to read: `search.rs`.

mod backward;
mod canonical;
mod checkpoint;
mod counts;
mod graph;
mod livelock;
mod odds;
mod parts;
mod reduction;
mod search;
mod shard;
mod shortest;
mod stale;
mod states;
mod symmetry;

use std::collections::BTreeSet;
use std::io;
use std::sync::OnceLock;

pub use checkpoint::{Source, Unfinished};
pub use counts::Counts;
pub use graph::{Edge, Graph};
pub use odds::{Fraction, Odds};
pub use shard::Shard;

use self::backward::{Backward, Order};
use self::parts::Parts;
use self::reduction::Reduction;
use self::search::{BATCH, Search};
use self::symmetry::Symmetry;
use crate::schedulers::Bound;
use crate::simulation::{Choice, World};

/// How far to go, and how.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Distinct states at most: the search stops when it has found more, in the middle of a level.
    pub max_states: u64,
    /// Steps of a schedule at most.
    pub max_steps: u64,
    /// Bytes for states and transitions at most.
    pub max_bytes: u64,
    /// Whether states that differ only in absolute revisions are one. Off for comparison only.
    pub canonical: bool,
    /// Whether what stands in a cache that no worker looks into any more is forgotten, in the
    /// canonical form. Off for comparison only.
    pub unread: bool,
    /// Whether workers that are alike are exchanged. A graph of states is then one of
    /// representatives, so whoever shows it wants this off.
    pub symmetry: bool,
    /// Whether steps that may change places are taken in one order only. Then nothing is counted.
    pub reduce: bool,
    /// On how many threads. It changes nothing but the time.
    pub threads: usize,
    /// Only this part of all schedules.
    pub shard: Option<Shard>,
    /// Observers, as bits: the search stops when one of them is decided.
    pub stop_at: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_states: u64::MAX,
            max_steps: u64::MAX,
            max_bytes: u64::MAX,
            canonical: true,
            unread: true,
            symmetry: false,
            reduce: false,
            threads: 1,
            shard: None,
            stop_at: 0,
        }
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
pub struct Explored {
    /// The graph.
    pub graph: Graph,
    /// What stopped the search before it had covered everything.
    pub stopped_by: Option<Bound>,
    /// The most write attempts in one reconcile.
    pub max_attempts: u32,
    /// How often the effect of a step was looked up rather than computed, and computed.
    pub memo: (u64, u64),
    /// The workers that were explored up to permutation, by index, class by class.
    pub symmetric: Vec<Vec<usize>>,
    /// Bytes that states and transitions take at the end; the batch under way and the room that
    /// transitions grew into, which are part of the bound, are not counted.
    pub bytes: u64,
    /// What is needed to continue a search that was stopped.
    pub unfinished: Option<Unfinished>,
    reduced: bool,
    threads: usize,
    /// For passes from the ends, as soon as it is asked for; none if the graph has a cycle.
    order: OnceLock<Option<Order>>,
    parts: Parts,
}

impl std::fmt::Debug for Explored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Explored")
            .field("states", &self.graph.states())
            .field("transitions", &self.graph.transitions())
            .field("stopped_by", &self.stopped_by)
            .finish_non_exhaustive()
    }
}

/// What a graph says of one observer.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Whether some schedule decides it.
    pub decides: bool,
    /// See [`Explored::shortest`]; none if no schedule is wanted.
    pub shortest: Option<Vec<Choice>>,
    /// Whether some transition or end decides it, on the way to an end or not.
    pub ever: bool,
}

/// Told of progress from time to time; stops a search by returning a bound.
pub type Pulse<'p> = &'p mut dyn FnMut(SearchProgress) -> Option<Bound>;

/// How far a search has come, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Position {
    /// The next state to be expanded.
    next: usize,
    /// The first state of the next depth.
    level_end: usize,
    depth: u64,
}

const START: Position = Position { next: 0, level_end: 1, depth: 0 };

/// Explores every schedule of a world.
pub fn explore(world: &World, limits: Limits, pulse: Pulse<'_>) -> Explored {
    let (mut search, mut at) = (begin(world, &limits), START);
    if let Some(shard) = limits.shard {
        shard.split(&mut search, &mut at);
    }
    run(search, at, &limits, pulse)
}

/// Continues a search that was stopped, from what [`Unfinished::write`] wrote.
///
/// # Errors
/// Those of the reader; `InvalidData` if the checkpoint is damaged, or of another search.
pub fn resume(
    world: &World,
    limits: Limits,
    checkpoint: &mut dyn Source,
    pulse: Pulse<'_>,
) -> io::Result<Explored> {
    let mut search = begin(world, &limits);
    let at = checkpoint::restore(&mut search, checkpoint)?;
    Ok(run(search, at, &limits, pulse))
}

fn begin(world: &World, limits: &Limits) -> Search {
    let symmetry = if limits.symmetry { Symmetry::of(world) } else { Symmetry::default() };
    let reduction = limits.reduce.then(|| Reduction::of(world)).flatten();
    let graph = Graph::new(world, !symmetry.is_none());
    let forms = (limits.canonical, limits.canonical && limits.unread);
    let mut parts = Parts::new(world, forms, symmetry, reduction);
    let first = parts.initial(world);
    Search::new(parts, &first, graph, limits.threads)
}

fn run(mut search: Search, mut at: Position, limits: &Limits, pulse: Pulse<'_>) -> Explored {
    let mut stopped_by = None;
    while at.next < search.states.len() {
        if at.next == at.level_end {
            (at.depth, at.level_end) = (at.depth + 1, search.states.len());
        }
        stopped_by = bound(&search, limits).or_else(|| pulse(progress(&search, at)));
        if stopped_by.is_some() {
            break;
        }
        let end = at.next + batch(&search, at, limits).min(at.level_end - at.next);
        if at.depth >= limits.max_steps {
            search.expand_finals(at.next, end);
        } else {
            search.expand(at.next, end);
        }
        at.next = end;
    }
    search.graph.close(search.states.len());
    if stopped_by.is_none() && search.graph.is_open() {
        stopped_by = Some(Bound::Steps(limits.max_steps));
    }
    let bytes = search.states.bytes() + search.graph.bytes();
    let Search { parts, states, graph, learnt, .. } = search;
    let (computed, transitions) = (parts.computed, graph.transitions() as u64);
    let unfinished = match stopped_by {
        Some(Bound::Steps(_) | Bound::FirstViolation) | None => None,
        Some(_) => Some(Unfinished::new(states, learnt, at)),
    };
    Explored {
        stopped_by,
        max_attempts: parts.max_attempts,
        memo: (transitions.saturating_sub(computed), computed),
        symmetric: parts.symmetric(),
        bytes,
        unfinished,
        reduced: parts.reduction().is_some(),
        threads: limits.threads,
        order: OnceLock::new(),
        graph,
        parts,
    }
}

/// Bytes for each state that the pass for the shortest schedule takes. Counts take as much up to
/// 128 bits, twice as much beyond, and for a moment, while they are widened, half as much again.
const BYTES_AFTERWARDS: u64 = 32;

/// How many states to expand next: as many as lead, by what they led to so far, to half of the
/// states that may still be found, and at least one.
fn batch(search: &Search, at: Position, limits: &Limits) -> usize {
    let found = search.states.len() as u64;
    let each = found.div_ceil(at.next.max(1) as u64);
    let room = limits.max_states.saturating_sub(found) / (2 * each);
    usize::try_from(room).unwrap_or(BATCH).clamp(1, BATCH)
}

fn bound(search: &Search, limits: &Limits) -> Option<Bound> {
    if search.states.len() as u64 > limits.max_states {
        return Some(Bound::States(limits.max_states));
    }
    if limits.stop_at != 0 && search.graph.decided() & limits.stop_at != 0 {
        return Some(Bound::FirstViolation);
    }
    // What the shortest schedule takes afterwards is part of the bound.
    let afterwards = BYTES_AFTERWARDS * search.states.len() as u64;
    let full = search.bytes() + afterwards > limits.max_bytes || search.graph.is_full();
    full.then_some(Bound::Memory(limits.max_bytes))
}

fn progress(search: &Search, at: Position) -> SearchProgress {
    let states = search.states.len();
    SearchProgress {
        states: states as u64,
        frontier: (states - at.next) as u64,
        transitions: search.graph.transitions() as u64,
        depth: at.depth,
    }
}

impl Explored {
    /// The shortest schedule that violates (meets) the observer with this index, and among those
    /// the one with the fewest switches between workers; and, if it leads nowhere, without end.
    pub fn shortest(&self, observer: usize) -> Option<Vec<Choice>> {
        self.graph.ever_decides(observer).then(|| self.shortest_schedule(Some(observer)))?
    }

    /// What the graph says of an observer; with `schedule`, the shortest schedule too.
    pub fn finding(&self, observer: usize, schedule: bool) -> Finding {
        let ever = self.graph.ever_decides(observer);
        // Without cycles, each transition is on a way to an end, unless something was left out.
        let ends = self.backward().is_some() && !self.graph.is_partial();
        let shortest = if schedule || !ends { self.shortest(observer) } else { None };
        let decides = if ends { ever } else { shortest.is_some() };
        Finding { decides, shortest, ever }
    }

    /// The shortest schedule of all, whatever it decides.
    pub fn shortest_of_all(&self) -> Option<Vec<Choice>> {
        self.shortest_schedule(None)
    }

    fn backward(&self) -> Option<Backward<'_>> {
        let (graph, threads) = (&self.graph, self.threads);
        let order = self.order.get_or_init(|| Order::of(graph, threads));
        order.as_ref().map(|order| Backward { graph, order, threads })
    }

    fn shortest_schedule(&self, observer: Option<usize>) -> Option<Vec<Choice>> {
        shortest::schedule(&self.graph, self.backward(), observer)
    }

    /// A schedule into a livelock and once around it: a worker retries forever though the scheduler
    /// is fair. Looks only where the graph has a cycle and nothing was cut off.
    pub fn livelock(&self) -> Option<Vec<Choice>> {
        let cyclic = self.stopped_by.is_none() && self.backward().is_none();
        if cyclic { livelock::schedule(&self.graph) } else { None }
    }

    /// Exact counts; up to `max_steps` steps if the graph has a cycle or was cut off there. `None`
    /// if something else cut it off, or if steps that may change places were taken in one order.
    pub fn counts(&self, max_steps: u64) -> Option<Counts> {
        if self.reduced {
            return None;
        }
        counts::count(&self.graph, self.backward(), &self.stopped_by, max_steps)
    }

    /// The distinct contents of the store at the ends of schedules (where workers are exchanged,
    /// those of the representatives).
    pub fn finals(&self) -> BTreeSet<String> {
        self.parts.contents(&self.graph.final_commons)
    }

    /// How likely a scheduler that picks at random is to decide the observer with this index;
    /// `None` if a bound cut the search off, or choices were left out.
    pub fn odds(&self, observer: usize, max_steps: u64) -> Option<Odds> {
        let all = self.stopped_by.is_none() && !self.reduced;
        all.then(|| odds::odds(&self.graph, self.backward(), observer, max_steps))
    }
}
