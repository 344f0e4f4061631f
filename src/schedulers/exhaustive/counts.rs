//! Exact counts of schedules, in one pass over the graph.
//!
//! In a graph without cycles, the schedules from a state are the sum over its transitions. For
//! each observer the *clean* schedules are counted, those that no step and no end decides; the
//! rest is decided. A graph with a cycle has schedules without end; there, schedules of up to a
//! stated number of steps are counted, forward. Next to read: `odds.rs`.

use super::backward::{Backward, Begun};
use super::graph::{Edge, Graph};
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
    passes: Option<Backward<'_>>,
    stopped_by: &Option<Bound>,
    max_steps: u64,
) -> Option<Counts> {
    match (passes, stopped_by) {
        (Some(passes), None) => Some(backward(passes).counts(false, None)),
        (passes, None | Some(Bound::Steps(_))) => {
            let steps = match stopped_by {
                Some(Bound::Steps(steps)) => *steps,
                _ => max_steps,
            };
            Some(forward(graph, steps).counts(passes.is_none(), Some(steps)))
        }
        _ => None,
    }
}

/// Numbers that are summed: as small as they can be, since there is one for each state.
trait Sum: Clone + Send + Sync + Into<Count> {
    const ZERO: Self;
    const ONE: Self;
    /// The next larger ones.
    type Wider: Sum;
    /// Adds to this; false if it does not fit.
    fn add(&mut self, other: &Self) -> bool;
    fn wider(self) -> Self::Wider;
}

impl Sum for u64 {
    const ZERO: u64 = 0;
    const ONE: u64 = 1;
    type Wider = u128;

    fn add(&mut self, other: &u64) -> bool {
        self.checked_add(*other).map(|sum| *self = sum).is_some()
    }

    fn wider(self) -> u128 {
        self.into()
    }
}

impl Sum for u128 {
    const ZERO: u128 = 0;
    const ONE: u128 = 1;
    type Wider = [u64; 4];

    fn add(&mut self, other: &u128) -> bool {
        self.checked_add(*other).map(|sum| *self = sum).is_some()
    }

    fn wider(self) -> [u64; 4] {
        [self as u64, (self >> 64) as u64, 0, 0]
    }
}

/// 256 bits, the lowest first: no memory of its own for each number, as large counts have.
impl Sum for [u64; 4] {
    const ZERO: [u64; 4] = [0; 4];
    const ONE: [u64; 4] = [1, 0, 0, 0];
    type Wider = Count;

    fn add(&mut self, other: &[u64; 4]) -> bool {
        let mut carry = false;
        for (word, more) in self.iter_mut().zip(other) {
            let (sum, over) = word.overflowing_add(*more);
            let (sum, over_by_carry) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, over | over_by_carry);
        }
        !carry
    }

    fn wider(self) -> Count {
        Count::from(self)
    }
}

impl Sum for Count {
    const ZERO: Count = Count::ZERO;
    const ONE: Count = Count::ONE;
    type Wider = Count;

    fn add(&mut self, other: &Count) -> bool {
        Count::add(self, other);
        true
    }

    fn wider(self) -> Count {
        self
    }
}

/// The sums of the initial state.
fn backward(passes: Backward<'_>) -> Sums {
    let graph = passes.graph;
    let (total, calls) = total_and_calls(passes, passes.begin((0_u64, 0_u64)));
    let nothing = || passes.begin(0_u64);
    // Where nothing is ever decided, or refused, all are clean.
    let conflict_free = match graph.has_conflicts() {
        true => clean(passes, nothing(), &|_| true, &|edge| !edge.is_conflict()),
        false => total.clone(),
    };
    let of_observer = |observer| match graph.ever_decides(observer) {
        true => {
            let undecided = |decided: u16| decided >> observer & 1 == 0;
            clean(passes, nothing(), &undecided, &|edge| !edge.decides(observer))
        }
        false => total.clone(),
    };
    let clean = (0..graph.observers()).map(of_observer).collect();
    Sums { clean, conflict_free, calls, most_calls: most_calls(passes), total }
}

/// The number of schedules, and of API calls in all of them. Numbers are widened where one does not
/// fit any more: those near the ends are small.
fn total_and_calls<N: Sum>(passes: Backward<'_>, begun: Begun<(N, N)>) -> (Count, Count) {
    let graph = passes.graph;
    let sums = passes.go_on(begun, |state, after| {
        let mut sum = (N::ZERO, N::ZERO);
        if graph.decided_at_end(state).is_some() {
            sum.0 = N::ONE;
        }
        for edge in graph.edges(state) {
            let (total, calls) = after.of(edge.to);
            let fits = sum.0.add(total) && sum.1.add(calls);
            (fits && (!edge.is_api() || sum.1.add(total))).then_some(())?;
        }
        Some(sum)
    });
    match sums {
        Ok(mut sums) => {
            let (total, calls) = sums.swap_remove(0);
            (total.into(), calls.into())
        }
        Err(begun) => {
            total_and_calls(passes, begun.map(|(total, calls)| (total.wider(), calls.wider())))
        }
    }
}

/// The number of schedules that end so, along transitions that may be taken.
fn clean<N: Sum>(
    passes: Backward<'_>,
    begun: Begun<N>,
    ends: &(impl Fn(u16) -> bool + Sync),
    takes: &(impl Fn(Edge) -> bool + Sync),
) -> Count {
    let graph = passes.graph;
    let sums = passes.go_on(begun, |state, after| {
        let mut sum = match graph.decided_at_end(state) {
            Some(decided) if ends(decided) => N::ONE,
            _ => N::ZERO,
        };
        for edge in graph.edges(state).iter().filter(|edge| takes(**edge)) {
            sum.add(after.of(edge.to)).then_some(())?;
        }
        Some(sum)
    });
    match sums {
        Ok(mut sums) => sums.swap_remove(0).into(),
        Err(begun) => clean(passes, begun.map(N::wider), ends, takes),
    }
}

fn most_calls(passes: Backward<'_>) -> u64 {
    let most = passes.pass(0, |state, after| {
        let calls = |edge: &Edge| after.of(edge.to) + u32::from(edge.is_api());
        Some(passes.graph.edges(state).iter().map(calls).max().unwrap_or(0))
    });
    most.map_or(0, |most| u64::from(most[0]))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Explored, Limits, explore};
    use super::*;

    /// Alike workers of a read and a write each, which conflict.
    fn explored(workers: usize) -> Explored {
        let worker = |nth| format!("  - {{name: w{nth}, write: update, sets: {{data.a: new}}}}\n");
        let workers: String = (10..10 + workers).map(worker).collect();
        let text = format!(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: many}}\n\
             objects:\n  - {{apiVersion: v1, kind: ConfigMap, \
             metadata: {{name: demo, namespace: default}}}}\nworkers:\n{workers}"
        );
        let scenarios = crate::scenario::Scenario::from_str("many", &text).expect("valid");
        let scenario = Arc::new(scenarios.into_iter().next().expect("one"));
        let world = crate::check::world(&scenario).expect("nothing is refused");
        explore(&world, Limits { symmetry: true, ..Limits::default() }, &mut |_| None)
    }

    #[test]
    fn numbers_that_are_widened_on_the_way_end_as_those_that_were_wide_from_the_beginning() {
        // (2 N)! / 2^N schedules: numbers of 64, 128, 256 bits, and more.
        for (workers, digits) in [(8, 11), (14, 26), (20, 42), (32, 80)] {
            let explored = explored(workers);
            let passes = explored.backward().expect("no cycle");
            let (total, calls) = total_and_calls(passes, passes.begin((0_u64, 0_u64)));
            assert_eq!(total.to_string().len(), digits, "{total} schedules");
            let wide = passes.begin((Count::ZERO, Count::ZERO));
            assert_eq!(total_and_calls(passes, wide), (total.clone(), calls));
            let (ends, takes) = (|_| true, |edge: Edge| !edge.is_conflict());
            let calm = clean(passes, passes.begin(0_u64), &ends, &takes);
            assert_eq!(clean(passes, passes.begin(Count::ZERO), &ends, &takes), calm);
            // No write is refused if no worker reads before the first; later ones change nothing.
            let mut rest = (1..workers as u128).map(|left| left * (2 * left - 1));
            let turns = rest.try_fold(workers as u128, u128::checked_mul);
            assert!(turns.is_none_or(|turns| calm == Count::from(turns)), "{calm}");
            assert_eq!(turns.is_some(), workers < 20, "{calm}");
        }
    }

    #[test]
    fn numbers_of_256_bits_add_as_large_ones_do_and_say_when_they_are_full() {
        let max = u64::MAX;
        let each = [[1, 0, 0, 0], [max, 0, max, 0], [max, max, max, 0], [7, max, 0, max >> 1]];
        for (one, other) in each.iter().flat_map(|one| each.iter().map(move |other| (one, other))) {
            let (mut sum, mut large) = (*one, Count::from(*one));
            assert!(Sum::add(&mut sum, other));
            large.add(&Count::from(*other));
            assert_eq!(Count::from(sum), large, "{one:?} and {other:?}");
        }
        let mut full = [max; 4];
        assert!(!Sum::add(&mut full, &[1, 0, 0, 0]));
    }
}
