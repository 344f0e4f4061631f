//! One execution of some programs: started, let go step by step, ended.
//!
//! Next to read: `hunt.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::differences::State;
use super::hunt::Plan;
use super::limits;
use super::process::{Folder, Running};
use super::quiet::{self, Late, Learnt, Look};
use super::renamed::{Answers, Outbox, Tells};
use super::socket::{Door, Variables};
use super::turn::Turn;
use super::wire::Wire;
use crate::access::Authority;
use crate::parking::{History, Lot};
use crate::schedulers::rerun::{End, Guide, Move, Point};

/// What happened.
#[derive(Debug)]
pub(super) struct Ran {
    pub end: End<()>,
    pub history: History,
    /// Requests that came after all had seemed quiet.
    pub late: Vec<Late>,
    /// What the next execution may know.
    pub learnt: Learnt,
    /// How each program has ended by itself, if it has.
    pub ended: Vec<Option<String>>,
    /// It was stopped from outside: Ctrl-C.
    pub interrupted: bool,
    /// It failed since it took too long: on another day it may not.
    pub slow: bool,
    /// The first request about an object of an earlier execution, and whose.
    pub earlier: Option<(usize, String)>,
    /// The states that were passed.
    pub states: Vec<State>,
}

/// How often a point waits for a move that may still come.
const WAITS: u32 = 20;

/// The longest that programs are waited for after their moves in one execution, all in all.
const PATIENT: Duration = Duration::from_secs(10);

/// Looks between two looks at memory and processes.
const WEIGHED_EVERY: u32 = 16;

/// Programs, and what they work on.
pub(super) struct Drive {
    pub plan: Arc<Plan>,
    pub folder: Folder,
    pub door: Door,
    pub lot: Lot<Answers>,
    /// Events that wait for those before them.
    pub outbox: Outbox,
    pub programs: Vec<Running>,
    /// What each program finds in its environment.
    pub variables: Vec<Variables>,
    /// What is of this execution alone.
    pub turn: Turn,
    /// How names are changed on the way, if the programs live on.
    pub wire: Option<Arc<Wire>>,
    /// Watches of objects of earlier executions, which stay open.
    pub ended_watches: Vec<Tells>,
    /// The first request about one of these.
    pub earlier: Option<(usize, String)>,
    /// Whether they have lived through an execution.
    pub lives: bool,
    /// How long each program may ask for objects after these were deleted.
    pub aftermath: Vec<Duration>,
    /// When what was deleted was last told of.
    pub parted: Instant,
}

impl Drive {
    pub async fn start(&mut self) -> Result<(), String> {
        let authority = self.plan.tls.then(Authority::new).transpose();
        let authority = authority.map_err(|error| format!("no certificate: {error}"))?;
        for (worker, program) in self.plan.programs.iter().enumerate() {
            let name = &program.name;
            let variables =
                self.door.open(worker, name, &self.folder.path, authority.as_ref()).await;
            let variables = variables.map_err(|error| format!("no port for `{name}`: {error}"))?;
            self.variables.push(variables);
            let running = self.launch(worker)?;
            self.programs.push(running);
        }
        Ok(())
    }

    fn launch(&self, worker: usize) -> Result<Running, String> {
        let program = &self.plan.programs[worker];
        let (within, limits) = (&self.plan.folder, &self.plan.limits);
        let variables = &self.variables[worker];
        let running = Running::start(program, within, &self.folder, worker, variables, limits);
        running.map_err(|error| {
            format!("`{}` cannot be started ({}): {error}", program.name, program.run.join(" "))
        })
    }

    /// The end, in the light of what the programs did: one that never asked was not tested.
    pub fn weighed(&mut self, end: End<()>) -> End<()> {
        let End::Quiet(()) = end else { return end };
        let watches = |worker: usize| self.lives && self.lot.watches(worker) > 0;
        let mut all = 0..self.programs.len();
        let silent = all.find(|at| self.turn.requests[*at] == 0 && !watches(*at));
        let Some(silent) = silent else { return End::Quiet(()) };
        let name = &self.plan.programs[silent].name;
        if self.lives {
            return End::Failed(format!(
                "`{name}` watches nothing, and has asked in its first execution only\n  help: it \
                 looks for objects when it starts: use `isolation: process`"
            ));
        }
        End::Failed(match self.programs[silent].ended() {
            Some(how) => format!("`{name}` ended before it asked the API server: {how}"),
            None => format!(
                "`{name}` did not ask the API server within {:?}\n  help: does it read KUBECONFIG?",
                self.plan.start_within
            ),
        })
    }

    pub async fn go(&mut self, guide: &mut dyn Guide) -> End<()> {
        let mut steps = 0;
        let mut mover: Option<usize> = None;
        let mut waited = 0;
        loop {
            if let Some(words) = self.until_calm(mover).await {
                return if self.turn.interrupted { End::Stopped } else { End::Failed(words) };
            }
            if self.lot.settle() {
                mover = None;
                continue;
            }
            if self.waits_for(mover).await {
                continue;
            }
            let mut moves = self.lot.moves();
            if moves.is_empty() && self.request_comes().await {
                mover = None;
                continue;
            }
            if moves.is_empty() {
                moves.extend(self.lot.settled_move());
            }
            if self.turn.interrupted {
                return End::Stopped;
            }
            if self.lot.may_crash() && !moves.is_empty() {
                moves.extend((0..self.programs.len()).map(|worker| Move::Crash { worker }));
            }
            if steps >= self.plan.max_steps && !moves.is_empty() {
                return End::Steps;
            }
            let writes = self.lot.writes(&moves);
            let key = self.lot.key(&[]);
            let point = Point { key, moves: &moves, writes: &writes };
            // Before the first move every program waits for something that can be chosen, if it
            // ever will; later, what the guide wants may come.
            let waits = guide.waits(point) || (steps == 0 && self.begins());
            if waits && !moves.is_empty() && waited < WAITS && self.request_comes().await {
                (mover, waited) = (None, waited + 1);
                continue;
            }
            waited = 0;
            self.turn.states.push(State { key, waiting: self.lot.waiting() });
            let chosen = guide.choose(point);
            let Some(chosen) = chosen else {
                return if moves.is_empty() { End::Quiet(()) } else { End::Stopped };
            };
            steps += 1;
            match moves[chosen] {
                Move::Crash { worker } if worker < self.programs.len() => {
                    if let Err(words) = self.restart(worker) {
                        return End::Failed(words);
                    }
                }
                made => {
                    self.outbox.hold(matches!(made, Move::Deliver { .. }));
                    self.lot.take(made);
                    self.outbox.hold(false);
                }
            }
            mover = match moves[chosen] {
                Move::Answer { worker, .. } | Move::Deliver { worker, .. } => Some(worker),
                _ => None,
            };
            if let Some(given) = mover.and_then(|mover| self.turn.given.get_mut(mover)) {
                *given = Instant::now();
            }
        }
    }

    /// Gives the program that has moved the time that it has been seen to need. True if it asks.
    async fn waits_for(&mut self, mover: Option<usize>) -> bool {
        let Some(worker) = mover.filter(|it| *it < self.programs.len()) else { return false };
        let patience = self.turn.calm.learnt.patience(worker);
        let begin = Instant::now();
        let mut asks = false;
        while !asks
            && self.turn.patient + begin.elapsed() < PATIENT
            && self.turn.given[worker].elapsed() < patience
            && !self.lot.is_waiting(worker)
            && !(self.plan.until.0)()
        {
            tokio::time::sleep(quiet::STEP).await;
            asks = self.door.arrivals.lock().iter().any(|(by, ..)| *by == worker);
        }
        self.turn.patient += begin.elapsed();
        asks
    }

    /// Ends a program where it stands, and starts it again.
    fn restart(&mut self, worker: usize) -> Result<(), String> {
        self.programs[worker].end();
        self.door.arrivals.lock().retain(|(of, ..)| *of != worker);
        self.lot.restarted(worker);
        self.turn.given[worker] = Instant::now();
        self.programs[worker] = self.launch(worker)?;
        Ok(())
    }

    /// Until all programs sleep. What to say if that takes too long.
    pub async fn until_calm(&mut self, mover: Option<usize>) -> Option<String> {
        let begin = Instant::now();
        self.turn.calm.begin();
        self.outbox.next();
        let mut stared = false;
        for round in 0_u32.. {
            let asked = Instant::now();
            tokio::time::sleep(quiet::STEP).await;
            let came = std::mem::take(&mut *self.door.arrivals.lock());
            let comes = !came.is_empty() || self.door.is_busy();
            let trees: Vec<Vec<u32>> = self.programs.iter().map(Running::tree).collect();
            let look = || trees.iter().map(|tree| Look::at(tree)).collect();
            let is_quiet = (stared && !comes) || self.turn.calm.see(look(), comes);
            // What was sent before such a look arrives in the next round.
            stared = asked.elapsed() > quiet::LATE_LOOK && self.turn.calm.stare(look);
            for (worker, mut http, to) in came {
                let Some(reply) = (match self.receive(worker, &mut http, to) {
                    Ok(reply) => reply,
                    Err(words) => return Some(words),
                }) else {
                    continue;
                };
                // Only the worker that was let go had a reason to ask.
                if mover.is_some_and(|mover| mover != worker)
                    && (self.lives || self.turn.requests[worker] > 0)
                {
                    let what = format!("{} {}", http.method, http.path);
                    let after = self.turn.given[worker].elapsed();
                    self.turn.calm.was_late(Late { worker, what, after });
                }
                self.turn.requests[worker] += 1;
                self.turn.given[worker] = Instant::now();
                self.lot.park(worker, http, reply);
            }
            if (self.plan.until.0)() {
                self.turn.interrupted = true;
                return Some("it was interrupted".to_owned());
            }
            if let Some(words) = self.too_much(round, &trees) {
                return Some(words);
            }
            if is_quiet && self.outbox.next() {
                self.turn.calm.begin();
                stared = false;
            } else if is_quiet {
                for (worker, program) in self.programs.iter_mut().enumerate() {
                    self.lot.say(worker, program.log.fresh());
                }
                return None;
            }
            self.turn.slow = begin.elapsed() >= self.plan.settle_within;
            if self.turn.slow {
                return Some(self.never_quiet());
            }
            self.turn.slow = self.turn.begin.elapsed() >= self.plan.timeout;
            if self.turn.slow {
                return Some(format!(
                    "an execution takes longer than {:?}\n  help: an execution ends when no \
                     program sends requests; for slow programs, raise --execution-timeout",
                    self.plan.timeout
                ));
            }
        }
        None
    }

    fn never_quiet(&self) -> String {
        let names =
            self.turn.calm.busy().into_iter().map(|at| self.plan.programs[at].name.as_str());
        let names: Vec<&str> = names.collect();
        let who = match names.len() {
            0 => "the programs do not become quiet".to_owned(),
            1 => format!("`{}` does not become quiet", names[0]),
            _ => format!("`{}` do not become quiet", names.join("` and `")),
        };
        format!(
            "{who} within {:?}\n  help: a program that is always busy cannot be steered; look at \
             what it prints",
            self.plan.settle_within
        )
    }

    /// What to say if a program uses more than it may.
    fn too_much(&self, round: u32, trees: &[Vec<u32>]) -> Option<String> {
        let limits = &self.plan.limits;
        for (worker, program) in self.plan.programs.iter().enumerate() {
            let name = &program.name;
            if self.turn.requests[worker] > limits.requests {
                return Some(format!(
                    "`{name}` has made more than {} requests\n  help: `limits: {{ requests: {} }}` \
                     allows more",
                    limits.requests,
                    limits.requests * 2
                ));
            }
            if self.lot.watches(worker) > limits.watches {
                return Some(format!(
                    "`{name}` has more than {} watches open\n  help: `limits: {{ watches: {} }}` \
                     allows more",
                    limits.watches,
                    limits.watches * 2
                ));
            }
            let many = trees[worker].len() > limits.processes;
            if many || round.is_multiple_of(WEIGHED_EVERY) {
                let words = limits.exceeded(name, limits::used(&trees[worker]));
                if words.is_some() {
                    return words;
                }
            }
        }
        None
    }

    /// Whether a program lives that waits for nothing that can be chosen.
    fn begins(&mut self) -> bool {
        let all = 0..self.programs.len();
        all.into_iter().any(|at| !self.lot.is_waiting(at) && self.programs[at].ended().is_none())
    }

    /// Whether a program lives that has not made a request yet.
    fn starting(&mut self) -> bool {
        let all = 0..self.programs.len();
        all.into_iter().any(|at| {
            !self.lives && self.turn.requests[at] == 0 && self.programs[at].ended().is_none()
        })
    }

    /// Whether a request comes within a while. Programs have timers, and start.
    async fn request_comes(&mut self) -> bool {
        let begin = Instant::now();
        loop {
            if !self.door.arrivals.lock().is_empty() {
                return true;
            }
            if (self.plan.until.0)() {
                self.turn.interrupted = true;
                return false;
            }
            let patience = if self.starting() { self.plan.start_within } else { self.plan.linger };
            if begin.elapsed() >= patience {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
