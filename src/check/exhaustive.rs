//! A check by the exhaustive search: limits from options, verdicts and counts from the graph.
//!
//! A search that a bound may stop looks at all short schedules before any long one, and a loss
//! needs a long one. So a search that grows large, or is stopped while it is still small, also
//! tries random schedules: a violation that they find is a violation, whatever was not covered.
//! Next to read: `replay.rs`.

use std::io::Write;
use std::time::Duration;

use super::options::{DEFAULT_MAX_MEMORY, DEFAULT_MAX_STEPS, Options, Progress};
use super::prepared::Prepared;
use super::replay::witness_of;
use super::shorten::Shortener;
use super::tally::Tally;
use super::verdict::Outcome;
use super::verdict::{Costs, Exploration, Length, PropertyResult, SearchWork, Verdict, Witness};
use crate::properties;
use crate::properties::Entry;
use crate::scenario::Diagnostic;
use crate::schedulers::Bound;
use crate::schedulers::exhaustive::{self, Counts, Explored, Limits, SearchProgress};
use crate::schedulers::{Random, Scheduler, run_watched};

/// States after which a search tries random schedules before it goes on.
const SAMPLE_AFTER: u64 = 20_000;

/// The random schedules that are tried.
const SAMPLED_RUNS: u64 = 256;

/// Explores every schedule, or this shard's, or what a checkpoint has left.
pub(super) fn exhaustively(prepared: &Prepared, options: &Options) -> Result<Outcome, Diagnostic> {
    let mut sampled: Option<Tally<'_>> = None;
    let stop_at = if options.fail_fast { stop_at(prepared) } else { 0 };
    if options.fail_fast {
        sampled = Some(sample(prepared, options));
    }
    let limits = Limits {
        stop_at,
        max_states: options.max_states.unwrap_or(u64::MAX),
        max_steps: options.max_steps.unwrap_or(u64::MAX),
        max_bytes: options.max_memory.unwrap_or(DEFAULT_MAX_MEMORY),
        canonical: options.canonical,
        unread: true,
        symmetry: options.symmetry,
        reduce: !options.count,
        threads: options.threads,
        shard: options.shard,
    };
    let mut pulse = |search: SearchProgress| -> Option<Bound> {
        let (frontier, transitions) = (search.frontier, search.transitions);
        let (done, depth) = (search.states, search.depth);
        let progress = Progress { done, frontier, transitions, depth, of: None };
        if done > SAMPLE_AFTER && sampled.is_none() && options.shard.is_none() {
            sampled = Some(sample(prepared, options));
        }
        if options.fail_fast && sampled.as_ref().is_some_and(Tally::is_settled) {
            return Some(Bound::FirstViolation);
        }
        options.pulse.as_ref().and_then(|pulse| pulse(progress))
    };
    let world = prepared.counting();
    let now = || options.clock.as_ref().map(|clock| clock());
    let began = now();
    let explored = match &options.resume {
        None => exhaustive::explore(&world, limits, &mut pulse),
        Some(resume) => {
            let mut from = resume.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            exhaustive::resume(&world, limits, &mut *from, &mut pulse).map_err(|error| {
                Diagnostic::error(format!("cannot go on from the checkpoint: {error}"))
                    .help("run the command without --resume to start from the beginning")
            })?
        }
    };
    let searched = now();
    let counts = match options.count {
        true => explored.counts(options.max_steps.unwrap_or(DEFAULT_MAX_STEPS)),
        false => None,
    };
    let observed = prepared.observed.iter().copied().enumerate();
    let mut properties: Vec<PropertyResult> =
        observed.map(|at| property(prepared, &explored, counts.as_ref(), options, at)).collect();
    let between = |from: Option<Duration>, to: Option<Duration>| {
        from.zip(to).map(|(from, to)| to.saturating_sub(from))
    };
    let times = (between(began, searched), between(searched, now()));
    if let (Some(unfinished), Some(keep)) = (&explored.unfinished, &options.keep) {
        keep(&|out: &mut dyn Write| unfinished.write(&explored.graph, out));
    }
    if explored.stopped_by.is_some() && options.shard.is_none() {
        let tally = sampled.unwrap_or_else(|| sample(prepared, options));
        add_sampled(prepared, &mut properties, tally, 4 * sampled_runs(options) as usize);
    }
    let exploration = exploration(&explored, counts.as_ref(), options, times);
    let tally = |counts: &Option<Counts>, at: usize| {
        counts.as_ref().map(|counts| counts.decided[prepared.observed.len() + at].clone())
    };
    let costs = Costs {
        with_conflict: counts.as_ref().map(|counts| counts.with_conflict.clone()),
        calls: counts.as_ref().map(|counts| counts.calls.clone()),
        most_calls: counts.as_ref().map(|counts| counts.most_calls),
        max_attempts: explored.max_attempts,
        repaired: tally(&counts, 0),
        skipped: tally(&counts, 1),
    };
    Ok((exploration, properties, costs))
}

/// Tries random schedules until one violates a judged property.
fn sample<'p>(prepared: &'p Prepared, options: &Options) -> Tally<'p> {
    let mut random = Random::new(options.seed);
    let mut tally = Tally::new(prepared);
    let max_steps = options.max_steps.unwrap_or(DEFAULT_MAX_STEPS);
    let options = Options { runs: Some(sampled_runs(options)), ..options.clone() };
    tally.runs(&options, true, &mut |world, watch| {
        random.begin().then(|| run_watched(world, &mut random, max_steps, watch))
    });
    tally
}

fn sampled_runs(options: &Options) -> u64 {
    options.runs.unwrap_or(SAMPLED_RUNS).min(SAMPLED_RUNS)
}

/// What the random schedules decided, where the search decided nothing.
fn add_sampled(
    prepared: &Prepared,
    properties: &mut [PropertyResult],
    tally: Tally<'_>,
    replays: usize,
) {
    // A pulse may already ask to stop; shortening is bounded by itself.
    let mut shortener = Shortener::by_moves(prepared, replays);
    for (property, sampled) in properties.iter_mut().zip(tally.properties(&mut shortener)) {
        if property.verdict == Verdict::Unknown && sampled.verdict != Verdict::Unknown {
            *property = PropertyResult { schedules: None, ..sampled };
        }
    }
}

/// The observers of judged properties that a single schedule violates, as bits.
fn stop_at(prepared: &Prepared) -> u16 {
    let judged = prepared.observed.iter().enumerate().take(prepared.judged);
    judged.filter(|(_, entry)| !entry.sometimes).fold(0, |bits, (index, _)| bits | 1 << index)
}

fn exploration(
    explored: &Explored,
    counts: Option<&Counts>,
    options: &Options,
    (time, afterwards): (Option<Duration>, Option<Duration>),
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
            afterwards,
        }),
    }
}

fn property(
    prepared: &Prepared,
    explored: &Explored,
    counts: Option<&Counts>,
    options: &Options,
    (index, entry): (usize, &Entry),
) -> PropertyResult {
    // Of what should sometimes happen no schedule is shown.
    let found = explored.finding(index, !entry.sometimes && options.witnesses);
    let endless = (entry.name == properties::CONVERGES).then(|| explored.livelock()).flatten();
    let decides = found.decides || endless.is_some();
    let covered = explored.stopped_by.is_none() && options.shard.is_none();
    let verdict = Verdict::of(entry.sometimes, decides, covered);
    let schedules = counts.map(|counts| counts.decided[index].clone());
    let schedule = match (verdict, entry.sometimes) {
        (Verdict::Violated, false) if options.witnesses => found.shortest.or(endless),
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
    // A part's odds are added up, so they are wanted even if they are nothing.
    let likely = decides || found.ever || options.shard.is_some();
    let odds = (likely && options.witnesses).then(|| explored.odds(index, DEFAULT_MAX_STEPS));
    let odds = odds.flatten();
    PropertyResult { name: entry.name, verdict, judged, schedules, exact: None, odds, witness }
}
