//! What an exercise is, and the table of them.
//!
//! The files are YAML; `{{losing status-race}}` in one is a number that `facts.rs` computes, and
//! `{{file}}` the path of the file that the learner edits. Next to read: `facts.rs`.

use serde::Deserialize;

use super::Facts;
use crate::scenario::starter;

/// One exercise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(missing_docs)]
pub struct Exercise {
    pub name: String,
    pub title: String,
    pub minutes: u32,
    /// The cuts of the workshop that it is in.
    pub cuts: Vec<Cut>,
    pub text: String,
    /// To be answered before anything is shown.
    pub predict: Vec<Question>,
    /// What the exercise rests on, for a test: `losing status-race > 0`.
    pub claims: Vec<String>,
    pub file: Option<ExerciseFile>,
    pub task: String,
    /// Shown, asked and checked one after the other; after the last one, it is done.
    pub steps: Vec<Step>,
    /// Three, growing.
    pub hints: Vec<String>,
    pub solution: Solution,
    /// The sentence to end on.
    pub say: String,
    /// For the teacher.
    pub notes: String,
}

/// A cut of the workshop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Cut {
    Talk,
    NinetyMinutes,
    HalfDay,
}

/// A question with choices, or a free one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Question {
    pub ask: String,
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Whether any line is an answer, and none is wrong.
    #[serde(default)]
    pub free: bool,
}

/// One choice.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Choice {
    pub text: String,
    #[serde(default)]
    pub right: bool,
    /// The misconception that a wrong choice shows.
    pub reveals: Option<String>,
}

/// One thing that is shown, asked or checked.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// A command of this program, and what it prints.
    Show(String),
    /// A schedule as it happened: `NAME --schedule S`, without a mark and without reasons.
    Draw(String),
    /// A question with one right answer.
    Answer(ShortAnswer),
    /// A question with choices.
    Pick(Question),
    /// Losing schedules are found by playing.
    Play(Play),
    /// A schedule is written down.
    Schedule(ScheduleTask),
    /// The learner's file is as it should be.
    File(Vec<Need>),
}

/// A question with one right answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ShortAnswer {
    pub ask: String,
    pub is: String,
    #[serde(default)]
    pub reveals: Vec<Reveal>,
}

/// What a wrong answer shows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Reveal {
    pub said: String,
    pub why: String,
}

/// Losing schedules are found by playing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Play {
    pub scenario: String,
    /// How many different workers have to lose.
    pub victims: usize,
    /// What else has to be true of the order: `no-overlap`.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The exercise that asks how many orders lose, if it is another one: until it is done, a page
    /// does not tell.
    pub counted: Option<String>,
}

/// A schedule is written down.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ScheduleTask {
    pub ask: String,
    pub scenario: String,
    /// `lost`, `no-overlap`, or the name of a property or invariant that is violated.
    pub needs: Vec<String>,
}

/// The file that the learner edits.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct ExerciseFile {
    pub path: String,
    #[serde(default)]
    text: String,
    /// A template of `lostwrite new`, instead of a text.
    template: Option<String>,
    /// The words that a reader of the page may change.
    #[serde(default)]
    pub words: Vec<Word>,
}

/// A word of the file that may be changed, wherever it stands outside of comments.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Word {
    pub word: String,
    /// What may stand there instead.
    pub or: Vec<String>,
}

/// What the learner's file has to be like.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Every worker writes by this method.
    Write(String),
    /// This property holds in every schedule.
    Holds(String),
    /// The minimum number of answers that may get lost.
    LostResponses(u32),
    /// The minimum number of workers.
    Workers(usize),
    /// The maximum number of API calls, even in the worst schedule.
    WorstCalls(u64),
    /// It states this: `safe`.
    Expect(String),
    /// It is not as it was given.
    Changed(bool),
    /// No worker but this one writes in another way than in the file as it was given.
    Only(String),
}

/// The solution, in words and in deeds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Solution {
    pub text: String,
    /// What is typed, line by line.
    #[serde(default)]
    pub answers: Vec<String>,
    /// What is replaced in the file, everywhere.
    #[serde(default)]
    pub edit: Vec<(String, String)>,
}

/// The exercises in their order, as they are written.
const TEXTS: &[&str] = &[
    include_str!("exercises/01-see-it.yaml"),
    include_str!("exercises/02-do-it.yaml"),
    include_str!("exercises/03-count-it.yaml"),
    include_str!("exercises/04-the-server-objects.yaml"),
    include_str!("exercises/05-the-wrong-retry.yaml"),
    include_str!("exercises/06-the-patch.yaml"),
    include_str!("exercises/07-without-overlap.yaml"),
    include_str!("exercises/08-pay-for-it.yaml"),
    include_str!("exercises/09-the-lost-answer.yaml"),
    include_str!("exercises/10-the-old-type.yaml"),
    include_str!("exercises/11-claim.yaml"),
    include_str!("exercises/12-two-replicas.yaml"),
    include_str!("exercises/13-yours.yaml"),
];

/// All exercises, as far as they can be read without computing anything: their numbers are still
/// placeholders.
pub fn all() -> Vec<Exercise> {
    TEXTS.iter().map(|text| parse(&numberless(text))).collect()
}

/// One exercise with its numbers, by its index.
pub fn load(index: usize, facts: &mut Facts) -> Exercise {
    let raw = TEXTS[index];
    let file = parse(&numberless(raw)).file.map_or(String::new(), |file| file.path);
    parse(&facts.fill(&raw.replace("{{file}}", &file)))
}

/// The texts as they are written, for a test of their numbers.
#[cfg(test)]
pub(super) fn raw() -> &'static [&'static str] {
    TEXTS
}

/// Where a number is wanted, any will do to read the rest.
fn numberless(text: &str) -> String {
    let at = |line: &str| line.trim_start().starts_with("- worst-calls:");
    let line = |line: &str| match at(line) {
        true => format!("{}- worst-calls: 0\n", &line[..line.len() - line.trim_start().len()]),
        false => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

/// The files are ours and compiled in; a test reads each.
fn parse(text: &str) -> Exercise {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("an exercise of ours: {error}"))
}

impl ExerciseFile {
    /// What the learner is given.
    pub fn text(&self) -> String {
        match &self.template {
            Some(template) => starter(template, "yours").unwrap_or_default(),
            None => self.text.clone(),
        }
    }
}

impl Exercise {
    /// The solved file.
    pub fn solved_file(&self) -> Option<String> {
        let text = self.file.as_ref()?.text();
        let edits = self.solution.edit.iter();
        Some(edits.fold(text, |text, (from, to)| text.replace(from, to)))
    }
}

impl Question {
    /// The index of the right choice.
    pub fn right(&self) -> Option<usize> {
        self.choices.iter().position(|choice| choice.right)
    }
}

/// `a`, `b`, `c`.
pub fn letter(index: usize) -> char {
    char::from(b'a' + u8::try_from(index).unwrap_or(25).min(25))
}

impl ShortAnswer {
    /// Whether what was typed is right; otherwise what it shows, if that is known.
    pub fn judge(&self, typed: &str) -> Result<(), Option<&str>> {
        let typed = plain(typed);
        if typed == plain(&self.is) {
            return Ok(());
        }
        let known = self.reveals.iter().find(|reveal| plain(&reveal.said) == typed);
        Err(known.map(|reveal| reveal.why.as_str()))
    }
}

/// An answer without what does not matter: `step 4.` is `4`, `status.ready` is `ready`.
fn plain(text: &str) -> String {
    let text = text.trim().trim_end_matches('.').to_lowercase();
    let text = text.strip_prefix("step").map_or(text.as_str(), str::trim).to_owned();
    text.strip_prefix("status.").map_or(text.clone(), str::to_owned)
}
