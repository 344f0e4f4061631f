//! Chrome trace events, which Perfetto and `chrome://tracing` open.
//!
//! The mapping: a scenario is a process (pid, from 1), a worker a thread (tid, from 1; caches from
//! 101, objects from 201), a step one slice of one millisecond, in the order of the schedule. An
//! object's track shows what it is, from one write to the next. From the read to the write that was
//! made of it goes a flow; the guilty step is named so. Time here is an order, nothing else.
//! Next to read: `name`, the last line of the table in `mod.rs`.

use serde_json::{Value, json};

use super::losses::Facts;
use super::story::Story;
use super::told::{self, Told};
use crate::check::CheckResult;
use crate::trace::{Actor, Event};

/// Microseconds of one step.
const STEP: u64 = 1000;

const CACHES: usize = 101;
const OBJECTS: usize = 201;

/// The document: a losing schedule of each result that has one, or the schedule that was asked
/// for.
pub fn render(results: &[CheckResult]) -> String {
    let mut events = Vec::new();
    for (result, pid) in results.iter().zip(1..) {
        match &result.run {
            Some(run) => {
                let facts = Facts::of_replay(run);
                let story = Story::new(&run.scenario, &run.trace);
                one(&mut events, pid, &story, facts.as_ref());
            }
            None => {
                if let Some(facts) = Facts::of_result(result) {
                    one(&mut events, pid, &facts.story, Some(&facts));
                }
            }
        }
    }
    let document = json!({
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": { "generator": concat!("lostwrite ", env!("CARGO_PKG_VERSION")) },
    });
    format!("{document:#}\n")
}

fn one(events: &mut Vec<Value>, pid: usize, story: &Story<'_>, facts: Option<&Facts<'_>>) {
    let name = |what, tid, name: &str| named(pid, what, tid, name);
    events.push(name("process_name", 0, &story.scenario.name));
    let workers = story.trace.workers.iter().enumerate();
    events.extend(workers.map(|(at, worker)| name("thread_name", at + 1, worker)));
    let caches = story.trace.caches.iter().enumerate();
    events
        .extend(caches.map(|(at, of)| name("thread_name", CACHES + at, &format!("{of}'s cache"))));
    let views = story.views.iter().enumerate();
    events.extend(views.map(|(at, view)| name("thread_name", OBJECTS + at, &view.title())));
    let told = told::all(story, facts);
    for (at, told) in told.iter().enumerate() {
        events.push(slice(pid, story, facts, told, at + 1));
    }
    for view in 0..story.views.len() {
        states(events, pid, story, view);
    }
    for (told, step) in told.iter().zip(1..) {
        flow(events, pid, story, told, step);
    }
}

/// The name of a process or of one of its threads.
fn named(pid: usize, what: &str, tid: usize, name: &str) -> Value {
    let args = json!({ "name": name });
    json!({ "ph": "M", "pid": pid, "tid": tid, "name": what, "args": args })
}

/// The track of whoever moves.
fn track(event: &Event, view: usize) -> usize {
    match event.actor {
        Actor::Worker(worker) => worker + 1,
        Actor::Cache(cache) => CACHES + cache,
        Actor::World => OBJECTS + view,
    }
}

fn begins(step: usize) -> u64 {
    (step as u64 - 1) * STEP
}

fn slice(
    pid: usize,
    story: &Story<'_>,
    facts: Option<&Facts<'_>>,
    told: &Told,
    step: usize,
) -> Value {
    let event = &story.trace.events[step - 1];
    let guilty = facts.is_some_and(|facts| facts.guilty_step() == step);
    let name = told.names.first().map_or("", String::as_str);
    let mut value = json!({
        "ph": "X", "pid": pid, "tid": track(event, told.view), "ts": begins(step), "dur": STEP,
        "name": if guilty { format!("✗ {name}") } else { name.to_owned() },
        "cat": if guilty { "guilty" } else { told.kind },
        "args": {
            "step": step, "who": told.who, "code": told.code, "resourceVersion": told.rv,
            "object": told.object, "notes": told.notes, "gone": told.gone,
        },
    });
    if guilty {
        value["cname"] = json!("terrible");
    }
    value
}

/// What an object is, from one change to the next.
fn states(events: &mut Vec<Value>, pid: usize, story: &Story<'_>, view: usize) {
    let steps = story.trace.events.len();
    let shown = |after| story.views[view].compact(story.object_at(after, view));
    let mut from = 0;
    for step in 1..=steps + 1 {
        if step <= steps && shown(step) == shown(from) {
            continue;
        }
        // A change is made in its step, and seen from the end of it on.
        let (start, end) = (from as u64 * STEP, step as u64 * STEP);
        events.push(json!({
            "ph": "X", "pid": pid, "tid": OBJECTS + view, "ts": start, "dur": end - start,
            "name": shown(from), "cat": "object", "args": {},
        }));
        from = step;
    }
}

/// From the read that a write was made of to the write.
fn flow(events: &mut Vec<Value>, pid: usize, story: &Story<'_>, told: &Told, step: usize) {
    let Some(read) = story.last_read(step).filter(|_| told.kind == "write") else { return };
    let tid = track(&story.trace.events[step - 1], told.view);
    let end = |phase: &str, step: usize| {
        json!({
            "ph": phase, "pid": pid, "tid": tid, "ts": begins(step) + STEP / 2,
            "id": pid * 1_000_000 + read, "name": "made of", "cat": "basis",
        })
    };
    events.push(end("s", read));
    let mut finish = end("f", step);
    finish["bp"] = json!("e");
    events.push(finish);
}
