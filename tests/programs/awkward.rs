//! Awkward programs: each has a clear outcome, and nothing of it survives.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lostwrite::programs::{Hunt, Hunted, Limits};

use crate::cluster;

/// The processes with this word in their command line.
fn alive(word: &str) -> usize {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let line = |entry: std::fs::DirEntry| std::fs::read(entry.path().join("cmdline")).ok();
    let own = std::process::id().to_string();
    let others = all.filter(|entry| entry.file_name() != *own);
    others.filter_map(line).filter(|it| String::from_utf8_lossy(it).contains(word)).count()
}

/// Waits until nobody with this word is alive.
#[track_caller]
fn gone(word: &str) {
    let begin = Instant::now();
    while alive(word) > 0 {
        assert!(begin.elapsed() < Duration::from_secs(60), "{word} lives on");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn once() -> Hunt {
    cluster().executions(1)
}

fn shell(hunt: Hunt, script: &str) -> Hunted {
    hunt.program("awkward", &["sh", "-c", script]).run()
}

/// A program in Python that has a base URL in `url` and `urllib.request` as `http`.
fn python(hunt: Hunt, script: &str) -> Hunted {
    let head = "import os, re, sys, time, threading, socket\nimport urllib.request as http\n\
                config = open(os.environ['KUBECONFIG']).read()\n\
                url = re.search(r'\"server\": \"(.*?)\"', config)[1]\n\
                path = url + '/apis/demo.example.com/v1/namespaces/default/widgets'\n";
    hunt.program("awkward", &["python3", "-c", &format!("{head}{script}")]).run()
}

#[track_caller]
fn fails(hunted: &Hunted, words: &[&str]) {
    let text = hunted.to_string();
    assert!(hunted.failed.is_some() && hunted.loss.is_none(), "{text}");
    words.iter().for_each(|word| assert!(text.contains(word), "{word} in:\n{text}"));
}

#[test]
fn one_that_cannot_be_started() {
    let hunted = once().program("gone", &["/no/such/program"]).run();
    fails(&hunted, &["`gone` cannot be started"]);
}

#[test]
fn one_that_crashes_before_it_asks() {
    fails(
        &shell(once(), "echo going down; exit 3"),
        &["`awkward` ended before it asked the API server", "exit status: 3", "going down"],
    );
}

#[test]
fn one_that_crashes_later_is_told() {
    let hunted = python(once(), "http.urlopen(path).read()\nos.abort()");
    assert!(hunted.failed.is_none(), "{hunted}");
    let told = hunted.to_string();
    assert!(told.contains("`awkward` ended by itself in 1 execution: signal: 6"), "{told}");
}

#[test]
fn one_that_hangs_and_ignores_sigterm() {
    let short = once().timeout(Duration::from_secs(2));
    let hunted = shell(short, "trap '' TERM; sleep 3601 & sleep 3602; : lostwrite-silent");
    fails(&hunted, &["did not ask the API server within", "does it read KUBECONFIG?"]);
    ["3601", "3602", "lostwrite-silent"].into_iter().for_each(gone);
}

#[test]
fn one_that_is_never_quiet() {
    let short = once().timeout(Duration::from_secs(3));
    let hunted = shell(short, "while :; do :; done # lostwrite-busy");
    fails(&hunted, &["an execution takes longer than 3s"]);
    gone("lostwrite-busy");
}

#[test]
fn one_whose_children_leave_its_group_and_lose_their_parent() {
    let short = once().timeout(Duration::from_secs(2));
    let hunted = shell(short, "(setsid sh -c 'sleep 3603 & sleep 3604' &) ; setsid sleep 3605");
    assert!(hunted.failed.is_some(), "{hunted}");
    ["3603", "3604", "3605"].into_iter().for_each(gone);
}

#[test]
fn one_that_forks_without_end() {
    let limits = Limits { processes: 40, ..Limits::default() };
    let script = "while :; do sleep 3606 & done";
    fails(&shell(once().limits(limits), script), &["processes; the limit is 40"]);
    gone("3606");
}

#[test]
fn one_that_takes_too_much_memory() {
    let limits = Limits { memory: 100 << 20, ..Limits::default() };
    let hunted = python(once().limits(limits), "x = bytearray(400 << 20)\ntime.sleep(3607)");
    fails(&hunted, &["MiB of memory; the limit is 100 MiB"]);
}

#[test]
fn one_that_floods_with_requests() {
    let limits = Limits { requests: 300, ..Limits::default() };
    let hunted = python(once().limits(limits), "while True: http.urlopen(url + '/api').read()");
    fails(&hunted, &["`awkward` has made more than 300 requests"]);
}

#[test]
fn one_that_opens_five_hundred_watches() {
    let script = "streams = [http.urlopen(path + '?watch=1') for _ in range(500)]\n\
                  http.urlopen(path + '/demo').read()\nprint(len(streams), 'open', flush=True)\n\
                  time.sleep(3608)";
    let hunted = python(once(), script);
    assert!(hunted.failed.is_none() && hunted.loss.is_none(), "{hunted}");
    let limits = Limits { watches: 100, ..Limits::default() };
    fails(&python(once().limits(limits), script), &["more than 100 watches open"]);
}

#[test]
fn one_that_opens_too_many_files_gets_the_error_itself() {
    let limits = Limits { files: 32, ..Limits::default() };
    let script = "try:\n  files = [open('/dev/null') for _ in range(100)]\n\
                  except OSError as error:\n  print(error, flush=True)\n  sys.exit(7)";
    fails(&python(once().limits(limits), script), &["exit status: 7", "Too many open files"]);
}

#[test]
fn one_that_writes_garbage_to_its_log_and_to_the_socket() {
    let script = "sys.stdout.buffer.write(b'\\xff\\x1b]0;x\\x07' * 1000000 + b'\\n')\n\
                  sys.stdout.flush()\n\
                  raw = socket.create_connection(('127.0.0.1', int(url.rsplit(':', 1)[1])))\n\
                  raw.sendall(b'\\x00\\xff' * 5000)\n\
                  http.urlopen(path + '/demo').read()\nsys.exit(9)";
    let hunted = python(once(), script);
    assert!(hunted.failed.is_none(), "{hunted}");
    let text = hunted.to_string();
    assert!(text.contains("exit status: 9") && !text.contains('\u{1b}'), "{text}");
}

/// `lostwrite check` of a file with one program, a script of the shell.
fn check(folder: &std::path::Path, script: &str) -> Command {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/two.yaml"));
    let text = text.expect("it is there");
    let (head, _) = text.split_once("workers:").expect("it has workers");
    let text = format!("{head}workers:\n  - name: silent\n    run: [sh, -c, '{script}']\n");
    std::fs::write(folder.join("silent.yaml"), text).expect("it can be written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_lostwrite"));
    command.args(["check", "silent.yaml", "--allow-run"]).current_dir(folder);
    command
}

#[test]
fn the_command_line_says_how_long_one_execution_may_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let busy = || check(folder.path(), "while :; do :; done # lostwrite-given-up");
    let by_variable = |command: &mut Command| {
        command.env("LOSTWRITE_EXECUTION_TIMEOUT", "1500ms").output().expect("it runs")
    };
    let by_flag = busy().args(["--execution-timeout", "2s"]).output().expect("it runs");
    for (ended, limit) in [(by_flag, "2s"), (by_variable(&mut busy()), "1.5s")] {
        let told = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("an execution takes longer than {limit}")), "{told}");
        assert!(told.contains("raise --execution-timeout"), "{told}");
    }
    gone("lostwrite-given-up");
}

/// `lostwrite check`, started; the word is in the command line of its program.
fn command(folder: &std::path::Path, word: &str) -> std::process::Child {
    let mut command = check(folder, &format!("(setsid sleep {word} &); sleep {word}"));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let begin = Instant::now();
    while alive(word) < 2 {
        assert!(begin.elapsed() < Duration::from_secs(60), "the program does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

#[test]
fn nothing_survives_if_lostwrite_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path(), "3609");
    child.kill().expect("SIGKILL");
    child.wait().expect("it is over");
    gone("3609");
}

#[test]
fn ctrl_c_ends_the_programs_and_tells_what_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = command(folder.path(), "3610");
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    let mut told = String::new();
    child.stdout.take().expect("piped").read_to_string(&mut told).expect("text");
    assert!(told.contains("interrupted after 1 execution"), "{told}");
    gone("3610");
}
