//! `check --test`: what is printed runs, and fails as long as the write is lost.
//!
//! Shell needs curl and jq. `LOSTWRITE_WITHOUT_GO` says that a machine without Go is no failure.

use std::panic::catch_unwind;
use std::path::Path;
use std::process::{Command, Output};

use crate::lostwrite;

/// What `check two.yaml --test rust` prints, without its attribute; of its schedule, only that
/// there is one is compared.
#[path = "printed_two.rs"]
mod two;

fn printed(file: &str, language: &str) -> String {
    let arguments =
        ["check", file, "--allow-run", "--runs", "10", "--no-expect", "--test", language];
    let (code, out, err) = lostwrite(&arguments);
    assert_eq!(code, Some(1), "{out}{err}");
    out
}

#[test]
fn in_rust_the_programs_run_again_and_their_loss_fails_the_test() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/two.yaml");
    let text = printed(file, "rust");
    let text = text.replace(concat!(env!("CARGO_MANIFEST_DIR"), "/"), "");
    let text = text.replace("#[test]\nfn", "pub fn");
    let kept = include_str!("printed_two.rs");
    let around = |text: &str| {
        let (before, after) = text.split_once("replay(\"1.").expect("a schedule");
        let (_, after) = after.split_once('"').expect("its end");
        (before.to_owned(), after.to_owned())
    };
    assert_eq!(around(&text), around(kept), "{text}");
    let panic = catch_unwind(two::two_programs).expect_err("it fails");
    let told = panic.downcast_ref::<String>().expect("words");
    assert!(told.contains("LOST") && told.contains("replaced the whole list"), "{told}");
}

#[test]
fn in_rust_a_scenario_is_explored() {
    let text = printed("../../scenarios/conditions-list.yaml", "rust");
    let call = "lostwrite::check(\"../../scenarios/conditions-list.yaml\").assert_safe();";
    assert!(text.contains(call), "{text}");
}

fn told(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Runs it; `None` if it is not there, and the variable says that this is no failure.
fn run(program: &str, arguments: &[&str], folder: &Path, without: &str) -> Option<Output> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env("LOSTWRITE", env!("CARGO_BIN_EXE_lostwrite"));
    match command.output() {
        Ok(output) => Some(output),
        Err(_) if std::env::var_os(without).is_some() => None,
        Err(error) => panic!("{program} cannot be run, and {without} is not set: {error}"),
    }
}

/// The test without the request that takes the write away: as a culprit that has learnt.
fn without(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    let culprit = lines.iter().position(|line| line.contains("the write that takes it away"));
    let culprit = culprit.unwrap_or_else(|| panic!("no culprit in:\n{text}"));
    assert!(lines[culprit + 1].contains("request"), "{text}");
    lines.remove(culprit + 1);
    lines.join("\n") + "\n"
}

#[test]
fn in_shell_it_fails_while_the_write_is_lost_and_passes_without_the_culprit() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in ["two.yaml", "../../scenarios/conditions-list.yaml"] {
        let text = printed(file, "shell");
        let ran = |text: &str| {
            std::fs::write(folder.path().join("test.sh"), text).expect("it can be written");
            run("sh", &["test.sh"], folder.path(), "LOSTWRITE_WITHOUT_SHELL")
        };
        let Some(lost) = ran(&text) else { return };
        assert_eq!(lost.status.code(), Some(1), "{}\n{text}", told(&lost));
        assert!(told(&lost).contains("LOST: "), "{}", told(&lost));
        let Some(kept) = ran(&without(&text)) else { return };
        assert!(kept.status.success(), "{}\n{text}", told(&kept));
    }
}

#[test]
fn in_go_it_fails_while_the_write_is_lost_and_passes_without_the_culprit() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("go.mod"), "module example.com/m\n\ngo 1.21\n").expect("go");
    let text = printed("two.yaml", "go");
    let ran = |text: &str| {
        std::fs::write(folder.path().join("m_test.go"), text).expect("it can be written");
        run("go", &["test", "-count=1", "./..."], folder.path(), "LOSTWRITE_WITHOUT_GO")
    };
    let Some(lost) = ran(&text) else { return };
    assert_eq!(lost.status.code(), Some(1), "{}\n{text}", told(&lost));
    assert!(told(&lost).contains("and lost it: it is"), "{}", told(&lost));
    let Some(kept) = ran(&without(&text)) else { return };
    assert!(kept.status.success(), "{}\n{text}", told(&kept));
}
