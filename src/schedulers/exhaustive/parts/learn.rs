//! Learns what a step does, by doing it: the real server handles the request, the real cache
//! delivers, the real property takes notice, once for each combination of parts.
//!
//! Next to read: `relabel.rs`.

use super::expand::step_key;
use super::{Effect, Look, NONE, Parts, SERVER, Step, Successor};
use crate::reconcilers::{Ask, Call};
use crate::schedulers::exhaustive::graph::Edge;
use crate::simulation::{Served, Standing, deliver, mark, perform, serve, tell};
use crate::trace::Event;

/// What was looked up and is not known yet. The list of all misses, in the order in which they
/// were learnt, makes all tables again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) enum Miss {
    /// A worker's step; `cache` is the one that it looks into, if it does.
    Step { common: u32, worker: u32, cache: u32, overlaps: bool },
    /// A delivery to the cache with this index.
    Delivery { common: u32, index: u32, cache: u32 },
    /// A change on its way to a cache.
    Queue { cache: u32, change: u32 },
    /// A worker after a relabelling.
    Worker { relabelling: u32, worker: u32 },
    /// A cache after a relabelling.
    Cache { relabelling: u32, cache: u32 },
    /// A common part after an exchange.
    ExchangedCommon { pair: u32, common: u32 },
    /// A worker after an exchange.
    ExchangedWorker { pair: u32, worker: u32 },
    /// A cache after an exchange.
    ExchangedCache { pair: u32, cache: u32 },
    /// A cache that no worker looks into any more.
    Unread { cache: u32 },
    /// Whom the end decides.
    Judge { common: u32 },
    /// All choices of a state in which faults are still allowed.
    Plain(Box<[u32]>),
}

impl Parts {
    /// Makes known what was missing.
    pub(in super::super) fn learn(&mut self, miss: &Miss) {
        match *miss {
            Miss::Step { common, worker, cache, overlaps } => {
                let step = self.learn_step(common, worker, cache, overlaps);
                let key = step_key(common, worker, overlaps);
                match cache {
                    NONE => drop(self.steps.insert(key, step)),
                    cache => drop(self.looks.insert((key, cache), step)),
                }
            }
            Miss::Delivery { common, index, cache } => {
                let step = self.learn_delivery(common, index as usize, cache);
                self.deliveries.insert((u64::from(common) << 32 | u64::from(index), cache), step);
            }
            Miss::Queue { cache, change } => {
                let queued = self.learn_queue(cache, change);
                self.queued.insert(u64::from(cache) << 32 | u64::from(change), queued);
            }
            Miss::Worker { relabelling, worker } => drop(self.relabel_worker(relabelling, worker)),
            Miss::Cache { relabelling, cache } => drop(self.relabel_cache(relabelling, cache)),
            Miss::ExchangedCommon { pair, common } => self.learn_exchanged_common(pair, common),
            Miss::ExchangedWorker { pair, worker } => self.learn_exchanged_worker(pair, worker),
            Miss::ExchangedCache { pair, cache } => self.learn_exchanged_cache(pair, cache),
            Miss::Unread { cache } => self.learn_unread(cache),
            Miss::Judge { common } => self.learn_judge(common),
            Miss::Plain(ref row) => self.learn_plainly(row),
        }
    }

    /// Whether a miss is about numbers that exist: one from a file may not be.
    pub(in super::super) fn is_known(&self, miss: &Miss) -> bool {
        let common = |number: u32| number < self.commons.len();
        let worker = |number: u32| number < self.workers.len();
        let cache = |number: u32| number < self.caches.len();
        let change = |number: u32| number < self.changes.len();
        let relabelling = |number: u32| number < self.relabellings.len();
        let pair = |number: u32| (number as usize) < self.symmetry.pairs();
        match *miss {
            Miss::Step { common: c, worker: w, cache: k, .. } => {
                common(c) && worker(w) && (k == NONE || cache(k))
            }
            Miss::Delivery { common: c, index, cache: k } => {
                common(c) && cache(k) && (index as usize) < self.setting.caches.len()
            }
            Miss::Queue { cache: k, change: c } => cache(k) && change(c),
            Miss::Worker { relabelling: r, worker: w } => relabelling(r) && worker(w),
            Miss::Cache { relabelling: r, cache: k } => relabelling(r) && cache(k),
            Miss::ExchangedCommon { pair: p, common: c } => pair(p) && common(c),
            Miss::ExchangedWorker { pair: p, worker: w } => pair(p) && worker(w),
            Miss::ExchangedCache { pair: p, cache: k } => pair(p) && cache(k),
            Miss::Unread { cache: k } => cache(k),
            Miss::Judge { common: c } => common(c),
            Miss::Plain(ref row) => {
                let layout = self.layout;
                row.len() == layout.width
                    && common(row[0])
                    && row[layout.workers..layout.caches].iter().all(|&number| worker(number))
                    && row[layout.caches..].iter().all(|&number| cache(number))
            }
        }
    }

    fn learn_step(&mut self, common: u32, worker: u32, cache: u32, overlaps: bool) -> Step {
        if let Some(step) = self.exchanged_step(common, worker, overlaps) {
            return step;
        }
        let parts = self.commons.value(common).clone();
        let index = self.workers.value(worker).0;
        let memory_at = self.common.memories + self.setting.workers[index].process;
        let memory = self.taken(parts[memory_at], worker);
        let effect = self.effect(parts[SERVER], worker, cache, memory);
        let mut after = parts.clone();
        after[SERVER] = effect.server;
        after[memory_at] = effect.memory;
        let event = self.event_that(effect.event, overlaps);
        let flags = self.flags_of(event) | self.notice(&mut after, event);
        let raw = self.number_common(after);
        let (common, relabelling) = self.canonical_form(raw);
        let identity = self.is_identity(raw, relabelling);
        Step {
            common,
            worker: self.relabel_worker(relabelling, effect.worker),
            relabelling: if identity { NONE } else { relabelling },
            change: effect.change,
            flags,
        }
    }

    /// What a process shares in memory, once a worker has taken its turn.
    fn taken(&mut self, memory: u32, worker: u32) -> u32 {
        let Standing { under_way, requeued, .. } = self.standing(worker);
        if !self.turns || under_way {
            return memory;
        }
        let index = self.workers.value(worker).0;
        let mut after = self.memories.value(memory).clone();
        self.setting.take_turn(index, requeued, &mut after);
        self.memories.number(after)
    }

    /// What the server, or whatever the worker asks, makes of its next ask.
    fn effect(&mut self, server: u32, worker: u32, cache: u32, memory: u32) -> Effect {
        let look = self.worker_facts[worker as usize].look;
        let touches = matches!(look, Look::Memory | Look::MemoryAndCache(_));
        let known = (server, worker, cache, if touches { memory } else { NONE });
        if let Some(effect) = self.effects.get(&known) {
            // A step that does not look at memory leaves it as it is.
            return if touches { *effect } else { Effect { memory, ..*effect } };
        }
        let mut held = self.memories.value(memory).clone();
        let (index, mut value) = self.workers.value(worker).clone();
        let ask = self.asks[worker as usize].clone();
        let (after, mut performed) = match &ask {
            Ask::Api(call) => {
                let (after, served) = self.served(server, worker, call);
                (after, tell(index, call, served, false))
            }
            _ => {
                self.computed += 1;
                let mut store = self.servers.value(server).clone();
                let informer = (cache != NONE).then(|| &self.caches.value(cache).1);
                let performed = perform(&mut store, informer, &mut held, index, &ask, false);
                (self.servers.number(store), performed)
            }
        };
        let before = value.progress();
        if let Some(answer) = &performed.answer {
            value.answer(answer);
        }
        let writes = performed.event.is_write();
        performed.event.mark = mark(before, value.progress(), writes, false);
        let change = self.setting.publications(&performed).into_iter().next();
        let effect = Effect {
            server: after,
            memory: self.memories.number(held),
            worker: self.number_worker(index, value),
            event: self.number_event(performed.event),
            change: change.map_or(NONE, |change| self.changes.number(change)),
        };
        self.effects.insert(known, effect);
        effect
    }

    /// What the server makes of a worker's request.
    fn served(&mut self, server: u32, worker: u32, call: &Call) -> (u32, Served) {
        let request = self.worker_facts[worker as usize].request;
        if let Some(known) = self.served.get(&(server, request)) {
            return known.clone();
        }
        self.computed += 1;
        let mut store = self.servers.value(server).clone();
        let served = serve(&mut store, &call.request);
        let served = (self.servers.number(store), served);
        self.served.insert((server, request), served.clone());
        served
    }

    /// The event, of a run that begins while another one is under way, or not.
    fn event_that(&mut self, event: u32, overlaps: bool) -> u32 {
        if !overlaps {
            return event;
        }
        if let Some(known) = self.overlapping.get(event) {
            return known;
        }
        let mut other = self.events[event as usize].clone();
        other.mark.overlaps = other.mark.first;
        let other = self.number_event(other);
        self.overlapping.set(event, other);
        other
    }

    fn flags_of(&mut self, event: u32) -> u16 {
        let event = &self.events[event as usize];
        if event.is_write() {
            self.max_attempts = self.max_attempts.max(event.mark.attempts);
        }
        flags_of(event)
    }

    /// Lets every observer take notice of an event; says which of them it decides.
    fn notice(&mut self, common: &mut [u32], event: u32) -> u16 {
        let mut flags = 0;
        let remembered = &mut common[self.common.remembered..];
        for (index, place) in remembered.iter_mut().enumerate() {
            let key = (index as u32, *place, event);
            let (memory, decided) = match self.noticed.get(&key) {
                Some(known) => *known,
                None => {
                    let mut memory = self.remembered.value(*place).clone();
                    let observer = &self.setting.observers[index];
                    let decided = observer.observe(&mut memory, &self.events[event as usize]);
                    let effect = (self.remembered.number(memory), decided);
                    self.noticed.insert(key, effect);
                    effect
                }
            };
            *place = memory;
            flags |= Parts::decides(index, decided);
        }
        flags
    }

    fn learn_delivery(&mut self, common: u32, index: usize, cache: u32) -> Step {
        self.computed += 1;
        let mut after = self.commons.value(common).clone();
        let mut informer = self.caches.value(cache).1.clone();
        let spec = &self.setting.caches[index];
        let event = deliver(self.servers.value(after[SERVER]), spec, &mut informer, index);
        if self.turns {
            let at = self.common.memories + spec.process;
            let mut memory = self.memories.value(after[at]).clone();
            self.setting.receive(index, &event, &informer, &mut memory);
            after[at] = self.memories.number(memory);
        }
        let event = self.number_event(event);
        let flags = self.notice(&mut after, event);
        let raw = self.number_common(after);
        let (common, relabelling) = self.canonical_form(raw);
        let identity = self.is_identity(raw, relabelling);
        let informer = self.number_cache(index, informer);
        Step {
            common,
            worker: self.relabel_cache(relabelling, informer),
            relabelling: if identity { NONE } else { relabelling },
            change: NONE,
            flags,
        }
    }

    /// A cache after what a step means for it.
    fn learn_queue(&mut self, cache: u32, change: u32) -> u32 {
        let publication = self.changes.value(change);
        let (index, mut informer) = self.caches.value(cache).clone();
        if !self.setting.concerns(index, publication) {
            return cache;
        }
        self.setting.publish(index, &mut informer, publication);
        self.number_cache(index, informer)
    }

    fn learn_judge(&mut self, common: u32) {
        let ending = self.ending(common);
        let remembered = &self.commons.value(common)[self.common.remembered..];
        let judged = self.setting.observers.iter().zip(remembered).enumerate();
        let bits = judged.map(|(index, (observer, &memory))| {
            let decided = observer.decides_at_end(self.remembered.value(memory), &ending);
            u32::from(decided) << index
        });
        let bits = bits.fold(0, |all, bit| all | bit);
        self.judged.set(common, bits);
    }

    fn learn_plainly(&mut self, row: &[u32]) {
        let world = self.world(row);
        let mut successors = Vec::new();
        for choice in world.choices() {
            let mut after = world.clone();
            let event = after.take(choice);
            self.computed += 1;
            if event.is_write() {
                self.max_attempts = self.max_attempts.max(event.mark.attempts);
            }
            let decided = after.decided.iter().enumerate();
            let decided = decided.map(|(index, &decided)| Parts::decides(index, decided));
            let flags = decided.fold(flags_of(&event), |all, bit| all | bit);
            let row = self.row_of(&after).into();
            successors.push(Successor { choice, row, flags });
        }
        self.plain.insert(row.into(), successors);
    }

    /// Forgets the choices of states that have been expanded.
    pub(in super::super) fn forget_plain(&mut self) {
        self.plain.clear();
    }
}

fn flags_of(event: &Event) -> u16 {
    let api = if event.is_api_call() { Edge::API } else { 0 };
    let conflict = if event.is_conflict() { Edge::CONFLICT } else { 0 };
    api | conflict
}
