//! One check of one scenario: explore, judge, and say what was found.
//!
//! [`run`] explores under a scheduler, [`replay`] runs one schedule again, [`compare`] does the
//! first for every write method. What comes out (`verdict.rs`, `result.rs`) is plain data for the
//! renderers. Nothing here prints, and nothing here knows the time: a timeout is a function that
//! the caller gives. Next to read: `run.rs`, then `explore.rs`.

mod about;
mod advice;
#[cfg(all(test, feature = "loom", feature = "shuttle"))]
mod agreement;
mod compare;
mod coverage;
mod exhaustive;
mod explore;
mod fixes;
#[doc(hidden)]
pub mod game;
mod judge;
mod lesson;
mod list_type;
mod merge;
mod one_by_one;
mod options;
mod prepared;
mod refusal;
mod replay;
mod result;
mod run;
mod sample;
mod serial;
mod shorten;
mod tally;
mod threaded;
mod timed;
mod timed_runs;
mod verdict;
mod workers;

pub use about::about;
pub use compare::compare;
pub use fixes::{Held, by_reading, by_reading_own_writes, fixes};
#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use judge::expectation;
#[cfg(any(feature = "kube", feature = "serve"))]
pub(crate) use lesson::of_run;
pub use lesson::{game_lesson, lesson};
pub use merge::{Part, merge};
pub use one_by_one::show_serial;
pub use options::{
    Clock, DEFAULT_MAX_MEMORY, DEFAULT_MAX_STEPS, DEFAULT_RUNS, Keep, Options, Progress, Pulse,
    Resume, WriteCheckpoint,
};
pub use prepared::world;
pub use replay::replay;
pub use result::{CheckResult, Comparison, Lesson, Row, SameOrder, Shown, Square, Swap};
pub use run::run;
pub use timed_runs::{Interval, Quantiles, TimedRun, TimedRuns};
pub use verdict::{
    Advice, Costs, Coverage, Expectation, Exploration, Length, ListTyped, Pointer, PropertyResult,
    Replayed, SearchWork, Verdict, Witness,
};
pub use workers::{Checked, Workers, get, put};

pub use crate::properties::LossClass;
pub use crate::schedulers::exhaustive::{Odds, Shard};
pub use crate::schedulers::{Bound, Guarantee};
