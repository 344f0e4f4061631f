//! The documents are held to the program: what they show was printed by it, what they name exists.
//!
//! - `<!-- run: lostwrite ... -->` before a block: the block is what that command prints.
//! - `<!-- write methods -->` in the README: the table below it is computed by `compare`.
//! - A row of `docs/claims.md` has a command and what it must print.
//! - Paths, recorded cases and tests named in backticks exist.
//!
//! `LOSTWRITE_BLESS=1 cargo test --test it documents` writes blocks and table again. That the
//! commands of `sh` blocks run is tested in `cli/documents.rs`. Next to read: `tidy.rs`.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use lostwrite::Scenario;
use lostwrite::check::{self, Options, Row};
use lostwrite::reconcilers::{Reader, methods};

use crate::cli::{Ran, command, finish, folder};
use crate::generated::current;

const DOCUMENTS: &[&str] = &[
    "README.md",
    "CONTRIBUTING.md",
    "docs/ARCHITECTURE.md",
    "docs/claims.md",
    "docs/likelihood.md",
    "docs/scale.md",
    "docs/scenarios.md",
    "docs/semantics.md",
    "docs/verdicts.md",
    "docs/workshop/cards.md",
    "docs/workshop/handout.md",
    "docs/workshop/instructor.md",
    "docs/workshop/slides.md",
];

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A folder in which the commands of the documents can run: it has the shipped scenarios.
fn workshop() -> tempfile::TempDir {
    let place = folder();
    for inside in ["scenarios", "scenarios/crds"] {
        std::fs::create_dir(place.path().join(inside)).expect("an empty folder");
        for entry in std::fs::read_dir(inside).expect("the shipped scenarios") {
            let file = entry.expect("an entry").path();
            if file.is_file() {
                std::fs::copy(&file, place.path().join(&file)).expect("a copy");
            }
        }
    }
    place
}

/// The arguments of a command line of this program, however it is started.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    let rest = ["lostwrite ", "cargo run -- "].iter().find_map(|start| line.strip_prefix(start))?;
    let mut words: Vec<String> = Vec::new();
    for (index, part) in rest.split('"').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_owned)),
            _ => words.push(part.to_owned()),
        }
    }
    Some(words)
}

fn run(place: &Path, line: &str) -> Ran {
    let arguments = arguments(line).unwrap_or_else(|| panic!("no command of ours: {line}"));
    finish(command(place).args(arguments), "")
}

#[test]
fn what_the_documents_show_was_printed_by_the_program() {
    let place = workshop();
    for path in DOCUMENTS {
        let mut text = read(path);
        for line in shown(&text) {
            let marker = format!("<!-- run: {line} -->\n\n```text\n");
            let printed = run(place.path(), &line).out;
            text = replaced(&text, &marker, "```\n", &format!("{}\n", printed.trim_end()));
        }
        if *path == "README.md" {
            let mark = "<!-- write methods -->\n\n";
            text = replaced(&text, mark, "\n", &table_of_write_methods());
        }
        let text = crate::workshop::generated(path, &text, &table_of_write_methods);
        current(path, &text);
    }
}

/// The command lines whose output a document shows.
fn shown(text: &str) -> Vec<String> {
    let marked =
        |line: &str| Some(line.strip_prefix("<!-- run: ")?.strip_suffix(" -->")?.to_owned());
    text.lines().filter_map(marked).collect()
}

/// The text with what stands between a marker and the next line that is this end replaced.
pub fn replaced(text: &str, marker: &str, end: &str, new: &str) -> String {
    let (before, rest) = text.split_once(marker).unwrap_or_else(|| panic!("no {marker}"));
    let old: usize = rest.split_inclusive('\n').take_while(|line| *line != end).map(str::len).sum();
    format!("{before}{marker}{new}{}", &rest[old..])
}

#[test]
fn ci_runs_the_commands_of_the_readme() {
    let ci = read(".ci/run");
    let (_, after) = read("README.md")
        .split_once("## Sixty seconds")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("it is there");
    let cargo: Vec<&str> = after.lines().filter(|line| line.starts_with("cargo ")).collect();
    let [main, page, tests] = cargo.as_slice() else { panic!("three commands: {cargo:?}") };
    assert!(ci.lines().any(|line| line == *tests), "`.ci/run` runs `{tests}`");
    for command in [main, page] {
        let (_, arguments) = command.split_once("cargo run").expect("a command of ours");
        assert!(
            ci.contains(&format!("cargo run --quiet{arguments}")),
            "`.ci/run` runs `{command}`"
        );
    }
}

/// Own fields: the shipped `status-race`; a shared list: `node-conditions`. Both on a Node, where
/// every write method is possible.
fn table_of_write_methods() -> String {
    let compared = ["status-race", "node-conditions"].map(|name| {
        let scenario = Arc::new(Scenario::builtin(name).expect("shipped"));
        check::compare(&scenario, &Options::default()).expect("it can be compared").rows
    });
    let mut table = "| write method | what it does | own field, live | own field, cache | \
                     shared list, live | shared list, cache |\n|---|---|---:|---:|---:|---:|\n"
        .to_owned();
    for method in methods::all() {
        let mut cells = Vec::new();
        for rows in &compared {
            for read in [Reader::Live, Reader::Cache] {
                let row = rows.iter().find(|row| row.write == method.name() && row.read == read);
                cells.push(cell(row.expect("a row for each")));
            }
        }
        let name = method.name();
        table += &format!("| `{name}` | {} | {} |\n", method.summary(), cells.join(" | "));
    }
    table
}

fn cell(row: &Row) -> String {
    let Some(result) = &row.result else { return "refused".to_owned() };
    let lost = result.property("no-lost-write").expect("judged");
    let count = |count: &Option<_>| count.as_ref().map_or("?".to_owned(), ToString::to_string);
    let (losing, all) = (count(&lost.schedules), count(&result.exploration.schedules));
    if losing == "0" { format!("0 of {all}") } else { format!("**{losing} of {all}**") }
}

#[test]
fn each_claim_that_is_demonstrated_is_demonstrated() {
    let place = workshop();
    let mut demonstrated = 0;
    let text = read("docs/claims.md");
    for row in text.lines().filter(|line| line.starts_with("| ") && line.contains("`lostwrite ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, _, verdict, command, prints] = cells.as_slice() else {
            panic!("five cells: {row}")
        };
        assert!(["true", "partly", "false"].contains(verdict), "{row}");
        let ran = run(place.path(), command.trim_matches('`'));
        let said = words(&ran.out);
        for quoted in prints.split('`').skip(1).step_by(2) {
            assert!(said.contains(&words(quoted)), "{row}\n{}{}", ran.out, ran.err);
            demonstrated += 1;
        }
    }
    assert!(demonstrated > 0, "no claim is demonstrated");
}

#[test]
fn each_class_of_loss_has_its_smallest_history() {
    let mut classes = BTreeSet::new();
    for row in read("docs/verdicts.md").lines().filter(|line| line.contains("| `lostwrite replay"))
    {
        let quoted: Vec<&str> = row.split('`').collect();
        let (class, line) = (quoted[1], quoted[quoted.len() - 2]);
        let arguments = arguments(line).expect("a command of ours");
        let [_, name, _, schedule] = arguments.as_slice() else { panic!("{line}") };
        let scenario = Arc::new(Scenario::builtin(name).expect("shipped"));
        let replayed = check::replay(&scenario, schedule).unwrap_or_else(|e| panic!("{line}: {e}"));
        let witnesses: Vec<_> =
            replayed.judged.into_iter().filter_map(|(name, _, w)| Some((name, w?))).collect();
        let (property, _) = witnesses
            .iter()
            .find(|(_, witness)| witness.class.as_str() == class)
            .unwrap_or_else(|| panic!("{line} is no {class}: {witnesses:?}"));
        // No shorter schedule of this scenario violates the property.
        let whole = check::run(&scenario, &Options::default()).expect("it can be checked");
        let found = whole.property(property).and_then(|found| found.witness.as_ref());
        let shortest = found.expect("violated").schedule.choices.len();
        assert_eq!(replayed.schedule.choices.len(), shortest, "{line} is not the shortest");
        classes.insert(class.to_owned());
    }
    assert_eq!(classes.len(), 9, "{classes:?}");
}

/// Without line breaks and columns.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_the_documents_name_exists() {
    let cases = recorded_cases();
    for path in DOCUMENTS {
        let text = read(path);
        let plain: String = text.split("```").step_by(2).collect();
        for name in plain.split('`').skip(1).step_by(2) {
            let (file, test) = name.split_once("::").unwrap_or((name, ""));
            let names_a_file = ["src/", "tests/", "docs/", "scenarios/", "examples/", ".ci/"];
            if names_a_file.iter().any(|start| file.starts_with(start))
                && !file.contains(['<', '*'])
            {
                assert!(Path::new(file).exists(), "{path} names `{name}`");
                let defined = test.is_empty() || read(file).contains(&format!("fn {test}("));
                assert!(defined, "{path} names `{name}`");
            }
            if ["modern/", "full/"].iter().any(|start| name.starts_with(start)) {
                let known = cases.contains(name)
                    || cases.iter().any(|case| case.starts_with(&format!("{name}/")));
                assert!(known, "{path} names the recorded case `{name}`");
            }
        }
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let folder = Path::new(path).parent().unwrap_or(Path::new(""));
            let target = link.split('#').next().unwrap_or_default();
            let outside = target.is_empty() || target.starts_with("http");
            assert!(outside || folder.join(target).exists(), "{path} links to {link}");
        }
    }
}

/// `modern/rv/put-main-empty` and so on.
fn recorded_cases() -> BTreeSet<String> {
    let mut cases = BTreeSet::new();
    for group in ["modern", "full"] {
        for entry in std::fs::read_dir(format!("tests/conformance/{group}")).expect("recordings") {
            let text = std::fs::read_to_string(entry.expect("an entry").path()).expect("UTF-8");
            let topic: serde_json::Value = serde_json::from_str(&text).expect("JSON");
            for case in topic["cases"].as_array().into_iter().flatten() {
                cases.insert(format!("{group}/{}", case["name"].as_str().unwrap_or_default()));
            }
        }
    }
    cases
}
