//! Nothing that is acknowledged is forgotten, and nobody else reads it.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::{Serving, command, file, serve};
use crate::http::Client;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn create(client: &mut Client, name: &str) {
    let object = json!({ "metadata": { "name": name } }).to_string();
    let reply = client.send("POST", MAPS, object.as_bytes()).expect("an answer");
    assert_eq!(reply.code, 201, "{}", reply.json());
}

fn names(client: &mut Client) -> BTreeSet<String> {
    let list = client.send("GET", MAPS, b"").expect("an answer").json();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or("?").into()).collect()
}

fn wanted(count: usize) -> BTreeSet<String> {
    (0..count).map(|n| format!("m{n}")).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

fn kill(mut serving: Serving) {
    serving.child.kill().expect("killed");
    serving.child.wait().expect("ended");
}

#[test]
fn a_kill_forgets_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (record, snapshot) = (path("record"), path("snapshot"));
    let serving = serve(&["--record", &record, "--snapshot", &snapshot, "--durable"]);
    let mut client = crate::client(&serving.url);
    for n in 0..100 {
        create(&mut client, &format!("m{n}"));
    }
    let deleted = client.send("DELETE", &format!("{MAPS}/m7"), b"").unwrap();
    assert_eq!(deleted.code, 200);
    kill(serving);
    let record = std::fs::read_to_string(&record).unwrap();
    let created = record
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a whole line"))
        .filter(|event| event["verb"] == "create" && event["responseStatus"]["code"] == 201)
        .map(|event| event["objectRef"]["name"].as_str().unwrap_or("?").to_string());
    assert_eq!(created.collect::<BTreeSet<_>>(), wanted(100));

    let mut left = wanted(100);
    left.remove("m7");
    let journal = folder.path().join(".snapshot.journal");
    for name in ["record", "snapshot", ".snapshot.journal", ".snapshot.lock"] {
        assert_eq!(mode(&folder.path().join(name)), 0o600, "{name}");
    }
    // A line that was being written when the server was killed was never acknowledged.
    let mut torn = std::fs::read(&journal).unwrap();
    torn.extend_from_slice(b"{\"object\":{\"apiVersion\":\"v1\",\"kind\":\"Config");
    std::fs::write(&journal, &torn).unwrap();
    let serving = serve(&["--snapshot", &snapshot, "--durable"]);
    let mut client = crate::client(&serving.url);
    assert_eq!(names(&mut client), left);
    create(&mut client, "late");
    kill(serving);
    // And once more, without a journal of its own: what is there is read all the same.
    left.insert("late".into());
    let serving = serve(&["--snapshot", &snapshot]);
    assert_eq!(names(&mut crate::client(&serving.url)), left);
    serving.end("-TERM");

    std::fs::write(&journal, b"{}\n{\"revision\":1}\n").unwrap();
    let output = command(&["--snapshot", &snapshot]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("is not a journal: line 1"), "{said}");
}

/// What the garbage collector does is in the journal as soon as a reader can see it.
#[test]
fn a_kill_forgets_no_garbage_that_was_collected() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("snapshot").display().to_string();
    let serving = serve(&["--snapshot", &snapshot, "--durable", "--gc"]);
    let mut client = crate::client(&serving.url);
    create(&mut client, "m0");
    let owner = json!({ "apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u" });
    let object = json!({ "metadata": { "name": "m1", "ownerReferences": [owner] } }).to_string();
    let reply = client.send("POST", MAPS, object.as_bytes()).expect("an answer");
    assert_eq!(reply.code, 201, "{}", reply.json());
    let patience = Instant::now() + Duration::from_secs(20);
    while names(&mut client).contains("m1") {
        assert!(Instant::now() < patience, "nothing was collected");
        std::thread::sleep(Duration::from_millis(20));
    }
    kill(serving);
    let serving = serve(&["--snapshot", &snapshot, "--durable"]);
    assert_eq!(names(&mut crate::client(&serving.url)), wanted(1));
    serving.end("-TERM");
}

#[test]
fn a_snapshot_is_written_when_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let has = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).expect("a snapshot");
        let whole: Value = serde_json::from_str(&text).expect("whole, whenever it is looked at");
        let objects = whole["objects"].as_array().expect("objects");
        objects.iter().any(|object| object["metadata"]["name"] == name)
    };
    let soon = |path: &str, name: &str| {
        let patience = Instant::now() + Duration::from_secs(20);
        while !has(path, name) {
            assert!(Instant::now() < patience, "`{name}` is not in the snapshot");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let path = folder.path().join("asked").display().to_string();
    let serving = serve(&["--snapshot", &path, "--durable"]);
    let mut client = crate::client(&serving.url);
    create(&mut client, "a");
    assert!(!has(&path, "a"));
    serving.signal("-HUP");
    soon(&path, "a");
    create(&mut client, "b");
    kill(serving);
    let serving = serve(&["--snapshot", &path]);
    assert_eq!(names(&mut crate::client(&serving.url)).len(), 2, "the journal went on");
    serving.end("-TERM");

    let path = folder.path().join("often").display().to_string();
    let serving = serve(&["--snapshot", &path, "--snapshot-every", "100ms"]);
    create(&mut crate::client(&serving.url), "a");
    soon(&path, "a");
    kill(serving);
}

#[test]
fn a_record_that_cannot_be_written_does_not_cost_the_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("snapshot").display().to_string();
    let mut serving = serve(&["--record", "/dev/full", "--snapshot", &snapshot]);
    create(&mut crate::client(&serving.url), "a");
    serving.signal("-TERM");
    assert_eq!(serving.child.wait().unwrap().code(), Some(2), "the record is incomplete");
    let serving = serve(&["--snapshot", &snapshot]);
    assert_eq!(names(&mut crate::client(&serving.url)).len(), 1);
    serving.end("-TERM");
}

#[test]
fn a_snapshot_has_one_server_and_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("snapshot").display().to_string();
    let nowhere = folder.path().join("no/folder").display().to_string();
    let serving = serve(&["--snapshot", &snapshot]);
    for (path, why) in [(&snapshot, "another server keeps"), (&nowhere, "cannot keep the snapshot")]
    {
        let output = command(&["--snapshot", path]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && output.stdout.is_empty(), "{said}");
    }
    serving.end("-TERM");
    serve(&["--snapshot", &snapshot]).end("-TERM");
    // A name that somebody has made a link is not written through.
    let lock = folder.path().join(".snapshot.lock");
    std::fs::remove_file(&lock).unwrap();
    let victim = file(folder.path(), "victim", "mine");
    std::os::unix::fs::symlink(&victim, &lock).unwrap();
    assert_eq!(command(&["--snapshot", &snapshot]).output().unwrap().status.code(), Some(2));
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
}

#[test]
fn an_object_that_nests_deep_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = folder.path().join("snapshot").display().to_string();
    let crd = file(folder.path(), "crd.json", &crate::crd().to_string());
    let serving = serve(&["--snapshot", &snapshot, "--crd", &crd]);
    let mut client = crate::client(&serving.url);
    let deep = (0..190).fold(json!(1.5), |inner, _| json!({ "a": inner }));
    crate::post(&mut client, &crate::widget("deep", deep));
    let before = client.send("GET", &format!("{}/deep", crate::WIDGETS), b"").unwrap().json();
    serving.end("-TERM");
    let serving = serve(&["--snapshot", &snapshot]);
    let mut client = crate::client(&serving.url);
    let after = client.send("GET", &format!("{}/deep", crate::WIDGETS), b"").unwrap();
    assert_eq!(after.code, 200);
    assert_eq!(after.json(), before);
    serving.end("-TERM");
}

#[test]
fn a_token_need_not_stand_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), "token", "sesame\n");
    let empty = file(folder.path(), "empty", "\n");
    let codes = |serving: &Serving| {
        let mut client = crate::client(&serving.url);
        let without = client.send("GET", "/api", b"").unwrap().code;
        client.headers.push(("Authorization".into(), "Bearer sesame".into()));
        (without, client.send("GET", "/api", b"").unwrap().code)
    };
    let serving = serve(&["--token-file", &path]);
    assert_eq!(codes(&serving), (401, 200));
    serving.end("-TERM");
    let output = command(&["--token-file", &empty]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("empty token"));
    let mut child = command(&["--listen", "0.0.0.0:0"]).env("LOSTWRITE_TOKEN", "sesame").spawn();
    let child = child.as_mut().expect("the program");
    let mut line = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut line).expect("a line");
    assert!(line.starts_with("ready http://0.0.0.0:"), "{line}");
    child.kill().expect("killed");
    child.wait().expect("ended");
}
