//! The lesson of a run of real workers: that run alone, since they cannot be run from a page.

use std::sync::Arc;

use crate::check::game::{Belief, Heard};
use crate::check::result::Comparison;
use crate::check::result::{Lesson, Shown, Square};
use crate::check::verdict::Replayed;
use crate::trace::{Action, Actor};

/// The lesson of one run, by the letters of its workers.
pub(crate) fn of_run(run: Replayed, letters: Vec<char>) -> Lesson {
    let scenario = Arc::clone(&run.scenario);
    let judged = run.judged.iter().map(|(name, ..)| *name).collect();
    let workers = scenario.workers.len();
    let mut beliefs = vec![vec![Belief::default(); workers]];
    let mut steps = Vec::new();
    for event in &run.trace.events {
        let mut now = beliefs.last().cloned().unwrap_or_default();
        let (worker, delivered) = match event.actor {
            Actor::Worker(worker) => (Some(worker), false),
            Actor::Cache(worker) => (Some(worker), true),
            Actor::World => (None, false),
        };
        let letter = worker.and_then(|at| letters.get(at)).map(char::to_string);
        let letter = letter.unwrap_or_else(|| "?".to_owned());
        steps.push(if delivered { format!("~{letter}") } else { letter });
        let reads = matches!(event.action, Action::Read | Action::Deliver);
        let told = event.seen.as_ref().filter(|_| reads && event.answered);
        if let (Some(belief), Some(object)) = (worker.and_then(|at| now.get_mut(at)), told) {
            belief.object = Some(Arc::clone(object));
            belief.key = event.key.clone();
            belief.from = if delivered { Heard::Cache } else { Heard::Live };
        }
        beliefs.push(now);
    }
    let places = beliefs.len();
    let shown = Shown {
        run,
        letters: steps,
        beliefs,
        stores: Vec::new(),
        stored: vec![Vec::new(); places],
        ahead: vec![vec![None; workers]; places],
        odds: vec![None; places],
        instead: None,
        swap: None,
        same_order: Vec::new(),
    };
    Lesson {
        shown: vec![shown],
        first: 0,
        strip: vec![Square { shown: 0, schedules: None }],
        comparison: Comparison { scenario, rows: Vec::new(), list_type: None },
        worst: Vec::new(),
        letters,
        judged,
        chart: None,
    }
}
