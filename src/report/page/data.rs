//! The JSON in the page: what its scripts read.
//!
//! Texts of objects, steps and beliefs are kept once and named by their index, since most
//! schedules share most of them. Next to read: `scene.rs`, which fills it in.

use std::hash::Hash;

use indexmap::IndexSet;
use serde::Serialize;

use crate::report::told::Told;

/// All of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<'a> {
    pub schema_version: u32,
    pub version: &'static str,
    pub scenes: &'a [Scene],
}

/// One scenario.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    pub name: String,
    pub description: String,
    /// What a reader is to do, and what can be reached.
    pub task: String,
    /// Who plays, on what, and what a player has to know.
    pub cast: String,
    /// What schedules do that violate the property, what one of them does, and what is true of the
    /// others: `lose a write`, `loses a write`, `no write was lost`.
    pub goal: [&'static str; 3],
    /// The command that replays any schedule, which stands for `{}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<String>,
    /// Each write method that occurs, with what it does.
    pub methods: std::collections::BTreeMap<&'static str, &'static str>,
    /// The scenario's text, and where it came from.
    pub text: String,
    pub source: String,
    pub fingerprint: String,
    /// What it is made of: workers, write method, reader, scheduler.
    pub facts: Vec<String>,
    pub headline: Verdict,
    pub verdicts: Vec<Verdict>,
    /// The last line of `check`.
    pub summary: String,
    /// All schedules, and those that violate; `None` where unknown.
    pub schedules: Option<String>,
    pub violating: Option<String>,
    pub workers: Vec<Worker>,
    pub advice: Vec<String>,
    /// The titles of the objects, and what each is before the first step.
    pub views: Vec<String>,
    pub start: Vec<String>,
    /// Objects and bodies, as lines of YAML.
    pub texts: Vec<Vec<String>>,
    pub steps: Vec<Told>,
    pub beliefs: Vec<Belief>,
    /// Caches and memories, and what they hold at some place.
    pub stores: Vec<Store>,
    pub kept: Vec<Kept>,
    /// Why a write is lost, and what requests replace: many schedules share them.
    pub reasons: Vec<String>,
    pub losses: Vec<Loss>,
    pub rules: Vec<Vec<String>>,
    pub stories: Vec<ToldSchedule>,
    /// The story that the page opens with.
    pub first: usize,
    pub strip: Vec<Square>,
    pub each: bool,
    pub compare: Vec<Compared>,
    pub closing: Vec<String>,
    pub graph: Option<Graph>,
    pub questions: Vec<Question>,
    /// The commands that make this page, and that check again.
    pub commands: Vec<String>,
    pub bounds: Vec<String>,
    /// What is told besides the verdict.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A verdict, as `check` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    /// `good`, `bad` or `notice`.
    pub role: &'static str,
    pub tag: String,
    pub name: String,
    pub text: String,
}

/// A worker.
#[derive(Debug, Serialize)]
pub struct Worker {
    pub name: String,
    pub letter: char,
    pub write: String,
    pub read: &'static str,
    pub process: String,
    /// The fields that it sets: `phase=Running`; none if they are computed from what it reads.
    pub wants: Vec<String>,
}

/// What one worker believes, and what it is about to do.
#[derive(Clone, Debug, Serialize, PartialEq, Eq, Hash)]
pub struct Belief {
    /// `nowhere`, `live`, `cache`, `memory` or `answer`.
    pub from: &'static str,
    pub rv: Option<u64>,
    /// The object it knows of, by index into the texts, and which it is, by index into the views.
    pub text: Option<usize>,
    pub view: Option<usize>,
    /// The other objects that it holds: view and text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<[usize; 2]>,
    /// The names of its next step, the longest first; none if it is done.
    pub next: Vec<String>,
    /// What it would send, by index into the texts.
    pub sends: Option<usize>,
    /// Whether it gave up.
    pub dropped: bool,
}

/// A cache, or the memory of a process.
#[derive(Clone, Debug, Serialize, PartialEq, Eq, Hash)]
pub struct Store {
    /// `cache` or `memory`.
    pub kind: &'static str,
    pub process: String,
    /// The object, by index into the views.
    pub view: usize,
    pub workers: Vec<usize>,
}

/// What one of them holds.
#[derive(Clone, Debug, Serialize, PartialEq, Eq, Hash)]
pub struct Kept {
    /// Which, by index into the stores.
    pub store: usize,
    /// By index into the texts; none if it holds no object.
    pub text: Option<usize>,
    pub rv: Option<u64>,
    /// Changes on their way to it.
    pub lag: usize,
}

/// A place between two steps.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Place {
    /// Per view: the object, by index into the texts.
    pub o: Vec<Option<usize>>,
    /// Per worker: its belief, by index.
    pub b: Vec<usize>,
    /// What caches and memories hold, by index into `kept`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub k: Vec<usize>,
    /// The schedules still possible, and those of them that violate.
    pub n: Option<[String; 2]>,
}

/// One schedule.
#[derive(Debug, Serialize)]
pub struct ToldSchedule {
    pub schedule: String,
    pub letters: Vec<String>,
    pub steps: Vec<usize>,
    pub places: Vec<Place>,
    pub verdict: Verdict,
    /// The steps that matter, from 1.
    pub guilty: Option<usize>,
    pub victim: Option<usize>,
    pub stale: Option<usize>,
    pub sentences: Vec<Sentence>,
    pub explanation: Vec<String>,
    pub swap: Option<Swap>,
    /// The write method and the reader, where they are not the scenario's own.
    pub instead: Option<[String; 2]>,
    /// The same order of moves under other write methods: the method, and the story.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub same: Vec<(String, usize)>,
    /// Who loses, and the sentence that says so.
    pub loss: Option<usize>,
    pub command: String,
    /// What its requests replace, by index into the rules.
    pub rules: usize,
}

/// A labelled sentence.
#[derive(Debug, Serialize)]
pub struct Sentence {
    pub label: &'static str,
    pub step: Option<usize>,
    pub text: String,
}

/// The safe story beside a losing one, and the two steps that are exchanged, from 1.
#[derive(Debug, Serialize)]
pub struct Swap {
    pub with: usize,
    pub steps: [usize; 2],
}

/// One square of the strip.
#[derive(Debug, Serialize)]
pub struct Square {
    pub story: usize,
    pub schedules: Option<String>,
}

/// One row of the comparison.
#[derive(Debug, Serialize)]
pub struct Compared {
    pub write: String,
    pub cells: [Cell; 2],
    pub conflicts: String,
    pub calls: String,
    pub verdict: Verdict,
    /// What the server says, where it refuses the method.
    pub refused: Option<String>,
    /// Whether the scenario itself is written so.
    pub own: bool,
}

/// One cell: `4 of 6`, and its worst story.
#[derive(Debug, Serialize)]
pub struct Cell {
    pub role: &'static str,
    pub text: String,
    pub story: Option<usize>,
}

/// The game.
#[derive(Debug, Serialize)]
pub struct Graph {
    /// Every choice there is: its letters, who moves, and a sentence.
    pub choices: Vec<[String; 2]>,
    /// Why a worker cannot move.
    pub reasons: Vec<String>,
    pub verdicts: Vec<Verdict>,
    pub states: Vec<State>,
}

/// A loss.
#[derive(Debug, Serialize, PartialEq, Eq, Hash)]
pub struct Loss {
    /// The name of who lost.
    pub who: String,
    /// `health lost its write.`
    pub says: String,
    /// The sentences why, by index into the reasons.
    pub why: Vec<usize>,
}

/// One state: where it is, the ways on (choice, step, state), who cannot move (choice, reason),
/// and the verdict if it is an end.
#[derive(Debug, Serialize)]
pub struct State {
    pub p: Place,
    pub w: Vec<[usize; 3]>,
    pub s: Vec<[usize; 2]>,
    pub e: Option<usize>,
    /// At an end: what is lost there, by index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub l: Option<usize>,
}

/// A question to be answered before the answer is seen.
#[derive(Debug, Serialize)]
pub struct Question {
    /// `count`, or `outcome`.
    pub id: &'static str,
    pub text: String,
    pub choices: Vec<Choice>,
    /// The right choice.
    pub answer: usize,
    /// The step before which it is asked, for an outcome.
    pub step: Option<usize>,
}

/// One choice, and what is said to who takes it.
#[derive(Debug, Serialize)]
pub struct Choice {
    pub text: String,
    pub reply: String,
}

/// Things kept once.
#[derive(Debug)]
pub struct Table<T>(IndexSet<T>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table(IndexSet::new())
    }
}

impl<T: Hash + Eq> Table<T> {
    /// The index of this thing; a new one if it is new.
    pub fn add(&mut self, thing: T) -> usize {
        self.0.insert_full(thing).0
    }

    /// All of them, in order.
    pub fn into_vec(self) -> Vec<T> {
        self.0.into_iter().collect()
    }
}
