//! Plays the recorded answers of real API servers against ours.
//!
//! `cargo test --test conformance` prints, for each topic, how many cases agree exactly and
//! semantically (README.md says what that means). With `CONFORMANCE_ONLY=<text>` only cases whose
//! name contains the text are played, and all their differences are printed.

mod arm;
mod matching;
mod player;

use std::path::Path;

use serde_json::{Value, json};

use arm::InProcess;
use player::Outcome;

/// The figures of one topic.
#[derive(Clone, Debug, Default)]
struct Figures {
    exact: usize,
    semantic: usize,
    total: usize,
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("the corpus is beside this file");
    serde_json::from_str(&text).expect("the corpus is JSON")
}

/// Plays every case of a corpus folder; calls `see` with each case's name and outcome.
fn play(folder: &str, see: &mut dyn FnMut(&str, &Value, &Outcome)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(folder);
    let any_namespace = folder == "modern";
    let fresh = InProcess::new(any_namespace, &read(&root.join("crds.json")));
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
            let mut arm = fresh.clone();
            if !any_namespace {
                let namespace = json!({ "metadata": { "name": case["namespace"] } });
                arm.post("/api/v1/namespaces", &namespace);
            }
            let outcome = player::play(&mut arm, case);
            see(&topic, case, &outcome);
        }
    }
}

fn main() {
    let only = std::env::var("CONFORMANCE_ONLY").ok();
    for folder in ["modern", "full"] {
        let mut topics: std::collections::BTreeMap<String, Figures> = Default::default();
        play(folder, &mut |topic, case, outcome| {
            let name = case["name"].as_str().unwrap_or_default();
            if only.as_deref().is_some_and(|only| !name.contains(only)) {
                return;
            }
            let figures = topics.entry(topic.into()).or_default();
            figures.total += 1;
            figures.exact += usize::from(outcome.exact.is_empty());
            figures.semantic += usize::from(outcome.semantic.is_empty());
            if only.is_some() {
                outcome.exact.iter().for_each(|text| println!("{name}: {text}"));
            } else if let Some(text) = outcome.semantic.first() {
                println!("SEMANTIC {folder}/{name}: {text}");
            } else if let Some(text) = outcome.exact.first() {
                println!("EXACT {folder}/{name}: {text}");
            }
        });
        let mut all = Figures::default();
        for (topic, figures) in &topics {
            let Figures { exact, semantic, total } = figures;
            println!("{folder}/{topic}: {exact} exact, {semantic} semantic, {total} total");
            all.exact += exact;
            all.semantic += semantic;
            all.total += total;
        }
        let Figures { exact, semantic, total } = all;
        println!("{folder}: {exact} exact, {semantic} semantic, {total} total");
    }
}
