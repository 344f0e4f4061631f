//! The command line from outside: a real process, its exit code, its two streams, its files.

mod bounded;
mod codes;
mod documents;
mod files;
mod help;
mod hostile;
mod judge;
mod judge_stream;
mod learn;
mod output;
mod play;
mod proof;
mod reports;
mod scale;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// The program, in a folder of its own, with nothing of our environment that it reads.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lostwrite"));
    command.current_dir(folder);
    let read = [
        "LOSTWRITE_SEED",
        "LOSTWRITE_RUNS",
        "LOSTWRITE_COLOR",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "TERM",
        "COLUMNS",
        "LC_ALL",
        "LC_CTYPE",
        "LANG",
        "GITHUB_ACTIONS",
        "GITHUB_STEP_SUMMARY",
    ];
    for name in read {
        command.env_remove(name);
    }
    command
}

/// Runs it with these arguments, separated by single spaces.
pub fn run(folder: &Path, arguments: &str) -> Ran {
    finish(command(folder).args(arguments.split(' ').filter(|a| !a.is_empty())), "")
}

/// Runs it with something on stdin.
pub fn finish(command: &mut Command, stdin: &str) -> Ran {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let _ = child.stdin.take().expect("piped").write_all(stdin.as_bytes());
    let output = child.wait_with_output().expect("the program ends");
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}

/// A folder for one test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A scenario of two workers that each own a field.
pub fn two_workers(write: &str, more: &str) -> String {
    format!(
        "apiVersion: lostwrite.dev/v1alpha1
kind: Scenario
metadata: {{ name: ours }}
description: Two workers.
objects:
  - apiVersion: v1
    kind: Node
    metadata: {{ name: worker-1 }}
workers:
  - name: health
    write: {write}
    sets: {{ status.phase: Running }}
  - name: usage
    write: {write}
    sets: {{ status.capacity.cpu: \"8\" }}
properties: [no-lost-write]
{more}"
    )
}
