//! The parts of worlds as small integers, and what a step does to them, computed once.
//!
//! A state is a row: server, fault budget, caches, memories, what each property remembers, and
//! workers, each the number of an interned value. A worker's step depends on the worker, the
//! server and (for a look into a cache, or a touch of memory) one more part; its effect is computed
//! by [`perform`] on the real values the first time, and looked up ever after. Nothing of the
//! server's semantics is written a second time. Faults are rare, and take the plain way through
//! [`World`]. Next to read: `canonical.rs`.

mod relabel;

use std::hash::Hash;
use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::canonical::Relabelling;
use super::graph::Edge;
use crate::apiserver::ApiServer;
use crate::client::{Informer, WatchEvent, without_managed_fields};
use crate::reconcilers::{Ask, BoxedWorker};
use crate::simulation::{
    BoxedMemory, Choice, Ending, FaultBudget, Setting, SharedObject, World, deliver, mark, perform,
};
use crate::trace::Event;

/// A numbered set of values.
#[derive(Debug)]
struct Table<T>(IndexSet<T, FxBuildHasher>);

impl<T: Hash + Eq> Table<T> {
    fn new() -> Self {
        Table(IndexSet::default())
    }

    fn number(&mut self, value: T) -> u32 {
        self.0.insert_full(value).0 as u32
    }

    fn value(&self, number: u32) -> &T {
        &self.0[number as usize]
    }
}

/// Where the parts stand in a row.
#[derive(Clone, Copy, Debug)]
struct Layout {
    caches: usize,
    memories: usize,
    remembered: usize,
    workers: usize,
    width: usize,
}

const SERVER: usize = 0;
const FAULTS: usize = 1;

/// What a worker's step does.
#[derive(Clone, Copy, Debug)]
struct Effect {
    server: u32,
    memory: u32,
    worker: u32,
    event: u32,
    change: Option<u32>,
    flags: u16,
}

/// What depends only on a worker's value.
#[derive(Clone, Copy, Debug)]
struct WorkerFacts {
    done: bool,
    /// Which part of the row its next step depends on, besides itself and the server.
    looks_at: Option<usize>,
}

/// All parts of all states found so far, and the effects of steps.
pub(super) struct Parts {
    setting: Arc<Setting>,
    layout: Layout,
    canonical: bool,
    servers: Table<ApiServer>,
    budgets: Table<FaultBudget>,
    caches: Table<Informer>,
    memories: Table<SharedObject>,
    remembered: Table<BoxedMemory>,
    workers: Table<BoxedWorker>,
    events: Table<Event>,
    changes: Table<WatchEvent>,
    relabellings: Table<Relabelling>,
    facts: FxHashMap<(u32, u32), WorkerFacts>,
    effects: FxHashMap<(u32, u32, u32, u32), Effect>,
    queued: FxHashMap<(u32, u32), u32>,
    delivered: FxHashMap<(u32, u32, u32), (u32, u32)>,
    noticed: FxHashMap<(u32, u32, u32), (u32, bool)>,
    /// From server and memories to the relabelling, `None` where nothing changes.
    relabelling: FxHashMap<Box<[u32]>, Option<u32>>,
    relabelled: FxHashMap<(u8, u32, u32), u32>,
    /// A key being made, kept for its memory.
    key: Vec<u32>,
    pub(super) max_attempts: u32,
    pub(super) memo: (u64, u64),
}

impl Parts {
    pub(super) fn new(world: &World, canonical: bool) -> Self {
        let setting = Arc::clone(&world.setting);
        let caches = FAULTS + 1;
        let memories = caches + world.caches.len();
        let remembered = memories + world.memories.len();
        let workers = remembered + world.remembered.len();
        let width = workers + world.workers.len();
        let renamable = world.workers.iter().all(|worker| worker.revisions().is_some());
        Parts {
            setting,
            layout: Layout { caches, memories, remembered, workers, width },
            canonical: canonical && renamable,
            servers: Table::new(),
            budgets: Table::new(),
            caches: Table::new(),
            memories: Table::new(),
            remembered: Table::new(),
            workers: Table::new(),
            events: Table::new(),
            changes: Table::new(),
            relabellings: Table::new(),
            facts: FxHashMap::default(),
            effects: FxHashMap::default(),
            queued: FxHashMap::default(),
            delivered: FxHashMap::default(),
            noticed: FxHashMap::default(),
            relabelling: FxHashMap::default(),
            relabelled: FxHashMap::default(),
            key: Vec::new(),
            max_attempts: 0,
            memo: (0, 0),
        }
    }

    pub(super) fn initial(&mut self, world: &World) -> Vec<u32> {
        let mut row = self.row_of(world);
        self.canonicalise(&mut row);
        row
    }

    fn row_of(&mut self, world: &World) -> Vec<u32> {
        let mut row = Vec::with_capacity(self.layout.width);
        row.push(self.servers.number(world.server.clone()));
        row.push(self.budgets.number(world.faults));
        row.extend(world.caches.iter().map(|cache| self.caches.number(cache.clone())));
        row.extend(world.memories.iter().map(|memory| self.memories.number(memory.clone())));
        row.extend(world.remembered.iter().map(|m| self.remembered.number(m.clone())));
        row.extend(world.workers.iter().map(|worker| self.workers.number(worker.clone())));
        row
    }

    /// The world of a row, for what is too rare to be memoised.
    fn world(&self, row: &[u32]) -> World {
        let layout = self.layout;
        let caches = row[layout.caches..layout.memories].iter();
        let memories = row[layout.memories..layout.remembered].iter();
        let remembered = row[layout.remembered..layout.workers].iter();
        let workers = row[layout.workers..].iter();
        World {
            setting: Arc::clone(&self.setting),
            server: self.servers.value(row[SERVER]).clone(),
            caches: caches.map(|&n| self.caches.value(n).clone()).collect(),
            memories: memories.map(|&n| self.memories.value(n).clone()).collect(),
            faults: *self.budgets.value(row[FAULTS]),
            workers: workers.map(|&n| self.workers.value(n).clone()).collect(),
            decided: vec![false; layout.workers - layout.remembered],
            remembered: remembered.map(|&n| self.remembered.value(n).clone()).collect(),
        }
    }

    fn worker_facts(&mut self, index: usize, number: u32) -> WorkerFacts {
        let key = (index as u32, number);
        if let Some(facts) = self.facts.get(&key) {
            return *facts;
        }
        let info = &self.setting.workers[index];
        let ask = self.workers.value(number).ask();
        let looks_at = match ask {
            Ask::Cache(_) => info.cache.map(|cache| self.layout.caches + cache),
            Ask::Shared(_) => Some(self.layout.memories + info.process),
            Ask::Api(_) | Ask::Done => None,
        };
        let facts = WorkerFacts { done: ask == Ask::Done, looks_at };
        self.facts.insert(key, facts);
        facts
    }

    pub(super) fn is_finished(&mut self, row: &[u32]) -> bool {
        let workers = &row[self.layout.workers..];
        workers.iter().enumerate().all(|(index, &number)| self.worker_facts(index, number).done)
    }

    fn ending(&self, row: &[u32]) -> Ending {
        let server = self.servers.value(row[SERVER]);
        let object = |key: &crate::apiserver::Key| Some((key.clone(), server.object(key)?));
        Ending {
            objects: self.setting.objects.iter().filter_map(object).collect(),
            workers: row[self.layout.workers..]
                .iter()
                .map(|&number| self.workers.value(number).progress())
                .collect(),
        }
    }

    /// Which observers the end of a schedule decides, as bits.
    pub(super) fn judge(&self, row: &[u32]) -> u16 {
        let ending = self.ending(row);
        let remembered = &row[self.layout.remembered..self.layout.workers];
        let judged = self.setting.observers.iter().zip(remembered).enumerate();
        let bits = judged.map(|(index, (observer, &memory))| {
            let decided = observer.decides_at_end(self.remembered.value(memory), &ending);
            u16::from(decided) << index
        });
        bits.fold(0, |all, bit| all | bit)
    }

    /// What the store holds in a state, for comparing sets of final states.
    pub(super) fn content(&self, row: &[u32]) -> String {
        self.ending(row).content()
    }

    /// Takes every choice of a state and hands over where it leads.
    pub(super) fn expand(&mut self, row: &[u32], connect: &mut dyn FnMut(Choice, &[u32], u16)) {
        if *self.budgets.value(row[FAULTS]) != FaultBudget::default() {
            return self.expand_plainly(row, connect);
        }
        let mut to = Vec::with_capacity(self.layout.width);
        for index in 0..self.setting.workers.len() {
            if let Some(flags) = self.move_worker(row, &mut to, index) {
                connect(Choice::Worker(index), &to, flags);
            }
        }
        for index in 0..self.setting.caches.len() {
            if let Some(flags) = self.deliver(row, &mut to, index) {
                connect(Choice::Deliver(index), &to, flags);
            }
        }
    }

    /// With faults about, choices are listed and taken by the world itself.
    fn expand_plainly(&mut self, row: &[u32], connect: &mut dyn FnMut(Choice, &[u32], u16)) {
        let world = self.world(row);
        for choice in world.choices() {
            let mut after = world.clone();
            let event = after.take(choice);
            self.memo.1 += 1;
            let decided = after.decided.iter().enumerate();
            let decided =
                decided.map(|(index, &decided)| (Edge::DECIDES * u16::from(decided)) << index);
            let flags = self.flags_of(&event) | decided.fold(0, |all, bit| all | bit);
            let mut to = self.row_of(&after);
            self.canonicalise(&mut to);
            connect(choice, &to, flags);
        }
    }

    fn flags_of(&mut self, event: &Event) -> u16 {
        if event.is_write() {
            self.max_attempts = self.max_attempts.max(event.mark.attempts);
        }
        let api = if event.is_api_call() { Edge::API } else { 0 };
        let conflict = if event.is_conflict() { Edge::CONFLICT } else { 0 };
        api | conflict
    }

    fn move_worker(&mut self, row: &[u32], to: &mut Vec<u32>, index: usize) -> Option<u16> {
        let number = row[self.layout.workers + index];
        let facts = self.worker_facts(index, number);
        if facts.done {
            return None;
        }
        let effect = self.effect(row, index, number, facts);
        to.clear();
        to.extend_from_slice(row);
        to[SERVER] = effect.server;
        to[self.layout.workers + index] = effect.worker;
        to[self.layout.memories + self.setting.workers[index].process] = effect.memory;
        if let Some(change) = effect.change {
            self.queue(to, change);
        }
        let flags = effect.flags | self.notice(to, effect.event);
        self.canonicalise(to);
        Some(flags)
    }

    fn effect(&mut self, row: &[u32], index: usize, number: u32, facts: WorkerFacts) -> Effect {
        let memory_at = self.layout.memories + self.setting.workers[index].process;
        let memory = row[memory_at];
        let looked_at = facts.looks_at.map_or(u32::MAX, |at| row[at]);
        let key = (index as u32, row[SERVER], number, looked_at);
        if let Some(effect) = self.effects.get(&key) {
            self.memo.0 += 1;
            // A step that does not look at memory leaves it as it is.
            let touches = facts.looks_at == Some(memory_at);
            return if touches { *effect } else { Effect { memory, ..*effect } };
        }
        self.memo.1 += 1;
        let mut server = self.servers.value(row[SERVER]).clone();
        let mut held = self.memories.value(memory).clone();
        let mut worker = self.workers.value(number).clone();
        let cache = facts.looks_at.filter(|&at| at < self.layout.memories);
        let cache = cache.map(|at| self.caches.value(row[at]));
        let mut performed = perform(&mut server, cache, &mut held, index, &worker.ask(), false);
        let before = worker.progress();
        if let Some(answer) = &performed.answer {
            worker.answer(answer);
        }
        performed.event.mark = mark(before, worker.progress());
        let flags = self.flags_of(&performed.event);
        let changed = performed.changes.into_iter().next().map(|change| WatchEvent {
            object: change.object.as_ref().map(without_managed_fields),
            key: change.key,
        });
        let effect = Effect {
            server: self.servers.number(server),
            memory: self.memories.number(held),
            worker: self.workers.number(worker),
            event: self.events.number(performed.event),
            change: changed.map(|change| self.changes.number(change)),
            flags,
        };
        self.effects.insert(key, effect);
        effect
    }

    fn queue(&mut self, to: &mut [u32], change: u32) {
        for index in 0..self.setting.caches.len() {
            let watches = self.setting.caches[index].keys.contains(&self.changes.value(change).key);
            let place = &mut to[self.layout.caches + index];
            if watches {
                let (caches, changes) = (&mut self.caches, &self.changes);
                *place = *self.queued.entry((*place, change)).or_insert_with(|| {
                    let mut cache = caches.value(*place).clone();
                    cache.enqueue(changes.value(change).clone());
                    caches.number(cache)
                });
            }
        }
    }

    fn deliver(&mut self, row: &[u32], to: &mut Vec<u32>, index: usize) -> Option<u16> {
        let number = row[self.layout.caches + index];
        if self.caches.value(number).lag() == 0 {
            return None;
        }
        let key = (index as u32, row[SERVER], number);
        let (cache, event) = match self.delivered.get(&key) {
            Some(known) => *known,
            None => {
                let mut cache = self.caches.value(number).clone();
                let event = deliver(self.servers.value(row[SERVER]), &mut cache, index);
                let effect = (self.caches.number(cache), self.events.number(event));
                self.delivered.insert(key, effect);
                effect
            }
        };
        to.clear();
        to.extend_from_slice(row);
        to[self.layout.caches + index] = cache;
        let flags = self.notice(to, event);
        self.canonicalise(to);
        Some(flags)
    }

    /// Lets every observer take notice of an event; says which of them it decides.
    fn notice(&mut self, to: &mut [u32], event: u32) -> u16 {
        let mut flags = 0;
        for index in 0..self.setting.observers.len() {
            let place = &mut to[self.layout.remembered + index];
            let key = (index as u32, *place, event);
            let (memory, decided) = match self.noticed.get(&key) {
                Some(known) => *known,
                None => {
                    let mut memory = self.remembered.value(*place).clone();
                    let observer = &self.setting.observers[index];
                    let decided = observer.observe(&mut memory, self.events.value(event));
                    let effect = (self.remembered.number(memory), decided);
                    self.noticed.insert(key, effect);
                    effect
                }
            };
            *place = memory;
            flags |= (Edge::DECIDES * u16::from(decided)) << index;
        }
        flags
    }
}
