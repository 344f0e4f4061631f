//! Counting the paths of the graph, and finding the shortest one that ends so.
//!
//! Next to read: `crate::schedulers::exhaustive`, which does the same for states that can be
//! cloned.

use std::collections::{BTreeMap, BTreeSet};

use super::Move;
use super::graph::{Edge, Graph};
use crate::schedulers::Count;

impl<O> Graph<O> {
    /// How many schedules there are whose end is so; `None` if not every one was covered.
    pub fn count(&self, is: impl Fn(&O) -> bool) -> Option<Count> {
        if !self.is_closed() {
            return None;
        }
        let mut paths: Vec<Option<Count>> = vec![None; self.nodes.len()];
        let mut work = vec![(0_usize, false)];
        while let Some((node, seen)) = work.pop() {
            if paths[node].is_some() {
                continue;
            }
            let below = self.nodes[node].edges.iter().filter_map(|edge| match edge {
                Edge::To(there) => Some(*there),
                Edge::Open | Edge::Taken => None,
            });
            if !seen {
                work.push((node, true));
                work.extend(below.filter(|there| paths[*there].is_none()).map(|it| (it, false)));
                continue;
            }
            let mut count = Count::ZERO;
            if self.outcomes.get(&node).is_some_and(&is) {
                count.add(&Count::ONE);
            }
            // A state that is still open below itself would be a cycle: none is counted.
            for there in below {
                count.add(paths[there].as_ref()?);
            }
            paths[node] = Some(count);
        }
        paths.swap_remove(0)
    }

    /// The schedule with the fewest moves, and of these with the fewest switches between workers,
    /// whose end is so. What was not covered is not looked at.
    pub fn shortest(&self, is: impl Fn(&O) -> bool) -> Option<Vec<Move>> {
        if self.nodes.is_empty() {
            return None;
        }
        // For each state and whoever moved last: the fewest switches, and from where.
        type Place = (usize, Option<usize>);
        let mut layer: BTreeMap<Place, usize> = BTreeMap::from([((0, None), 0)]);
        let mut before: Vec<BTreeMap<Place, (Place, Move)>> = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let good = |place: &&Place| self.outcomes.get(&place.0).is_some_and(&is);
            let best = layer.iter().filter(|(place, _)| good(place)).min_by_key(|(_, cost)| **cost);
            if let Some((end, _)) = best {
                let mut here = *end;
                let mut moves = Vec::new();
                for layer in before.iter().rev() {
                    let (from, how) = layer[&here];
                    moves.push(how);
                    here = from;
                }
                moves.reverse();
                return Some(moves);
            }
            let mut next: BTreeMap<Place, usize> = BTreeMap::new();
            let mut how: BTreeMap<Place, (Place, Move)> = BTreeMap::new();
            for (place, cost) in &layer {
                let node = &self.nodes[place.0];
                for (made, edge) in node.moves.iter().zip(&node.edges) {
                    let Edge::To(there) = edge else { continue };
                    let mover = Some(made.worker());
                    let switched = usize::from(place.1.is_some() && place.1 != mover);
                    let (to, cost) = ((*there, mover), cost + switched);
                    if !seen.contains(&to) && next.get(&to).is_none_or(|known| cost < *known) {
                        next.insert(to, cost);
                        how.insert(to, (*place, *made));
                    }
                }
            }
            if next.is_empty() {
                return None;
            }
            seen.extend(next.keys().copied());
            before.push(how);
            layer = next;
        }
    }
}
