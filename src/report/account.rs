//! What is asked of the server, and of the definition, about a witness: the server's own account of
//! a write, and whether a read was stale, an update lost, a list without a type.
//!
//! Next to read: `unmet.rs`, which makes sentences of it.

use std::sync::Arc;

use super::losses::{Facts, Told, is_there};
use crate::apiserver::{Account, Options, Request};
use crate::history::Want;
use crate::scenario::Plan;
use crate::trace::Action;

impl Facts<'_> {
    /// The server's account of a told write: what became of each leaf of the request.
    pub fn account(&self, told: Told<'_>) -> Option<Account> {
        let event = told.event;
        let Action::Write { verb, subresource, force, sent, .. } = &event.action else {
            return None;
        };
        let spec = self.story.scenario.workers.get(event.worker()?)?;
        let plan = Plan::new(self.story.scenario).ok()?;
        let key = event.key.clone()?;
        let request = Request {
            verb: *verb,
            resource: key.resource,
            namespace: key.namespace,
            name: Some(key.name),
            subresource: *subresource,
            options: Options {
                field_manager: Some(spec.field_manager.clone()),
                force: force.then_some(true),
                ..Options::default()
            },
            body: Some(Arc::clone(sent)),
            user_agent: spec.name.clone(),
            time: plan.setting.time,
        };
        plan.server.account(&request, event.before.as_deref())
    }

    /// Whether the lost leaf was to be gone.
    pub fn wants_nothing(&self) -> bool {
        match &self.witness.finding {
            Some(finding) => matches!(finding.want, Want::Absent | Want::Only(_)),
            None => self.is_removal(),
        }
    }

    /// Whether the read that the story points at was out of date.
    pub fn has_stale_read(&self) -> bool {
        self.stale.is_some_and(|stale| self.is_behind(stale))
    }

    /// Whether the lost leaf holds what another worker meant it to be.
    pub fn holds_anothers(&self) -> bool {
        let (Some(victim), Some(field)) = (self.victim, self.field()) else { return false };
        let after = self.story.after(victim.step);
        let events = self.story.trace.events.iter().take(victim.step);
        let mut others = events.filter(|event| event.worker() != victim.event.worker());
        others.any(|event| {
            let mut meant = event.intent.iter().filter(|change| change.path.overlaps(&field));
            event.committed && meant.any(|change| is_there(change, after))
        })
    }

    /// Whether the culprit was built from a version older than what the victim wrote.
    pub fn is_lost_update(&self) -> bool {
        let (Some(victim), Some(culprit)) = (self.victim, self.other_culprit()) else {
            return false;
        };
        let basis = Facts::basis(culprit);
        victim.step < culprit.step && basis.is_some_and(|basis| basis < self.made(victim))
    }

    /// The list that the lost field is in, if its schema does not say how it merges.
    pub fn untyped_list(&self) -> Option<String> {
        let (list, plan) = (self.field()?.outermost_list()?, Plan::new(self.story.scenario).ok()?);
        let kind = plan.server.kind_of(&self.victim?.event.key.as_ref()?.resource)?;
        kind.is_untyped_list(&list.field_names()).then(|| self.list()).flatten()
    }
}
