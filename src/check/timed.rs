//! Runs in simulated time: how often a write is lost, and how long a reconcile takes.
//!
//! Nothing stops at the first loss: the question is how often. The share of losing runs comes with
//! Wilson's interval at 95 % (Wilson 1927, without continuity correction), which stays sensible
//! when nothing or everything was lost; a run with several losses counts once. One run is kept
//! whole, to be looked at: the first that loses, or else the first. Faults have no rate, so a
//! scenario with faults is refused. Next to read: `schedulers/timed/mod.rs`.

use std::sync::Arc;

use super::options::{DEFAULT_MAX_STEPS, Options};
use super::prepared::Prepared;
use super::replay::trace_of;
use super::shorten::Shortener;
use super::tally::Tally;
use super::timed_runs::{Interval, Quantiles, TimedRun, TimedRuns};
use super::verdict::Exploration;
use super::verdict::Outcome;
use crate::properties;
use crate::scenario::Diagnostic;
use crate::schedulers::timed::{Nanos, StepTimes, Timed};
use crate::schedulers::{Run, Scheduler, run, run_watched};
use crate::simulation::FaultBudget;

pub(super) fn timed(prepared: &Prepared, options: &Options) -> Result<Outcome, Diagnostic> {
    let deadlines = prepared.world.faults.deadlines;
    if prepared.world.faults != (FaultBudget { deadlines, ..FaultBudget::default() }) {
        return Err(Diagnostic::error("`timed` cannot run this scenario")
            .note("it allows faults, and a fault has no rate, so its likelihood is unknown")
            .help("use `random` or `exhaustive`, or remove `faults`"));
    }
    if prepared.world.setting.has_leaders() {
        return Err(Diagnostic::error("`timed` cannot run this scenario")
            .note("it has leader election, and when a Lease expires is not modelled in time")
            .help("use `random` or `exhaustive`: there it may expire at any time"));
    }
    let processes = || prepared.world.setting.workers.iter().map(|worker| worker.process).collect();
    let from = |run| Timed::new(prepared.timing.clone(), processes(), options.seed, run);
    let max_steps = options.max_steps.unwrap_or(DEFAULT_MAX_STEPS);
    let named = prepared.observed.iter().position(|entry| entry.name == properties::NO_LOST_WRITE);
    let observer = named.unwrap_or(0);
    let (mut scheduler, mut spans) = (from(0), Vec::new());
    let (mut runs, mut losing, mut made, mut first) = (0, 0, 0, None);
    let mut tally = Tally::new(prepared).with_coverage();
    let stopped_by = tally.runs(options, false, &mut |world, watch| {
        scheduler.begin();
        let run = run_watched(world, &mut scheduler, max_steps, watch);
        if run.finished {
            runs += 1;
            spans.extend(reconciles(&run, scheduler.times()));
            if world.judge()[observer] {
                losing += 1;
                first = first.or(Some(made));
            }
        }
        made += 1;
        Some(run)
    });
    let kept = kept(prepared, from(first.unwrap_or(0)), first, max_steps);
    let timed = TimedRuns {
        property: prepared.observed[observer].name,
        runs,
        losing,
        interval: Interval::wilson(losing, runs),
        reconciles: spans.len() as u64,
        latency: Quantiles::of(spans),
        kept,
    };
    let exploration = Exploration {
        seed: Some(options.seed),
        timed: Some(Arc::new(timed)),
        ..tally.exploration("timed", stopped_by)
    };
    let costs = tally.costs();
    let mut shortener = Shortener::new(prepared, options.pulse.clone());
    let mut properties = tally.properties(&mut shortener);
    shortener.beside(&mut properties);
    Ok((exploration, properties, costs))
}

/// How long each reconcile of a run took.
fn reconciles(run: &Run, times: &[StepTimes]) -> Vec<Nanos> {
    let mut begun = std::collections::BTreeMap::new();
    let mut spans = Vec::new();
    for (event, times) in run.events.iter().zip(times) {
        let Some(worker) = event.worker() else { continue };
        if event.mark.first {
            begun.insert(worker, times.due);
        }
        if event.mark.last {
            let due = begun.remove(&worker);
            spans.extend(due.map(|due| times.answered.saturating_sub(due)));
        }
    }
    spans
}

/// Makes one run once more, and keeps all of it.
fn kept(prepared: &Prepared, mut scheduler: Timed, first: Option<u64>, max_steps: u64) -> TimedRun {
    let mut world = prepared.world.clone();
    scheduler.begin();
    let run = run(&mut world, &mut scheduler, max_steps);
    TimedRun {
        run: first.unwrap_or(0),
        loses: first.is_some(),
        trace: trace_of(&prepared.world, run.events, run.finished),
        times: scheduler.times().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bounds are where the distance to the share is z standard deviations *of the bound*:
    /// that is what Wilson's interval is.
    #[test]
    fn wilson_s_interval_solves_its_equation() {
        for (successes, of) in [(1, 10), (5, 10), (37, 1000), (999, 1000), (1, 1_000_000)] {
            let Interval { low, high } = Interval::wilson(successes, of);
            let share = successes as f64 / of as f64;
            assert!(low < share && share < high);
            for bound in [low, high] {
                let deviation = (bound * (1.0 - bound) / of as f64).sqrt();
                let z = (share - bound).abs() / deviation;
                assert!((z - 1.959_964).abs() < 1e-4, "{successes} of {of}: {z}");
            }
        }
        let none = Interval::wilson(0, 1000);
        assert!(none.low == 0.0 && (0.003..0.004).contains(&none.high), "{none:?}");
        assert_eq!(Interval::wilson(10, 10).high, 1.0);
        assert_eq!(Interval::wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn quantiles_are_values_that_occurred() {
        let hundred = Quantiles::of((1..=100).rev().collect()).expect("not empty");
        assert_eq!(hundred, Quantiles { p50: 50, p90: 90, p99: 99, most: 100 });
        assert_eq!(Quantiles::of(vec![7]).map(|q| (q.p50, q.p99)), Some((7, 7)));
        assert_eq!(Quantiles::of(Vec::new()), None);
    }
}
