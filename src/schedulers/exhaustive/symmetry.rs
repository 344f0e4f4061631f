//! Workers that are alike, and so may be exchanged: detected, not declared.
//!
//! Two workers are alike if each does exactly what the other does, but for the name and for fields
//! and values that are its own ([`Exchange::between`]), if they share a process with each other or
//! with no other, and if the initial state is the same after the exchange. Of values, the server is
//! asked: it must take both in either place, and store them as they are. Where owners of fields are
//! recorded, field managers are exchanged with their workers. Where a worker retries without limit,
//! schedules may have no end; whether a fair scheduler allows that is asked of the workers behind
//! the representatives (`livelock.rs`). `tests/it/scale.rs` and `tests/it/soundness.rs` compare
//! with the search without symmetry. Next to read: `parts/exchange.rs`.

use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{Options, Request, Verb};
use crate::reconcilers::{BoxedWorker, Exchange, Program};
use crate::simulation::World;

/// The exchange of two workers, and of what belongs to each.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub exchange: Exchange,
    /// Their caches, if each has one of its own.
    pub caches: Option<(usize, usize)>,
    /// Their processes, if they are not the same.
    pub processes: Option<(usize, usize)>,
}

/// Workers of which any two may be exchanged.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub members: Vec<usize>,
    /// The exchanges: (0,1), (0,2), (1,2), (0,3), ...
    pub pairs: Range<usize>,
    /// Only names differ.
    pub plain: bool,
}

impl Class {
    /// The number of the exchange of two members, by their places among the members, `a` before
    /// `b`.
    pub fn pair(&self, a: usize, b: usize) -> usize {
        self.pairs.start + b * (b - 1) / 2 + a
    }
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Symmetry {
    classes: Vec<Class>,
    pairs: Vec<Arc<Pair>>,
}

impl Symmetry {
    /// What a world allows.
    pub fn of(world: &World) -> Symmetry {
        let mut symmetry = Symmetry::default();
        let programs = world.workers.iter().map(|worker| worker.program());
        let programs: Option<Vec<Arc<Program>>> = programs.collect();
        let Some(programs) = programs else { return symmetry };
        let leaders = world.setting.has_leaders();
        if programs.len() > 63 || leaders {
            return symmetry;
        }
        let mut free: Vec<usize> = (0..programs.len()).collect();
        while let Some(first) = free.first().copied() {
            let mut members = vec![first];
            let mut pairs = Vec::new();
            for &other in &free[1..] {
                let with = |member: &usize| pair(world, &programs, *member, other);
                if let Some(found) = members.iter().map(with).collect::<Option<Vec<Pair>>>() {
                    pairs.extend(found);
                    members.push(other);
                }
            }
            free.retain(|worker| !members.contains(worker));
            if members.len() > 1 {
                let start = symmetry.pairs.len();
                let plain = pairs.iter().all(|pair| pair.exchange.is_plain());
                symmetry.pairs.extend(pairs.into_iter().map(Arc::new));
                let pairs = start..symmetry.pairs.len();
                symmetry.classes.push(Class { members, pairs, plain });
            }
        }
        symmetry
    }

    /// Whether no worker may be exchanged.
    pub fn is_none(&self) -> bool {
        self.classes.is_empty()
    }

    /// How many exchanges there are.
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// An exchange.
    pub fn pair(&self, number: usize) -> &Arc<Pair> {
        &self.pairs[number]
    }

    /// The classes.
    pub fn members(&self) -> &[Class] {
        &self.classes
    }

    /// The workers of each class.
    pub fn classes(&self) -> Vec<Vec<usize>> {
        self.classes.iter().map(|class| class.members.clone()).collect()
    }
}

/// Whether what the processes share in memory is the same after the exchange.
fn memories_are(world: &World, pair: &Pair) -> bool {
    let (a, b) = pair.exchange.workers;
    let moved = |process: usize| match pair.processes {
        Some((one, other)) if process == one => other,
        Some((one, other)) if process == other => one,
        _ => process,
    };
    let exchanged = |process: usize| world.memories[moved(process)].exchanged(a, b);
    let same = |process: usize| exchanged(process) == world.memories[process];
    world.memories.iter().all(|memory| memory.object.is_none())
        && (0..world.memories.len()).all(same)
}

/// Whether two workers take their turns in the same way.
fn turns_are(world: &World, a: usize, b: usize) -> bool {
    let setting = &world.setting;
    let turn = |worker: usize| &setting.workers[worker].turn;
    let (one, other) = (turn(a), turn(b));
    // A deadline may pass although no worker has to wait for its turn.
    if (one.leads, one.deadline) != (other.leads, other.deadline) {
        return false;
    }
    if !setting.has_turns() {
        return true;
    }
    let members = |queue: Option<usize>| {
        setting.workers.iter().filter(|worker| worker.turn.queue == queue).collect::<Vec<_>>()
    };
    let alone = |key: usize, queue: Option<usize>| {
        members(queue).iter().filter(|worker| worker.turn.key == key).count() == 1
    };
    let rule = |queue: Option<usize>| {
        queue.map(|queue| (setting.queues[queue].concurrency, setting.queues[queue].per_key))
    };
    let apart = || {
        rule(one.queue) == rule(other.queue)
            && members(one.queue).len() == 1
            && members(other.queue).len() == 1
    };
    let queues = match one.queue == other.queue {
        true => {
            one.queue.is_none()
                || one.key == other.key
                || alone(one.key, one.queue) && alone(other.key, other.queue)
        }
        false => one.queue.is_some() && other.queue.is_some() && apart(),
    };
    queues && (&one.trigger, one.resync) == (&other.trigger, other.resync)
}

/// The exchange of two workers, if the world is the same after it.
fn pair(world: &World, programs: &[Arc<Program>], a: usize, b: usize) -> Option<Pair> {
    let kind = world.server.kind_of(&programs[a].only_key()?.resource)?;
    let owners = world.server.records_owners();
    let exchange = Exchange::between(programs, (a, b), &kind, owners)?;
    let processes = apart(world, a, b)?;
    if !turns_are(world, a, b) {
        return None;
    }
    let cache_of = |worker: usize| world.setting.workers[worker].cache;
    let caches = match (processes, cache_of(a), cache_of(b)) {
        (Some(_), Some(one), Some(other)) => Some((one, other)),
        (Some(_), None, None) | (None, ..) => None,
        _ => return None,
    };
    let pair = Pair { exchange, caches, processes };
    (is_unchanged(world, &pair) && takes_both(world, &pair.exchange)).then_some(pair)
}

/// Whether the server takes the values that are exchanged, of either worker in either one's place,
/// and stores them unchanged; and whether nothing like them is there at the start.
fn takes_both(world: &World, exchange: &Exchange) -> bool {
    let key = exchange.key();
    let time = world.workers[exchange.workers.0].program().map_or(0, |program| program.time);
    let request = |verb, subresource, body: Option<Value>| Request {
        verb,
        resource: key.resource.clone(),
        namespace: key.namespace.clone(),
        name: Some(key.name.clone()),
        subresource,
        options: Options::default(),
        body: body.map(Arc::new),
        user_agent: String::new(),
        time,
    };
    let found = world.server.clone().handle(&request(Verb::Get, None, None));
    let Some(object) = found.object() else {
        return exchange.may_begin_with(&Value::Null) && exchange.trials(&Value::Null).is_empty();
    };
    exchange.may_begin_with(object)
        && exchange.trials(object).into_iter().all(|(subresource, body)| {
            let update = request(Verb::Update, subresource, Some(body.clone()));
            let answer = world.server.clone().handle(&update);
            answer.object().is_some_and(|stored| exchange.has_same_values(stored, &body))
        })
}

/// Their processes, if each has one to itself; `Some(None)` if they share one.
fn apart(world: &World, a: usize, b: usize) -> Option<Option<(usize, usize)>> {
    let workers = &world.setting.workers;
    let (one, other) = (workers[a].process, workers[b].process);
    let members = |process: usize| workers.iter().filter(|info| info.process == process).count();
    match one == other {
        true => Some(None),
        false => (members(one) == 1 && members(other) == 1).then_some(Some((one, other))),
    }
}

/// Whether the initial state is the same after the exchange.
fn is_unchanged(world: &World, pair: &Pair) -> bool {
    let exchange = &pair.exchange;
    let (a, b) = exchange.workers;
    let mut server = world.server.clone();
    server.map_object(exchange.key(), &|object| exchange.object(object));
    let same = |from: usize, to: usize| {
        let moved: Option<BoxedWorker> = world.workers[from].exchanged(exchange);
        moved.is_some_and(|moved| moved.same(&*world.workers[to]))
    };
    let workers = (0..world.workers.len()).all(|index| match index {
        index if index == a => same(a, b),
        index if index == b => same(b, a),
        index => same(index, index),
    });
    let observers = world.setting.observers.iter().zip(&world.remembered);
    let remembered = observers.into_iter().all(|(observer, memory)| {
        let mut exchanged = memory.clone();
        observer.exchange(&mut exchanged, exchange) && (*exchanged).same(&**memory)
    });
    let lists = pair.caches.is_none_or(|(one, other)| {
        let watched = |cache: usize| {
            let spec = &world.setting.caches[cache];
            let begins = (spec.begins_unsynced, spec.awaits_writes);
            (&spec.keys, &spec.resources, begins)
        };
        watched(one) == watched(other)
    });
    server == world.server
        && workers
        && remembered
        && lists
        && memories_are(world, pair)
        && world.caches.iter().all(|cache| cache.pending().next().is_none())
}
