//! Passes over the graph from the ends to the beginning: counts, odds and shortest schedules.
//!
//! What such a pass says of a state follows from what it says of the states that come next, so it
//! takes the states layer by layer: no transition leads from a state to one of its own layer or of
//! an earlier one. The states of a layer do not ask each other, and threads share them. Each state
//! is computed from the same values by the same steps whoever does it, so the result is the same,
//! to the bit. Next to read: `counts.rs`.

use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

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
        match graph.leads_forward() {
            true => Some(Order { layers: layers(graph, threads), sorted: None }),
            false => Order::sorted(graph, threads),
        }
    }

    /// By the length of the longest way from the initial state: a layer is what only transitions
    /// from earlier layers lead to.
    fn sorted(graph: &Graph, threads: usize) -> Option<Order> {
        let incoming = incoming(graph, threads);
        // A cycle through the initial state would be entered at its start.
        if incoming[0].load(Relaxed) != 0 {
            return None;
        }
        let (mut sorted, mut layers) = (vec![0], vec![0, 1]);
        while layers[layers.len() - 2] < sorted.len() {
            let layer = &sorted[layers[layers.len() - 2]..];
            let mut chunks: Vec<(&[u32], Vec<u32>)> = Vec::new();
            chunks.extend(layer.chunks(chunk(layer.len())).map(|states| (states, Vec::new())));
            in_parallel(threads, &mut chunks, |(states, next)| {
                let edges = states.iter().flat_map(|state| graph.edges(*state as usize));
                let last =
                    edges.filter(|edge| incoming[edge.to as usize].fetch_sub(1, Relaxed) == 1);
                next.extend(last.map(|edge| edge.to));
            });
            let mut next: Vec<u32> = chunks.into_iter().flat_map(|(_, next)| next).collect();
            // Which thread took the last transition to a state is chance; the numbers are not.
            next.sort_unstable();
            sorted.extend(next);
            layers.push(sorted.len());
        }
        layers.pop();
        (sorted.len() == graph.states()).then_some(Order { layers, sorted: Some(sorted) })
    }
}

/// How many transitions lead to each state.
fn incoming(graph: &Graph, threads: usize) -> Vec<AtomicU32> {
    let incoming: Vec<AtomicU32> = (0..graph.states()).map(|_| AtomicU32::new(0)).collect();
    let mut chunks: Vec<usize> = (0..graph.states()).step_by(WORTH_A_THREAD).collect();
    in_parallel(threads, &mut chunks, |first| {
        for state in *first..graph.states().min(*first + WORTH_A_THREAD) {
            for edge in graph.edges(state) {
                incoming[edge.to as usize].fetch_add(1, Relaxed);
            }
        }
    });
    incoming
}

/// A graph without cycles, its order, and how many threads there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backward<'g> {
    pub graph: &'g Graph,
    pub order: &'g Order,
    pub threads: usize,
}

/// A pass of which the last layers are made.
#[derive(Debug)]
pub(super) struct Begun<T> {
    made: Vec<T>,
    /// How many layers are still to be made: the first ones.
    layers: usize,
}

impl<T> Begun<T> {
    /// With each result as another type has it.
    pub fn map<U>(self, of: impl Fn(T) -> U) -> Begun<U> {
        Begun { made: self.made.into_iter().map(of).collect(), layers: self.layers }
    }
}

impl Backward<'_> {
    /// What `of` gives for each state, from what it gave for those that come next; `None` as soon
    /// as `of` fails. `nothing` is never seen.
    pub fn pass<T: Clone + Send + Sync>(
        self,
        nothing: T,
        of: impl Fn(usize, After<'_, T>) -> Option<T> + Sync,
    ) -> Option<Vec<T>> {
        self.go_on(self.begin(nothing), of).ok()
    }

    /// A pass of which nothing is made yet.
    pub fn begin<T: Clone>(self, nothing: T) -> Begun<T> {
        let made = vec![nothing; self.graph.states()];
        Begun { made, layers: self.order.layers.len() - 1 }
    }

    /// The rest of a pass; if `of` fails, what was made before.
    pub fn go_on<T: Send + Sync>(
        self,
        mut begun: Begun<T>,
        of: impl Fn(usize, After<'_, T>) -> Option<T> + Sync,
    ) -> Result<Vec<T>, Begun<T>> {
        while begun.layers > 0 {
            let layer = self.order.layers[begun.layers - 1]..self.order.layers[begun.layers];
            let made = match &self.order.sorted {
                None => self.in_place(&mut begun.made, layer.start, layer.end, &of),
                Some(states) => self.aside(&mut begun.made, &states[layer], &of),
            };
            if made.is_none() {
                return Err(begun);
            }
            begun.layers -= 1;
        }
        Ok(begun.made)
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
        let order = Order::of(self, 1)?;
        Some(order.sorted.unwrap_or_else(|| (0..self.states() as u32).collect()))
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
        // Sorted by the length of the way to them they are the same layers, on any number of
        // threads; and within a layer any order does.
        let sorted = |threads| Order::sorted(&one.graph, threads).expect("no cycle");
        let of_one = sorted(1);
        assert_eq!(of_one.layers, layers);
        assert_eq!(sorted(3).sorted, of_one.sorted);
        let mut states = of_one.sorted.expect("states at places");
        layers.windows(2).for_each(|layer| states[layer[0]..layer[1]].reverse());
        one.order = OnceLock::from(Some(Order { layers, sorted: Some(states) }));
        one.threads = 2;
        assert_eq!(said(&one), expected);
    }
}
