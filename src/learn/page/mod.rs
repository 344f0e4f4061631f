//! The whole workshop as one HTML page, for a room in which participants cannot install anything.
//!
//! Everything that could be asked of the program is asked beforehand: what each command prints
//! (`ansi.rs` makes HTML of it), each game (`games.rs`: the race that every page has), and what
//! would become of a learner's file for each choice of its few editable words (`editor.rs`). The
//! page only shows what is due: a prediction first, then one step after the other (`workshop.js`).
//! No network, no framework. Next to read: `workshop.html`, then `steps.rs`.

mod ansi;
mod editor;
mod games;
mod prose;
mod steps;

use std::collections::BTreeMap;

use super::{Cut, Exercise, Facts, all, load};
use crate::report::{RACE_BASE, race_script};
use askama::Template;
use steps::{Edits, StepView};

/// What the template is filled with.
#[derive(Template)]
#[template(path = "workshop.html")]
struct Document<'a> {
    version: &'a str,
    /// The colours and the race, as every page has them.
    race_style: &'a str,
    style: &'a str,
    race_script: &'a str,
    script: &'a str,
    data: &'a str,
    exercises: &'a [View],
}

/// One exercise, ready to be shown.
struct View {
    number: usize,
    /// The cuts that it is in: `talk ninety-minutes half-day`.
    cuts: String,
    exercise: Exercise,
    text: String,
    task: String,
    asks: Vec<QuestionView>,
    steps: Vec<StepView>,
    hints: Vec<String>,
    solution: String,
    say: String,
    notes: String,
}

/// A question, ready to be shown.
struct QuestionView {
    ask: String,
    free: bool,
    choices: Vec<ChoiceView>,
}

struct ChoiceView {
    letter: char,
    text: String,
    right: bool,
    reveals: String,
}

/// The page.
///
/// # Panics
/// If an exercise of ours is broken; a test makes the page.
pub fn page() -> String {
    let mut facts = Facts::default();
    let exercises: Vec<Exercise> = (0..all().len()).map(|at| load(at, &mut facts)).collect();
    let edits = exercises.iter().filter_map(|one| Some((one.name.clone(), steps::edits(one)?)));
    // By the name of the exercise.
    let edits: BTreeMap<String, Edits> = edits.collect();
    let edits = serde_json::to_string(&edits).expect("strings and numbers always serialise");
    // Nothing in it may end the script element.
    let edits = edits.replace('<', "\\u003c");
    let data = format!("{{\"games\":{},\"edits\":{edits}}}", games::games(&exercises));
    let views = exercises.into_iter().enumerate().map(|(at, exercise)| view(at + 1, exercise));
    let views: Vec<View> = views.collect();
    let document = Document {
        version: env!("CARGO_PKG_VERSION"),
        race_style: RACE_BASE,
        style: include_str!("workshop.css"),
        race_script: &race_script(),
        script: include_str!("workshop.js"),
        data: &data,
        exercises: &views,
    };
    document.render().expect("it is written to a string")
}

fn view(number: usize, exercise: Exercise) -> View {
    let cuts = exercise.cuts.iter().map(|cut| match cut {
        Cut::Talk => "talk",
        Cut::NinetyMinutes => "ninety-minutes",
        Cut::HalfDay => "half-day",
    });
    View {
        number,
        cuts: cuts.collect::<Vec<_>>().join(" "),
        text: prose::html(&exercise.text),
        task: prose::html(&exercise.task),
        asks: exercise.predict.iter().map(question).collect(),
        steps: steps::views(&exercise),
        hints: exercise.hints.iter().map(|hint| prose::html(hint)).collect(),
        solution: prose::html(&exercise.solution.text),
        say: prose::html(&exercise.say),
        notes: prose::html(&exercise.notes),
        exercise,
    }
}

fn question(question: &super::Question) -> QuestionView {
    let choice = |(at, choice): (usize, &super::Choice)| ChoiceView {
        letter: super::letter(at),
        text: prose::inline(&choice.text),
        right: choice.right,
        reveals: prose::inline(choice.reveals.as_deref().unwrap_or_default()),
    };
    QuestionView {
        ask: prose::inline(&question.ask),
        free: question.free,
        choices: question.choices.iter().enumerate().map(choice).collect(),
    }
}
