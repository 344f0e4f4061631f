//! Sampling: many single runs under a scheduler that chooses by chance, by turns, or by time.
//!
//! The first run that violates a property becomes its witness, made short (`shorten.rs`). What no
//! run violates is `unknown`. Next to read: `schedulers/random.rs`, then `timed.rs`.

use super::options::{DEFAULT_MAX_STEPS, DEFAULT_RUNS, Options};
use super::prepared::Prepared;
use super::shorten::Shortener;
use super::tally::Tally;
use super::timed::timed;
use super::verdict::{Exploration, Outcome};
use crate::scenario::Diagnostic;
use crate::schedulers::{self, Pct, Random, RoundRobin, Scheduler, run_watched};

pub(super) fn sampled(
    prepared: &Prepared,
    name: &str,
    options: &Options,
) -> Result<Outcome, Diagnostic> {
    let entry = schedulers::named(name).ok_or_else(|| unknown_scheduler(name))?;
    if name == "timed" {
        return timed(prepared, options);
    }
    let mut scheduler: Box<dyn Scheduler> = match name {
        "random" => Box::new(Random::new(options.seed)),
        "pct" => Box::new(Pct::new(options.seed, options.depth)),
        _ => Box::new(RoundRobin::default()),
    };
    let mut tally = Tally::new(prepared).with_coverage();
    let max_steps = options.max_steps.unwrap_or(DEFAULT_MAX_STEPS);
    // Shard i of n makes every n-th run; the seed of a run follows from its number.
    let (shard, all) = (options.shard, options.runs.unwrap_or(DEFAULT_RUNS));
    let own = shard.map_or(all, |shard| shard.share_of(all));
    let own = Options { runs: Some(own), ..options.clone() };
    let mut number = 0;
    let stopped_by = tally.runs(&own, true, &mut |world, watch| {
        while scheduler.begin() {
            number += 1;
            if shard.is_none_or(|shard| shard.takes(number - 1)) {
                return Some(run_watched(world, &mut *scheduler, max_steps, watch));
            }
        }
        None
    });
    let exploration = Exploration {
        seed: (name != "round-robin").then_some(options.seed),
        guarantee: scheduler.guarantee(),
        ..tally.exploration(entry.name, stopped_by)
    };
    let costs = tally.costs();
    let mut shortener = Shortener::new(prepared, options.pulse.clone());
    Ok((exploration, tally.properties(&mut shortener), costs))
}

fn unknown_scheduler(name: &str) -> Diagnostic {
    let known: Vec<&str> = schedulers::all().iter().map(|entry| entry.name).collect();
    Diagnostic::error(format!("unknown scheduler `{name}`"))
        .help(format!("one of: {}", known.join(", ")))
}
