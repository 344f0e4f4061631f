//! The page: one self-contained file in which a lost write can be stepped through, predicted,
//! compared and played.
//!
//! Rust computes everything that is said (`scene.rs`, `graph.rs`, `predict.rs`) and writes it as
//! JSON into the template `page.html`; the scripts beside it only show it. No network, no
//! framework: the page opens from a USB stick. The scripts in reading order: `data.js`, `state.js`,
//! `stores.js`, `timeline.js`, `object.js`, `sheets.js`, `race.js`, `panels.js`, `predict.js`,
//! `keys.js`, `main.js`.
//! Next to read: `data.rs`, the shape of that JSON.

mod compared;
mod data;
mod graph;
mod predict;
mod reason;
mod scene;
#[cfg(test)]
mod tests;

use askama::Template;

use crate::check::CheckResult;
use data::{Page, Scene};

/// What the template is filled with.
#[derive(Template)]
#[template(path = "page.html")]
struct Document<'a> {
    title: &'a str,
    scenes: &'a [Scene],
    version: &'a str,
    style: &'a str,
    script: &'a str,
    data: &'a str,
}

const STYLE: &str =
    concat!(include_str!("base.css"), include_str!("style.css"), include_str!("race.css"));

/// The scripts, in the order in which they run: one module.
const SCRIPT: &str = concat!(
    include_str!("data.js"),
    include_str!("state.js"),
    include_str!("stores.js"),
    include_str!("timeline.js"),
    include_str!("object.js"),
    include_str!("sheets.js"),
    include_str!("race.js"),
    include_str!("panels.js"),
    include_str!("predict.js"),
    include_str!("keys.js"),
    include_str!("main.js"),
);

/// The same, for the pages of the museum.
pub(crate) const RACE_STYLE: &str = STYLE;

/// The colours and the race alone, for a page with a style of its own: the workshop.
#[cfg(feature = "cli")]
pub(crate) const RACE_BASE: &str = concat!(include_str!("base.css"), include_str!("race.css"));

/// The scripts of the race alone; `playIn` of the last one plays a scene.
pub(crate) fn race_script() -> String {
    without_comments(concat!(
        include_str!("data.js"),
        include_str!("object.js"),
        include_str!("sheets.js"),
        include_str!("race.js"),
        include_str!("player.js"),
    ))
}

/// What the race plays, as JSON that may stand in a page: a list of scenes. Beyond `most` bytes
/// the largest ones are told less: one schedule instead of all, and then no game.
pub(crate) fn scenes(results: &[&CheckResult], most: usize) -> String {
    let mut results: Vec<CheckResult> = results.iter().map(|result| (*result).clone()).collect();
    loop {
        let scenes = results.iter().map(|result| {
            let scene = scene::scene(result).map(|scene| serde_json::to_string(&scene));
            scene.map_or_else(String::new, |json| json.expect("it always serialises"))
        });
        let scenes: Vec<String> = scenes.collect();
        let largest = (0..scenes.len()).filter(|at| can_be_less(&results[*at]));
        let largest = largest.max_by_key(|at| scenes[*at].len());
        match largest.filter(|_| scenes.iter().map(String::len).sum::<usize>() > most) {
            Some(at) => tell_less(&mut results[at]),
            None => {
                let told: Vec<String> = scenes.into_iter().filter(|s| !s.is_empty()).collect();
                return harmless(&format!("[{}]", told.join(",")));
            }
        }
    }
}

fn can_be_less(result: &CheckResult) -> bool {
    let lesson = result.lesson.as_deref();
    lesson.is_some_and(|lesson| lesson.shown.len() > 1 || lesson.chart.is_some())
}

fn tell_less(result: &mut CheckResult) {
    let Some(mut lesson) = result.lesson.as_deref().cloned() else { return };
    if lesson.shown.len() > 1 {
        lesson.shown.swap(0, lesson.first);
        lesson.shown.truncate(1);
        lesson.shown[0].swap = None;
        lesson.first = 0;
        lesson.strip.clear();
    } else {
        lesson.chart = None;
    }
    result.lesson = Some(std::sync::Arc::new(lesson));
}

/// Pages stay below this many bytes. Beyond them what can be spared is left out, the largest first:
/// a game that the told schedules make up, the same orders under other methods, any other game.
const MOST_BYTES: usize = 390_000;

/// The page of these results; those without a lesson are left out.
pub fn render(results: &[CheckResult]) -> String {
    let mut scenes: Vec<Scene> = results.iter().filter_map(scene::scene).collect();
    loop {
        let page = page(&scenes);
        if page.len() <= MOST_BYTES || !spare(&mut scenes) {
            return page;
        }
    }
}

/// Leaves out one part of a scene; false if nothing is left to spare.
fn spare(scenes: &mut [Scene]) -> bool {
    let states = |scene: &Scene| scene.graph.as_ref().map_or(0, |graph| graph.states.len());
    let told = |scene: &Scene| scene.each && scene.strip.len() <= 100;
    let retold = |scene: &Scene| scene.stories.iter().map(|story| story.same.len()).sum::<usize>();
    let size = |scene: &Scene| match (told(scene), states(scene), retold(scene)) {
        (true, states, _) if states > 0 => (3, states),
        (_, _, retold) if retold > 0 => (2, retold),
        (_, states, _) => (usize::from(states > 0), states),
    };
    let Some(scene) = scenes.iter_mut().max_by_key(|scene| size(scene)) else { return false };
    match size(scene).0 {
        0 => return false,
        2 => {
            let first = scene.stories.iter().flat_map(|s| &s.same).map(|(_, with)| *with).min();
            scene.stories.iter_mut().for_each(|story| story.same.clear());
            scene.stories.truncate(first.unwrap_or(scene.stories.len()));
        }
        _ => scene.graph = None,
    }
    true
}

fn page(scenes: &[Scene]) -> String {
    let data = Page { schema_version: 1, version: env!("CARGO_PKG_VERSION"), scenes };
    let data = serde_json::to_string(&data).expect("strings, numbers and lists always serialise");
    let title = match scenes {
        [scene] => format!("{}: {}", scene.name, scene.headline.tag),
        _ => format!("{} scenarios", scenes.len()),
    };
    let document = Document {
        title: &title,
        scenes,
        version: env!("CARGO_PKG_VERSION"),
        style: STYLE,
        script: &without_comments(SCRIPT),
        data: &harmless(&data),
    };
    document.render().expect("writing to a string does not fail") + "\n"
}

/// A script without indentation and without the lines that are comments: they are for those who
/// read the source. No text in a script spans lines.
fn without_comments(script: &str) -> String {
    let lines = script.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// JSON that no HTML reader takes for the end of its script, or for a comment.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
