//! Random lines of audit logs: no panic, nothing slow, and all of it in 512 MiB.
//!
//! Lines of a good log are cut, turned, repeated, nested and filled with other JSON.
//! Next to read: `../fuzz.rs`, which has the limits.

use std::time::{Duration, Instant};

use lostwrite::audit::{self, Kinds, Log};
use lostwrite::report::judge::{FORMATS, Shown, render};
use serde_json::{Value, json};

use super::make::Random;
use super::{limited, number, timed};

/// The number of lines after which a log is judged.
const LINES: usize = 120;

#[test]
fn lines_of_a_log_break_nothing_in_half_a_gibibyte() {
    limited("fuzz::logs::worker", "logs");
}

#[test]
#[ignore = "run by the test above, under a limit of memory"]
fn worker() {
    let end = Instant::now() + Duration::from_secs(number("LOSTWRITE_FUZZ_SECONDS", 3));
    let seed = number("LOSTWRITE_FUZZ_SEED", 1);
    let run = move || {
        let mut case = 0;
        while case == 0 || Instant::now() < end {
            let what = format!("seed {seed} log {case}");
            timed(&what, || one(&mut Random::new(seed, case)));
            case += 1;
        }
        println!("{case} logs of seed {seed}");
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(run);
    thread.expect("a thread").join().expect("no failure");
}

fn one(random: &mut Random) {
    let mut log = Log::new(Kinds::new(&[]).expect("no definitions"));
    for at in 0..LINES {
        let line = line(random, at);
        for event in audit::events(&line).into_iter().flatten() {
            log.take(event);
        }
    }
    let verdict = audit::judge(&mut log, &Default::default());
    let shown = Shown { log: "fuzz".into(), values: true };
    for format in FORMATS {
        render(format, &verdict, &shown, &Default::default()).expect("a known format");
    }
}

/// A good event, then what happens to its text.
fn line(random: &mut Random, at: usize) -> Vec<u8> {
    let event = event(random, at);
    let mut text = event.to_string().into_bytes();
    for _ in 0..random.below(4) {
        let length = text.len();
        if length == 0 {
            break;
        }
        let place = random.below(length);
        match random.below(8) {
            0 => text.truncate(place),
            1 => text[place] = random.below(256) as u8,
            2 => text.insert(place, b"\"{}[],:\\\x1b"[random.below(9)]),
            3 => {
                let piece = b"{\"items\":[{\"metadata\":{\"resourceVersion\":\"7\"}}]}";
                text.splice(place..place, piece.iter().copied());
            }
            4 => {
                let deep = random.below(2_000);
                text.splice(place..place, std::iter::repeat_n(b'[', deep));
            }
            _ => {}
        }
    }
    text
}

fn event(random: &mut Random, at: usize) -> Value {
    let verbs = ["get", "list", "create", "update", "patch", "patch", "update", "delete", "watch"];
    let verb = verbs[random.below(verbs.len())];
    let resource = ["pods", "widgets", "leases", "secrets"][random.below(4)];
    let version = (1 + at + random.below(3)).to_string();
    let conditions: Vec<Value> = (0..random.below(4))
        .map(|n| json!({ "type": format!("C{n}"), "status": junk(random, 2) }))
        .collect();
    let object = json!({
        "apiVersion": "v1", "kind": "Thing",
        "metadata": { "name": "x", "namespace": "n", "uid": "u", "resourceVersion": version,
            "labels": junk(random, 2), "finalizers": junk(random, 2) },
        "spec": junk(random, 3), "status": { "conditions": conditions, "phase": junk(random, 1) },
    });
    let request = match random.below(4) {
        0 => json!([{ "op": "replace", "path": format!("/status/conditions/{}", random.below(5)),
            "value": junk(random, 2) }]),
        1 => json!({ "status": { "conditions": junk(random, 3) }, "$patch": "replace" }),
        _ => object.clone(),
    };
    json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1",
        "level": pick(random, &["Metadata", "Request", "RequestResponse"]),
        "auditID": format!("id-{}", at + random.below(2)), "stage": "ResponseComplete",
        "verb": verb, "requestURI": "/x?fieldManager=%ff&dryRun", "userAgent": junk(random, 1),
        "user": { "username": format!("u{}", random.below(3)), "extra": junk(random, 2) },
        "objectRef": { "resource": resource, "namespace": "n", "name": "x",
            "subresource": pick(random, &["", "status", "scale"]) },
        "responseStatus": { "code": pick(random, &[200, 201, 409, 422]) },
        "requestReceivedTimestamp": format!("2026-01-01T00:00:{:02}Z", random.below(60)),
        "stageTimestamp": format!("2026-01-01T00:01:{:02}Z", random.below(60)),
        "requestObject": request, "responseObject": object,
    })
}

fn pick<T: Copy>(random: &mut Random, of: &[T]) -> T {
    of[random.below(of.len())]
}

fn junk(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth == 0 { 5 } else { 8 }) {
        0 => Value::Null,
        1 => json!(random.below(4)),
        2 => "\u{1b}[2J<b>|\u{202e}".into(),
        3 => json!(1e300),
        4 => ["True", "x", ""][random.below(3)].into(),
        5 => (0..random.below(4)).map(|_| junk(random, depth - 1)).collect(),
        6 => (0..random.below(3))
            .map(|n| json!({ "type": format!("C{n}"), "name": junk(random, depth - 1) }))
            .collect(),
        _ => {
            let keys = ["a", "type", "$patch", "metadata", "x.y/z"];
            let pick = |random: &mut Random| keys[random.below(5)].to_owned();
            (0..random.below(4)).map(|_| (pick(random), junk(random, depth - 1))).collect()
        }
    }
}
