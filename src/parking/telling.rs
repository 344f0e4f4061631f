//! An execution as the drawings want it: a trace, a witness, and a scenario that models it.
//!
//! Revisions are told from 1, as everywhere. A worker's reads, writes and deliveries become the
//! events of a modelled one; what it meant was inferred (`meaning.rs`). The scenario has one worker
//! for each worker that wrote, with its first write: from there everything works that exists for
//! scenarios. Next to read: `verdict.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::history::{History, Said};
use super::model::{change_of, field_path, rebased};
use super::names::BASE;
use super::step::{Exchange, Step, What};
use super::verdict::{Judged, Loss};
use crate::apiserver::{Key, Revision, Verb};
use crate::check::{Length, Pointer, Witness};
use crate::reconcilers::Basis;
use crate::scenario::Scenario;
use crate::schedulers::{Letters, Schedule};
use crate::simulation::{Setting, WorkerInfo};
use crate::trace::{Action, Actor, Event, Trace};

/// A loss, ready to be drawn.
#[derive(Clone, Debug)]
pub struct Told {
    /// A scenario that models the workers.
    pub scenario: Scenario,
    /// The run and its steps.
    pub witness: Witness,
}

/// Tells of one execution.
#[derive(Debug)]
pub struct Teller<'h> {
    pub(super) history: &'h History,
    pub(super) judged: &'h Judged,
    /// The steps that are shown.
    shown: Vec<usize>,
}

impl<'h> Teller<'h> {
    /// Of this execution, as it was judged.
    pub fn new(history: &'h History, judged: &'h Judged) -> Self {
        let bases = |at: usize| basis_steps(history, judged, at);
        let mut shown: Vec<usize> = (0..history.steps.len())
            .filter(|at| history.steps[*at].chosen.is_some() && is_event(&history.steps[*at]))
            .collect();
        let also: Vec<usize> = judged.meanings.keys().filter_map(|at| bases(*at)).collect();
        shown.extend(also);
        shown.sort_unstable();
        shown.dedup();
        Teller { history, judged, shown }
    }

    /// The number of a step in the drawing, from 1.
    fn number(&self, step: usize) -> usize {
        self.shown.iter().position(|at| *at == step).map_or(0, |at| at + 1)
    }

    fn pointer(&self, step: usize) -> Pointer {
        let worker = self.history.steps[step].worker;
        let name = self.history.workers.get(worker).cloned().unwrap_or_default();
        Pointer { worker: name, step: self.number(step) }
    }

    /// A loss, if it can be drawn.
    pub fn tell(&self, name: &str, loss: &Loss) -> Option<Told> {
        let text = self.scenario(name)?;
        let scenario = Scenario::from_str("-", &text).ok()?.into_iter().next()?;
        let field = loss.leaves.iter().filter_map(change_of).map(|change| change.path).next();
        let field = field.or_else(|| field_path(&loss.path))?;
        let stale = basis_steps(self.history, self.judged, loss.culprit);
        let witness = Witness {
            schedule: self.schedule(),
            trace: self.trace(),
            class: loss.class,
            victim: self.pointer(loss.victim),
            field: field.to_string(),
            stale_read: stale.map(|step| self.pointer(step)),
            culprit: Some(self.pointer(loss.culprit)),
            length: Length::Shortest,
            finding: None,
        };
        Some(Told { scenario, witness })
    }

    /// A schedule without choices: that of real workers is spelled elsewhere.
    pub(super) fn schedule(&self) -> Schedule {
        let workers = self.history.workers.iter().enumerate();
        let info = |(process, name): (usize, &String)| WorkerInfo {
            turn: Default::default(),
            name: name.clone(),
            process,
            cache: Some(process),
        };
        let setting = Setting { workers: workers.map(info).collect(), ..Setting::default() };
        let letters = Arc::new(Letters::assign(&setting));
        Schedule { fingerprint: None, choices: Vec::new(), letters, text: None }
    }

    /// The events of the run.
    pub fn trace(&self) -> Trace {
        let names: Arc<[String]> = self.history.workers.clone().into();
        let initial = self.history.initial.iter();
        Trace {
            workers: Arc::clone(&names),
            caches: names,
            initial: initial.map(|(key, object)| (key.clone(), rebased(object))).collect(),
            events: self.shown.iter().filter_map(|at| self.event(*at)).collect(),
            said: self.said(),
            finished: true,
        }
    }

    /// What workers have printed, beside their steps: each line at the last step of its worker that
    /// came before it.
    fn said(&self) -> Vec<(usize, String)> {
        let place = |said: &Said| {
            let mut before = (0..self.shown.len()).rev();
            let own = |at: &usize| self.history.steps[self.shown[*at]].worker == said.worker;
            before.find(|at| self.shown[*at] < said.after && own(at))
        };
        let all = self.history.said.iter();
        all.filter_map(|said| Some((place(said)?, said.line.clone()))).collect()
    }

    fn event(&self, at: usize) -> Option<Event> {
        let step = &self.history.steps[at];
        let revision = Revision(step.revision.0.saturating_sub(BASE));
        match &step.what {
            What::Exchange(exchange) => Some(self.exchange(at, step, exchange, revision)),
            What::Delivered(events) => {
                let (kind, object) = events.last()?;
                let key = self.key_of(object);
                let state = key.as_ref().and_then(|key| self.state(key, at));
                let gone = kind == "DELETED";
                Some(Event {
                    actor: Actor::Cache(step.worker),
                    action: Action::Deliver,
                    basis: (!gone).then(|| Basis::of(&rebased(object))),
                    seen: (!gone).then(|| rebased(object)),
                    before: state.clone(),
                    after: state,
                    key,
                    ..Event::about_nothing(Actor::World, Action::Read, revision)
                })
            }
            What::Modelled(event) => {
                let mut event = Event::clone(event);
                if let Actor::Worker(_) = event.actor {
                    event.actor = Actor::Worker(step.worker);
                } else if let Actor::Cache(_) = event.actor {
                    event.actor = Actor::Cache(step.worker);
                }
                for object in [&mut event.seen, &mut event.before, &mut event.after] {
                    *object = object.as_ref().map(rebased);
                }
                if let Some(basis) = &mut event.basis {
                    basis.revision = Revision(basis.revision.0.saturating_sub(BASE));
                }
                if let Action::Write { precondition, sent, .. } = &mut event.action {
                    *precondition = precondition.map(|it| Revision(it.0.saturating_sub(BASE)));
                    *sent = rebased(sent);
                }
                event.revision = revision;
                Some(event)
            }
            What::Broken | What::Restarted | What::Time(_) => None,
        }
    }

    fn exchange(&self, at: usize, step: &Step, it: &Exchange, revision: Revision) -> Event {
        let meaning = self.judged.meanings.get(&at);
        let body: Value = serde_json::from_slice(&it.http.body).unwrap_or_default();
        let locked = body["metadata"]["resourceVersion"].as_str();
        let locked = locked.and_then(|text| text.parse().ok());
        let action = match it.verb {
            Verb::Get | Verb::List | Verb::Watch => Action::Read,
            verb => Action::Write {
                verb,
                subresource: it.subresource,
                precondition: locked.map(|at: u64| Revision(at.saturating_sub(BASE))),
                force: it.http.query.contains("force=true"),
                sent: rebased(&Arc::new(body)),
            },
        };
        let listed = || it.given.iter().find(|object| self.key_of(object).is_some());
        let key = it.key.clone().or_else(|| listed().and_then(|object| self.key_of(object)));
        let seen = it.given.first().filter(|_| it.answered).map(rebased);
        let basis = match meaning {
            Some(meaning) => Some(Basis {
                revision: Revision(meaning.basis.0.saturating_sub(BASE)),
                uid: meaning.uid.clone().unwrap_or_default().as_str().into(),
                generation: 0,
            }),
            None => seen.as_deref().map(Basis::of),
        };
        let state = || key.as_ref().and_then(|key| self.state(key, at));
        let message = it.response.as_ref().and_then(|status| status["message"].as_str());
        Event {
            actor: Actor::Worker(step.worker),
            action,
            code: Some(it.code),
            reason: reason(it),
            message: message.filter(|_| it.code >= 400).map(str::to_owned),
            answered: it.answered,
            committed: it.committed,
            basis,
            intent: meaning.iter().flat_map(|it| &it.meant).filter_map(change_of).collect(),
            seen,
            before: it.before.as_ref().map(rebased).or_else(state),
            after: it.after.as_ref().map(rebased).or_else(state),
            key,
            ..Event::about_nothing(Actor::World, Action::Read, revision)
        }
    }

    fn key_of(&self, object: &Value) -> Option<Key> {
        let name = object["metadata"]["name"].as_str()?;
        let version = object["apiVersion"].as_str()?;
        let is = |kind: &&Arc<crate::apiserver::Kind>| {
            object["kind"] == *kind.kind && kind.api_version() == version
        };
        let kind = self.history.kinds.values().find(is)?;
        let namespace = object["metadata"]["namespace"].as_str().filter(|_| kind.namespaced);
        Some(Key {
            resource: kind.resource.clone(),
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
        })
    }

    /// An object as it was before a step.
    fn state(&self, key: &Key, at: usize) -> Option<Arc<Value>> {
        let initial = self.history.initial.iter().find(|(known, _)| known == key);
        let mut state = initial.map(|(_, object)| Arc::clone(object));
        for step in &self.history.steps[..at] {
            match &step.what {
                What::Exchange(it) if it.key.as_ref() == Some(key) && it.committed => {
                    state.clone_from(&it.after);
                }
                What::Modelled(event) if event.key.as_ref() == Some(key) && event.committed => {
                    state.clone_from(&event.after);
                }
                _ => {}
            }
        }
        state.as_ref().map(rebased)
    }
}

/// Whether a step can be drawn.
fn is_event(step: &Step) -> bool {
    match &step.what {
        What::Exchange(_) | What::Modelled(_) => true,
        What::Delivered(events) => !events.is_empty(),
        What::Broken | What::Restarted | What::Time(_) => false,
    }
}

/// The step in which the author of a write was given what it was built from.
fn basis_steps(history: &History, judged: &Judged, write: usize) -> Option<usize> {
    let worker = history.steps[write].worker;
    if let What::Modelled(event) = &history.steps[write].what {
        let basis = event.basis.as_ref()?.revision;
        let read = |at: &usize| match &history.steps[*at].what {
            What::Modelled(it) => {
                history.steps[*at].worker == worker
                    && it.seen.as_deref().map(Basis::of).is_some_and(|it| it.revision == basis)
            }
            _ => false,
        };
        return (0..write).rev().find(read);
    }
    let basis = judged.meanings.get(&write)?.basis.0.to_string();
    let is = |object: &Arc<Value>| object["metadata"]["resourceVersion"] == basis;
    let gave = |step: &Step| match &step.what {
        _ if step.worker != worker => false,
        What::Exchange(it) => it.answered && it.given.iter().any(is),
        What::Delivered(events) => events.iter().any(|(_, object)| is(object)),
        _ => false,
    };
    (0..write).find(|at| gave(&history.steps[*at]))
}

fn reason(it: &Exchange) -> Option<&'static str> {
    let reason = it.response.as_ref().filter(|_| it.code >= 400)?["reason"].as_str()?;
    let known = ["Conflict", "NotFound", "AlreadyExists", "Invalid", "BadRequest", "Forbidden"];
    known.into_iter().find(|known| *known == reason)
}
