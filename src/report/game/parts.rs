//! A step taken apart: what is computed, sent, compared, stored and answered.
//!
//! The parts of one step cannot be torn from each other; that is what makes it a step, and what
//! the gap between two steps is not. Next to read: `ending.rs`.

use super::story;
use crate::check::game::Walk;
use crate::report::leadership::leadership;
use crate::report::story::{Story, locked_to, seen_rv, verb};
use crate::report::style::{Role, Style};
use crate::report::text::{Text, wrap};
use crate::trace::{Action, Actor, Event, Fault, Loaded};

/// The parts of a step, counted from 1; `None` if there is no such step.
pub fn parts(walk: &Walk<'_>, step: usize, style: &Style) -> Option<Vec<Text>> {
    let trace = walk.trace();
    let story = story(walk.game(), &trace);
    let event = story.event(step)?;
    let name = story.names(event).into_iter().next().unwrap_or_default();
    let title = format!(" step {step} in its parts: {} {name}", story.actor(event));
    let mut lines = vec![Text::of(Role::Strong, title)];
    let parts = tell(walk, &story, step, event);
    let width = parts.iter().map(|(who, _)| who.chars().count()).max().unwrap_or(0);
    for (at, (who, what)) in parts.into_iter().enumerate() {
        let lead = format!("   {}. {who:width$}  ", at + 1);
        let room = style.width.saturating_sub(lead.chars().count()).max(24);
        for (line, part) in wrap(&what, room).into_iter().enumerate() {
            let blank = " ".repeat(lead.chars().count());
            let lead = if line == 0 { lead.clone() } else { blank };
            lines.push(Text::of(Role::Faint, lead).then(Role::Plain, part));
        }
    }
    lines.push(Text::of(
        Role::Faint,
        "   No other worker can come in between these parts. Between two steps, any worker can.",
    ));
    Some(lines)
}

type Part = (String, String);

fn tell(walk: &Walk<'_>, story: &Story<'_>, step: usize, event: &Event) -> Vec<Part> {
    let who = story.actor(event);
    let server = || "API server".to_owned();
    let object = |object: Option<&serde_json::Value>| {
        story.view(event).map_or_else(String::new, |view| view.compact(object))
    };
    let key = event.key.as_ref().map_or_else(String::new, ToString::to_string);
    let now = object(story.after(step));
    let held = object(event.seen.as_deref());
    match &event.action {
        Action::Read | Action::ReadRevision | Action::Load(Loaded::Live) => {
            let keeps = match event.action == Action::ReadRevision {
                true => format!("keeps rv {}, and nothing else of it", story.rv(step)),
                false => format!("keeps {held} as of rv {}", story.rv(step)),
            };
            vec![
                (who.clone(), format!("asks for {key}")),
                (server(), format!("reads it: {now}, rv {}", story.rv(step))),
                (server(), format!("answers {}", event.code.unwrap_or(0))),
                (who, keeps),
            ]
        }
        Action::CacheRead | Action::Load(Loaded::Cache) => vec![
            (who.clone(), format!("looks into the cache of its process for {key}")),
            (who.clone(), format!("finds {held} as of rv {}", seen_rv(event).unwrap_or(0))),
            (server(), format!("is not asked; it has {now}, rv {}", story.rv(step))),
        ],
        Action::CacheWrite => vec![
            (who, format!("puts its copy into the cache of its process: {held}")),
            (server(), format!("is not asked, and never sees that; it has {now}")),
        ],
        Action::Sync { found } => {
            vec![(who, format!("receives its first list, and has synced: {found} in it"))]
        }
        Action::Load(Loaded::Held) => {
            vec![(who, format!("finds it in memory already: {held}"))]
        }
        Action::Touch if event.intent.is_empty() => {
            vec![(who, format!("finds the shared object not as `when` wants it: {held}"))]
        }
        Action::List { of, found, cached: true } => {
            vec![(who, format!("looks into the cache of its process for all {of}: finds {found}"))]
        }
        Action::List { of, found, cached: false } => vec![
            (who, format!("asks for all {of}")),
            (server(), format!("answers {} with {found}", event.code.unwrap_or(0))),
        ],
        Action::Effect(name) => {
            vec![(who, format!("does {name}, outside of the cluster; nothing undoes that"))]
        }
        Action::Lead(leads) => vec![(who, leadership(*leads).0.to_owned())],
        Action::Touch => vec![(who, format!("changes the shared object: memory is {held} now"))],
        Action::Decode => {
            vec![(who, format!("decodes the answer over the shared object: memory is {held} now"))]
        }
        Action::Deliver => vec![
            (server(), format!("had sent rv {} on the watch", seen_rv(event).unwrap_or(0))),
            (who, format!("replaces its copy: {held}")),
        ],
        Action::Write { .. } => write(walk, story, step, event),
        Action::Fault(fault) => {
            let what = match fault {
                Fault::Crash(_) => "loses its memory; its reconciles start again, its cache lists",
                Fault::WatchGap(_) => "misses what was on its way, and lists everything again",
                Fault::Recreation => "deletes the object, and creates another of the same name",
                Fault::LostResponse(_) => "loses an answer",
                Fault::Deadline(_) => "has waited too long; its key leaves the queue for good",
            };
            vec![(who, what.to_owned())]
        }
    }
}

fn write(walk: &Walk<'_>, story: &Story<'_>, step: usize, event: &Event) -> Vec<Part> {
    let who = story.actor(event);
    let server = "API server".to_owned();
    let (changes, lock) = (story.changes(event), locked_to(event));
    let basis = event.basis.as_ref().map_or(0, |basis| basis.revision.0);
    let before = story.before(step).and_then(crate::report::story::resource_version).unwrap_or(0);
    let made = match lock {
        Some(rv) if rv > basis => {
            format!("takes the body it made of rv {basis} ({changes}), and writes rv {rv} on it")
        }
        _ if story.is_shared(event) => format!("takes what memory holds, to write {changes}"),
        _ => format!("takes its copy of rv {basis}, and makes of it: {changes}"),
    };
    let body = match verb(event) {
        "PUT" => "the whole object",
        "APPLY" => "the fields it owns",
        _ => "only the difference",
    };
    let sent = match lock {
        Some(rv) => format!("sends {body}, to be accepted only if the object is still at rv {rv}"),
        None => format!("sends {body}, without a resourceVersion"),
    };
    let code = event.code.unwrap_or(0);
    let compared = match (lock, event.is_conflict()) {
        (None, _) => format!("has nothing to compare; the object is at rv {before}"),
        (Some(rv), true) => format!("compares: the object is at rv {before}, not at rv {rv}"),
        (Some(rv), false) => format!("compares: the object is at rv {rv}, as it should be"),
    };
    let stored = match (event.committed, code) {
        (true, _) => {
            let now = story.view(event).map(|view| view.compact(story.after(step)));
            format!("stores {} as rv {}", now.unwrap_or_default(), story.rv(step))
        }
        (false, 400..) => "stores nothing".to_owned(),
        (false, _) => "stores nothing: the object is like that already".to_owned(),
    };
    let mut parts = vec![
        (who.clone(), made),
        (who.clone(), sent),
        (server.clone(), compared),
        (server.clone(), stored),
    ];
    let caches: Vec<String> = watching(walk, event);
    if event.committed && !caches.is_empty() {
        let caches = crate::report::text::list_and(&caches);
        parts.push((server.clone(), format!("puts the change on its way to {caches}")));
    }
    let reason = event.reason.map_or_else(String::new, |reason| format!(" {reason}"));
    match event.answered {
        true => parts.push((server, format!("answers {code}{reason}"))),
        false => parts.push((server, format!("answers {code}, and the answer is lost on its way"))),
    }
    parts.push((who, after(walk, event)));
    parts
}

/// The caches that hear of the object.
fn watching(walk: &Walk<'_>, event: &Event) -> Vec<String> {
    let setting = walk.game().setting();
    let watch = setting
        .caches
        .iter()
        .filter(|spec| event.key.as_ref().is_some_and(|key| spec.keys.contains(key)));
    watch.map(|spec| format!("{}'s cache", setting.processes[spec.process])).collect()
}

/// What the answer leads to.
fn after(walk: &Walk<'_>, event: &Event) -> String {
    let Actor::Worker(worker) = event.actor else { return String::new() };
    let attempts = event.mark.attempts;
    match () {
        () if event.mark.dropped => "gives up".to_owned(),
        () if event.mark.last => "is content: this reconcile is done".to_owned(),
        () if !event.answered => "waits in vain, and tries once more".to_owned(),
        () if event.is_conflict() => {
            let name = &walk.game().scenario().workers[worker].write;
            format!("will try again, as {name} does (attempt {attempts} has failed)")
        }
        () => "goes on".to_owned(),
    }
}
