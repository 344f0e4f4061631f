//! Exit codes: a script can tell a lost write from a typo.

use super::{command, finish, folder, run, two_workers};

#[test]
fn a_violation_is_1_unless_it_is_expected() {
    let folder = folder();
    let file = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    file("unstated.yaml", two_workers("update-unconditional", ""));
    file("lost.yaml", two_workers("update-unconditional", "expect: lost\n"));
    file("safe.yaml", two_workers("update-unconditional", "expect: safe\n"));
    file("good.yaml", two_workers("update-retry", ""));
    file("good-lost.yaml", two_workers("update-retry", "expect: lost\n"));
    let code = |arguments: &str| run(folder.path(), arguments).code;
    assert_eq!(code("check unstated.yaml"), 1);
    assert_eq!(code("check lost.yaml"), 0);
    assert_eq!(code("check lost.yaml --no-expect"), 1);
    assert_eq!(code("check safe.yaml"), 1);
    assert_eq!(code("check good.yaml"), 0);
    assert_eq!(code("check good-lost.yaml"), 1);
    assert_eq!(code("check lost.yaml good.yaml"), 0);
    assert_eq!(code("check lost.yaml unstated.yaml"), 1);
    // What is expected is expected of the scenario's own write method.
    assert_eq!(code("check lost.yaml --write update-retry"), 0);
    assert_eq!(code("check lost.yaml --write update-restamp"), 1);
    // A property that is not judged fails nothing; without any, nothing was selected.
    assert_eq!(code("check unstated.yaml --skip no-lost-write"), 4);
    assert_eq!(code("check unstated.yaml --property converges"), 0);
    assert_eq!(code("check unstated.yaml --property serializable"), 1);
}

#[test]
fn usage_and_files_are_2() {
    let folder = folder();
    std::fs::write(folder.path().join("bad.yaml"), two_workers("merge-pach", "")).unwrap();
    std::fs::write(folder.path().join("good.yaml"), two_workers("update-retry", "")).unwrap();
    for arguments in [
        "",
        "chek",
        "check",
        "check bad.yaml",
        "check good.yaml bad.yaml",
        "check missing.yaml",
        "check status-rce",
        "check good.yaml --write nothing",
        "check good.yaml --scheduler nothing",
        "check good.yaml --property nothing",
        "check good.yaml --skip nothing",
        "check good.yaml -o nothing",
        "check good.yaml --report nothing=x",
        "check good.yaml --report json",
        "check good.yaml --seed x",
        "check good.yaml --timeout soon",
        "check good.yaml --width 3",
        "check status-race-crd --write update-unconditional",
        "replay good.yaml",
        "replay good.yaml --schedule huz",
        "replay good.yaml --schedule hhhhhh",
        "replay good.yaml --schedule 9.0000.hu",
        "replay good.yaml --schedule 1.0000.huhu",
        "explain missing.json",
        "list nothing",
        "new BAD",
        "new x --from nothing",
        "validate bad.yaml",
        "help nothing",
        "completions nothing",
    ] {
        let ran = run(folder.path(), arguments);
        assert_eq!(ran.code, 2, "{arguments}: {}", ran.err);
        assert_eq!(ran.out, "", "{arguments}");
        assert!(!ran.err.is_empty(), "{arguments}");
    }
}

#[test]
fn a_bound_is_3_if_everything_was_asked_for() {
    let folder = folder();
    for bound in ["--max-states 3", "--max-steps 2", "--timeout 0s", "--scheduler random --runs 5"]
    {
        let arguments = format!("check status-race --write update-retry {bound}");
        let plain = run(folder.path(), &arguments);
        let strict = run(folder.path(), &format!("{arguments} --require-exhaustive"));
        assert_eq!((plain.code, strict.code), (0, 3), "{bound}");
        assert_eq!(plain.out, strict.out, "{bound}");
        assert!(plain.out.lines().last().unwrap().starts_with("ok?"), "{}", plain.out);
    }
    // A loss is a loss, however little was explored; the seed is told all the same.
    for (flags, code) in [("--no-expect", 1), ("", 0)] {
        let ran =
            run(folder.path(), &format!("check status-race --scheduler random --seed 1 {flags}"));
        let last = ran.out.lines().last().unwrap();
        assert!(ran.code == code && last.contains("random, seed 1."), "{last}");
    }
}

#[test]
fn nothing_selected_is_4() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    std::fs::write(folder.path().join("empty/other.yaml"), "kind: ConfigMap\n").unwrap();
    let ran = run(folder.path(), "check empty");
    assert_eq!((ran.code, ran.out.as_str()), (4, ""));
}

#[test]
fn a_bad_variable_is_an_error_that_names_it() {
    let folder = folder();
    let cases = [("LOSTWRITE_SEED", "abc"), ("LOSTWRITE_RUNS", "-1"), ("LOSTWRITE_COLOR", "green")];
    for (name, value) in cases {
        let ran = finish(command(folder.path()).args(["check", "timeout"]).env(name, value), "");
        assert_eq!(ran.code, 2, "{name}");
        assert!(ran.err.starts_with(&format!("error: {name} ")), "{}", ran.err);
    }
    // A flag beats the environment beats the default.
    let mut with = command(folder.path());
    with.env("LOSTWRITE_SEED", "7").env("LOSTWRITE_RUNS", "3");
    let arguments = ["check", "timeout", "--scheduler", "random"];
    let ran = finish(with.args(arguments), "");
    assert!(ran.out.contains("3 sampled schedules (random, seed 7)"), "{}", ran.out);
    let ran = finish(with.args(["--seed", "9"]), "");
    assert!(ran.out.contains("3 sampled schedules (random, seed 9)"), "{}", ran.out);
}

#[cfg(unix)]
#[test]
fn ctrl_c_prints_what_there_is_and_is_130() {
    use std::process::Stdio;
    let folder = folder();
    std::fs::write(folder.path().join("eight.yaml"), crate::report::many(8, "update-retry"))
        .unwrap();
    let mut child = command(folder.path())
        .args(["check", "eight.yaml", "--no-advice"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Long enough to be listening, and far from long enough to be done.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let pid = child.id().to_string();
    let sent = std::process::Command::new("kill").args(["-INT", &pid]).status();
    if !sent.is_ok_and(|status| status.success()) {
        let _ = child.kill();
        panic!("the program ended before it could be interrupted");
    }
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{out}");
    assert!(out.lines().last().unwrap().starts_with("interrupted"), "{out}");
    assert!(out.contains("Stopped by Ctrl-C"), "{out}");
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_gone_is_no_failure() {
    use std::process::Stdio;
    let folder = folder();
    for (arguments, code) in [("schema", 0), ("check status-race --no-expect", 1)] {
        let mut child = command(folder.path())
            .args(arguments.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
    }
}
