//! Help texts, word for word, and that every table is listed.

use super::{folder, run};
use lostwrite::reconcilers::methods;
use lostwrite::scenario::Scenario;
use lostwrite::{properties, report, schedulers};

#[test]
fn help_texts() {
    let folder = folder();
    let commands = [
        "check", "compare", "replay", "explain", "judge", "play", "learn", "list", "new",
        "validate", "report", "merge", "memory", "museum", "serve",
    ];
    for command in commands {
        let flag = run(folder.path(), &format!("{command} --help"));
        let word = run(folder.path(), &format!("help {command}"));
        assert_eq!(flag.code, 0);
        assert_eq!(flag, word, "{command}");
        insta::assert_snapshot!(format!("help-{command}"), flag.out);
    }
    let root = run(folder.path(), "--help");
    assert_eq!(root, run(folder.path(), "help"));
    assert_eq!(root, run(folder.path(), "-h"));
    insta::assert_snapshot!("help", root.out);
    for topic in ["exit-codes", "formats", "environment", "semantics"] {
        let ran = run(folder.path(), &format!("help {topic}"));
        assert_eq!(ran.code, 0);
        insta::assert_snapshot!(format!("help-{topic}"), ran.out);
    }
    let version = run(folder.path(), "--version").out;
    assert_eq!(version, format!("lostwrite {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_entry_of_every_table_is_listed() {
    let folder = folder();
    let names = |what: &str| {
        let kind = run(folder.path(), &format!("list {what} -o name")).out;
        let text = run(folder.path(), &format!("list {what}")).out;
        let json = run(folder.path(), &format!("list {what} -o json")).out;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        let names: Vec<String> =
            kind.lines().map(|line| line.split_once('/').unwrap().1.to_owned()).collect();
        let first = |line: &str| line.split(' ').next().unwrap().to_owned();
        assert_eq!(names, text.lines().skip(1).map(first).collect::<Vec<_>>(), "{what}");
        let items = json["items"].as_array().unwrap();
        let of_json: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap()).collect();
        assert_eq!(names, of_json, "{what}");
        names
    };
    assert_eq!(names("scenarios"), Scenario::builtin_names().collect::<Vec<_>>());
    let known: Vec<_> = methods::all().iter().map(|method| method.name()).collect();
    assert_eq!(names("writes"), known);
    let known: Vec<_> = schedulers::all().iter().map(|entry| entry.name).collect();
    assert_eq!(names("schedulers"), known);
    let known: Vec<_> = properties::all().iter().map(|entry| entry.name).collect();
    assert_eq!(names("properties"), known);
    let known: Vec<_> = report::renderers().iter().map(|renderer| renderer.name).collect();
    assert_eq!(names("formats"), known);
}

#[test]
fn scripts_for_shells_and_the_manual() {
    let folder = folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(folder.path(), &format!("completions {shell}"));
        assert!(ran.code == 0 && ran.out.contains("require-exhaustive"), "{shell}");
        let knows_names = ["bash", "zsh", "fish"].contains(&shell);
        for name in ["update-restamp", "no-lost-write", "round-robin", "chrome-trace"] {
            assert!(!knows_names || ran.out.contains(name), "{shell} completes {name}");
        }
    }
    for shell in ["bash", "zsh"] {
        let ran = run(folder.path(), &format!("completions {shell}"));
        assert!(ran.out.contains("stale-cache") && ran.out.contains("former-leader-fenced"));
    }
    let zsh = run(folder.path(), "completions zsh").out;
    let targets = zsh.lines().filter(|line| line.contains("scenario:(status-race"));
    assert!(targets.clone().all(|line| line.contains("_files")) && targets.count() > 4);
    let manual = run(folder.path(), "man");
    assert!(manual.code == 0 && manual.out.contains(".TH lostwrite 1"), "{}", manual.out);
    let schema = run(folder.path(), "schema");
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    assert!(schema["properties"]["workers"].is_object());
}
