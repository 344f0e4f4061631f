//! The executions of one hunt: run, judge, predict, steer, confirm.
//!
//! Next to read: `crate::schedulers::rerun::sample`, whose `Steer` this uses.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::differences::Passed;
use super::execute::Ran;
use super::hunt::{Hunt, Orders, Plan};
use super::hunted::{Hunted, Loss};
use super::live::{self, Live};
use super::quiet::Learnt;
use super::supervisor::Supervisor;
use crate::parking::{
    Judged, Shown, Step, Teller, What, drawing, drawn, judged, object_number, plain,
};
use crate::report::{self, Style};
use crate::scenario::Isolation;
use crate::schedulers::rerun::sample::{Dice, Follow, Steer};
use crate::schedulers::rerun::{End, Guide, Move, Spelling};

/// Every execution with a number divisible by this, of the random ones, is made again.
const REPEAT_EVERY: u64 = 4;

/// This number of executions that take too long, one after another, is an error.
const SLOW: u64 = 5;

pub(super) struct Session<'h> {
    plan: Arc<Plan>,
    /// Programs that live on.
    live: Option<Live>,
    /// Why they have to be started again.
    restarts: Option<String>,
    spelling: Spelling,
    hunted: &'h mut Hunted,
    supervisor: Supervisor,
    learnt: Learnt,
    /// How many executions have taken too long, one after another.
    slow: u64,
    most: u64,
}

impl<'h> Session<'h> {
    /// Ready to start programs.
    pub fn new(
        plan: Plan,
        spelling: Spelling,
        hunted: &'h mut Hunted,
    ) -> Result<Session<'h>, String> {
        let supervisor = Supervisor::start().map_err(|error| {
            format!(
                "programs are only started beside a shell that ends them if lostwrite is killed, \
                 and `sh` cannot be started: {error}"
            )
        })?;
        Ok(Session {
            plan: Arc::new(plan),
            live: None,
            restarts: None,
            spelling,
            hunted,
            supervisor,
            learnt: Learnt::default(),
            slow: 0,
            most: 0,
        })
    }

    /// All of it.
    pub fn all(&mut self, hunt: &Hunt) {
        self.most = hunt.executions;
        if let Some(text) = &hunt.replay {
            match self.spelling.parse(text) {
                Ok(moves) => {
                    let mut follow = Follow::new(moves);
                    self.once(&mut follow, |it| it.made.clone(), "replay");
                    self.hunted.diverged = self.divergence(&follow);
                }
                Err(error) => self.hunted.failed = Some(error.to_string()),
            }
            return;
        }
        if hunt.orders == Orders::Record {
            self.once(&mut Follow::new(Vec::new()), |it| it.made.clone(), "record");
            return;
        }
        let mut predictions = Vec::new();
        if hunt.orders == Orders::Hunt {
            let mut first = Follow::new(Vec::new());
            let Some(passed) = self.once(&mut first, |it| it.made.clone(), "first run") else {
                return;
            };
            predictions = predicted(&passed.steps);
        }
        for (first, then, object) in predictions {
            if self.over(hunt) {
                return;
            }
            let mut steer = Steer::new(first, then, object);
            self.once(&mut steer, |it| it.made.clone(), "predicted");
        }
        let mut run = 0;
        while !self.over(hunt) {
            let mut dice = Dice::random(hunt.seed, run);
            let whole = self.once(&mut dice, |it| it.made.clone(), "random");
            run += 1;
            if let Some(passed) = whole.filter(|_| run % REPEAT_EVERY == 0 && !self.over(hunt)) {
                self.repeat(dice.made, &passed);
            }
        }
    }

    fn over(&self, hunt: &Hunt) -> bool {
        let it = &self.hunted;
        let found = it.loss.is_some() || it.failed.is_some() || it.interrupted;
        found || self.hunted.executions >= hunt.executions
    }

    /// One execution; what it passed, if it came to an end and nothing is reported.
    fn once<G: Guide>(
        &mut self,
        guide: &mut G,
        made: impl Fn(&G) -> Vec<Move>,
        how: &'static str,
    ) -> Option<Passed> {
        let alone = matches!(how, "replay" | "record");
        let ran = self.execute(guide, alone)?;
        let moves = made(guide);
        let (judged, shown) = self.judge(&ran, &moves);
        let Some((first, _)) = shown.violated.first() else {
            self.hunted.steps = alone.then(|| plain(&ran.history));
            return Some(ran.passed());
        };
        if alone {
            self.keep(&ran, &judged, shown, &moves, how);
            return None;
        }
        // What its own replay, on programs that are started for it, does not show is no finding.
        let mut follow = Follow::new(moves.clone());
        let again = self.execute(&mut follow, true)?;
        self.hunted.strayed += u64::from(follow.left_at.is_some());
        let (judged, confirmed) = self.judge(&again, &moves);
        if confirmed.violates(first) {
            self.keep(&again, &judged, confirmed, &moves, how);
            return None;
        }
        self.hunted.unconfirmed += 1;
        Some(ran.passed())
    }

    fn judge(&self, ran: &Ran, moves: &[Move]) -> (Judged, Shown) {
        let judged = judged(&ran.history.steps, &ran.history.kinds);
        let text = self.spelling.text(moves);
        let shown = Shown::new(&self.plan.scenario, &ran.history, &judged, &text);
        (judged, shown)
    }

    /// One execution, if it came to its end; `fresh`: of programs that are started for it.
    fn execute(&mut self, guide: &mut dyn Guide, fresh: bool) -> Option<Ran> {
        let most = self.most.max(self.hunted.executions + 1);
        (self.plan.told.0)(self.hunted.executions + 1, most);
        self.hunted.executions += 1;
        let mark = self.supervisor.mark(self.hunted.executions);
        let ran = match fresh || self.hunted.isolation == Isolation::Process {
            true => live::once(&self.plan, guide, mark, self.learnt.clone()),
            false => self.go_on(guide, mark),
        };
        self.late(&ran);
        self.hunted.interrupted |= ran.interrupted;
        let last = |worker: usize| {
            let mut said = ran.history.said.iter().rev();
            Some(&said.find(|said| said.worker == worker)?.line)
        };
        for (worker, how) in ran.ended.iter().enumerate() {
            let Some(how) = how else { continue };
            let name = self.hunted.workers[worker].clone();
            let ends =
                self.hunted.ended.keys().find(|(who, it)| *who == name && it.starts_with(how));
            let line = last(worker).filter(|_| !how.ends_with("status: 0"));
            let key = match (ends, line) {
                (Some(known), _) => known.clone(),
                (None, Some(line)) => (name, format!("{how}: {line}")),
                (None, None) => (name, how.clone()),
            };
            *self.hunted.ended.entry(key).or_default() += 1;
        }
        self.slow = if ran.slow { self.slow + 1 } else { 0 };
        match &ran.end {
            End::Quiet(()) => Some(ran),
            // What came to an end before may do so again: on a busy machine, programs are slow.
            End::Failed(_)
                if ran.slow && self.slow < SLOW && self.slow < self.hunted.executions =>
            {
                self.hunted.slow += 1;
                None
            }
            End::Failed(words) => {
                let workers = self.hunted.workers.iter().enumerate();
                let said = workers.filter_map(|(at, who)| Some((who, last(at)?)));
                let said: String = said.map(|(who, line)| format!("\n  {who} | {line}")).collect();
                self.hunted.failed = Some(format!("{words}{said}"));
                None
            }
            End::Steps => {
                self.hunted.failed = Some(format!(
                    "the programs are still busy after {} steps",
                    self.plan.max_steps
                ));
                None
            }
            End::Stopped => None,
        }
    }

    /// An execution of the programs that live, which are started if none do.
    fn go_on(&mut self, guide: &mut dyn Guide, mark: String) -> Ran {
        let number = self.hunted.executions;
        let learnt = self.learnt.clone();
        if let Some(Err(words)) = self.live.as_mut().map(|it| it.next(number, learnt.clone())) {
            (self.live, self.restarts) = (None, Some(words));
        }
        if let Some(why) = self.restarts.take() {
            self.hunted.restarted += 1;
            self.hunted.why_restarted.get_or_insert(why);
        }
        let begun = self.live.take().map(Ok);
        let start = || Live::start(&self.plan, mark, learnt, Some(number));
        let mut live = match begun.unwrap_or_else(start) {
            Ok(live) => live,
            Err(words) => return Ran::failed(words),
        };
        let ran = live.run(guide);
        self.hunted.shared += 1;
        if let Some((worker, what)) = &ran.earlier {
            let who = &self.hunted.workers[*worker];
            self.hunted.earlier += 1;
            self.hunted.earliest.get_or_insert(format!("`{who}` sent {what}"));
        }
        match (&ran.end, ran.ended.iter().position(Option::is_some)) {
            (End::Quiet(()), None) => self.live = Some(live),
            (End::Quiet(()), Some(worker)) => {
                self.restarts = Some(format!("`{}` had ended", self.hunted.workers[worker]));
            }
            _ => self.restarts = Some("an execution did not come to its end".to_owned()),
        }
        ran
    }

    /// Counts requests that came late.
    fn late(&mut self, ran: &Ran) {
        if matches!(ran.end, End::Quiet(())) {
            self.learnt = ran.learnt.clone();
        }
        self.hunted.tainted += u64::from(!ran.late.is_empty());
        if let (Some(late), None) = (ran.late.first(), &self.hunted.late) {
            let (who, ms) = (&self.hunted.workers[late.worker], late.after.as_millis());
            let what = &late.what;
            self.hunted.late = Some(format!("`{who}` sent {what} {ms} ms after its last answer"));
        }
    }

    /// Makes an execution again: the same schedule has to lead through the same states.
    fn repeat(&mut self, made: Vec<Move>, passed: &Passed) {
        let mut follow = Follow::new(made);
        let Some(ran) = self.execute(&mut follow, false) else { return };
        self.hunted.repeated += 1;
        self.hunted.strayed += u64::from(follow.left_at.is_some());
        let differs = passed.difference(&ran.passed(), &self.hunted.workers);
        self.hunted.differed += u64::from(differs.is_some());
        if let Some(words) = differs {
            *self.hunted.differs.entry(words).or_default() += 1;
        }
    }

    /// Where a replay could not go on as its schedule says.
    fn divergence(&self, follow: &Follow) -> Option<String> {
        let step = follow.left_at?;
        let spell = |made: &Move| format!("`{}`", self.spelling.one(*made));
        let possible: Vec<String> = follow.possible.iter().map(spell).collect();
        let wanted = follow.wanted.as_ref().map(spell).unwrap_or_default();
        Some(match possible.is_empty() {
            true => format!("step {} was to be {wanted}; no worker could move any more", step + 1),
            false => format!(
                "step {} was to be {wanted}; possible there: {}",
                step + 1,
                possible.join(", ")
            ),
        })
    }

    fn keep(
        &mut self,
        ran: &Ran,
        judged: &Judged,
        shown: Shown,
        moves: &[Move],
        how: &'static str,
    ) {
        let name = |worker: usize| self.hunted.workers.get(worker).cloned().unwrap_or_default();
        let said = ran.history.said.iter().map(|said| (name(said.worker), said.line.clone()));
        let (property, witness) = &shown.violated[0];
        let style = Style { recorded: false, width: 110, ..Style::default() };
        let drawing = match (drawn(judged), witness) {
            (Some(loss), _) => drawing(&ran.history, judged, loss),
            (None, Some(it)) => report::witness_of(&shown.scenario, property, it, &style),
            (None, None) => plain(&ran.history),
        };
        self.hunted.loss = Some(Loss {
            property,
            schedule: self.spelling.text(moves),
            how,
            stays: drawn(judged).is_none_or(|loss| loss.repaired.is_none()),
            drawing,
            said: said.collect(),
            scenario: Teller::new(&ran.history, judged).scenario("from-a-run"),
            shown,
        });
    }
}

/// Which writes would be lost if another's came in between: of each pair that writes one object,
/// the write without a resourceVersion comes after the other's. Those first.
fn predicted(steps: &[Step]) -> Vec<(usize, usize, u64)> {
    let mut writes: BTreeSet<(u64, usize, bool)> = BTreeSet::new();
    for step in steps {
        let What::Exchange(exchange) = &step.what else { continue };
        let Some(key) = exchange.key.as_ref().filter(|_| exchange.is_write()) else { continue };
        let object = object_number(&key.resource, key.namespace.as_deref(), &key.name);
        let body = String::from_utf8_lossy(&exchange.http.body);
        writes.insert((object, step.worker, body.contains("\"resourceVersion\":\"")));
    }
    let mut found = Vec::new();
    for locked in [false, true] {
        for (object, then, _) in writes.iter().filter(|it| it.2 == locked) {
            for (_, first, _) in writes.iter().filter(|it| it.0 == *object && it.1 != *then) {
                let prediction = (*first, *then, *object);
                if !found.contains(&prediction) {
                    found.push(prediction);
                }
            }
        }
    }
    found
}
