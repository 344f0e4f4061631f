//! What a search leaves behind when it is stopped, and how it goes on from there.
//!
//! A checkpoint holds the states, the transitions, and *what had to be learnt*, in order: not what
//! was learnt. Learning the same list again, by the real server, makes the same tables with the same
//! numbers, so nothing of the server's answers is ever taken from a file. A search that goes on
//! from a checkpoint ends with the graph of one that was never stopped. Next to read: `search.rs`.

use std::io::{self, Read, Write};

use super::Position;
use super::graph::Graph;
use super::parts::Miss;
use super::search::Search;
use super::states::States;

/// What is needed, besides the graph, to continue a search.
pub struct Unfinished {
    states: States,
    learnt: Vec<Miss>,
    at: Position,
}

impl std::fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unfinished").field("at", &self.at).finish_non_exhaustive()
    }
}

/// A checkpoint that was read.
pub struct Checkpoint {
    words: Vec<u64>,
}

impl std::fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checkpoint").field("words", &self.words.len()).finish()
    }
}

/// A checkpoint is damaged, or of another search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the checkpoint is damaged, or of another search")
    }
}

impl std::error::Error for Unreadable {}

impl Unfinished {
    pub(super) fn new(states: States, learnt: Vec<Miss>, at: Position) -> Unfinished {
        Unfinished { states, learnt, at }
    }

    /// Writes a checkpoint, with the graph as it stands: words of eight bytes, the last of which
    /// is a checksum.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, graph: &Graph, out: &mut dyn Write) -> io::Result<()> {
        let mut failed = Ok(());
        let mut sum = Checksum::default();
        let mut word = |word: u64| {
            sum.add(word);
            if failed.is_ok() {
                failed = out.write_all(&word.to_le_bytes());
            }
        };
        let Position { next, level_end, depth } = self.at;
        [next as u64, level_end as u64, depth].into_iter().for_each(&mut word);
        word(self.learnt.len() as u64);
        for miss in &self.learnt {
            miss.words(&mut word);
        }
        self.states.write(&mut word);
        graph.write(next, &mut word);
        failed?;
        out.write_all(&sum.0.to_le_bytes())
    }
}

/// A sum that depends on the order.
#[derive(Default)]
struct Checksum(u64);

impl Checksum {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl Checkpoint {
    /// Reads what [`Unfinished::write`] wrote.
    ///
    /// # Errors
    /// Those of the reader; a file that is no checkpoint, or not all of one.
    pub fn read(from: &mut dyn Read) -> io::Result<Checkpoint> {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes)?;
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, Unreadable);
        let mut words: Vec<u64> = bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().expect("eight bytes")))
            .collect();
        let mut sum = Checksum::default();
        let last = words.pop().filter(|_| bytes.len() % 8 == 0).ok_or_else(damaged)?;
        words.iter().for_each(|word| sum.add(*word));
        if sum.0 == last { Ok(Checkpoint { words }) } else { Err(damaged()) }
    }

    /// Puts a search that has just begun where this one was.
    pub(super) fn restore(self, search: &mut Search) -> Result<Position, Unreadable> {
        self.restored(search).ok_or(Unreadable)
    }

    fn restored(self, search: &mut Search) -> Option<Position> {
        let words = &mut self.words.into_iter();
        let (next, level_end) = (words.next()? as usize, words.next()? as usize);
        let at = Position { next, level_end, depth: words.next()? };
        for _ in 0..words.next()? {
            let miss = Miss::read(words)?;
            search.parts.is_known(&miss).then_some(())?;
            search.parts.learn(&miss);
            search.parts.forget_plain();
            search.learnt.push(miss);
        }
        let mut first = Vec::new();
        search.states.unpack(0, &mut first);
        search.states = States::read(words, search.parts.layout.width)?;
        let mut same = Vec::new();
        search.states.unpack(0, &mut same);
        search.graph.read(next, words)?;
        let whole = words.next().is_none() && next <= level_end;
        (whole && same == first && level_end <= search.states.len()).then_some(at)
    }
}

impl Miss {
    fn words(&self, word: &mut dyn FnMut(u64)) {
        let mut all = |kind: u64, numbers: &[u32]| {
            word(kind | (numbers.len() as u64) << 8);
            numbers.iter().for_each(|number| word(u64::from(*number)));
        };
        match *self {
            Miss::Step { common, worker, cache, overlaps } => {
                all(0, &[common, worker, cache, u32::from(overlaps)]);
            }
            Miss::Delivery { common, index, cache } => all(1, &[common, index, cache]),
            Miss::Queue { cache, change } => all(2, &[cache, change]),
            Miss::Worker { relabelling, worker } => all(3, &[relabelling, worker]),
            Miss::Cache { relabelling, cache } => all(4, &[relabelling, cache]),
            Miss::ExchangedCommon { pair, common } => all(5, &[pair, common]),
            Miss::ExchangedWorker { pair, worker } => all(6, &[pair, worker]),
            Miss::ExchangedCache { pair, cache } => all(7, &[pair, cache]),
            Miss::Judge { common } => all(8, &[common]),
            Miss::Plain(ref row) => all(9, row),
        }
    }

    fn read(words: &mut dyn Iterator<Item = u64>) -> Option<Miss> {
        let head = words.next()?;
        let mut numbers = Vec::new();
        for _ in 0..head >> 8 {
            numbers.push(u32::try_from(words.next()?).ok()?);
        }
        Some(match (head & 0xff, numbers.as_slice()) {
            (0, &[common, worker, cache, overlaps]) => {
                Miss::Step { common, worker, cache, overlaps: overlaps == 1 }
            }
            (1, &[common, index, cache]) => Miss::Delivery { common, index, cache },
            (2, &[cache, change]) => Miss::Queue { cache, change },
            (3, &[relabelling, worker]) => Miss::Worker { relabelling, worker },
            (4, &[relabelling, cache]) => Miss::Cache { relabelling, cache },
            (5, &[pair, common]) => Miss::ExchangedCommon { pair, common },
            (6, &[pair, worker]) => Miss::ExchangedWorker { pair, worker },
            (7, &[pair, cache]) => Miss::ExchangedCache { pair, cache },
            (8, &[common]) => Miss::Judge { common },
            (9, row) => Miss::Plain(row.into()),
            _ => return None,
        })
    }
}
