//! The steps of an exercise for the page: everything that might be asked is answered beforehand.
//!
//! Next to read: `games.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::games::style;
use super::{QuestionView, ansi, prose, question};
use crate::check::game::{Game, MAX_STATES, Walk};
use crate::learn::{Exercise, Need, ScheduleTask, Step, schedule_misses, show, unmet};
use crate::reconcilers::methods;
use crate::scenario::{Mistakes, Scenario};

/// One step, ready to be shown. Only the fields of its kind are filled.
#[derive(Default)]
pub(super) struct StepView {
    /// `show`, `answer`, `pick`, `play`, `schedule`, `file` or `own`.
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
    /// The file as it is given.
    pub given: String,
    pub path: String,
    pub methods: Vec<&'static str>,
    /// The method it is given with.
    pub writes: String,
    /// Whether there is a fault to be turned on.
    pub fault: bool,
}

pub(super) fn views(exercise: &Exercise) -> Vec<StepView> {
    let first = |step: &Step| matches!(step, Step::File(_));
    let first_file = exercise.steps.iter().position(first);
    let steps = exercise.steps.iter().enumerate();
    let view = |(at, step): (usize, &Step)| match step {
        Step::Show(command) => shown(exercise, command),
        Step::Answer(answer) => StepView {
            kind: "answer",
            ask: prose::inline(&answer.ask),
            is: answer.is.clone(),
            reveals: json(answer.reveals.iter().map(|r| (r.said.clone(), r.why.clone())).collect()),
            ..StepView::default()
        },
        Step::Pick(asked) => {
            StepView { kind: "pick", question: Some(question(asked)), ..StepView::default() }
        }
        Step::Play(play) => StepView {
            kind: "play",
            scenario: play.scenario.clone(),
            victims: play.victims,
            ..StepView::default()
        },
        Step::Schedule(task) => schedule(task),
        // A file is asked for once; what is asked of it later is part of the same choice.
        Step::File(_) if Some(at) != first_file => StepView::default(),
        Step::File(_) => file(exercise),
    };
    steps.map(view).filter(|view| !view.kind.is_empty()).collect()
}

fn json(map: BTreeMap<String, String>) -> String {
    serde_json::to_string(&map).expect("strings always serialise")
}

/// The solved file stands for the learner's.
fn shown(exercise: &Exercise, command: &str) -> StepView {
    let load = |name: &str| -> Result<Scenario, Mistakes> {
        match (&exercise.file, exercise.solved_file()) {
            (Some(file), Some(solved)) if file.path == name => {
                Ok(Scenario::from_str(name, &solved)?.remove(0))
            }
            _ => Ok(Scenario::builtin(name).expect("a shipped scenario")),
        }
    };
    let printed = show(command, &load, &style());
    let printed = printed.unwrap_or_else(|mistakes| panic!("{command}: {mistakes}"));
    StepView {
        kind: "show",
        command: command.replace("schedules ", "check --show all "),
        printed: ansi::html(printed.trim_end()),
        ..StepView::default()
    }
}

/// What is said to each schedule of the scenario: nothing, if it is what is asked for.
fn schedule(task: &ScheduleTask) -> StepView {
    let scenario = Arc::new(Scenario::builtin(&task.scenario).expect("a shipped scenario"));
    let game = Game::new(&scenario, MAX_STATES).expect("shipped scenarios can be played");
    let mut said = BTreeMap::new();
    follow(&mut game.start(), task, &mut said);
    StepView {
        kind: "schedule",
        ask: prose::inline(&task.ask),
        reveals: json(said),
        scenario: task.scenario.clone(),
        ..StepView::default()
    }
}

fn follow(walk: &mut Walk<'_>, task: &ScheduleTask, said: &mut BTreeMap<String, String>) {
    if walk.is_over() {
        let made = walk.made().iter();
        let letters: String = made.map(|choice| walk.game().letters().spell(*choice)).collect();
        said.insert(letters.clone(), schedule_misses(task, &letters).unwrap_or_default());
        return;
    }
    for choice in walk.choices() {
        if walk.take(choice).is_ok() {
            follow(walk, task, said);
            walk.undo();
        }
    }
}

/// What is missing under each write method, with the fault on and off. An exercise about the
/// learner's own controllers has no such answers: `own`.
fn file(exercise: &Exercise) -> StepView {
    let Some(file) = &exercise.file else { return StepView::default() };
    let needs = exercise.steps.iter().filter_map(|step| match step {
        Step::File(needs) => Some(needs.clone()),
        _ => None,
    });
    let needs: Vec<Need> = needs.flatten().collect();
    let given = file.text();
    let view = StepView { path: file.path.clone(), given: given.clone(), ..StepView::default() };
    if needs.iter().any(|need| matches!(need, Need::Changed(_))) {
        return StepView { kind: "own", ..view };
    }
    let fault = needs.iter().any(|need| matches!(need, Need::LostResponses(_)));
    let scenario = Scenario::from_str(&file.path, &given).expect("a file of ours").remove(0);
    let mut said = BTreeMap::new();
    let mut methods = Vec::new();
    for method in methods::all() {
        let name = method.name();
        let Ok(mut changed) = scenario.with_write(name) else { continue };
        methods.push(name);
        for on in if fault { vec![false, true] } else { vec![false] } {
            changed.faults.lost_responses = u32::from(on);
            let missing = unmet(&needs, &Arc::new(changed.clone()), &given, "");
            let key = if on { format!("{name} with the fault") } else { name.to_owned() };
            said.insert(key, missing.join("; "));
        }
    }
    let writes = scenario.workers.first().map_or(String::new(), |worker| worker.write.clone());
    StepView { kind: "file", reveals: json(said), methods, writes, fault, ..view }
}
