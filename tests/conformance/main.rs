//! Plays the recorded answers of real API servers against ours.
//!
//! `cargo test --test conformance` prints, for each topic, how many cases agree exactly and
//! semantically (README.md says what that means), and fails if a case of `modern` disagrees, if a
//! case of `full` disagrees in anything that `differences.json` does not name, or if
//! `docs/fidelity.md` is out of date. With `CONFORMANCE_ONLY=<text>` only cases whose name contains
//! the text are played, and all their differences are printed; with `CONFORMANCE_WRITE=1` the
//! document is written. `http.rs` says how to play against a server over HTTP.

mod arm;
mod fidelity;
mod http;
mod matching;
mod mutants;
mod player;
#[cfg(feature = "serve")]
mod sockets;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use arm::InProcess;
use http::Http;
use player::Outcome;

/// The figures of one topic.
#[derive(Clone, Debug, Default)]
struct Figures {
    exact: usize,
    semantic: usize,
    /// Cases that disagree only where v1.36 is known to differ from the recording.
    known: usize,
    total: usize,
}

impl Figures {
    fn add(&mut self, other: &Figures) {
        self.exact += other.exact;
        self.semantic += other.semantic;
        self.known += other.known;
        self.total += other.total;
    }

    fn line(&self) -> String {
        let Figures { exact, semantic, known, total } = self;
        match known {
            0 => format!("{exact} exact, {semantic} semantic, {total} total"),
            known => format!("{exact} exact, {semantic} semantic, {known} known, {total} total"),
        }
    }
}

/// Each folder's topics with their figures.
type Results = BTreeMap<&'static str, BTreeMap<String, Figures>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the corpus is beside this file");
    serde_json::from_str(&text).expect("the corpus is JSON")
}

/// Plays every case of a corpus folder; calls `see` with each case's name and outcome.
fn play(folder: &str, see: &mut dyn FnMut(&str, &Value, &Outcome)) {
    let root = root().join(folder);
    let any_namespace = folder == "modern";
    let crds = read(&root.join("crds.json"));
    let fresh = InProcess::new(any_namespace, &crds);
    let mut remote = remote().map(|url| Http::new(&url, &crds, !any_namespace));
    let mut files: Vec<_> = std::fs::read_dir(&root)
        .expect("the corpus is beside this file")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|it| it == "json"))
        .filter(|path| path.file_name().is_some_and(|it| it != "crds.json"))
        .collect();
    files.sort();
    for file in files {
        let topic = file.file_stem().and_then(|it| it.to_str()).unwrap_or_default().to_string();
        for case in read(&file)["cases"].as_array().into_iter().flatten() {
            if let Some(arm) = &mut remote {
                let compacts = case["requires"].as_array().is_some_and(|it| !it.is_empty());
                if selected(case) && !compacts {
                    arm.prepare(case);
                    see(&topic, case, &player::play(arm, case));
                }
                continue;
            }
            let mut arm = fresh.clone();
            if !any_namespace {
                let namespace = json!({ "metadata": { "name": case["namespace"] } });
                arm.post("/api/v1/namespaces", &namespace);
            }
            if selected(case) {
                see(&topic, case, &player::play(&mut arm, case));
            }
        }
    }
}

/// Plays the neighbours of the recorded cases and those of our own; what they object to. All must
/// be exact.
fn play_own() -> Vec<String> {
    let fresh = InProcess::new(true, &read(&root().join("modern/crds.json")));
    let mut faults = Vec::new();
    for file in ["neighbours.json", "own.json"] {
        let cases = read(&root().join(file));
        for case in cases["cases"].as_array().into_iter().flatten() {
            let name = case["name"].as_str().unwrap_or_default();
            let found = player::play(&mut fresh.clone(), case).exact;
            faults.extend(found.into_iter().map(|text| format!("{name}: {text}")));
        }
    }
    faults
}

/// For each server that is wrong in one rule, the first recorded case that notices.
fn play_mutants() -> Vec<(&'static str, Option<String>)> {
    let root = root().join("modern");
    let fresh = InProcess::new(true, &read(&root.join("crds.json")));
    let notices = |mutant: &mutants::Mutant| {
        mutant.topics.iter().find_map(|topic| {
            let cases = read(&root.join(format!("{topic}.json")));
            let mut cases = cases["cases"].as_array().into_iter().flatten();
            let wrong = cases.find(|case| {
                let mut arm = mutants::Mutated::new(mutant, fresh.clone());
                !player::play(&mut arm, case).semantic.is_empty()
            });
            wrong.and_then(|case| case["name"].as_str().map(str::to_owned))
        })
    };
    mutants::MUTANTS.iter().map(|mutant| (mutant.breaks, notices(mutant))).collect()
}

/// The address of the server to play against, if it is not the one in process.
fn remote() -> Option<String> {
    std::env::var("CONFORMANCE_URL").ok()
}

/// Whether a case is to be played.
fn selected(case: &Value) -> bool {
    let name = case["name"].as_str().unwrap_or_default();
    std::env::var("CONFORMANCE_ONLY").is_ok_and(|only| name.contains(&only))
        || std::env::var_os("CONFORMANCE_ONLY").is_none()
}

/// Whether all differences of a case are at paths where they are known and explained.
fn is_known(entry: &Value, outcome: &Outcome) -> bool {
    let paths: Vec<_> = entry["paths"].as_array().into_iter().flatten().collect();
    outcome.semantic.iter().all(|text| {
        let path = text.split(": ").nth(1).unwrap_or_default();
        paths.iter().any(|known| path.ends_with(known.as_str().unwrap_or("none")))
    })
}

fn main() -> ExitCode {
    let only = std::env::var_os("CONFORMANCE_ONLY").is_some();
    let folders = match (remote(), std::env::var("CONFORMANCE_FOLDER").as_deref()) {
        (None, _) => vec!["modern", "full"],
        (Some(_), Ok("full")) => vec!["full"],
        (Some(_), _) => vec!["modern"],
    };
    let differences = read(&root().join("differences.json"));
    let known = |name: &str| {
        let mut all = differences["cases"].as_array().into_iter().flatten();
        all.find(|entry| entry["case"] == name)
    };
    let mut results = Results::new();
    let mut faults = Vec::new();
    for folder in folders {
        let topics = results.entry(folder).or_default();
        play(folder, &mut |topic, case, outcome| {
            let name = case["name"].as_str().unwrap_or_default();
            let figures = topics.entry(topic.into()).or_default();
            figures.total += 1;
            figures.exact += usize::from(outcome.exact.is_empty());
            figures.semantic += usize::from(outcome.semantic.is_empty());
            if only {
                outcome.exact.iter().for_each(|text| println!("{name}: {text}"));
            }
            let entry = if folder == "full" { known(name) } else { None };
            match (outcome.semantic.first(), entry) {
                (None, Some(_)) => faults.push(format!("{folder}/{name}: agrees, yet is listed")),
                (Some(_), Some(entry)) if is_known(entry, outcome) => figures.known += 1,
                (Some(text), _) => faults.push(format!("{folder}/{name}: {text}")),
                (None, None) => {
                    if let Some(text) = outcome.exact.first() {
                        println!("not exact: {folder}/{name}: {text}");
                    }
                }
            }
        });
        let mut all = Figures::default();
        for (topic, figures) in topics.iter() {
            println!("{folder}/{topic}: {}", figures.line());
            all.add(figures);
        }
        println!("{folder}: {}", all.line());
        if folder == "modern" && all.exact * 100 < all.total * 99 {
            faults.push(format!("modern: fewer than 99 of 100 cases are exact: {}", all.line()));
        }
    }
    if !only && remote().is_none() {
        faults.extend(play_own());
        #[cfg(feature = "serve")]
        ["modern", "full"].iter().for_each(|folder| faults.extend(sockets::play(folder)));
        for (breaks, noticed) in play_mutants() {
            match noticed {
                Some(case) => println!("without the rule \"{breaks}\": noticed by {case}"),
                None => faults.push(format!("nobody notices that a server breaks: {breaks}")),
            }
        }
        faults.extend(fidelity::check(&results, &differences));
    }
    faults.iter().for_each(|fault| println!("FAILED {fault}"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
