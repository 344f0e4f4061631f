//! The page: one self-contained file in which a lost write can be stepped through, predicted,
//! compared and played.
//!
//! Rust computes everything that is said (`scene.rs`, `graph.rs`, `predict.rs`) and writes it as
//! JSON into the template `page.html`; the scripts beside it only show it. No network, no
//! framework: the page opens from a USB stick. The scripts in reading order: `data.js`, `state.js`,
//! `timeline.js`, `object.js`, `panels.js`, `play.js`, `predict.js`, `keys.js`, `main.js`.
//! Next to read: `data.rs`, the shape of that JSON.

mod data;
mod graph;
mod predict;
mod scene;

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

const STYLE: &str = include_str!("style.css");

/// The scripts, in the order in which they run: one module.
const SCRIPT: &str = concat!(
    include_str!("data.js"),
    include_str!("state.js"),
    include_str!("timeline.js"),
    include_str!("object.js"),
    include_str!("panels.js"),
    include_str!("play.js"),
    include_str!("predict.js"),
    include_str!("keys.js"),
    include_str!("main.js"),
);

/// Pages stay below this many bytes: beyond them the games are left out, the largest first.
const MOST_BYTES: usize = 390_000;

/// The page of these results; those without a lesson are left out.
pub fn render(results: &[CheckResult]) -> String {
    let mut scenes: Vec<Scene> = results.iter().filter_map(scene::scene).collect();
    loop {
        let page = page(&scenes);
        let games = scenes
            .iter()
            .enumerate()
            .filter_map(|(at, scene)| scene.graph.as_ref().map(|graph| (graph.states.len(), at)));
        match games.max() {
            Some((_, largest)) if page.len() > MOST_BYTES => scenes[largest].graph = None,
            _ => return page,
        }
    }
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
        script: SCRIPT,
        data: &harmless(&data),
    };
    document.render().expect("writing to a string does not fail") + "\n"
}

/// JSON that no HTML reader takes for the end of its script, or for a comment.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_text_ends_the_script_it_is_in() {
        let json = serde_json::to_string("</script><!--").expect("a string");
        let harmless = super::harmless(&json);
        assert!(!harmless.contains('<'));
        let read: String = serde_json::from_str(&harmless).expect("still JSON");
        assert_eq!(read, "</script><!--");
    }
}
