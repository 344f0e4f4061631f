//! Takes a state to the representative of those that an exchange of like workers leads to.
//!
//! Any state of the orbit would do: paths from it are as many, and lose as many writes. The one
//! that is taken has the smallest row that exchanging two workers at a time leads to; states whose
//! rows get stuck at different ones are explored apart, which costs time and is never wrong.
//! Each part is exchanged once, by exchanging the real value; and what a step does follows from
//! what the exchanged one does, if that is known. Next to read: `symmetry.rs`.

use std::sync::Arc;

use super::super::symmetry::{Class, Pair};
use super::expand::step_key;
use super::{Known, Miss, NONE, Parts, SERVER, Scratch, Step};

/// What is known of all exchanges: each part's images stand side by side.
#[derive(Debug)]
pub(super) struct Exchanged {
    pairs: usize,
    commons: Known,
    workers: Known,
    caches: Known,
}

impl Exchanged {
    pub(super) fn new(pairs: usize) -> Exchanged {
        let [commons, workers, caches] = Default::default();
        Exchanged { pairs, commons, workers, caches }
    }

    fn at(&self, pair: usize, part: u32) -> u32 {
        part * self.pairs as u32 + pair as u32
    }
}

impl Parts {
    /// Replaces the row in `scratch` by its representative; says whether workers were exchanged.
    pub(super) fn represent(&self, scratch: &mut Scratch) -> Result<bool, Miss> {
        if self.symmetry.is_none() {
            return Ok(false);
        }
        let (workers, caches) = self.places();
        let places = workers + caches + self.setting.processes.len();
        scratch.from.clear();
        scratch.from.extend((0..places).map(|place| place as u8));
        let mut moved = false;
        for class in self.symmetry.members() {
            match class.plain {
                true => moved |= self.sort(class, scratch)?,
                false => moved |= self.descend(class, scratch)?,
            }
        }
        Ok(moved)
    }

    /// How many workers and how many caches there are.
    fn places(&self) -> (usize, usize) {
        (self.layout.caches - self.layout.workers, self.layout.width - self.layout.caches)
    }

    /// Workers that differ in nothing but their names: sorts them, each by what it would be in the
    /// first one's place.
    fn sort(&self, class: &Class, scratch: &mut Scratch) -> Result<bool, Miss> {
        let mut moved = false;
        let mut shapes = std::mem::take(&mut scratch.trial);
        shapes.clear();
        for (at, member) in class.members.iter().enumerate() {
            let worker = scratch.row[self.layout.workers + member];
            shapes.push(match at {
                0 => worker,
                at => self.exchanged_worker(class.pair(0, at), worker)?,
            });
        }
        for end in 1..shapes.len() {
            for at in (0..end).rev() {
                if shapes[at] <= shapes[at + 1] {
                    break;
                }
                let number = class.pair(at, at + 1);
                let (a, b) = self.symmetry.pair(number).exchange.workers;
                let (a, b) = (self.layout.workers + a, self.layout.workers + b);
                let (one, other) = (scratch.row[a], scratch.row[b]);
                scratch.row[a] = self.exchanged_worker(number, other)?;
                scratch.row[b] = self.exchanged_worker(number, one)?;
                self.exchange_rest(number, scratch)?;
                shapes.swap(at, at + 1);
                note(self.symmetry.pair(number), self.places(), &mut scratch.from);
                moved = true;
            }
        }
        scratch.trial = shapes;
        Ok(moved)
    }

    /// The common part and the caches after an exchange; workers are handled elsewhere.
    fn exchange_rest(&self, number: usize, scratch: &mut Scratch) -> Result<(), Miss> {
        let row = &mut scratch.row;
        row[0] = self.exchanged_common(number, row[0])?;
        if let Some((a, b)) = self.symmetry.pair(number).caches {
            row.swap(self.layout.caches + a, self.layout.caches + b);
        }
        for cache in &mut row[self.layout.caches..] {
            *cache = self.exchanged_cache(number, *cache)?;
        }
        Ok(())
    }

    /// Exchanges any two workers of a class as long as that makes the row smaller.
    fn descend(&self, class: &Class, scratch: &mut Scratch) -> Result<bool, Miss> {
        let (mut moved, mut in_vain) = (false, 0);
        for number in class.pairs.clone().cycle() {
            if in_vain == class.pairs.len() {
                break;
            }
            in_vain += 1;
            if self.is_smaller_exchanged(number, &scratch.row)? {
                self.exchange_all(number, scratch)?;
                note(self.symmetry.pair(number), self.places(), &mut scratch.from);
                (moved, in_vain) = (true, 1);
            }
        }
        Ok(moved)
    }

    /// Whether an exchange makes a row smaller. Mostly its first number tells.
    fn is_smaller_exchanged(&self, number: usize, row: &[u32]) -> Result<bool, Miss> {
        let common = self.exchanged_common(number, row[0])?;
        if common != row[0] {
            return Ok(common < row[0]);
        }
        let pair = self.symmetry.pair(number);
        let workers = &row[self.layout.workers..self.layout.caches];
        for (at, before) in workers.iter().enumerate() {
            let worker = workers[other_of(Some(pair.exchange.workers), at)];
            let after = self.exchanged_worker(number, worker)?;
            if after != *before {
                return Ok(after < *before);
            }
        }
        let caches = &row[self.layout.caches..];
        for (at, before) in caches.iter().enumerate() {
            let after = self.exchanged_cache(number, caches[other_of(pair.caches, at)])?;
            if after != *before {
                return Ok(after < *before);
            }
        }
        Ok(false)
    }

    fn exchange_all(&self, number: usize, scratch: &mut Scratch) -> Result<(), Miss> {
        let (a, b) = self.symmetry.pair(number).exchange.workers;
        scratch.row.swap(self.layout.workers + a, self.layout.workers + b);
        for worker in &mut scratch.row[self.layout.workers..self.layout.caches] {
            *worker = self.exchanged_worker(number, *worker)?;
        }
        self.exchange_rest(number, scratch)
    }

    fn exchanged_common(&self, pair: usize, common: u32) -> Result<u32, Miss> {
        let known = self.exchanged.commons.get(self.exchanged.at(pair, common));
        known.ok_or(Miss::ExchangedCommon { pair: pair as u32, common })
    }

    fn exchanged_worker(&self, pair: usize, worker: u32) -> Result<u32, Miss> {
        let known = self.exchanged.workers.get(self.exchanged.at(pair, worker));
        known.ok_or(Miss::ExchangedWorker { pair: pair as u32, worker })
    }

    fn exchanged_cache(&self, pair: usize, cache: u32) -> Result<u32, Miss> {
        let known = self.exchanged.caches.get(self.exchanged.at(pair, cache));
        known.ok_or(Miss::ExchangedCache { pair: pair as u32, cache })
    }

    /// What a worker's step does, if an exchange leads to one that is known: the same, exchanged.
    pub(super) fn exchanged_step(
        &mut self,
        common: u32,
        worker: u32,
        overlaps: bool,
    ) -> Option<Step> {
        for number in 0..self.symmetry.pairs() {
            let Ok(other) = self.exchanged_common(number, common) else { continue };
            if self.exchanged_worker(number, worker).is_err() {
                self.learn_exchanged_worker(number as u32, worker);
            }
            let image = self.exchanged_worker(number, worker).ok()?;
            let Some(&step) = self.steps.get(&step_key(other, image, overlaps)) else { continue };
            // A change on its way to a cache is not exchanged.
            if step.change != NONE {
                return None;
            }
            if self.exchanged_common(number, step.common).is_err() {
                self.learn_exchanged_common(number as u32, step.common);
            }
            if self.exchanged_worker(number, step.worker).is_err() {
                self.learn_exchanged_worker(number as u32, step.worker);
            }
            let common = self.exchanged_common(number, step.common).ok()?;
            let worker = self.exchanged_worker(number, step.worker).ok()?;
            return Some(Step { common, worker, ..step });
        }
        None
    }

    /// Where an image stands, and where the image's image does: an exchange undoes itself.
    fn both_ways(&self, pair: u32, part: u32, image: u32) -> (u32, u32) {
        let pair = pair as usize;
        (self.exchanged.at(pair, part), self.exchanged.at(pair, image))
    }

    pub(super) fn learn_exchanged_common(&mut self, number: u32, common: u32) {
        let pair = Arc::clone(self.symmetry.pair(number as usize));
        let exchange = &pair.exchange;
        let mut parts = self.commons.value(common).clone();
        let mut server = self.servers.value(parts[SERVER]).clone();
        if !exchange.is_plain() {
            server.map_object(exchange.key(), &|object| exchange.object(object));
        }
        parts[SERVER] = self.servers.number(server);
        let memories = self.common.memories..self.common.remembered;
        if let Some((a, b)) = pair.processes {
            parts.swap(self.common.memories + a, self.common.memories + b);
        }
        for memory in &mut parts[memories] {
            let (a, b) = exchange.workers;
            let mut held = self.memories.value(*memory).exchanged(a, b);
            held.object = held.object.map(|object| match exchange.is_of(&object) {
                true => exchange.object(&object),
                false => object,
            });
            *memory = self.memories.number(held);
        }
        for (index, place) in parts[self.common.remembered..].iter_mut().enumerate() {
            let observer = Arc::clone(&self.setting.observers[index]);
            let mut memory = self.remembered.value(*place).clone();
            observer.exchange(&mut memory, exchange);
            *place = self.remembered.number(memory);
        }
        let after = self.number_common(parts);
        let (at, back) = self.both_ways(number, common, after);
        self.exchanged.commons.set(at, after);
        self.exchanged.commons.set(back, common);
    }

    pub(super) fn learn_exchanged_worker(&mut self, number: u32, worker: u32) {
        let pair = Arc::clone(self.symmetry.pair(number as usize));
        let exchange = &pair.exchange;
        let (index, value) = self.workers.value(worker);
        let index = other_of(Some(exchange.workers), *index);
        // Detection made sure that every worker can say.
        let value = value.exchanged(exchange).unwrap_or_else(|| value.clone());
        let after = self.number_worker(index, value);
        let (at, back) = self.both_ways(number, worker, after);
        self.exchanged.workers.set(at, after);
        self.exchanged.workers.set(back, worker);
    }

    pub(super) fn learn_exchanged_cache(&mut self, number: u32, cache: u32) {
        let pair = Arc::clone(self.symmetry.pair(number as usize));
        let (index, mut value) = self.caches.value(cache).clone();
        value.map_objects(&|object| match pair.exchange.is_of(object) {
            true => pair.exchange.object(object),
            false => Arc::clone(object),
        });
        let after = self.number_cache(other_of(pair.caches, index), value);
        let (at, back) = self.both_ways(number, cache, after);
        self.exchanged.caches.set(at, after);
        self.exchanged.caches.set(back, cache);
    }
}

/// The other one of two, if it is one of them.
fn other_of(pair: Option<(usize, usize)>, index: usize) -> usize {
    match pair {
        Some((a, b)) if index == a => b,
        Some((a, b)) if index == b => a,
        _ => index,
    }
}

/// Notes who stands where now: workers, then caches, then processes.
fn note(pair: &Pair, (workers, caches): (usize, usize), from: &mut [u8]) {
    let (a, b) = pair.exchange.workers;
    from.swap(a, b);
    if let Some((a, b)) = pair.caches {
        from.swap(workers + a, workers + b);
    }
    if let Some((a, b)) = pair.processes {
        from.swap(workers + caches + a, workers + caches + b);
    }
}
