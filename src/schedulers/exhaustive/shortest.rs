//! The shortest schedule that violates a property, and among those the one with the fewest
//! switches between workers; among those, the first in the order of choices.
//!
//! Backwards from the ends: for each state the length of the shortest way to an end that counts,
//! the fewest switches among ways of that length, and which workers such a way may start with.
//! Whoever moved last then pays one switch more unless he is among them, so this is enough to
//! choose well from any predecessor. Deliveries and faults belong to no worker and cost no switch.
//! Next to read: `check/mod.rs`.

use super::backward::{After, Backward};
use super::graph::Graph;
use crate::simulation::Choice;
use crate::trace::Fault;

/// The best way from a state to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Way {
    steps: u32,
    switches: u32,
    /// The workers that a way of this cost may start with, as bits; all, if none moves any more.
    starts: u64,
}

const NONE: Way = Way { steps: u32::MAX, switches: u32::MAX, starts: 0 };
const HERE: Way = Way { steps: 0, switches: 0, starts: u64::MAX };

impl Way {
    fn cost(self) -> (u32, u32) {
        (self.steps, self.switches)
    }

    /// The cost for each worker that may have moved last.
    fn cost_after(self, mover: u64) -> (u32, u32) {
        let switch = mover != 0 && self.starts & mover == 0;
        (self.steps, self.switches.saturating_add(u32::from(switch)))
    }

    /// The same, with the workers called by who stands at their places.
    fn named(self, names: Option<&[u8]>) -> Way {
        match names {
            Some(names) if self.starts != u64::MAX => {
                let at_places = (0..names.len().min(64))
                    .map(|at| if self.starts >> at & 1 == 1 { 1 << names[at].min(63) } else { 0 });
                Way { starts: at_places.fold(0, |all, bit: u64| all | bit), ..self }
            }
            _ => self,
        }
    }

    fn or(self, other: Way) -> Way {
        match self.cost().cmp(&other.cost()) {
            std::cmp::Ordering::Less => self,
            std::cmp::Ordering::Greater => other,
            std::cmp::Ordering::Equal => Way { starts: self.starts | other.starts, ..self },
        }
    }
}

/// The bit of the worker that a choice moves; 0 if no worker moves.
fn mover(choice: Choice) -> u64 {
    match choice {
        Choice::Worker(worker)
        | Choice::Fault(Fault::LostResponse(worker) | Fault::Deadline(worker)) => {
            1 << (worker as u64).min(63)
        }
        Choice::Deliver(_) | Choice::Fault(_) => 0,
    }
}

/// Who stands at a place.
fn name(names: &Option<Vec<u8>>, at: u8) -> u8 {
    names.as_ref().map_or(at, |names| names[at as usize])
}

/// The shortest way to any end, and to an end that decides the observer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ways {
    any: Way,
    decided: Way,
}

/// [`Ways`] as they are kept: for *any* and *decided* the steps and switches, each one more than
/// they are, and who may start; of no way, zeros, of which memory comes without being filled.
type Kept = [(u32, u32, u64); 2];

const NOTHING: Kept = [(0, 0, 0); 2];

impl Ways {
    fn kept(self) -> Kept {
        let kept = |way: Way| (way.steps.wrapping_add(1), way.switches.wrapping_add(1), way.starts);
        [kept(self.any), kept(self.decided)]
    }
}

impl From<Kept> for Ways {
    fn from([any, decided]: Kept) -> Ways {
        let way = |(steps, switches, starts): (u32, u32, u64)| Way {
            steps: steps.wrapping_sub(1),
            switches: switches.wrapping_sub(1),
            starts,
        };
        Ways { any: way(any), decided: way(decided) }
    }
}

/// The shortest schedule that decides the observer, or the shortest of all.
pub(super) fn schedule(
    graph: &Graph,
    passes: Option<Backward<'_>>,
    observer: Option<usize>,
) -> Option<Vec<Choice>> {
    let ways = ways(graph, passes, observer);
    let mut wanted = observer.is_some();
    let way = |state: u32, wanted: bool| {
        let ways = Ways::from(ways[state as usize]);
        if wanted { ways.decided } else { ways.any }
    };
    let mut schedule = Vec::new();
    let (mut state, mut last) = (0_u32, 0_u64);
    if way(0, wanted) == NONE {
        return None;
    }
    // Who stands at each place of the present state: each at its own, until a worker is
    // exchanged.
    let mut names: Option<Vec<u8>> = None;
    while way(state, wanted) != HERE {
        let steps = graph.edges(state as usize).iter().enumerate().map(|(nth, edge)| {
            let choice = graph.renamed(graph.choice(*edge), names.as_deref().unwrap_or(&[]));
            let then = match graph.from(state as usize, nth) {
                Some(from) => Some(from.iter().map(|at| name(&names, *at)).collect()),
                None => names.clone(),
            };
            let still = wanted && !observer.is_some_and(|observer| edge.decides(observer));
            let moved = mover(choice);
            let after = if moved == 0 { last } else { moved };
            let (steps, switches) = way(edge.to, still).named(then.as_deref()).cost_after(after);
            let switch = last != 0 && moved != 0 && moved != last;
            ((steps, switches.saturating_add(u32::from(switch))), choice, *edge, then)
        });
        let (_, choice, edge, then) = steps.min_by_key(|(cost, choice, ..)| (*cost, *choice))?;
        wanted &= !observer.is_some_and(|observer| edge.decides(observer));
        if mover(choice) != 0 {
            last = mover(choice);
        }
        schedule.push(choice);
        (state, names) = (edge.to, then);
    }
    Some(schedule)
}

fn ways(graph: &Graph, passes: Option<Backward<'_>>, observer: Option<usize>) -> Vec<Kept> {
    if let Some(passes) = passes {
        // Without cycles one pass settles everything.
        let through = |state: usize, after: After<'_, Kept>| {
            Some(ways_from(graph, observer, state, |to| (*after.of(to)).into()).kept())
        };
        return passes.pass(NOTHING, through).unwrap_or_default();
    }
    let mut ways = vec![NOTHING; graph.states()];
    loop {
        let mut changed = false;
        for state in (0..graph.states()).rev() {
            let found = ways_from(graph, observer, state, |to| ways[to as usize].into()).kept();
            changed |= ways[state] != found;
            ways[state] = found;
        }
        if !changed {
            return ways;
        }
    }
}

fn ways_from(
    graph: &Graph,
    observer: Option<usize>,
    state: usize,
    ways: impl Fn(u32) -> Ways,
) -> Ways {
    if let Some(decided) = graph.decided_at_end(state) {
        let counts = observer.is_some_and(|observer| decided >> observer & 1 == 1);
        return Ways { any: HERE, decided: if counts { HERE } else { NONE } };
    }
    let mut found = Ways { any: NONE, decided: NONE };
    for (nth, edge) in graph.edges(state).iter().enumerate() {
        let decides = observer.is_some_and(|observer| edge.decides(observer));
        let next = ways(edge.to);
        let choice = graph.choice(*edge);
        let from = graph.from(state, nth);
        found.any = found.any.or(through(choice, next.any.named(from)));
        let rest = if decides { next.any } else { next.decided };
        found.decided = found.decided.or(through(choice, rest.named(from)));
    }
    found
}

fn through(choice: Choice, next: Way) -> Way {
    if next == NONE {
        return NONE;
    }
    let steps = next.steps + 1;
    match mover(choice) {
        0 => Way { steps, ..next },
        moved => {
            let (_, switches) = next.cost_after(moved);
            Way { steps, switches, starts: moved }
        }
    }
}
