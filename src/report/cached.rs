//! What a look into an informer cache finds: nothing, before it has synced; or a copy that a worker
//! of the process put there itself.
//!
//! Next to read: `notes.rs`, which says it below the step.

use super::losses::Facts;
use super::story::{Story, resource_version, seen_rv};
use crate::scenario::Scenario;
use crate::trace::{Action, Actor, Event, Fault};

/// What a cache holds of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// Nothing of any: it has not synced.
    Unsynced,
    /// What a server had at this resourceVersion, or nothing.
    AsOf(Option<u64>),
    /// What was put there in this step.
    Copy(usize),
}

impl Story<'_> {
    /// What the cache of the mover's process held before a step, of the object that it is about.
    pub(super) fn cached_before(&self, step: usize) -> Option<Held> {
        let event = self.event(step)?;
        let process = self.process_of(event)?;
        let initial = event.key.as_ref().and_then(|key| {
            let mut known = self.trace.initial.iter();
            known.find(|(known, _)| known == key).and_then(|(_, object)| resource_version(object))
        });
        let begins = match begins_unsynced(self.scenario, process) {
            true => Held::Unsynced,
            false => Held::AsOf(initial),
        };
        let mut held = begins;
        for (at, earlier) in self.trace.events[..step - 1].iter().enumerate() {
            let about = earlier.key == event.key;
            let now = || self.stored(at + 1, event);
            match (earlier.actor, &earlier.action) {
                (Actor::Cache(cache), action) if self.is_cache_of(cache, process) => match action {
                    Action::Sync { .. } => held = Held::AsOf(now()),
                    _ if about => held = Held::AsOf(seen_rv(earlier)),
                    _ => {}
                },
                (Actor::Worker(_), Action::CacheWrite)
                    if about && self.process_of(earlier) == Some(process) =>
                {
                    held = Held::Copy(at + 1);
                }
                (_, Action::Fault(Fault::WatchGap(cache))) if self.is_cache_of(*cache, process) => {
                    held = Held::AsOf(now());
                }
                (_, Action::Fault(Fault::Crash(at))) if self.process(*at) == process => {
                    held = match begins {
                        Held::Unsynced => Held::Unsynced,
                        _ => Held::AsOf(now()),
                    };
                }
                _ => {}
            }
        }
        Some(held)
    }

    /// The resourceVersion of an event's object after this number of steps.
    fn stored(&self, steps: usize, event: &Event) -> Option<u64> {
        self.object_at(steps, self.view_index(event)?).and_then(resource_version)
    }

    fn process_of(&self, event: &Event) -> Option<&str> {
        let spec = event.worker().and_then(|worker| self.scenario.workers.get(worker))?;
        Some(spec.process.as_str())
    }

    fn is_cache_of(&self, cache: usize, process: &str) -> bool {
        self.trace.caches.get(cache).is_some_and(|name| name == process)
    }

    /// What is said below a look into a cache, or below a write to one.
    pub(super) fn cache_note(&self, step: usize) -> Option<String> {
        let event = self.event(step)?;
        match (&event.action, self.cached_before(step)?) {
            (Action::CacheRead | Action::List { cached: true, .. }, Held::Unsynced) => {
                Some("its cache has not synced".to_owned())
            }
            (Action::CacheRead, Held::Copy(at)) => Some(match self.is_stored(at) {
                false => format!("the copy of step {at}: no server has it"),
                true => format!("put there in step {at}"),
            }),
            (Action::CacheWrite, Held::AsOf(Some(newer))) if Some(newer) > seen_rv(event) => {
                Some(format!("over rv {newer}, which it had received"))
            }
            (Action::CacheWrite, _) => Some("no request is made".to_owned()),
            _ => None,
        }
    }

    /// Whether what was put into a cache is what a server has answered.
    fn is_stored(&self, step: usize) -> bool {
        self.event(step).is_some_and(|event| event.intent.is_empty())
    }
}

/// Why a worker saw what no server had: the first look at each, and the first copy.
pub(super) fn reasons(facts: &Facts<'_>) -> Vec<String> {
    let story = &facts.story;
    let mut reasons = Vec::new();
    let steps =
        || (1..=story.trace.events.len()).filter_map(|step| Some((step, story.event(step)?)));
    let looks = |event: &Event| {
        matches!(event.action, Action::CacheRead | Action::List { cached: true, .. })
    };
    let early = steps()
        .find(|(step, event)| looks(event) && story.cached_before(*step) == Some(Held::Unsynced));
    if let Some((step, event)) = early {
        reasons.push(format!(
            "{} read its cache in step {step} and had not waited for HasSynced: an empty cache \
             does not say that there is no such object",
            story.actor(event)
        ));
    }
    let Some((put, event)) = steps().find(|(_, event)| event.action == Action::CacheWrite) else {
        return reasons;
    };
    let who = story.actor(event);
    if !story.is_stored(put) {
        let changes = story.changes(event);
        reasons.push(format!(
            "{who} put {changes} into the cache of its process in step {put}: no request was made, \
             so no server has it"
        ));
        let found = steps().find(|(step, event)| {
            looks(event) && story.cached_before(*step) == Some(Held::Copy(put))
        });
        reasons.extend(found.map(|(step, event)| {
            format!("{} read that copy in step {step}, as if it were stored", story.actor(event))
        }));
        return reasons;
    }
    let over = steps().find_map(|(step, event)| match story.cached_before(step)? {
        Held::AsOf(Some(newer)) if event.action == Action::CacheWrite => {
            (Some(newer) > seen_rv(event)).then_some((step, event, newer))
        }
        _ => None,
    });
    reasons.extend(over.map(|(step, event, newer)| {
        format!(
            "{} put rv {} into its cache in step {step}, over rv {newer}: the event of rv {newer} \
             had come already and does not come again, so the cache stays behind until the object \
             changes once more",
            story.actor(event),
            seen_rv(event).unwrap_or(0)
        )
    }));
    reasons
}

/// Whether the cache of a process begins without its list.
fn begins_unsynced(scenario: &Scenario, process: &str) -> bool {
    let own = scenario.workers.iter().filter(|spec| spec.process == process);
    own.into_iter().any(|spec| match &spec.steps {
        None => spec.freshness.begins_unsynced(),
        Some(steps) => {
            let mut read = steps.code.iter().filter_map(|op| op.reads_cache_at());
            read.any(|freshness| freshness.begins_unsynced())
        }
    })
}
