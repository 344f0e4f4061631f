//! The search itself: batches of states are expanded, and what is new among their successors is
//! numbered.
//!
//! Each batch has three phases; threads take a piece, or a part, at a time. *Expand*: pieces of the
//! batch look up where each choice leads, and sort the packed rows by the part of the set that they
//! belong to; a piece that misses something stops there, and goes on when it has been learnt: one
//! thread learns, in the order of the pieces, a round after each in which all go on.
//! *Place*: each part of the set takes its rows, piece after piece. *Connect*: each piece reads
//! where its rows were placed. Which thread does what changes nothing: states, their numbers, the
//! order of transitions are those of one thread. Next to read: `states.rs`.

use std::ops::Range;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::graph::{Choices, Edge, Graph, Seen};
use super::parts::{Miss, Parts, Scratch};
use super::states::{BUCKETS, Bucket, Packing, States, bucket_of};
use crate::schedulers::parallel::in_parallel;

/// States of one batch at most: what is under way at once.
pub(super) const BATCH: usize = 1 << 15;

/// States of one piece of a batch.
const PIECE: usize = 512;

/// States of a piece that are expanded at a time where something was missing, before it is left to
/// a thread again: where much is missing, more is soon.
const ALONE: usize = 16;

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
    /// Room for a batch: memory that is touched again is cheaper than new memory.
    pieces: Vec<Piece>,
    placed: Vec<Placed>,
}

/// The transitions of some states that stand together. No two share a line of a processor's cache,
/// which threads would take from each other.
#[derive(Default)]
#[repr(align(128))]
struct Piece {
    /// The first state, and the one after the last.
    states: Range<usize>,
    /// The number of transitions up to each state that is done.
    ends: Vec<u32>,
    /// For each transition, choice, flags and permutation, and the part of its target.
    edges: Vec<(u16, u16, u32, u8)>,
    /// The packed targets, by part.
    targets: [Vec<u64>; BUCKETS],
    /// Permutations, by their number in this piece.
    permutations: IndexSet<Box<[u8]>, FxBuildHasher>,
    /// States in which every worker is done: which one, whom that decides, and the common part.
    finals: Vec<(usize, u16, u32)>,
    /// Whether the first state that is not done missed something.
    missed: bool,
    /// The transitions with the numbers of their targets, and what is known of all of them.
    connected: Vec<Edge>,
    seen: Seen,
}

/// Where the rows of a batch that belong to one part were placed there.
#[derive(Default)]
#[repr(align(128))]
struct Placed {
    places: Vec<u32>,
    /// Where the places of each piece's rows begin.
    starts: Vec<usize>,
}

impl Search {
    pub fn new(mut parts: Parts, first: &[u32], graph: Graph, threads: usize) -> Search {
        // What stands in the first row is known, and has to fit.
        let packing = Packing::for_ranges(columns(&mut parts));
        let mut states = States::new(packing);
        states.add(first);
        let (learnt, pieces) = (Vec::new(), Vec::new());
        let placed = (0..BUCKETS).map(|_| Placed::default()).collect();
        Search { parts, states, graph, learnt, threads, pieces, placed }
    }

    /// Expands the states from `from` up to `to`, which are all numbered.
    pub fn expand(&mut self, from: usize, to: usize) {
        let mut room = std::mem::take(&mut self.pieces);
        let count = (to - from).div_ceil(PIECE);
        if room.len() < count {
            room.resize_with(count, Piece::default);
        }
        let pieces = &mut room[..count];
        loop {
            self.expand_pieces(from, to, pieces);
            if self.states.packing.holds(columns(&mut self.parts)) {
                break;
            }
            // Something was learnt that does not fit: the batch is done again, all being known.
            let packing = Packing::for_ranges(columns(&mut self.parts));
            self.states.repack(packing);
        }
        self.connect(from, to, pieces);
        self.pieces = room;
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

    fn expand_pieces(&mut self, from: usize, to: usize, pieces: &mut [Piece]) {
        for (piece, start) in pieces.iter_mut().zip((from..to).step_by(PIECE)) {
            piece.begin(start..(start + PIECE).min(to));
        }
        let mut left = pieces.len();
        while left > 0 {
            let (parts, states, choices) = (&self.parts, &self.states, &self.graph.choices);
            in_parallel(self.threads_for(to - from).min(left), pieces, |piece| {
                piece.missed = piece.expand(usize::MAX, parts, states, choices).is_err();
            });
            // What a piece misses is learnt where it stopped, unless an earlier one has missed it
            // too, and it goes on from there. Rows that do not fit then are packed in vain: the
            // batch is done again.
            left = 0;
            for piece in pieces.iter_mut().filter(|piece| piece.missed) {
                loop {
                    let (parts, choices) = (&self.parts, &self.graph.choices);
                    let expanded = piece.expand(ALONE, parts, &self.states, choices);
                    let Err(miss) = expanded else { break };
                    self.parts.learn(&miss);
                    self.learnt.push(miss);
                }
                left += 1;
            }
        }
        self.parts.forget_plain();
    }

    fn threads_for(&self, states: usize) -> usize {
        if states < WORTH_A_THREAD { 1 } else { self.threads }
    }

    fn connect(&mut self, from: usize, to: usize, pieces: &mut [Piece]) {
        let threads = self.threads_for(to - from);
        let words = self.states.packing.words;
        let mut buckets: Vec<(usize, &mut Bucket, &mut Placed)> = Vec::with_capacity(BUCKETS);
        for (bucket, placed) in self.states.buckets.iter_mut().zip(&mut self.placed) {
            buckets.push((buckets.len(), bucket, placed));
        }
        in_parallel(threads, &mut buckets, |(number, bucket, placed)| {
            placed.starts.clear();
            placed.places.clear();
            for piece in &*pieces {
                placed.starts.push(placed.places.len());
                let rows = piece.targets[*number].chunks_exact(words);
                placed.places.extend(rows.map(|row| bucket.place(row)));
            }
        });
        self.states.number();
        let (buckets, placed) = (&self.states.buckets, &self.placed);
        in_parallel(threads, pieces, |piece| {
            let number = (piece.states.start - from) / PIECE;
            let mut next: [usize; BUCKETS] =
                std::array::from_fn(|part| placed[part].starts[number]);
            let edge = |&(choice, flags, _, part): &(u16, u16, u32, u8)| {
                let part = part as usize;
                let local = placed[part].places[next[part]];
                next[part] += 1;
                Edge::new(buckets[part].ids[local as usize], choice, flags)
            };
            piece.connected.clear();
            piece.connected.extend(piece.edges.iter().map(edge));
            piece.seen = Seen::of(piece.states.start, &piece.connected, &piece.ends);
        });
        for piece in pieces {
            let transitions = (&*piece.connected, &*piece.ends);
            self.graph.append(piece.states.start, transitions, piece.seen, &piece.finals);
            let permutations = piece.edges.iter().map(|(_, _, permutation, _)| *permutation);
            self.graph.append_permutations(&piece.permutations, permutations);
        }
    }

    /// The bytes that states, transitions and the batch under way take, as they stand.
    pub fn bytes(&self) -> u64 {
        let batch = self.pieces.iter().map(Piece::bytes).sum::<u64>();
        let placed = self.placed.iter().map(|p| 4 * p.places.capacity() as u64).sum::<u64>();
        self.states.bytes() + self.graph.bytes() + batch + placed
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
    /// Starts again, with these states.
    fn begin(&mut self, states: Range<usize>) {
        self.states = states;
        self.ends.clear();
        self.edges.clear();
        self.targets.iter_mut().for_each(Vec::clear);
        self.permutations.clear();
        self.finals.clear();
    }

    /// Expands at most `most` states from the first that is not done, up to one that misses
    /// something.
    fn expand(
        &mut self,
        most: usize,
        parts: &Parts,
        states: &States,
        choices: &Choices,
    ) -> Result<(), Miss> {
        let (mut row, mut packed) = (Vec::new(), Vec::new());
        let mut scratch = Scratch::default();
        let first = self.states.start + self.ends.len();
        for id in (first..self.states.end).take(most) {
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
                let part = bucket_of(&packed);
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

    /// The bytes that its vectors take.
    fn bytes(&self) -> u64 {
        let targets = self.targets.iter().map(|rows| 8 * rows.capacity()).sum::<usize>();
        let edges = self.edges.capacity() * size_of::<(u16, u16, u32, u8)>();
        let connected = self.connected.capacity() * size_of::<Edge>();
        (targets + edges + connected + 4 * self.ends.capacity()) as u64
    }

    /// Removes the transitions and permutations after the first `edges` and `permutations`.
    fn take_back(&mut self, (edges, permutations): (usize, usize), words: usize) {
        for (_, _, _, part) in self.edges.drain(edges..) {
            let targets = &mut self.targets[part as usize];
            targets.truncate(targets.len() - words);
        }
        self.permutations.truncate(permutations);
    }
}
