//! Code that keeps the thread is told of, not waited for.
//!
//! An exploration runs on threads of its own, which beat whenever all workers wait. Whoever asked
//! for it waits here, and gives up when no beat has come for long: a thread cannot be ended from
//! outside, so it is left behind, and that is said. Next to read: `explore.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use parking_lot::Mutex;

use crate::schedulers::rerun::Move;

/// The pulse of one thread.
#[derive(Debug, Default)]
pub(super) struct Beat {
    beats: AtomicU64,
    last: Mutex<Option<Move>>,
}

impl Beat {
    /// Still going on.
    pub fn tick(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// What is about to be done.
    pub fn note(&self, made: Move) {
        *self.last.lock() = Some(made);
    }
}

/// Runs `work` on threads of their own, each with its beat. `Err` if one of them keeps its thread
/// for longer than this: the move after which it did.
pub(super) fn watched<T: Send + 'static>(
    threads: usize,
    patience: Duration,
    work: impl Fn(usize, &Arc<Beat>) -> T + Send + Sync + Clone + 'static,
) -> Result<Vec<T>, Stuck> {
    let beats: Vec<Arc<Beat>> = (0..threads).map(|_| Arc::default()).collect();
    let (sender, receiver) = channel();
    for (at, beat) in beats.iter().enumerate() {
        let (sender, beat, work) = (sender.clone(), Arc::clone(beat), work.clone());
        let run = move || {
            let _ = sender.send((at, work(at, &beat)));
        };
        // Debug builds of async code use much stack.
        let builder = std::thread::Builder::new().name("lostwrite".to_owned());
        if let Err(error) = builder.stack_size(8 << 20).spawn(run) {
            return Err(Stuck { last: None, why: format!("no thread can be started: {error}") });
        }
    }
    drop(sender);
    let mut found: Vec<Option<T>> = (0..threads).map(|_| None).collect();
    let count = |beat: &Arc<Beat>| beat.beats.load(Ordering::Relaxed);
    let mut seen: Vec<u64> = beats.iter().map(count).collect();
    let mut quiet = Duration::ZERO;
    let step = Duration::from_millis(250).min(patience);
    loop {
        match receiver.recv_timeout(step) {
            Ok((at, value)) => found[at] = Some(value),
            Err(RecvTimeoutError::Disconnected) => {
                let all: Option<Vec<T>> = found.into_iter().collect();
                let why = "a thread of the exploration ended without a result".to_owned();
                return all.ok_or(Stuck { last: None, why });
            }
            Err(RecvTimeoutError::Timeout) => {
                let now: Vec<u64> = beats.iter().map(count).collect();
                let running = |at: &usize| found[*at].is_none();
                let stuck = (0..threads).filter(running).find(|at| now[*at] == seen[*at]);
                quiet = if stuck.is_some() { quiet + step } else { Duration::ZERO };
                seen = now;
                if let Some(at) = stuck.filter(|_| quiet >= patience) {
                    return Err(Stuck { last: *beats[at].last.lock(), why: String::new() });
                }
            }
        }
    }
}

/// A worker keeps the thread.
#[derive(Debug)]
pub(super) struct Stuck {
    /// The move after which.
    pub last: Option<Move>,
    /// Another reason, in words.
    pub why: String,
}
