//! What a user is told about a broken text: the place, the caret, the way out.
//!
//! Every file of `broken/` is read and its mistakes are compared with the snapshot of the same
//! name; every file of `doubtful/` is a scenario, with warnings.

mod mutations;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use lostwrite::check;
use lostwrite::scenario::{Mistakes, Scenario};

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/it/diagnostics").join(folder);
    let entries = std::fs::read_dir(&folder).expect("the tests run in the package's folder");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).expect("plain names")
}

#[test]
fn every_mistake_has_a_place_a_caret_and_a_way_out() {
    let files = files("broken");
    assert!(files.len() >= 40);
    for path in files {
        let Err(Mistakes(mistakes)) = Scenario::from_trusted_file(&path, true) else {
            panic!("{} is not broken", path.display())
        };
        let drawn = Mistakes(mistakes).to_string();
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(name(&path), drawn);
        });
    }
}

#[test]
fn the_command_exits_with_2_and_keeps_stdout_clean() {
    for path in files("broken") {
        let run = Command::new(env!("CARGO_BIN_EXE_lostwrite"))
            .args(["check", "--color", "never"])
            .arg(&path)
            .output()
            .expect("the binary runs");
        let said = String::from_utf8_lossy(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{}:\n{said}", path.display());
        assert!(run.stdout.is_empty(), "{}", path.display());
        assert!(said.starts_with("error: "), "{}:\n{said}", path.display());
    }
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    for path in files("doubtful") {
        let scenarios = Scenario::from_trusted_file(&path, true).unwrap_or_else(|e| panic!("{e}"));
        let warnings: Vec<String> =
            scenarios[0].warnings.iter().map(|warning| warning.to_string()).collect();
        assert!(!warnings.is_empty(), "{} is without doubt", path.display());
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("doubtful-{}", name(&path)), warnings.join("\n\n"));
        });
    }
}

#[test]
fn overriding_the_write_method_is_asked_of_the_server() {
    let scenario = Scenario::builtin("conditions-list").expect("shipped");
    for method in ["merge-pach", "update-unconditional", "strategic-merge-patch"] {
        let wrong = scenario.with_write(method).unwrap_err().to_string();
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("override-{method}"), wrong);
        });
    }
    let other = scenario.with_write("apply").expect("a custom resource takes apply");
    assert!(other.workers.iter().all(|worker| worker.write == "apply"));
    assert_ne!(other.fingerprint(), scenario.fingerprint());
}

#[test]
fn a_schedule_that_cannot_be_followed_says_where() {
    let scenario = Arc::new(Scenario::builtin("stale-cache").expect("shipped"));
    for (name, text) in [
        ("another-letter", "hhxu"),
        ("two-letters-wide", "hüh"),
        ("no-such-fault", "hh!zuu"),
        ("fault-without-a-worker", "hh!l"),
        ("delivery-to-nobody", "hh~"),
        ("repeated-never", "h0u"),
        ("repeated-too-often", "h99999999999999999999"),
        ("too-long", "h999999h999999"),
        ("another-format", "2.97f9.hhuu"),
        ("fingerprint-too-short", "1.97f.hhuu"),
        ("no-fingerprint", "1.hhuu"),
        ("another-fingerprint", "1.0000.hhuu"),
        ("more-steps-than-there-are", "hhuuh"),
        ("a-delivery-too-early", "~hhhuu"),
        ("a-fault-that-is-not-allowed", "h!lhuu"),
    ] {
        let wrong = check::replay(&scenario, text).unwrap_err().to_string();
        // The fingerprint is the scenario's, and moves with it.
        let wrong = wrong.replace(&scenario.short_fingerprint(), "[fingerprint]");
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("schedule-{name}"), wrong);
        });
    }
}
