//! What a search leaves behind when it is stopped, and how it goes on from there.
//!
//! A checkpoint holds the states, the transitions, and *what had to be learnt*, in order: not what
//! was learnt. Learning the same list again, by the real server, makes the same tables with the
//! same numbers, so nothing of the server's answers is ever taken from a file. A search that goes
//! on from a checkpoint ends with the graph of one that was never stopped.
//!
//! Nothing of it is carried out before all of it has been read once and its checksum is right, so
//! that a damaged file does no harm. Whoever forges one, checksum and all, can have anything made
//! of it: a checkpoint is to be trusted as much as the program. Next to read: `search.rs`.

use std::io::{self, Read, Seek, SeekFrom, Write};

use super::Position;
use super::graph::Graph;
use super::parts::Miss;
use super::search::Search;
use super::states::States;

/// The first word of a checkpoint: raised whenever what follows is laid out in another way.
const LAYOUT: u64 = u64::from_le_bytes(*b"lostwr\x02\0");

/// Where a checkpoint is read from, twice: once to see whether it is whole.
pub trait Source: Read + Seek {}

impl<S: Read + Seek> Source for S {}

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
        word(LAYOUT);
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

/// The words of a checkpoint, one after the other.
pub(super) struct Words<'r> {
    from: &'r mut dyn Read,
    buffer: Vec<u8>,
    at: usize,
    end: usize,
    sum: Checksum,
    failed: io::Result<()>,
}

impl<'r> Words<'r> {
    fn new(from: &'r mut dyn Read) -> Words<'r> {
        let (buffer, sum) = (vec![0; 1 << 16], Checksum::default());
        Words { from, buffer, at: 0, end: 0, sum, failed: Ok(()) }
    }

    /// The next word, which is not part of the sum; `None` at the end, and where the reader fails.
    fn raw(&mut self) -> Option<u64> {
        while self.end - self.at < 8 {
            self.buffer.copy_within(self.at..self.end, 0);
            (self.at, self.end) = (0, self.end - self.at);
            match self.from.read(&mut self.buffer[self.end..]) {
                Ok(0) => return None,
                Ok(more) => self.end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Err(error);
                    return None;
                }
            }
        }
        let bytes = self.buffer[self.at..self.at + 8].try_into().ok()?;
        self.at += 8;
        Some(u64::from_le_bytes(bytes))
    }

    /// The next word.
    pub fn next(&mut self) -> Option<u64> {
        let word = self.raw()?;
        self.sum.add(word);
        Some(word)
    }

    /// A list that [`list`] wrote.
    pub fn list<T>(&mut self, bits: u32, value: impl Fn(u64) -> T) -> Option<Vec<T>> {
        let count = self.next()?;
        let per_word = u64::from(u64::BITS / bits);
        let mask = u64::MAX >> (u64::BITS - bits);
        // What a damaged file says of its length is not believed.
        let mut list = Vec::with_capacity(usize::try_from(count).ok()?.min(1 << 20));
        for first in (0..count).step_by(per_word as usize) {
            let word = self.next()?;
            let numbers = (0..per_word.min(count - first)).map(|at| word >> (at as u32 * bits));
            list.extend(numbers.map(|number| value(number & mask)));
        }
        Some(list)
    }
}

/// Writes a list of numbers of `bits` bits each: its length, then as many in a word as fit.
pub(super) fn list(
    numbers: impl ExactSizeIterator<Item = u64>,
    bits: u32,
    word: &mut dyn FnMut(u64),
) {
    word(numbers.len() as u64);
    let (mut packed, mut used) = (0, 0);
    for number in numbers {
        packed |= number << used;
        used += bits;
        if used == u64::BITS {
            word(std::mem::take(&mut packed));
            used = 0;
        }
    }
    if used > 0 {
        word(packed);
    }
}

/// Puts a search that has just begun where the one that left a checkpoint was.
pub(super) fn restore(search: &mut Search, mut from: &mut dyn Source) -> io::Result<Position> {
    let damaged = || {
        let text = "the checkpoint is damaged, or of another search";
        io::Error::new(io::ErrorKind::InvalidData, text)
    };
    let start = from.stream_position()?;
    if !is_whole(&mut from)? {
        return Err(damaged());
    }
    from.seek(SeekFrom::Start(start))?;
    let mut words = Words::new(&mut from);
    let restored = restored(search, &mut words);
    words.failed?;
    restored.ok_or_else(damaged)
}

/// Whether the last word is the sum of all others.
fn is_whole(from: &mut dyn Read) -> io::Result<bool> {
    let mut words = Words::new(from);
    let mut sum = Checksum::default();
    let mut last = None;
    while let Some(word) = words.raw() {
        if let Some(before) = last.replace(word) {
            sum.add(before);
        }
    }
    let rest = words.end - words.at;
    words.failed?;
    Ok(rest == 0 && last == Some(sum.0))
}

fn restored(search: &mut Search, words: &mut Words<'_>) -> Option<Position> {
    (words.next()? == LAYOUT).then_some(())?;
    let (next, level_end) = (words.next()? as usize, words.next()? as usize);
    let at = Position { next, level_end, depth: words.next()? };
    for _ in 0..words.next()? {
        let miss = Miss::read(words)?;
        search.parts.is_known(&miss).then_some(())?;
        search.parts.learn(&miss);
        search.parts.forget_plain();
        search.learnt.push(miss);
    }
    let (mut first, mut same) = (Vec::new(), Vec::new());
    search.states.unpack(0, &mut first);
    search.states = States::read(words, search.parts.layout.width)?;
    search.states.unpack(0, &mut same);
    search.graph.read(next, words)?;
    let sum = words.sum.0;
    let whole = words.raw()? == sum && words.raw().is_none();
    let fits = next <= level_end && level_end <= search.states.len();
    (whole && fits && same == first).then_some(at)
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
            Miss::Unread { cache } => all(10, &[cache]),
        }
    }

    fn read(words: &mut Words<'_>) -> Option<Miss> {
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
            (10, &[cache]) => Miss::Unread { cache },
            _ => return None,
        })
    }
}
