//! Who moves next.
//!
//! A [`Scheduler`] sees choices, never objects. [`run`] is the one loop that runs a world under
//! one; `round_robin.rs` is the scheduler to read first. The exhaustive search is not a scheduler
//! of single runs but a walk over the graph of distinct states (`exhaustive/`). To add one: a file
//! here and one line in [`all`]. Next to read: `round_robin.rs`, then `exhaustive/mod.rs`.

mod bound;
mod count;
#[doc(hidden)]
pub mod exhaustive;
mod manual;
pub(crate) mod parallel;
mod pct;
mod random;
mod replay;
// Part of it is for simulations of kube-rs code alone, part for programs alone.
#[cfg_attr(
    not(all(feature = "kube", feature = "serve", target_os = "linux")),
    allow(dead_code, unused_imports)
)]
pub(crate) mod rerun;
mod round_robin;
mod schedule;
pub mod timed;

pub use bound::Bound;
pub use count::Count;
pub use manual::Manual;
pub use pct::{Guarantee, Pct};
pub use random::Random;
pub use replay::{Misfit, Replay};
pub use round_robin::RoundRobin;
pub use schedule::{FORMAT, Letters, Schedule, ScheduleError};

use crate::simulation::{Choice, Nature, World};
use crate::trace::Event;

/// Chooses who moves next, in one run after the other.
pub trait Scheduler {
    /// A new run begins. False if there is none to make any more.
    fn begin(&mut self) -> bool;

    /// The index of one of these choices, which are never empty; `None` ends the run early.
    fn choose(&mut self, choices: &[Choice]) -> Option<usize>;

    /// The same, for a scheduler that asks of what nature a choice is. Most do not.
    fn choose_by_nature(
        &mut self,
        choices: &[Choice],
        _nature: &dyn Fn(Choice) -> Nature,
    ) -> Option<usize> {
        self.choose(choices)
    }

    /// What each run finds at least, if that is known.
    fn guarantee(&self) -> Option<Guarantee> {
        None
    }
}

/// Runs a world to its end under a scheduler: the choices made, the events, and whether every
/// worker was done.
pub fn run(world: &mut World, scheduler: &mut dyn Scheduler, max_steps: u64) -> Run {
    run_watched(world, scheduler, max_steps, &mut |_| {})
}

/// The same, and shows the world after each step.
pub fn run_watched(
    world: &mut World,
    scheduler: &mut dyn Scheduler,
    max_steps: u64,
    watch: &mut dyn FnMut(&World),
) -> Run {
    let mut run = Run { choices: Vec::new(), events: Vec::new(), finished: false };
    while (run.choices.len() as u64) < max_steps {
        let choices = world.choices();
        if choices.is_empty() {
            run.finished = true;
            break;
        }
        let nature = |choice| world.nature(choice);
        let Some(index) = scheduler.choose_by_nature(&choices, &nature) else { break };
        run.choices.push(choices[index]);
        run.events.push(world.take(choices[index]));
        watch(world);
    }
    run.finished |= world.is_finished();
    run
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The choices made.
    pub choices: Vec<Choice>,
    /// What happened.
    pub events: Vec<Event>,
    /// Whether every worker was done at the end.
    pub finished: bool,
}

/// One line of the table of schedulers.
#[derive(Clone, Copy, Debug)]
pub struct SchedulerEntry {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Whether it samples: what it does not find may still be there.
    pub samples: bool,
}

/// Every scheduler of `check --scheduler`, in the order of the documentation.
pub fn all() -> &'static [SchedulerEntry] {
    &[
        SchedulerEntry {
            name: "exhaustive",
            summary: "every schedule, as the graph of distinct states; counts exactly",
            samples: false,
        },
        SchedulerEntry {
            name: "random",
            summary: "a random walk from a seed: each choice equally likely at each step",
            samples: true,
        },
        SchedulerEntry {
            name: "pct",
            summary: "probabilistic concurrency testing: random priorities, few changes of them",
            samples: true,
        },
        SchedulerEntry {
            name: "timed",
            summary: "by simulated time: how often a write is lost under the scenario's `timing`",
            samples: true,
        },
        SchedulerEntry {
            name: "round-robin",
            summary: "each worker in turn; one run, the example to read first",
            samples: true,
        },
        SchedulerEntry {
            name: "loom",
            summary: "every schedule, by loom's partial-order search; at most five threads",
            samples: false,
        },
        SchedulerEntry {
            name: "shuttle-random",
            summary: "shuttle: a random choice at each lock and unlock, from a seed",
            samples: true,
        },
        SchedulerEntry {
            name: "shuttle-pct",
            summary: "shuttle's probabilistic concurrency testing, from a seed",
            samples: true,
        },
        SchedulerEntry {
            name: "shuttle-urw",
            summary: "shuttle's random walk that is nearly uniform over schedules, from a seed",
            samples: true,
        },
        SchedulerEntry {
            name: "shuttle-dfs",
            summary: "shuttle's exhaustive search, which switches at each lock and unlock",
            samples: false,
        },
        SchedulerEntry {
            name: "shuttle-calls",
            summary: "shuttle under a scheduler of ours: every schedule once, one choice per step",
            samples: false,
        },
        SchedulerEntry {
            name: "threads",
            summary: "real threads: whatever order the machine happens to choose",
            samples: true,
        },
    ]
}

/// The scheduler with this name.
pub fn named(name: &str) -> Option<&'static SchedulerEntry> {
    all().iter().find(|entry| entry.name == name)
}
