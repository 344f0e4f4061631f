//! `judge` of logs that come in parts: rotated sets, a log that grows, Ctrl-C.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::judge::{lines, log};
use super::{command, folder, run};

fn losses(folder: &Path, files: &str) -> Vec<(Value, Value)> {
    let ran = run(folder, &format!("judge {files} -o json"));
    assert!(ran.code <= 1, "{files}: {}", ran.err);
    let found: Value = serde_json::from_str(&ran.out).expect("JSON");
    let of = |it: &Value| (it["culprit"]["auditID"].clone(), it["path"].clone());
    found["lost"].as_array().expect("a list").iter().map(of).collect()
}

#[test]
fn a_rotated_set_is_one_log_whatever_each_file_is_packed_with() {
    let (folder, events) = (folder(), log());
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("whole.jsonl"), lines(&events)).unwrap();
    let (old, rest) = events.split_at(events.len() / 3);
    let (middle, new) = rest.split_at(rest.len() / 2);
    let gz = std::fs::File::create(at("audit-2026-01-01.log.gz")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(gz, flate2::Compression::fast());
    gz.write_all(lines(old).as_bytes()).unwrap();
    gz.finish().unwrap();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let packed = ruzstd::encoding::compress_to_vec(lines(middle).as_bytes(), level);
    std::fs::write(at("audit-2026-01-02.log.zst"), packed).unwrap();
    std::fs::write(at("audit.log"), lines(new)).unwrap();
    let whole = losses(folder.path(), "whole.jsonl");
    assert!(whole.len() > 2, "{whole:?}");
    assert_eq!(losses(folder.path(), "audit*.log*"), whole);
    // Each part alone has less: a write is judged by what other parts show.
    assert!(losses(folder.path(), "audit.log").len() < whole.len());
    let ran = run(folder.path(), "judge none*.log");
    assert!(ran.code == 2 && ran.err.contains("no file matches"), "{}", ran.err);
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

#[test]
fn a_log_that_grows_is_told_as_it_grows_and_ctrl_c_ends_it() {
    let (folder, events) = (folder(), log());
    let path = folder.path().join("a.jsonl");
    let (old, new) = events.split_at(events.len() / 2);
    // The last line is half written when it is first seen.
    let (text, more) = (lines(old), lines(new));
    let (begun, rest) = text.split_at(text.len() - 40);
    std::fs::write(&path, begun).unwrap();
    let mut child = command(folder.path());
    let child = child.args(["judge", "a.jsonl", "--follow"]);
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let out = BufReader::new(child.stdout.take().expect("piped"));
    let (to, from) = std::sync::mpsc::channel();
    std::thread::spawn(move || out.lines().try_for_each(|line| to.send(line.unwrap())));
    let next = || from.recv_timeout(std::time::Duration::from_secs(120)).expect("a line");
    let line = next();
    assert!(line.contains("ready") && line.contains("sync"), "{line}");
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(rest.as_bytes()).unwrap();
    file.write_all(more.as_bytes()).unwrap();
    let all = losses(folder.path(), "a.jsonl").len();
    let mut told = vec![line];
    while told.len() < all {
        told.push(next());
    }
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    told.extend(from.iter());
    assert_eq!(told.len(), all, "each loss is told once: {told:?}");
}

#[test]
fn ctrl_c_prints_what_was_read_from_a_pipe_that_is_silent() {
    let (folder, events) = (folder(), log());
    let mut child = command(folder.path());
    let child = child.args(["judge", "-", "-o", "json"]);
    let child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let mut pipe = child.stdin.take().expect("piped");
    pipe.write_all(lines(&events).as_bytes()).unwrap();
    // More than is read ahead: once it is taken, the events were judged.
    pipe.write_all(&[b'\n'; 1 << 23]).unwrap();
    interrupt(&child);
    let ended = child.wait_with_output().unwrap();
    drop(pipe);
    assert_eq!(ended.status.code(), Some(130), "{}", String::from_utf8_lossy(&ended.stderr));
    let found: Value = serde_json::from_slice(&ended.stdout).expect("JSON");
    assert_eq!(found["events"], events.len());
    assert!(!found["lost"].as_array().expect("a list").is_empty());
}
