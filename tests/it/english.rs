//! Words that `CONTRIBUTING.md` excludes: they hide who acts, or what the limit is.
//!
//! A line that has to say one of them is listed here. Next to read: `docs/glossary.md`.

use std::path::{Path, PathBuf};

/// Words that name no actor, and limits that read like riddles.
const EXCLUDED: &[&str] = &[
    "somebody",
    "nobody",
    "anybody",
    "everybody",
    "so many",
    "so often",
    "unless stated",
    "anew",
    "left away",
    "is none that",
    "are none that",
    // What messages and comments said once: each hides the actor, the limit or the next step.
    "what it made of",
    "does test something",
    "the scenario expects it to",
    "nothing was sampled",
    "lost silently",
    "so it is when",
    "if that is the point",
    "are no character",
    "is to be replayed",
    "is asked for as",
    "has to come again",
    "one exchange apart",
    "this rests on",
    "verdict rests on",
    "as always",
    "a write any more",
    "panics with the drawing",
    "in-process get/set models",
    "any free one",
    "nothing is known any more",
    "read on so far",
    "hears of it",
    "was exchanged",
];

/// Lines that may have such a word, by file: what they quote or name says it.
const MAY: &[(&str, &str)] = &[];

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    if place.is_file() {
        let text = ["rs", "md", "js", "html", "yaml", "yml", "txt", "svg", "go", "py", "toml"];
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

/// A line without what only wraps it: marks of comments, of strings, of drawings.
fn bare(line: &str) -> String {
    let marks = ["//", "///", "//!", "#", "\\", "\\n\\", "*", "|", "┃"];
    let words: Vec<_> = line.split_whitespace().filter(|word| !marks.contains(word)).collect();
    words.join(" ")
}

#[test]
fn no_words_that_name_no_actor() {
    let mut files = Vec::new();
    let folders = ["src", "docs", "scenarios", "contrib", "tools", "examples", "benches"];
    for place in folders.iter().chain(&["README.md", "action.yml"]) {
        collect(Path::new(place), &mut files);
    }
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let path = file.display().to_string();
        let may = |line: &str| MAY.iter().any(|(of, words)| *of == path && line.contains(words));
        let lines: Vec<_> = text.lines().map(bare).collect();
        for (number, line) in lines.iter().enumerate() {
            // A phrase may be wrapped: it begins in this line, and may end in the next.
            let next = lines.get(number + 1).map_or("", String::as_str);
            let both = format!("{line} {next}");
            let begins = |phrase: &&str| has(&both, phrase) && !has(next, phrase);
            if EXCLUDED.iter().any(begins) && !may(line) {
                found.push(format!("{path}:{}: {}", number + 1, line));
            }
        }
    }
    let found = found.join("\n");
    assert!(found.is_empty(), "name the worker, the client, the limit:\n{found}");
}
