//! Runs along the graph: each execution makes at least one move that was not made before, and
//! goes on from there as long as it meets something unknown.
//!
//! An execution that reaches a known state is not thrown away: it walks on, along known edges if
//! need be, to the next move that is still open. Several executions may walk one graph at a time.
//! Next to read: `counts.rs`.

use std::collections::VecDeque;

use parking_lot::Mutex;

use super::graph::Next;
use super::{End, Footprint, Graph, Guide, Mismatch, Point, key_of};
use crate::schedulers::Bound;

/// Bounds of an exploration.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits {
    /// Distinct states at most.
    pub states: Option<u64>,
    /// Executions at most.
    pub executions: Option<u64>,
}

/// Why an exploration ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Every move of every state was made.
    Closed,
    /// A bound was reached.
    Bound(Bound),
    /// The code under test is not deterministic.
    Mismatch(Mismatch),
    /// The code under test failed in a way that ends everything, after these moves.
    Failed(String, Vec<super::Move>),
}

/// A guide along a graph.
#[derive(Debug)]
pub struct Walk<'g, O> {
    graph: &'g Mutex<Graph<O>>,
    plan: VecDeque<usize>,
    /// The state we are in, and the move we have made there.
    at: Option<(usize, Option<usize>)>,
    made: Vec<super::Move>,
    mismatch: Option<Mismatch>,
}

impl<O> Guide for Walk<'_, O> {
    fn choose(&mut self, point: Point<'_>) -> Option<usize> {
        let mut graph = self.graph.lock();
        let from = self.at.and_then(|(node, at)| Some((node, at?)));
        let key = if graph.merge { point.key } else { key_of(&self.made) };
        let node = match graph.enter(from, key, point.moves) {
            Ok(node) => node,
            Err(mismatch) => {
                self.mismatch = Some(mismatch);
                return None;
            }
        };
        self.at = Some((node, None));
        let next = self.plan.pop_front().or_else(|| graph.onwards(node))?;
        self.made.push(point.moves[next]);
        self.at = Some((node, Some(next)));
        graph.steps += 1;
        Some(next)
    }

    fn did(&mut self, footprint: Footprint) {
        if let Some((node, Some(at))) = self.at {
            self.graph.lock().nodes[node].footprints[at].get_or_insert(footprint);
        }
    }
}

impl<O> Walk<'_, O> {
    /// Whether it is known already what is found where this execution stands.
    pub fn is_known_end(&self) -> bool {
        self.at.is_some_and(|(node, _)| self.graph.lock().has_outcome(node))
    }

    /// Keeps what was found.
    fn close(self, end: End<O>) -> Option<Stop> {
        let mut graph = self.graph.lock();
        if let Some((node, Some(at))) = self.at {
            graph.give_back(node, at);
            if matches!(end, End::Steps) {
                graph.cut(node);
            }
        }
        if let Some(mismatch) = self.mismatch {
            return Some(Stop::Mismatch(mismatch));
        }
        match (end, self.at) {
            (End::Quiet(outcome), Some((node, None))) => graph.finish(node, outcome),
            (End::Steps, Some((node, None))) => graph.cut(node),
            (End::Failed(words), _) => return Some(Stop::Failed(words, self.made)),
            _ => {}
        }
        None
    }
}

/// Runs until everything is known or something ends it. `pulse` is asked before each execution;
/// `wait` is called where all that is open is being made by other threads.
pub fn explore<O>(
    graph: &Mutex<Graph<O>>,
    limits: &Limits,
    pulse: &dyn Fn(&Graph<O>) -> Option<Bound>,
    wait: &dyn Fn(),
    execute: &mut dyn FnMut(&mut Walk<'_, O>) -> End<O>,
) -> Stop {
    loop {
        let plan = {
            let mut graph = graph.lock();
            if let Some(bound) = limits.reached(&graph).or_else(|| pulse(&graph)) {
                return Stop::Bound(bound);
            }
            match graph.next_run() {
                Next::Done => return Stop::Closed,
                Next::Wait => None,
                Next::Run(plan) => {
                    graph.executions += 1;
                    Some(plan)
                }
            }
        };
        let Some(plan) = plan else {
            wait();
            continue;
        };
        let mut walk =
            Walk { graph, plan: plan.into(), at: None, made: Vec::new(), mismatch: None };
        let end = execute(&mut walk);
        if let Some(stop) = walk.close(end) {
            return stop;
        }
    }
}

impl Limits {
    fn reached<O>(&self, graph: &Graph<O>) -> Option<Bound> {
        let states = self.states.filter(|most| graph.states() >= *most).map(Bound::States);
        let executions = self.executions.filter(|most| graph.executions >= *most);
        let unfinished = !graph.is_closed();
        states.or(executions.map(Bound::Runs)).filter(|_| unfinished)
    }
}
