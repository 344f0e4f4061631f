//! Why a worker or a cache cannot move: the question that error traces leave open.
//!
//! The rules are those of `simulation/world.rs`, which offers only what would change something;
//! here each of them is a sentence. Next to read: `chart.rs`.

use crate::reconcilers::{Ask, Shared};
use crate::schedulers::Letters;
use crate::simulation::{Choice, Wait, World};
use crate::trace::Fault;

/// A worker, cache or fault that cannot move now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stuck {
    /// The choice that is not offered.
    pub choice: Choice,
    /// How it is spelled.
    pub letters: String,
    /// Why it is not offered.
    pub reason: Reason,
    /// The same as a sentence, without a full stop: `usage is done`.
    pub sentence: String,
}

/// Why a choice is not offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The worker is done.
    Done,
    /// The worker is done, and has given up.
    GaveUp,
    /// Another reconcile of its work queue is under way.
    NotItsTurn,
    /// No event has put its key into the work queue.
    NotTriggered,
    /// Its process does not lead.
    NotLeading,
    /// Its process has exited.
    Exited,
    /// The cache that it reads has not synced.
    NotSynced,
    /// The cache that it reads has not received a write of its own process.
    OwnWriteMissing,
    /// Nothing of it waits to be tried again.
    NothingRequeued,
    /// The cache has nothing queued.
    NothingQueued,
    /// Every worker is done: nothing that happens now can matter.
    Over,
    /// The scenario allows no more of this fault.
    NoFaultLeft,
    /// The worker's next step is no write that the server would acknowledge.
    NoAnswerToLose,
    /// There is nothing in the process that a restart would change.
    NothingToForget,
    /// The object is not there, so it cannot be recreated.
    NoObject,
}

/// Every choice that a world could ever offer: of the faults, those that it allows at the start.
pub(super) fn all_choices(start: &World) -> Vec<Choice> {
    let (workers, caches) = (start.workers.len(), start.caches.len());
    let mut choices: Vec<Choice> = (0..workers).map(Choice::Worker).collect();
    choices.extend((0..caches).map(Choice::Deliver));
    let mut faults = |allowed: u32, some: Vec<Fault>| {
        choices.extend(some.into_iter().filter(|_| allowed > 0).map(Choice::Fault));
    };
    let allowed = start.faults;
    faults(allowed.lost_responses, (0..workers).map(Fault::LostResponse).collect());
    faults(allowed.crashes, (0..start.memories.len()).map(Fault::Crash).collect());
    faults(allowed.watch_gaps, (0..caches).map(Fault::WatchGap).collect());
    faults(allowed.recreations, vec![Fault::Recreation]);
    let late = |worker: &usize| start.setting.workers[*worker].turn.deadline;
    faults(allowed.deadlines, (0..workers).filter(late).map(Fault::Deadline).collect());
    choices
}

/// All workers that cannot move in `now`, and why.
pub(super) fn stuck(start: &World, now: &World, letters: &Letters) -> Vec<Stuck> {
    let offered = now.choices();
    let others = all_choices(start).into_iter().filter(|choice| !offered.contains(choice));
    others
        .map(|choice| {
            let reason = reason(now, choice);
            let (letters, sentence) = (letters.spell(choice), sentence(start, now, choice, reason));
            Stuck { choice, letters, reason, sentence }
        })
        .collect()
}

fn reason(now: &World, choice: Choice) -> Reason {
    let over = now.is_finished();
    match choice {
        Choice::Worker(worker) if now.workers[worker].ask() != Ask::Done => {
            match now.wait(worker) {
                Some(Wait::Turn) => Reason::NotItsTurn,
                Some(Wait::Event) => Reason::NotTriggered,
                Some(Wait::Exited) => Reason::Exited,
                Some(Wait::Lead) => Reason::NotLeading,
                Some(Wait::Sync) => Reason::NotSynced,
                Some(Wait::OwnWrite) => Reason::OwnWriteMissing,
                None => Reason::Over,
            }
        }
        Choice::Worker(worker) if now.workers[worker].progress().dropped > 0 => Reason::GaveUp,
        Choice::Worker(_) => Reason::Done,
        _ if over => Reason::Over,
        Choice::Deliver(_) => Reason::NothingQueued,
        Choice::Fault(fault) => {
            let left = match fault {
                Fault::LostResponse(_) => now.faults.lost_responses,
                Fault::Crash(_) => now.faults.crashes,
                Fault::WatchGap(_) => now.faults.watch_gaps,
                Fault::Recreation => now.faults.recreations,
                Fault::Deadline(_) => now.faults.deadlines,
            };
            match fault {
                _ if left == 0 => Reason::NoFaultLeft,
                Fault::LostResponse(_) => Reason::NoAnswerToLose,
                Fault::Crash(_) => Reason::NothingToForget,
                Fault::WatchGap(_) => Reason::NothingQueued,
                Fault::Recreation => Reason::NoObject,
                Fault::Deadline(_) => Reason::NothingRequeued,
            }
        }
    }
}

fn sentence(start: &World, now: &World, choice: Choice, reason: Reason) -> String {
    let setting = &start.setting;
    let cache =
        |cache: usize| format!("the cache of {}", setting.processes[setting.caches[cache].process]);
    let worker = |worker: usize| setting.workers[worker].name.clone();
    match (choice, reason) {
        (Choice::Worker(who), Reason::GaveUp) => {
            format!("{} is done: it gave up", worker(who))
        }
        (Choice::Worker(who), Reason::NotItsTurn) => {
            format!("{} waits: another reconcile of its queue is under way", worker(who))
        }
        (Choice::Worker(who), Reason::NotTriggered) => {
            format!("{} waits for an event: its key is not in the queue", worker(who))
        }
        (Choice::Worker(who), Reason::NotLeading) => {
            format!("{} waits: its process does not lead", worker(who))
        }
        (Choice::Worker(who), Reason::Exited) => {
            format!("{} has stopped: its process lost the Lease and exited", worker(who))
        }
        (Choice::Worker(who), Reason::NotSynced) => {
            format!("{} waits: its cache has not synced", worker(who))
        }
        (Choice::Worker(who), Reason::OwnWriteMissing) => {
            format!("{} waits: its cache has not received what its own process wrote", worker(who))
        }
        (Choice::Worker(who), _) => format!("{} is done", worker(who)),
        (Choice::Deliver(at), Reason::Over) => {
            format!("{}: every worker is done, so no worker will read it again", cache(at))
        }
        (Choice::Deliver(at), _) => {
            format!("{} has nothing queued: it has heard of every write so far", cache(at))
        }
        (Choice::Fault(_), Reason::Over) => "no fault matters: every worker is done".to_owned(),
        (Choice::Fault(fault), Reason::NoFaultLeft) => {
            let (what, allowed) = match fault {
                Fault::LostResponse(_) => ("lost answer", start.faults.lost_responses),
                Fault::Crash(_) => ("crash", start.faults.crashes),
                Fault::WatchGap(_) => ("broken watch", start.faults.watch_gaps),
                Fault::Recreation => ("recreation", start.faults.recreations),
                Fault::Deadline(_) => ("deadline", start.faults.deadlines),
            };
            let all = if allowed == 1 { "it has struck" } else { "they have struck" };
            format!("no {what} is left: the scenario allows {allowed}, and {all}")
        }
        (Choice::Fault(Fault::LostResponse(who)), _) => no_answer(now, who, &worker(who)),
        (Choice::Fault(Fault::Crash(process)), _) => format!(
            "a crash of {} would change nothing: no reconcile is under way in it, and it holds \
             nothing that it could forget",
            setting.processes[process]
        ),
        (Choice::Fault(Fault::WatchGap(at)), _) => {
            format!("{} has nothing queued, so a broken watch would miss nothing", cache(at))
        }
        (Choice::Fault(Fault::Deadline(who)), _) => {
            format!("{} does not wait to be tried again, so no deadline passes", worker(who))
        }
        (Choice::Fault(Fault::Recreation), _) => {
            "the object does not exist, so it cannot be recreated".to_owned()
        }
    }
}

/// Why no answer to this worker can get lost.
fn no_answer(now: &World, worker: usize, name: &str) -> String {
    let ask = now.workers[worker].ask();
    let writes = match &ask {
        Ask::Api(call) => call.basis.is_some(),
        Ask::Shared(shared) => matches!(shared, Shared::Put { .. }),
        _ => false,
    };
    match (ask, writes) {
        (Ask::Done, _) => format!("{name} is done, so no answer to it can get lost"),
        (_, true) => format!(
            "the next write of {name} will be refused; only the answer to a write that lands is \
             worth losing"
        ),
        (_, false) => format!(
            "the next step of {name} is not a write; only the answer to a write that lands is \
             worth losing"
        ),
    }
}
