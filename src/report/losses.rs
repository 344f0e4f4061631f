//! What a step took away, and the facts about a witness from which every sentence is made.
//!
//! `why.rs`, `explain.rs`, the annotations and the drawings all read [`Facts`], so that they tell
//! one story. Next to read: `why.rs`.

use serde_json::Value;

use super::story::{Story, locked_to, or_nothing, resource_version};
use crate::apiserver::{FieldPath, PatchKind};
use crate::check::{CheckResult, LossClass, Pointer, Replayed, Witness};
use crate::properties;
use crate::reconcilers::{Change, ValueExpr};
use crate::scenario::Scenario;
use crate::trace::{Action, Event, Fault};

impl<'a> Story<'a> {
    /// The acknowledged fields that were there before a step and are not after it, as drawn below
    /// that step: `ready: True is gone`.
    pub fn gone(&self, step: usize) -> Vec<String> {
        let mut gone: Vec<String> = Vec::new();
        for (line, _) in self.taken(step) {
            if !gone.contains(&line) {
                gone.push(line);
            }
        }
        gone
    }

    /// The same, each with the change that is undone.
    pub fn taken(&self, step: usize) -> Vec<(String, &'a Change)> {
        let Some(event) = self.event(step) else { return Vec::new() };
        let told = event.committed || event.is_acknowledged();
        let (Some(view), true) = (self.view(event), told) else { return Vec::new() };
        let (before, after) = (self.before(step), self.after(step));
        let mut taken = Vec::new();
        for earlier in (1..step).filter_map(|at| self.event(at)) {
            let other = earlier.worker() != event.worker() && earlier.key == event.key;
            if !other || !earlier.is_acknowledged() {
                continue;
            }
            for change in earlier.intent.iter() {
                let there = |object: Option<&Value>| is_there(change, object);
                let state = || view.state(&change.path, change.value.as_ref());
                let now = || after.and_then(|object| change.path.get(object));
                if meant(event, &change.path) {
                    if !is_stale_sum(event, earlier, &change.path) {
                        continue;
                    }
                    let line = match now() == change.value.as_ref() {
                        true => {
                            format!("{}'s {} is lost", self.actor(earlier), view.intent(change))
                        }
                        false => fate(state(), change, after),
                    };
                    taken.push((line, change));
                } else if there(before) && !there(after) {
                    taken.push((fate(state(), change, after), change));
                }
            }
        }
        taken
    }
}

pub(super) fn is_there(change: &Change, object: Option<&Value>) -> bool {
    object.is_some_and(|object| change.is_made_in(object))
}

fn meant(event: &Event, path: &FieldPath) -> bool {
    event.intent.iter().any(|change| change.path.overlaps(path))
}

/// Whether this write put a value computed from before `earlier` in its place.
fn is_stale_sum(event: &Event, earlier: &Event, path: &FieldPath) -> bool {
    let derived = event.intent.iter().any(|c| c.derived && c.path.overlaps(path));
    let written = earlier.after.as_deref().and_then(resource_version);
    let read = event.basis.as_ref().map(|basis| basis.revision.0);
    derived && matches!((written, read), (Some(written), Some(read)) if read < written)
}

fn fate(state: String, change: &Change, after: Option<&Value>) -> String {
    let now = after.and_then(|object| change.path.get(object));
    match (&change.value, now) {
        (None, _) => format!("{state} is back"),
        (Some(Value::Object(_)), Some(_)) => format!("{state} is changed"),
        (Some(_), Some(now)) => format!("{state} became {}", or_nothing(Some(now))),
        (Some(_), None) => format!("{state} is gone"),
    }
}

/// One step that a sentence is about.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Told<'a> {
    pub step: usize,
    pub name: &'a str,
    pub event: &'a Event,
}

/// What is known about a witness.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The property that it violates.
    pub property: &'a str,
    /// The run.
    pub story: Story<'a>,
    /// The witness.
    pub witness: &'a Witness,
    /// The acknowledged write that is gone.
    pub victim: Option<Told<'a>>,
    /// The read that was out of date.
    pub stale: Option<Told<'a>>,
    /// The step that took it away.
    pub culprit: Option<Told<'a>>,
}

impl<'a> Facts<'a> {
    /// Looks the pointers up.
    pub fn new(scenario: &'a Scenario, property: &'a str, witness: &'a Witness) -> Self {
        let story = Story::new(scenario, &witness.trace);
        let told = |pointer: &'a Pointer| {
            let event = witness.trace.events.get(pointer.step.checked_sub(1)?)?;
            Some(Told { step: pointer.step, name: &pointer.worker, event })
        };
        Facts {
            victim: told(&witness.victim),
            stale: witness.stale_read.as_ref().and_then(told),
            culprit: witness.culprit.as_ref().and_then(told),
            property,
            story,
            witness,
        }
    }

    /// Of the first violation of a result.
    pub fn of_result(result: &'a CheckResult) -> Option<Self> {
        let property = result.first_violation()?;
        Some(Facts::new(&result.scenario, property.name, property.witness.as_ref()?))
    }

    /// Of the first violation, by a replayed schedule, of a property that its scenario asks for.
    pub fn of_replay(replayed: &'a Replayed) -> Option<Self> {
        let asked = |name: &str| replayed.scenario.properties.iter().any(|asked| asked == name);
        let mut judged = replayed.judged.iter().filter(|(name, ..)| asked(name));
        let (name, witness) =
            judged.find_map(|(name, _, witness)| Some((*name, witness.as_ref()?)))?;
        Some(Facts::new(&replayed.scenario, name, witness))
    }

    /// The step that is drawn as guilty: the culprit's, or else where the loss shows. No worker is
    /// guilty of a conflict: what is marked then is the step that gives up.
    pub fn guilty_step(&self) -> usize {
        match self.witness.class {
            LossClass::Dropped => self.witness.victim.step,
            _ => self.culprit.map_or(self.witness.victim.step, |culprit| culprit.step),
        }
    }

    /// The culprit, where it is another step than the victim.
    pub fn other_culprit(&self) -> Option<Told<'a>> {
        self.culprit.filter(|culprit| culprit.step != self.witness.victim.step)
    }

    /// Whether the victim's write never stored what it meant.
    pub fn never_stored(&self) -> bool {
        let (Some(victim), Some(change)) = (self.victim, self.change()) else { return false };
        victim.event.is_write() && !is_there(change, self.story.after(victim.step))
    }

    /// The write of the victim's or the culprit's reconcile that was stored although its answer was
    /// lost.
    pub fn unanswered(&self) -> Option<usize> {
        let told = self.culprit.or(self.victim)?;
        (1..told.step).rev().find(|step| {
            self.story.event(*step).is_some_and(|event| {
                event.worker() == told.event.worker() && event.committed && !event.answered
            })
        })
    }

    /// The field that was lost.
    pub fn field(&self) -> Option<FieldPath> {
        self.witness.field.parse().ok()
    }

    /// The field's name, as drawn.
    pub fn label(&self) -> String {
        let view = self.victim.and_then(|victim| self.story.view(victim.event));
        match (self.field(), view) {
            (Some(field), Some(view)) => view.label(&field),
            _ => self.witness.field.clone(),
        }
    }

    /// What the victim meant to do to the field.
    pub fn change(&self) -> Option<&'a Change> {
        let field = self.field()?;
        let intent = &self.victim?.event.intent;
        let same = intent.iter().find(|change| change.path == field);
        same.or_else(|| intent.iter().find(|change| change.path.overlaps(&field)))
    }

    /// What was lost: `ready: True`.
    pub fn lost(&self) -> String {
        let view = self.victim.and_then(|victim| self.story.view(victim.event));
        match (view, self.change()) {
            (Some(view), Some(change)) => view.state(&change.path, change.value.as_ref()),
            _ if self.witness.field.is_empty() => "what it meant".to_owned(),
            _ => self.label(),
        }
    }

    /// Whether the victim meant to remove the field.
    pub fn is_removal(&self) -> bool {
        self.change().is_some_and(|change| change.value.is_none())
    }

    /// The line below the guilty row when nothing else is drawn there.
    pub fn lost_line(&self) -> String {
        let guilty = self.guilty_step();
        let after = self.story.after(guilty);
        match (self.change(), self.witness.class) {
            (_, LossClass::Dropped) if self.victim.is_some_and(|v| !v.event.answered) => {
                format!("{} was not acknowledged", self.lost())
            }
            (_, LossClass::Dropped) => format!("{} was never written", self.lost()),
            (_, LossClass::Broken) => self.witness.field.clone(),
            (Some(change), LossClass::Ignored) if change.value.is_none() => {
                format!("{} is still there", self.lost())
            }
            (_, LossClass::Ignored) => format!("{} is not stored", self.lost()),
            (_, LossClass::WrongObject) => {
                format!("{} is in another object of this name", self.lost())
            }
            _ if properties::words(self.property).line.is_some() => {
                properties::words(self.property).line.unwrap_or_default().to_owned()
            }
            (_, LossClass::Torn | LossClass::Skew) => "no worker computed this".to_owned(),
            (Some(_), _) if self.culprit.is_some_and(|c| c.event.action == Action::Decode) => {
                let wiped = self.story.wiped(self.guilty_step());
                format!("in memory {} is gone", super::text::list_and(&wiped))
            }
            (Some(change), _) if !is_there(change, after) => fate(self.lost(), change, after),
            (Some(_), LossClass::Omitted) => format!("{} is not there", self.lost()),
            _ => format!("{} is lost", self.lost()),
        }
    }

    /// The resourceVersion a told step was built from, or read.
    pub fn basis(told: Told<'_>) -> Option<u64> {
        told.event.basis.as_ref().map(|basis| basis.revision.0)
    }

    /// The object's resourceVersion after a told step.
    pub fn made(&self, told: Told<'_>) -> u64 {
        self.story.rv(told.step)
    }

    /// The last conflict that the culprit was told of before its guilty write, in the same run.
    pub fn conflict_before(&self) -> Option<usize> {
        let culprit = self.culprit?;
        (1..culprit.step).rev().find(|step| {
            self.story.event(*step).is_some_and(|event| {
                event.worker() == culprit.event.worker()
                    && event.mark.run == culprit.event.mark.run
                    && event.is_conflict()
            })
        })
    }

    /// Whether the culprit sent an old body under a newer version.
    pub fn is_restamped(&self) -> bool {
        let Some(culprit) = self.culprit else { return false };
        matches!(
            (locked_to(culprit.event), Facts::basis(culprit)),
            (Some(locked), Some(basis)) if locked > basis
        )
    }

    /// Whether the two reconciles overlapped: one began before the other had ended.
    pub fn overlaps(&self) -> Option<bool> {
        let (victim, culprit) = (self.victim?, self.culprit?);
        if victim.event.worker() == culprit.event.worker() {
            return None;
        }
        let (a, b) = (self.span(victim)?, self.span(culprit)?);
        Some(a.0 < b.1 && b.0 < a.1)
    }

    /// The first and the last step of the reconcile that a told step belongs to.
    fn span(&self, told: Told<'_>) -> Option<(usize, usize)> {
        let events = self.story.trace.events.iter().enumerate();
        let mut steps = events
            .filter(|(_, event)| {
                event.worker().is_some()
                    && event.worker() == told.event.worker()
                    && event.mark.run == told.event.mark.run
            })
            .map(|(at, _)| at + 1);
        let first = steps.next()?;
        Some((first, steps.next_back().unwrap_or(first)))
    }

    /// Whether the stale read was a look into a cache.
    pub fn was_cached(&self) -> bool {
        self.stale.is_some_and(|stale| stale.event.action == Action::CacheRead)
    }

    /// The last recreation of the object before the loss, if there was one.
    pub fn recreation(&self) -> Option<usize> {
        (1..=self.guilty_step()).rev().find(|step| {
            let action = self.story.event(*step).map(|event| &event.action);
            action == Some(&Action::Fault(Fault::Recreation))
        })
    }

    /// The kind of patch that the culprit sent.
    pub fn patch(&self) -> Option<PatchKind> {
        self.patch_of(self.culprit?)
    }

    /// The kind of patch that was sent in a step.
    pub fn patch_of(&self, told: Told<'_>) -> Option<PatchKind> {
        match &told.event.action {
            Action::Write { verb, .. } => verb.patch(),
            _ => None,
        }
    }

    /// Whether what was read then is older than what the victim (for a dropped write, the one who
    /// was sooner) wrote.
    pub fn is_behind(&self, read: Told<'_>) -> bool {
        let newer = match self.witness.class {
            LossClass::Dropped => self.culprit,
            _ => self.other_culprit().and(self.victim),
        };
        let same = newer.is_none();
        let made = newer.map_or(0, |newer| self.made(newer));
        let before = self.story.rv(self.witness.victim.step.saturating_sub(1));
        let read = Facts::basis(read).unwrap_or(0);
        read < if same { before } else { made }
    }

    /// Whether the field was there before the culprit's step and is not after it.
    pub fn took_away(&self) -> bool {
        let (Some(change), guilty) = (self.change(), self.guilty_step()) else { return false };
        is_there(change, self.story.before(guilty)) && !is_there(change, self.story.after(guilty))
    }

    /// Whether the culprit wrote the lost field, with a value computed from what it had read.
    pub fn is_computed(&self) -> bool {
        let (Some(field), Some(culprit)) = (self.field(), self.culprit) else { return false };
        culprit.event.intent.iter().any(|c| c.derived && c.path.overlaps(&field))
    }

    /// Whether the culprit's own intent was about the lost field too.
    pub fn same_field(&self) -> bool {
        let (Some(field), Some(culprit)) = (self.field(), self.culprit) else { return false };
        culprit.event.intent.iter().any(|change| change.path.overlaps(&field))
    }

    /// Whether the culprit writes only if what it read looks so, or copies what it read.
    pub fn decides(&self) -> bool {
        let spec = self.culprit.and_then(|culprit| culprit.event.worker());
        let spec = spec.and_then(|worker| self.story.scenario.workers.get(worker));
        let copies = |value: &ValueExpr| matches!(value, ValueExpr::Read(_));
        spec.is_some_and(|spec| {
            !spec.when.is_empty() || spec.sets.iter().any(|(_, value)| copies(value))
        })
    }

    /// The list that the lost field is in, by name.
    pub fn list(&self) -> Option<String> {
        let list = self.field()?.outermost_list()?;
        let view = self.story.view(self.victim?.event)?;
        Some(view.label(&list))
    }
}
