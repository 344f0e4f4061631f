//! The style of the house, as far as a test can hold it.
//!
//! Each rule names every file that breaks it, and what to do. Left out: formatting and lints,
//! which `cargo fmt` and clippy hold. Next to read: `CONTRIBUTING.md`.

use std::path::{Path, PathBuf};

use crate::circles;
use lostwrite::reconcilers::methods;
use lostwrite::scenario::Scenario;
use lostwrite::{properties, report, schedulers};

/// A file of the crate, with its path as it is shown.
struct Source {
    path: String,
    text: String,
}

/// Every Rust file of these folders.
fn sources(folders: &[&str]) -> Vec<Source> {
    let mut files = Vec::new();
    folders.iter().for_each(|folder| collect(Path::new(folder), &mut files));
    files.sort();
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())),
        path: path.to_string_lossy().replace('\\', "/"),
    };
    files.into_iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

impl Source {
    /// What of it is a test: the whole file, or its module of tests.
    fn tests(&self) -> &str {
        let whole = self.path.starts_with("tests/") || self.path.ends_with("tests.rs");
        match self.text.find("#[cfg(test)]\nmod tests") {
            _ if whole || self.path.contains("/tests/") => &self.text,
            Some(begin) => &self.text[begin..],
            None => "",
        }
    }
}

const EVERYWHERE: &[&str] = &["src", "tests", "examples", "benches"];

fn assert_none(broken: &[String], rule: &str) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn each_file_begins_by_saying_what_it_is() {
    let silent = |source: &Source| !source.text.starts_with("//! ");
    let broken = sources(EVERYWHERE).into_iter().filter(silent).map(|source| source.path);
    assert_none(&broken.collect::<Vec<_>>(), "no `//!` paragraph at the head of");
}

#[test]
fn what_is_next_to_read_is_there() {
    let mut broken = Vec::new();
    for source in sources(EVERYWHERE) {
        let head: String = source
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .map(|line| line.trim_start_matches("//!"))
            .collect();
        let Some((_, next)) = head.split_once("Next to read:") else { continue };
        for name in next.split('`').skip(1).step_by(2) {
            let beside = Path::new(&source.path).ancestors().skip(1).chain([Path::new("src")]);
            if name.contains(['.', '/']) && !beside.into_iter().any(|at| at.join(name).exists()) {
                broken.push(format!("{} sends its reader to `{name}`", source.path));
            }
        }
    }
    assert_none(&broken, "no such file");
}

#[test]
fn lines_have_at_most_100_columns() {
    let mut broken = Vec::new();
    for source in sources(EVERYWHERE) {
        let wide = |line: &&str| line.chars().count() > 100;
        let lines = source.text.lines().enumerate().filter(|(_, line)| wide(line));
        broken.extend(lines.map(|(number, _)| format!("{}:{}", source.path, number + 1)));
    }
    assert_none(&broken, "wider than 100 columns");
}

/// The lines that a file may have. A longer one is split where it has a seam.
const LINES: usize = 400;

#[test]
fn files_have_at_most_400_lines() {
    let mut broken = Vec::new();
    for source in sources(EVERYWHERE) {
        let lines = source.text.lines().count();
        if lines > LINES {
            broken.push(format!("{} has {lines} lines of {LINES}", source.path));
        }
    }
    assert_none(&broken, "files too long (split them where they have a seam)");
}

/// Where the same schedule must give the same bytes, on every machine, in every version.
const CORE: &[&str] = &[
    "src/apiserver",
    "src/history",
    "src/client",
    "src/reconcilers",
    "src/simulation",
    "src/schedulers",
    "src/properties",
    "src/trace",
    "src/check",
    "src/scenario",
    "src/report",
    "src/rest",
];

#[test]
fn the_core_knows_no_clock_no_environment_and_no_order_of_hashes() {
    const BANNED: &[&str] = &[
        "HashMap",
        "HashSet",
        "Instant",
        "SystemTime",
        "std::env",
        "env::var",
        "thread_rng",
        "rand::",
        "std::thread",
        "thread_local",
    ];
    // A table of small integers whose order is never looked at; threads whose results come in the
    // order of the work.
    const MAY: &[(&str, &str)] = &[
        ("src/schedulers/exhaustive/parts.rs", "HashMap"),
        ("src/schedulers/parallel.rs", "std::thread"),
    ];
    let mut broken = Vec::new();
    for source in sources(CORE) {
        for (number, line) in source.text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            for banned in BANNED.iter().filter(|banned| code.contains(**banned)) {
                if !MAY.contains(&(source.path.as_str(), *banned)) {
                    broken.push(format!("{}:{} uses {banned}", source.path, number + 1));
                }
            }
        }
    }
    assert_none(&broken, "nondeterminism in the core");
}

#[test]
fn a_property_is_named_in_its_own_file_alone() {
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        let code = source.text.split("#[cfg(test)]").next().unwrap_or_default();
        if source.path.starts_with("src/properties/") || source.path.ends_with("tests.rs") {
            continue;
        }
        for (number, line) in code.lines().enumerate() {
            let comment = line.trim_start().starts_with("//");
            let names = properties::all().iter().map(|entry| format!("\"{}\"", entry.name));
            if let Some(name) = names.into_iter().find(|name| !comment && line.contains(name)) {
                broken.push(format!("{}:{} says {name}", source.path, number + 1));
            }
        }
    }
    assert_none(&broken, "ask `properties::words`, or use the constant of its name");
}

/// The rooms of `src`, from the top down, as the code map of `docs/ARCHITECTURE.md` lists them.
fn rooms() -> Vec<String> {
    let text = std::fs::read_to_string("docs/ARCHITECTURE.md").expect("the map");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `src/"));
    let room = |row: &str| row.split(['/', '.', '`']).next().unwrap_or_default().to_owned();
    rows.map(room).collect()
}

#[test]
fn every_room_is_on_the_map() {
    let map = rooms();
    let here: std::collections::BTreeSet<_> = sources(&["src"]).iter().map(room_of).collect();
    let entries = ["lib", "main", "rng"];
    let missing = here.into_iter().filter(|room| !map.contains(room));
    let missing: Vec<_> = missing.filter(|room| !entries.contains(&&**room)).collect();
    assert_none(&missing, "not in the code map of docs/ARCHITECTURE.md");
}

/// The folder of `src` that a file is in, or its own name.
fn room_of(source: &Source) -> String {
    let below = source.path.strip_prefix("src/").unwrap_or(&source.path);
    below.split(['/', '.']).next().unwrap_or_default().to_owned()
}

#[test]
fn data_flows_one_way() {
    let map = rooms();
    let height = |room: &str| map.iter().position(|it| it == room);
    let mut broken = Vec::new();
    for source in sources(&["src"]) {
        let room = room_of(&source);
        let (Some(own), false) = (height(&room), is_test(&source.path)) else { continue };
        for path in circles::paths(circles::code(&source.text)) {
            let used = path.strip_prefix("crate::").map(|it| it.split("::").next().unwrap_or(it));
            if let Some(used) = used.filter(|used| height(used).is_some_and(|at| at < own)) {
                broken.push(format!("{} uses {used}", source.path));
            }
        }
    }
    broken.dedup();
    assert_none(&broken, "a folder may use only what stands below it in the code map");
}

fn is_test(path: &str) -> bool {
    path.ends_with("tests.rs") || path.contains("/tests/")
}

/// Folders whose files use each other in one direction.
const WITHOUT_CIRCLES: &[&str] = &["check", "cli", "client", "history", "trace"];

#[test]
fn no_file_of_a_folder_without_circles_comes_back_to_itself() {
    let mut broken = Vec::new();
    for folder in WITHOUT_CIRCLES {
        let files = sources(&[&format!("src/{folder}")]);
        let files = files.into_iter().filter(|source| !is_test(&source.path));
        broken.extend(circles::circles(files.map(|source| (source.path, source.text)).collect()));
    }
    assert_none(&broken, "files that use each other in a circle");
}

/// Whoever may call a method of the store that changes it does not have to come through
/// `ApiServer::write`, where a write gets its revision, its event and its copies.
#[test]
fn the_store_is_written_to_in_one_place() {
    let path = "src/apiserver/engine/store.rs";
    let store = std::fs::read_to_string(path).expect("the store");
    let changes = store.lines().filter(|line| line.contains("fn ") && line.contains("&mut self"));
    let open: Vec<String> = changes
        .clone()
        .filter(|line| !line.starts_with("    pub(super) fn ") && !line.starts_with("    fn "))
        .map(|line| format!("{path}: {}", line.trim()))
        .collect();
    assert!(changes.count() > 5, "{path} has the methods that write");
    assert_none(&open, "a writing method is `pub(super)`: its one caller is engine/commit.rs");
    let beside = sources(&["src/apiserver/engine"]).into_iter();
    let beside: Vec<String> = beside.map(|source| source.path).collect();
    assert_eq!(beside, ["src/apiserver/engine/commit.rs", path], "what may write to the store");
    let engine = std::fs::read_to_string("src/apiserver/engine.rs").expect("the engine");
    assert!(!engine.contains("server.store.put"), "engine.rs writes through `ApiServer::put_for`");
}

#[test]
fn every_entry_of_every_table_has_a_page_and_a_scenario_or_a_test() {
    let page = |path: &str| std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let files = sources(&["tests", "src"]);
    let tests: String = files.iter().map(Source::tests).collect();
    let shipped = Scenario::all_builtin();
    let mut broken = Vec::new();
    let mut need = |good: bool, what: String| {
        if !good {
            broken.push(what);
        }
    };
    let named = |text: &str, name: &str| text.contains(&format!("`{name}`"));
    for method in methods::all() {
        let name = method.name();
        let used = shipped.iter().any(|s| s.workers.iter().any(|worker| worker.write == name));
        need(named(&page("README.md"), name), format!("write method {name} in README.md"));
        need(used, format!("a scenario with write method {name}"));
    }
    for entry in properties::all() {
        let judged = shipped.iter().any(|s| s.properties.iter().any(|p| p == entry.name));
        let tested = tests.contains(&format!("\"{}\"", entry.name));
        let headed = page("docs/verdicts.md").contains(&format!("## `{}`", entry.name));
        need(headed, format!("a section on {} in docs/verdicts.md", entry.name));
        need(judged || tested, format!("a scenario or test of property {}", entry.name));
    }
    for entry in schedulers::all() {
        let name = entry.name;
        let engine: String =
            name.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect();
        let said =
            [format!("\"{name}\""), format!("--scheduler {name} "), format!("Engine::{engine}")];
        let tested = said.iter().any(|said| tests.contains(said));
        need(
            named(&page("docs/engines.md"), entry.name),
            format!("{} in docs/engines.md", entry.name),
        );
        need(tested, format!("a test with scheduler {}", entry.name));
    }
    for renderer in report::renderers() {
        let tested = tests.contains(&format!("\"{}\"", renderer.name));
        let name = renderer.name;
        need(named(&page("docs/ARCHITECTURE.md"), name), format!("{name} in docs/ARCHITECTURE.md"));
        need(tested, format!("a test with renderer {name}"));
    }
    for scenario in &shipped {
        let line =
            page("docs/scenarios.md").lines().any(|l| l.split(' ').next() == Some(&scenario.name));
        need(line, format!("scenario {} in docs/scenarios.md", scenario.name));
    }
    assert_none(&broken, "missing");
}

#[test]
fn each_dependency_says_why_it_is_there() {
    let manifest = std::fs::read_to_string("Cargo.toml").expect("the manifest");
    let (_, after) = manifest.split_once("[dependencies]\n").expect("dependencies");
    let section = after.split("\n[").next().unwrap_or_default();
    let mut broken = Vec::new();
    // One comment may speak for the block of lines that follows it.
    let mut explained = false;
    for line in section.lines() {
        match line {
            "" => explained = false,
            line if line.starts_with('#') => explained = true,
            line if !explained && !line.contains("optional = true") => broken.push(line.to_owned()),
            _ => {}
        }
    }
    assert_none(&broken, "a dependency without a reason");
}
