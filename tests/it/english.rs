//! Words that `CONTRIBUTING.md` excludes: they hide who acts, or what the limit is.
//!
//! A line that has to say one of them is listed here. Next to read: `docs/glossary.md`.

use std::path::{Path, PathBuf};

/// Words that name no actor, and limits that read like riddles.
const EXCLUDED: &[&str] = &[
    "somebody",
    "nobody",
    "so many",
    "so often",
    "unless stated",
    "anew",
    "left away",
    "is none that",
    "are none that",
];

/// Lines that may have such a word, by file: what they quote or name says it.
const MAY: &[(&str, &str)] = &[];

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    if place.is_file() {
        let text = ["rs", "md", "js", "html", "yaml", "txt"];
        let extension = place.extension().and_then(|extension| extension.to_str());
        files.extend(extension.is_some_and(|e| text.contains(&e)).then(|| place.to_owned()));
        return;
    }
    let entries = std::fs::read_dir(place).expect("the tests run in the package's folder");
    entries.for_each(|entry| collect(&entry.expect("an entry").path(), files));
}

/// Whether a line has a word or phrase, as whole words.
fn has(line: &str, phrase: &str) -> bool {
    let line = line.to_lowercase();
    line.match_indices(phrase).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + phrase.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

#[test]
fn no_words_that_name_no_actor() {
    let mut files = Vec::new();
    for place in ["src", "docs", "scenarios", "README.md"] {
        collect(Path::new(place), &mut files);
    }
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let path = file.display().to_string();
        let may = |line: &str| MAY.iter().any(|(of, words)| *of == path && line.contains(words));
        for (number, line) in text.lines().enumerate() {
            if EXCLUDED.iter().any(|phrase| has(line, phrase)) && !may(line) {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    let found = found.join("\n");
    assert!(found.is_empty(), "name the worker, the client, the limit:\n{found}");
}
