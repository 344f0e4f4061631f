//! One step as every drawing tells it: the terminal, the page and the JSON all read [`Told`], so
//! that they cannot tell different stories of one schedule.
//!
//! `story.rs` names what happened, `notes.rs` and `losses.rs` say what it meant; here it is put
//! together, with the lines of the object that were lost. Next to read: `timeline.rs`, the
//! terminal's drawing of it; `page/mod.rs`, the page's.

use serde::Serialize;

use super::losses::Facts;
use super::story::{Flow, Story};
use super::yaml;
use crate::trace::{Action, Actor, Event, Fault, Loaded};

/// One step, told.
#[derive(Clone, Debug, Serialize, PartialEq, Eq, Hash)]
pub struct Told {
    /// Who moves.
    pub who: String,
    /// The workers in whose lanes it is drawn; none if it is the object's alone.
    pub lanes: Vec<usize>,
    /// Whose step it is, if it is a worker's.
    pub worker: Option<usize>,
    /// What kind of step it is: `read`, `write`, `cache`, `memory`, `watch` or `fault`.
    pub kind: &'static str,
    /// Which way it goes.
    #[serde(serialize_with = "flow_name")]
    pub flow: Flow,
    /// The ways to name it, the longest first.
    pub names: Vec<String>,
    /// The status code of the answer.
    pub code: Option<u16>,
    /// Whether the answer reached the worker.
    pub answered: bool,
    /// Whether the worker holds the object afterwards as it was then.
    pub takes: bool,
    /// The object's resourceVersion after it.
    pub rv: u64,
    /// Which object it is about, by index into the views.
    pub view: usize,
    /// The object after it, compactly.
    pub object: String,
    /// What is said below it.
    pub notes: Vec<String>,
    /// What it took away.
    pub gone: Vec<String>,
    /// Of the object before it: the lines that it took away, by number.
    pub lost: Vec<usize>,
    /// Of the object after it: the lines that it meant to write, by number.
    pub wrote: Vec<usize>,
}

fn flow_name<S: serde::Serializer>(flow: &Flow, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match flow {
        Flow::Reads => "reads",
        Flow::Writes => "writes",
        Flow::Refused => "refused",
        Flow::Local => "local",
    })
}

/// A step of a run; with the facts of a witness, the guilty one says what it took.
pub fn told(story: &Story<'_>, facts: Option<&Facts<'_>>, step: usize) -> Told {
    let event = &story.trace.events[step - 1];
    let guilty = facts.filter(|facts| facts.guilty_step() == step);
    let mut gone = story.gone(step);
    if let (Some(facts), true) = (guilty, gone.is_empty()) {
        gone.push(facts.lost_line());
    }
    Told {
        who: story.actor(event),
        lanes: lanes(story, event),
        worker: event.worker(),
        kind: kind(event),
        flow: match event.action {
            Action::Deliver | Action::Sync { .. } => Flow::Reads,
            _ => story.flow(event),
        },
        names: story.names(event),
        code: event.code,
        answered: event.answered,
        takes: takes(event),
        rv: story.rv(step),
        view: story.view_index(event).unwrap_or(0),
        object: story.view(event).map_or_else(String::new, |v| v.compact(story.after(step))),
        notes: notes(story, step),
        gone,
        lost: lost(story, guilty, step),
        wrote: wrote(story, step),
    }
}

/// Lines of a program shown beside one step.
const SAID: usize = 4;

/// What is said below a step; `| ` marks a line that the worker has printed.
fn notes(story: &Story<'_>, step: usize) -> Vec<String> {
    let mut notes = story.notes(step);
    let said = story.trace.said.iter().filter(|(at, _)| at + 1 == step);
    let said: Vec<String> = said.map(|(_, line)| format!("| {line}")).collect();
    let more = said.len().saturating_sub(SAID);
    notes.extend(said.into_iter().take(SAID));
    notes.extend((more > 0).then(|| format!("| ({more} lines more)")));
    notes
}

/// Every step of a run.
pub fn all(story: &Story<'_>, facts: Option<&Facts<'_>>) -> Vec<Told> {
    (1..=story.trace.events.len()).map(|step| told(story, facts, step)).collect()
}

fn kind(event: &Event) -> &'static str {
    match &event.action {
        Action::Read | Action::ReadRevision | Action::Load(Loaded::Live) => "read",
        Action::Write { .. } => "write",
        Action::List { cached: false, .. } => "read",
        Action::CacheRead | Action::CacheWrite | Action::List { cached: true, .. } => "cache",
        Action::Effect(_) => "effect",
        Action::Lead(_) => "memory",
        Action::Load { .. } | Action::Touch | Action::Decode => "memory",
        Action::Deliver | Action::Sync { .. } => "watch",
        Action::Fault(_) => "fault",
    }
}

fn takes(event: &Event) -> bool {
    matches!(event.action, Action::Read | Action::CacheRead | Action::Load { .. })
}

/// The workers that a step concerns.
fn lanes(story: &Story<'_>, event: &Event) -> Vec<usize> {
    let of_process = |name: &str| {
        let workers = story.scenario.workers.iter().enumerate();
        workers.filter(|(_, spec)| spec.process == name).map(|(at, _)| at).collect()
    };
    let cache = |cache: usize| story.trace.caches.get(cache).map_or("", String::as_str);
    match (event.actor, &event.action) {
        (Actor::Worker(worker), _) => vec![worker],
        (Actor::Cache(at), _) => of_process(cache(at)),
        (_, Action::Fault(Fault::WatchGap(at))) => of_process(cache(*at)),
        (_, Action::Fault(Fault::LostResponse(worker) | Fault::Deadline(worker))) => vec![*worker],
        (_, Action::Fault(Fault::Crash(_))) => of_process(&story.actor(event)),
        _ => Vec::new(),
    }
}

/// The lines of the object before a step that show what the step took away.
fn lost(story: &Story<'_>, guilty: Option<&Facts<'_>>, step: usize) -> Vec<usize> {
    let (Some(before), after) = (story.before(step), story.after(step)) else { return Vec::new() };
    let mut fields: Vec<_> =
        story.taken(step).into_iter().map(|(_, change)| change.path.clone()).collect();
    fields.extend(guilty.filter(|facts| facts.took_away()).and_then(Facts::field));
    let there = |at: &str| after.is_some_and(|after| after.pointer(at).is_some());
    let lines = yaml::lines(Some(before));
    let mut lost = Vec::new();
    for at in fields.iter().filter_map(|field| yaml::pointer(field, before)) {
        let inside = format!("{at}/");
        // A map that held nothing else went with it.
        let above = |line: &str| at.starts_with(&format!("{line}/")) && !there(line);
        let shows = |line: &str| line == at || line.starts_with(&inside) || above(line);
        lost.extend(lines.iter().enumerate().filter(|(_, l)| shows(&l.at)).map(|(n, _)| n));
    }
    lost.sort_unstable();
    lost.dedup();
    lost
}

/// The lines of the object after a step that show what its worker meant to write.
fn wrote(story: &Story<'_>, step: usize) -> Vec<usize> {
    let event = &story.trace.events[step - 1];
    let Some(after) = story.after(step).filter(|_| event.is_write()) else { return Vec::new() };
    let lines = yaml::lines(Some(after));
    let paths = event.intent.iter().map(|change| &change.path);
    let pointers: Vec<String> = paths.filter_map(|path| yaml::pointer(path, after)).collect();
    let shows =
        |line: &str| pointers.iter().any(|at| line == at || line.starts_with(&format!("{at}/")));
    lines.iter().enumerate().filter(|(_, line)| shows(&line.at)).map(|(n, _)| n).collect()
}
