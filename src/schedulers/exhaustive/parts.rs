//! The parts of worlds as small integers, and what a step does to them, computed once.
//!
//! A state is a row of numbers: first what is common to all (server, memories, fault budget, what
//! the properties remember, as one number), then each worker, then each informer cache. What a
//! step does depends on the common part, the worker that moves and, for a look into a cache, that
//! cache; it is computed by [`perform`](crate::simulation::perform) on the real values the first
//! time (`learn.rs`) and looked up ever after (`expand.rs`). Nothing of the server's semantics is
//! written a second time.
//!
//! Looking up changes nothing, so several threads may do it at once; what they find missing they
//! name ([`Miss`]), and one thread learns it, in the order of the states. The numbers are therefore
//! the same with any number of threads, and learning the same list of misses again gives the same
//! tables: that list is all of this that a checkpoint holds. Next to read: `parts/expand.rs`.

mod exchange;
mod expand;
mod learn;
mod relabel;
mod tables;
mod turns;
mod unread;

pub(super) use expand::Scratch;
pub(super) use learn::Miss;
use tables::{Known, NONE, Table};

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::canonical::{Relabelling, renamable};
use super::reduction::Reduction;
use super::stale;
use super::symmetry::Symmetry;
use crate::apiserver::{ApiServer, Request};
use crate::client::Informer;
use crate::reconcilers::{Ask, BoxedWorker, Freshness, Reader, Shared};
use crate::simulation::{
    BoxedMemory, Choice, Ending, FaultBudget, Memory, Publication, Served, Setting, World,
};
use crate::trace::Event;

/// What stands where in a row: [common, workers, caches].
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    pub workers: usize,
    pub caches: usize,
    pub width: usize,
}

/// What stands where in a common part: [server, budget, memories, remembered].
#[derive(Clone, Copy, Debug)]
struct Common {
    memories: usize,
    remembered: usize,
}

const SERVER: usize = 0;
const BUDGET: usize = 1;

/// What a worker's next step looks at besides the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Nothing,
    /// The cache with this index.
    Cache(usize),
    Memory,
    /// Both: what memory holds decides whether the cache is asked.
    MemoryAndCache(usize),
}

/// What depends only on a worker's value.
#[derive(Clone, Copy, Debug)]
struct WorkerFacts {
    done: bool,
    under_way: bool,
    requeued: bool,
    look: Look,
    /// Whether it may still look into its cache, now or later.
    may_look: bool,
    /// How far the cache must have come that it looks into.
    freshness: Freshness,
    /// The request it makes, or [`NONE`].
    request: u32,
}

/// What a worker's step does, besides what it does to the other workers and to caches.
#[derive(Clone, Copy, Debug)]
struct Step {
    common: u32,
    worker: u32,
    /// The relabelling of all the others, or [`NONE`].
    relabelling: u32,
    /// What it means for the caches, or [`NONE`].
    change: u32,
    flags: u16,
}

/// What the server makes of one ask.
#[derive(Clone, Copy, Debug)]
struct Effect {
    server: u32,
    memory: u32,
    worker: u32,
    event: u32,
    change: u32,
}

/// One successor of a state that is expanded the plain way.
#[derive(Clone, Debug)]
struct Successor {
    choice: Choice,
    row: Box<[u32]>,
    flags: u16,
}

/// All parts of all states found so far, and what steps do to them.
pub(super) struct Parts {
    setting: Arc<Setting>,
    pub(super) layout: Layout,
    common: Common,
    canonical: bool,
    /// By cache: whether of an object that the server no longer has so, only the version matters.
    dead_when_stale: Vec<bool>,
    records_owners: bool,
    symmetry: Symmetry,
    reduction: Option<Reduction>,
    /// Whether a worker may have to wait for its turn.
    turns: bool,
    /// Whether a worker may have to wait for its cache.
    waiting_readers: bool,

    servers: Table<ApiServer>,
    budgets: Table<FaultBudget>,
    memories: Table<Memory>,
    remembered: Table<BoxedMemory>,
    commons: Table<Box<[u32]>>,
    /// With its index: two workers are never the same, however alike.
    workers: Table<(usize, BoxedWorker)>,
    /// With its index, since that says what it watches.
    caches: Table<(usize, Informer)>,
    /// Hardly one is ever the same as another: they are numbered as they come.
    events: Vec<Event>,
    /// The same event, of a run that begins while another one is under way.
    overlapping: Known,
    changes: Table<Publication>,
    relabellings: Table<Relabelling>,

    worker_facts: Vec<WorkerFacts>,
    /// What each worker asks for next.
    asks: Vec<Ask>,
    /// The requests that are asked for, whoever asks.
    requests: Table<Request>,
    /// Whether a fault is still allowed, by common part.
    with_faults: Vec<bool>,
    /// Whether an event is queued, by cache.
    lagging: Vec<bool>,

    /// By server and request: the server afterwards, and its answer.
    served: FxHashMap<(u32, u32), (u32, Served)>,
    effects: FxHashMap<(u32, u32, u32, u32), Effect>,
    noticed: FxHashMap<(u32, u32, u32), (u32, bool)>,
    /// From a common part as a step leaves it to the canonical one and the relabelling.
    canonical_forms: FxHashMap<u32, (u32, u32)>,
    relabelled: FxHashMap<(u8, u32, u32), u32>,

    steps: FxHashMap<u64, Step>,
    looks: FxHashMap<(u64, u32), Step>,
    deliveries: FxHashMap<(u64, u32), Step>,
    queued: FxHashMap<u64, u32>,
    relabelled_workers: Vec<Known>,
    relabelled_caches: Vec<Known>,
    exchanged: exchange::Exchanged,
    unread: unread::Unread,
    judged: Known,
    plain: FxHashMap<Box<[u32]>, Vec<Successor>>,

    pub(super) max_attempts: u32,
    /// How often the server, a cache or a property was really asked.
    pub(super) computed: u64,
}

impl Parts {
    pub(super) fn new(
        world: &World,
        (canonical, unread): (bool, bool),
        symmetry: Symmetry,
        reduction: Option<Reduction>,
    ) -> Self {
        let setting = Arc::clone(&world.setting);
        let turns = setting.has_turns();
        let waiting_readers = setting.has_waiting_readers();
        let workers = 1;
        let caches = workers + world.workers.len();
        let memories = BUDGET + 1;
        let remembered = memories + world.memories.len();
        let pairs = symmetry.pairs();
        Parts {
            setting,
            layout: Layout { workers, caches, width: caches + world.caches.len() },
            common: Common { memories, remembered },
            canonical: canonical && renamable(world),
            dead_when_stale: stale::dead_when_stale(world),
            records_owners: world.server.records_owners(),
            symmetry,
            reduction,
            turns,
            waiting_readers,
            servers: Table::new(),
            budgets: Table::new(),
            memories: Table::new(),
            remembered: Table::new(),
            commons: Table::new(),
            workers: Table::new(),
            caches: Table::new(),
            events: Vec::new(),
            overlapping: Known::default(),
            changes: Table::new(),
            relabellings: Table::new(),
            worker_facts: Vec::new(),
            asks: Vec::new(),
            requests: Table::new(),
            with_faults: Vec::new(),
            lagging: Vec::new(),
            served: FxHashMap::default(),
            effects: FxHashMap::default(),
            noticed: FxHashMap::default(),
            canonical_forms: FxHashMap::default(),
            relabelled: FxHashMap::default(),
            steps: FxHashMap::default(),
            looks: FxHashMap::default(),
            deliveries: FxHashMap::default(),
            queued: FxHashMap::default(),
            relabelled_workers: Vec::new(),
            relabelled_caches: Vec::new(),
            exchanged: exchange::Exchanged::new(pairs),
            unread: unread::Unread::of(world, unread),
            judged: Known::default(),
            plain: FxHashMap::default(),
            max_attempts: 0,
            computed: 0,
        }
    }

    /// The row of the initial state.
    pub(super) fn initial(&mut self, world: &World) -> Vec<u32> {
        self.row_of(world)
    }

    /// The canonical row of a world, up to exchanges.
    fn row_of(&mut self, world: &World) -> Vec<u32> {
        let raw = self.common_of(world);
        let (common, relabelling) = self.canonical_form(raw);
        let mut row = Vec::with_capacity(self.layout.width);
        row.push(common);
        for (index, worker) in world.workers.iter().enumerate() {
            let worker = self.number_worker(index, worker.clone());
            row.push(self.relabel_worker(relabelling, worker));
        }
        for (index, cache) in world.caches.iter().enumerate() {
            let cache = self.number_cache(index, cache.clone());
            row.push(self.relabel_cache(relabelling, cache));
        }
        row
    }

    fn common_of(&mut self, world: &World) -> u32 {
        let mut common =
            vec![self.servers.number(world.server.clone()), self.budgets.number(world.faults)];
        common.extend(world.memories.iter().map(|memory| self.memories.number(memory.clone())));
        common.extend(world.remembered.iter().map(|m| self.remembered.number(m.clone())));
        self.number_common(common.into())
    }

    fn number_common(&mut self, common: Box<[u32]>) -> u32 {
        let with_faults = *self.budgets.value(common[BUDGET]) != FaultBudget::default();
        let number = self.commons.number(common);
        if number as usize == self.with_faults.len() {
            self.with_faults.push(with_faults);
        }
        number
    }

    fn number_worker(&mut self, index: usize, mut worker: BoxedWorker) -> u32 {
        if self.canonical {
            worker.forget_past();
        }
        let number = self.workers.number((index, worker));
        if number as usize == self.worker_facts.len() {
            let worker = &self.workers.value(number).1;
            let ask = worker.ask();
            let cache = self.setting.workers[index].cache;
            let look = match ask {
                Ask::Cache(_) | Ask::CacheList(_) => cache.map_or(Look::Nothing, Look::Cache),
                Ask::Shared(Shared::Load { from: Reader::Cache, .. }) => {
                    cache.map_or(Look::Memory, Look::MemoryAndCache)
                }
                Ask::Shared(_) | Ask::Lead(_) => Look::Memory,
                Ask::Api(_) | Ask::CacheWrite(_) | Ask::Effect(_) | Ask::Done => Look::Nothing,
            };
            let (done, progress) = (ask == Ask::Done, worker.progress());
            let (under_way, requeued) = (progress.under_way, progress.requeued > 0);
            let (freshness, may_look) = (worker.freshness(), worker.may_look());
            let request = match &ask {
                Ask::Api(call) => self.number_request(&call.request),
                _ => NONE,
            };
            self.asks.push(ask);
            let facts =
                WorkerFacts { done, under_way, requeued, look, may_look, freshness, request };
            self.worker_facts.push(facts);
        }
        number
    }

    fn number_request(&mut self, request: &Request) -> u32 {
        let mut request = request.clone();
        if !self.records_owners {
            // Who asks is seen in the owners of fields alone.
            request.user_agent.clear();
            request.options.field_manager = None;
        }
        self.requests.number(request)
    }

    fn number_event(&mut self, event: Event) -> u32 {
        self.events.push(event);
        self.events.len() as u32 - 1
    }

    fn number_cache(&mut self, index: usize, cache: Informer) -> u32 {
        let lagging = cache.lag() > 0;
        let number = self.caches.number((index, cache));
        if number as usize == self.lagging.len() {
            self.lagging.push(lagging);
        }
        number
    }

    /// The world of a row, for what is too rare to be memoised.
    fn world(&self, row: &[u32]) -> World {
        let layout = self.layout;
        let common = self.commons.value(row[0]);
        let memories = common[self.common.memories..self.common.remembered].iter();
        let remembered = common[self.common.remembered..].iter();
        let workers = row[layout.workers..layout.caches].iter();
        let caches = row[layout.caches..].iter();
        World {
            setting: Arc::clone(&self.setting),
            server: self.servers.value(common[SERVER]).clone(),
            caches: caches.map(|&n| self.caches.value(n).1.clone()).collect(),
            memories: memories.map(|&n| self.memories.value(n).clone()).collect(),
            faults: *self.budgets.value(common[BUDGET]),
            workers: workers.map(|&n| self.workers.value(n).1.clone()).collect(),
            decided: vec![false; remembered.len()],
            remembered: remembered.map(|&n| self.remembered.value(n).clone()).collect(),
        }
    }

    fn ending(&self, common: u32) -> Ending {
        self.setting.ending(self.servers.value(self.commons.value(common)[SERVER]))
    }

    /// What the stores of these states hold, for comparing sets of final states. After exchanges,
    /// these are the representatives.
    pub(super) fn contents(&self, commons: &BTreeSet<u32>) -> BTreeSet<String> {
        commons.iter().map(|common| self.ending(*common).content()).collect()
    }

    pub(super) fn reduction(&self) -> Option<&Reduction> {
        self.reduction.as_ref()
    }

    /// The workers that are explored up to permutation, class by class.
    pub(super) fn symmetric(&self) -> Vec<Vec<usize>> {
        self.symmetry.classes()
    }

    pub(super) fn is_done(&self, worker: u32) -> bool {
        self.worker_facts[worker as usize].done
    }

    /// How many different numbers may stand in a column: of common parts, workers, caches.
    pub(super) fn ranges(&self) -> (u32, u32, u32) {
        (self.commons.len(), self.workers.len(), self.caches.len())
    }
}
