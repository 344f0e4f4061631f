//! One execution of some programs: started, let go step by step, ended.
//!
//! Next to read: `hunt.rs`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::hunt::Plan;
use super::process::{Folder, Running};
use super::quiet::{self, look};
use super::socket::{self, Arrivals};
use crate::parking::{Answering, History, Lot};
use crate::schedulers::rerun::{End, Guide, Move, Point};

/// What happened.
#[derive(Debug)]
pub(super) struct Ran {
    pub end: End<()>,
    pub history: History,
    /// Requests that came after all had seemed quiet.
    pub late: u64,
    /// What each program has printed last.
    pub said: Vec<Vec<String>>,
}

/// How often a point waits for a move that may still come.
const WAITS: u32 = 20;

/// So many looks without a change are quiet, at first.
const LOOKS: u32 = 3;

/// Runs the programs once, as the guide says.
pub(super) fn run(plan: &Plan, guide: &mut dyn Guide, number: u64) -> Ran {
    let nothing = |words: String| Ran {
        end: End::Failed(words),
        history: History::default(),
        late: 0,
        said: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return nothing(format!("no runtime can be made: {error}")),
    };
    let ran = runtime.block_on(async {
        let folder = Folder::new(number).map_err(|error| format!("no folder: {error}"))?;
        let mut drive = Drive {
            plan,
            arrivals: Arrivals::default(),
            lot: Lot::new(plan.start.clone()),
            programs: Vec::new(),
            looks: LOOKS,
            late: 0,
            asked: vec![false; plan.programs.len()],
            begin: Instant::now(),
        };
        drive.start(&folder).await?;
        let end = drive.go(guide).await;
        let said = drive.programs.iter().map(|program| program.said(8)).collect();
        // They are ended before their server is.
        drive.programs.clear();
        let Drive { lot, late, .. } = drive;
        Ok::<_, String>(Ran { end, history: lot.into_history(), late, said })
    });
    runtime.shutdown_background();
    ran.unwrap_or_else(nothing)
}

struct Drive<'p> {
    plan: &'p Plan,
    arrivals: Arrivals,
    lot: Lot<Answering>,
    programs: Vec<Running>,
    looks: u32,
    late: u64,
    /// Which programs have made a request at all.
    asked: Vec<bool>,
    begin: Instant,
}

impl Drive<'_> {
    async fn start(&mut self, folder: &Folder) -> Result<(), String> {
        for (worker, program) in self.plan.programs.iter().enumerate() {
            let name = &program.name;
            let port = socket::listen(worker, Arc::clone(&self.arrivals)).await;
            let port = port.map_err(|error| format!("no port for `{name}`: {error}"))?;
            let kubeconfig = socket::kubeconfig(&folder.0, name, port)
                .map_err(|error| format!("no kubeconfig for `{name}`: {error}"))?;
            let running = Running::start(program, &self.plan.folder, &folder.0, &kubeconfig);
            let running = running.map_err(|error| {
                format!("`{name}` cannot be started ({}): {error}", program.run.join(" "))
            })?;
            self.programs.push(running);
        }
        Ok(())
    }

    async fn go(&mut self, guide: &mut dyn Guide) -> End<()> {
        let mut steps = 0;
        let mut mover: Option<usize> = None;
        let mut waited = 0;
        loop {
            if let Some(words) = self.settle(mover).await {
                return End::Failed(words);
            }
            if self.lot.settle() {
                mover = None;
                continue;
            }
            let moves = self.lot.moves();
            if moves.is_empty() && self.somebody_comes().await {
                mover = None;
                continue;
            }
            if steps >= self.plan.max_steps && !moves.is_empty() {
                return End::Steps;
            }
            let writes = self.lot.writes(&moves);
            let key = self.lot.key(&[]);
            let point = Point { key, moves: &moves, writes: &writes };
            // Before the first move every program has asked; later, what the guide wants may come.
            let waits = guide.waits(point) || (steps == 0 && self.starting());
            if waits && !moves.is_empty() && waited < WAITS && self.somebody_comes().await {
                (mover, waited) = (None, waited + 1);
                continue;
            }
            waited = 0;
            let chosen = guide.choose(point);
            let Some(chosen) = chosen else {
                return if moves.is_empty() { End::Quiet(()) } else { End::Stopped };
            };
            steps += 1;
            self.lot.take(moves[chosen]);
            mover = match moves[chosen] {
                Move::Answer { worker, .. } | Move::Deliver { worker, .. } => Some(worker),
                _ => None,
            };
        }
    }

    /// Until all programs sleep. What to say if that takes too long.
    async fn settle(&mut self, mover: Option<usize>) -> Option<String> {
        let begin = Instant::now();
        let mut last = look(&self.programs);
        let mut same = 0;
        loop {
            tokio::time::sleep(quiet::STEP).await;
            let came = std::mem::take(&mut *self.arrivals.lock());
            let now = look(&self.programs);
            let quiet = came.is_empty() && now.is_as_quiet_as(&last);
            same = if quiet { same + 1 } else { 0 };
            last = now;
            for (worker, http, reply) in came {
                // Nobody but the one that was let go had a reason to ask.
                if mover.is_some_and(|mover| mover != worker) && self.asked[worker] {
                    self.late += 1;
                    self.looks = (self.looks * 2).min(64);
                }
                self.asked[worker] = true;
                self.lot.park(worker, http, reply);
            }
            if same >= self.looks {
                return None;
            }
            if begin.elapsed() >= self.plan.settle_within {
                return Some(format!(
                    "the programs do not become quiet within {:?}\n  help: one of them is busy all \
                     the time; give it more with `settle_within`, or look at what it prints",
                    self.plan.settle_within
                ));
            }
            if (self.plan.until.0)() {
                return Some("it was interrupted".to_owned());
            }
            if self.begin.elapsed() >= self.plan.timeout {
                return Some(format!("an execution takes longer than {:?}", self.plan.timeout));
            }
        }
    }

    /// Whether a program lives that has not made a request yet.
    fn starting(&mut self) -> bool {
        (0..self.asked.len()).any(|at| !self.asked[at] && self.programs[at].ended().is_none())
    }

    /// Whether a request comes within a while. Programs have timers, and start.
    async fn somebody_comes(&mut self) -> bool {
        let begin = Instant::now();
        loop {
            if !self.arrivals.lock().is_empty() {
                return true;
            }
            let patience = match self.starting() {
                true => self.plan.start_within,
                false => self.plan.linger,
            };
            if begin.elapsed() >= patience || (self.plan.until.0)() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
