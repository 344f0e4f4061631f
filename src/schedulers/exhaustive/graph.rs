//! The graph of distinct states: who moved from which to which.
//!
//! States are numbered in the order of discovery, breadth first; the transitions of one state
//! stand together, in the order of its choices, so everything derived from the graph is
//! deterministic. Where workers that are alike are exchanged, a state stands for all that an
//! exchange leads to, and a transition remembers the exchanged workers. Next to read: `counts.rs`.

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use super::checkpoint::{Words, list};
use crate::simulation::{Choice, World};
use crate::trace::Fault;

/// One transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The state it leads to.
    pub to: u32,
    /// The choice, as an index into [`Graph::choice`].
    choice: u16,
    /// See the constants of [`Edge`].
    flags: u16,
}

impl Edge {
    /// The step was a request to the API server.
    pub const API: u16 = 1;
    /// The request was refused because of a conflict.
    pub const CONFLICT: u16 = 2;
    /// The first of the bits that say which observers the step decides.
    pub const DECIDES: u16 = 4;
    /// How many observers have a bit.
    pub const MAX_OBSERVERS: usize = 14;

    pub(super) fn new(to: u32, choice: u16, flags: u16) -> Edge {
        Edge { to, choice, flags }
    }

    /// Whether the step was a request to the API server.
    pub fn is_api(self) -> bool {
        self.flags & Self::API != 0
    }

    /// Whether the request was refused because of a conflict.
    pub fn is_conflict(self) -> bool {
        self.flags & Self::CONFLICT != 0
    }

    /// Whether the step decides an observer for good.
    pub fn decides(self, observer: usize) -> bool {
        self.flags & (Self::DECIDES << observer) != 0
    }
}

/// All choices that a world may ever offer, by number: workers, deliveries, faults.
#[derive(Clone, Debug, Default)]
pub(super) struct Choices {
    all: Vec<Choice>,
    workers: usize,
    caches: usize,
}

impl Choices {
    pub fn of(world: &World) -> Choices {
        let (workers, caches) = (world.workers.len(), world.caches.len());
        let mut all: Vec<Choice> = (0..workers).map(Choice::Worker).collect();
        all.extend((0..caches).map(Choice::Deliver));
        let faults = (0..workers).map(Fault::LostResponse);
        let faults = faults.chain((0..world.memories.len()).map(Fault::Crash));
        let faults = faults.chain((0..caches).map(Fault::WatchGap)).chain([Fault::Recreation]);
        let faults = faults.chain((0..workers).map(Fault::Deadline));
        all.extend(faults.map(Choice::Fault));
        Choices { all, workers, caches }
    }

    pub fn number(&self, choice: Choice) -> u16 {
        let number = match choice {
            Choice::Worker(worker) => worker,
            Choice::Deliver(cache) => self.workers + cache,
            Choice::Fault(_) => {
                let faults = &self.all[self.workers + self.caches..];
                let at = faults.iter().position(|known| *known == choice);
                self.workers + self.caches + at.expect("every fault is listed")
            }
        };
        number as u16
    }
}

/// What a state is; anything above is final, and names whom that decides.
const INNER: u8 = 0;
/// Not expanded: a bound was reached.
const OPEN: u8 = 1;
/// Another shard's: nothing beyond it counts here.
const ELSEWHERE: u8 = 2;
const FINAL: u8 = 3;

/// The graph.
#[derive(Debug)]
pub struct Graph {
    pub(super) choices: Choices,
    kinds: Vec<u8>,
    /// Whom the end of a schedule decides: the different answers.
    endings: IndexSet<u16, FxBuildHasher>,
    /// The common parts of final states.
    pub(super) final_commons: std::collections::BTreeSet<u32>,
    /// The end of each expanded state's transitions.
    ends: Vec<u32>,
    edges: Vec<Edge>,
    /// For each transition, the exchanged workers: a number into `orders`; empty without any.
    permutations: Vec<u32>,
    /// For each worker and cache of the state that is reached, who that was before.
    orders: IndexSet<Box<[u8]>, FxBuildHasher>,
    states: usize,
    observers: usize,
    /// The observers that an end decides, as bits.
    decided_at_ends: u16,
    seen: Seen,
}

/// What is known of all transitions together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The flags of any.
    flags: u16,
    /// Whether each leads to a state with a higher number.
    forward: bool,
}

impl Default for Seen {
    fn default() -> Seen {
        Seen { flags: 0, forward: true }
    }
}

impl Seen {
    /// Of the transitions of states that begin with number `first`; `ends` says where each one's
    /// end.
    pub fn of(first: usize, edges: &[Edge], ends: &[u32]) -> Seen {
        let (mut seen, mut from) = (Seen::default(), 0);
        for (state, end) in ends.iter().enumerate() {
            for edge in &edges[from..*end as usize] {
                seen.flags |= edge.flags;
                seen.forward &= edge.to as usize > first + state;
            }
            from = *end as usize;
        }
        seen
    }
}

impl Graph {
    pub(super) fn new(world: &World, exchanges: bool) -> Self {
        let choices = Choices::of(world);
        let places = (choices.workers + choices.caches + world.memories.len()) as u8;
        let unchanged: Box<[u8]> = (0..places).collect();
        Graph {
            orders: exchanges.then_some(unchanged).into_iter().collect(),
            choices,
            kinds: Vec::new(),
            endings: IndexSet::default(),
            final_commons: Default::default(),
            ends: Vec::new(),
            edges: Vec::new(),
            permutations: Vec::new(),
            states: 1,
            observers: world.setting.observers.len(),
            decided_at_ends: 0,
            seen: Seen::default(),
        }
    }

    /// Appends the transitions of the next states, which begin with number `first`; `ends` says
    /// where each one's end, `seen` what is known of all, and `finals` which states are final.
    pub(super) fn append(
        &mut self,
        first: usize,
        (edges, ends): (&[Edge], &[u32]),
        seen: Seen,
        finals: &[(usize, u16, u32)],
    ) {
        debug_assert_eq!(self.ends.len(), first);
        let start = self.edges.len() as u32;
        self.seen.flags |= seen.flags;
        self.seen.forward &= seen.forward;
        self.edges.extend_from_slice(edges);
        self.ends.extend(ends.iter().map(|end| start + end));
        self.kinds.resize(first + ends.len(), INNER);
        for (state, decided, common) in finals {
            let (ending, _) = self.endings.insert_full(*decided);
            self.decided_at_ends |= *decided;
            self.kinds[*state] = FINAL + ending as u8;
            self.final_commons.insert(*common);
        }
    }

    /// Appends the exchanged workers of transitions that were appended before: numbers into
    /// `orders`, from 1, or 0.
    pub(super) fn append_permutations(
        &mut self,
        orders: &IndexSet<Box<[u8]>, FxBuildHasher>,
        permutations: impl Iterator<Item = u32>,
    ) {
        if self.orders.is_empty() {
            return;
        }
        let own: Vec<u32> =
            orders.iter().map(|order| self.orders.insert_full(order.clone()).0 as u32).collect();
        let number = |permutation: u32| match permutation {
            0 => 0,
            known => own[known as usize - 1],
        };
        self.permutations.extend(permutations.map(number));
    }

    /// Sets the number of states; those that are not expanded are open. Spare room is given back.
    pub(super) fn close(&mut self, states: usize) {
        self.states = states;
        self.kinds.resize(states, OPEN);
        self.ends.resize(states, self.edges.len() as u32);
        self.edges.shrink_to_fit();
        [&mut self.ends, &mut self.permutations].into_iter().for_each(Vec::shrink_to_fit);
    }

    /// A state will not be expanded.
    pub(super) fn leave_open(&mut self, state: usize) {
        self.kinds.resize(state + 1, OPEN);
        self.ends.resize(state + 1, self.edges.len() as u32);
    }

    /// The next state, with number `state`, is another shard's business.
    pub(super) fn leave_to_others(&mut self, state: usize) {
        self.kinds.resize(state + 1, ELSEWHERE);
        self.kinds[state] = ELSEWHERE;
        self.ends.resize(state + 1, self.edges.len() as u32);
    }

    /// So are the final ones among the states from this one on.
    pub(super) fn leave_finals_to_others(&mut self, from: usize) {
        let finals = self.kinds[from..].iter_mut().filter(|kind| **kind >= FINAL);
        finals.for_each(|kind| *kind = ELSEWHERE);
    }

    /// How many states there are. State 0 is the initial one.
    pub fn states(&self) -> usize {
        self.states
    }

    /// How many transitions there are.
    pub fn transitions(&self) -> usize {
        self.edges.len()
    }

    /// How many observers judged.
    pub fn observers(&self) -> usize {
        self.observers
    }

    /// The transitions of a state, in the order of its choices.
    pub fn edges(&self, state: usize) -> &[Edge] {
        let start = if state == 0 { 0 } else { self.ends[state - 1] };
        &self.edges[start as usize..self.ends[state] as usize]
    }

    /// The choice of a transition.
    pub fn choice(&self, edge: Edge) -> Choice {
        self.choices.all[edge.choice as usize]
    }

    /// For each worker, cache and process of the state that the n-th transition of a state leads
    /// to, the place it had before (workers first, then caches, then processes); `None` if no
    /// workers were exchanged.
    pub(super) fn from(&self, state: usize, nth: usize) -> Option<&[u8]> {
        let start = if state == 0 { 0 } else { self.ends[state - 1] as usize };
        let permutation = *self.permutations.get(start + nth)?;
        (permutation != 0).then(|| &*self.orders[permutation as usize])
    }

    /// Who stands at each place of the initial state: each at its own; empty if no worker is ever
    /// exchanged.
    pub(super) fn own_names(&self) -> Vec<u8> {
        self.orders.first().map(|own| own.to_vec()).unwrap_or_default()
    }

    /// Who a choice is about, if `names` says which worker, cache or process is at each place.
    pub(super) fn renamed(&self, choice: Choice, names: &[u8]) -> Choice {
        let caches = self.choices.workers;
        let processes = caches + self.choices.caches;
        let at = |first: usize, index: usize| match names.get(first + index) {
            Some(name) => usize::from(*name) - first,
            None => index,
        };
        match choice {
            Choice::Worker(worker) => Choice::Worker(at(0, worker)),
            Choice::Deliver(cache) => Choice::Deliver(at(caches, cache)),
            Choice::Fault(Fault::LostResponse(worker)) => {
                Choice::Fault(Fault::LostResponse(at(0, worker)))
            }
            Choice::Fault(Fault::Crash(process)) => {
                Choice::Fault(Fault::Crash(at(processes, process)))
            }
            Choice::Fault(Fault::WatchGap(cache)) => {
                Choice::Fault(Fault::WatchGap(at(caches, cache)))
            }
            Choice::Fault(Fault::Deadline(worker)) => Choice::Fault(Fault::Deadline(at(0, worker))),
            Choice::Fault(Fault::Recreation) => choice,
        }
    }

    /// For a state in which every worker is done, the observers that this decides, as bits.
    pub fn decided_at_end(&self, state: usize) -> Option<u16> {
        let ending = self.kinds[state].checked_sub(FINAL)?;
        Some(self.endings[ending as usize])
    }

    /// The states in which every worker is done.
    pub fn finals(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.states()).filter(|&state| self.kinds[state] >= FINAL)
    }

    /// Whether some state was not expanded.
    pub fn is_open(&self) -> bool {
        self.kinds.contains(&OPEN)
    }

    /// Whether some state was not expanded, or belongs to another shard.
    pub(super) fn is_partial(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(*kind, OPEN | ELSEWHERE))
    }

    /// The observers that are decided in a schedule that was seen, as bits.
    pub(super) fn decided(&self) -> u16 {
        (self.seen.flags / Edge::DECIDES) | self.decided_at_ends
    }

    /// Whether anything decides an observer in a schedule that was seen.
    pub(super) fn ever_decides(&self, observer: usize) -> bool {
        self.decided() >> observer & 1 == 1
    }

    /// Whether a request was ever refused because of a conflict.
    pub(super) fn has_conflicts(&self) -> bool {
        self.seen.flags & Edge::CONFLICT != 0
    }

    /// Whether every transition leads to a state with a higher number.
    pub(super) fn leads_forward(&self) -> bool {
        self.seen.forward
    }

    /// The bytes that the graph takes, as it stands.
    pub(super) fn bytes(&self) -> u64 {
        let words = self.ends.capacity() + self.permutations.capacity();
        (self.edges.capacity() * size_of::<Edge>() + words * 4 + self.kinds.capacity()) as u64
    }

    /// Whether there is room for the transitions of another batch.
    pub(super) fn is_full(&self) -> bool {
        self.edges.len() > (u32::MAX - (1 << 28)) as usize || self.kinds.len() > (1 << 31)
    }

    /// What a checkpoint holds of the graph: its first `states` states.
    pub(super) fn write(&self, states: usize, word: &mut dyn FnMut(u64)) {
        list(self.kinds[..states].iter().map(|kind| u64::from(*kind)), 8, word);
        list(self.ends[..states].iter().map(|end| u64::from(*end)), 32, word);
        let edge = |edge: &Edge| {
            u64::from(edge.to) << 32 | u64::from(edge.choice) << 16 | u64::from(edge.flags)
        };
        list(self.edges.iter().map(edge), 64, word);
        list(self.endings.iter().map(|ending| u64::from(*ending)), 16, word);
        list(self.final_commons.iter().map(|common| u64::from(*common)), 32, word);
        list(self.permutations.iter().map(|order| u64::from(*order)), 32, word);
        word(self.orders.len() as u64);
        for order in &self.orders {
            list(order.iter().map(|place| u64::from(*place)), 8, word);
        }
        word(u64::from(self.seen.forward));
    }

    /// Takes the graph that a checkpoint holds; `None` if it is not one.
    pub(super) fn read(&mut self, states: usize, words: &mut Words<'_>) -> Option<()> {
        self.kinds = words.list(8, |kind| kind as u8)?;
        self.ends = words.list(32, |end| end as u32)?;
        let edge = |word: u64| Edge::new((word >> 32) as u32, (word >> 16) as u16, word as u16);
        self.edges = words.list(64, edge)?;
        self.endings = words.list(16, |ending| ending as u16)?.into_iter().collect();
        self.final_commons = words.list(32, |common| common as u32)?.into_iter().collect();
        self.permutations = words.list(32, |order| order as u32)?;
        self.orders = IndexSet::default();
        for _ in 0..words.next()? {
            self.orders.insert(words.list(8, |place| place as u8)?.into());
        }
        let flags = self.edges.iter().fold(0, |flags, edge| flags | edge.flags);
        self.seen = Seen { flags, forward: words.next()? == 1 };
        self.decided_at_ends = self.endings.iter().fold(0, |decided, ending| decided | ending);
        let ended = self.ends.last().map_or(0, |end| *end as usize) == self.edges.len();
        (ended && self.kinds.len() == states && self.ends.len() == states).then_some(())
    }
}
