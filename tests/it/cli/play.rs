//! `play` through its pipe form: every screen of it, and how it ends.
//!
//! The full-screen form is tested in a real terminal, in `tests/terminal/main.rs`.

use std::path::Path;

use super::{Ran, command, finish, folder, run, two_workers};

fn play(arguments: &str, typed: &str) -> Ran {
    let folder = folder();
    let words = arguments.split(' ').filter(|word| !word.is_empty());
    finish(command(folder.path()).arg("play").args(words), typed)
}

#[test]
fn the_screens() {
    for (name, arguments, typed) in [
        ("won-in-one-line", "status-race", "huhu\n"),
        ("step-by-step", "status-race", "h\ne\nu\n?\nh\ne\nb\nr\nhhuu\nq\n"),
        ("all-four", "status-race", "huhu r huuh r uhhu r uhuh b u"),
        ("stale-cache", "stale-cache", "?\nhh\ne\n~h\nuu\n"),
        ("lost-answer", "timeout", "h!lh\ne\n?\nhhh\nuuu\n"),
        ("nothing-to-win", "status-race --write update-retry --no-odds", "huhuuu\nx\no\n"),
        ("gives-up", "conflict-dropped", "huhu\n"),
        ("shared-memory", "shared-object", "hhu\nx\n"),
        ("three-narrow", "three-writers --width 80", "huihui\n"),
        ("ascii", "status-race --ascii", "hu\n?\n"),
        ("not-possible", "status-race", "hhh\n~h\nzz\n!lh\n1.ffff.huhu\n:nonsense\n"),
    ] {
        let ran = play(arguments, typed);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{name}");
        insta::assert_snapshot!(format!("play-{name}"), ran.out);
    }
}

#[test]
fn the_replay_command_replays() {
    let ran = play("status-race --write update-restamp", "huhuuu\n");
    let line = ran.out.lines().find(|line| line.contains("lostwrite replay")).expect("it is told");
    let (_, arguments) = line.split_once("lostwrite ").expect("a command");
    let replayed = run(folder().path(), arguments.trim());
    assert_eq!(replayed.code, 1, "{}", replayed.err);
    let drawn = |text: &str| {
        let row = text.lines().find(|line| line.contains('\u{2717}')).map(str::to_owned);
        row.expect("the guilty row")
    };
    assert_eq!(drawn(&ran.out), drawn(&replayed.out));
}

#[test]
fn a_schedule_text_and_a_first_schedule_are_accepted() {
    let won = play("status-race", "huhu\n");
    let (_, text) = won.out.split_once("--schedule ").expect("it is told");
    let text = text.lines().next().expect("a line");
    let again = play("status-race", &format!("uu\n{text}\n"));
    assert!(again.out.contains("health lost a write."), "{}", again.out);
    let begun = play("status-race --schedule huh", "u\n");
    assert!(begun.out.contains("health lost a write."), "{}", begun.out);
    for (wrong, says) in [("hz", "there is no worker `z`"), ("hhh", "does not fit")] {
        let ran = play(&format!("status-race --schedule {wrong}"), "");
        assert!(ran.code == 2 && ran.err.contains(says), "{}", ran.err);
    }
}

#[test]
fn the_end_of_the_input_is_a_way_to_leave() {
    let nothing = play("status-race", "");
    assert!(nothing.code == 0 && nothing.out.ends_with("No step was taken.\n"), "{}", nothing.out);
    let half = play("status-race", "hu");
    assert!(half.out.contains("You stopped after 2 steps (hu)."), "{}", half.out);
    assert!(half.out.trim_end().ends_with(".hu"), "the replay command is last: {}", half.out);
    let binary = {
        let folder = folder();
        finish(command(folder.path()).args(["play", "status-race"]), "h\u{0}\u{1b}[2Jq\n")
    };
    assert!(binary.code == 0 && !binary.out.contains('\u{1b}'), "{}", binary.out);
}

#[test]
fn letters_of_workers_win_over_keys() {
    let folder = folder();
    let text = two_workers("update-unconditional", "")
        .replace("name: health", "name: bravo")
        .replace("name: usage", "name: quebec");
    std::fs::write(folder.path().join("ours.yaml"), text).expect("written");
    let ran = finish(command(folder.path()).args(["play", "ours.yaml"]), "bqB\nqbq\nQ\n");
    assert!(ran.out.contains("[B] one step back") && ran.out.contains("[Q] quit"), "{}", ran.out);
    assert!(ran.out.contains("quebec lost a write.") || ran.out.contains("bravo lost a write."));
    assert!(ran.out.contains("The last one was bqbq"), "{}", ran.out);
}

#[test]
fn a_search_that_is_cut_off_says_so_and_can_still_be_played() {
    let ran = play("status-race --max-states 3", "huhu\n");
    assert!(ran.out.contains("not counted (the search stopped after"), "{}", ran.out);
    assert!(ran.out.contains("health lost a write."), "{}", ran.out);
}

#[test]
fn what_cannot_be_played_is_a_mistake() {
    for (arguments, says) in [
        ("-", "reads your moves from stdin"),
        ("no-such-thing", "neither a file nor a shipped scenario"),
        ("status-race --write merge-pach", "did you mean `merge-patch`?"),
    ] {
        let ran = play(arguments, "");
        assert!(ran.code == 2 && ran.err.contains(says), "{arguments}: {}", ran.err);
    }
    let full = play("status-race --full", "");
    assert!(full.code == 2 && full.err.contains("needs a terminal"), "{}", full.err);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_what_was_done() {
    use std::io::{Read, Write};
    use std::process::{Command, Stdio};
    let mut play = command(Path::new("."));
    play.args(["play", "status-race"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = play.spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(b"hu\n").expect("it listens");
    let mut out = child.stdout.take().expect("piped");
    let mut text = String::new();
    let mut byte = [0; 1];
    let mut bytes = Vec::new();
    // The prompt after the move: from here on it waits.
    while !text.ends_with("so far: hu\n\n> ") {
        assert_eq!(out.read(&mut byte).expect("it is there"), 1, "{text}");
        bytes.push(byte[0]);
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
    out.read_to_end(&mut bytes).expect("it ends");
    let status = child.wait().expect("it ends");
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert_eq!(status.code(), Some(130), "{text}");
    assert!(text.contains("You stopped after 2 steps (hu)."), "{text}");
    assert!(text.trim_end().ends_with(".hu"), "{text}");
}
