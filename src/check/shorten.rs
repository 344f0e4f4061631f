//! A losing schedule that sampling found, made short.
//!
//! Where the graph of states fits into a bound, the shortest one of all is looked up in it.
//! Otherwise steps are left out, in halves, quarters and so on, and then moved next to the same
//! mover's previous step, as long as the schedule still loses and gets shorter or has fewer
//! switches: a local minimum, and it is told as that. Next to read: `result.rs`.

use super::options::ADVICE_STATES;
use super::options::{DEFAULT_MAX_STEPS, Progress, Pulse};
use super::prepared::Prepared;
use super::replay::witness_of;
use super::verdict::{Length, PropertyResult, Witness};
use crate::schedulers::exhaustive::{self, Explored, SearchProgress};
use crate::schedulers::{self, Manual};
use crate::simulation::Choice;
use crate::trace::Fault;

/// Replays that shortening may take.
const MOST_REPLAYS: usize = 20_000;

/// Shortens schedules of one scenario.
pub(super) struct Shortener<'p> {
    prepared: &'p Prepared,
    pulse: Option<Pulse>,
    /// The whole graph, once it was needed; `None` inside if it does not fit into the bound.
    explored: Option<Option<Explored>>,
    max_replays: usize,
}

impl<'p> Shortener<'p> {
    pub(super) fn new(prepared: &'p Prepared, pulse: Option<Pulse>) -> Self {
        Shortener { prepared, pulse, explored: None, max_replays: MOST_REPLAYS }
    }

    /// Without the graph of states, and with few replays: after a search that a bound stopped.
    pub(super) fn by_moves(prepared: &'p Prepared, max_replays: usize) -> Self {
        Shortener { prepared, pulse: None, explored: Some(None), max_replays }
    }

    /// A short schedule that decides this observer, as the given one does.
    fn shorten(&mut self, observer: usize, choices: &[Choice]) -> (Vec<Choice>, Length) {
        match self.explored().and_then(|explored| explored.shortest(observer)) {
            Some(shortest) => (shortest, Length::Shortest),
            None => {
                let from = choices.len();
                let short = by_moves(self.prepared, observer, choices, self.max_replays);
                (short, Length::ShortenedFrom(from))
            }
        }
    }

    /// The witness that a schedule becomes, for the observer with this index.
    pub(super) fn witness(&mut self, observer: usize, choices: &[Choice]) -> Option<Witness> {
        let (choices, length) = self.shorten(observer, choices);
        let (prepared, name) = (self.prepared, self.prepared.observed[observer].name);
        let witness = witness_of(prepared, observer, name, prepared.schedule(choices))?;
        Some(Witness { length, ..witness })
    }

    /// Puts exact counts and odds beside what was met by chance.
    pub(super) fn beside(&mut self, properties: &mut [PropertyResult]) {
        let Some(explored) = self.explored() else { return };
        let Some(counts) = explored.counts(DEFAULT_MAX_STEPS) else { return };
        for (observer, property) in properties.iter_mut().enumerate() {
            let decided = counts.decided[observer].clone();
            property.exact = Some((decided, counts.schedules.clone()));
            property.odds = explored.odds(observer, DEFAULT_MAX_STEPS);
        }
    }

    /// The whole graph, if it is small enough.
    fn explored(&mut self) -> Option<&Explored> {
        let (world, pulse) = (&self.prepared.world, self.pulse.clone());
        let explored = self.explored.get_or_insert_with(|| {
            let limits = exhaustive::Limits { max_states: ADVICE_STATES, ..Default::default() };
            let mut go_on = |search: SearchProgress| {
                let done = search.states;
                pulse.as_ref().and_then(|pulse| pulse(Progress { done, ..Progress::default() }))
            };
            let explored = exhaustive::explore(world, limits, &mut go_on);
            explored.stopped_by.is_none().then_some(explored)
        });
        explored.as_ref()
    }
}

fn by_moves(
    prepared: &Prepared,
    observer: usize,
    choices: &[Choice],
    max_replays: usize,
) -> Vec<Choice> {
    let mut best = choices.to_vec();
    let mut replays = 0;
    loop {
        let better = candidates(&best).take(max_replays - replays).find_map(|candidate| {
            replays += 1;
            let made = still_decides(prepared, observer, &candidate)?;
            (cost(&made) < cost(&best)).then_some(made)
        });
        match better {
            Some(better) => best = better,
            None => return best,
        }
    }
}

/// What is tried next: parts left out, the largest first; then single steps moved.
fn candidates(choices: &[Choice]) -> impl Iterator<Item = Vec<Choice>> {
    let steps = choices.len();
    let sizes = std::iter::successors(Some(steps / 2), |size| Some(size / 2));
    let sizes = sizes.take_while(|size| *size > 0);
    let without = sizes.flat_map(move |size| {
        (0..steps).step_by(size).map(move |from| {
            let rest = &choices[(from + size).min(steps)..];
            [&choices[..from], rest].concat()
        })
    });
    let moved = (1..steps).filter_map(move |from| {
        let same = |choice: &Choice| mover(*choice) == mover(choices[from]);
        let to = choices[..from].iter().rposition(same)? + 1;
        let mut candidate = choices.to_vec();
        candidate[to..=from].rotate_right(1);
        (to < from).then_some(candidate)
    });
    let swapped = (1..steps).filter_map(move |at| {
        let mut candidate = choices.to_vec();
        candidate.swap(at - 1, at);
        (choices[at - 1] != choices[at]).then_some(candidate)
    });
    without.chain(moved).chain(swapped)
}

/// The worker that a choice moves; deliveries and faults are not moves of a worker.
fn mover(choice: Choice) -> Option<usize> {
    match choice {
        Choice::Worker(worker) | Choice::Fault(Fault::LostResponse(worker)) => Some(worker),
        Choice::Deliver(_) | Choice::Fault(_) => None,
    }
}

/// Steps, then switches between workers.
fn cost(choices: &[Choice]) -> (usize, usize) {
    let movers: Vec<usize> = choices.iter().filter_map(|choice| mover(*choice)).collect();
    (choices.len(), movers.windows(2).filter(|pair| pair[0] != pair[1]).count())
}

/// The choices made when these are followed where they are possible, and the workers then end one
/// after the other; if the observer is decided so.
fn still_decides(prepared: &Prepared, observer: usize, choices: &[Choice]) -> Option<Vec<Choice>> {
    let mut world = prepared.world.clone();
    let mut wanted = choices.iter();
    let choose = |possible: &[Choice]| {
        let index = |choice: &Choice| possible.iter().position(|other| other == choice);
        wanted.find_map(index).or(Some(0))
    };
    let run = schedulers::run(&mut world, &mut Manual(choose), choices.len() as u64);
    (run.finished && world.judge()[observer]).then_some(run.choices)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::Scenario;
    use crate::schedulers::{Random, Scheduler};

    /// Long losing runs of shipped scenarios come down to the length that the graph knows, which
    /// moves alone cannot promise but mostly reach; never to something that does not lose.
    #[test]
    fn moves_come_down_to_a_schedule_that_still_loses() {
        let (mut reached, mut all) = (0, 0);
        for name in ["status-race", "three-writers", "stale-cache", "counter", "torn-pair"] {
            let scenario = Arc::new(Scenario::builtin(name).expect("shipped"));
            let prepared = Prepared::new(&scenario).expect("it can be run");
            let shortest = Shortener::new(&prepared, None).shorten(0, &[]);
            assert_eq!(shortest.1, Length::Shortest, "{name}");
            let mut random = Random::new(11);
            for _ in 0..20 {
                random.begin();
                let mut world = prepared.world.clone();
                let run = schedulers::run(&mut world, &mut random, 1000);
                if !world.judge()[0] {
                    continue;
                }
                let made = by_moves(&prepared, 0, &run.choices, MOST_REPLAYS);
                assert!(still_decides(&prepared, 0, &made).as_ref() == Some(&made), "{name}");
                assert!(cost(&made) >= cost(&shortest.0), "{name}: {made:?}");
                assert!(cost(&made) <= cost(&run.choices), "{name}");
                reached += usize::from(made.len() == shortest.0.len());
                all += 1;
            }
        }
        assert!(reached * 10 > all * 9, "{reached} of {all}");
    }
}
