//! Tries one-after-the-other orders of runs, for `serializable`.
//!
//! Each run reads, computes and writes alone: caches are up to date before it, and shared memory
//! is empty. It has to come to what the run in question came to, so an order is given up at the
//! first run that does not. What a run does in a state is computed once. Next to read:
//! `properties/serializable.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::history::Lists;
use crate::properties::{RunOutcome, Runs, RunsBy, SerialOrders};
use crate::simulation::{Choice, Ending, Wait, World};
use crate::trace::Fault;

/// More steps than a run takes alone, unless it retries for ever what can never change.
const MOST_STEPS: u32 = 1_000;

/// Who tries the orders that begin with this world.
pub(super) fn orders(start: World) -> SerialOrders {
    let known = Mutex::new(Orders::new(start));
    SerialOrders(Arc::new(move |runs: &Runs, ending: &Ending| {
        known.lock().unwrap_or_else(PoisonError::into_inner).explain(runs, ending)
    }))
}

/// For worlds that are not asked about serial orders.
pub(super) fn none() -> SerialOrders {
    SerialOrders(Arc::new(|_: &Runs, _: &Ending| true))
}

/// The states between runs, and what is known of them.
struct Orders {
    start: World,
    /// Each state once; worlds with the same identity have the same future.
    states: Vec<World>,
    by_identity: BTreeMap<String, usize>,
    /// What a run of a worker does in a state, and where it leads; `None` if it gives up.
    made: BTreeMap<(usize, usize), (Option<RunOutcome>, usize)>,
    explained: BTreeMap<(Runs, String), bool>,
}

/// What an order still has to place, and the state that it has led to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rest {
    acknowledged: RunsBy,
    ambiguous: RunsBy,
    recreations: u32,
    state: usize,
}

impl Orders {
    fn new(start: World) -> Orders {
        let by_identity = BTreeMap::from([(identity(&start), 0)]);
        let states = vec![start.clone()];
        let (made, explained) = (BTreeMap::new(), BTreeMap::new());
        Orders { start, states, by_identity, made, explained }
    }

    fn explain(&mut self, runs: &Runs, ending: &Ending) -> bool {
        let end = content(&self.start, ending);
        let asked = (runs.clone(), end);
        if let Some(known) = self.explained.get(&asked) {
            return *known;
        }
        let rest = Rest {
            acknowledged: runs.acknowledged.clone(),
            ambiguous: runs.ambiguous.clone(),
            recreations: runs.recreations,
            state: 0,
        };
        let found = self.leads_to(&asked.1, rest, &mut BTreeSet::new());
        self.explained.insert(asked, found);
        found
    }

    /// Whether some order of the rest leads to this end.
    fn leads_to(&mut self, end: &str, rest: Rest, tried: &mut BTreeSet<Rest>) -> bool {
        if rest.acknowledged.is_empty() && rest.recreations == 0 {
            let world = &self.states[rest.state];
            if content(world, &world.ending()) == end {
                return true;
            }
        }
        if !tried.insert(rest.clone()) {
            return false;
        }
        if rest.recreations > 0 {
            let state = self.recreated(rest.state);
            let next = Rest { recreations: rest.recreations - 1, state, ..rest.clone() };
            if self.leads_to(end, next, tried) {
                return true;
            }
        }
        let all = rest.acknowledged.keys().chain(rest.ambiguous.keys());
        let workers: BTreeSet<usize> = all.map(|(worker, _)| *worker).collect();
        for worker in workers {
            let (outcome, state) = self.run(rest.state, worker);
            let Some(outcome) = outcome else { continue };
            let run = (worker, outcome);
            for acknowledged in [true, false] {
                let mut next = Rest { state, ..rest.clone() };
                let runs = if acknowledged { &mut next.acknowledged } else { &mut next.ambiguous };
                if take_one(runs, &run) && self.leads_to(end, next, tried) {
                    return true;
                }
            }
        }
        false
    }

    /// What a worker alone does in a state, and the state that it leaves.
    fn run(&mut self, state: usize, worker: usize) -> (Option<RunOutcome>, usize) {
        if let Some(known) = self.made.get(&(state, worker)) {
            return known.clone();
        }
        let mut world = self.states[state].clone();
        let outcome = run_alone(&mut world, worker);
        world.workers.clone_from(&self.start.workers);
        let made = (outcome, self.number(world));
        self.made.insert((state, worker), made.clone());
        made
    }

    fn recreated(&mut self, state: usize) -> usize {
        let mut world = self.states[state].clone();
        let recreation = Choice::Fault(Fault::Recreation);
        world.faults = self.start.faults;
        if world.choices().contains(&recreation) {
            world.take(recreation);
        }
        self.number(world)
    }

    fn number(&mut self, world: World) -> usize {
        let new = self.states.len();
        let number = *self.by_identity.entry(identity(&world)).or_insert(new);
        if number == new {
            self.states.push(world);
        }
        number
    }
}

fn take_one(runs: &mut RunsBy, run: &(usize, RunOutcome)) -> bool {
    let Some(left) = runs.get_mut(run) else { return false };
    *left -= 1;
    if *left == 0 {
        runs.remove(run);
    }
    true
}

/// What two ends are compared by: their leaves.
fn content(world: &World, ending: &Ending) -> String {
    let unknown = Lists::unknown();
    let leaves = ending.objects.iter().map(|(key, object)| {
        let lists = world.setting.lists.get(key).unwrap_or(&unknown);
        format!("{key} {:?}\n", lists.leaves(object, &[]))
    });
    leaves.collect()
}

/// What tells states apart for the runs to come: everything but absolute revisions.
fn identity(world: &World) -> String {
    let object = |object: &Arc<Value>| {
        let mut object = (**object).clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("resourceVersion");
        }
        object.to_string()
    };
    let objects = world.ending().objects;
    objects.iter().map(|(key, value)| format!("{key} {}\n", object(value))).collect()
}

/// One run of a worker; what came of it, or `None` if it gave up.
fn run_alone(world: &mut World, worker: usize) -> Option<RunOutcome> {
    (0..world.caches.len()).for_each(|cache| world.list_again(cache));
    world.memories.iter_mut().for_each(|memory| memory.object = None);
    queue_all(world);
    let lists = Arc::clone(&world.setting.lists);
    let before = world.workers[worker].progress().finished;
    let mut runs = Runs::default();
    for _ in 0..MOST_STEPS {
        let over = world.workers[worker].progress().finished != before;
        if let (false, Some(Wait::Sync | Wait::OwnWrite)) = (over, world.wait(worker)) {
            (0..world.caches.len()).for_each(|cache| world.list_again(cache));
        }
        if over || !world.choices().contains(&Choice::Worker(worker)) {
            break;
        }
        runs.observe(&world.take(Choice::Worker(worker)), &lists);
    }
    runs.acknowledged.into_keys().next().map(|(_, outcome)| outcome)
}

/// A worker that is asked to run alone has its turn: queues are full, and every process leads.
fn queue_all(world: &mut World) {
    if !world.setting.has_turns() {
        return;
    }
    let infos = world.setting.workers.iter().enumerate();
    for (worker, info) in infos {
        let memory = &mut world.memories[info.process];
        memory.queued.insert(worker);
        memory.exited = false;
        memory.term.get_or_insert_default();
    }
}
