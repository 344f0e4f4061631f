//! The museum as a place: an entrance with a drawing of every exhibit, and a page for each of them.
//!
//! A page is an exhibit: what was seen, the scenario of each act, the race to play, why, and the
//! losing order on the next act. Everything but the words of `words.rs` is computed. Links are
//! relative, so that the folder works from a USB stick. Next to read: `thumbnail.rs`, `words.rs`.

mod thumbnail;
mod words;

use askama::Template;

use super::counts::count;
use super::museum::{Exhibit, is_judged, word};
use super::page::{RACE_STYLE, race_script, scenes};
use crate::check::{CheckResult, Verdict};
use crate::reconcilers::methods;
use crate::scenario::Scenario;

/// The entrance.
#[derive(Template)]
#[template(path = "museum-index.html")]
struct Index {
    version: &'static str,
    style: &'static str,
    rooms: Vec<Room>,
    signs: Vec<Seen>,
    tour: Vec<Stop>,
    methods: Vec<&'static str>,
    rows: Vec<Row>,
    count: usize,
}

/// A mechanism, and its exhibits.
struct Room {
    mechanism: &'static str,
    slug: String,
    cards: Vec<Card>,
}

/// What a visitor has seen, and the exhibits that look like it.
struct Seen {
    heading: &'static str,
    symptoms: Vec<Stop>,
}

/// An exhibit of the tour, or of a list.
#[derive(Clone)]
struct Stop {
    file: String,
    symptom: &'static str,
    title: &'static str,
}

/// An exhibit as it hangs on the wall.
struct Card {
    file: String,
    title: &'static str,
    symptom: &'static str,
    project: String,
    found: String,
    drawing: String,
}

/// What would have saved it: a row of the matrix.
struct Row {
    file: String,
    title: &'static str,
    /// A write method, and what becomes of the exhibit with it.
    cells: Vec<(&'static str, &'static str)>,
}

/// One exhibit's page.
#[derive(Template)]
#[template(path = "museum-exhibit.html")]
struct Page {
    version: &'static str,
    style: &'static str,
    script: String,
    data: String,
    title: &'static str,
    symptom: &'static str,
    mechanism: &'static str,
    slug: String,
    acts: Vec<Act>,
    questions: [&'static str; 3],
    saved: Vec<(&'static str, &'static str)>,
    /// The act in which each method was tried.
    tried: String,
    before: Option<(String, &'static str)>,
    after: Option<(String, &'static str)>,
    /// Its place in the tour, of how many, and the stop after it.
    tour: Option<(usize, usize, Option<Stop>)>,
}

/// An act, ready to be shown.
struct Act {
    name: String,
    description: String,
    wrong: bool,
    found: String,
    why: Vec<(&'static str, String)>,
    text: String,
    playable: bool,
}

/// What the races of an exhibit may take, so that its page stays below 300 kB.
const MOST_BYTES: usize = 200_000;

/// The files of the museum: their names and their texts.
pub fn rooms(exhibits: &[Exhibit]) -> Vec<(String, String)> {
    let titles: Vec<&'static str> = exhibits.iter().map(|exhibit| exhibit.title).collect();
    let file = |title: &str| format!("{}.html", slug(title));
    let neighbour = |at: Option<usize>| {
        let title = titles.get(at?)?;
        Some((file(title), *title))
    };
    let tour = tour(exhibits);
    let mut files = vec![("index.html".to_owned(), index(exhibits))];
    for (at, exhibit) in exhibits.iter().enumerate() {
        let mechanism = Scenario::mechanism(exhibit.title).unwrap_or_default();
        let results: Vec<&CheckResult> = exhibit.acts.iter().collect();
        let saved = exhibit.methods.iter().map(|(method, held)| (*method, word(*held)));
        let acts: Vec<Act> = exhibit.acts.iter().map(act).collect();
        let tried = acts.iter().find(|act| act.wrong).map(|act| act.name.clone());
        let page = Page {
            version: env!("CARGO_PKG_VERSION"),
            style: RACE_STYLE,
            script: race_script(),
            data: scenes(&results, MOST_BYTES),
            title: exhibit.title,
            symptom: words::symptom(exhibit.title),
            mechanism,
            slug: slug(mechanism),
            acts,
            questions: words::questions(mechanism),
            saved: saved.collect(),
            tried: tried.unwrap_or_default(),
            before: neighbour(at.checked_sub(1)),
            after: neighbour(Some(at + 1)),
            tour: tour
                .iter()
                .position(|stop| stop.title == exhibit.title)
                .map(|place| (place + 1, tour.len(), tour.get(place + 1).cloned())),
        };
        files.push((file(exhibit.title), page.render().expect("it is written to a string")));
    }
    files
}

fn stop(exhibit: &Exhibit) -> Stop {
    let file = format!("{}.html", slug(exhibit.title));
    Stop { file, symptom: words::symptom(exhibit.title), title: exhibit.title }
}

/// The stops of the tour that are on show.
fn tour(exhibits: &[Exhibit]) -> Vec<Stop> {
    let on_show = |title: &&str| exhibits.iter().find(|exhibit| exhibit.title == *title);
    words::TOUR.iter().filter_map(on_show).map(stop).collect()
}

/// The exhibits by what was seen.
fn signs(exhibits: &[Exhibit]) -> Vec<Seen> {
    let seen = |(sign, heading): &(words::Sign, &'static str)| {
        let alike = |exhibit: &&Exhibit| words::sign(exhibit.title) == Some(*sign);
        let symptoms: Vec<Stop> = exhibits.iter().filter(alike).map(stop).collect();
        (!symptoms.is_empty()).then_some(Seen { heading, symptoms })
    };
    words::SIGNS.iter().filter_map(seen).collect()
}

fn index(exhibits: &[Exhibit]) -> String {
    let mut rooms: Vec<Room> = Vec::new();
    for exhibit in exhibits {
        let mechanism = Scenario::mechanism(exhibit.title).unwrap_or_default();
        if rooms.last().is_none_or(|room| room.mechanism != mechanism) {
            rooms.push(Room { mechanism, slug: slug(mechanism), cards: Vec::new() });
        }
        let Some(room) = rooms.last_mut() else { continue };
        let wrong = exhibit.acts.iter().find(|act| is_wrong(act)).unwrap_or(&exhibit.acts[0]);
        room.cards.push(Card {
            file: format!("{}.html", slug(exhibit.title)),
            title: exhibit.title,
            symptom: words::symptom(exhibit.title),
            project: project(&wrong.scenario.description),
            found: found(wrong),
            drawing: thumbnail::of(wrong),
        });
    }
    let rows = exhibits.iter().filter(|exhibit| !exhibit.methods.is_empty()).map(|exhibit| Row {
        file: format!("{}.html", slug(exhibit.title)),
        title: exhibit.title,
        cells: exhibit.methods.iter().map(|(method, held)| (*method, word(*held))).collect(),
    });
    let index = Index {
        version: env!("CARGO_PKG_VERSION"),
        style: RACE_STYLE,
        rooms,
        signs: signs(exhibits),
        tour: tour(exhibits),
        methods: methods::all().iter().map(|method| method.name()).collect(),
        rows: rows.collect(),
        count: exhibits.len(),
    };
    index.render().expect("it is written to a string")
}

fn act(result: &CheckResult) -> Act {
    let scenario = &result.scenario;
    let shown = result.lesson.as_deref().and_then(|lesson| lesson.shown.get(lesson.first));
    let facts = shown.and_then(|shown| super::losses::Facts::of_replay(&shown.run));
    let sentence = |sentence: super::why::Sentence| (sentence.label, sentence.text);
    let why = facts.as_ref().map_or_else(Vec::new, super::why::sentences);
    // A comment at the head of the file is for an editor.
    let lines = scenario.source.text.lines().filter(|line| !line.starts_with("# yaml-language"));
    Act {
        name: scenario.name.clone(),
        description: scenario.description.clone(),
        wrong: is_wrong(result),
        found: found(result),
        why: why.into_iter().map(sentence).collect(),
        text: lines.collect::<Vec<_>>().join("\n"),
        playable: result.lesson.is_some(),
    }
}

fn is_wrong(act: &CheckResult) -> bool {
    let violated = |p: &crate::check::PropertyResult| p.verdict == Verdict::Violated;
    act.properties.iter().any(|p| is_judged(act, p.name) && violated(p))
}

/// `4 of 6 orders`.
fn found(act: &CheckResult) -> String {
    let Some(all) = &act.exploration.schedules else { return String::new() };
    let wrong = act.properties.iter().filter(|p| is_judged(act, p.name)).find_map(|property| {
        (property.verdict == Verdict::Violated).then_some(property.schedules.as_ref())?
    });
    match wrong.map(count) {
        Some(wrong) if wrong != "0" => format!("{wrong} of {} orders", count(all)),
        // What is violated by never ending is in no order that can be counted.
        _ if is_wrong(act) => "orders without an end".to_owned(),
        _ => format!("0 of {} orders", count(all)),
    }
}

/// The project and thread of a description: `cert-manager/cert-manager#9097`.
fn project(description: &str) -> String {
    let rest = description.strip_prefix("Modelled after ").unwrap_or(description);
    let end = rest.find([',', ' ']).unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').to_owned()
}

/// A title as a file's name.
fn slug(title: &str) -> String {
    let kept = title.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' });
    let slug: String = kept.collect::<String>().to_lowercase();
    slug.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}
