//! The lot: the server, the workers that wait for it, and the moves there are.
//!
//! Whoever owns a lot lets the workers run until none can go on, calls [`Lot::settle`] until
//! nothing is answered at once any more, and then makes one of the [`Lot::moves`]. Modelled workers
//! live in the [`World`] whose server this is, and move through it. Next to read: `answer.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::digest::{Digest, short};
use super::history::{History, Said, Start};
use super::names::{self, BASE, Names};
use super::outside::{NAME, Outside};
use super::rules::Rules;
use super::step::{Step, What};
use super::streams::Open;
use super::watched::Watched;
use super::{Reply, Sink};
use crate::apiserver::{self, ApiServer, Key, Revision, Written};
#[cfg(feature = "kube")]
use crate::properties::Invariant;
use crate::rest::{self, Aim, HttpRequest};
use crate::schedulers::rerun::{Footprint, Move};
use crate::simulation::World;

/// A request that waits.
pub(super) struct Parked<R> {
    pub worker: usize,
    pub http: HttpRequest,
    pub aim: Option<Aim>,
    /// `None` for a request from outside.
    pub reply: Option<R>,
    /// What tells it from others of its worker, the same in every execution.
    pub text: (String, u128),
    pub arrived: u64,
}

/// The server, and the workers that wait for it.
pub struct Lot<R: Reply> {
    pub(super) world: World,
    pub(super) real: Vec<String>,
    pub(super) rules: Rules,
    pub(super) names: Names,
    pub(super) parked: Vec<Parked<R>>,
    pub(super) streams: Vec<Open<R::Sink>>,
    /// What each worker, modelled ones included, has asked and been told.
    pub(super) told: Vec<Digest>,
    /// How the modelled workers came to what they are, where something of that is masked.
    pub(super) modelled: Digest,
    /// What has become of each object, and by whom.
    pub(super) histories: BTreeMap<Key, Digest>,
    pub(super) footprint: Footprint,
    pub(super) outside: Option<Outside>,
    /// Who has written each Lease last.
    pub(super) holders: BTreeMap<Key, usize>,
    pub(super) steps: Vec<Step>,
    said: Vec<Said>,
    /// The objects before the first step.
    pub(super) initial: Vec<(Key, Arc<Value>)>,
    pub(super) begun: bool,
    pub(super) arrived: u64,
    pub(super) seen: Revision,
    pub(super) time: i64,
    pub(super) watched: Watched,
}

impl<R: Reply> std::fmt::Debug for Lot<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lot").field("real", &self.real).finish_non_exhaustive()
    }
}

impl<R: Reply> Lot<R> {
    /// A lot before its first step.
    pub fn new(start: Start) -> Lot<R> {
        let Start { world, real, rules, stimuli } = start;
        let outside = real.iter().position(|name| name == NAME && has_outside(&rules, &stimuli));
        let outside = outside.map(|worker| Outside::new(worker, stimuli));
        let workers = real.len() + world.workers.len();
        let initial: Vec<_> = world.server.writes_after(Revision(BASE));
        let mut lot = Lot {
            names: Names::new(&rules),
            parked: Vec::new(),
            streams: Vec::new(),
            told: vec![Digest::default(); workers],
            modelled: Digest::default(),
            histories: BTreeMap::new(),
            footprint: Footprint::default(),
            outside,
            holders: BTreeMap::new(),
            steps: Vec::new(),
            said: Vec::new(),
            initial: Vec::new(),
            begun: false,
            arrived: 0,
            seen: world.server.revision(),
            time: world.setting.time,
            watched: Watched::default(),
            world,
            real,
            rules,
        };
        for written in &initial {
            lot.names.learn(&written.key, written.revision, written.after.as_deref());
            lot.remember(written);
        }
        lot
    }

    /// An object that is there before the first step, under one of its versions, and as it was
    /// written last.
    fn remember(&mut self, written: &Written) {
        let Some(object) = &written.after else { return };
        let (key, object) = (&written.key, Arc::clone(object));
        let part = |key: &Key| {
            let Key { resource, namespace, name } = key.clone();
            (resource.group, resource.plural, namespace, name)
        };
        match self.initial.iter_mut().find(|(known, _)| part(known) == part(key)) {
            Some((known, there)) if known == key => *there = object,
            Some(_) => {}
            None => self.initial.push((key.clone(), object)),
        }
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

    /// The same with all that is needed to judge and to tell it.
    pub fn into_history(mut self) -> History {
        self.end()
    }

    /// The same, of a lot that goes on: what comes after is no part of it.
    pub fn end(&mut self) -> History {
        let workers = self.workers();
        let kinds = super::verdict::kinds(&self.world.server);
        let all = self.world.server.objects().into_iter();
        let crds = all.filter(|object| object["kind"] == "CustomResourceDefinition");
        let definition = |crd: Value| {
            let metadata = &crd["metadata"];
            let mut kept = serde_json::json!({ "name": metadata["name"] });
            if let Some(annotations) = metadata.get("annotations") {
                kept["annotations"] = annotations.clone();
            }
            serde_json::json!({
                "apiVersion": crd["apiVersion"], "kind": crd["kind"], "spec": crd["spec"],
                "metadata": kept,
            })
        };
        let crds = crds.map(definition).collect();
        let Lot { steps, initial, said, .. } = self;
        let (steps, initial) = (std::mem::take(steps), std::mem::take(initial));
        let said = std::mem::take(said);
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

    /// Whether a request of this worker waits for its answer.
    pub fn is_waiting(&self, worker: usize) -> bool {
        self.parked.iter().any(|parked| parked.worker == worker)
    }

    /// Whether a worker may still be started again.
    pub fn may_crash(&self) -> bool {
        self.rules.crashes > 0
    }

    /// This much time has passed while no worker could move.
    pub fn pass(&mut self, milliseconds: u64, seconds_in_all: i64) {
        self.time = self.world.setting.time + seconds_in_all;
        self.note(0, None, What::Time(milliseconds));
    }

    /// A worker asks.
    pub fn park(&mut self, worker: usize, http: HttpRequest, reply: R) {
        let parked = self.parked(worker, http, Some(reply));
        self.parked.push(parked);
    }

    pub(super) fn parked(
        &mut self,
        worker: usize,
        mut http: HttpRequest,
        reply: Option<R>,
    ) -> Parked<R> {
        http.time = self.time;
        let aim = rest::aim(&self.world.server, &http);
        let lease = aim.as_ref().is_some_and(|aim| aim.kind.resource.plural == "leases");
        if lease {
            self.names.learn_candidate(worker, &http.body);
        }
        let mut digest = Digest::default();
        self.names.feed(http.query.as_bytes(), &mut digest);
        self.names.feed_body(&http.body, lease, &mut digest);
        digest.feed(&http.header("content-type"));
        let text = (format!("{} {}", names::place(&http.path), http.method), digest.finish());
        self.arrived += 1;
        Parked { worker, http, aim, reply, text, arrived: self.arrived }
    }

    /// Answers what is no choice. True if something was answered: a worker may go on now.
    pub fn settle(&mut self) -> bool {
        self.streams.retain(|open| !open.sink.is_gone());
        self.parked
            .sort_by(|a, b| (a.worker, &a.text, a.arrived).cmp(&(b.worker, &b.text, b.arrived)));
        let at_once =
            |parked: &Parked<R>| self.rules.at_once(&parked.http, parked.aim.as_ref(), self.begun);
        let (now, later) = std::mem::take(&mut self.parked).into_iter().partition(at_once);
        self.parked = later;
        let now: Vec<Parked<R>> = now;
        // A Lease that is free goes to one candidate: the others wait until it has taken it.
        let first = now.iter().filter(|it| self.is_free_lease(it)).map(|it| it.worker).min();
        let waits = |it: &Parked<R>| self.is_free_lease(it) && Some(it.worker) != first;
        let (later, now): (Vec<_>, Vec<_>) = now.into_iter().partition(waits);
        self.parked.extend(later);
        let some = !now.is_empty();
        for parked in now {
            self.answer(parked, None, false);
        }
        some
    }

    /// From here on these invariants are judged. Their workers are
    /// [those of the lot](Lot::workers).
    #[cfg(feature = "kube")]
    pub fn watch(&mut self, invariants: &[Invariant]) {
        let written = self.world.server.writes_after(Revision(BASE));
        self.watched = Watched::new(invariants, written, &self.names);
    }

    /// Which of these are broken if nothing more happens, by their place in the list.
    #[cfg(feature = "kube")]
    pub fn broken(&self) -> Vec<usize> {
        self.watched.broken()
    }

    /// What the state is: everything that its future depends on.
    pub fn key(&self, more: &[u64]) -> u128 {
        let mut digest = Digest::default();
        self.feed_histories(&mut digest);
        self.told.iter().for_each(|told| digest.feed(&told.finish()));
        for parked in &self.parked {
            let gone = parked.reply.as_ref().is_some_and(R::is_gone);
            digest.feed(&(parked.worker, &parked.text, gone));
        }
        for open in &self.streams {
            digest.feed(&(open.worker, &open.label));
            open.pending.iter().for_each(|it| digest.feed(&it.digest));
        }
        if !self.world.workers.is_empty() {
            self.feed_modelled(&mut digest);
        }
        if !self.watched.is_empty() {
            self.names.feed(self.watched.text().as_bytes(), &mut digest);
        }
        let Rules { lost_answers, watch_gaps, crashes, leases_lost, .. } = self.rules;
        digest.feed(&(self.begun, lost_answers, watch_gaps, crashes, leases_lost, more));
        digest.finish()
    }

    fn feed_histories(&self, digest: &mut Digest) {
        for (key, history) in &self.histories {
            digest.feed(key);
            digest.feed(&history.finish());
        }
    }

    /// What the modelled workers are. Where something is masked they cannot be compared as they
    /// are, since what they hold may come from it: then it is how they came to be so.
    fn feed_modelled(&self, digest: &mut Digest) {
        let World { workers, caches, memories, .. } = &self.world;
        if !self.names.masks() {
            let text = format!("{workers:?} {caches:?} {memories:?}");
            return self.names.feed(text.as_bytes(), digest);
        }
        digest.feed(&self.modelled.finish());
        let mut caches = caches.clone();
        caches.iter_mut().for_each(|it| it.map_objects(&|object| self.names.covered(object)));
        self.names.feed(format!("{caches:?}").as_bytes(), digest);
    }

    /// A modelled worker is about to move: what it will be depends on what it and everything
    /// else is now.
    pub(super) fn note_modelled(&mut self, chosen: Move) {
        if self.names.masks() {
            let mut digest = Digest::default();
            self.feed_histories(&mut digest);
            self.feed_modelled(&mut digest);
            digest.feed(&chosen);
            self.modelled = digest;
        }
    }

    /// What was touched since the last call.
    pub fn take_footprint(&mut self) -> Footprint {
        std::mem::take(&mut self.footprint)
    }

    /// Whether a request is about a Lease that is not held yet.
    fn is_free_lease(&self, parked: &Parked<R>) -> bool {
        let leases = |aim: &&Aim| aim.kind.resource.plural == "leases";
        let Some(aim) = parked.aim.as_ref().filter(leases) else { return false };
        let held = |key: &Key| {
            key.namespace == aim.namespace && aim.name.as_ref().is_none_or(|it| *it == key.name)
        };
        aim.verb != crate::apiserver::Verb::Watch && !self.holders.keys().any(held)
    }

    pub(super) fn note(&mut self, worker: usize, chosen: Option<Move>, what: What) {
        let revision = self.world.server.revision();
        self.steps.push(Step { worker, chosen, what, revision });
    }
}

/// Whether something may happen from outside.
fn has_outside(rules: &Rules, stimuli: &[crate::scenario::Stimulus]) -> bool {
    !stimuli.is_empty() || rules.leases_lost > 0
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
