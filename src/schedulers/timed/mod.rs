//! Timed: whoever's time has come moves next, in a simulated time.
//!
//! A discrete-event simulation on top of choices. A reconcile begins at its worker's start, and
//! then once per period; between an answer and the next request its worker thinks; a request waits
//! for its process's rate limiter (as client-go's: a token bucket), and the API server acts on it
//! in the middle of its latency; a committed write reaches a cache after the cache's lag, and in
//! order. Each of these times is drawn from a distribution, all from the seed; there is no clock of
//! the machine. Equal times are ordered by chance. So schedules come with the frequency that they
//! have under these times, and `check --scheduler timed` estimates how often a write is lost.
//!
//! A scheduler sees no objects: of each choice it knows only the [`Nature`]. Faults have no rate
//! here, and are never chosen. Next to read: `distribution.rs`.

mod backoff;
mod distribution;
mod limiter;

use std::collections::VecDeque;

pub use backoff::Backoff;
pub use distribution::{Distribution, LONGEST, duration};
use limiter::Limiter;
pub use limiter::RateLimit;

use super::Scheduler;
use crate::rng::Rng;
use crate::simulation::{Choice, Nature};
use crate::trace::Fault;

/// A point in simulated time, or a span of it, in nanoseconds.
pub type Nanos = u64;

/// How long everything takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// From a committed write until an informer cache has it.
    pub cache_lag: Distribution,
    /// The client-side rate limit of each process; `None` if there is none.
    pub rate_limit: Option<RateLimit>,
    /// The workers, by index.
    pub workers: Vec<WorkerTiming>,
}

/// How long a worker takes.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkerTiming {
    /// The latency of its requests: there and back.
    pub api_latency: Distribution,
    /// From an answer until it asks again, in the same reconcile.
    pub think_time: Distribution,
    /// When its first reconcile is due.
    pub start: Distribution,
    /// From the beginning of one reconcile until the next is due; at once after its end, if `None`.
    pub period: Option<Distribution>,
    /// How long its queue keeps a key that failed.
    pub backoff: Backoff,
    /// When a key that keeps failing is dropped.
    pub deadline: Option<Nanos>,
}

/// When one step of a run was asked for, happened, and was answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepTimes {
    /// The worker wants to make it.
    pub due: Nanos,
    /// It leaves the process: the rate limiter has let it pass.
    pub sent: Nanos,
    /// It happens.
    pub at: Nanos,
    /// The worker has the answer.
    pub answered: Nanos,
}

/// Where a worker stands.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// It has its answer, and nothing is known of its next step yet.
    Idle,
    /// Its next step is due then, and is a request or not.
    Due { at: Nanos, request: bool },
    /// Its next step happens at `times.at`.
    OnTheWay(StepTimes),
}

#[derive(Clone, Debug)]
struct WorkerClock {
    phase: Phase,
    /// When it had its last answer.
    answered: Nanos,
    /// When its latest reconcile began, once there was one.
    reconcile: Option<Nanos>,
    /// When the reconcile that waits to be tried again has failed first.
    failed: Option<Nanos>,
}

/// The scheduler.
#[derive(Clone, Debug)]
pub struct Timed {
    timing: Timing,
    /// The process of each worker, and how many there are.
    processes: Vec<usize>,
    seed: u64,
    run: u64,
    rng: Rng,
    now: Nanos,
    workers: Vec<WorkerClock>,
    limiters: Vec<Limiter>,
    /// When each event on the way to a cache arrives there.
    arrivals: Vec<VecDeque<Nanos>>,
    /// The steps of this run so far.
    times: Vec<StepTimes>,
}

impl Timed {
    /// The runs that this seed names, from the one with this number on. `processes` has the process
    /// of each worker.
    pub fn new(timing: Timing, processes: Vec<usize>, seed: u64, first_run: u64) -> Self {
        let rng = Rng::new(seed);
        let (workers, limiters, arrivals) = (Vec::new(), Vec::new(), Vec::new());
        let times = Vec::new();
        Timed {
            timing,
            processes,
            seed,
            run: first_run,
            rng,
            now: 0,
            workers,
            limiters,
            arrivals,
            times,
        }
    }

    /// When each step of the run happened.
    pub fn times(&self) -> &[StepTimes] {
        &self.times
    }

    /// What a worker's next step is known by, once it is asked.
    fn ask(&mut self, worker: usize, nature: Nature) {
        let (Nature::Request { begins, failures } | Nature::Inside { begins, failures }) = nature
        else {
            return;
        };
        let now = self.now;
        let timing = &self.timing.workers[worker];
        let clock = &mut self.workers[worker];
        let at = match (begins, clock.reconcile) {
            (false, _) => clock.answered.saturating_add(timing.think_time.draw(&mut self.rng)),
            (true, _) if failures > 0 => {
                let answered = clock.answered;
                clock.failed.get_or_insert(answered);
                answered.saturating_add(timing.backoff.after(failures)).max(now)
            }
            (true, None) => {
                let start = timing.start.draw(&mut self.rng).max(now);
                clock.reconcile = Some(start);
                start
            }
            (true, Some(last)) => {
                let period = timing.period.as_ref().map(|period| period.draw(&mut self.rng));
                let due = period.map_or(0, |period| last.saturating_add(period));
                // Whoever is late begins at once, and counts from there.
                let begins = due.max(clock.answered).max(now);
                clock.reconcile = Some(begins);
                begins
            }
        };
        if failures == 0 {
            clock.failed = None;
        }
        let request = matches!(nature, Nature::Request { .. });
        clock.phase = Phase::Due { at, request };
    }

    /// A step that is due leaves its process.
    fn send(&mut self, worker: usize, due: Nanos, request: bool) {
        let times = match request {
            false => StepTimes { due, sent: due, at: due, answered: due },
            true => {
                let sent = self.limiters[self.processes[worker]].pass(due);
                let latency = self.timing.workers[worker].api_latency.draw(&mut self.rng);
                let at = sent.saturating_add(latency / 2);
                StepTimes { due, sent, at, answered: sent.saturating_add(latency) }
            }
        };
        self.workers[worker].phase = Phase::OnTheWay(times);
    }

    /// Notices the events that were queued to a cache by the step before.
    fn notice(&mut self, cache: usize, queued: usize) {
        if self.arrivals.len() <= cache {
            self.arrivals.resize(cache + 1, VecDeque::new());
        }
        // A cache that was listed again has nothing on the way.
        self.arrivals[cache].truncate(queued);
        while self.arrivals[cache].len() < queued {
            let lag = self.timing.cache_lag.draw(&mut self.rng);
            let last = self.arrivals[cache].back().copied().unwrap_or(0);
            self.arrivals[cache].push_back(self.now.saturating_add(lag).max(last));
        }
    }

    /// When a choice is next: a step, or its leaving the process.
    fn when(&self, choice: Choice) -> Option<Nanos> {
        match choice {
            Choice::Worker(worker) => match self.workers[worker].phase {
                Phase::Idle => None,
                Phase::Due { at, .. } => Some(at),
                Phase::OnTheWay(times) => Some(times.at),
            },
            Choice::Deliver(cache) => self.arrivals[cache].front().copied(),
            Choice::Fault(Fault::Deadline(worker)) => {
                let deadline = self.timing.workers[worker].deadline?;
                Some(self.workers[worker].failed?.saturating_add(deadline).max(self.now))
            }
            Choice::Fault(_) => None,
        }
    }

    /// The earliest of these choices; among equals, one by chance.
    fn earliest(&mut self, choices: &[Choice]) -> Option<usize> {
        let times: Vec<Option<Nanos>> = choices.iter().map(|choice| self.when(*choice)).collect();
        let first = times.iter().flatten().min()?;
        let same = |index: &usize| times[*index].as_ref() == Some(first);
        let equal: Vec<usize> = (0..choices.len()).filter(same).collect();
        let index = if equal.len() > 1 { self.rng.below(equal.len()) } else { 0 };
        Some(equal[index])
    }
}

impl Scheduler for Timed {
    fn begin(&mut self) -> bool {
        self.rng = Rng::for_run(self.seed, self.run);
        self.run += 1;
        self.now = 0;
        self.times.clear();
        self.arrivals.clear();
        let idle = WorkerClock { phase: Phase::Idle, answered: 0, reconcile: None, failed: None };
        self.workers = vec![idle; self.timing.workers.len()];
        let processes = self.processes.iter().max().map_or(0, |most| most + 1);
        self.limiters = vec![Limiter::new(self.timing.rate_limit); processes];
        true
    }

    /// Without natures there are no times, so no choice is made.
    fn choose(&mut self, _choices: &[Choice]) -> Option<usize> {
        None
    }

    fn choose_by_nature(
        &mut self,
        choices: &[Choice],
        nature: &dyn Fn(Choice) -> Nature,
    ) -> Option<usize> {
        // A worker that may not begin any more, since another reconcile of its queue has begun, is
        // asked again later.
        for (worker, clock) in self.workers.iter_mut().enumerate() {
            if !choices.contains(&Choice::Worker(worker)) {
                clock.phase = Phase::Idle;
            }
        }
        for choice in choices {
            match (*choice, nature(*choice)) {
                (Choice::Deliver(cache), Nature::Delivery { queued }) => self.notice(cache, queued),
                (Choice::Worker(worker), nature) => {
                    if matches!(self.workers[worker].phase, Phase::Idle) {
                        self.ask(worker, nature);
                    }
                }
                _ => {}
            }
        }
        loop {
            let index = self.earliest(choices)?;
            match choices[index] {
                Choice::Deliver(cache) => {
                    let at = self.arrivals[cache].pop_front()?;
                    self.now = at;
                    self.times.push(StepTimes { due: at, sent: at, at, answered: at });
                    return Some(index);
                }
                Choice::Worker(worker) => match self.workers[worker].phase {
                    Phase::Due { at, request } => self.send(worker, at, request),
                    Phase::OnTheWay(times) => {
                        let clock = &mut self.workers[worker];
                        clock.phase = Phase::Idle;
                        clock.answered = times.answered;
                        self.now = times.at;
                        self.times.push(times);
                        return Some(index);
                    }
                    Phase::Idle => return None,
                },
                Choice::Fault(Fault::Deadline(worker)) => {
                    let at = self.when(choices[index])?;
                    self.now = at;
                    let clock = &mut self.workers[worker];
                    (clock.phase, clock.failed) = (Phase::Idle, None);
                    clock.answered = clock.answered.max(at);
                    self.times.push(StepTimes { due: at, sent: at, at, answered: at });
                    return Some(index);
                }
                Choice::Fault(_) => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests;
