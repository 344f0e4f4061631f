//! The graph of states of code that is run again and again.
//!
//! A node is a state, an edge a move that was made, or of which it is known where it leads: if two
//! moves commute, three sides of a square tell the fourth, and nothing has to be run for it. The
//! graph is acyclic, since a state remembers what each worker has been told. Next to read:
//! `walk.rs`, which runs along it; `counts.rs`, which counts its paths.

use std::collections::{BTreeMap, BTreeSet};

use super::{Footprint, Key, Move};

/// What is known of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// It was not made yet.
    Open,
    /// An execution is about to make it.
    Taken,
    /// It leads there.
    To(usize),
}

/// A state.
#[derive(Debug)]
pub(super) struct Node {
    pub moves: Vec<Move>,
    pub edges: Vec<Edge>,
    pub footprints: Vec<Option<Footprint>>,
    /// Where it was reached from: by which move of which state.
    pub parents: Vec<(usize, usize)>,
    /// Edges that do not yet lead to a state of which everything is known.
    pub(super) missing: usize,
    /// An execution was cut off here by the bound on steps.
    pub cut: bool,
}

impl Node {
    /// A state of which nothing is known but who may move.
    pub(super) fn new(moves: &[Move]) -> Node {
        Node {
            moves: moves.to_vec(),
            edges: vec![Edge::Open; moves.len()],
            footprints: vec![None; moves.len()],
            parents: Vec::new(),
            missing: moves.len(),
            cut: false,
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.missing == 0 || self.cut
    }
}

/// The same prefix has led to something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The moves of the prefix.
    pub prefix: Vec<Move>,
}

/// The states that were reached.
#[derive(Debug)]
pub struct Graph<O> {
    pub(super) nodes: Vec<Node>,
    pub(super) index: BTreeMap<Key, usize>,
    pub(super) outcomes: BTreeMap<usize, O>,
    /// States with a move that was not made yet.
    pub(super) open: BTreeSet<usize>,
    taken: usize,
    /// Executions that were started.
    pub executions: u64,
    /// Moves that were made in all of them.
    pub steps: u64,
    /// Edges that no execution had to make.
    pub inferred: u64,
    /// Whether squares are completed. Off for comparison only.
    pub infer: bool,
    /// Whether prefixes that lead to one state are one. Off for comparison only: then each schedule
    /// is run by itself.
    pub merge: bool,
}

impl<O> Default for Graph<O> {
    fn default() -> Self {
        Graph {
            nodes: Vec::new(),
            index: BTreeMap::new(),
            outcomes: BTreeMap::new(),
            open: BTreeSet::new(),
            taken: 0,
            executions: 0,
            steps: 0,
            inferred: 0,
            infer: true,
            merge: true,
        }
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Run this prefix, the last move of which was not made before.
    Run(Vec<usize>),
    /// All that is open is being made by others.
    Wait,
    /// Everything is known.
    Done,
}

impl<O> Graph<O> {
    /// Distinct states.
    pub fn states(&self) -> u64 {
        self.nodes.len() as u64
    }

    /// Moves between them.
    pub fn transitions(&self) -> u64 {
        let known = |node: &Node| node.edges.iter().filter(|e| matches!(e, Edge::To(_))).count();
        self.nodes.iter().map(known).sum::<usize>() as u64
    }

    /// Whether every move of every state has been made, and no execution was cut off.
    pub fn is_closed(&self) -> bool {
        !self.nodes.is_empty() && self.open.is_empty() && self.taken == 0 && !self.is_cut()
    }

    /// Whether an execution was cut off by the bound on steps.
    pub fn is_cut(&self) -> bool {
        self.nodes.iter().any(|node| node.cut)
    }

    /// What was found where executions ended, each once.
    pub fn outcomes(&self) -> impl Iterator<Item = &O> {
        self.outcomes.values()
    }

    pub(super) fn has_outcome(&self, node: usize) -> bool {
        self.outcomes.contains_key(&node)
    }

    /// The state with this key, which was reached by `from`.
    pub(super) fn enter(
        &mut self,
        from: Option<(usize, usize)>,
        key: Key,
        moves: &[Move],
    ) -> Result<usize, Mismatch> {
        let known = self.index.get(&key).copied();
        let node = known.unwrap_or_else(|| self.insert(key, moves));
        let expected = match from {
            Some((parent, at)) => match self.nodes[parent].edges[at] {
                Edge::To(there) => Some(there),
                _ => None,
            },
            None => Some(0),
        };
        let changed = expected.is_some_and(|there| there != node);
        if changed || self.nodes[node].moves != moves {
            let mut prefix = Vec::new();
            if let Some((parent, at)) = from {
                prefix = self.moves_to(parent);
                prefix.push(self.nodes[parent].moves[at]);
            }
            return Err(Mismatch { prefix });
        }
        if let (Some((parent, at)), None) = (from, expected) {
            self.connect(parent, at, node);
        }
        Ok(node)
    }

    fn insert(&mut self, key: Key, moves: &[Move]) -> usize {
        let node = self.nodes.len();
        self.index.insert(key, node);
        self.nodes.push(Node::new(moves));
        if !moves.is_empty() {
            self.open.insert(node);
        }
        node
    }

    /// A move leads to a state.
    fn connect(&mut self, parent: usize, at: usize, node: usize) {
        if self.nodes[parent].edges[at] == Edge::Taken {
            self.taken -= 1;
        }
        self.nodes[parent].edges[at] = Edge::To(node);
        self.nodes[node].parents.push((parent, at));
        if !self.nodes[parent].edges.contains(&Edge::Open) {
            self.open.remove(&parent);
        }
        if self.nodes[node].is_done() {
            self.child_done(parent);
        }
    }

    /// One more edge of this state leads to where everything is known.
    fn child_done(&mut self, node: usize) {
        let mut work = vec![node];
        while let Some(node) = work.pop() {
            let was_done = self.nodes[node].is_done();
            self.nodes[node].missing -= 1;
            if !was_done && self.nodes[node].is_done() {
                work.extend(self.nodes[node].parents.iter().map(|(parent, _)| *parent));
            }
        }
    }

    /// Takes a move that was not made yet. False if it was, or it could be inferred.
    fn take(&mut self, node: usize, at: usize) -> bool {
        if self.nodes[node].edges[at] != Edge::Open || self.complete_square(node, at) {
            return false;
        }
        self.nodes[node].edges[at] = Edge::Taken;
        self.taken += 1;
        if !self.nodes[node].edges.contains(&Edge::Open) {
            self.open.remove(&node);
        }
        true
    }

    /// A move that was taken has not been made after all.
    pub(super) fn give_back(&mut self, node: usize, at: usize) {
        if self.nodes[node].edges[at] == Edge::Taken {
            self.nodes[node].edges[at] = Edge::Open;
            self.taken -= 1;
            self.open.insert(node);
        }
    }

    /// An execution was cut off in this state: nothing below it is looked at.
    pub(super) fn cut(&mut self, node: usize) {
        let state = &mut self.nodes[node];
        if state.is_done() {
            return;
        }
        state.cut = true;
        let parents = state.parents.clone();
        self.open.remove(&node);
        parents.iter().for_each(|(parent, _)| self.child_done(*parent));
    }

    pub(super) fn finish(&mut self, node: usize, outcome: O) {
        self.outcomes.entry(node).or_insert(outcome);
    }

    /// In state `t = s·b` the move `a` commutes with `b`, and `s·a·b` is known: it is `t·a`.
    fn complete_square(&mut self, t: usize, at: usize) -> bool {
        if !self.infer {
            return false;
        }
        let a = self.nodes[t].moves[at];
        for (s, b_at) in self.nodes[t].parents.clone() {
            let from = &self.nodes[s];
            let b = from.moves[b_at];
            let Some(a_at) = from.moves.iter().position(|known| *known == a) else { continue };
            let (Some(a_did), Some(b_did)) = (&from.footprints[a_at], &from.footprints[b_at])
            else {
                continue;
            };
            let Edge::To(u) = from.edges[a_at] else { continue };
            if a.worker() == b.worker() || !a_did.commutes_with(b_did) {
                continue;
            }
            let Some(b_there) = self.nodes[u].moves.iter().position(|known| *known == b) else {
                continue;
            };
            let Edge::To(v) = self.nodes[u].edges[b_there] else { continue };
            let a_did = a_did.clone();
            self.nodes[t].footprints[at] = Some(a_did);
            self.connect(t, at, v);
            self.inferred += 1;
            return true;
        }
        false
    }

    /// A move of this state that leads towards something unknown; it is taken.
    pub(super) fn onwards(&mut self, node: usize) -> Option<usize> {
        if self.nodes[node].cut {
            return None;
        }
        for at in 0..self.nodes[node].moves.len() {
            if self.take(node, at) {
                return Some(at);
            }
        }
        let leads_on = |edge: &Edge| match edge {
            Edge::To(there) => !self.nodes[*there].is_done(),
            Edge::Open | Edge::Taken => false,
        };
        self.nodes[node].edges.iter().position(leads_on)
    }

    /// The prefix to run next.
    pub fn next_run(&mut self) -> Next {
        if self.nodes.is_empty() {
            return Next::Run(Vec::new());
        }
        while let Some(node) = self.open.last().copied() {
            for at in 0..self.nodes[node].moves.len() {
                if self.take(node, at) {
                    let mut way = self.way_to(node);
                    way.push(at);
                    return Next::Run(way);
                }
            }
        }
        if self.taken > 0 { Next::Wait } else { Next::Done }
    }

    /// The first way that led to a state, as indices.
    fn way_to(&self, node: usize) -> Vec<usize> {
        let mut way = Vec::new();
        let mut here = node;
        while let Some((parent, at)) = self.nodes[here].parents.first() {
            way.push(*at);
            here = *parent;
        }
        way.reverse();
        way
    }

    /// The same, as moves.
    fn moves_to(&self, node: usize) -> Vec<Move> {
        let mut here = 0;
        let mut moves = Vec::new();
        for at in self.way_to(node) {
            moves.push(self.nodes[here].moves[at]);
            if let Edge::To(next) = self.nodes[here].edges[at] {
                here = next;
            }
        }
        moves
    }
}
