//! How to check: the scheduler, the bounds, and the functions of the caller by which a check tells
//! how far it has come, knows a time, and keeps what a stopped search needs to go on.
//!
//! Next to read: `run.rs`.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::schedulers::Bound;
use crate::schedulers::exhaustive::Shard;

/// How far a check has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// States found (exhaustive), or runs made (sampling).
    pub done: u64,
    /// States found and not yet expanded; 0 when sampling.
    pub frontier: u64,
    /// Transitions taken; 0 when sampling.
    pub transitions: u64,
    /// The length of the schedules looked at now.
    pub depth: u64,
    /// Runs to be made in all, when sampling.
    pub of: Option<u64>,
}

/// Told of progress from time to time; stops the check by returning a bound (a timeout, Ctrl-C).
pub type Pulse = Arc<dyn Fn(Progress) -> Option<Bound> + Send + Sync>;

/// Tells a time, from any beginning: for how long a search took.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// Where a checkpoint is read from.
pub type Resume = Arc<Mutex<dyn crate::schedulers::exhaustive::Source + Send>>;

/// Writes a checkpoint to the caller's writer.
pub type WriteCheckpoint<'w> = &'w dyn Fn(&mut dyn Write) -> io::Result<()>;

/// Keeps the checkpoint of a search that was stopped.
pub type Keep = Arc<dyn Fn(WriteCheckpoint<'_>) + Send + Sync>;

/// How to check.
#[derive(Clone)]
pub struct Options {
    /// The scheduler's name, from [`crate::schedulers::all`].
    pub scheduler: String,
    /// What random schedulers start from.
    pub seed: u64,
    /// How many runs are made at most. A sampling scheduler makes [`DEFAULT_RUNS`] unless told
    /// otherwise; a thread engine that ends by itself, as many as it needs.
    pub runs: Option<u64>,
    /// The bug depth of `pct`.
    pub depth: u32,
    /// For `loom`: the maximum number of preemptions in an order.
    pub preemption_bound: Option<usize>,
    /// Distinct states to expand at most.
    pub max_states: Option<u64>,
    /// Steps of one schedule at most.
    pub max_steps: Option<u64>,
    /// Whether to run the other write methods when a write is lost.
    pub advice: bool,
    /// Maximum bytes of the search. Default: [`DEFAULT_MAX_MEMORY`].
    pub max_memory: Option<u64>,
    /// Whether the result carries a [`Lesson`](super::Lesson), for renderers that tell more than
    /// the verdict.
    pub lesson: bool,
    /// Whether states that differ only in absolute revisions are one. Off for comparison only.
    pub canonical: bool,
    /// Whether workers that are alike are explored up to permutation.
    pub symmetry: bool,
    /// Whether the search stops at the first violation of a judged property.
    pub fail_fast: bool,
    /// Whether schedules are counted. Without, steps that may change places are taken in one order
    /// only, and `raced`, unless it is judged, is not observed.
    pub count: bool,
    /// Whether a violated property gets its losing schedule and its odds. Without, an exhaustive
    /// search says whether it is violated, and in how many schedules.
    pub witnesses: bool,
    /// Threads of the exhaustive search, and of the searches beside its verdict. They change
    /// nothing but the time.
    pub threads: usize,
    /// Only this part of all schedules; its result is for `merge`.
    pub shard: Option<Shard>,
    /// Flags to repeat in commands: `--write merge-patch`.
    pub overrides: Vec<String>,
    /// Whether `expect` counts.
    pub expect: bool,
    /// Told of progress; stops the check.
    pub pulse: Option<Pulse>,
    /// For how long the search took.
    pub clock: Option<Clock>,
    /// Where to go on from, instead of the beginning.
    pub resume: Option<Resume>,
    /// Keeps what is needed to go on, if the search is stopped.
    pub keep: Option<Keep>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            scheduler: "exhaustive".to_owned(),
            seed: 0,
            runs: None,
            depth: 3,
            preemption_bound: None,
            max_states: None,
            max_steps: None,
            advice: false,
            max_memory: None,
            lesson: false,
            canonical: true,
            symmetry: true,
            fail_fast: false,
            count: true,
            witnesses: true,
            threads: 1,
            shard: None,
            overrides: Vec::new(),
            expect: true,
            pulse: None,
            clock: None,
            resume: None,
            keep: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("scheduler", &self.scheduler)
            .field("seed", &self.seed)
            .field("runs", &self.runs)
            .field("max_states", &self.max_states)
            .field("max_steps", &self.max_steps)
            .finish_non_exhaustive()
    }
}

/// Runs of a sampling scheduler, unless `runs` says otherwise.
pub const DEFAULT_RUNS: u64 = 1000;

/// Maximum bytes that an exhaustive search may take, if `max_memory` is not given: 4 GiB.
pub const DEFAULT_MAX_MEMORY: u64 = 4 << 30;

/// Steps up to which schedules are counted where the graph has a cycle, and after which a sampled
/// run is cut off, unless `max_steps` says otherwise.
pub const DEFAULT_MAX_STEPS: u64 = 1000;

/// States that a measurement beside a verdict may take.
pub(super) const ADVICE_STATES: u64 = 200_000;

/// Random schedules that a measurement beside a verdict tries, if its search is stopped.
pub(super) const ADVICE_RUNS: u64 = 32;

/// The bounds of a measurement beside a verdict.
pub(super) fn bounded(options: &Options) -> Options {
    Options {
        advice: false,
        max_states: Some(options.max_states.unwrap_or(ADVICE_STATES).min(ADVICE_STATES)),
        max_steps: options.max_steps,
        max_memory: options.max_memory,
        runs: Some(ADVICE_RUNS),
        witnesses: false,
        scheduler: "exhaustive".to_owned(),
        pulse: options.pulse.clone(),
        ..Options::default()
    }
}
