//! How likely a scheduler that picks at random is to decide an observer: exact, from the graph.
//!
//! At each step each choice is equally likely, which is what `random.rs` does. Then the probability
//! from a state is the mean over its transitions: one pass backward over a graph without cycles.
//! With a cycle (an unlimited retry) it is one pass forward per step, up to a stated number of
//! steps, and what has not ended by then is told apart.
//!
//! Rounding: all terms are non-negative doubles that are only added and divided by small whole
//! numbers, for *decided* and for *clean* separately, never one as 1 minus the other. So both are
//! exact up to a relative error of (steps x choices) x 2^-53, however close to 0 they are. Where
//! the graph has no cycle and the fractions fit into 128 bits, the probability is also computed as
//! an exact fraction.
//! Next to read: `shortest.rs`.

use super::backward::{After, Backward};
use super::graph::Graph;

/// What becomes of a run under a scheduler that picks at random. The three add up to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// The probability that the observer is decided: violated, or met.
    pub decided: f64,
    /// The probability that the run ends and it is not.
    pub clean: f64,
    /// The probability that the run has not ended within the bound on steps; 0 without a cycle.
    pub open: f64,
    /// `decided` as an exact fraction in lowest terms, where it was computed.
    pub exact: Option<Fraction>,
}

/// A probability as a fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    /// The numerator.
    pub of: u128,
    /// The denominator.
    pub all: u128,
}

impl std::fmt::Display for Fraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.of, self.all)
    }
}

impl Fraction {
    const ZERO: Fraction = Fraction { of: 0, all: 1 };
    const ONE: Fraction = Fraction { of: 1, all: 1 };

    fn plus(self, other: Fraction) -> Option<Fraction> {
        // Over the least common multiple of both denominators.
        let shared = gcd(self.all, other.all);
        let (left, right) = (other.all / shared, self.all / shared);
        let of = self.of.checked_mul(left)?.checked_add(other.of.checked_mul(right)?)?;
        Some(Fraction::reduced(of, self.all.checked_mul(left)?))
    }

    fn divided(self, by: u128) -> Option<Fraction> {
        let shared = gcd(self.of, by);
        Some(Fraction { of: self.of / shared, all: self.all.checked_mul(by / shared)? })
    }

    fn reduced(of: u128, all: u128) -> Fraction {
        let shared = gcd(of, all);
        Fraction { of: of / shared, all: all / shared }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// States up to which the exact fraction is computed.
const MAX_STATES_FOR_FRACTION: usize = 200_000;

/// The odds of an observer in a graph that was covered completely.
pub(super) fn odds(
    graph: &Graph,
    passes: Option<Backward<'_>>,
    observer: usize,
    max_steps: u64,
) -> Odds {
    let through = |passes| backward(passes, observer);
    passes.and_then(through).unwrap_or_else(|| forward(graph, observer, max_steps))
}

fn is_decided_at_end(graph: &Graph, state: usize, observer: usize) -> Option<bool> {
    graph.decided_at_end(state).map(|decided| decided >> observer & 1 == 1)
}

fn backward(passes: Backward<'_>, observer: usize) -> Option<Odds> {
    let graph = passes.graph;
    // Decided, clean.
    let from = passes.pass((0.0, 0.0), |state, after: After<'_, (f64, f64)>| {
        let edges = graph.edges(state);
        Some(match is_decided_at_end(graph, state, observer) {
            Some(true) => (1.0, 0.0),
            Some(false) => (0.0, 1.0),
            None => {
                let through = |(decided, clean): (f64, f64), edge: &super::Edge| {
                    let next = after.of(edge.to);
                    match edge.decides(observer) {
                        true => (decided + next.0 + next.1, clean),
                        false => (decided + next.0, clean + next.1),
                    }
                };
                let (decided, clean) = edges.iter().fold((0.0, 0.0), through);
                let choices = edges.len().max(1) as f64;
                (decided / choices, clean / choices)
            }
        })
    })?;
    let (decided, clean) = from[0];
    let small = graph.states() <= MAX_STATES_FOR_FRACTION;
    let exact = small.then(|| fraction(passes, observer)).flatten();
    Some(Odds { decided, clean, open: 0.0, exact })
}

/// The probability as an exact fraction; `None` if one does not fit into 128 bits.
fn fraction(passes: Backward<'_>, observer: usize) -> Option<Fraction> {
    let graph = passes.graph;
    let from = passes.pass(Fraction::ZERO, |state, after| {
        let edges = graph.edges(state);
        match is_decided_at_end(graph, state, observer) {
            Some(true) => Some(Fraction::ONE),
            Some(false) => Some(Fraction::ZERO),
            None => {
                let through = |sum: Fraction, edge: &super::Edge| match edge.decides(observer) {
                    true => sum.plus(Fraction::ONE),
                    false => sum.plus(*after.of(edge.to)),
                };
                let sum = edges.iter().try_fold(Fraction::ZERO, through)?;
                sum.divided(edges.len().max(1) as u128)
            }
        }
    })?;
    Some(from[0])
}

/// The masses of clean and of decided runs move on, layer by layer.
fn forward(graph: &Graph, observer: usize, max_steps: u64) -> Odds {
    let mut ended = (0.0, 0.0);
    let mut layer = vec![(0.0, 0.0); graph.states()];
    layer[0] = (0.0, 1.0);
    for step in 0..=max_steps {
        let mut next = vec![(0.0, 0.0); graph.states()];
        let mut alive = false;
        for (state, &(decided, clean)) in layer.iter().enumerate() {
            if decided + clean == 0.0 {
                continue;
            }
            if let Some(at_end) = is_decided_at_end(graph, state, observer) {
                let newly = if at_end { (decided + clean, 0.0) } else { (decided, clean) };
                ended = (ended.0 + newly.0, ended.1 + newly.1);
                continue;
            }
            alive = true;
            let edges = graph.edges(state);
            let share = 1.0 / edges.len().max(1) as f64;
            for edge in edges.iter().filter(|_| step < max_steps) {
                let place: &mut (f64, f64) = &mut next[edge.to as usize];
                match edge.decides(observer) {
                    true => place.0 += (decided + clean) * share,
                    false => *place = (place.0 + decided * share, place.1 + clean * share),
                }
            }
        }
        if !alive || step == max_steps {
            break;
        }
        layer = next;
    }
    let (decided, clean) = ended;
    Odds { decided, clean, open: (1.0 - decided - clean).max(0.0), exact: None }
}
