//! The command: flags, the ready line, files, and how it ends.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::{WIDGETS, client, crd, widget};

pub(crate) struct Serving {
    pub child: Child,
    pub url: String,
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lostwrite"));
    command.arg("serve").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub(crate) fn serve(arguments: &[&str]) -> Serving {
    let mut child = command(arguments).spawn().expect("the program");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).expect("a line");
    let url = line.trim().strip_prefix("ready ").expect("the ready line").to_string();
    Serving { child, url }
}

impl Serving {
    pub fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    pub fn end(mut self, signal: &str) {
        self.signal(signal);
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

pub(crate) fn file(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn release_manifests_go_in_and_what_is_not_served_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let manifests = folder.path().join("manifests");
    std::fs::create_dir(&manifests).unwrap();
    let release = json!({ "apiVersion": "v1", "kind": "List", "items": [
        { "apiVersion": "v1", "kind": "Nonsense", "metadata": { "name": "n" } }, crd(),
        widget("one", json!({ "a": 1 })),
        { "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "default" } },
    ]});
    file(&manifests, "b.json", &release.to_string());
    // Larger than a scenario may be.
    let padding = "# padding\n".repeat(400_000);
    let mut two = widget("two", json!({ "a": 2 }));
    two["metadata"]["namespace"] = "made".into();
    let namespace =
        json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": "made" } });
    file(&manifests, "c.yaml", &format!("{padding}---\n{two}\n---\n{namespace}\n"));
    file(&manifests, "d.txt", "this is no manifest");
    let path = manifests.display().to_string();
    let mut serving = serve(&["--any-namespace", "--crd", &path, "-f", &format!("{path}/[bc]*")]);
    let mut client = client(&serving.url);
    let one = client.send("GET", &format!("{WIDGETS}/one"), b"").unwrap().json();
    assert_eq!(one["spec"]["a"], 1);
    let all = client.send("GET", "/apis/demo.example.com/v1/widgets", b"").unwrap().json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2), "{all}");
    let mut said = String::new();
    let stderr = serving.child.stderr.take().unwrap();
    serving.end("-TERM");
    std::io::Read::read_to_string(&mut { stderr }, &mut said).unwrap();
    let skipped = |line: &&str| line.starts_with("note: skipped in ");
    let notes: Vec<&str> = said.lines().filter(skipped).collect();
    assert_eq!(notes.len(), 2, "{said}");
    assert!(notes[0].ends_with("2 Namespace, 1 Nonsense, 2 Widget"), "{said}");
    assert!(notes[1].ends_with("1 Nonsense"), "{said}");
    let empty = command(&["--crd", &format!("{path}/*.txt")]).output().unwrap();
    assert_eq!(empty.status.code(), Some(2));
}

#[test]
fn files_go_in_and_come_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let crd = file(folder, "crd.json", &crd().to_string());
    let mut one = widget("one", json!({ "a": 1 }));
    one["status"] = json!({ "phase": "Ready" });
    let object = file(folder, "objects.yaml", &format!("# two\n---\n{one}\n---\n{{}}\n"));
    let path = |name: &str| folder.join(name).display().to_string();
    let (record, kubeconfig, snapshot) = (path("record"), path("kubeconfig"), path("snapshot"));
    let broken = command(&["--crd", &crd, "-f", &object]).output().unwrap();
    assert_eq!(broken.status.code(), Some(2), "an empty document is no object");
    let object = file(folder, "objects.yaml", &format!("# one\n---\n{one}\n---\n"));
    let arguments = [
        "--crd",
        &crd,
        "-f",
        &object,
        "--record",
        &record,
        "--kubeconfig",
        &kubeconfig,
        "--snapshot",
        &snapshot,
    ];
    let serving = serve(&arguments);
    let mut client = client(&serving.url);
    let got = client.send("GET", &format!("{WIDGETS}/one"), b"").unwrap().json();
    assert_eq!(got["status"]["phase"], "Ready");
    let mut changed = got.clone();
    changed["spec"]["a"] = 2.into();
    let put = |client: &mut crate::http::Client, object: &Value| {
        client.send("PUT", &format!("{WIDGETS}/one"), object.to_string().as_bytes()).unwrap()
    };
    let changed = put(&mut client, &changed).json();
    assert_eq!(put(&mut client, &got).code, 409);
    let config: Value = serde_json::from_slice(&std::fs::read(&kubeconfig).unwrap()).unwrap();
    assert_eq!(config["clusters"][0]["cluster"]["server"], serving.url.as_str());
    // The JavaScript client refuses plain HTTP without it.
    assert_eq!(config["clusters"][0]["cluster"]["insecure-skip-tls-verify"], true);
    serving.end("-TERM");

    let record = std::fs::read_to_string(&record).unwrap();
    let events: Vec<Value> =
        record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seen: Vec<_> = events
        .iter()
        .map(|it| (it["verb"].as_str().unwrap(), it["responseStatus"]["code"].as_u64().unwrap()))
        .collect();
    assert_eq!(seen, [("get", 200), ("update", 200), ("update", 409)]);
    assert_eq!(events[1]["responseObject"], changed);
    assert_eq!(events[2]["objectRef"]["name"], "one");
    assert_eq!(events[2]["objectRef"]["resourceVersion"], got["metadata"]["resourceVersion"]);

    // From the snapshot: the same object, and versions that go on from there.
    let serving = serve(&["--snapshot", &snapshot]);
    let mut client = crate::client(&serving.url);
    let again = client.send("GET", &format!("{WIDGETS}/one"), b"").unwrap().json();
    assert_eq!(again, changed);
    let mut next = again.clone();
    next["spec"]["a"] = 3.into();
    let version = |object: &Value| -> u64 {
        object["metadata"]["resourceVersion"].as_str().unwrap().parse().unwrap()
    };
    assert!(version(&put(&mut client, &next).json()) > version(&again));
    serving.end("-INT");
}

#[test]
fn a_token_opens_and_its_absence_does_not() {
    let serving = serve(&["--token", "sesame", "--listen", "0.0.0.0:0"]);
    let url = serving.url.replace("0.0.0.0", "127.0.0.1");
    let mut client = client(&url);
    assert_eq!(client.send("GET", "/api", b"").unwrap().code, 401);
    assert_eq!(client.send("GET", "/readyz", b"").unwrap().code, 200);
    client.headers.push(("Authorization".into(), "Bearer sesam".into()));
    assert_eq!(client.send("GET", "/api", b"").unwrap().code, 401);
    client.headers[1].1 = "Bearer sesame".into();
    assert_eq!(client.send("GET", "/api", b"").unwrap().code, 200);
    serving.end("-TERM");
}

#[test]
fn mistakes_exit_with_2_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = file(folder.path(), "s.json", "{}");
    for (arguments, why) in [
        (&["--listen", "0.0.0.0:0"][..], "token"),
        (&["--listen", "nowhere"], "this is not a valid address"),
        (&["-f", "does-not-exist.yaml"], "no such file"),
        (&["--snapshot", &snapshot], "is not a snapshot"),
    ] {
        let output = command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && output.stdout.is_empty(), "{said}");
    }
}
