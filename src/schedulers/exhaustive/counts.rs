//! Exact counts of schedules, in one pass over the graph.
//!
//! In a graph without cycles, the schedules from a state are the sum over its transitions. For
//! each observer the *clean* schedules are counted, those that no step and no end decides; the
//! rest is decided. A graph with a cycle has schedules without end; there, schedules of up to a
//! stated number of steps are counted, forward. Next to read: `odds.rs`.

use super::graph::{Edge, Graph};
use super::parallel::in_parallel;
use crate::schedulers::Bound;
use crate::schedulers::Count;

/// Graphs below this are not worth a second thread.
const WORTH_A_THREAD: usize = 1 << 14;

/// Whether a pass over a graph takes long enough for a second thread.
pub(super) fn is_worth_a_thread(graph: &Graph) -> bool {
    graph.states() >= WORTH_A_THREAD
}

/// The counts of a search.
#[derive(Clone, Debug)]
pub struct Counts {
    /// Schedules in all.
    pub schedules: Count,
    /// For each observer, the schedules that it is decided in: violated, or met.
    pub decided: Vec<Count>,
    /// Schedules in which at least one request was refused because of a conflict.
    pub with_conflict: Count,
    /// API calls of all schedules together.
    pub calls: Count,
    /// The most API calls in one schedule.
    pub most_calls: u64,
    /// Whether the graph has a cycle.
    pub cyclic: bool,
    /// If so (or if the search was cut off there): the number of steps up to which was counted.
    pub up_to_steps: Option<u64>,
}

impl Counts {
    /// Adds what another part of all schedules has come to.
    pub fn add(&mut self, other: &Counts) {
        self.schedules.add(&other.schedules);
        self.decided.iter_mut().zip(&other.decided).for_each(|(sum, more)| sum.add(more));
        self.with_conflict.add(&other.with_conflict);
        self.calls.add(&other.calls);
        self.most_calls = self.most_calls.max(other.most_calls);
        self.cyclic |= other.cyclic;
        self.up_to_steps = self.up_to_steps.or(other.up_to_steps);
    }
}

/// The sums of one state, or of one layer.
#[derive(Clone, Debug)]
struct Sums {
    total: Count,
    conflict_free: Count,
    calls: Count,
    clean: Vec<Count>,
    most_calls: u64,
}

impl Sums {
    fn zero(observers: usize) -> Sums {
        Sums {
            total: Count::ZERO,
            conflict_free: Count::ZERO,
            calls: Count::ZERO,
            clean: vec![Count::ZERO; observers],
            most_calls: 0,
        }
    }

    fn counts(self, cyclic: bool, up_to_steps: Option<u64>) -> Counts {
        Counts {
            decided: self.clean.iter().map(|clean| self.total.minus(clean)).collect(),
            with_conflict: self.total.minus(&self.conflict_free),
            schedules: self.total,
            calls: self.calls,
            most_calls: self.most_calls,
            cyclic,
            up_to_steps,
        }
    }
}

/// Counts the schedules of a graph; `None` if a bound other than the number of steps cut it off.
pub(super) fn count(
    graph: &Graph,
    stopped_by: &Option<Bound>,
    max_steps: u64,
    threads: usize,
) -> Option<Counts> {
    let order = graph.topological();
    match (order, stopped_by) {
        (Some(order), None) => Some(backward(graph, &order, threads).counts(false, None)),
        (order, None | Some(Bound::Steps(_))) => {
            let steps = match stopped_by {
                Some(Bound::Steps(steps)) => *steps,
                _ => max_steps,
            };
            Some(forward(graph, steps).counts(order.is_none(), Some(steps)))
        }
        _ => None,
    }
}

/// Numbers that are summed: as small as they can be, since there is one for each state.
trait Sum: Clone + Send + Sync {
    const ZERO: Self;
    const ONE: Self;
    /// Adds to this; false if it does not fit.
    fn add(&mut self, other: &Self) -> bool;
    fn into_count(self) -> Count;
}

impl Sum for u64 {
    const ZERO: u64 = 0;
    const ONE: u64 = 1;

    fn add(&mut self, other: &u64) -> bool {
        self.checked_add(*other).map(|sum| *self = sum).is_some()
    }

    fn into_count(self) -> Count {
        Count::from(self)
    }
}

impl Sum for u128 {
    const ZERO: u128 = 0;
    const ONE: u128 = 1;

    fn add(&mut self, other: &u128) -> bool {
        self.checked_add(*other).map(|sum| *self = sum).is_some()
    }

    fn into_count(self) -> Count {
        Count::from(self)
    }
}

impl Sum for Count {
    const ZERO: Count = Count::ZERO;
    const ONE: Count = Count::ONE;

    fn add(&mut self, other: &Count) -> bool {
        Count::add(self, other);
        true
    }

    fn into_count(self) -> Count {
        self
    }
}

/// The sums of the initial state, each in a pass of its own, in the smallest numbers that hold
/// them.
fn backward(graph: &Graph, order: &[u32], threads: usize) -> Sums {
    let threads = if is_worth_a_thread(graph) { threads } else { 1 };
    sums::<u64>(graph, order, threads)
        .or_else(|| sums::<u128>(graph, order, threads))
        .or_else(|| sums::<Count>(graph, order, threads))
        .expect("counts hold everything")
}

/// One pass, or two of which the second needs the first.
enum Pass {
    TotalAndCalls,
    MostCalls,
    ConflictFree,
    Clean(usize),
}

/// What a pass came to; nothing if the numbers were too small.
enum Found<N> {
    Nothing,
    One(N),
    Two(N, N),
    Most(u64),
}

fn sums<N: Sum>(graph: &Graph, order: &[u32], threads: usize) -> Option<Sums> {
    let clean = (0..graph.observers()).filter(|&observer| graph.ever_decides(observer));
    let mut passes = vec![(Pass::TotalAndCalls, Found::Nothing), (Pass::MostCalls, Found::Nothing)];
    if graph.has_conflicts() {
        passes.push((Pass::ConflictFree, Found::Nothing));
    }
    passes.extend(clean.map(|observer| (Pass::Clean(observer), Found::Nothing)));
    in_parallel(threads, &mut passes, |(which, found)| *found = which.run::<N>(graph, order));
    let (mut total, mut calls, mut most_calls) = (None, None, 0);
    let (mut conflict_free, mut clean) = (None, vec![None; graph.observers()]);
    for pass in passes {
        match pass {
            (_, Found::Nothing) => return None,
            (_, Found::Two(all, of_them)) => (total, calls) = (Some(all), Some(of_them)),
            (_, Found::Most(most)) => most_calls = most,
            (Pass::Clean(observer), Found::One(sum)) => clean[observer] = Some(sum),
            (_, Found::One(sum)) => conflict_free = Some(sum),
        }
    }
    // Where nothing is ever decided, all are clean.
    let (total, calls) = (total?, calls?);
    let or_all = |sum: Option<N>| sum.unwrap_or_else(|| total.clone()).into_count();
    Some(Sums {
        conflict_free: or_all(conflict_free),
        clean: clean.into_iter().map(or_all).collect(),
        calls: calls.into_count(),
        most_calls,
        total: total.into_count(),
    })
}

impl Pass {
    fn run<N: Sum>(&self, graph: &Graph, order: &[u32]) -> Found<N> {
        let first = |sums: Option<Vec<N>>| Some(sums?.swap_remove(0));
        let one = |sums| first(sums).map_or(Found::Nothing, Found::One);
        match *self {
            Pass::TotalAndCalls => {
                let totals = pass(graph, order, |_| true, |_| true, None);
                let Some(totals) = totals else { return Found::Nothing };
                let calls = first(pass(graph, order, |_| false, |_| true, Some(&totals)));
                calls.map_or(Found::Nothing, |calls| Found::Two(totals[0].clone(), calls))
            }
            Pass::MostCalls => Found::Most(most_calls(graph, order)),
            Pass::ConflictFree => one(pass(graph, order, |_| true, |e| !e.is_conflict(), None)),
            Pass::Clean(observer) => {
                let undecided = |decided: u16| decided >> observer & 1 == 0;
                one(pass(graph, order, undecided, |edge| !edge.decides(observer), None))
            }
        }
    }
}

/// For each state, the number of schedules from it that end so, along transitions that may be
/// taken; `per_call` adds that number of the state reached for each API call.
fn pass<N: Sum>(
    graph: &Graph,
    order: &[u32],
    ends: impl Fn(u16) -> bool,
    takes: impl Fn(Edge) -> bool,
    per_call: Option<&[N]>,
) -> Option<Vec<N>> {
    let mut sums = vec![N::ZERO; graph.states()];
    for &state in order.iter().rev() {
        let state = state as usize;
        let edges = graph.edges(state);
        let mut sum = N::ZERO;
        if edges.is_empty() && graph.decided_at_end(state).is_some_and(&ends) {
            sum = N::ONE;
        }
        for edge in edges.iter().filter(|edge| takes(**edge)) {
            let to = edge.to as usize;
            let more = per_call.filter(|_| edge.is_api()).is_none_or(|totals| sum.add(&totals[to]));
            if !sum.add(&sums[to]) || !more {
                return None;
            }
        }
        sums[state] = sum;
    }
    Some(sums)
}

fn most_calls(graph: &Graph, order: &[u32]) -> u64 {
    let mut most = vec![0_u32; graph.states()];
    for &state in order.iter().rev() {
        let calls = |edge: &Edge| most[edge.to as usize] + u32::from(edge.is_api());
        most[state as usize] = graph.edges(state as usize).iter().map(calls).max().unwrap_or(0);
    }
    u64::from(most[0])
}

/// Schedules of up to `max_steps` steps, layer by layer from the start.
fn forward(graph: &Graph, max_steps: u64) -> Sums {
    let observers = graph.observers();
    let mut ended = Sums::zero(observers);
    let mut layer: Vec<Option<Sums>> = vec![None; graph.states()];
    let mut start = Sums::zero(observers);
    (start.total, start.conflict_free) = (Count::ONE, Count::ONE);
    start.clean = vec![Count::ONE; observers];
    layer[0] = Some(start);
    for step in 0..=max_steps {
        let mut next: Vec<Option<Sums>> = vec![None; graph.states()];
        let mut alive = false;
        for (state, sum) in layer.iter().enumerate() {
            let Some(sum) = sum else { continue };
            if let Some(decided) = graph.decided_at_end(state) {
                end(&mut ended, sum, decided);
            }
            for edge in graph.edges(state).iter().filter(|_| step < max_steps) {
                alive = true;
                let place = next[edge.to as usize].get_or_insert_with(|| Sums::zero(observers));
                place.total.add(&sum.total);
                place.calls.add(&sum.calls);
                if edge.is_api() {
                    place.calls.add(&sum.total);
                }
                if !edge.is_conflict() {
                    place.conflict_free.add(&sum.conflict_free);
                }
                for observer in (0..observers).filter(|&observer| !edge.decides(observer)) {
                    place.clean[observer].add(&sum.clean[observer]);
                }
                let calls = sum.most_calls + u64::from(edge.is_api());
                place.most_calls = place.most_calls.max(calls);
            }
        }
        if !alive {
            break;
        }
        layer = next;
    }
    ended
}

fn end(ended: &mut Sums, sum: &Sums, decided: u16) {
    ended.total.add(&sum.total);
    ended.calls.add(&sum.calls);
    ended.conflict_free.add(&sum.conflict_free);
    ended.most_calls = ended.most_calls.max(sum.most_calls);
    for (observer, clean) in ended.clean.iter_mut().enumerate() {
        if decided >> observer & 1 == 0 {
            clean.add(&sum.clean[observer]);
        }
    }
}
