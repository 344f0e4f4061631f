//! The graph of distinct states: rows of part numbers, and who moved from which to which.
//!
//! States are numbered in the order of discovery, breadth first; the transitions of one state
//! stand together, in the order of its choices, so everything derived from the graph is
//! deterministic. Next to read: `counts.rs`.

use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHasher};

use crate::simulation::Choice;

/// One transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The state it leads to.
    pub to: u32,
    /// The choice, as an index into [`Graph::choice`].
    choice: u16,
    /// See the constants of [`Edge`].
    flags: u16,
}

impl Edge {
    /// The step was a request to the API server.
    pub const API: u16 = 1;
    /// The request was refused because of a conflict.
    pub const CONFLICT: u16 = 2;
    /// The first of the bits that say which observers the step decides.
    pub const DECIDES: u16 = 4;
    /// How many observers have a bit.
    pub const MAX_OBSERVERS: usize = 14;

    /// Whether the step was a request to the API server.
    pub fn is_api(self) -> bool {
        self.flags & Self::API != 0
    }

    /// Whether the request was refused because of a conflict.
    pub fn is_conflict(self) -> bool {
        self.flags & Self::CONFLICT != 0
    }

    /// Whether the step decides an observer for good.
    pub fn decides(self, observer: usize) -> bool {
        self.flags & (Self::DECIDES << observer) != 0
    }
}

/// Whether a state has been expanded, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Inner,
    /// Every worker is done; bit `n` says whether observer `n` is decided by the end.
    Final(u16),
    /// Not expanded: a bound was reached.
    Open,
}

/// The graph.
#[derive(Debug)]
pub struct Graph {
    /// The rows, one after the other.
    rows: Vec<u32>,
    width: usize,
    index: HashTable<u32>,
    kinds: Vec<Kind>,
    /// The end of each expanded state's transitions.
    ends: Vec<usize>,
    edges: Vec<Edge>,
    choices: IndexSet<Choice, FxBuildHasher>,
    observers: usize,
}

fn hash(row: &[u32]) -> u64 {
    let mut hasher: FxHasher = FxBuildHasher.build_hasher();
    for part in row {
        hasher.write_u32(*part);
    }
    hasher.finish()
}

impl Graph {
    pub(super) fn new(observers: usize) -> Self {
        Graph {
            rows: Vec::new(),
            width: 0,
            index: HashTable::new(),
            kinds: Vec::new(),
            ends: Vec::new(),
            edges: Vec::new(),
            choices: IndexSet::default(),
            observers,
        }
    }

    /// The number of the state with this row; a new one if there is none yet.
    pub(super) fn add(&mut self, row: &[u32]) -> u32 {
        self.width = row.len();
        let (rows, width) = (&self.rows, self.width);
        let at = |state: u32| &rows[state as usize * width..][..width];
        let hashed = hash(row);
        if let Some(&known) = self.index.find(hashed, |&state| at(state) == row) {
            return known;
        }
        let state = u32::try_from(self.kinds.len()).expect("fewer than 2^32 states fit in memory");
        self.index.insert_unique(hashed, state, |&state| hash(at(state)));
        self.rows.extend_from_slice(row);
        self.kinds.push(Kind::Inner);
        state
    }

    pub(super) fn connect(&mut self, choice: Choice, row: &[u32], flags: u16) {
        let to = self.add(row);
        let choice = self.choices.insert_full(choice).0 as u16;
        self.edges.push(Edge { to, choice, flags });
    }

    pub(super) fn close(&mut self, state: usize) {
        debug_assert_eq!(self.ends.len(), state);
        self.ends.push(self.edges.len());
    }

    pub(super) fn close_final(&mut self, state: usize, decided: u16) {
        self.kinds[state] = Kind::Final(decided);
        self.close(state);
    }

    pub(super) fn leave_open(&mut self, state: usize) {
        if self.ends.len() == state {
            self.kinds[state] = Kind::Open;
            self.close(state);
        }
    }

    pub(super) fn row(&self, state: usize) -> &[u32] {
        &self.rows[state * self.width..][..self.width]
    }

    /// How many states there are. State 0 is the initial one.
    pub fn states(&self) -> usize {
        self.kinds.len()
    }

    /// How many transitions there are.
    pub fn transitions(&self) -> usize {
        self.edges.len()
    }

    /// How many observers judged.
    pub fn observers(&self) -> usize {
        self.observers
    }

    /// The transitions of a state, in the order of its choices.
    pub fn edges(&self, state: usize) -> &[Edge] {
        let start = if state == 0 { 0 } else { self.ends[state - 1] };
        &self.edges[start..self.ends[state]]
    }

    /// The choice of a transition.
    pub fn choice(&self, edge: Edge) -> Choice {
        self.choices[edge.choice as usize]
    }

    /// For a state in which every worker is done, the observers that this decides, as bits.
    pub fn decided_at_end(&self, state: usize) -> Option<u16> {
        match self.kinds[state] {
            Kind::Final(decided) => Some(decided),
            _ => None,
        }
    }

    /// The states in which every worker is done.
    pub fn finals(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.states()).filter(|&state| self.decided_at_end(state).is_some())
    }

    /// Whether some state was not expanded.
    pub fn is_open(&self) -> bool {
        self.kinds.contains(&Kind::Open)
    }

    /// The states in an order in which every transition leads forward, or `None` if there is a
    /// cycle: schedules without end.
    pub fn topological(&self) -> Option<Vec<u32>> {
        let mut incoming = vec![0_u32; self.states()];
        self.edges.iter().for_each(|edge| incoming[edge.to as usize] += 1);
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
