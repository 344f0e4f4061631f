//! How far an exploration may go, and why it did not go to its end.
//!
//! The engines' own limits end as success; ours never do. An exploration is complete when it has
//! no [`CutOff`], and only then may a verdict say `holds`. Next to read: `engine.rs`.

use std::fmt;
use std::time::{Duration, Instant};

/// How far an exploration may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// At most this many executions.
    pub executions: Option<u64>,
    /// At most this long.
    pub duration: Option<Duration>,
    /// At most this many switches away from a thread that could have gone on, per execution.
    pub preemptions: Option<usize>,
    /// At most this many points of choice in one execution.
    pub branches: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { executions: None, duration: None, preemptions: None, branches: 10_000 }
    }
}

impl Limits {
    /// Whether to stop before the next execution, and why.
    pub(super) fn reason_to_stop(
        &self,
        executions: u64,
        start: Instant,
        go_on: impl Fn() -> bool,
    ) -> Option<CutOff> {
        let enough = self.executions.filter(|limit| executions >= *limit).map(CutOff::Executions);
        let late = self.duration.filter(|limit| start.elapsed() >= *limit).map(CutOff::Duration);
        enough.or(late).or_else(|| (!go_on()).then_some(CutOff::Asked))
    }
}

/// Why an exploration is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CutOff {
    /// The limit of executions was reached.
    Executions(u64),
    /// The time was over.
    Duration(Duration),
    /// Only orders with at most this many preemptions were tried.
    Preemptions(usize),
    /// One execution had more points of choice than allowed.
    Branches(usize),
    /// At least one execution had more steps than this.
    Steps(usize),
    /// More threads than the engine has.
    Threads,
    /// Every thread waits for another one.
    Deadlock,
    /// The caller wanted no more.
    Asked,
    /// Anything else that the engine, or the program under it, panicked with.
    Panic(String),
}

impl fmt::Display for CutOff {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executions(1) => write!(out, "stopped after 1 execution"),
            Self::Executions(limit) => write!(out, "stopped after {limit} executions"),
            Self::Duration(limit) => write!(out, "stopped after {} s", limit.as_secs_f64()),
            Self::Preemptions(1) => {
                write!(out, "only orders with at most 1 preemption were tried")
            }
            Self::Preemptions(bound) => {
                write!(out, "only orders with at most {bound} preemptions were tried")
            }
            Self::Branches(limit) => {
                write!(out, "one execution has more than {limit} points of choice")
            }
            Self::Steps(limit) => write!(out, "some executions have more than {limit} steps"),
            Self::Threads => write!(out, "more threads than the engine has"),
            Self::Deadlock => write!(out, "deadlock: every thread waits for another one"),
            Self::Asked => write!(out, "stopped at what was looked for"),
            Self::Panic(words) => write!(out, "the program panicked: {words}"),
        }
    }
}

/// What an exploration did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explored {
    /// Executions run to their end.
    pub executions: u64,
    /// Nothing if every execution was run.
    pub cut_off: Option<CutOff>,
}
