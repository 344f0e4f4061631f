//! What is said below a step: where its body came from, what became of it, what memory holds.
//!
//! Next to read: `losses.rs`.

use super::story::{Story, is_status_on_main, locked_to, resource_version, verb};
use crate::reconcilers::Change;
use crate::trace::{Action, Event};

impl<'a> Story<'a> {
    /// What is said below a step: where its body came from, what became of it.
    pub fn notes(&self, step: usize) -> Vec<String> {
        let Some(event) = self.event(step) else { return Vec::new() };
        let mut notes = Vec::new();
        if event.is_write() {
            notes.extend(self.origin(step, event));
            if is_status_on_main(event) {
                notes.push("to the main endpoint".to_owned());
            }
            if event.code.is_some_and(|code| code / 100 == 2) && !event.committed {
                notes.push("nothing changed".to_owned());
            }
        }
        if let (Some(code), Some(reason)) = (event.code, event.reason)
            && code >= 400
            && code != 409
        {
            notes.push(reason.to_owned());
        }
        if matches!(event.action, Action::Touch | Action::Decode) {
            let memory = self.view(event).map(|view| view.compact(event.seen.as_deref()));
            notes.extend(memory.map(|memory| format!("memory {memory}")));
        }
        if !event.answered && event.code.is_some() {
            notes.push("the answer is lost".to_owned());
        }
        if self.is_refused_by_setter(event) {
            notes.push("its setter refuses what it is about to send".to_owned());
        }
        notes.extend(self.cache_note(step));
        if event.mark.dropped {
            notes.push("gives up".to_owned());
        }
        notes
    }

    /// Whether the run ends here because `validate` of the worker does not let a write pass.
    pub fn is_refused_by_setter(&self, event: &Event) -> bool {
        let spec = event.worker().and_then(|worker| self.scenario.workers.get(worker));
        let validates = spec.is_some_and(|spec| {
            let steps = spec.steps.iter().flat_map(|steps| steps.writes());
            !spec.validate.is_empty() || steps.into_iter().any(|op| !op.job.validate.is_empty())
        });
        let refused = event.code.is_some_and(|code| code >= 400);
        event.mark.dropped && event.answered && validates && !refused && event.seen.is_some()
    }

    /// Where the body of a write came from, if that was not the newest object.
    fn origin(&self, step: usize, event: &Event) -> Option<String> {
        let basis = event.basis.as_ref()?.revision.0;
        let current = self.before(step).and_then(resource_version)?;
        let refused = event.code.is_some_and(|code| code >= 400);
        if basis >= current || refused || self.is_shared(event) {
            return None;
        }
        let restamped = locked_to(event).is_some_and(|rv| rv > basis);
        Some(match (restamped, self.read_from_cache(step), verb(event)) {
            (true, ..) => format!("body still rv {basis}"),
            (false, true, _) => format!("from cached rv {basis}"),
            (false, false, "PUT") => format!("body read at rv {basis}"),
            (false, false, "APPLY") => return None,
            (false, false, _) => format!("computed from rv {basis}"),
        })
    }

    /// Whether the worker's last read before this step was a look into its cache.
    pub fn read_from_cache(&self, step: usize) -> bool {
        self.last_read(step)
            .and_then(|read| self.event(read))
            .is_some_and(|event| event.action == Action::CacheRead)
    }

    /// The worker's last read before this step that it took a whole object from.
    pub fn last_read(&self, step: usize) -> Option<usize> {
        let worker = self.event(step)?.worker()?;
        (1..step).rev().find(|at| {
            let event = &self.trace.events[at - 1];
            let reads =
                matches!(event.action, Action::Read | Action::CacheRead | Action::Load { .. });
            reads && event.worker() == Some(worker)
        })
    }

    /// What of the shared object in memory is no longer there after this step.
    pub fn wiped(&self, step: usize) -> Vec<String> {
        let Some(event) = self.event(step) else { return Vec::new() };
        let (Some(view), Some(memory)) = (self.view(event), event.seen.as_deref()) else {
            return Vec::new();
        };
        let pending = self.pending_touches(step);
        pending
            .into_iter()
            .filter(|change| !change.is_made_in(memory))
            .map(|change| view.state(&change.path, change.value.as_ref()))
            .collect()
    }

    /// What others of the process have put into memory and not yet sent, before this step.
    fn pending_touches(&self, step: usize) -> Vec<&'a Change> {
        let process = |event: &Event| {
            let spec = event.worker().and_then(|worker| self.scenario.workers.get(worker));
            spec.map(|spec| spec.process.as_str())
        };
        let Some(event) = self.event(step) else { return Vec::new() };
        let mut pending: Vec<(Option<usize>, &Change)> = Vec::new();
        for earlier in &self.trace.events[..step - 1] {
            if process(earlier) != process(event) || earlier.worker() == event.worker() {
                continue;
            }
            match earlier.action {
                Action::Touch => {
                    pending.extend(earlier.intent.iter().map(|change| (earlier.worker(), change)));
                }
                Action::Write { .. } => pending.retain(|(who, _)| *who != earlier.worker()),
                _ => {}
            }
        }
        pending.into_iter().map(|(_, change)| change).collect()
    }
}
