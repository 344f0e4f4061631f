//! The queues of a world: whose turn is whose, what triggers it, what a failure leads to.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::apiserver::{Key, Resource};
use crate::reconcilers::{Attempts, OnError, Op, Program, Then};
use crate::scenario::{ControllerSpec, Scenario};
use crate::simulation::{CacheSpec, Queue, Turn, Watched};

/// Programs of a controller wait in its queue after a failure, as often as it says.
pub(super) fn requeue(scenario: &Scenario, programs: &mut [Program]) {
    for controller in &scenario.controllers {
        for &worker in &controller.workers {
            let program = &mut programs[worker];
            let spec = &scenario.workers[worker];
            program.queued = true;
            let Some(requeue) = &controller.requeue else { continue };
            program.attempts = requeue.attempts.unwrap_or(spec.attempts);
            if program.attempts == Attempts::AtMost(0) {
                program.attempts = Attempts::AtMost(1);
            }
            if spec.steps.is_none() {
                // A controller in the short form returns the error.
                for op in &mut program.code {
                    if let Op::Write(write) = op {
                        write.on_error = OnError::always(Then::Requeue);
                    }
                }
            }
        }
    }
}

/// The queues, and how each worker takes its turns.
pub(super) fn turns(scenario: &Scenario, programs: &[Arc<Program>]) -> (Vec<Queue>, Vec<Turn>) {
    let mut turns = vec![Turn::default(); programs.len()];
    let mut queues = Vec::new();
    for (at, controller) in scenario.controllers.iter().enumerate() {
        let ControllerSpec { name, concurrency, per_key, .. } = controller;
        queues.push(Queue { name: name.clone(), concurrency: *concurrency, per_key: *per_key });
        let keys: Vec<Option<Key>> =
            controller.workers.iter().map(|worker| key_of(&programs[*worker])).collect();
        for (&worker, key) in controller.workers.iter().zip(&keys) {
            let same = keys.iter().position(|other| key.is_some() && other == key);
            let trigger = controller.trigger.as_ref();
            turns[worker] = Turn {
                queue: Some(at),
                key: same.unwrap_or(keys.len() + worker),
                trigger: trigger.map(|trigger| match &trigger.watch {
                    Some(watched) => own(watched, key.as_ref(), &keys),
                    None => {
                        Watched { keys: key.iter().cloned().collect(), resources: BTreeSet::new() }
                    }
                }),
                resync: trigger.map_or(0, |trigger| trigger.resync),
                leads: controller.leads,
                deadline: controller.has_deadline(),
            };
        }
    }
    (queues, turns)
}

/// What of a list of watched objects triggers the worker with this key: an object that is the key
/// of another worker does not.
fn own(watched: &Watched, key: Option<&Key>, keys: &[Option<Key>]) -> Watched {
    let foreign = |other: &Key| Some(other) != key && keys.iter().flatten().any(|k| k == other);
    let of_keys = |resource: &Resource| {
        let mut all = keys.iter().flatten();
        all.any(|key| key.resource == *resource)
    };
    let mut own = Watched {
        keys: watched.keys.iter().filter(|key| !foreign(key)).cloned().collect(),
        resources: watched.resources.iter().filter(|kind| !of_keys(kind)).cloned().collect(),
    };
    own.keys.extend(key.filter(|key| watched.resources.contains(&key.resource)).cloned());
    own
}

/// A program's key in its queue: the first object that it names.
fn key_of(program: &Program) -> Option<Key> {
    program.code.iter().find_map(|op| match op {
        Op::Read { key, .. } => Some(key.clone()),
        Op::Write(write) if !write.dynamic => Some(write.job.key.clone()),
        _ => None,
    })
}

/// Has the cache of a process watch what triggers its workers.
pub(super) fn triggers(
    process: usize,
    turns: &[Turn],
    programs: &[Arc<Program>],
    spec: &mut CacheSpec,
) {
    for (turn, program) in turns.iter().zip(programs) {
        if let (true, Some(trigger)) = (program.process == process, &turn.trigger) {
            spec.keys.extend(trigger.keys.iter().cloned());
            spec.resources.extend(trigger.resources.iter().cloned());
        }
    }
}
