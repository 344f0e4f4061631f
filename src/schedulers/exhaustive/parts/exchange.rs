//! Takes a state to the representative of those that an exchange of like workers leads to.
//!
//! Any state of the orbit would do: paths from it are as many, and lose as many writes. The one
//! that is taken has the smallest row that exchanging two workers at a time leads to; states whose
//! rows get stuck at different ones are explored apart, which costs time and is never wrong.
//! Each part is exchanged once, by exchanging the real value. Next to read: `symmetry.rs`.

use std::sync::Arc;

use super::super::symmetry::{Class, Pair};
use super::{Known, Miss, Parts, SERVER, Scratch};

/// What is known of one exchange.
#[derive(Debug, Default)]
pub(super) struct Exchanged {
    commons: Known,
    workers: Known,
    caches: Known,
}

impl Parts {
    /// Replaces the row in `scratch` by its representative; says whether anybody was exchanged.
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

    /// The common part and the caches after an exchange; workers are somebody else's business.
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
        let mut moved = false;
        loop {
            let mut smaller = false;
            for number in class.pairs.clone() {
                scratch.trial.clear();
                scratch.trial.extend_from_slice(&scratch.row);
                self.exchange_all(number, scratch)?;
                if scratch.row < scratch.trial {
                    note(self.symmetry.pair(number), self.places(), &mut scratch.from);
                    smaller = true;
                } else {
                    std::mem::swap(&mut scratch.row, &mut scratch.trial);
                }
            }
            if !smaller {
                return Ok(moved);
            }
            moved = true;
        }
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
        let known = self.exchanged[pair].commons.get(common);
        known.ok_or(Miss::ExchangedCommon { pair: pair as u32, common })
    }

    fn exchanged_worker(&self, pair: usize, worker: u32) -> Result<u32, Miss> {
        let known = self.exchanged[pair].workers.get(worker);
        known.ok_or(Miss::ExchangedWorker { pair: pair as u32, worker })
    }

    fn exchanged_cache(&self, pair: usize, cache: u32) -> Result<u32, Miss> {
        let known = self.exchanged[pair].caches.get(cache);
        known.ok_or(Miss::ExchangedCache { pair: pair as u32, cache })
    }

    pub(super) fn learn_exchanged_common(&mut self, number: u32, common: u32) {
        let pair = self.symmetry.pair(number as usize).clone();
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
            let held = self.memories.value(*memory).as_ref();
            let held = held.map(|object| exchange.object(object));
            *memory = self.memories.number(held);
        }
        for (index, place) in parts[self.common.remembered..].iter_mut().enumerate() {
            let observer = Arc::clone(&self.setting.observers[index]);
            let mut memory = self.remembered.value(*place).clone();
            observer.exchange(&mut memory, exchange);
            *place = self.remembered.number(memory);
        }
        let after = self.number_common(parts);
        self.exchanged[number as usize].commons.set(common, after);
    }

    pub(super) fn learn_exchanged_worker(&mut self, number: u32, worker: u32) {
        let exchange = self.symmetry.pair(number as usize).exchange.clone();
        let (index, value) = self.workers.value(worker);
        let index = other_of(Some(exchange.workers), *index);
        // Detection made sure that every worker can say.
        let value = value.exchanged(&exchange).unwrap_or_else(|| value.clone());
        let after = self.number_worker(index, value);
        self.exchanged[number as usize].workers.set(worker, after);
    }

    pub(super) fn learn_exchanged_cache(&mut self, number: u32, cache: u32) {
        let pair = self.symmetry.pair(number as usize).clone();
        let (index, mut value) = self.caches.value(cache).clone();
        value.map_objects(&|object| match object_key_is(object, pair.exchange.key()) {
            true => pair.exchange.object(object),
            false => Arc::clone(object),
        });
        let after = self.number_cache(other_of(pair.caches, index), value);
        self.exchanged[number as usize].caches.set(cache, after);
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

fn object_key_is(object: &serde_json::Value, key: &crate::apiserver::Key) -> bool {
    let metadata = &object["metadata"];
    metadata["name"] == key.name.as_str()
        && metadata["namespace"].as_str() == key.namespace.as_deref()
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
