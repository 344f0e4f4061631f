//! A check by the exhaustive search: limits from options, verdicts and counts from the graph.
//!
//! Next to read: `replay.rs`.

use std::io::Write;

use super::explore::{Outcome, Prepared};
use super::replay::witness_of;
use super::{
    Bound, Costs, DEFAULT_MAX_STEPS, Exploration, Length, Options, Progress, PropertyResult,
    SearchWork, Verdict, Witness,
};
use crate::properties::Entry;
use crate::scenario::Diagnostic;
use crate::schedulers::exhaustive::{self, Counts, Explored, Limits, SearchProgress};

/// Explores every schedule, or this shard's, or what a checkpoint has left.
pub(super) fn exhaustively(prepared: &Prepared, options: &Options) -> Result<Outcome, Diagnostic> {
    let limits = Limits {
        max_states: options.max_states.unwrap_or(u64::MAX),
        max_steps: options.max_steps.unwrap_or(u64::MAX),
        max_bytes: options.max_memory.unwrap_or(u64::MAX),
        canonical: options.canonical,
        symmetry: options.symmetry,
        reduce: !options.count,
        threads: options.threads,
        shard: options.shard,
    };
    let mut pulse = |search: SearchProgress| -> Option<Bound> {
        let (frontier, transitions) = (search.frontier, search.transitions);
        let (done, depth) = (search.states, search.depth);
        let progress = Progress { done, frontier, transitions, depth, of: None };
        options.pulse.as_ref().and_then(|pulse| pulse(progress))
    };
    let now = || options.clock.as_ref().map(|clock| clock());
    let began = now();
    let explored = match &options.resume {
        None => exhaustive::explore(&prepared.world, limits, &mut pulse),
        Some(resume) => {
            let mut from = resume.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            exhaustive::resume(&prepared.world, limits, &mut *from, &mut pulse).map_err(
                |error| {
                    Diagnostic::error(format!("cannot go on from the checkpoint: {error}"))
                        .help("run the command without --resume to begin anew")
                },
            )?
        }
    };
    let counts = match options.count {
        true => explored.counts(options.max_steps.unwrap_or(DEFAULT_MAX_STEPS)),
        false => None,
    };
    let time = began.zip(now()).map(|(began, now)| now.saturating_sub(began));
    if let (Some(unfinished), Some(keep)) = (&explored.unfinished, &options.keep) {
        keep(&|out: &mut dyn Write| unfinished.write(&explored.graph, out));
    }
    let observed = prepared.observed.iter().enumerate();
    let properties = observed
        .map(|(index, entry)| property(prepared, &explored, counts.as_ref(), options, index, entry))
        .collect();
    let exploration = exploration(&explored, counts.as_ref(), options, time);
    let costs = Costs {
        with_conflict: counts.as_ref().map(|counts| counts.with_conflict.clone()),
        calls: counts.as_ref().map(|counts| counts.calls.clone()),
        most_calls: counts.as_ref().map(|counts| counts.most_calls),
        max_attempts: explored.max_attempts,
    };
    Ok((exploration, properties, costs))
}

fn exploration(
    explored: &Explored,
    counts: Option<&Counts>,
    options: &Options,
    time: Option<std::time::Duration>,
) -> Exploration {
    let part = options.shard.map(|shard| Bound::Shard(shard.index, shard.of));
    let stopped_by = explored.stopped_by.clone().or(part);
    Exploration {
        scheduler: "exhaustive",
        complete: stopped_by.is_none(),
        stopped_by,
        states: Some(explored.graph.states() as u64),
        transitions: Some(explored.graph.transitions() as u64),
        schedules: counts.map(|counts| counts.schedules.clone()),
        cyclic: counts.is_some_and(|counts| counts.cyclic),
        executions: None,
        seed: None,
        coverage: None,
        guarantee: None,
        timed: None,
        work: Some(SearchWork {
            looked_up: explored.memo.0,
            computed: explored.memo.1,
            bytes: explored.bytes,
            symmetric: explored.symmetric.clone(),
            threads: options.threads,
            time,
        }),
    }
}

fn property(
    prepared: &Prepared,
    explored: &Explored,
    counts: Option<&Counts>,
    options: &Options,
    index: usize,
    entry: &Entry,
) -> PropertyResult {
    let endless = (entry.name == "converges").then(|| explored.livelock()).flatten();
    let decided = explored.shortest(index).or(endless);
    let decides = decided.is_some();
    let covered = explored.stopped_by.is_none() && options.shard.is_none();
    let verdict = match (entry.sometimes, &decided) {
        (false, Some(_)) => Verdict::Violated,
        (true, Some(_)) => Verdict::Holds,
        (_, None) if !covered => Verdict::Unknown,
        (false, None) => Verdict::Holds,
        (true, None) => Verdict::Violated,
    };
    let schedules = counts.map(|counts| counts.decided[index].clone());
    let schedule = match (verdict, entry.sometimes) {
        (Verdict::Violated, false) => decided,
        _ => None,
    };
    let shortest = covered && options.count;
    let witness = schedule
        .map(|choices| prepared.schedule(choices))
        .and_then(|schedule| witness_of(prepared, index, entry.name, schedule))
        .map(|found| match shortest {
            true => Witness { length: Length::Shortest, ..found },
            false => found,
        });
    let judged = index < prepared.judged;
    // A part's odds are wanted even if they are nothing: they are added up.
    let odds = (decides || options.shard.is_some())
        .then(|| explored.odds(index, DEFAULT_MAX_STEPS))
        .flatten();
    PropertyResult { name: entry.name, verdict, judged, schedules, exact: None, odds, witness }
}
