//! The commands in README and docs are executed: what is written there works.
//!
//! Every line of a fenced `sh` or `console` block that runs `lostwrite` and ends by itself. A line
//! with `...` or `<` stands for something else and is left out.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Ran, command, finish, folder};

fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let markdown = |folder: PathBuf| {
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries.filter_map(|entry| Some(entry.ok()?.path()))
    };
    let mut documents: Vec<PathBuf> = markdown(root.to_owned())
        .chain(markdown(root.join("docs")))
        .chain(markdown(root.join("docs/workshop")))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    documents.sort();
    documents
}

/// The commands of a document, as they stand there.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut language = None;
    for line in text.lines() {
        if let Some(fence) = line.trim_start().strip_prefix("```") {
            language = match language {
                None => Some(fence.trim().to_owned()),
                Some(_) => None,
            };
            continue;
        }
        let shell = matches!(language.as_deref(), Some("sh" | "console" | "shell" | "bash"));
        let line = line.trim_start().trim_start_matches("$ ");
        if let (true, Some(arguments)) = (shell, line.strip_prefix("lostwrite ")) {
            let arguments = arguments.split(" #").next().unwrap_or(arguments).trim();
            let ends = !["serve", "play", "learn"].iter().any(|name| arguments.starts_with(name));
            // What starts programs is tried in `tests/programs`.
            let ends = ends && !arguments.contains("--allow-run");
            if ends && !arguments.contains("...") && !arguments.contains('<') {
                commands.push(arguments.to_owned());
            }
        }
    }
    commands
}

#[test]
fn every_command_in_the_documents_runs() {
    let folder = folder();
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    copy(&scenarios, &folder.path().join("scenarios"));
    let mut all = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        let name = document.file_name().unwrap().to_string_lossy().into_owned();
        all.extend(commands(&text).into_iter().map(|arguments| (name.clone(), arguments)));
    }
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some((name, arguments)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ran = in_a_shell(folder.path(), arguments);
            assert!(
                [0, 1, 3].contains(&ran.code),
                "{name}: {arguments}: {}\n{}",
                ran.code,
                ran.err
            );
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
}

/// The same command with less patience: this is an unoptimised build.
fn impatient(arguments: &str) -> String {
    let mut words: Vec<&str> = arguments.split(' ').collect();
    for at in 1..words.len() {
        words[at] = match words[at - 1] {
            "--runs" => "200",
            "--max-duration" | "--timeout" => "2s",
            _ => words[at],
        };
    }
    words.join(" ")
}

/// Through a shell, so that quotes, pipes and redirections are what they look like.
fn in_a_shell(folder: &Path, arguments: &str) -> Ran {
    let program = env!("CARGO_BIN_EXE_lostwrite");
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", &format!("{program} {}", impatient(arguments))]);
    for (name, value) in command(folder).get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    finish(&mut shell, "")
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

#[test]
fn commands_are_found_where_they_are() {
    let text = "lostwrite not-this\n```sh\n$ lostwrite check a  # why\nlostwrite b <X>\ncargo c\n\
                ```\n```yaml\nlostwrite d\n```\n```console\nlostwrite serve\nlostwrite e\n```\n";
    assert_eq!(commands(text), ["check a", "e"]);
}
