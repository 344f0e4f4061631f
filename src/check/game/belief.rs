//! What a worker believes the object to be: what it holds of it, however old that is.
//!
//! Belief against truth is the whole lesson: a lost write is a write built from a belief that was
//! no longer true. A worker holds what its client decoded (an old Go struct drops the fields that
//! it does not know), and workers that share an object in memory all hold that object. Left out:
//! what a worker means to do next (`walk.rs` tells that as the event that its next step would be).
//! Next to read: `walk.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::apiserver::{Key, Verb};
use crate::client::decoded;
use crate::reconcilers::methods;
use crate::scenario::Scenario;
use crate::simulation::Setting;
use crate::trace::{Action, Event, Fault};

/// Where a belief came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Heard {
    /// It has read nothing yet, or has forgotten it in a crash.
    #[default]
    Nowhere,
    /// A GET.
    Live,
    /// Its process's informer cache.
    Cache,
    /// The object that its process shares in memory.
    Memory,
    /// The answer to its own write.
    Answer,
}

/// What one worker believes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Belief {
    /// The object; `None` if it knows of none.
    pub object: Option<Arc<Value>>,
    /// Which object that is, or was looked for.
    pub key: Option<Key>,
    /// Where that came from.
    pub from: Heard,
    /// The other objects that it has read in this reconcile, and holds beside that one.
    pub others: BTreeMap<Key, Arc<Value>>,
}

impl Belief {
    /// It hears of an object; what it holds of another one, it goes on holding.
    fn hear(&mut self, key: Option<Key>, object: Option<Arc<Value>>, from: Heard) {
        if let (Some(was), Some(held)) = (self.key.take(), self.object.take())
            && Some(&was) != key.as_ref()
        {
            self.others.insert(was, held);
        }
        if let Some(key) = &key {
            self.others.remove(key);
        }
        (self.key, self.object, self.from) = (key, object, from);
    }
}

/// Each worker takes notice of what a step told it.
pub(super) fn notice(
    beliefs: &mut [Belief],
    event: &Event,
    scenario: &Scenario,
    setting: &Setting,
) {
    if let Action::Fault(Fault::Crash(process)) = event.action {
        for (belief, worker) in beliefs.iter_mut().zip(&setting.workers) {
            if worker.process == process {
                *belief = Belief::default();
            }
        }
    }
    let Some(belief) = event.worker().and_then(|worker| beliefs.get_mut(worker)) else { return };
    let (from, replaces) = match &event.action {
        // It takes the new version, and does not look at the object.
        Action::ReadRevision => return,
        Action::Read => (Heard::Live, true),
        Action::CacheRead | Action::CacheWrite => (Heard::Cache, true),
        Action::Load { .. } | Action::Touch | Action::Decode => (Heard::Memory, true),
        // The answer is decoded into the shared object in a step of its own.
        Action::Write { .. } if event.worker().is_some_and(|w| shares_memory(scenario, w)) => {
            return;
        }
        // A refusal, or an answer that got lost, tells it nothing about the object.
        Action::Write { verb: Verb::Delete, .. } if event.is_acknowledged() => {
            return belief.hear(event.key.clone(), None, Heard::Answer);
        }
        Action::Write { .. } => (Heard::Answer, event.seen.is_some()),
        // What it was told besides an object is not shown.
        Action::List { .. } | Action::Effect(_) | Action::Lead(_) => return,
        Action::Deliver | Action::Sync { .. } | Action::Fault(_) => return,
    };
    if !replaces {
        return;
    }
    if from == Heard::Memory {
        return remember(beliefs, event, scenario, setting);
    }
    let knows = event.worker().and_then(|worker| scenario.workers.get(worker)?.knows.as_ref());
    let object = event.seen.as_ref().map(|seen| match knows {
        None => Arc::clone(seen),
        Some(knows) => {
            let mut held = Value::clone(seen);
            decoded(Some(knows), &mut held);
            Arc::new(held)
        }
    });
    belief.hear(event.key.clone(), object, from);
}

/// Whether a worker writes one object that its process holds in memory.
fn shares_memory(scenario: &Scenario, worker: usize) -> bool {
    let method = scenario.workers.get(worker).and_then(|spec| methods::named(&spec.write));
    method.is_some_and(|method| method.is_shared())
}

/// What the process's memory holds now, for each worker that holds it there.
fn remember(beliefs: &mut [Belief], event: &Event, scenario: &Scenario, setting: &Setting) {
    let Some(mover) = event.worker() else { return };
    for (worker, belief) in beliefs.iter_mut().enumerate() {
        let same = setting.workers[worker].process == setting.workers[mover].process;
        if worker == mover
            || (same && shares_memory(scenario, worker) && belief.from != Heard::Nowhere)
        {
            belief.hear(event.key.clone(), event.seen.clone(), Heard::Memory);
        }
    }
}
