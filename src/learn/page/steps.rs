//! The steps of an exercise for the page: everything that might be asked is answered beforehand.
//!
//! Next to read: `games.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::editor::{self, Segment};
use super::games::style;
use super::{QuestionView, ansi, prose, question};
use crate::check::game::{Game, MAX_STATES, Walk};
use crate::learn::{Exercise, ExerciseFile, Need, Reveal, Step, draw, order_misses, show, unmet};
use crate::scenario::{Mistakes, Scenario};

/// One step, ready to be shown. Only the fields of its kind are filled.
#[derive(Default)]
pub(super) struct StepView {
    /// `show`, `draw`, `answer`, `pick`, `play`, `schedule`, `file` or `own`.
    pub kind: &'static str,
    pub command: String,
    pub printed: String,
    pub ask: String,
    pub is: String,
    /// As JSON: what is said to a wrong answer, by the answer.
    pub reveals: String,
    pub question: Option<QuestionView>,
    pub scenario: String,
    pub victims: usize,
    /// The exercise that asks how many orders there are, if it is another one.
    pub counted: String,
    /// The file as it is given.
    pub given: String,
    pub path: String,
    /// The same, with the words that may be changed.
    pub editor: Vec<Segment>,
    /// Which of the outputs of the exercise's file this is, from 0.
    pub output: Option<usize>,
}

pub(super) fn views(exercise: &Exercise) -> Vec<StepView> {
    let first = |step: &Step| matches!(step, Step::File(_));
    let first_file = exercise.steps.iter().position(first);
    let steps = exercise.steps.iter().enumerate();
    let view = |(at, step): (usize, &Step)| match step {
        Step::Show(command) => shown(exercise, command),
        Step::Draw(what) => StepView {
            kind: "draw",
            command: what.replace(" --schedule ", ", in the order "),
            printed: drawn(what),
            ..StepView::default()
        },
        Step::Answer(answer) => StepView {
            kind: "answer",
            ask: prose::inline(&answer.ask),
            is: answer.is.clone(),
            reveals: json(answer.reveals.iter().map(reveal).collect()),
            ..StepView::default()
        },
        Step::Pick(asked) => {
            StepView { kind: "pick", question: Some(question(asked)), ..StepView::default() }
        }
        Step::Play(play) => StepView {
            kind: "play",
            scenario: play.scenario.clone(),
            victims: play.victims,
            counted: play.counted.clone().unwrap_or_default(),
            reveals: orders(&play.scenario, &play.needs),
            ..StepView::default()
        },
        Step::Schedule(task) => StepView {
            kind: "schedule",
            ask: prose::inline(&task.ask),
            scenario: task.scenario.clone(),
            reveals: orders(&task.scenario, &task.needs),
            ..StepView::default()
        },
        // A file is asked for once; what is asked of it later is part of the same choice.
        Step::File(_) if Some(at) != first_file => StepView::default(),
        Step::File(_) => file(exercise),
    };
    steps.map(view).filter(|view| !view.kind.is_empty()).collect()
}

fn reveal(reveal: &Reveal) -> (String, String) {
    (reveal.said.clone(), prose::inline(&reveal.why))
}

fn json(map: BTreeMap<String, String>) -> String {
    serde_json::to_string(&map).expect("strings always serialise")
}

/// A drawing of which nothing is said.
fn drawn(what: &str) -> String {
    let load = |name: &str| Ok(Scenario::builtin(name).expect("a shipped scenario"));
    let text = draw(what, &load, &style());
    ansi::html(text.unwrap_or_else(|mistakes| panic!("{what}: {mistakes}")).trim_end())
}

/// What a command prints; of the learner's file, what it prints of the solved one.
fn shown(exercise: &Exercise, command: &str) -> StepView {
    let file = exercise.file.as_ref().filter(|file| mentions(command, file));
    // Of a file of the learner's own nothing can be known here.
    if file.is_some_and(|file| file.words.is_empty()) {
        return StepView::default();
    }
    let before = exercise.steps.iter().take_while(|step| !is(step, command));
    let of_file = |step: &&Step| match (step, file) {
        (Step::Show(other), Some(file)) => mentions(other, file),
        _ => false,
    };
    StepView {
        kind: "show",
        command: command.replace("schedules ", "check --show all "),
        printed: printed(command, exercise.file.as_ref(), &exercise.solved_file()),
        output: file.map(|_| before.filter(of_file).count()),
        ..StepView::default()
    }
}

fn is(step: &Step, command: &str) -> bool {
    matches!(step, Step::Show(other) if other == command)
}

fn mentions(command: &str, file: &ExerciseFile) -> bool {
    command.split(' ').any(|word| word == file.path)
}

fn printed(command: &str, file: Option<&ExerciseFile>, text: &Option<String>) -> String {
    let load = |name: &str| -> Result<Scenario, Mistakes> {
        match (file, text) {
            (Some(file), Some(text)) if file.path == name => {
                Ok(Scenario::from_str(name, text)?.remove(0))
            }
            _ => Ok(Scenario::builtin(name).expect("a shipped scenario")),
        }
    };
    let printed = show(command, &load, &style());
    let printed = printed.unwrap_or_else(|mistakes| panic!("{command}: {mistakes}"));
    ansi::html(printed.trim_end())
}

/// What is said to each order of the scenario: nothing, if it is what is asked for.
fn orders(name: &str, needs: &[String]) -> String {
    let scenario = Arc::new(Scenario::builtin(name).expect("a shipped scenario"));
    let game = Game::new(&scenario, MAX_STATES).expect("shipped scenarios can be played");
    let mut said = BTreeMap::new();
    follow(&mut game.start(), needs, &mut said);
    json(said)
}

fn follow(walk: &mut Walk<'_>, needs: &[String], said: &mut BTreeMap<String, String>) {
    if walk.is_over() {
        let made = walk.made().iter();
        let letters: String = made.map(|choice| walk.game().letters().spell(*choice)).collect();
        let missed = order_misses(needs, &walk.replayed()).unwrap_or_default();
        said.insert(letters, prose::inline(&missed));
        return;
    }
    for choice in walk.choices() {
        if walk.take(choice).is_ok() {
            follow(walk, needs, said);
            walk.undo();
        }
    }
}

/// The file, to be edited; an exercise about the learner's own controllers has no answers: `own`.
fn file(exercise: &Exercise) -> StepView {
    let Some(file) = &exercise.file else { return StepView::default() };
    let view = StepView { path: file.path.clone(), given: file.text(), ..StepView::default() };
    if file.words.is_empty() {
        return StepView { kind: "own", ..view };
    }
    StepView { kind: "file", editor: editor::segments(file), ..view }
}

/// What becomes of the file for each choice of its words: what is missing, or what the commands
/// print.
pub(super) fn edits(exercise: &Exercise) -> Option<Edits> {
    let file = exercise.file.as_ref().filter(|file| !file.words.is_empty())?;
    let needs = exercise.steps.iter().filter_map(|step| match step {
        Step::File(needs) => Some(needs.clone()),
        _ => None,
    });
    let needs: Vec<Need> = needs.flatten().collect();
    let commands = exercise.steps.iter().filter_map(|step| match step {
        Step::Show(command) if mentions(command, file) => Some(command),
        _ => None,
    });
    let commands: Vec<&String> = commands.collect();
    let given = file.text();
    let edit = |(key, text): (String, String)| {
        let edited = match Scenario::from_str(&file.path, &text) {
            Ok(mut scenarios) => {
                let missing = unmet(&needs, &Arc::new(scenarios.remove(0)), &given, &text);
                let print = |command: &&String| printed(command, Some(file), &Some(text.clone()));
                match missing.is_empty() {
                    true => Edited { missing: None, prints: commands.iter().map(print).collect() },
                    false => refused(&missing.join("; ")),
                }
            }
            Err(mistakes) => refused(&mistakes.to_string()),
        };
        (key, edited)
    };
    Some(editor::texts(file).into_iter().map(edit).collect())
}

fn refused(missing: &str) -> Edited {
    Edited { missing: Some(prose::inline(missing)), prints: Vec::new() }
}

/// By the words that were chosen, in the order of the file.
pub(super) type Edits = BTreeMap<String, Edited>;

/// What becomes of one choice of words.
#[derive(Serialize)]
pub(super) struct Edited {
    missing: Option<String>,
    prints: Vec<String>,
}
