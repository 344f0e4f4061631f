//! Runs a simulation: all orders, some, or one.
//!
//! Next to read: `checked.rs`, what comes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use super::checked::{Broken, Checked, Outcome, Run};
use super::checkpoint;
use super::drive::{self, Plan, Ran};
use super::history::{self, Found};
use super::nondeterminism;
use super::reported::Origin;
use super::sampled::sampled;
use super::setup::plan;
use super::simulation::{Orders, Simulation};
use super::watchdog::{Beat, watched};
use crate::schedulers::Bound;
use crate::schedulers::rerun::sample::{Dice, Follow, per_worker};
use crate::schedulers::rerun::walk::{self, Limits, Stop};
use crate::schedulers::rerun::{End, Graph, Move, Spelling};

/// Everything is checked, and nothing panics: what is wrong is an outcome.
pub(super) fn check(simulation: Simulation) -> Checked {
    let begin = Instant::now();
    let mut checked = match plan(&simulation) {
        Ok(plan) => explored(&simulation, plan),
        Err(words) => Checked::failed(Vec::new(), words),
    };
    checked.origin = Origin::of(&simulation);
    checked.time = begin.elapsed();
    checked
}

fn names(plan: &Plan) -> Vec<String> {
    let modelled = plan.start.world.setting.workers.iter().map(|info| info.name.clone());
    plan.start.real.iter().cloned().chain(modelled).collect()
}

/// Four hex digits of who is at work on what, so that a schedule of others is told apart.
fn fingerprint(plan: &Plan) -> u16 {
    let mut digest = crate::parking::Digest::default();
    digest.feed(&names(plan));
    digest.feed(&format!("{:?}", plan.start.rules.deliveries));
    for object in plan.start.world.server.objects() {
        digest.feed(&object.to_string());
    }
    if !plan.invariants.is_empty() {
        digest.feed(&format!("{:?}", plan.invariants));
    }
    digest.finish() as u16
}

fn explored(simulation: &Simulation, plan: Plan) -> Checked {
    let names = names(&plan);
    let spelling = Spelling::new(&names, fingerprint(&plan));
    let plan = Arc::new(plan);
    let begin = Instant::now();
    let timeout = simulation.timeout;
    let late = move || timeout.filter(|most| begin.elapsed() >= *most);
    let result = match &simulation.orders {
        Orders::Exhaustive => exhaustively(simulation, &plan, spelling.fingerprint(), late),
        Orders::Random { runs, seed } => {
            let seed = *seed;
            sampled(simulation, &plan, *runs, late, move |run, _| Dice::random(seed, run))
        }
        Orders::Uniform { runs, seed } => {
            let seed = *seed;
            sampled(simulation, &plan, *runs, late, move |run, longest| {
                Dice::uniform(seed, run, per_worker(longest))
            })
        }
        Orders::Pct { runs, seed, depth } => {
            let (seed, depth) = (*seed, *depth);
            sampled(simulation, &plan, *runs, late, move |run, longest| {
                Dice::pct(seed, run, depth, longest.len().max(8))
            })
        }
        Orders::Replay(text) => match spelling.parse(text) {
            Ok(moves) => replayed(simulation, &plan, moves),
            Err(error) => return Checked::failed(names, error.to_string()),
        },
    };
    let outcome = result.unwrap_or_else(|stuck| Outcome::Failed {
        words: stuck_words(&stuck, &names, simulation),
        moves: stuck.last.into_iter().collect(),
    });
    Checked::new(names, spelling, outcome)
}

fn stuck_words(
    stuck: &super::watchdog::Stuck,
    names: &[String],
    simulation: &Simulation,
) -> String {
    if !stuck.why.is_empty() {
        return stuck.why.clone();
    }
    let after = match stuck.last {
        Some(last) => format!("after a step of `{}`", names[last.worker()]),
        None => "before its first step".to_owned(),
    };
    format!(
        "a worker has kept the thread for {:?} {after}\n  help: something blocks: \
         `std::thread::sleep`, a lock, a loop without an `await` that waits, or a blocking task \
         that waits for an answer; its thread is left behind",
        simulation.patience
    )
}

pub(super) type Late = Option<std::time::Duration>;

fn exhaustively(
    simulation: &Simulation,
    plan: &Arc<Plan>,
    fingerprint: &str,
    late: impl Fn() -> Late + Send + Sync + Clone + 'static,
) -> Result<Outcome, super::watchdog::Stuck> {
    let mut graph = match checkpoint::begin(simulation, fingerprint) {
        Ok(graph) => graph,
        Err(words) => return Ok(Outcome::Failed { words, moves: Vec::new() }),
    };
    // An invariant may look at two objects: then the order of writes to them is no matter of taste.
    graph.infer = simulation.infer && plan.invariants.is_empty();
    graph.merge = simulation.merge;
    let before = graph.executions;
    let graph = Arc::new(Mutex::new(graph));
    let stopped = Arc::new(AtomicBool::new(false));
    let most = simulation.max_executions.map(|most| before + most);
    let limits = Limits { states: Some(simulation.max_states), executions: most };
    let stops = {
        let (graph, plan, stopped) = (Arc::clone(&graph), Arc::clone(plan), stopped);
        watched(simulation.threads, simulation.patience, move |_, beat| {
            let pulse = |_: &Graph<Found>| {
                if stopped.load(Ordering::Relaxed) {
                    return Some(Bound::Interrupted);
                }
                late().map(|most| Bound::Timeout(most.as_secs()))
            };
            let wait = || {
                beat.tick();
                std::thread::sleep(std::time::Duration::from_micros(200));
            };
            let stop = walk::explore(&graph, &limits, &pulse, &wait, &mut |walk| {
                let ran = drive::run(&plan, walk, beat);
                judged(&ran, walk.is_known_end())
            });
            if stop != Stop::Closed {
                stopped.store(true, Ordering::Relaxed);
            }
            stop
        })?
    };
    let graph = std::mem::take(&mut *graph.lock());
    let went_on = before > 0;
    let rank = |stop: &Stop| match stop {
        Stop::Failed(..) => 3,
        Stop::Mismatch(_) => 2,
        Stop::Bound(Bound::Interrupted) => 0,
        Stop::Bound(_) => 1,
        Stop::Closed => 0,
    };
    let stop = stops.into_iter().max_by_key(rank).unwrap_or(Stop::Closed);
    match stop {
        Stop::Failed(words, moves) => Ok(Outcome::Failed { words, moves }),
        Stop::Mismatch(mismatch) if went_on => Ok(Outcome::Failed {
            words: checkpoint::other_code(simulation),
            moves: mismatch.prefix,
        }),
        Stop::Mismatch(mismatch) => unsteady(simulation, plan, mismatch.prefix),
        stop => {
            if let Err(words) = checkpoint::end(simulation, fingerprint, &graph) {
                return Ok(Outcome::Failed { words, moves: Vec::new() });
            }
            let bound = match stop {
                Stop::Bound(bound) => Some(bound),
                _ if graph.is_cut() => Some(Bound::Steps(simulation.max_steps)),
                _ => None,
            };
            let witness = |is: &dyn Fn(&Found) -> bool| {
                let moves = graph.shortest(is)?;
                Some(replay(simulation, plan, moves))
            };
            let only_repaired = |found: &Found| found.repaired > 0 && found.lost == 0;
            let lost = witness(&|found| found.lost > 0).transpose()?;
            let repaired = witness(&only_repaired).transpose()?;
            let mut broken = Vec::new();
            for (at, own) in plan.invariants.iter().enumerate() {
                let breaks = |found: &Found| found.broken.contains(&at);
                broken.push(Broken {
                    name: own.name,
                    schedules: graph.count(breaks),
                    seen: graph.outcomes().filter(|found| breaks(found)).count() as u64,
                    run: witness(&breaks).transpose()?,
                });
            }
            Ok(Outcome::Explored(Box::new(super::checked::Explored {
                states: Some(graph.states()),
                transitions: Some(graph.transitions()),
                executions: graph.executions,
                steps: graph.steps,
                inferred: graph.inferred,
                schedules: graph.count(|_| true),
                losing: graph.count(|found| found.lost > 0),
                repairing: graph.count(only_repaired),
                seen_lost: graph.outcomes().filter(|found| found.lost > 0).count() as u64,
                seen_repaired: graph.outcomes().filter(|it| only_repaired(it)).count() as u64,
                bound,
                lost,
                repaired,
                broken,
            })))
        }
    }
}

/// Judges an execution that has come to its end, unless it is known what is found there.
pub(super) fn judged(ran: &Ran, known: bool) -> End<Found> {
    match &ran.end {
        End::Quiet(()) if known => End::Quiet(Found::default()),
        End::Quiet(()) => End::Quiet(history::judge(ran)),
        End::Stopped => End::Stopped,
        End::Steps => End::Steps,
        End::Failed(words) => End::Failed(words.clone()),
    }
}

/// One schedule, with all that happened in it.
pub(super) fn replay(
    simulation: &Simulation,
    plan: &Arc<Plan>,
    moves: Vec<Move>,
) -> Result<Run, super::watchdog::Stuck> {
    let plan = Arc::clone(plan);
    let ran = watched(1, simulation.patience, move |_, beat| followed(&plan, moves.clone(), beat))?;
    Ok(ran.into_iter().next().unwrap_or_default())
}

fn followed(plan: &Plan, moves: Vec<Move>, beat: &Arc<Beat>) -> Run {
    let mut follow = Follow::new(moves);
    let ran = drive::run(plan, &mut follow, beat);
    let found = matches!(ran.end, End::Quiet(())).then(|| history::judge(&ran));
    Run { moves: follow.made, keys: follow.keys, left_at: follow.left_at, found, ran }
}

fn replayed(
    simulation: &Simulation,
    plan: &Arc<Plan>,
    moves: Vec<Move>,
) -> Result<Outcome, super::watchdog::Stuck> {
    let one = replay(simulation, plan, moves.clone())?;
    if let End::Failed(words) = &one.ran.end {
        return Ok(Outcome::Failed { words: words.clone(), moves: one.moves });
    }
    let again = replay(simulation, plan, moves)?;
    if one.keys != again.keys {
        return unsteady(simulation, plan, one.moves);
    }
    Ok(Outcome::Replayed(Box::new(one)))
}

/// The same schedule does not lead to the same state: where the two differ.
fn unsteady(
    simulation: &Simulation,
    plan: &Arc<Plan>,
    prefix: Vec<Move>,
) -> Result<Outcome, super::watchdog::Stuck> {
    let (names, masks) = (names(plan), &simulation.rules.ignore);
    let mut words = String::new();
    for _ in 0..5 {
        let one = replay(simulation, plan, prefix.clone())?;
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let other = replay(simulation, plan, prefix.clone())?;
        if one.keys != other.keys {
            words = nondeterminism::difference(&one.ran, &other.ran, &names, masks);
            break;
        }
    }
    if words.is_empty() {
        words = "the same schedule led to another state once, and not again: something is shared \
                 between workers, or depends on the time"
            .to_owned();
    }
    Ok(Outcome::Unsteady { words, moves: prefix })
}
