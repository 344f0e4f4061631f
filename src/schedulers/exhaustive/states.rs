//! The set of distinct states: their rows, packed into as few bits as the numbers in them need.
//!
//! States are told apart *exactly*: what is stored is the whole row, not a fingerprint of it, so
//! there is no collision and no bound on its probability to state. A row of ten numbers is a word
//! or two. The set is split by hash into parts that threads fill side by side; each part fits a
//! processor's cache longer than the whole would. Next to read: `search.rs`.

use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::checkpoint::Words;

/// How many parts the set has. Any number would do; the numbers of states depend on it.
pub(super) const BUCKETS: usize = 16;

/// Which bits of a packed row hold which column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packing {
    /// Word, shift and mask of each column.
    columns: Vec<(usize, u32, u64)>,
    pub words: usize,
}

impl Packing {
    /// For columns that may hold numbers below these, with room to grow.
    pub fn for_ranges(ranges: impl Iterator<Item = u32>) -> Packing {
        let (mut word, mut used) = (0, 0);
        let columns = ranges.map(|range| {
            let bits = (u32::BITS - range.leading_zeros() + 2).min(u32::BITS);
            if used + bits > u64::BITS {
                (word, used) = (word + 1, 0);
            }
            let column = (word, used, (1_u64 << bits) - 1);
            used += bits;
            column
        });
        let columns = columns.collect();
        Packing { columns, words: word + 1 }
    }

    /// Whether each column can hold all numbers below its range.
    pub fn holds(&self, ranges: impl Iterator<Item = u32>) -> bool {
        self.columns.iter().zip(ranges).all(|((_, _, mask), range)| u64::from(range) <= mask + 1)
    }

    /// Appends a packed row.
    pub fn pack(&self, row: &[u32], packed: &mut Vec<u64>) {
        let start = packed.len();
        packed.resize(start + self.words, 0);
        let packed = &mut packed[start..];
        for (&(word, shift, _), &number) in self.columns.iter().zip(row) {
            packed[word] |= u64::from(number) << shift;
        }
    }

    /// The row that was packed.
    pub fn unpack(&self, packed: &[u64], row: &mut Vec<u32>) {
        row.clear();
        let number = |&(word, shift, mask): &(usize, u32, u64)| packed[word] >> shift & mask;
        row.extend(self.columns.iter().map(|column| number(column) as u32));
    }
}

/// One part of the set; it shares no line of a processor's cache with another.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Bucket {
    rows: Vec<u64>,
    index: HashTable<u32>,
    /// The number of each state of this part in the whole set; new ones come last.
    pub ids: Vec<u32>,
    /// How many states of this part have a number.
    numbered: usize,
}

impl Bucket {
    /// Where a packed row stands in this part; it is added if it is new.
    pub fn place(&mut self, packed: &[u64]) -> u32 {
        let words = packed.len();
        let rows = &self.rows;
        let at = |local: u32| &rows[local as usize * words..][..words];
        let hashed = hash(packed);
        // Word by word: a row is a word or two, less than a call to compare memory is worth.
        let same = |&local: &u32| at(local).iter().zip(packed).all(|(a, b)| a == b);
        if let Some(&known) = self.index.find(hashed, same) {
            return known;
        }
        let local = (self.rows.len() / words) as u32;
        self.index.insert_unique(hashed, local, |&local| hash(at(local)));
        self.rows.extend_from_slice(packed);
        local
    }

    /// Adds a packed row that is never looked up again.
    fn push(&mut self, packed: &[u64]) {
        self.rows.extend_from_slice(packed);
    }

    fn len(&self, words: usize) -> usize {
        self.rows.len() / words
    }
}

/// The set.
#[derive(Debug)]
pub(super) struct States {
    pub packing: Packing,
    pub buckets: Vec<Bucket>,
    /// Consecutive states: the first one's number, its part, and its place there.
    runs: Vec<(u32, u8, u32)>,
    count: usize,
    /// The states before this one are not found again: see [`States::forget_all`].
    forgotten: usize,
}

/// A hash of all bits of a packed row.
fn hash(packed: &[u64]) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    packed.iter().for_each(|word| hasher.write_u64(*word));
    hasher.finish()
}

/// The part a packed row belongs to. The bits that the tables look at first are left alone.
pub(super) fn bucket_of(packed: &[u64]) -> usize {
    (hash(packed) >> 40) as usize % BUCKETS
}

impl States {
    pub fn new(packing: Packing) -> States {
        let buckets = (0..BUCKETS).map(|_| Bucket::default()).collect();
        States { packing, buckets, runs: Vec::new(), count: 0, forgotten: 0 }
    }

    /// How many states have a number.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Numbers the new states, part by part.
    pub fn number(&mut self) {
        let words = self.packing.words;
        for (part, bucket) in self.buckets.iter_mut().enumerate() {
            let (from, to) = (bucket.numbered, bucket.len(words));
            if from < to {
                self.runs.push((self.count as u32, part as u8, from as u32));
                bucket.ids.extend((self.count..self.count + to - from).map(|id| id as u32));
                self.count += to - from;
                bucket.numbered = to;
            }
        }
    }

    /// Adds a state, if it is new, and numbers it.
    pub fn add(&mut self, row: &[u32]) -> u32 {
        let mut packed = Vec::with_capacity(self.packing.words);
        self.packing.pack(row, &mut packed);
        let bucket = bucket_of(&packed);
        let local = self.buckets[bucket].place(&packed);
        self.number();
        self.buckets[bucket].ids[local as usize]
    }

    /// The row of a state.
    pub fn unpack(&self, id: usize, row: &mut Vec<u32>) {
        let run = self.runs.partition_point(|(first, ..)| *first as usize <= id) - 1;
        let (first, part, local) = self.runs[run];
        let words = self.packing.words;
        let at = (local as usize + id - first as usize) * words;
        self.packing.unpack(&self.buckets[part as usize].rows[at..at + words], row);
    }

    /// The same states with the same numbers, packed in another way.
    pub fn repack(&mut self, packing: Packing) {
        let mut repacked = States::new(packing);
        repacked.forgotten = self.forgotten;
        // Rows are read by number from here on: the old index would only take memory.
        self.buckets.iter_mut().for_each(|bucket| bucket.index = HashTable::new());
        let (mut row, mut packed) = (Vec::new(), Vec::new());
        for id in 0..self.count {
            self.unpack(id, &mut row);
            packed.clear();
            repacked.packing.pack(&row, &mut packed);
            repacked.append(&packed);
        }
        *self = repacked;
    }

    /// Forgets which states there are, so that a row that comes again is a new state; numbers go
    /// on.
    pub fn forget_all(&mut self) {
        self.forgotten = self.count;
        for bucket in &mut self.buckets {
            bucket.index.clear();
        }
    }

    /// The bytes that the set takes, as it stands.
    pub fn bytes(&self) -> u64 {
        let of_bucket = |bucket: &Bucket| {
            bucket.rows.capacity() * 8 + bucket.ids.capacity() * 4 + bucket.index.allocation_size()
        };
        self.buckets.iter().map(of_bucket).sum::<usize>() as u64
    }

    /// Appends the next state of another set, or of a checkpoint.
    fn append(&mut self, packed: &[u64]) {
        let bucket = &mut self.buckets[bucket_of(packed)];
        if self.count < self.forgotten {
            bucket.push(packed);
        } else {
            bucket.place(packed);
        }
        self.number();
    }

    /// What a checkpoint holds of the set: the packing, and each state's packed row.
    pub fn write(&self, word: &mut dyn FnMut(u64)) {
        word(self.packing.columns.len() as u64);
        for &(at, shift, mask) in &self.packing.columns {
            [at as u64, u64::from(shift), mask].into_iter().for_each(&mut *word);
        }
        word(self.forgotten as u64);
        word(self.count as u64);
        let words = self.packing.words;
        let ends = self.runs.iter().skip(1).map(|(first, ..)| *first as usize);
        for ((first, part, local), end) in self.runs.iter().zip(ends.chain([self.count])) {
            let from = *local as usize * words;
            let to = from + (end - *first as usize) * words;
            self.buckets[*part as usize].rows[from..to].iter().for_each(|w| word(*w));
        }
    }

    /// The set that a checkpoint holds; `None` if it is not one.
    pub fn read(words: &mut Words<'_>, width: usize) -> Option<States> {
        (words.next()? == width as u64).then_some(())?;
        let mut columns = Vec::new();
        for _ in 0..width {
            let (at, shift, mask) = (words.next()? as usize, words.next()?, words.next()?);
            (at < width && shift < 64).then_some(())?;
            columns.push((at, shift as u32, mask));
        }
        let last = columns.iter().map(|(word, ..)| *word).max()?;
        let mut states = States::new(Packing { columns, words: last + 1 });
        states.forgotten = words.next()? as usize;
        let count = words.next()?;
        let mut packed = Vec::new();
        for _ in 0..count {
            packed.clear();
            for _ in 0..=last {
                packed.push(words.next()?);
            }
            states.append(&packed);
        }
        (states.count as u64 == count && count > 0).then_some(states)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were_also_when_packed_again() {
        let ranges = [900_u32, 3, 70, 70, 5, 1];
        let mut states = States::new(Packing::for_ranges(ranges.iter().copied()));
        let row = |n: u32| [n * 7 % 900, n % 3, n % 70, n / 5 % 70, n % 5, 0];
        let rows: Vec<[u32; 6]> = (0..600).map(row).collect();
        let ids: Vec<u32> = rows.iter().map(|row| states.add(row)).collect();
        assert_eq!(states.len(), rows.iter().collect::<std::collections::BTreeSet<_>>().len());
        states.repack(Packing::for_ranges([u32::MAX; 6].into_iter()));
        assert_eq!(states.packing.words, 3);
        let mut unpacked = Vec::new();
        for (row, id) in rows.iter().zip(ids) {
            states.unpack(id as usize, &mut unpacked);
            assert_eq!(unpacked, row);
            assert_eq!(states.add(row), id);
        }
    }

    #[test]
    fn a_packing_says_when_a_number_does_not_fit() {
        let packing = Packing::for_ranges([3, 3].into_iter());
        assert!(packing.holds([16, 16].into_iter()));
        assert!(!packing.holds([16, 17].into_iter()));
    }
}
