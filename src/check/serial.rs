//! The final states that one-after-the-other orders of runs lead to, for `serializable`.
//!
//! Each run reads, computes and writes alone: caches are up to date before it, and shared memory
//! is empty. Runs of one worker are alike but for what they read, so an order is how many runs of
//! each worker were made, and equal states are continued once. Next to read:
//! `properties/serializable.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::properties::{Acknowledged, SerialOutcomes};
use crate::simulation::{Choice, World};
use crate::trace::Fault;

/// Runs of each worker, and last the recreations.
type Runs = Vec<u32>;

/// The outcomes of serial orders, starting from this world. Computed when asked for, once for each
/// number of runs.
pub(super) fn outcomes(start: World) -> SerialOutcomes {
    let known: Mutex<BTreeMap<Runs, BTreeSet<String>>> = Mutex::default();
    SerialOutcomes(Arc::new(move |acknowledged: &Acknowledged| {
        let mut runs = vec![0; start.workers.len()];
        acknowledged.runs.iter().for_each(|(worker, _)| runs[*worker] += 1);
        runs.push(acknowledged.recreations);
        let mut known = known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        known.entry(runs.clone()).or_insert_with(|| ends(&start, &runs)).clone()
    }))
}

/// The contents of the store after each order of the runs.
fn ends(start: &World, runs: &Runs) -> BTreeSet<String> {
    let mut layer = BTreeMap::from([((vec![0; runs.len()], identity(start)), start.clone())]);
    for _ in 0..runs.iter().sum::<u32>() {
        let mut next = BTreeMap::new();
        for ((made, _), world) in &layer {
            for next_up in (0..runs.len()).filter(|&index| made[index] < runs[index]) {
                let mut after = world.clone();
                let recreation = Choice::Fault(Fault::Recreation);
                match next_up == world.workers.len() {
                    false => run_alone(&mut after, next_up),
                    true if after.choices().contains(&recreation) => {
                        after.take(recreation);
                    }
                    true => {}
                }
                let mut made = made.clone();
                made[next_up] += 1;
                next.entry((made, identity(&after))).or_insert(after);
            }
        }
        layer = next;
    }
    layer.values().map(|world| world.ending().content()).collect()
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
    world.ending().objects.values().map(object).collect()
}

fn run_alone(world: &mut World, worker: usize) {
    for cache in 0..world.caches.len() {
        while world.caches[cache].lag() > 0 {
            world.take(Choice::Deliver(cache));
        }
    }
    world.memories.iter_mut().for_each(|memory| *memory = None);
    let before = world.workers[worker].progress().finished;
    while world.workers[worker].progress().finished == before
        && world.choices().contains(&Choice::Worker(worker))
    {
        world.take(Choice::Worker(worker));
    }
}

/// For worlds whose serial orders are not needed.
pub(super) fn none() -> SerialOutcomes {
    SerialOutcomes(Arc::new(|_: &Acknowledged| BTreeSet::new()))
}
