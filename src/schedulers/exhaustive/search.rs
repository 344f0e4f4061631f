//! The search itself: batches of states are expanded, and what is new among their successors is
//! numbered.
//!
//! Each batch has three phases, which threads share without a lock. *Expand*: pieces of the batch
//! look up where each choice leads, and sort the packed rows by the part of the set that they
//! belong to; a piece that misses something gives up, and is done again when it has been learnt.
//! *Place*: each part of the set takes its rows, piece after piece. *Connect*: each piece reads
//! where its rows were placed. Which thread does what changes nothing: states, their numbers, the
//! order of transitions are those of one thread. Next to read: `states.rs`.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::graph::{Choices, Edge, Graph};
use super::parallel::{in_parallel, in_parallel_mut};
use super::parts::{Miss, Parts, Scratch};
use super::states::{Packing, SHARDS, Shard, States, shard_of};

/// States of one batch at most: what is under way at once.
pub(super) const BATCH: usize = 1 << 16;

/// States of one piece of a batch.
const PIECE: usize = 512;

/// Batches below this are not worth a second thread.
const WORTH_A_THREAD: usize = 4 * PIECE;

/// What a search works on.
pub(super) struct Search {
    pub parts: Parts,
    pub states: States,
    pub graph: Graph,
    /// Everything that was learnt, in order.
    pub learnt: Vec<Miss>,
    pub threads: usize,
}

/// The transitions of some states that stand together.
#[derive(Default)]
struct Piece {
    /// The first state.
    start: usize,
    /// The number of transitions up to each state that is done.
    ends: Vec<u32>,
    /// For each transition, choice, flags and permutation, and the part of its target.
    edges: Vec<(u16, u16, u32, u8)>,
    /// The packed targets, by part.
    targets: Vec<Vec<u64>>,
    /// Permutations, by their number in this piece.
    permutations: IndexSet<Box<[u8]>, FxBuildHasher>,
    /// States in which every worker is done: which one, whom that decides, and the common part.
    finals: Vec<(usize, u16, u32)>,
}

impl Search {
    pub fn new(mut parts: Parts, first: &[u32], graph: Graph, threads: usize) -> Search {
        // What stands in the first row is known, and has to fit.
        let packing = Packing::for_ranges(columns(&mut parts));
        let mut states = States::new(packing);
        states.add(first);
        Search { parts, states, graph, learnt: Vec::new(), threads }
    }

    /// Expands the states from `from` up to `to`, which are all numbered.
    pub fn expand(&mut self, from: usize, to: usize) {
        loop {
            let pieces = self.expand_pieces(from, to);
            if self.states.packing.holds(columns(&mut self.parts)) {
                return self.connect(from, pieces);
            }
            // Something was learnt that does not fit: the batch is done again, all being known.
            let packing = Packing::for_ranges(columns(&mut self.parts));
            self.states.repack(packing);
        }
    }

    /// Leaves the states from `from` up to `to` as they are: the schedules that end there have
    /// ended, the others are cut off.
    pub fn expand_finals(&mut self, from: usize, to: usize) {
        let mut row = Vec::new();
        for state in from..to {
            self.states.unpack(state, &mut row);
            match self.parts.is_finished(&row) {
                true => self.expand(state, state + 1),
                false => self.graph.leave_open(state),
            }
        }
    }

    fn expand_pieces(&mut self, from: usize, to: usize) -> Vec<Piece> {
        let starts: Vec<usize> = (from..to).step_by(PIECE).collect();
        let end = |start: usize| (start + PIECE).min(to);
        let (parts, states) = (&self.parts, &self.states);
        let choices = &self.graph.choices;
        let mut pieces = in_parallel(self.threads_for(to - from), &starts, |&start| {
            let mut piece = Piece::new(start);
            let missed = piece.expand(parts, states, choices, end(start)).err();
            (piece, missed)
        });
        // What a piece misses is learnt where it stopped, and it goes on from there. Rows that do
        // not fit then are packed in vain: the batch is done again.
        for (piece, missed) in &mut pieces {
            while let Some(miss) = missed.take() {
                self.parts.learn(&miss);
                self.learnt.push(miss);
                let (parts, choices) = (&self.parts, &self.graph.choices);
                *missed = piece.expand(parts, &self.states, choices, end(piece.start)).err();
            }
        }
        self.parts.forget_plain();
        pieces.into_iter().map(|(piece, _)| piece).collect()
    }

    fn threads_for(&self, states: usize) -> usize {
        if states < WORTH_A_THREAD { 1 } else { self.threads }
    }

    fn connect(&mut self, from: usize, pieces: Vec<Piece>) {
        let threads = self.threads_for(pieces.len() * PIECE);
        let words = self.states.packing.words;
        let mut shards: Vec<(usize, &mut Shard)> =
            self.states.shards.iter_mut().enumerate().collect();
        let placed = in_parallel_mut(threads, &mut shards, |(number, shard)| {
            let rows = |piece: &Piece| -> Vec<u32> {
                piece.targets[*number].chunks_exact(words).map(|row| shard.place(row)).collect()
            };
            pieces.iter().map(rows).collect::<Vec<Vec<u32>>>()
        });
        self.states.number();
        let shards = &self.states.shards;
        let numbers: Vec<usize> = (0..pieces.len()).collect();
        let connected = in_parallel(threads, &numbers, |&number| {
            let mut next = [0_usize; SHARDS];
            let edge = |&(choice, flags, _, part): &(u16, u16, u32, u8)| {
                let local = placed[part as usize][number][next[part as usize]];
                next[part as usize] += 1;
                Edge::new(shards[part as usize].ids[local as usize], choice, flags)
            };
            pieces[number].edges.iter().map(edge).collect::<Vec<Edge>>()
        });
        for ((piece, edges), number) in pieces.iter().zip(&connected).zip(0..) {
            self.graph.append(from + number * PIECE, edges, &piece.ends, &piece.finals);
            let permutations = piece.edges.iter().map(|(_, _, permutation, _)| *permutation);
            self.graph.append_permutations(&piece.permutations, permutations);
        }
    }

    /// The bytes that states and transitions take, as they stand.
    pub fn bytes(&self) -> u64 {
        self.states.bytes() + self.graph.bytes()
    }
}

fn columns(parts: &mut Parts) -> impl Iterator<Item = u32> + use<> {
    let (commons, workers, caches) = parts.ranges();
    let layout = parts.layout;
    let of_workers = std::iter::repeat_n(workers, layout.caches - layout.workers);
    let of_caches = std::iter::repeat_n(caches, layout.width - layout.caches);
    std::iter::once(commons).chain(of_workers).chain(of_caches)
}

impl Piece {
    fn new(start: usize) -> Piece {
        Piece { start, targets: vec![Vec::new(); SHARDS], ..Piece::default() }
    }

    /// Expands the states from the first that is not done up to `end`, or up to one that misses
    /// something.
    fn expand(
        &mut self,
        parts: &Parts,
        states: &States,
        choices: &Choices,
        end: usize,
    ) -> Result<(), Miss> {
        let (mut row, mut packed) = (Vec::new(), Vec::new());
        let mut scratch = Scratch::default();
        for id in self.start + self.ends.len()..end {
            states.unpack(id, &mut row);
            if parts.is_finished(&row) {
                self.finals.push((id, parts.judge(&row)?, row[0]));
                self.ends.push(self.edges.len() as u32);
                continue;
            }
            let done = (self.edges.len(), self.permutations.len());
            let expanded = parts.expand(&row, &mut scratch, &mut |expansion| {
                packed.clear();
                states.packing.pack(expansion.row, &mut packed);
                let part = shard_of(&packed);
                self.targets[part].extend_from_slice(&packed);
                let permutation = match expansion.from {
                    None => 0,
                    Some(from) => match self.permutations.get_index_of(from) {
                        Some(known) => known as u32 + 1,
                        None => self.permutations.insert_full(from.into()).0 as u32 + 1,
                    },
                };
                let choice = choices.number(expansion.choice);
                self.edges.push((choice, expansion.flags, permutation, part as u8));
            });
            if let Err(miss) = expanded {
                self.take_back(done, states.packing.words);
                return Err(miss);
            }
            self.ends.push(self.edges.len() as u32);
        }
        Ok(())
    }

    /// Takes back the transitions and permutations after the first so many.
    fn take_back(&mut self, (edges, permutations): (usize, usize), words: usize) {
        for (_, _, _, part) in self.edges.drain(edges..) {
            let targets = &mut self.targets[part as usize];
            targets.truncate(targets.len() - words);
        }
        self.permutations.truncate(permutations);
    }
}
