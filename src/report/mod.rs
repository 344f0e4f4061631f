//! Renderers: they read what a check found, and never run anything.
//!
//! [`Renderer`] is one output format; [`renderers`] is the table of them. To add one: a file here
//! and a line in the table. What all of them share: `view.rs` (what of an object is shown),
//! `story.rs` (what a step is called), `losses.rs` (what was lost, and the facts about it).
//! Next to read: `check_text.rs`, the format people see.

mod account;
mod advice;
mod cached;
mod check_text;
mod chrome_trace;
pub(crate) mod commands;
mod counts;
mod explain;
mod folded;
#[doc(hidden)]
pub mod game;
mod github;
mod json;
#[doc(hidden)]
pub mod judge;
mod junit;
mod lanes;
mod leadership;
mod likelihood;
mod losses;
mod markdown;
#[cfg(feature = "loom")]
mod memory;
mod mermaid;
mod museum;
mod notes;
mod page;
mod real;
mod reasons;
#[doc(hidden)]
pub mod regression;
mod replay_text;
#[doc(hidden)]
pub mod rooms;
mod sarif;
mod sent;
mod story;
mod style;
mod summary;
mod table;
mod text;
mod timed_trace;
mod timeline;
mod told;
mod unmet;
mod view;
mod why;
mod yaml;

pub use check_text::paint;
pub use commands::{quoted, recording};
pub use counts::{count, mean};
pub use explain::explain_all;
pub use json::{compare as compare_json, replay as replay_json};
#[cfg(feature = "cli")]
pub(crate) use likelihood::percent;
#[cfg(feature = "loom")]
pub use memory::{memory, memory_list};
pub use mermaid::replay as replay_mermaid;
pub use museum::{Exhibit, museum};
#[cfg(feature = "cli")]
pub(crate) use page::{RACE_BASE, race_script, scenes};
pub use real::{witness, witness_of};
pub use replay_text::{drawing, render as replay_text};
pub use style::{Role, Show, Style};
pub use table::render as compare_table;
pub use text::{Text, plural, wrap};

use crate::check::CheckResult;

/// One output format of `check`.
#[derive(Clone, Copy)]
pub struct Renderer {
    /// Its name for `-o` and `--report`.
    pub name: &'static str,
    /// The extension of its files.
    pub extension: &'static str,
    /// One line for `list formats`.
    pub summary: &'static str,
    /// Whether another program reads it: `report` then writes a file.
    pub file: bool,
    /// Whether it tells more than the verdict: `Options::lesson`.
    pub lesson: bool,
    render: fn(&[CheckResult], &Style) -> String,
}

impl std::fmt::Debug for Renderer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Renderer").field(&self.name).finish()
    }
}

impl Renderer {
    /// Renders the results; the text ends with a newline, or is empty.
    pub fn render(&self, results: &[CheckResult], style: &Style) -> String {
        (self.render)(results, style)
    }
}

/// The table of output formats.
pub fn renderers() -> &'static [Renderer] {
    &[
        Renderer {
            name: "text",
            extension: "txt",
            summary: "for people: verdicts, the losing schedule as a drawing, the reasons",
            file: false,
            lesson: false,
            render: |results, style| check_text::render(results, style, false),
        },
        Renderer {
            name: "wide",
            extension: "txt",
            summary: "text, with states, transitions, conflicts and API calls",
            file: false,
            lesson: false,
            render: |results, style| check_text::render(results, style, true),
        },
        Renderer {
            name: "json",
            extension: "json",
            summary: "for scripts; schemaVersion 1, additions only",
            file: false,
            lesson: false,
            render: |results, _| json::check(results),
        },
        Renderer {
            name: "github",
            extension: "txt",
            summary: "annotations for GitHub Actions",
            file: false,
            lesson: false,
            render: |results, _| github::render(results),
        },
        Renderer {
            name: "markdown",
            extension: "md",
            summary: "a table and diagrams, for $GITHUB_STEP_SUMMARY or a comment",
            file: false,
            lesson: false,
            render: |results, _| markdown::render(results),
        },
        Renderer {
            name: "mermaid",
            extension: "mmd",
            summary: "the losing schedule as a sequence diagram",
            file: false,
            lesson: false,
            render: |results, _| mermaid::render(results),
        },
        Renderer {
            name: "timed-trace",
            extension: "json",
            summary: "one run of the scheduler timed, as a Chrome trace in simulated time",
            file: false,
            lesson: false,
            render: |results, _| timed_trace::render(results),
        },
        Renderer {
            name: "html",
            extension: "html",
            summary: "one self-contained page: step through it, predict, compare, play",
            file: true,
            lesson: true,
            render: |results, _| page::render(results),
        },
        Renderer {
            name: "chrome-trace",
            extension: "trace.json",
            summary: "trace events, for Perfetto: one step is one millisecond",
            file: true,
            lesson: false,
            render: |results, _| chrome_trace::render(results),
        },
        Renderer {
            name: "junit",
            extension: "xml",
            summary: "one test case per property, for CI",
            file: true,
            lesson: false,
            render: |results, _| junit::render(results),
        },
        Renderer {
            name: "sarif",
            extension: "sarif",
            summary: "findings with their steps, for code scanning",
            file: true,
            lesson: false,
            render: |results, _| sarif::render(results),
        },
        Renderer {
            name: "name",
            extension: "txt",
            summary: "the names of the scenarios that failed",
            file: false,
            lesson: false,
            render: |results, _| names(results),
        },
    ]
}

/// The renderer with this name.
pub fn renderer(name: &str) -> Option<&'static Renderer> {
    renderers().iter().find(|renderer| renderer.name == name)
}

fn names(results: &[CheckResult]) -> String {
    let failed = results.iter().filter(|result| result.failed());
    failed.map(|result| format!("scenario/{}\n", result.scenario.name)).collect()
}
