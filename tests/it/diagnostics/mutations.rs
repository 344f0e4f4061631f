//! Mutated scenarios: a diagnostic or a verdict, never a panic, in bounded time.
//!
//! Shipped scenarios and templates are damaged byte by byte and word by word; whatever still loads
//! is also checked for a few hundred states.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lostwrite::check::{self, Options};
use lostwrite::scenario::{Files, Mistakes, Scenario, SourceText, TEMPLATES, builtin, starter};
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Far more than any of these texts takes: what unbounded work would exceed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Words that mean something to the format, to YAML, or to whoever reads numbers.
const WORDS: &[&str] = &[
    "update",
    "apply",
    "apply-force",
    "update-shared",
    "json-patch",
    "merge-patch-locked",
    "merge-patch-literal",
    "merge-patch-restamp",
    "strategic-merge-patch-locked",
    "restamp",
    "before",
    "omit",
    "retryRead",
    "none",
    "cache",
    "live",
    "status",
    "main",
    "typed",
    "unstructured",
    "unlimited",
    "lost",
    "safe",
    "rejected",
    "holds",
    "violated",
    "converges",
    "serializable",
    "raced",
    "null",
    "~",
    "true",
    "\"True\"",
    "{}",
    "[]",
    "[[[[[[",
    "}}}}",
    "0",
    "-1",
    "1000",
    "99999999999999999999",
    "1e999",
    "-0.0",
    "0x1f",
    "*a",
    "&a",
    "<<: *a",
    "!!binary x",
    "---",
    "...",
    "- ",
    "? ",
    ": ",
    "|\n  x",
    ">",
    "$add",
    "$append",
    "$remove",
    "$read",
    "{ $add: 1 }",
    "{ $append: {} }",
    "{ $remove: true }",
    "{ $read: metadata.uid }",
    "metadata.name",
    "metadata.resourceVersion",
    "metadata.labels",
    "\"status.conditions[type=Ready]\"",
    "status",
    "spec",
    "\"status.a[0][1][2]\"",
    "kind",
    "workers",
    "objects",
    "crds",
    "faults",
    "when",
    "knows",
    "runs",
    "attempts",
    "process",
    "ConfigMap",
    "Node",
    "Lease",
    "Widget",
    "v1",
    "\u{feff}",
    "\t",
    "\r\n",
    "é",
    "\u{202e}",
    "'",
    "\"",
    "\\u0000",
    "crds/widget.crd.yaml",
    "lostResponses",
    "crashes",
    "recreations",
    "watchGaps",
];

struct Shelf;

impl Files for Shelf {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let known = path == "crds/widget.crd.yaml";
        let crd = include_bytes!("../../../scenarios/crds/widget.crd.yaml");
        known.then(|| crd.to_vec()).ok_or_else(|| "no such file".to_owned())
    }

    fn shown(&self, path: &str) -> String {
        path.to_owned()
    }

    fn near(&self, _path: &str) -> Vec<String> {
        vec!["crds/widget.crd.yaml".to_owned()]
    }
}

fn texts() -> Vec<String> {
    let shipped = Scenario::builtin_names().filter_map(builtin::text).map(str::to_owned);
    let templates = TEMPLATES.iter().filter_map(|template| starter(template.name, "mine"));
    shipped.chain(templates).collect()
}

/// Loads, draws what is wrong, checks a little of what is not.
fn survives(text: &str) {
    let begun = Instant::now();
    match Scenario::load(&SourceText::new("mutated.yaml", text), None, &Shelf) {
        Err(Mistakes(mistakes)) => {
            assert!(!mistakes.is_empty(), "refused without a word:\n{text}");
            assert!(!Mistakes(mistakes).to_string().is_empty());
        }
        Ok(scenarios) => {
            for scenario in scenarios {
                let options = Options {
                    advice: false,
                    max_states: Some(100),
                    max_steps: Some(100),
                    ..Options::default()
                };
                let _ = check::run(&Arc::new(scenario), &options);
            }
        }
    }
    assert!(begun.elapsed() < PATIENCE, "took {:?}:\n{text}", begun.elapsed());
}

#[derive(Clone, Debug)]
enum Edit {
    Delete(Index, usize),
    Insert(Index, Vec<u8>),
    Repeat(Index, usize),
    Flip(Index, u8),
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 1..4),
        select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
    ];
    let edit = prop_oneof![
        (any::<Index>(), 1..40usize).prop_map(|(at, n)| Edit::Delete(at, n)),
        (any::<Index>(), bytes).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1..200usize).prop_map(|(at, n)| Edit::Repeat(at, n)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Edit::Flip(at, byte)),
    ];
    prop::collection::vec(edit, 1..6)
}

fn edited(text: &str, edits: &[Edit]) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for edit in edits {
        if bytes.is_empty() {
            return bytes;
        }
        let len = bytes.len();
        match edit {
            Edit::Delete(at, n) => {
                let at = at.index(len);
                bytes.drain(at..(at + n).min(len));
            }
            Edit::Insert(at, new) => {
                let at = at.index(len);
                bytes.splice(at..at, new.iter().copied());
            }
            Edit::Repeat(at, n) => {
                let at = at.index(len);
                let part = bytes[at..(at + n).min(len)].to_vec();
                bytes.splice(at..at, part);
            }
            Edit::Flip(at, byte) => bytes[at.index(len)] = *byte,
        }
    }
    bytes
}

/// Words and what is between them.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || "-_.$/".contains(c);
    for c in text.chars() {
        match tokens.last_mut() {
            Some(last) if is_word(c) && last.chars().all(is_word) => last.push(c),
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}

proptest! {
    #[test]
    fn bytes_may_be_damaged(text in select(texts()), edits in edits()) {
        let bytes = edited(&text, &edits);
        match String::from_utf8(bytes) {
            Ok(text) => survives(&text),
            Err(error) => {
                let refused = Scenario::from_bytes("mutated.yaml", error.into_bytes());
                prop_assert!(!refused.unwrap_err().to_string().is_empty());
            }
        }
    }

    #[test]
    fn words_may_be_exchanged(
        text in select(texts()),
        swaps in prop::collection::vec((any::<Index>(), select(WORDS)), 1..4),
        moves in prop::collection::vec((any::<Index>(), any::<Index>()), 0..3),
    ) {
        let mut tokens = tokens(&text);
        let words: Vec<usize> =
            (0..tokens.len()).filter(|at| tokens[*at].trim().len() > 1).collect();
        for (at, word) in swaps {
            tokens[words[at.index(words.len())]] = word.to_owned();
        }
        for (from, to) in moves {
            tokens.swap(words[from.index(words.len())], words[to.index(words.len())]);
        }
        survives(&tokens.concat());
    }
}

/// Large and hostile texts: each is read, or refused with a drawing, in bounded time.
#[test]
fn hostile_texts_are_refused_in_bounded_time() {
    let head = "apiVersion: lostwrite.dev/v1alpha1\nkind: Scenario\nmetadata: { name: big }\n";
    let objects = "objects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a } }]\n";
    let worker = "workers: [{ name: w, write: update, sets: { data.x: \"1\" } }]\n";
    let many = |line: &dyn Fn(usize) -> String, n: usize| (0..n).map(line).collect::<String>();
    let texts = [
        format!("{head}{objects}{worker}{}", many(&|i| format!("key{i}: 1\n"), 50_000)),
        format!(
            "{head}{objects}workers:\n{}",
            "  - { name: w, write: x, sets: {} }\n".repeat(30_000)
        ),
        format!("{head}{worker}objects:\n{}", "  - a\n".repeat(100_000)),
        format!("{head}{objects}{worker}description: {}\n", "x".repeat(2_900_000)),
        format!("{head}{objects}{worker}{}: 1\n", "x".repeat(1_000)),
        format!("{head}{objects}{worker}properties: [{}]\n", many(&|i| format!("a{i}, "), 90_000)),
        "x".repeat(4_000_000),
        "a: ".repeat(300_000),
        "&a ".repeat(300_000),
        "[".repeat(3_000_000),
        "\"".repeat(3_000_000),
        "#".repeat(3_000_000),
        "---\n".repeat(700_000),
        "? ".repeat(500_000),
        "|\n".repeat(500_000),
        "- - - - - - - -\n".repeat(100_000),
        format!("{head}{objects}workers: [{{ name: w, write: update, sets: {{ {}: 1 }} }}]\n", {
            "a.".repeat(400) + "a"
        }),
        format!("{head}{objects}{worker}when: &a {}\n", many(&|i| format!("[&b{i} "), 60)),
        format!(
            "{head}{worker}objects:\n{}",
            many(
                &|i| format!(
                    "  - {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: c{i} }} }}\n"
                ),
                100,
            )
        ),
    ];
    for text in texts {
        survives(&text);
    }
}
