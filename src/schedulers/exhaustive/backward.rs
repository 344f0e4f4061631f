//! Passes over the graph from the ends to the beginning: counts, odds and shortest schedules.
//!
//! What such a pass says of a state follows from what it says of the states that come next, so it
//! takes the states layer by layer: no transition leads from a state to one of its own layer or of
//! an earlier one. The states of a layer do not ask each other, and threads share them. Each state
//! is computed from the same values by the same steps whoever does it, so the result is the same,
//! to the bit. Next to read: `counts.rs`.

use super::graph::Graph;
use crate::schedulers::parallel::in_parallel;

/// Layers of fewer states are not worth a second thread.
const WORTH_A_THREAD: usize = 1 << 12;

/// States that a thread takes at a time.
const CHUNK: usize = 1 << 10;

/// An order in which what comes next is done first.
#[derive(Debug)]
pub(super) struct Order {
    /// The place at which each layer begins, and the number of states.
    layers: Vec<usize>,
    /// The state at each place, if that is not the one with its number.
    sorted: Option<Vec<u32>>,
}

impl Order {
    /// The order of a graph; `None` if it has a cycle.
    pub fn of(graph: &Graph, threads: usize) -> Option<Order> {
        if graph.leads_forward() {
            return Some(Order { layers: layers(graph, threads), sorted: None });
        }
        graph.topological().map(|states| Order::sorted(graph, &states))
    }

    /// By the length of the longest way to an end, from states that are sorted so that every
    /// transition leads forward.
    fn sorted(graph: &Graph, states: &[u32]) -> Order {
        let mut longest = vec![0_u32; states.len()];
        for &state in states.iter().rev() {
            let next = graph.edges(state as usize).iter();
            let next = next.map(|edge| longest[edge.to as usize] + 1).max();
            longest[state as usize] = next.unwrap_or(0);
        }
        let first = longest.iter().max().map_or(0, |most| *most as usize);
        let mut sizes = vec![0; first + 1];
        longest.iter().for_each(|longest| sizes[first - *longest as usize] += 1);
        let mut layers = vec![0];
        for size in sizes {
            layers.push(layers[layers.len() - 1] + size);
        }
        let mut free = layers.clone();
        let mut sorted = vec![0; states.len()];
        for (state, longest) in longest.iter().enumerate() {
            let place = &mut free[first - *longest as usize];
            sorted[*place] = state as u32;
            *place += 1;
        }
        Order { layers, sorted: Some(sorted) }
    }
}

/// A graph without cycles, its order, and how many threads there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backward<'g> {
    pub graph: &'g Graph,
    pub order: &'g Order,
    pub threads: usize,
}

impl Backward<'_> {
    /// What `of` gives for each state, from what it gave for those that come next; `None` as soon
    /// as `of` fails. `nothing` is never seen.
    pub fn pass<T: Clone + Send + Sync>(
        self,
        nothing: T,
        of: impl Fn(usize, After<'_, T>) -> Option<T> + Sync,
    ) -> Option<Vec<T>> {
        let mut made = vec![nothing; self.graph.states()];
        for layer in self.order.layers.windows(2).rev() {
            match &self.order.sorted {
                None => self.in_place(&mut made, layer[0], layer[1], &of)?,
                Some(states) => self.aside(&mut made, &states[layer[0]..layer[1]], &of)?,
            }
        }
        Some(made)
    }

    /// A layer of states whose numbers follow each other: each result is written where it belongs.
    fn in_place<T: Send + Sync>(
        self,
        made: &mut [T],
        start: usize,
        end: usize,
        of: &(impl Fn(usize, After<'_, T>) -> Option<T> + Sync),
    ) -> Option<()> {
        let (before, made) = made.split_at_mut(end);
        let after = After { from: end, made };
        let own = &mut before[start..];
        let mut chunks: Vec<(usize, &mut [T], bool)> = Vec::new();
        for (nth, chunk) in own.chunks_mut(chunk(own.len())).enumerate() {
            chunks.push((start + nth * CHUNK, chunk, true));
        }
        in_parallel(self.threads, &mut chunks, |(first, chunk, done)| {
            *done = chunk
                .iter_mut()
                .enumerate()
                .all(|(nth, place)| of(*first + nth, after).map(|value| *place = value).is_some());
        });
        chunks.iter().all(|(.., done)| *done).then_some(())
    }

    /// A layer of any states: results are made aside, and put in their places by one thread.
    fn aside<T: Send + Sync>(
        self,
        made: &mut [T],
        layer: &[u32],
        of: &(impl Fn(usize, After<'_, T>) -> Option<T> + Sync),
    ) -> Option<()> {
        let after = After { from: 0, made };
        let mut chunks: Vec<(&[u32], Option<Vec<T>>)> = Vec::new();
        chunks.extend(layer.chunks(chunk(layer.len())).map(|states| (states, None)));
        in_parallel(self.threads, &mut chunks, |(states, results)| {
            *results = states.iter().map(|state| of(*state as usize, after)).collect();
        });
        for (states, results) in chunks {
            let places = states.iter().map(|state| *state as usize);
            places.zip(results?).for_each(|(place, result)| made[place] = result);
        }
        Some(())
    }
}

/// How many states stand in one chunk of a layer: all, if it is not worth a second thread.
fn chunk(states: usize) -> usize {
    if states < WORTH_A_THREAD { states.max(1) } else { CHUNK }
}

/// What was made of the states that come later.
#[derive(Debug)]
pub(super) struct After<'p, T> {
    from: usize,
    made: &'p [T],
}

impl<T> Clone for After<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for After<'_, T> {}

impl<'p, T> After<'p, T> {
    /// What was made of a state that a transition leads to.
    pub fn of(self, state: u32) -> &'p T {
        &self.made[state as usize - self.from]
    }
}

/// Where the layers begin, from the end as long as they can be: searched breadth first, each is the
/// states at one depth.
fn layers(graph: &Graph, threads: usize) -> Vec<usize> {
    let mut nearest = vec![0_u32; graph.states()];
    let mut chunks: Vec<(usize, &mut [u32])> = Vec::new();
    for (nth, chunk) in nearest.chunks_mut(WORTH_A_THREAD).enumerate() {
        chunks.push((nth * WORTH_A_THREAD, chunk));
    }
    in_parallel(threads, &mut chunks, |(first, chunk)| {
        for (nth, place) in chunk.iter_mut().enumerate() {
            let edges = graph.edges(*first + nth).iter();
            *place = edges.map(|edge| edge.to).min().unwrap_or(u32::MAX);
        }
    });
    let mut end = graph.states();
    let mut layers = vec![end];
    for (state, nearest) in nearest.iter().enumerate().rev() {
        if (*nearest as usize) < end {
            end = state + 1;
            layers.push(end);
        }
    }
    layers.push(0);
    layers.reverse();
    layers
}

impl Graph {
    /// The states in an order in which every transition leads forward, or `None` if there is a
    /// cycle: schedules without end.
    pub fn topological(&self) -> Option<Vec<u32>> {
        if self.leads_forward() {
            return Some((0..self.states() as u32).collect());
        }
        let mut incoming = vec![0_u32; self.states()];
        let all = (0..self.states()).flat_map(|state| self.edges(state));
        all.for_each(|edge| incoming[edge.to as usize] += 1);
        let mut order = Vec::with_capacity(self.states());
        order.push(0);
        let mut next = 0;
        while next < order.len() {
            for edge in self.edges(order[next] as usize) {
                let count = &mut incoming[edge.to as usize];
                *count -= 1;
                if *count == 0 {
                    order.push(edge.to);
                }
            }
            next += 1;
        }
        // A cycle through the initial state would have been entered at its start.
        (order.len() == self.states() && incoming[0] == 0).then_some(order)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use super::super::{Explored, Limits, explore};
    use super::*;

    /// Four workers that overwrite each other, twice each: layers of more than one chunk.
    fn explored(threads: usize) -> Explored {
        let worker = |name: char| {
            format!(
                "  - {{name: {name}, write: update-unconditional, runs: 2, \
                 sets: {{data.{name}: written}}}}\n"
            )
        };
        let workers: String = ('a'..='d').map(worker).collect();
        let text = format!(
            "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: racing}}\n\
             objects:\n  - {{apiVersion: v1, kind: ConfigMap, \
             metadata: {{name: demo, namespace: default}}}}\nworkers:\n{workers}"
        );
        let scenarios = crate::scenario::Scenario::from_str("racing", &text).expect("valid");
        let scenario = Arc::new(scenarios.into_iter().next().expect("one"));
        let world = crate::check::world(&scenario).expect("nothing is refused");
        explore(&world, Limits { threads, ..Limits::default() }, &mut |_| None)
    }

    /// Everything that the passes say.
    fn said(explored: &Explored) -> Vec<String> {
        let counts = explored.counts(100).expect("covered");
        assert_eq!(counts.schedules.to_string(), "63063000");
        let each = (0..explored.graph.observers()).map(|observer| {
            let odds = explored.odds(observer, 100).expect("covered");
            let bits = (odds.decided.to_bits(), odds.clean.to_bits(), odds.exact);
            format!("{bits:?} {:?}", explored.shortest(observer))
        });
        let all = format!("{counts:?} {:?}", explored.shortest_of_all());
        each.chain([all]).collect()
    }

    #[test]
    fn layers_on_any_number_of_threads_and_a_sorted_order_say_the_same_to_the_bit() {
        let mut one = explored(1);
        let layers = one.backward().expect("no cycle").order.layers.clone();
        // As long as any schedule, and the initial state.
        assert_eq!(layers.len(), 16 + 2);
        let widest = layers.windows(2).map(|layer| layer[1] - layer[0]).max();
        assert!(widest > Some(WORTH_A_THREAD), "{widest:?}");
        let expected = said(&one);
        assert!(expected[0].contains("Worker"), "a write is lost: {}", expected[0]);
        assert_eq!(said(&explored(2)), expected);
        assert_eq!(said(&explored(5)), expected);
        // Sorted by the length of what is still to come they are the same layers; and within a
        // layer any order does.
        let sorted = Order::sorted(&one.graph, &one.graph.topological().expect("no cycle"));
        assert_eq!(sorted.layers, layers);
        let mut states = sorted.sorted.expect("states at places");
        layers.windows(2).for_each(|layer| states[layer[0]..layer[1]].reverse());
        one.order = OnceLock::from(Some(Order { layers, sorted: Some(states) }));
        one.threads = 2;
        assert_eq!(said(&one), expected);
    }
}
