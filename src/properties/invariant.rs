//! Invariants of the user's own, as properties: what must never be so, always, or at the end; who
//! may write a field; how often something is done outside of the cluster.
//!
//! An invariant owns its name and its sentences ([`Observer::breach`]). It is judged after every
//! step on the objects in the store, so a state that is repaired one step later breaks it all the
//! same. Workers are not exchanged where there are invariants: a rule may name one of them.
//! Next to read: `scenario/invariants.rs`, which reads them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::stable::{Back, Changes};
use super::{Build, Entry, Words};
use crate::apiserver::{FieldPath, Key, Revision};
use crate::reconcilers::Condition;
use crate::simulation::{BoxedMemory, Ending, Observer};
use crate::trace::{Action, Event};

/// One invariant of a scenario.
#[derive(Clone, Debug)]
pub struct Invariant {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub rule: Rule,
    /// The names of the workers.
    pub workers: Vec<String>,
    /// Which clauses are met before the first step.
    pub initial: Vec<bool>,
}

/// What an invariant says.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Not all of these are so after a step (of this worker, if it names one).
    Never(Vec<Clause>, Vec<usize>),
    /// All of these are so after each step.
    Always(Vec<Clause>),
    /// All of these are so at the end.
    Finally(Vec<Clause>),
    /// Only these workers change this field.
    Owner {
        /// The object.
        key: Key,
        /// The field.
        path: FieldPath,
        /// The workers.
        by: Vec<usize>,
    },
    /// A field is not changed back and forth.
    Stable {
        /// The object and the field; every field of every object for `None`.
        place: Option<(Key, FieldPath)>,
        /// How many changes back are allowed.
        most: u32,
    },
    /// A number that never gets smaller.
    Monotonic {
        /// The object.
        key: Key,
        /// The field.
        path: FieldPath,
    },
    /// How often something is done outside of the cluster.
    Effect {
        /// What.
        name: String,
        /// At least.
        least: u32,
        /// At most.
        most: u32,
    },
}

/// A field of an object, and what is asked of it.
#[derive(Clone, Debug)]
pub struct Clause {
    /// The object.
    pub key: Key,
    /// The field; `None` is the object itself.
    pub path: Option<FieldPath>,
    /// What is asked.
    pub condition: Condition,
    /// As the file says it.
    pub text: String,
}

impl Clause {
    /// Whether it is so of an object.
    pub fn is_met(&self, object: Option<&Value>) -> bool {
        let found = match &self.path {
            Some(path) => object.and_then(|object| path.get(object)),
            None => object,
        };
        self.condition.is_met(found, &|_, path| path.get(object?).cloned())
    }
}

/// What is remembered: which clauses are met, or how often it was done.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Memory {
    met: Vec<bool>,
    done: u32,
    changes: Changes,
    broken: bool,
}

/// A number of an object that a step made smaller: before, and after.
fn fall(event: &Event, path: &FieldPath) -> Option<(f64, f64)> {
    let number = |object: &Option<Arc<Value>>| path.get(object.as_deref()?)?.as_f64();
    let (before, after) = (number(&event.before)?, number(&event.after)?);
    (event.committed && after < before).then_some((before, after))
}

impl Invariant {
    fn clauses(&self) -> &[Clause] {
        match &self.rule {
            Rule::Never(clauses, _) | Rule::Always(clauses) | Rule::Finally(clauses) => clauses,
            Rule::Owner { .. }
            | Rule::Stable { .. }
            | Rule::Monotonic { .. }
            | Rule::Effect { .. } => &[],
        }
    }

    /// Says which clauses are met before the first step.
    pub fn begin(&mut self, object: &dyn Fn(&Key) -> Option<Arc<Value>>) {
        let met = |clause: &Clause| clause.is_met(object(&clause.key).as_deref());
        self.initial = self.clauses().iter().map(met).collect();
    }

    /// The same invariant where the workers are these, found by their names.
    pub fn among(mut self, workers: &[String]) -> Invariant {
        let known = std::mem::replace(&mut self.workers, workers.to_vec());
        let place = |at: &usize| {
            let name = known.get(*at)?;
            workers.iter().position(|worker| worker == name)
        };
        match &mut self.rule {
            Rule::Never(_, by) | Rule::Owner { by, .. } => {
                *by = by.iter().filter_map(place).collect();
            }
            Rule::Always(_)
            | Rule::Finally(_)
            | Rule::Stable { .. }
            | Rule::Monotonic { .. }
            | Rule::Effect { .. } => {}
        }
        self
    }

    fn first(&self) -> Memory {
        Memory { met: self.initial.clone(), done: 0, changes: Changes::default(), broken: false }
    }

    /// Takes notice of an event; true if it breaks the invariant.
    fn breaks(&self, memory: &mut Memory, event: &Event) -> bool {
        for (clause, met) in self.clauses().iter().zip(&mut memory.met) {
            if event.key.as_ref() == Some(&clause.key) {
                *met = clause.is_met(event.after.as_deref());
            }
        }
        let acts = event.committed || matches!(event.action, Action::Effect(_));
        match &self.rule {
            Rule::Never(_, workers) => {
                let among = event.worker().is_some_and(|worker| workers.contains(&worker));
                let mover = workers.is_empty() || acts && among;
                mover && memory.met.iter().all(|met| *met)
            }
            Rule::Always(_) => memory.met.iter().any(|met| !met),
            Rule::Finally(_) => false,
            Rule::Owner { key, path, by } => {
                let at = |object: &Option<Arc<Value>>| {
                    object.as_deref().and_then(|o| path.get(o).cloned())
                };
                let changed = event.committed && at(&event.before) != at(&event.after);
                let foreign = event.worker().is_some_and(|worker| !by.contains(&worker));
                // An object that goes takes its fields with it.
                let there = event.before.is_some() && event.after.is_some();
                event.key.as_ref() == Some(key) && changed && foreign && there
            }
            Rule::Stable { place, most } => {
                memory.changes.see(place.as_ref(), event);
                memory.changes.back > *most
            }
            Rule::Monotonic { key, path } => {
                event.key.as_ref() == Some(key) && fall(event, path).is_some()
            }
            Rule::Effect { name, most, .. } => {
                if matches!(&event.action, Action::Effect(done) if **done == **name) {
                    memory.done = memory.done.saturating_add(1).min(most.saturating_add(1));
                }
                memory.done > *most
            }
        }
    }

    fn broken_at_end(&self, memory: &Memory, ending: &Ending) -> bool {
        match &self.rule {
            Rule::Finally(clauses) => {
                let object = |clause: &Clause| ending.objects.get(&clause.key).map(|o| &**o);
                clauses.iter().any(|clause| !clause.is_met(object(clause)))
            }
            Rule::Effect { least, .. } => memory.done < *least,
            _ => false,
        }
    }

    /// What a step that breaks it does, in words. `before` is what was remembered before the step.
    fn told(&self, before: &Memory, memory: &Memory, event: Option<&Event>) -> String {
        let all = |clauses: &[Clause]| {
            let texts: Vec<&str> = clauses.iter().map(|clause| clause.text.as_str()).collect();
            texts.join(" and ")
        };
        let who = event.and_then(Event::worker).and_then(|at| self.workers.get(at));
        let who = who.map_or("a fault", String::as_str);
        match &self.rule {
            Rule::Never(clauses, _) => {
                let verb = if clauses.len() == 1 { "holds" } else { "hold" };
                format!("after this step, {} {verb}", all(clauses))
            }
            Rule::Always(clauses) => format!("after this step, {} does not hold", all(clauses)),
            Rule::Finally(clauses) => format!("at the end, {} does not hold", all(clauses)),
            Rule::Owner { path, by, .. } => {
                let now = event.and_then(|event| event.after.as_deref());
                let now = now.and_then(|object| path.get(object));
                let what = match now {
                    Some(value) => format!("set {path} to {value}"),
                    None => format!("removed {path}"),
                };
                let names = by.iter().filter_map(|at| self.workers.get(*at).cloned());
                let names: Vec<String> = names.collect();
                format!("{who} {what}; only {} may change it", names.join(" and "))
            }
            Rule::Monotonic { path, .. } => {
                let (from, to) = event.and_then(|event| fall(event, path)).unwrap_or_default();
                format!("{who} set {path} from {from} back to {to}")
            }
            Rule::Stable { place, most } => {
                let back =
                    event.and_then(|event| before.changes.clone().see(place.as_ref(), event));
                let Some(Back { path, value, taker }) = back else { return String::new() };
                let other = self.workers.get(taker).map_or("another worker", String::as_str);
                let what = match (path.parts().is_empty(), value) {
                    (true, Some(_)) => {
                        format!("created the object again, which {other} had deleted")
                    }
                    (true, None) => format!("deleted the object again, which {other} had created"),
                    (false, Some(value)) => {
                        format!("set {path} back to {value}, which {other} had changed")
                    }
                    (false, None) => format!("removed {path} again, which {other} had set"),
                };
                let (back, times) =
                    (memory.changes.back, if *most == 1 { "time" } else { "times" });
                format!(
                    "{who} {what}; changed back {back} times, and at most {most} {times} is right"
                )
            }
            Rule::Effect { name, least, most } => {
                let done = memory.done;
                match done > *most {
                    true if *most == 0 => format!("{who} did {name}; it must never be done"),
                    true => {
                        let times = if done == 1 { "once" } else { &format!("{done} times") };
                        format!("{who} did {name}: {times} by now; at most {most} is right")
                    }
                    false => format!("{name} was done {done} times; at least {least} is right"),
                }
            }
        }
    }
}

fn of(memory: &BoxedMemory) -> &Memory {
    (**memory).as_any().downcast_ref().expect("an invariant is given its own memory")
}

impl Observer for Invariant {
    fn name(&self) -> &'static str {
        self.name
    }

    fn start(&self) -> BoxedMemory {
        Box::new(self.first())
    }

    fn observe(&self, memory: &mut BoxedMemory, event: &Event) -> bool {
        let memory: &mut Memory =
            (**memory).as_any_mut().downcast_mut().expect("an invariant is given its own memory");
        if !memory.broken && self.breaks(memory, event) {
            // Nothing that comes later matters.
            let changes = Changes::default();
            *memory = Memory { met: Vec::new(), done: 0, changes, broken: true };
        }
        memory.broken
    }

    fn decides_at_end(&self, memory: &BoxedMemory, ending: &Ending) -> bool {
        let memory = of(memory);
        memory.broken || self.broken_at_end(memory, ending)
    }

    fn revisions(&self, _: &BoxedMemory) -> Vec<Revision> {
        Vec::new()
    }

    fn shows_versions(&self) -> bool {
        self.clauses().iter().any(|clause| clause.condition.shows_versions(clause.path.as_ref()))
    }

    fn rename_revisions(&self, _: &mut BoxedMemory, _: &dyn Fn(Revision) -> Revision) {}

    fn breach(&self, events: &[Event], ending: &Ending) -> Option<(usize, String)> {
        let mut memory = self.first();
        for (at, event) in events.iter().enumerate() {
            let before = memory.clone();
            if self.breaks(&mut memory, event) {
                return Some((at, self.told(&before, &memory, Some(event))));
            }
        }
        let broken = self.broken_at_end(&memory, ending);
        let last = events.iter().rposition(|event| event.worker().is_some())?;
        broken.then(|| (last, self.told(&memory, &memory, None)))
    }
}

/// The line of the table of properties for an invariant of this name. Names are kept for the life
/// of the process, each once.
pub fn entry(name: &str) -> &'static Entry {
    static KNOWN: Mutex<BTreeMap<String, &'static Entry>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(name.to_owned()).or_insert_with(|| {
        Box::leak(Box::new(Entry {
            name: Box::leak(name.to_owned().into_boxed_str()),
            holds_when: "an invariant of the scenario",
            sometimes: false,
            noted: false,
            words: &Words::ANY,
            build: Build::Invariant,
            find: |_, _, _, _| None,
        }))
    })
}
