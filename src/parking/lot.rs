//! The lot: the server, everybody who waits for it, and the moves there are.
//!
//! Whoever owns a lot lets the workers run until nobody can go on, calls [`Lot::settle`] until
//! nothing is answered at once any more, and then makes one of the [`Lot::moves`]. Modelled workers
//! live in the [`World`] whose server this is, and move through it. Next to read: `answer.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::digest::{Digest, short};
use super::history::{History, Said, Start};
use super::names::{BASE, Names};
use super::rules::{Deliveries, Rules};
use super::step::{Step, What};
use super::streams::Open;
use super::{Reply, Sink};
use crate::apiserver::{self, ApiServer, Key, Revision};
use crate::rest::{self, Aim, HttpRequest};
use crate::schedulers::rerun::{Footprint, Move};
use crate::simulation::{Choice, World};

/// A request that waits.
pub(super) struct Parked<R> {
    pub worker: usize,
    pub http: HttpRequest,
    pub aim: Option<Aim>,
    pub reply: R,
    /// What tells it from others of its worker, the same in every execution.
    pub text: (String, u128),
    pub arrived: u64,
}

/// The server, and everybody who waits for it.
pub struct Lot<R: Reply> {
    pub(super) world: World,
    pub(super) real: Vec<String>,
    pub(super) rules: Rules,
    pub(super) names: Names,
    pub(super) parked: Vec<Parked<R>>,
    pub(super) streams: Vec<Open<R::Sink>>,
    /// What each worker, modelled ones included, has asked and been told.
    pub(super) told: Vec<Digest>,
    /// What has become of each object, and by whom.
    pub(super) histories: BTreeMap<Key, Digest>,
    pub(super) footprint: Footprint,
    pub(super) steps: Vec<Step>,
    said: Vec<Said>,
    /// The objects before the first step.
    pub(super) initial: Vec<(Key, Arc<Value>)>,
    pub(super) begun: bool,
    pub(super) arrived: u64,
    pub(super) seen: Revision,
    pub(super) time: i64,
}

impl<R: Reply> std::fmt::Debug for Lot<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lot").field("real", &self.real).finish_non_exhaustive()
    }
}

impl<R: Reply> Lot<R> {
    /// A lot before its first step.
    pub fn new(start: Start) -> Lot<R> {
        let Start { world, real, rules } = start;
        let everybody = real.len() + world.workers.len();
        let initial: Vec<_> = world.server.writes_after(Revision(BASE));
        let mut lot = Lot {
            names: Names::new(&rules.ignore),
            parked: Vec::new(),
            streams: Vec::new(),
            told: vec![Digest::default(); everybody],
            histories: BTreeMap::new(),
            footprint: Footprint::default(),
            steps: Vec::new(),
            said: Vec::new(),
            initial: Vec::new(),
            begun: false,
            arrived: 0,
            seen: world.server.revision(),
            time: world.setting.time,
            world,
            real,
            rules,
        };
        for written in &initial {
            lot.names.learn(&written.key, written.revision, written.after.as_deref());
            if let Some(object) = &written.after {
                lot.initial.push((written.key.clone(), Arc::clone(object)));
            }
        }
        lot
    }

    /// The server.
    pub fn server(&self) -> &ApiServer {
        &self.world.server
    }

    /// The names of all workers: real ones, then modelled ones.
    pub fn workers(&self) -> Vec<String> {
        let modelled = self.world.setting.workers.iter().map(|info| info.name.clone());
        self.real.iter().cloned().chain(modelled).collect()
    }

    /// What has happened so far.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The same with all that is needed to judge and to tell it.
    pub fn into_history(self) -> History {
        let workers = self.workers();
        let kinds = super::verdict::kinds(&self.world.server);
        let all = self.world.server.objects().into_iter();
        let crds = all.filter(|object| object["kind"] == "CustomResourceDefinition");
        let definition = |crd: serde_json::Value| {
            serde_json::json!({
                "apiVersion": crd["apiVersion"], "kind": crd["kind"], "spec": crd["spec"],
                "metadata": { "name": crd["metadata"]["name"] },
            })
        };
        let crds = crds.map(definition).collect();
        let Lot { steps, initial, said, .. } = self;
        History { steps, initial, kinds, workers, crds, said }
    }

    /// A worker has printed these lines.
    pub fn say(&mut self, worker: usize, lines: Vec<String>) {
        let after = self.steps.len();
        self.said.extend(lines.into_iter().map(|line| Said { worker, after, line }));
    }

    /// How many watches a worker has open.
    pub fn watches(&self, worker: usize) -> usize {
        self.open(worker).count()
    }

    /// Whether a worker may still be started anew.
    pub fn may_crash(&self) -> bool {
        self.rules.crashes > 0
    }

    /// So much time has passed while nobody could move.
    pub fn pass(&mut self, milliseconds: u64, seconds_in_all: i64) {
        self.time = self.world.setting.time + seconds_in_all;
        self.note(0, None, What::Time(milliseconds));
    }

    /// A worker asks.
    pub fn park(&mut self, worker: usize, mut http: HttpRequest, reply: R) {
        http.time = self.time;
        let aim = rest::aim(&self.world.server, &http);
        let mut digest = Digest::default();
        self.names.feed(http.query.as_bytes(), &mut digest);
        self.names.feed_json(&http.body, false, &mut digest);
        digest.feed(&http.header("content-type"));
        let text = (format!("{} {}", http.path, http.method), digest.finish());
        self.arrived += 1;
        self.parked.push(Parked { worker, http, aim, reply, text, arrived: self.arrived });
    }

    /// Answers what is no choice. True if something was answered: somebody may go on now.
    pub fn settle(&mut self) -> bool {
        self.streams.retain(|open| !open.sink.is_gone());
        self.parked
            .sort_by(|a, b| (a.worker, &a.text, a.arrived).cmp(&(b.worker, &b.text, b.arrived)));
        let at_once =
            |parked: &Parked<R>| self.rules.at_once(&parked.http, parked.aim.as_ref(), self.begun);
        let (now, later) = std::mem::take(&mut self.parked).into_iter().partition(at_once);
        self.parked = later;
        let now: Vec<Parked<R>> = now;
        let some = !now.is_empty();
        for parked in now {
            self.answer(parked, None, false);
        }
        some
    }

    /// Who may move.
    pub fn moves(&self) -> Vec<Move> {
        let mut moves = Vec::new();
        let lossy = self.rules.lost_answers > 0;
        for worker in 0..self.real.len() {
            let parked = || self.parked.iter().filter(|parked| parked.worker == worker);
            moves.extend((0..parked().count()).map(|nth| Move::Answer { worker, nth }));
            for (nth, open) in self.open(worker).enumerate() {
                if !open.pending.is_empty() {
                    moves.push(Move::Deliver { worker, nth });
                }
            }
            let writes = parked().enumerate().filter(|(_, it)| lossy && it.http.method != "GET");
            moves.extend(writes.map(|(nth, _)| Move::LoseAnswer { worker, nth }));
            if self.rules.watch_gaps > 0 {
                let gaps = self.open(worker).enumerate().filter(|(_, it)| !it.pending.is_empty());
                moves.extend(gaps.map(|(nth, _)| Move::Break { worker, nth }));
            }
        }
        let modelled = self.world.choices().into_iter();
        moves.extend(modelled.filter_map(|choice| self.move_of(choice)));
        moves
    }

    /// For each of these moves the object that it writes, if it does.
    pub fn writes(&self, moves: &[Move]) -> Vec<Option<u64>> {
        let object = |made: &Move| {
            let Move::Answer { worker, nth } = *made else { return None };
            let mut mine = self.parked.iter().filter(|parked| parked.worker == worker);
            let parked = mine.nth(nth).filter(|parked| parked.http.method != "GET")?;
            let aim = parked.aim.as_ref()?;
            Some(object_number(&aim.kind.resource, aim.namespace.as_deref(), aim.name.as_deref()?))
        };
        moves.iter().map(object).collect()
    }

    fn open(&self, worker: usize) -> impl Iterator<Item = &Open<R::Sink>> {
        self.streams.iter().filter(move |open| open.worker == worker)
    }

    fn move_of(&self, choice: Choice) -> Option<Move> {
        let first = self.real.len();
        match choice {
            Choice::Worker(worker) => Some(Move::Answer { worker: first + worker, nth: 0 }),
            Choice::Deliver(cache) => {
                let mut readers = self.world.setting.workers.iter();
                let reader = readers.position(|info| info.cache == Some(cache))?;
                Some(Move::Deliver { worker: first + reader, nth: 0 })
            }
            Choice::Fault(_) => None,
        }
    }

    /// What the state is: everything that its future depends on.
    pub fn key(&self, more: &[u64]) -> u128 {
        let mut digest = Digest::default();
        for (key, history) in &self.histories {
            digest.feed(key);
            digest.feed(&history.finish());
        }
        self.told.iter().for_each(|told| digest.feed(&told.finish()));
        for parked in &self.parked {
            digest.feed(&(parked.worker, &parked.text, parked.reply.is_gone()));
        }
        for open in &self.streams {
            digest.feed(&(open.worker, &open.label));
            open.pending.iter().for_each(|(_, line)| digest.feed(line));
        }
        if !self.world.workers.is_empty() {
            let World { workers, caches, memories, .. } = &self.world;
            let text = format!("{workers:?} {caches:?} {memories:?}");
            self.names.feed(text.as_bytes(), &mut digest);
        }
        let Rules { lost_answers, watch_gaps, crashes, .. } = self.rules;
        digest.feed(&(self.begun, lost_answers, watch_gaps, crashes, more));
        digest.finish()
    }

    /// What was touched since the last call.
    pub fn take_footprint(&mut self) -> Footprint {
        std::mem::take(&mut self.footprint)
    }

    /// Makes a move.
    pub fn take(&mut self, chosen: Move) {
        self.begun = true;
        let worker = chosen.worker();
        match chosen {
            _ if worker >= self.real.len() => self.take_modelled(chosen),
            Move::Answer { nth, .. } | Move::LoseAnswer { nth, .. } => {
                let mut mine =
                    (0..self.parked.len()).filter(|at| self.parked[*at].worker == worker);
                let Some(at) = mine.nth(nth) else { return };
                let parked = self.parked.remove(at);
                let lost = matches!(chosen, Move::LoseAnswer { .. });
                if lost {
                    self.rules.lost_answers -= 1;
                    self.footprint.alone = true;
                }
                self.answer(parked, Some(chosen), lost);
            }
            Move::Deliver { nth, .. } => {
                let Some(at) = self.stream_at(worker, nth) else { return };
                let most = match self.rules.deliveries {
                    Deliveries::CatchUp => {
                        self.footprint.drains = Some(stream_id(worker, nth));
                        usize::MAX
                    }
                    Deliveries::Single => 1,
                };
                let (told, digest) = self.streams[at].deliver(most);
                let label = short(&self.streams[at].label);
                self.told[worker].feed(&(label, digest));
                self.note(worker, Some(chosen), What::Delivered(told));
            }
            Move::Break { nth, .. } => {
                let Some(at) = self.stream_at(worker, nth) else { return };
                self.rules.watch_gaps -= 1;
                self.footprint.alone = true;
                let mut open = self.streams.remove(at);
                let status = serde_json::json!({
                    "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
                    "message": "too old resource version", "reason": "Expired", "code": 410,
                });
                let event = serde_json::json!({ "type": "ERROR", "object": status });
                open.sink.send(format!("{event}\n").into_bytes());
                self.told[worker].feed(&("broken", short(&open.label)));
                self.note(worker, Some(chosen), What::Broken);
            }
            Move::Crash { .. } => {}
        }
    }

    /// A worker was started anew: what it waited for is gone.
    pub fn restarted(&mut self, worker: usize) {
        self.rules.crashes = self.rules.crashes.saturating_sub(1);
        self.footprint.alone = true;
        self.parked.retain(|parked| parked.worker != worker);
        self.streams.retain(|open| open.worker != worker);
        self.told[worker].feed("restarted");
        self.note(worker, Some(Move::Crash { worker }), What::Restarted);
    }

    fn stream_at(&self, worker: usize, nth: usize) -> Option<usize> {
        (0..self.streams.len()).filter(|at| self.streams[*at].worker == worker).nth(nth)
    }

    fn take_modelled(&mut self, chosen: Move) {
        let mut choices = self.world.choices().into_iter();
        let Some(choice) = choices.find(|choice| self.move_of(*choice) == Some(chosen)) else {
            return;
        };
        let event = self.world.take(choice);
        if let Some(key) = &event.key {
            let place = if event.committed {
                &mut self.footprint.writes
            } else {
                &mut self.footprint.reads
            };
            place.push(short(key));
        }
        // What a modelled worker was told is in its own state, which is part of the key.
        let worker = chosen.worker();
        let mut digest = Digest::default();
        digest.feed(&worker);
        self.names.feed(format!("{:?}", event.action).as_bytes(), &mut digest);
        self.notice(digest.finish());
        self.note(worker, Some(chosen), What::Modelled(Box::new(event)));
    }

    pub(super) fn note(&mut self, worker: usize, chosen: Option<Move>, what: What) {
        let revision = self.world.server.revision();
        self.steps.push(Step { worker, chosen, what, revision });
    }
}

pub(super) fn stream_id(worker: usize, nth: usize) -> u64 {
    (worker as u64) << 32 | nth as u64
}

/// A number for an object.
pub(crate) fn object_number(
    resource: &apiserver::Resource,
    namespace: Option<&str>,
    name: &str,
) -> u64 {
    short(&(resource, namespace, name))
}
