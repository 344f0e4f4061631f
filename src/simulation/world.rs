//! The world: a value that lists its choices and takes one of them.
//!
//! A schedule ends when every worker is done; deliveries still queued then are no steps. A choice
//! that could change nothing (a crash of an idle process, a watch gap where nothing is pending) is
//! not offered. Next to read: `schedulers/mod.rs`, which chooses.

use std::sync::Arc;

use super::caches::{Publication, awaited, first_list};
use super::setting::Setting;
use super::step::{self, Performed};
use super::{BoxedMemory, Choice, Ending, Memory, Standing, Wait};
use crate::apiserver::ApiServer;
use crate::client::{Informer, WatchEvent};
use crate::reconcilers::{Ask, BoxedWorker, Progress, Shared};
use crate::trace::{Event, Fault, RunMark};

/// The maximum of each kind of fault in a schedule: what a scenario allows, and in a world what of
/// that is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct FaultBudget {
    pub lost_responses: u32,
    pub crashes: u32,
    pub watch_gaps: u32,
    pub recreations: u32,
    pub deadlines: u32,
}

/// Everything there is.
#[derive(Clone, Debug)]
pub struct World {
    /// What never changes.
    pub setting: Arc<Setting>,
    /// The API server.
    pub server: ApiServer,
    /// The informer caches.
    pub caches: Vec<Informer>,
    /// What the workers of each process share.
    pub memories: Vec<Memory>,
    /// The faults still allowed.
    pub faults: FaultBudget,
    /// The workers.
    pub workers: Vec<BoxedWorker>,
    /// What each observer remembers.
    pub remembered: Vec<BoxedMemory>,
    /// Which observers are decided already.
    pub decided: Vec<bool>,
}

impl World {
    /// A world before its first step.
    pub fn new(
        setting: Arc<Setting>,
        server: ApiServer,
        workers: Vec<BoxedWorker>,
        faults: FaultBudget,
    ) -> World {
        let caches = setting.caches.iter().map(|spec| first_list(&server, spec));
        let caches: Vec<Informer> = caches.collect();
        let remembered: Vec<_> = setting.observers.iter().map(|o| o.start()).collect();
        let memory = |process| Memory {
            resyncs: setting.resyncs(process),
            ..setting.fresh_memory(process, &caches)
        };
        let memories = (0..setting.processes.len()).map(memory).collect();
        let decided = vec![false; remembered.len()];
        World { setting, server, caches, memories, faults, workers, remembered, decided }
    }

    /// Whether every worker is done, or waits for what no other worker will do.
    pub fn is_finished(&self) -> bool {
        (0..self.workers.len()).all(|worker| self.rests(worker))
    }

    /// What a worker is at.
    pub fn standing(&self, worker: usize) -> Standing {
        let progress = self.workers[worker].progress();
        Standing {
            done: self.workers[worker].ask() == Ask::Done,
            under_way: progress.under_way,
            requeued: progress.requeued > 0,
        }
    }

    /// What a worker that is not done waits for; `None` if it may move.
    pub fn wait(&self, worker: usize) -> Option<Wait> {
        let info = &self.setting.workers[worker];
        let memory = &self.memories[info.process];
        let turn = self.setting.wait(worker, &|worker| self.standing(worker), memory);
        // A worker may be the user's own: it is asked only where the answer can matter.
        let asks = || self.setting.has_waiting_readers().then_some(());
        turn.or_else(|| {
            asks()?;
            let (value, cache) = (&self.workers[worker], info.cache.map(|at| &self.caches[at]));
            awaited(&value.ask(), value.freshness(), cache, memory)
        })
    }

    /// Whether a worker will not move any more, unless another one does.
    fn rests(&self, worker: usize) -> bool {
        let info = &self.setting.workers[worker];
        let cache = info.cache.map(|cache| &self.caches[cache]);
        let memory = &self.memories[info.process];
        self.setting.rests(worker, &|worker| self.standing(worker), memory, cache)
    }

    /// Who may move: workers, then caches, then faults, each by index.
    pub fn choices(&self) -> Vec<Choice> {
        let asks: Vec<Ask> = self.workers.iter().map(|worker| worker.ask()).collect();
        if self.is_finished() {
            return Vec::new();
        }
        let active = |index: &usize| asks[*index] != Ask::Done && self.wait(*index).is_none();
        let workers = (0..asks.len()).filter(active).map(Choice::Worker);
        let lagging = |index: &usize| self.caches[*index].lag() > 0;
        let caches = (0..self.caches.len()).filter(lagging).map(Choice::Deliver);
        workers.chain(caches).chain(self.fault_choices(&asks).map(Choice::Fault)).collect()
    }

    fn fault_choices<'w>(&'w self, asks: &'w [Ask]) -> impl Iterator<Item = Fault> + 'w {
        let losable = move |index: &usize| self.faults.lost_responses > 0 && self.can_lose(*index);
        let lost = (0..asks.len()).filter(losable).map(Fault::LostResponse);
        let crashes = (0..self.memories.len())
            .filter(move |process| self.faults.crashes > 0 && self.can_crash(*process, asks))
            .map(Fault::Crash);
        let gaps = (0..self.caches.len())
            .filter(|cache| self.faults.watch_gaps > 0 && self.can_relist(*cache))
            .map(Fault::WatchGap);
        let recreation =
            self.setting.recreated.iter().filter(|(key, _)| {
                self.faults.recreations > 0 && self.server.object(key).is_some()
            });
        let passes = |index: &usize| {
            let waits = self.workers[*index].progress().requeued > 0;
            self.faults.deadlines > 0 && waits && self.setting.workers[*index].turn.deadline
        };
        let deadlines = (0..asks.len()).filter(passes).map(Fault::Deadline);
        let recreation = recreation.map(|_| Fault::Recreation);
        lost.chain(crashes).chain(gaps).chain(recreation).chain(deadlines)
    }

    /// A response can be lost if the worker's next request is a write that the server commits.
    fn can_lose(&self, worker: usize) -> bool {
        let ask = self.workers[worker].ask();
        let writes = match &ask {
            Ask::Api(call) => call.request.verb.writes(),
            Ask::Shared(shared) => matches!(shared, Shared::Put { .. }),
            _ => false,
        };
        writes && self.wait(worker).is_none() && {
            let mut memory = self.memories[self.setting.workers[worker].process].clone();
            let mut server = self.server.clone();
            let performed = step::perform(&mut server, None, &mut memory, worker, &ask, false);
            performed.event.is_acknowledged()
        }
    }

    /// Listing again changes something if an event is missed, or a copy was put there.
    fn can_relist(&self, cache: usize) -> bool {
        let (held, spec) = (&self.caches[cache], &self.setting.caches[cache]);
        held.has_synced() && *held != step::relist(&self.server, spec)
    }

    /// A crash changes something if a reconcile is under way, a memory is filled, or a cache is not
    /// as it begins.
    fn can_crash(&self, process: usize, asks: &[Ask]) -> bool {
        let mut workers = (0..asks.len())
            .filter(|&index| self.setting.workers[index].process == process)
            .filter(|&index| asks[index] != Ask::Done)
            .peekable();
        if workers.peek().is_none() {
            return false;
        }
        let under_way = workers.any(|index| self.workers[index].progress().under_way);
        let lagging = self.process_caches(process).any(|cache| {
            self.caches[cache] != first_list(&self.server, &self.setting.caches[cache])
        });
        let memory = &self.memories[process];
        let held = memory.object.is_some() || memory.term.is_some() || memory.exited;
        under_way || held || lagging
    }

    fn process_caches(&self, process: usize) -> impl Iterator<Item = usize> + '_ {
        let caches = self.setting.caches.iter().enumerate();
        caches.filter(move |(_, spec)| spec.process == process).map(|(index, _)| index)
    }

    /// Performs one step and tells what happened.
    pub fn take(&mut self, choice: Choice) -> Event {
        let performed = match choice {
            Choice::Worker(worker) => self.move_worker(worker, false),
            Choice::Deliver(cache) => {
                let spec = &self.setting.caches[cache];
                let held = &mut self.caches[cache];
                let event = step::deliver(&self.server, spec, held, cache);
                self.setting.receive(cache, &event, held, &mut self.memories[spec.process]);
                Performed { answer: None, event, changes: Vec::new() }
            }
            Choice::Fault(fault) => self.strike(fault),
        };
        self.tell_caches(self.setting.publications(&performed));
        self.notice(&performed.event);
        performed.event
    }

    fn move_worker(&mut self, worker: usize, lost: bool) -> Performed {
        let info = &self.setting.workers[worker];
        let ask = self.workers[worker].ask();
        let cache = info.cache.map(|cache| &self.caches[cache]);
        let memory = &mut self.memories[info.process];
        let progress = self.workers[worker].progress();
        if !progress.under_way {
            self.setting.take_turn(worker, progress.requeued > 0, memory);
        }
        let mut performed = step::perform(&mut self.server, cache, memory, worker, &ask, lost);
        if let Some(answer) = &performed.answer {
            let before = self.workers[worker].progress();
            self.workers[worker].answer(answer);
            let mut others = self.workers.iter().enumerate().filter(|(other, _)| *other != worker);
            let overlaps = others.any(|(_, other)| other.progress().under_way);
            let writes = performed.event.is_write();
            let after = self.workers[worker].progress();
            performed.event.mark = mark(before, after, writes, overlaps);
        }
        performed
    }

    fn strike(&mut self, fault: Fault) -> Performed {
        let event = match fault {
            Fault::LostResponse(worker) => {
                self.faults.lost_responses -= 1;
                return self.move_worker(worker, true);
            }
            Fault::Recreation => {
                self.faults.recreations -= 1;
                let (key, manifest) =
                    self.setting.recreated.clone().expect("offered only if there is one");
                return step::recreate(&mut self.server, &key, &manifest, self.setting.time);
            }
            Fault::Deadline(worker) => {
                self.faults.deadlines = self.faults.deadlines.saturating_sub(1);
                let before = self.workers[worker].progress();
                self.workers[worker].give_up();
                let mut event = step::crash(&self.server, 0);
                event.action = crate::trace::Action::Fault(fault);
                event.mark = mark(before, self.workers[worker].progress(), false, false);
                event.mark.first = false;
                event.actor = crate::trace::Actor::Worker(worker);
                event
            }
            Fault::WatchGap(cache) => {
                self.faults.watch_gaps -= 1;
                self.list_again(cache);
                let process = self.setting.caches[cache].process;
                let listed = self.setting.fresh_memory(process, &self.caches);
                self.memories[process].queued.extend(listed.queued);
                let mut event = step::crash(&self.server, 0);
                event.action = crate::trace::Action::Fault(fault);
                event
            }
            Fault::Crash(process) => {
                self.faults.crashes -= 1;
                self.restart(process);
                step::crash(&self.server, process)
            }
        };
        Performed { answer: None, event, changes: Vec::new() }
    }

    /// Brings a cache up to date, whatever it held.
    pub fn list_again(&mut self, cache: usize) {
        self.caches[cache] = step::relist(&self.server, &self.setting.caches[cache]);
    }

    fn restart(&mut self, process: usize) {
        for cache in self.process_caches(process).collect::<Vec<_>>() {
            self.caches[cache] = first_list(&self.server, &self.setting.caches[cache]);
        }
        self.memories[process] = self.setting.fresh_memory(process, &self.caches);
        for (worker, info) in self.workers.iter_mut().zip(&self.setting.workers) {
            if info.process == process && worker.ask() != Ask::Done {
                worker.restart();
            }
        }
    }

    /// Queues what was committed to every cache that watches it.
    pub fn publish(&mut self, changes: &[WatchEvent]) {
        let committed = changes.iter().map(|change| Publication::committed(change, None));
        self.tell_caches(committed.collect());
    }

    fn tell_caches(&mut self, publications: Vec<Publication>) {
        for publication in publications {
            for (index, cache) in self.caches.iter_mut().enumerate() {
                self.setting.publish(index, cache, &publication);
            }
        }
    }

    fn notice(&mut self, event: &Event) {
        let observers = self.setting.observers.iter();
        for ((observer, memory), decided) in
            observers.zip(&mut self.remembered).zip(&mut self.decided)
        {
            *decided |= observer.observe(memory, event);
        }
    }

    /// What is left at the end.
    pub fn ending(&self) -> Ending {
        self.setting.ending(&self.server)
    }

    /// For each observer, whether this schedule, having ended here, is decided.
    pub fn judge(&self) -> Vec<bool> {
        let ending = self.ending();
        let observers = self.setting.observers.iter().zip(&self.remembered);
        observers
            .zip(&self.decided)
            .map(|((observer, memory), decided)| {
                *decided || observer.decides_at_end(memory, &ending)
            })
            .collect()
    }
}

/// Where a step stands in its reconcile, from the worker's progress before and after it, and
/// whether the reconcile of another worker is under way.
pub(crate) fn mark(
    before: Progress,
    after: Progress,
    writes: bool,
    others_under_way: bool,
) -> RunMark {
    let last = after.finished > before.finished;
    let first = !before.under_way;
    RunMark {
        run: before.finished,
        first,
        overlaps: first && others_under_way,
        last,
        dropped: after.dropped > before.dropped,
        // Attempts are reset when a write is done; the last one was made by this step.
        attempts: match last || writes && after.attempts <= before.attempts {
            true => before.attempts + 1,
            false => after.attempts,
        },
    }
}
