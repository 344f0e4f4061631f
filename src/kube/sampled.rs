//! Some orders, by dice: what random runs have shown.
//!
//! Next to read: `explore.rs`.

use std::sync::Arc;

use super::checked::{Broken, Explored, Outcome};
use super::drive::{self, Plan};
use super::explore::{Late, judged, replay};
use super::history::Found;
use super::simulation::Simulation;
use super::watchdog::{Stuck, watched};
use crate::schedulers::Bound;
use crate::schedulers::rerun::sample::Dice;
use crate::schedulers::rerun::{End, Guide, Move};

/// Runs this many orders, each with dice of its own.
pub(super) fn sampled(
    simulation: &Simulation,
    plan: &Arc<Plan>,
    runs: u64,
    late: impl Fn() -> Late + Send + Sync + Clone + 'static,
    dice: impl Fn(u64, &[Move]) -> Dice + Send + Sync + Clone + 'static,
) -> Result<Outcome, Stuck> {
    let shared = Arc::clone(plan);
    let sample = watched(1, simulation.patience, move |_, beat| {
        let mut sample = Sample::default();
        let mut longest: Vec<Move> = Vec::new();
        for run in 0..runs {
            if let Some(most) = late() {
                sample.bound = Some(Bound::Timeout(most.as_secs()));
                break;
            }
            let mut guide = dice(run, &longest);
            let ran = drive::run(&shared, &mut guide as &mut dyn Guide, beat);
            if guide.made.len() > longest.len() {
                longest.clone_from(&guide.made);
            }
            sample.add(judged(&ran, false), guide.made);
            if sample.failed.is_some() {
                break;
            }
        }
        sample.bound = sample.bound.or(Some(Bound::Runs(runs)));
        sample
    })?;
    let sample = sample.into_iter().next().unwrap_or_default();
    if let Some((words, moves)) = sample.failed {
        return Ok(Outcome::Failed { words, moves });
    }
    let run =
        |moves: Option<Vec<Move>>| moves.map(|moves| replay(simulation, plan, moves)).transpose();
    let mut broken = Vec::new();
    for (at, own) in plan.invariants.iter().enumerate() {
        let (seen, shortest) = sample.broken.get(at).cloned().unwrap_or_default();
        broken.push(Broken { name: own.name, schedules: None, seen, run: run(shortest)? });
    }
    Ok(Outcome::Explored(Box::new(Explored {
        executions: sample.executions,
        steps: sample.steps,
        seen_lost: sample.lost.0,
        seen_repaired: sample.repaired.0,
        bound: sample.bound,
        lost: run(sample.lost.1)?,
        repaired: run(sample.repaired.1)?,
        broken,
        ..Default::default()
    })))
}

/// What random runs have shown.
#[derive(Default)]
struct Sample {
    executions: u64,
    steps: u64,
    /// How many, and the shortest.
    lost: (u64, Option<Vec<Move>>),
    repaired: (u64, Option<Vec<Move>>),
    /// The same for each invariant.
    broken: Vec<(u64, Option<Vec<Move>>)>,
    bound: Option<Bound>,
    failed: Option<(String, Vec<Move>)>,
}

impl Sample {
    fn add(&mut self, end: End<Found>, made: Vec<Move>) {
        self.executions += 1;
        self.steps += made.len() as u64;
        let keep = |(count, shortest): &mut (u64, Option<Vec<Move>>)| {
            *count += 1;
            if shortest.as_ref().is_none_or(|known| made.len() < known.len()) {
                *shortest = Some(made.clone());
            }
        };
        if let End::Quiet(found) = &end {
            for at in &found.broken {
                let known = self.broken.len().max(at + 1);
                self.broken.resize(known, (0, None));
                keep(&mut self.broken[*at]);
            }
        }
        match end {
            End::Quiet(found) if found.lost > 0 => keep(&mut self.lost),
            End::Quiet(found) if found.repaired > 0 => keep(&mut self.repaired),
            End::Failed(words) => self.failed = Some((words, made)),
            _ => {}
        }
    }
}
