//! Exact counts of schedules, in one pass over the graph.
//!
//! In a graph without cycles, the schedules from a state are the sum over its transitions. For
//! each observer the *clean* schedules are counted, those that no step and no end decides; the
//! rest is decided. A graph with a cycle has schedules without end; there, schedules of up to a
//! stated number of steps are counted, forward. Next to read: `odds.rs`.

use super::graph::Graph;
use crate::schedulers::Bound;
use crate::schedulers::Count;

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
pub(super) fn count(graph: &Graph, stopped_by: &Option<Bound>, max_steps: u64) -> Option<Counts> {
    let order = graph.topological();
    match (order, stopped_by) {
        (Some(order), None) => Some(backward(graph, &order).counts(false, None)),
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

fn backward(graph: &Graph, order: &[u32]) -> Sums {
    let observers = graph.observers();
    let mut sums: Vec<Option<Sums>> = vec![None; graph.states()];
    for &state in order.iter().rev() {
        let state = state as usize;
        let mut sum = Sums::zero(observers);
        if let Some(decided) = graph.decided_at_end(state) {
            (sum.total, sum.conflict_free) = (Count::ONE, Count::ONE);
            for (observer, clean) in sum.clean.iter_mut().enumerate() {
                *clean = Count::from(u64::from(decided >> observer & 1 == 0));
            }
        }
        for edge in graph.edges(state) {
            let next = sums[edge.to as usize].as_ref().expect("later states are summed first");
            sum.total.add(&next.total);
            sum.calls.add(&next.calls);
            if edge.is_api() {
                sum.calls.add(&next.total);
            }
            if !edge.is_conflict() {
                sum.conflict_free.add(&next.conflict_free);
            }
            for (observer, clean) in sum.clean.iter_mut().enumerate() {
                if !edge.decides(observer) {
                    clean.add(&next.clean[observer]);
                }
            }
            sum.most_calls = sum.most_calls.max(next.most_calls + u64::from(edge.is_api()));
        }
        sums[state] = Some(sum);
    }
    sums[0].take().expect("the initial state is in the order")
}

/// Schedules of up to so many steps, layer by layer from the start.
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
