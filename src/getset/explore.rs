//! Runs one model under loom and keeps the clearest of the orders that go wrong.
//!
//! An execution that goes wrong does not end the exploration, so the verdict counts them all. The
//! order that is kept has the fewest stale reads (one without any is an order that a reader can
//! follow line by line, and that needs no weak memory), then the fewest switches between
//! goroutines, then the fewest events, and of equals it is the first.
//! Next to read: `../report/memory.rs`, which draws it.

use super::Model;
use super::process::Process;
use super::tape::{MemoryEvent, Recording, Tape};
use crate::threads::{Backend, CutOff, Explored, Limits};
use serde::Serialize;
use std::sync::{Arc, Mutex, PoisonError};

/// What loom says of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryVerdict {
    /// Executions run.
    pub executions: u64,
    /// Executions among them that went wrong.
    pub wrong: u64,
    /// Every execution was run. Without this, and without an anomaly, nothing is known.
    pub complete: bool,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut_off: Option<String>,
    /// What goes wrong, if anything does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anomaly: Option<Anomaly>,
}

/// One execution that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Anomaly {
    /// One sentence.
    pub what: String,
    /// The goroutines, in the order in which the model starts them.
    pub goroutines: Vec<&'static str>,
    /// The order.
    pub events: Vec<MemoryEvent>,
}

impl Anomaly {
    /// Whether it needs a memory in which a read may miss a write that was already made.
    #[must_use]
    pub fn needs_weak_memory(&self) -> bool {
        self.events.iter().any(|event| event.missed.is_some())
    }

    fn cost(&self) -> (usize, usize, usize) {
        let stale = self.events.iter().filter(|event| event.missed.is_some()).count();
        let switched = |pair: &&[MemoryEvent]| pair[0].goroutine != pair[1].goroutine;
        (stale, self.events.windows(2).filter(switched).count(), self.events.len())
    }
}

#[derive(Debug, Default)]
struct Found {
    wrong: u64,
    best: Option<Anomaly>,
}

impl Found {
    fn judge(&mut self, recording: Recording) {
        let Some(what) = recording.wrong else { return };
        self.wrong += 1;
        let Recording { goroutines, events, .. } = recording;
        let found = Anomaly { what, goroutines, events };
        if self.best.as_ref().is_none_or(|best| found.cost() < best.cost()) {
            self.best = Some(found);
        }
    }
}

impl Model {
    /// Runs the model under loom, in every execution that the limits leave.
    #[must_use]
    pub fn explore(&self, limits: Limits) -> MemoryVerdict {
        let program = self.program.loom;
        judged(program, |body| crate::threads::loom::explore(limits, || true, body))
    }

    /// Runs the model under shuttle's exhaustive search, which knows only sequential consistency
    /// and no data races: an anomaly that it does not find needs a weak memory, or is a race.
    #[cfg(feature = "shuttle")]
    #[must_use]
    pub fn explore_in_order(&self, limits: Limits) -> MemoryVerdict {
        let program = self.program.shuttle;
        judged(program, |body| crate::threads::shuttle::explore_all(limits, body))
    }
}

/// Runs `program` under `engine` and judges each execution.
fn judged<B: Backend>(
    program: fn(&mut Process<B>),
    engine: impl FnOnce(Box<dyn Fn() + Send + Sync>) -> Explored,
) -> MemoryVerdict {
    let found = Arc::new(Mutex::new(Found::default()));
    let tape = Arc::new(Tape::default());
    let (judge, record) = (found.clone(), tape.clone());
    let explored = engine(Box::new(move || {
        let mut process = Process::new(record.clone());
        program(&mut process);
        process.run();
        judge.lock().unwrap_or_else(PoisonError::into_inner).judge(record.take());
    }));
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    if explored.cut_off == Some(CutOff::Deadlock) {
        let mut recording = tape.take();
        recording.wrong.get_or_insert_with(|| CutOff::Deadlock.to_string());
        found.judge(recording);
    }
    MemoryVerdict {
        executions: explored.executions,
        wrong: found.wrong,
        complete: explored.cut_off.is_none(),
        cut_off: explored.cut_off.map(|reason| reason.to_string()),
        anomaly: found.best.take(),
    }
}
