//! Why the API server refuses the way a scenario writes.
//!
//! Next to read: `advice.rs`.

use std::sync::Arc;

use super::prepared::Prepared;
use crate::apiserver::{PatchKind, Verb};
use crate::scenario::Scenario;
use crate::schedulers;
use crate::simulation::Choice;
use crate::trace::Action;

/// Why the server refuses the way a scenario writes, whoever moves when: what it answers to a
/// worker that is alone.
pub(super) fn refusal(scenario: &Arc<Scenario>) -> Option<String> {
    if scenario.workers.iter().any(|worker| worker.unsayable().is_some()) {
        return Some(crate::scenario::NOT_BY_APPLY.to_owned());
    }
    let prepared = Prepared::new(scenario).ok()?;
    (0..prepared.world.workers.len()).find_map(|worker| {
        let mut world = prepared.world.clone();
        let alone = Choice::Worker(worker);
        let choose = |choices: &[Choice]| {
            let moves = choices.iter().position(|choice| *choice == alone);
            // Its cache may have to sync first.
            let delivers = |choice: &_| matches!(choice, Choice::Deliver(_));
            moves.or_else(|| choices.iter().position(delivers))
        };
        let run = schedulers::run(&mut world, &mut schedulers::Manual(choose), 16);
        let refused = run.events.iter().find(|event| {
            let tested =
                matches!(event.action, Action::Write { verb: Verb::Patch(PatchKind::Json), .. });
            let unreadable = event.code == Some(422) && !tested;
            event.is_write() && (unreadable || matches!(event.code, Some(400 | 404 | 405 | 415)))
        })?;
        let verb = match &refused.action {
            Action::Write { verb: Verb::Update, .. } => "PUT",
            _ => "PATCH",
        };
        let message = refused.message.clone().unwrap_or_default();
        Some(format!("{verb} is answered {}: {message}", refused.code?))
    })
}
