//! From a check and its lesson to what the page shows of one scenario.
//!
//! Next to read: `graph.rs`, the game; `predict.rs`, the questions.

use serde_json::Value;

use super::compared::compared;
use super::data::{
    Belief, Kept, Loss, Place, Scene, Sentence, Square, Store, Swap, Table,
    ToldSchedule as Schedule, Verdict, Worker,
};
use super::reason::{self, loss};
use super::{graph, predict};
use crate::apiserver::Key;
use crate::check::game::{self, Heard, Odds, StoreKind};
use crate::check::{CheckResult, Lesson, Shown};
use crate::properties;
use crate::report::check_text::{header, reader, verdict_rows};
use crate::report::game as game_words;
use crate::report::losses::Facts;
use crate::report::story::{Story, resource_version};
use crate::report::style::{Role, Style};
use crate::report::told::{self, Told};
use crate::report::view::View;
use crate::report::{advice, commands, explain, summary, table, why, yaml};
use crate::trace::{Action, Event};

/// The tables of one scene, while it is filled in.
pub(super) struct Scenery<'a> {
    pub result: &'a CheckResult,
    pub lesson: &'a Lesson,
    /// The objects, in the order of the first story.
    pub views: Vec<View>,
    /// The index of the property that the odds are about.
    pub goal: usize,
    pub texts: Table<Vec<String>>,
    pub steps: Table<Told>,
    pub beliefs: Table<Belief>,
    pub stores: Table<Store>,
    pub kept: Table<Kept>,
    pub reasons: Table<String>,
    pub losses: Table<Loss>,
    pub rules: Table<Vec<String>>,
}

/// The scene of a result, if it carries a lesson.
pub(super) fn scene(result: &CheckResult) -> Option<Scene> {
    let lesson = result.lesson.as_deref()?;
    let first = &lesson.shown[lesson.first];
    let views = Story::new(&first.run.scenario, &first.run.trace).views;
    let violated = result.first_violation().map(|property| property.name);
    let goal = lesson.judged.iter().position(|name| Some(*name) == violated).unwrap_or(0);
    let mut scenery = Scenery {
        result,
        lesson,
        views,
        goal,
        texts: Table::default(),
        steps: Table::default(),
        beliefs: Table::default(),
        stores: Table::default(),
        kept: Table::default(),
        reasons: Table::default(),
        losses: Table::default(),
        rules: Table::default(),
    };
    let mut stories: Vec<Schedule> =
        lesson.shown.iter().map(|shown| scenery.story(shown)).collect();
    let again = lesson.shown.iter().flat_map(|shown| &shown.same_order);
    for same in again {
        // Of these only the end is told.
        stories[same.with].explanation.clear();
        stories[same.with].sentences.clear();
    }
    let graph = lesson.chart.as_ref().map(|chart| graph::graph(&mut scenery, chart));
    let scenario = &result.scenario;
    let verdicts: Vec<Verdict> = verdict_rows(result)
        .into_iter()
        .map(|(role, tag, name, text)| Verdict {
            role: role_name(role),
            tag: tag.to_owned(),
            name: name.to_owned(),
            text,
        })
        .collect();
    let source = scenario.source.file.clone().unwrap_or_else(|| scenario.source.name.clone());
    let violating = violated.and_then(|name| result.property(name)?.schedules.clone());
    let squares = lesson.strip.iter();
    Some(Scene {
        name: scenario.name.clone(),
        description: scenario.description.clone(),
        task: game_words::task(result, &first.run.trace),
        cast: game_words::cast(&Story::new(&first.run.scenario, &first.run.trace)),
        goal: {
            let words = properties::words(violated.unwrap_or(properties::NO_LOST_WRITE));
            [words.violate, words.violates, words.holds]
        },
        replay: commands::replay_any(result),
        methods: reason::methods(result, lesson),
        text: scenario.source.text.clone(),
        source,
        fingerprint: result.fingerprint.clone(),
        facts: header(result),
        headline: headline(&verdicts, violated),
        verdicts,
        summary: summary::summary(std::slice::from_ref(result)).paint(&Style::default()),
        schedules: result.exploration.schedules.as_ref().map(ToString::to_string),
        violating: violating.as_ref().map(ToString::to_string),
        workers: workers(result, lesson, first),
        advice: advice::sentences(&result.advice),
        views: scenery.views.iter().map(View::title).collect(),
        start: scenery.start(),
        first: lesson.first,
        each: lesson
            .strip
            .iter()
            .all(|s| s.schedules.as_ref().is_some_and(|n| n.to_string() == "1")),
        strip: squares
            .map(|square| Square {
                story: square.shown,
                schedules: square.schedules.as_ref().map(ToString::to_string),
            })
            .collect(),
        compare: compared(result, lesson),
        closing: table::closing_sentences(&lesson.comparison),
        questions: predict::questions(&scenery, first),
        commands: commands_of(result, first),
        bounds: bounds(result),
        notes: result.notes.clone(),
        graph,
        stories,
        texts: scenery.texts.into_vec(),
        steps: scenery.steps.into_vec(),
        beliefs: scenery.beliefs.into_vec(),
        stores: scenery.stores.into_vec(),
        kept: scenery.kept.into_vec(),
        reasons: scenery.reasons.into_vec(),
        losses: scenery.losses.into_vec(),
        rules: scenery.rules.into_vec(),
    })
}

/// The verdict that the page is about: the violation, or else the first.
fn headline(verdicts: &[Verdict], violated: Option<&str>) -> Verdict {
    let found = verdicts.iter().find(|verdict| Some(verdict.name.as_str()) == violated);
    let nothing = || Verdict {
        role: "notice",
        tag: "?".to_owned(),
        name: String::new(),
        text: String::new(),
    };
    found.or(verdicts.first()).cloned().unwrap_or_else(nothing)
}

/// As the page names it.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Good => "good",
        Role::Bad | Role::Lost | Role::Guilty => "bad",
        _ => "notice",
    }
}

fn workers(result: &CheckResult, lesson: &Lesson, first: &Shown) -> Vec<Worker> {
    let story = Story::new(&first.run.scenario, &first.run.trace);
    let specs = result.scenario.workers.iter().zip(&lesson.letters).enumerate();
    specs
        .map(|(at, (spec, letter))| Worker {
            wants: game_words::wants(&story, at),
            name: spec.name.clone(),
            letter: *letter,
            write: spec.write.clone(),
            read: reader(spec.read),
            process: spec.process.clone(),
        })
        .collect()
}

/// What became of a schedule that violates this property, or none.
pub(super) fn outcome(violated: Option<&str>, finished: bool) -> Verdict {
    let (role, tag) = match (violated.map(properties::words), finished) {
        (_, false) => ("notice", "not finished"),
        (None, true) => ("good", "nothing is lost"),
        (Some(words), _) => (if words.told { "notice" } else { "bad" }, words.outcome),
    };
    let name = violated.unwrap_or_default().to_owned();
    Verdict { role, tag: tag.to_owned(), name, text: String::new() }
}

impl Scenery<'_> {
    /// What each object is before the first step.
    fn start(&self) -> Vec<String> {
        let initial = &self.lesson.shown[self.lesson.first].run.trace.initial;
        let compact = |view: &View| {
            let object = initial.iter().find(|(key, _)| *key == view.key);
            view.compact(object.map(|(_, object)| object.as_ref()))
        };
        self.views.iter().map(compact).collect()
    }

    /// One schedule.
    fn story(&mut self, shown: &Shown) -> Schedule {
        let (run, result) = (&shown.run, self.result);
        // That a worker never ends does not show in one run: the search has seen it.
        let searched = || {
            let violation = result.first_violation()?.witness.as_ref()?;
            Facts::of_result(result).filter(|_| violation.schedule == run.schedule)
        };
        let facts = Facts::of_replay(run).or_else(searched);
        let story = Story::new(&run.scenario, &run.trace);
        let told = told::all(&story, facts.as_ref());
        let steps = told.into_iter().map(|told| self.step(&story, told)).collect();
        // Objects are those of the first story, whatever this one would show by itself.
        let viewed = Story::with_views(&run.scenario, &run.trace, self.views.clone());
        let places = 0..=run.trace.events.len();
        let places = places.map(|at| self.place(&story, &viewed, shown, at)).collect();
        let plain = Style { width: 92, ..Style::default() };
        let lines = facts.as_ref().map(|facts| explain::explain(facts, &plain)).unwrap_or_default();
        Schedule {
            schedule: run.schedule.to_string(),
            letters: shown.letters.clone(),
            steps,
            places,
            verdict: self.verdict(shown),
            guilty: facts.as_ref().map(Facts::guilty_step),
            victim: facts.as_ref().map(|facts| facts.witness.victim.step),
            stale: facts.as_ref().filter(|facts| facts.has_stale_read()).and_then(stale_step),
            sentences: facts.as_ref().map(sentences).unwrap_or_default(),
            explanation: lines.iter().map(|line| line.paint(&plain)).collect(),
            swap: shown
                .swap
                .map(|swap| Swap { with: swap.with, steps: [swap.steps.0 + 1, swap.steps.1 + 1] }),
            instead: shown.instead.map(|(write, read)| [write.to_owned(), reader(read).to_owned()]),
            same: shown.same_order.iter().map(|same| (same.word.clone(), same.with)).collect(),
            loss: facts.as_ref().map(|facts| loss(self, run, facts)),
            command: command(self.result, shown),
            rules: self.rules.add(game_words::rules(&story)),
        }
    }

    /// What became of a schedule. Where not every schedule was covered, one that loses nothing says
    /// nothing of the others, and is not green.
    fn verdict(&self, shown: &Shown) -> Verdict {
        let outcome = outcome(shown.violates(), shown.run.trace.finished);
        match (outcome.role, summary::is_undecided(self.result)) {
            ("good", true) => Verdict {
                role: "notice",
                tag: "nothing is lost in this schedule; not all were covered".to_owned(),
                ..outcome
            },
            _ => outcome,
        }
    }

    /// A step, with the object named as all stories name it.
    pub(super) fn step(&mut self, story: &Story<'_>, mut told: Told) -> usize {
        let key = story.views.get(told.view).map(|view| &view.key);
        let known = self.views.iter().position(|view| Some(&view.key) == key);
        told.view = known.unwrap_or(0);
        self.steps.add(told)
    }

    fn place(&mut self, story: &Story<'_>, viewed: &Story<'_>, shown: &Shown, at: usize) -> Place {
        let views = 0..viewed.views.len();
        let objects = views.map(|view| self.text(viewed.object_at(at, view))).collect();
        let ahead = shown.ahead[at].iter();
        let held = shown.beliefs[at].iter().zip(ahead).enumerate();
        let beliefs = held.map(|(worker, (held, ahead))| {
            let of_worker = |event: &&Event| event.worker() == Some(worker);
            let last = story.trace.events[..at].iter().rfind(of_worker);
            let dropped = last.is_some_and(|event| event.mark.dropped);
            self.belief(story, held, ahead.as_ref(), dropped)
        });
        let b = beliefs.collect();
        let k = self.kept(&shown.stores, &shown.stored[at]);
        Place { o: objects, b, k, n: self.odds(shown.odds[at].as_ref()) }
    }

    /// The schedules from here, and those of them that violate.
    pub(super) fn odds(&self, odds: Option<&Odds>) -> Option<[String; 2]> {
        let odds = odds?;
        Some([odds.schedules.to_string(), odds.violating.get(self.goal)?.to_string()])
    }

    /// An object as lines.
    pub(super) fn text(&mut self, object: Option<&Value>) -> Option<usize> {
        let lines = yaml::lines(Some(object?));
        Some(self.texts.add(lines.into_iter().map(|line| line.text).collect()))
    }

    fn view(&self, key: &Key) -> Option<usize> {
        self.views.iter().position(|view| view.key == *key)
    }

    /// What caches and memories hold, of the objects that are shown.
    pub(super) fn kept(&mut self, stores: &[game::Store], stored: &[game::Stored]) -> Vec<usize> {
        let mut kept = Vec::new();
        for (store, stored) in stores.iter().zip(stored) {
            let Some(view) = self.view(&store.key) else { continue };
            let (process, workers) = (store.process.clone(), store.workers.clone());
            let kind = match store.kind {
                StoreKind::Cache(_) => "cache",
                StoreKind::Memory(_) => "memory",
            };
            let store = self.stores.add(Store { kind, process, view, workers });
            let object = stored.object.as_deref();
            let (text, rv) = (self.text(object), object.and_then(resource_version));
            kept.push(self.kept.add(Kept { store, text, rv, lag: stored.lag }));
        }
        kept
    }

    /// The objects that a worker holds beside the one that it read last.
    fn others(&mut self, held: &game::Belief) -> Vec<[usize; 2]> {
        let held = held.others.iter();
        let other = |(key, object): (&Key, &std::sync::Arc<Value>)| {
            Some([self.view(key)?, self.text(Some(object))?])
        };
        held.filter_map(other).collect()
    }

    /// What a worker believes, and what it is about to do.
    pub(super) fn belief(
        &mut self,
        story: &Story<'_>,
        held: &game::Belief,
        ahead: Option<&Event>,
        dropped: bool,
    ) -> usize {
        let from = match held.from {
            Heard::Nowhere => "nowhere",
            Heard::Live => "live",
            Heard::Cache => "cache",
            Heard::Memory => "memory",
            Heard::Answer => "answer",
        };
        let object = held.object.as_deref();
        let sends = match ahead.map(|event| &event.action) {
            Some(Action::Write { sent, .. }) => self.text(Some(sent)),
            _ => None,
        };
        let belief = Belief {
            from,
            rv: object.and_then(resource_version),
            text: self.text(object),
            view: held.key.as_ref().and_then(|key| self.view(key)),
            others: self.others(held),
            next: ahead.map_or_else(Vec::new, |event| story.names(event)),
            sends,
            dropped: dropped && ahead.is_none(),
        };
        self.beliefs.add(belief)
    }
}

fn stale_step(facts: &Facts<'_>) -> Option<usize> {
    Some(facts.witness.stale_read.as_ref()?.step)
}

fn sentences(facts: &Facts<'_>) -> Vec<Sentence> {
    let sentences = why::sentences(facts).into_iter();
    let sentences = sentences.map(|s| Sentence { label: s.label, step: s.step, text: s.text });
    sentences.collect()
}

/// The command that replays a schedule.
fn command(result: &CheckResult, shown: &Shown) -> String {
    let overrides = match shown.instead {
        Some((write, read)) => vec![format!("--write {write}"), format!("--read {}", reader(read))],
        None => result.overrides.clone(),
    };
    commands::replay_schedule(result, &overrides, &shown.run.schedule)
}

fn commands_of(result: &CheckResult, first: &Shown) -> Vec<String> {
    vec![
        commands::check(result),
        command(result, first),
        commands::page(result, &first.run.schedule),
    ]
}

fn bounds(result: &CheckResult) -> Vec<String> {
    let exploration = &result.exploration;
    let mut bounds = Vec::new();
    let covered = match &exploration.stopped_by {
        None => "none was reached: every schedule was covered".to_owned(),
        Some(bound) => format!("{bound:?} stopped the search; what it did not see is not judged"),
    };
    bounds.push(covered);
    bounds.extend(exploration.seed.map(|seed| format!("seed {seed}")));
    bounds
}
