//! What an exploration leaves behind when a bound stops it, and how it goes on from there.
//!
//! A checkpoint is the graph: states by their keys, moves and where they lead, what they touched,
//! what was found at ends. It is read whole and examined before anything is made of it; what it
//! says of the code is checked as ever, since each new execution runs a known prefix first and has
//! to meet its keys. Next to read: `graph.rs`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::graph::{Edge, Graph, Node};
use super::{Footprint, Key, Move, key_of};

/// Raised whenever what follows is laid out in another way.
const LAYOUT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Saved<O> {
    layout: u32,
    /// Whose schedules these are.
    fingerprint: String,
    /// The digest of a known text: keys are digests, and another compiler may make others.
    probe: String,
    executions: u64,
    steps: u64,
    inferred: u64,
    nodes: Vec<State>,
    outcomes: Vec<(usize, O)>,
}

#[derive(Serialize, Deserialize)]
struct State {
    key: String,
    moves: Vec<Move>,
    /// Where each move leads; `None` if it has not been made.
    edges: Vec<Option<usize>>,
    footprints: Vec<Option<Footprint>>,
    #[serde(default)]
    cut: bool,
}

fn spelled(key: Key) -> String {
    format!("{key:032x}")
}

fn probe() -> String {
    spelled(key_of("lostwrite"))
}

impl<O: Serialize + DeserializeOwned + Clone> Graph<O> {
    /// The graph as text, for the schedules with this fingerprint.
    ///
    /// # Errors
    /// If an outcome cannot be written.
    pub fn save(&self, fingerprint: &str) -> Result<String, String> {
        let keys: BTreeMap<usize, Key> = self.index.iter().map(|(key, at)| (*at, *key)).collect();
        let nodes = self.nodes.iter().enumerate().map(|(at, node)| State {
            key: spelled(keys.get(&at).copied().unwrap_or_default()),
            moves: node.moves.clone(),
            edges: node
                .edges
                .iter()
                .map(|edge| match edge {
                    Edge::To(there) => Some(*there),
                    Edge::Open | Edge::Taken => None,
                })
                .collect(),
            footprints: node.footprints.clone(),
            cut: node.cut,
        });
        let saved = Saved {
            layout: LAYOUT,
            fingerprint: fingerprint.to_owned(),
            probe: probe(),
            executions: self.executions,
            steps: self.steps,
            inferred: self.inferred,
            nodes: nodes.collect(),
            outcomes: self.outcomes.iter().map(|(at, it)| (*at, it.clone())).collect(),
        };
        serde_json::to_string(&saved).map_err(|error| error.to_string())
    }

    /// The graph of such a text.
    ///
    /// # Errors
    /// If it is none, or that of other workers, or of another build.
    pub fn load(text: &str, fingerprint: &str) -> Result<Graph<O>, String> {
        let saved: Saved<O> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if saved.layout != LAYOUT || saved.probe != probe() {
            return Err("it was written by another build of lostwrite".to_owned());
        }
        if saved.fingerprint != fingerprint {
            return Err(format!(
                "it is of other workers or objects ({}; these are {fingerprint})",
                saved.fingerprint
            ));
        }
        let damaged = || "it is damaged".to_owned();
        let (all, mut graph) = (saved.nodes.len(), Graph::default());
        for state in saved.nodes {
            let key = Key::from_str_radix(&state.key, 16).map_err(|_| damaged())?;
            let moves = state.moves.len();
            let inside = state.edges.iter().flatten().all(|there| *there < all);
            if state.edges.len() != moves || state.footprints.len() != moves || !inside {
                return Err(damaged());
            }
            let edge = |it: Option<usize>| it.map_or(Edge::Open, Edge::To);
            let node = Node {
                edges: state.edges.into_iter().map(edge).collect(),
                footprints: state.footprints,
                cut: state.cut,
                ..Node::new(&state.moves)
            };
            if graph.index.insert(key, graph.nodes.len()).is_some() {
                return Err(damaged());
            }
            graph.nodes.push(node);
        }
        if !saved.outcomes.iter().all(|(at, _)| *at < all) || !graph.join() {
            return Err(damaged());
        }
        graph.outcomes = saved.outcomes.into_iter().collect();
        (graph.executions, graph.steps, graph.inferred) =
            (saved.executions, saved.steps, saved.inferred);
        Ok(graph)
    }

    /// Finds parents, open states and finished ones again. False if the graph has a cycle, or a
    /// state that nothing leads to.
    fn join(&mut self) -> bool {
        let mut waiting = vec![0_usize; self.nodes.len()];
        for at in 0..self.nodes.len() {
            for nth in 0..self.nodes[at].edges.len() {
                if let Edge::To(there) = self.nodes[at].edges[nth] {
                    waiting[there] += 1;
                    self.nodes[there].parents.push((at, nth));
                }
            }
        }
        let mut ready: Vec<usize> = (!self.nodes.is_empty()).then_some(0).into_iter().collect();
        let mut order = Vec::new();
        if waiting.first().is_some_and(|waits| *waits > 0) {
            return false;
        }
        while let Some(at) = ready.pop() {
            order.push(at);
            for edge in &self.nodes[at].edges {
                if let Edge::To(there) = edge {
                    waiting[*there] -= 1;
                    if waiting[*there] == 0 {
                        ready.push(*there);
                    }
                }
            }
        }
        for at in order.iter().rev().copied() {
            let node = &self.nodes[at];
            let missing = node.edges.iter().filter(|edge| match edge {
                Edge::To(there) => !self.nodes[*there].is_done(),
                Edge::Open | Edge::Taken => true,
            });
            let missing = missing.count();
            if node.edges.contains(&Edge::Open) && !node.cut {
                self.open.insert(at);
            }
            self.nodes[at].missing = missing;
        }
        order.len() == self.nodes.len()
    }
}
