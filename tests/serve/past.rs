//! How much of the past is kept, and for whom a watch ends when it is forgotten.

use lostwrite::serve::Limits;
use serde_json::{Value, json};

use crate::http::Client;
use crate::{WIDGETS, client, post, running, widget};

/// As many bytes of the past as the servers here keep.
const KEPT: usize = 64 * 1024;

fn small() -> Limits {
    Limits { history_bytes: KEPT, ..Limits::default() }
}

/// The first event of a watch from that revision: its type, and the code of an ERROR.
fn first_event(client: &Client, revision: &Value) -> (Value, Value) {
    let from = revision.as_str().expect("a revision");
    let target = format!("{WIDGETS}?watch=1&timeoutSeconds=20&resourceVersion={from}");
    let event = client.open(&target).expect("open").event().expect("a line").expect("an event");
    (event["type"].clone(), event["object"]["code"].clone())
}

fn revision(client: &mut Client) -> Value {
    client.send("GET", WIDGETS, b"").expect("an answer").json()["metadata"]["resourceVersion"]
        .take()
}

/// Found by the soak: bodies that were refused counted as writes, and 256 MiB of them cut off
/// every watch that was not up to date at that moment.
#[test]
fn what_is_refused_is_not_remembered_and_ends_no_watch() {
    let server = running(small());
    let mut client = client(&server.url());
    let begin = revision(&mut client);
    post(&mut client, &widget("one", json!({})));
    let rubbish = vec![b'x'; KEPT];
    for _ in 0..4 {
        assert_eq!(client.send("POST", WIDGETS, &rubbish).expect("an answer").code, 400);
    }
    assert_eq!(first_event(&client, &begin), (json!("ADDED"), Value::Null));
}

#[test]
fn large_writes_push_out_the_oldest_and_never_the_newest() {
    let server = running(small());
    let mut client = client(&server.url());
    let begin = revision(&mut client);
    for (name, size) in [("a", KEPT / 4), ("b", KEPT / 4), ("c", KEPT / 4)] {
        post(&mut client, &widget(name, json!({ "text": "x".repeat(size) })));
    }
    assert_eq!(first_event(&client, &begin).0, "ADDED", "three quarters are kept");
    let third = revision(&mut client);
    post(&mut client, &widget("d", json!({ "text": "x".repeat(KEPT / 4) })));
    assert_eq!(first_event(&client, &begin), (json!("ERROR"), json!(410)));
    assert_eq!(first_event(&client, &third).0, "ADDED");
    let fourth = revision(&mut client);
    post(&mut client, &widget("e", json!({ "text": "x".repeat(2 * KEPT) })));
    assert_eq!(first_event(&client, &third), (json!("ERROR"), json!(410)));
    assert_eq!(first_event(&client, &fourth).0, "ADDED", "the newest stays, however large");
}

/// A patch of one field leaves a whole object in the log.
#[test]
fn a_small_patch_of_a_large_object_counts_as_large() {
    let server = running(small());
    let mut client = client(&server.url());
    post(&mut client, &widget("big", json!({ "text": "x".repeat(KEPT / 4) })));
    let begin = revision(&mut client);
    client.headers = vec![("Content-Type".into(), "application/merge-patch+json".into())];
    for n in 0..8 {
        let body = json!({ "spec": { "n": n } }).to_string();
        let path = format!("{WIDGETS}/big");
        assert_eq!(client.send("PATCH", &path, body.as_bytes()).expect("an answer").code, 200);
    }
    assert_eq!(first_event(&client, &begin), (json!("ERROR"), json!(410)));
}

/// The 256 MiB were bytes of JSON and cost twelve times as much, so that 450 tiny patches of a
/// large object ended the process.
#[cfg(target_os = "linux")]
#[test]
fn the_past_takes_no_more_memory_than_is_counted() {
    let serving = crate::cli::serve(&[]);
    let mut client = client(&serving.url);
    let maps = "/api/v1/namespaces/default/configmaps";
    let keys: serde_json::Map<_, _> = (0..20_000).map(|n| (format!("k{n}"), json!("v"))).collect();
    let large = json!({ "metadata": { "name": "o" }, "data": keys }).to_string();
    assert_eq!(client.send("POST", maps, large.as_bytes()).expect("an answer").code, 201);
    client.headers[0].1 = "application/merge-patch+json".into();
    let status = format!("/proc/{}/status", serving.child.id());
    let resident = || -> usize {
        let text = std::fs::read_to_string(&status).expect("a process");
        let line = text.lines().find(|line| line.starts_with("VmRSS")).expect("its memory");
        line.split_whitespace().nth(1).and_then(|it| it.parse().ok()).expect("a number")
    };
    let mut patch = |n: usize| {
        let patch = json!({ "data": { "k1": n.to_string() } }).to_string();
        let reply = client.send("PATCH", &format!("{maps}/o"), patch.as_bytes());
        reply.expect("an answer").body.len()
    };
    for n in 0..5 {
        patch(n);
    }
    let before = resident();
    let answered: usize = (5..45).map(&mut patch).sum();
    let grown = resident().saturating_sub(before) / 1024;
    let counted = answered / (1024 * 1024);
    assert!(grown < 2 * counted + 40, "{grown} MiB more for {counted} MiB of answers");
    serving.end("-TERM");
}
