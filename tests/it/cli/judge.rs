//! `judge`: formats of logs, formats of output, selection, exit codes, hostile input.

use std::io::Write;

use serde_json::{Value, json};

use super::{folder, run};

/// SplitMix64: a seed names the same numbers for ever.
struct Mixer(u64);

impl Mixer {
    fn new(seed: u64) -> Self {
        Mixer(seed)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Two programs that patch one list whole: the second was made of the version before the first.
pub(super) fn log() -> Vec<Value> {
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status});
    let object = |rv: u64, conditions: Value| {
        json!({
            "apiVersion": "example.com/v1", "kind": "Widget",
            "metadata": {"name": "cart", "namespace": "shop", "uid": "u-1",
                "resourceVersion": rv.to_string()},
            "status": {"conditions": conditions},
        })
    };
    let event = |n: u64, agent: &str, verb: &str, request: Value, response: Value| {
        let mut event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse",
            "auditID": format!("id-{n}"), "stage": "ResponseComplete", "verb": verb,
            "requestURI": "/apis/example.com/v1/namespaces/shop/widgets/cart/status",
            "user": {"username": format!("system:serviceaccount:ops:{agent}")},
            "sourceIPs": ["10.0.0.1"], "userAgent": format!("{agent}/v1"),
            "objectRef": {"resource": "widgets", "namespace": "shop", "name": "cart",
                "apiGroup": "example.com", "apiVersion": "v1", "subresource": "status"},
            "responseStatus": {"code": 200},
            "requestReceivedTimestamp": format!("2026-01-01T00:00:{:02}.000000Z", n),
            "stageTimestamp": format!("2026-01-01T00:00:{:02}.000500Z", n),
            "responseObject": response,
        });
        if !request.is_null() {
            event["requestObject"] = request;
        }
        event
    };
    let mut events = Vec::new();
    let mut now = json!([condition("Ready", "s0"), condition("Synced", "t0")]);
    events.push(event(1, "admin", "create", object(1, now.clone()), object(1, now.clone())));
    let mut n = 2;
    let mut rv = 1;
    for round in 1..5 {
        for agent in ["ready", "sync"] {
            events.push(event(n, agent, "get", Value::Null, object(rv, now.clone())));
            n += 1;
        }
        let base = now.clone();
        for (agent, at, letter) in [("ready", 0, "s"), ("sync", 1, "t")] {
            now = base.clone();
            now[at]["status"] = format!("{letter}{round}").into();
            rv += 1;
            let patch = json!({"status": {"conditions": now}});
            events.push(event(n, agent, "patch", patch, object(rv, now.clone())));
            n += 1;
        }
    }
    events
}

pub(super) fn lines(events: &[Value]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

/// Victims and culprits of a log in a file.
fn pairs(name: &str, bytes: &[u8]) -> Vec<(String, String)> {
    let folder = folder();
    std::fs::write(folder.path().join(name), bytes).unwrap();
    let ran = run(folder.path(), &format!("judge {name} -o json"));
    assert!(ran.code == 1 || ran.code == 0, "{}", ran.err);
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(ran.code == 1, !found["lost"].as_array().unwrap().is_empty());
    let text = |value: &Value| value["auditID"].as_str().unwrap().to_owned();
    let mut pairs: Vec<_> = found["lost"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["victim"]), text(&it["culprit"])))
        .collect();
    pairs.sort();
    pairs
}

#[test]
fn a_list_that_is_patched_whole_loses_the_other_entry() {
    let found = pairs("audit.jsonl", lines(&log()).as_bytes());
    let ids = |a: u64, b: u64| (format!("id-{a}"), format!("id-{b}"));
    // In each of the four rounds, sync puts back what ready had just replaced.
    assert_eq!(found, [ids(12, 13), ids(16, 17), ids(4, 5), ids(8, 9)]);
}

#[test]
fn order_duplicates_and_torn_lines_change_nothing() {
    let events = log();
    let plain = pairs("a.jsonl", lines(&events).as_bytes());
    let mut mixed = events.clone();
    let mut mixer = Mixer::new(7);
    for at in (1..mixed.len()).rev() {
        mixed.swap(at, mixer.below(at as u64 + 1) as usize);
    }
    let mut begun = events[3].clone();
    begun["stage"] = "RequestReceived".into();
    mixed.insert(0, begun);
    mixed.extend(events[2..5].to_vec());
    let mut text = lines(&mixed);
    text.push_str(&events[4].to_string()[..100]);
    assert_eq!(pairs("a.jsonl", text.as_bytes()), plain);
}

#[test]
fn a_request_that_is_logged_again_under_another_id_is_no_other_write() {
    let events = log();
    let plain = pairs("a.jsonl", lines(&events).as_bytes());
    let mut twice = events.clone();
    for event in &events {
        let mut again = event.clone();
        again["auditID"] = format!("again-{}", event["auditID"].as_str().unwrap()).into();
        twice.push(again);
    }
    assert_eq!(pairs("a.jsonl", lines(&twice).as_bytes()), plain);
}

/// One writer of an entry by a JSON patch whose index is of an older version, and finalizers.
#[test]
fn an_index_stands_for_the_entry_that_its_author_saw() {
    let mut events = log();
    let last = events.len() as u64;
    let mut object = events[events.len() - 1]["responseObject"].clone();
    let version = |object: &mut Value, rv: u64, conditions: Value| {
        object["metadata"]["resourceVersion"] = rv.to_string().into();
        object["status"]["conditions"] = conditions;
        object.clone()
    };
    let request = |n: u64, agent: &str, body: Value, answer: Value| {
        let mut event = events[events.len() - 1].clone();
        event["auditID"] = format!("id-{n}").into();
        event["userAgent"] = format!("{agent}/v1").into();
        event["user"] = json!({"username": agent});
        event["requestObject"] = body;
        event["responseObject"] = answer;
        let at = |part: &str| format!("2026-01-01T00:01:{n:02}.{part}Z");
        event["requestReceivedTimestamp"] = at("000000").into();
        event["stageTimestamp"] = at("000500").into();
        event
    };
    let old = object["status"]["conditions"].clone();
    // A GET by the patcher, then an entry comes in front, then the patcher replaces index 0.
    let mut read = request(last + 1, "patcher", Value::Null, version(&mut object, 9, old.clone()));
    read["verb"] = "get".into();
    read.as_object_mut().unwrap().remove("requestObject");
    let front = json!([{"type": "New", "status": "n1"}, old[0], old[1]]);
    let first = request(
        last + 2,
        "front",
        json!([{"op": "add", "path": "/status/conditions/0", "value": front[0]}]),
        version(&mut object, 10, front.clone()),
    );
    let hit = json!([{"type": "New", "status": "p1"}, old[0], old[1]]);
    let second = request(
        last + 3,
        "patcher",
        json!([{"op": "replace", "path": "/status/conditions/0/status", "value": "p1"}]),
        version(&mut object, 11, hit),
    );
    events.extend([read, first, second]);
    let found = pairs("a.jsonl", lines(&events).as_bytes());
    let ids = (format!("id-{}", last + 2), format!("id-{}", last + 3));
    assert!(found.contains(&ids), "{found:?}");
}

#[test]
fn every_wrapper_and_every_compression_is_read() {
    let events = log();
    let plain = pairs("a.jsonl", lines(&events).as_bytes());
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "items": events});
    assert_eq!(pairs("a.json", format!("{list:#}").as_bytes()), plain, "EventList");
    let wrap = |one: &dyn Fn(&Value) -> Value| -> String {
        events.iter().map(|event| format!("{}\n", one(event))).collect()
    };
    let eks = wrap(&|event| json!({"timestamp": 1, "message": event.to_string()}));
    assert_eq!(pairs("eks", eks.as_bytes()), plain, "CloudWatch");
    let messages = events.iter().map(|event| json!({"message": event.to_string()}));
    let events_of = json!({"events": messages.collect::<Vec<_>>()});
    assert_eq!(pairs("eks2", events_of.to_string().as_bytes()), plain, "CloudWatch export");
    let aks = wrap(&|event| {
        let properties = json!({"log": event.to_string(), "stream": "stdout"});
        json!({"category": "kube-audit", "properties": properties})
    });
    assert_eq!(pairs("aks", aks.as_bytes()), plain, "AKS");
    let gke = wrap(&|event| {
        let verb = event["verb"].as_str().unwrap();
        let mut entry = json!({
            "insertId": "x", "operation": {"id": event["auditID"]},
            "timestamp": event["stageTimestamp"],
            "protoPayload": {
                "methodName": format!("com.example.v1.widgets.status.{verb}"),
                "resourceName": "example.com/v1/namespaces/shop/widgets/cart/status",
                "authenticationInfo": {"principalEmail": event["user"]["username"]},
                "requestMetadata": {"callerSuppliedUserAgent": event["userAgent"]},
                "response": event["responseObject"],
            },
        });
        if event["requestObject"].is_object() {
            entry["protoPayload"]["request"] = event["requestObject"].clone();
        }
        entry
    });
    assert_eq!(pairs("gke", gke.as_bytes()), plain, "GKE");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(lines(&events).as_bytes()).unwrap();
    assert_eq!(pairs("a.gz", &gz.finish().unwrap()), plain, "gzip");
    let (head, tail) = events.split_at(7);
    let frame = |events: &[Value]| {
        ruzstd::encoding::compress_to_vec(
            lines(events).as_bytes(),
            ruzstd::encoding::CompressionLevel::Fastest,
        )
    };
    let both = [frame(head), frame(tail)].concat();
    assert_eq!(pairs("a.zst", &both), plain, "two frames of zstd");
}

#[test]
fn a_log_without_answers_is_judged_by_making_the_writes_again() {
    let mut events = log();
    let plain = pairs("a.jsonl", lines(&events).as_bytes());
    for event in &mut events {
        let read = event["verb"] == "get";
        event["level"] = if read { "Metadata" } else { "Request" }.into();
        event.as_object_mut().unwrap().remove("responseObject");
    }
    // A create drops the status: in the first round nobody can have read what was put back.
    let found = pairs("a.jsonl", lines(&events).as_bytes());
    let later: Vec<_> = plain.into_iter().filter(|(victim, _)| victim != "id-4").collect();
    assert_eq!(found, later);
}

#[test]
fn dry_runs_and_refusals_are_no_writes() {
    let mut events = log();
    let uri = events[4]["requestURI"].as_str().unwrap();
    events[4]["requestURI"] = format!("{uri}?dryRun=All").into();
    let found = pairs("a.jsonl", lines(&events).as_bytes());
    assert!(!found.iter().any(|(_, culprit)| culprit == "id-5"), "{found:?}");
}

#[test]
fn formats_selection_and_what_is_hidden() {
    let folder = folder();
    let mut events = log();
    for event in &mut events {
        let text = event.to_string().replace("\"s1\"", "\"hunter2\"");
        *event = serde_json::from_str(&text).unwrap();
    }
    std::fs::write(folder.path().join("a.jsonl"), lines(&events)).unwrap();
    for format in ["text", "json", "markdown", "html", "sarif", "junit"] {
        let ran = run(folder.path(), &format!("judge a.jsonl -o {format}"));
        assert_eq!(ran.code, 1, "{format}: {}", ran.err);
        assert!(!ran.out.contains("hunter2"), "{format} shows a value");
        assert!(ran.out.contains("ready"), "{format} names the victim: {}", ran.out);
    }
    let ran = run(folder.path(), "judge a.jsonl -o json --values");
    assert!(ran.out.contains("hunter2"));
    let secret = lines(&events).replace("widgets", "secrets");
    std::fs::write(folder.path().join("s.jsonl"), secret).unwrap();
    let ran = run(folder.path(), "judge s.jsonl -o json --values");
    assert!(ran.code == 1 && !ran.out.contains("hunter2"));
    let later = "--since 2027-01-01T00:00:00Z";
    for none in ["--kind pods", "--namespace other", "--client nobody", later] {
        assert_eq!(run(folder.path(), &format!("judge a.jsonl {none}")).code, 0, "{none}");
    }
    for all in ["--kind widgets", "--namespace shop", "--client sync", "--since 1h"] {
        assert_eq!(run(folder.path(), &format!("judge a.jsonl {all}")).code, 1, "{all}");
    }
    // Who is said to own the other entry meant it.
    let owns = "--owns sync=.status.conditions[type=Ready]";
    let ran = run(folder.path(), &format!("judge a.jsonl -o json {owns}"));
    let found: Value = serde_json::from_str(&ran.out).unwrap();
    let lost = found["lost"].as_array().unwrap();
    assert!(lost.iter().all(|it| it["path"] != "status.conditions[type=Ready]"), "{lost:?}");
    let ran = run(folder.path(), "judge --policy widgets.example.com");
    assert!(ran.code == 0 && ran.out.contains("\"widgets/status\""));
    for wrong in ["judge none.jsonl", "judge a.jsonl --owns x", "judge a.jsonl --since soon"] {
        assert_eq!(run(folder.path(), wrong).code, 2, "{wrong}");
    }
}

#[test]
fn nothing_of_a_log_reaches_a_terminal_or_a_page_as_more_than_text() {
    let folder = folder();
    let hostile = "\\u001b[2J\\u009b2J<script>alert(1)</script>\\u202e|`";
    let text = lines(&log()).replace("\"sync/v1\"", &format!("\"{hostile}/v1\""));
    let text = text.replace("\"Ready\"", &format!("\"Re{hostile}\""));
    std::fs::write(folder.path().join("a.jsonl"), text).unwrap();
    for format in ["text", "json", "sarif", "markdown", "html", "junit"] {
        let ran = run(folder.path(), &format!("judge a.jsonl -o {format} --values"));
        assert_eq!(ran.code, 1, "{format}: {}", ran.err);
        assert!(!ran.out.contains(['\u{1b}', '\u{9b}', '\u{202e}']), "{format}");
        let data = ["text", "json", "sarif"].contains(&format);
        assert!(data || !ran.out.contains("<script>"), "{format}");
    }
}

#[test]
fn lines_that_are_broken_anyhow_break_nothing() {
    let events = log();
    let mut mixer = Mixer::new(3);
    let mut log = lostwrite::audit::Log::new(lostwrite::audit::Kinds::new(&[]).unwrap());
    let pieces = ["null", "[]", "{}", "\"x\"", "1e9", "{\"type\":\"Ready\"}", "[[[]]]", "true"];
    for _ in 0..400 {
        let event = &events[mixer.below(events.len() as u64) as usize];
        let mut text = event.to_string();
        for _ in 0..=mixer.below(3) {
            // Replace the value after some colon by something else, or cut the line.
            let colons: Vec<usize> = text.match_indices(':').map(|(at, _)| at).collect();
            let at = colons[mixer.below(colons.len() as u64) as usize] + 1;
            let end = text[at..].find([',', '}']).map_or(text.len(), |end| at + end);
            let piece = pieces[mixer.below(pieces.len() as u64) as usize];
            text.replace_range(at..end, piece);
            if mixer.below(8) == 0 {
                let cut = mixer.below(text.len() as u64) as usize;
                text = text.chars().take(cut).collect();
                break;
            }
        }
        for event in lostwrite::audit::events(text.as_bytes()).into_iter().flatten() {
            log.take(event);
        }
    }
    let found = lostwrite::audit::judge(&mut log, &Default::default());
    assert!(found.events > 10);
}

#[test]
fn a_write_to_scale_alone_has_no_versions_to_judge() {
    // Of an object that the log shows in no version, a Scale says one field.
    let mut event = log().remove(0);
    event["requestURI"] = "/apis/example.com/v1/namespaces/shop/widgets/cart/scale".into();
    event["objectRef"]["subresource"] = "scale".into();
    event["verb"] = "update".into();
    let scale = json!({
        "apiVersion": "autoscaling/v1", "kind": "Scale", "spec": {"replicas": 2},
        "metadata": {"name": "cart", "namespace": "shop", "uid": "u-1", "resourceVersion": "7"},
    });
    event["requestObject"] = scale.clone();
    event["responseObject"] = scale;
    assert_eq!(pairs("a.jsonl", lines(&[event]).as_bytes()), []);
}
