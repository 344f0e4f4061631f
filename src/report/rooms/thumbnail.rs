//! A small drawing of a run: a lane for each worker, the object's line between them, and the
//! guilty step in red.
//!
//! Next to read: `words.rs`.

use std::fmt::Write as _;

use crate::check::CheckResult;
use crate::report::losses::Facts;
use crate::report::story::{Flow, Story};

/// Steps that are drawn; what comes after them is left out.
const MOST_STEPS: usize = 16;

const WIDTH: usize = 120;
const ROW: usize = 8;

/// The run that the exhibit opens with.
pub(super) fn of(result: &CheckResult) -> String {
    let Some(lesson) = result.lesson.as_deref() else { return String::new() };
    let run = &lesson.shown[lesson.first].run;
    let facts = Facts::of_replay(run);
    let guilty = facts.as_ref().map(Facts::guilty_step);
    let story = Story::new(&run.scenario, &run.trace);
    let workers = run.trace.workers.len().max(1);
    let lane = |worker: usize| match (worker, workers) {
        (_, 1) => 12,
        (at, n) => 12 + at * (WIDTH - 24) / (n - 1),
    };
    let (steps, middle) = (run.trace.events.len().min(MOST_STEPS), WIDTH / 2);
    let height = (steps + 1) * ROW;
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" aria-hidden=\"true\">");
    let _ = write!(svg, "<path class=o d=\"M{middle} 0V{height}\"/>");
    for worker in 0..workers {
        let _ = write!(svg, "<path class=l d=\"M{} 0V{height}\"/>", lane(worker));
    }
    // A step before the first one that is drawn is not missed: what is guilty is at the end.
    let skipped = run.trace.events.len() - steps;
    for (at, event) in run.trace.events.iter().enumerate().skip(skipped) {
        let y = (at - skipped + 1) * ROW;
        let class = if Some(at + 1) == guilty { "g" } else { "s" };
        let Some(worker) = event.worker() else {
            let _ = write!(svg, "<circle class={class} cx={middle} cy={y} r=1.5 />");
            continue;
        };
        let x = lane(worker);
        if story.flow(event) != Flow::Local {
            let _ = write!(svg, "<path class={class} d=\"M{x} {y}H{middle}\"/>");
        }
        let _ = write!(svg, "<circle class={class} cx={x} cy={y} r=2.5 />");
    }
    svg + "</svg>"
}
