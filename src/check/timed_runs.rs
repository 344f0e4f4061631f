//! What runs in simulated time showed, as plain data.
//!
//! Next to read: `timed.rs`, which makes the runs.

use crate::schedulers::timed::{Nanos, StepTimes};
use crate::trace::Trace;

/// What runs in simulated time showed.
#[derive(Clone, Debug)]
pub struct TimedRuns {
    /// The property that the share is of.
    pub property: &'static str,
    /// Runs that came to their end.
    pub runs: u64,
    /// Of these, the ones that violate the property.
    pub losing: u64,
    /// The share of losing runs: Wilson's interval at 95 %.
    pub interval: Interval,
    /// Reconciles of all these runs together.
    pub reconciles: u64,
    /// How long a reconcile took, from wanting its first request to having its last answer.
    pub latency: Option<Quantiles>,
    /// The first losing run, or else the first.
    pub kept: TimedRun,
}

/// Where a share lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// At least.
    pub low: f64,
    /// At most.
    pub high: f64,
}

/// A percentile by nearest rank: the smallest value that at least this share does not exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Quantiles {
    pub p50: Nanos,
    pub p90: Nanos,
    pub p99: Nanos,
    pub most: Nanos,
}

/// One run in simulated time.
#[derive(Clone, Debug)]
pub struct TimedRun {
    /// Which run of the seed, from 0.
    pub run: u64,
    /// Whether it violates the property.
    pub loses: bool,
    /// What happened.
    pub trace: Trace,
    /// When: one for each event.
    pub times: Vec<StepTimes>,
}

impl TimedRuns {
    /// Losing runs in a million reconciles: the estimate, and the interval.
    pub fn per_million(&self) -> (f64, Interval) {
        let of = |share: f64| 1e6 * share * self.runs as f64 / self.reconciles.max(1) as f64;
        let Interval { low, high } = self.interval;
        let share = self.losing as f64 / self.runs.max(1) as f64;
        (of(share), Interval { low: of(low), high: of(high) })
    }
}

impl Interval {
    /// Wilson's, at 95 %.
    pub fn wilson(successes: u64, of: u64) -> Interval {
        /// The standard normal distribution's 97.5th percentile, squared.
        const Z2: f64 = 1.959_963_984_540_054 * 1.959_963_984_540_054;
        if of == 0 {
            return Interval { low: 0.0, high: 1.0 };
        }
        let n = of as f64;
        let share = successes as f64 / n;
        let middle = share + Z2 / (2.0 * n);
        let half = (Z2 * (share * (1.0 - share) / n + Z2 / (4.0 * n * n))).sqrt();
        let (low, high) = ((middle - half) / (1.0 + Z2 / n), (middle + half) / (1.0 + Z2 / n));
        let low = if successes == 0 { 0.0 } else { low };
        Interval { low, high: if successes == of { 1.0 } else { high } }
    }
}

impl Quantiles {
    pub(super) fn of(mut spans: Vec<Nanos>) -> Option<Quantiles> {
        spans.sort_unstable();
        let at = |percent: usize| spans.get((spans.len() * percent).div_ceil(100).max(1) - 1);
        let at = |percent| at(percent).copied();
        Some(Quantiles { p50: at(50)?, p90: at(90)?, p99: at(99)?, most: at(100)? })
    }
}
