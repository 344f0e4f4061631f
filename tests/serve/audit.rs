//! The record as an audit log: users, auditIDs, levels, and what `judge` says of it.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::cli::{Serving, command, file, serve};
use crate::http::Client;
use crate::{WIDGETS, crd, widget};

const TOKENS: &str = "t-ready,system:serviceaccount:ops:readiness,,ops\nt-sync,sync,u-2,\n";

fn client(url: &str, token: &str, agent: &str) -> Client {
    let mut client = Client::new(url);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    client.headers = vec![
        header("Content-Type", "application/merge-patch+json"),
        header("Authorization", &format!("Bearer {token}")),
        header("User-Agent", agent),
    ];
    client
}

fn begin(folder: &Path, more: &[&str]) -> (Serving, String) {
    let tokens = file(folder, "tokens", TOKENS);
    let mut one = widget("one", json!({}));
    one["status"] = json!({ "conditions": [
        { "type": "Ready", "status": "Unknown" }, { "type": "Synced", "status": "Unknown" },
    ]});
    let (crd, one) =
        (file(folder, "crd.json", &crd().to_string()), file(folder, "one.json", &one.to_string()));
    let record = folder.join("record.jsonl").display().to_string();
    let mut all = vec!["--token-file", &tokens, "--crd", &crd, "-f", &one, "--record", &record];
    all.extend(more);
    (serve(&all), record)
}

fn events(record: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(record).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Two controllers that each send the whole list as they had read it, round after round; the
/// auditIDs of the two writes of each round.
fn rounds(url: &str) -> Vec<(String, String)> {
    let mut ready = client(url, "t-ready", "readiness/v1");
    let mut sync = client(url, "t-sync", "sync/v1");
    let path = format!("{WIDGETS}/one/status");
    let mut ids = Vec::new();
    for round in 0..4 {
        let read = |client: &mut Client| {
            client.send("GET", &format!("{WIDGETS}/one"), b"").unwrap().json()
        };
        let (mine, theirs) = (read(&mut ready), read(&mut sync));
        let write = |client: &mut Client, object: &Value, at: usize| {
            let mut conditions = object["status"]["conditions"].clone();
            conditions[at]["status"] = format!("s{round}").into();
            let body = json!({ "status": { "conditions": conditions } }).to_string();
            let reply = client.send("PATCH", &path, body.as_bytes()).unwrap();
            assert_eq!(reply.code, 200, "{}", reply.json());
            reply.headers.iter().find(|(name, _)| name == "audit-id").unwrap().1.clone()
        };
        ids.push((write(&mut ready, &mine, 0), write(&mut sync, &theirs, 1)));
    }
    ids
}

fn judge(record: &str) -> Value {
    let output = Command::new(env!("CARGO_BIN_EXE_lostwrite"))
        .args(["judge", record, "-o", "json"])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn lost(found: &Value) -> Vec<(String, String)> {
    let id = |party: &Value| party["auditID"].as_str().unwrap().to_owned();
    let lost = found["lost"].as_array().unwrap();
    lost.iter().map(|it| (id(&it["victim"]), id(&it["culprit"]))).collect()
}

#[test]
fn what_two_clients_lose_on_a_server_the_judge_reads_in_its_record() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, record) = begin(folder.path(), &[]);
    let ids = rounds(&serving.url);
    serving.end("-TERM");
    let found = judge(&record);
    let mut said = lost(&found);
    said.sort();
    let mut expected = ids.clone();
    expected.sort();
    assert_eq!(said, expected, "{found:#}");
    assert_eq!(found["pairs"][0]["victim"], "readiness");
    assert_eq!(found["pairs"][0]["culprit"], "sync");

    let events = events(&record);
    let user = |agent: &str| {
        let is = |event: &&Value| event["userAgent"] == agent;
        events.iter().find(is).unwrap()["user"].clone()
    };
    assert_eq!(user("readiness/v1")["username"], "system:serviceaccount:ops:readiness");
    assert_eq!(user("readiness/v1")["groups"][1], "system:serviceaccounts");
    assert_eq!(user("sync/v1")["uid"], "u-2");
}

#[test]
fn without_answers_in_the_record_the_same_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, record) = begin(folder.path(), &["--record-policy", "Request,omitManagedFields"]);
    let ids = rounds(&serving.url);
    serving.end("-TERM");
    for event in events(&record) {
        assert!(event["level"] == "Request" && event["responseObject"].is_null(), "{event}");
        assert_eq!(event["verb"] == "patch", event["requestObject"].is_object(), "{event}");
    }
    // Nothing says what the object was before the first write, and so what that one changed.
    let said = lost(&judge(&record));
    assert!(ids[1..].iter().all(|pair| said.contains(pair)), "{said:?} of {ids:?}");
    assert!(said.iter().all(|pair| ids.contains(pair)), "{said:?} of {ids:?}");
}

#[test]
fn a_policy_says_how_much_of_what_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let policy = Command::new(env!("CARGO_BIN_EXE_lostwrite"))
        .args(["judge", "--policy", "widgets.demo.example.com"])
        .output()
        .unwrap();
    let policy = file(folder.path(), "policy.yaml", &String::from_utf8(policy.stdout).unwrap());
    let (serving, record) = begin(folder.path(), &["--record-policy", &policy]);
    let ids = rounds(&serving.url);
    let mut other = client(&serving.url, "t-sync", "sync/v1");
    let path = "/api/v1/namespaces/default/configmaps";
    let body = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" } });
    other.headers[0].1 = "application/json".into();
    assert_eq!(other.send("POST", path, body.to_string().as_bytes()).unwrap().code, 201);
    serving.end("-TERM");
    let events = events(&record);
    assert_eq!(events.len(), 16, "nothing of the ConfigMap");
    let bare = |event: &Value| event["responseObject"]["metadata"]["managedFields"].is_null();
    assert!(events.iter().all(|event| event["level"] == "RequestResponse" && bare(event)));
    let mut said = lost(&judge(&record));
    said.sort();
    let mut expected = ids;
    expected.sort();
    assert_eq!(said, expected);
}

#[test]
fn audit_ids_are_echoed_and_otherwise_go_on_and_users_act_as_others() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, record) = begin(folder.path(), &[]);
    let mut one = client(&serving.url, "t-sync", "sync/v1");
    let id = |reply: &crate::http::Reply| {
        let mut ids = reply.headers.iter().filter(|(name, _)| name == "audit-id");
        let id = ids.next().expect("an Audit-Id").1.clone();
        assert!(ids.next().is_none());
        id
    };
    let path = format!("{WIDGETS}/one");
    let first = id(&one.send("GET", &path, b"").unwrap());
    one.headers.push(("Audit-ID".into(), "my-own".into()));
    one.headers.push(("Impersonate-User".into(), "system:serviceaccount:a:b".into()));
    one.headers.push(("Impersonate-Group".into(), "g".into()));
    one.headers.push(("Impersonate-Extra-Scopes%2Fx".into(), "view".into()));
    assert_eq!(id(&one.send("GET", &path, b"").unwrap()), "my-own");
    one.headers.truncate(3);
    one.headers.push(("Impersonate-Group".into(), "g".into()));
    let refused = one.send("GET", &path, b"").unwrap();
    assert_eq!(refused.code, 500);
    assert_ne!(id(&refused), first);
    one.headers[1].1 = "Bearer nobody".into();
    let unknown = one.send("GET", &path, b"").unwrap();
    assert_eq!(unknown.code, 401);
    id(&unknown);
    serving.end("-TERM");
    let seen = events(&record);
    assert_eq!((seen.len(), &seen[0]["auditID"]), (2, &json!(first)));
    assert_eq!(
        (&seen[1]["auditID"], &seen[1]["user"]["username"]),
        (&json!("my-own"), &json!("sync"))
    );
    let acted = &seen[1]["impersonatedUser"];
    assert_eq!(acted["username"], "system:serviceaccount:a:b");
    assert_eq!(acted["groups"][0], "g");
    assert_eq!(acted["extra"]["scopes/x"], json!(["view"]));

    // A server that goes on with the same record gives no auditID twice.
    let (serving, _) = begin(folder.path(), &[]);
    let again = id(&client(&serving.url, "t-sync", "x").send("GET", &path, b"").unwrap());
    assert_ne!(again, first);
    serving.end("-TERM");
    // The same requests on another server have the same.
    let other = tempfile::tempdir().unwrap();
    let (serving, _) = begin(other.path(), &[]);
    assert_eq!(id(&client(&serving.url, "t-sync", "x").send("GET", &path, b"").unwrap()), first);
    serving.end("-TERM");
}

#[test]
fn what_is_wrong_with_users_and_policies_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let tokens = file(folder.path(), "tokens", "a,\n");
    let policy = file(folder.path(), "policy", "kind: Policy\n");
    let record = folder.path().join("r").display().to_string();
    for (arguments, why) in [
        (&["--token-file", &tokens][..], "line 1 is not token,user"),
        (&["--record", &record, "--record-policy", &policy], "not a Policy of audit.k8s.io/v1"),
        (&["--record", &record, "--record-policy", "metadata"], "Metadata, Request"),
        (&["--record-policy", "Metadata"], "--record <FILE>"),
    ] {
        let output = command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(why), "{said}");
    }
}

/// What a shell needs to play a test.
fn is_there(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[test]
fn the_test_that_judge_prints_plays_the_losing_order() {
    let folder = tempfile::tempdir().unwrap();
    let (serving, record) = begin(folder.path(), &[]);
    rounds(&serving.url);
    serving.end("-TERM");
    let scenario = folder.path().join("pair.yaml").display().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_lostwrite"))
        .args(["judge", &record, "--scenario", &scenario, "--test", "shell"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    if !is_there("curl") || !is_there("jq") {
        eprintln!("not played: there is no curl, or no jq");
        return;
    }
    let play = |text: &str| {
        let script = file(folder.path(), "test.sh", text);
        let lostwrite = env!("CARGO_BIN_EXE_lostwrite");
        Command::new("sh").arg(script).env("LOSTWRITE", lostwrite).output().unwrap()
    };
    let lost = play(&text);
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    assert!(lost.status.code() == Some(1) && said.contains("LOST: "), "{said}");
    // Without the culprit's request the write stays.
    let guilty = text.find("the write that takes it away\n").expect("the guilty write");
    let begin = guilty + text[guilty..].find("request ").unwrap();
    let end = begin + text[begin..].find('\n').unwrap();
    let mended = format!("{}:{}", &text[..begin], &text[end..]);
    let kept = play(&mended);
    assert!(kept.status.success(), "{}", String::from_utf8_lossy(&kept.stderr));
}
