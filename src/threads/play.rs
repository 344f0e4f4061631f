//! One execution of a world on an engine's threads: a loop per worker, and one per cache.
//!
//! A worker's loop takes the lock, performs the one step that its worker asks for, and gives the
//! lock back, until the worker is done; the order in which steps are performed under the lock *is*
//! the schedule. A cache has a thread of its own, which delivers one queued event at a time: it is
//! told by a channel that something is queued, so it never spins. A worker whose next step waits
//! for its cache sleeps on a channel, too, until a delivery wakes it. The calling thread is the
//! first of these threads, no thread is joined (both would multiply the executions), and whoever
//! performs the last step judges.
//!
//! Left out: faults, which are a scheduler's choices and no thread's. Next to read: `tally.rs`.

use super::quiet::quietly;
use super::{Backend, Lock, Token};
use crate::reconcilers::Ask;
use crate::simulation::{Choice, World};
use crate::trace::Event;
use std::panic::resume_unwind;
use std::sync::Arc;

/// What the steps of one execution cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// API calls.
    pub calls: u64,
    /// Whether the server refused a write because of a conflict.
    pub conflict: bool,
    /// The most write attempts in one reconcile.
    pub attempts: u32,
}

impl Cost {
    fn add(&mut self, event: &Event) {
        self.calls += u64::from(event.is_api_call());
        if event.is_write() {
            self.conflict |= event.is_conflict();
            self.attempts = self.attempts.max(event.mark.attempts);
        }
    }
}

/// A world under a lock, with what happened to it so far.
struct Run<B: Backend> {
    world: World,
    choices: Vec<Choice>,
    cost: Cost,
    /// Workers that are not done.
    active: usize,
    over: bool,
    inboxes: Vec<B::Sender>,
    /// By worker: how it is woken, while it waits for its cache.
    asleep: Vec<Option<B::Sender>>,
}

impl<B: Backend> Run<B> {
    /// Wakes the workers whose cache has come as far as they wait for.
    fn wake(&mut self) {
        for worker in 0..self.asleep.len() {
            if self.world.wait(worker).is_none()
                && let Some(waker) = self.asleep[worker].take()
            {
                B::send(&waker, Token::Go);
            }
        }
    }
}

/// The world under its lock.
type RunGuard<'t, B> = <<B as Backend>::Mutex<Run<B>> as Lock<Run<B>>>::Guard<'t>;

/// How an execution ended.
pub(super) struct Ended<'a> {
    /// The world after the last step.
    pub world: &'a World,
    /// The steps, in the order in which they reached the world.
    pub choices: &'a [Choice],
    /// What they cost.
    pub cost: Cost,
    /// Every worker was done. Otherwise there were too many steps.
    pub finished: bool,
}

/// Judges an execution, under the lock, after its last step.
pub(super) trait Judge: Fn(&Ended<'_>) + Send + Sync + 'static {}
impl<J: Fn(&Ended<'_>) + Send + Sync + 'static> Judge for J {}

/// What an engine may want to be told of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Moment {
    /// The calling thread is about to take the lock for a step.
    BeforeStep,
    /// The last step was made.
    Over,
}

/// How it is told.
pub(super) type Hook = fn(Moment);

/// What all threads of one execution share.
struct Table<B: Backend, J> {
    run: B::Mutex<Run<B>>,
    steps_max: usize,
    hook: Hook,
    judge: Arc<J>,
}

/// What one thread of an execution does.
type Body<B, J> = Box<dyn FnOnce(&Table<B, J>) + Send>;

/// The threads that a world needs: its unfinished workers and its caches.
pub(super) fn threads(world: &World) -> Vec<Choice> {
    let active = |index: &usize| world.workers[*index].ask() != Ask::Done;
    let workers = (0..world.workers.len()).filter(active).map(Choice::Worker);
    workers.chain((0..world.caches.len()).map(Choice::Deliver)).collect()
}

/// Runs `world` to its end on threads of `B`; the calling thread is one of them, the others are
/// returned.
pub(super) fn play<B: Backend, J: Judge>(
    world: &World,
    steps_max: usize,
    hook: Hook,
    judge: &Arc<J>,
) -> Vec<B::Thread> {
    let (world, threads, waiting) = B::with_room(|| {
        let waits = |worker| world.wait(worker).is_some();
        let waiting: Vec<bool> = (0..world.workers.len()).map(waits).collect();
        (world.clone(), threads(world), waiting)
    });
    let mut inboxes = Vec::new();
    let mut asleep: Vec<Option<B::Sender>> = world.workers.iter().map(|_| None).collect();
    let mut bodies: Vec<Body<B, J>> = Vec::new();
    let mut active = 0;
    for thread in threads {
        match thread {
            Choice::Worker(worker) => {
                let first = bodies.is_empty();
                active += 1;
                let waits = waiting[worker].then(B::channel);
                let (waker, alarm) = waits.unzip();
                asleep[worker] = waker;
                bodies.push(Box::new(move |table| {
                    let is_over = alarm.is_some_and(|alarm| B::receive(&alarm) == Token::End);
                    while !is_over && !table.work(worker, first) {}
                }));
            }
            Choice::Deliver(cache) => {
                let (sender, receiver) = B::channel();
                (0..world.caches[cache].lag()).for_each(|_| B::send(&sender, Token::Go));
                inboxes.push(sender);
                bodies.push(Box::new(move |table| table.deliver(cache, &receiver)));
            }
            Choice::Fault(_) => {}
        }
    }
    if active == 0 {
        judge(&Ended { world: &world, choices: &[], cost: Cost::default(), finished: true });
        return Vec::new();
    }
    let run = Run {
        world,
        choices: Vec::new(),
        cost: Cost::default(),
        active,
        over: false,
        inboxes,
        asleep,
    };
    let table = Arc::new(Table { run: B::Mutex::new(run), steps_max, hook, judge: judge.clone() });
    let mut bodies = bodies.into_iter();
    let first = bodies.next();
    let spawn = |body: Body<B, J>| {
        let table = table.clone();
        B::spawn(move || body(&table))
    };
    let spawned = bodies.map(spawn).collect();
    if let Some(body) = first {
        body(&table);
    }
    spawned
}

/// Whether a worker waits for its cache, asked where there is room for its answer.
fn waits<B: Backend>(world: &mut World, worker: usize, first: bool) -> bool {
    let asked = || world.wait(worker).is_some();
    if first { B::with_room(asked) } else { asked() }
}

impl<B: Backend, J: Judge> Table<B, J> {
    /// A worker's step, on the first thread or another one; says whether there is no more to do.
    fn work(&self, worker: usize, first: bool) -> bool {
        (self.hook)(Moment::BeforeStep);
        let mut run = self.run.lock();
        if run.over {
            return true;
        }
        // Another worker of its process may have written since.
        if waits::<B>(&mut run.world, worker, first) {
            return self.sleep(run, worker);
        }
        let Run { world, choices, cost, active, over, inboxes, asleep } = &mut *run;
        let lags: Vec<usize> = world.caches.iter().map(|cache| cache.lag()).collect();
        // A worker may be the user's own, and panic: no other thread may wait for it then.
        let step = || {
            let event = world.take(Choice::Worker(worker));
            (event, world.workers[worker].ask() == Ask::Done)
        };
        let moved = if first { B::with_room(|| quietly(step)) } else { quietly(step) };
        let (event, done) = match moved {
            Ok(moved) => moved,
            Err(panic) => {
                *over = true;
                let wakers = asleep.iter().flatten();
                inboxes.iter().chain(wakers).for_each(|inbox| B::send(inbox, Token::End));
                drop(run);
                resume_unwind(panic);
            }
        };
        cost.add(&event);
        choices.push(Choice::Worker(worker));
        *active -= usize::from(done);
        *over = *active == 0;
        for ((cache, before), inbox) in world.caches.iter().zip(lags).zip(inboxes) {
            (before..cache.lag()).for_each(|_| B::send(inbox, Token::Go));
        }
        self.end_if_over(&mut run, first);
        if done || run.over {
            return true;
        }
        waits::<B>(&mut run.world, worker, first) && self.sleep(run, worker)
    }

    /// A worker waits for its cache; says whether everything is over by then.
    fn sleep<'t>(&'t self, mut run: RunGuard<'t, B>, worker: usize) -> bool {
        let (waker, alarm) = B::channel();
        run.asleep[worker] = Some(waker);
        drop(run);
        B::receive(&alarm) == Token::End
    }

    /// A cache's thread.
    fn deliver(&self, cache: usize, inbox: &B::Receiver) {
        let mut over = false;
        while B::receive(inbox) == Token::Go {
            if over {
                continue;
            }
            (self.hook)(Moment::BeforeStep);
            let mut run = self.run.lock();
            over = run.over;
            if !over {
                let world = &mut run.world;
                world.take(Choice::Deliver(cache));
                run.choices.push(Choice::Deliver(cache));
                run.wake();
                self.end_if_over(&mut run, false);
            }
        }
    }

    fn end_if_over(&self, run: &mut Run<B>, first: bool) {
        let finished = run.over;
        run.over |= run.choices.len() >= self.steps_max;
        if run.over {
            (self.hook)(Moment::Over);
            let Run { world, choices, cost, .. } = &*run;
            let ended = Ended { world, choices, cost: *cost, finished };
            if first {
                B::with_room(|| (self.judge)(&ended))
            } else {
                (self.judge)(&ended)
            }
            let wakers = run.asleep.iter().flatten();
            run.inboxes.iter().chain(wakers).for_each(|inbox| B::send(inbox, Token::End));
        }
    }
}
