//! What the goroutines of one execution did, in the order in which they did it.
//!
//! The tape is an ordinary mutex around a list, invisible to the engine, so recording changes
//! neither the orders nor the values that are explored. A read that did not return the last value
//! written (a weak memory allows that) names the value that it missed. Next to read: `explore.rs`.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What one event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Touch {
    /// A plain read.
    Read,
    /// A plain write.
    Write,
    /// An atomic read.
    Load,
    /// An atomic write.
    Store,
    /// An atomic addition; the value is the new one.
    Add,
    /// A compare-and-swap that swapped; the value is the new one.
    Swap,
    /// A compare-and-swap that did not; the value is what it found.
    Refused,
    /// Takes a mutex.
    Lock,
    /// Gives a mutex back.
    Unlock,
    /// Touches nothing shared.
    Note,
    /// Here the execution is wrong.
    Wrong,
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryEvent {
    /// The name of the goroutine.
    pub goroutine: &'static str,
    /// What it did.
    pub touch: Touch,
    /// The variable or the mutex; empty for a note.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub variable: &'static str,
    /// The value, or the words of a note.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// For a read that did not return the last value written: that value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
}

/// One execution on record.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// The goroutines, in the order in which they were declared.
    pub goroutines: Vec<&'static str>,
    /// What they did.
    pub events: Vec<MemoryEvent>,
    /// What went wrong first.
    pub wrong: Option<String>,
    latest: BTreeMap<&'static str, String>,
}

/// Records one execution.
#[derive(Debug, Default)]
pub(super) struct Tape(Mutex<Recording>);

impl Tape {
    fn recording(&self) -> MutexGuard<'_, Recording> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The recording; the tape is empty afterwards.
    pub fn take(&self) -> Recording {
        std::mem::take(&mut self.recording())
    }

    /// Declares a goroutine.
    pub fn lane(&self, name: &'static str) {
        self.recording().goroutines.push(name);
    }

    /// The value that a variable has before the first step.
    pub fn begin(&self, variable: &'static str, value: String) {
        self.recording().latest.insert(variable, value);
    }

    /// One event of a goroutine.
    pub fn touch(&self, lane: usize, touch: Touch, variable: &'static str, value: String) {
        let mut recording = self.recording();
        if recording.wrong.is_some() {
            return;
        }
        let latest = recording.latest.get(variable);
        let missed = match touch {
            Touch::Read | Touch::Load => latest.filter(|latest| **latest != value).cloned(),
            _ => None,
        };
        if let Touch::Write | Touch::Store | Touch::Add | Touch::Swap = touch {
            recording.latest.insert(variable, value.clone());
        }
        let goroutine = recording.goroutines.get(lane).copied().unwrap_or_default();
        recording.events.push(MemoryEvent { goroutine, touch, variable, value, missed });
    }

    /// Ends the recording with a sentence.
    pub fn wrong(&self, lane: usize, what: String) {
        self.touch(lane, Touch::Wrong, "", what.clone());
        self.recording().wrong.get_or_insert(what);
    }
}
