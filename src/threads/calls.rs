//! A scheduler for shuttle that chooses once per step of the world, and tries every choice.
//!
//! shuttle's own search switches threads at each lock and unlock, so it runs the same schedule
//! many times over. Here each thread announces its next step by yielding; a thread that has not
//! announced one goes on undisturbed, and only when all of them wait before a step is there a
//! choice. The executions are then exactly the schedules: six for two workers of two calls.
//!
//! The search is depth first: `levels` holds, for each choice of the last execution, which one of
//! how many it was; the next execution repeats them up to the last one that has another, and takes
//! that. Next to read: `play.rs`, whose threads yield before each step.

use super::play::Moment;
use ::shuttle::scheduler::{Schedule, Scheduler, Task, TaskId};
use std::cell::Cell;
use std::collections::BTreeSet;

thread_local! {
    /// The execution has made its last step, and what remains is no choice. shuttle's threads are
    /// coroutines of one thread, so all of them see the same flag.
    static OVER: Cell<bool> = const { Cell::new(false) };
}

/// What the threads of a world call under this scheduler.
pub(super) fn announce(moment: Moment) {
    match moment {
        Moment::BeforeStep => ::shuttle::thread::yield_now(),
        Moment::Over => OVER.set(true),
    }
}

/// Every schedule once.
#[derive(Debug, Default)]
pub(super) struct CallScheduler {
    /// Which choice was taken, of how many.
    levels: Vec<(usize, usize)>,
    /// How many choices this execution has made.
    depth: usize,
    /// Threads that wait before a step.
    waiting: BTreeSet<TaskId>,
    started: bool,
}

impl CallScheduler {
    fn choose(&mut self, of: usize) -> usize {
        if of == 1 {
            return 0;
        }
        if self.depth == self.levels.len() {
            self.levels.push((0, of));
        }
        self.depth += 1;
        self.levels[self.depth - 1].0
    }
}

impl Scheduler for CallScheduler {
    fn new_execution(&mut self) -> Option<Schedule> {
        if self.started {
            while self.levels.last().is_some_and(|(taken, of)| taken + 1 == *of) {
                self.levels.pop();
            }
            self.levels.last_mut()?.0 += 1;
        }
        self.started = true;
        self.depth = 0;
        OVER.set(false);
        self.waiting.clear();
        Some(Schedule::new(0))
    }

    fn next_task(
        &mut self,
        runnable: &[&Task],
        current: Option<TaskId>,
        is_yielding: bool,
    ) -> Option<TaskId> {
        if is_yielding {
            self.waiting.extend(current);
        }
        let ids: Vec<TaskId> = runnable.iter().map(|task| task.id()).collect();
        let is_busy = |id: &TaskId| ids.contains(id) && !self.waiting.contains(id);
        if let Some(goes_on) = current.filter(is_busy).or(ids.iter().copied().find(is_busy)) {
            return Some(goes_on);
        }
        let of = if OVER.get() { 1 } else { ids.len() };
        let chosen = ids[self.choose(of)];
        self.waiting.remove(&chosen);
        Some(chosen)
    }

    fn next_u64(&mut self) -> u64 {
        0
    }
}
