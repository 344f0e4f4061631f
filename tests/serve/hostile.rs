//! What no proper client sends: answered 4xx or cut off, and nobody else notices.

use std::io::{BufReader, Read, Write};
use std::time::{Duration, Instant};

use lostwrite::serve::{Limits, Running};
use serde_json::json;

use crate::http::{Client, read_head};
use crate::{WIDGETS, client, post, running, widget};

/// A well-behaved client is answered, and soon.
fn others_are_served(server: &Running) {
    let begin = Instant::now();
    let reply = client(&server.url()).send("GET", WIDGETS, b"").expect("an answer");
    assert_eq!(reply.code, 200);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

fn code(client: &mut Client, method: &str, target: &str, body: &[u8]) -> u16 {
    let reply = client.send(method, target, body).expect("an answer");
    let json = reply.json();
    if reply.code >= 400 && json.is_object() {
        assert_eq!((&json["kind"], &json["code"]), (&json!("Status"), &json!(reply.code)));
    }
    reply.code
}

#[test]
fn broken_bodies_are_refused() {
    let server = running(Limits::default());
    let mut client = client(&server.url());
    let object = |spec: &str| {
        let text =
            r#"{"apiVersion":"demo.example.com/v1","kind":"Widget","metadata":{"name":"x"},"#;
        format!("{text}\"spec\":{spec}}}").into_bytes()
    };
    let deep = |n: usize| object(&format!("{}1{}", "[".repeat(n), "]".repeat(n)));
    let open = |n: usize| object(&"{\"a\":".repeat(n));
    let mut bad_utf8 = object("\"?\"");
    let at = bad_utf8.iter().position(|byte| *byte == b'?').unwrap();
    bad_utf8[at] = 0xff;
    for body in [
        &b"{"[..],
        b"",
        b"null",
        b"[]",
        b"\"x\"",
        b"{} {}",
        b"\xff\xfe",
        b"{\"kind\":1}",
        &deep(20_000),
        &deep(1_000_000),
        &open(500_000),
        &object("1e999999"),
        &object("01"),
        &object("{\"a\":tru}"),
        &object("\"\\ud8"),
        &object("\"\u{1}\""),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let code = code(&mut client, "POST", WIDGETS, body);
        assert!((400..500).contains(&code), "{code} for {shown}");
    }
    // Go's decoder replaces bytes that are no UTF-8; numbers beyond 64 bits become floats.
    for body in [bad_utf8, object(&format!("{{\"n\":{}}}", "9".repeat(300)))] {
        let code = code(&mut client, "POST", WIDGETS, &body);
        assert!((200..500).contains(&code), "{code}");
        self::code(&mut client, "DELETE", &format!("{WIDGETS}/x"), b"");
    }
    post(&mut client, &widget("w", json!({})));
    for kind in ["json-patch+json", "merge-patch+json", "apply-patch+yaml", "nonsense"] {
        client.headers = vec![("Content-Type".into(), format!("application/{kind}"))];
        let bodies =
            [&b"{"[..], b"\xff", b"[{\"op\":1}]", &deep(100_000), b"&a [*a, *a]", b"- \t: {["];
        for body in bodies {
            let code = code(&mut client, "PATCH", &format!("{WIDGETS}/w"), body);
            assert!((400..500).contains(&code), "{code} for {kind}");
        }
    }
    others_are_served(&server);
}

#[test]
fn broken_paths_and_queries_are_refused() {
    let server = running(Limits::default());
    let mut client = client(&server.url());
    for path in ["/apis/%zz", "/api/v1/namespaces/%", "/%ff%fe", "/apis//v1//x", "/api/v1/.."] {
        let code = code(&mut client, "GET", path, b"");
        assert!((400..500).contains(&code), "{code} for {path}");
    }
    let long = "a".repeat(20_000);
    for (query, codes) in [
        ("labelSelector=%2C%2C%3D%3D", &[400][..]),
        ("labelSelector=a+in+(((((", &[400]),
        (&format!("labelSelector={long}"), &[400]),
        (&format!("labelSelector={}", "a%2C".repeat(4000)), &[200, 400]),
        ("fieldSelector=spec.secret%3D1", &[400]),
        ("fieldSelector=%3D%3D%3D", &[400]),
        ("limit=-99999999999999999999", &[400]),
        ("limit=x", &[400]),
        ("continue=%00%00", &[400]),
        ("resourceVersion=-1", &[400, 500]),
        ("resourceVersion=5&resourceVersionMatch=Whatever", &[422]),
        ("watch=1&timeoutSeconds=x", &[400]),
    ] {
        let code = code(&mut client, "GET", &format!("{WIDGETS}?{query}"), b"");
        assert!(codes.contains(&code), "{code} for {}", &query[..query.len().min(60)]);
    }
    for method in ["TRACE", "CONNECT", "BREW", "OPTIONS"] {
        let code = code(&mut client, method, WIDGETS, b"");
        assert!((400..500).contains(&code), "{code} for {method}");
    }
    others_are_served(&server);
}

#[test]
fn endless_bodies_end() {
    let server = running(Limits::default());
    let client = client(&server.url());
    for chunked in [false, true] {
        let mut stream = client.connect().unwrap();
        let head = match chunked {
            true => {
                let head = client.head("POST", WIDGETS, None);
                head.replacen("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n", 1)
            }
            false => client.head("POST", WIDGETS, Some(1 << 40)),
        };
        stream.write_all(head.as_bytes()).unwrap();
        let piece = vec![b' '; 1 << 16];
        let mut sent = 0_usize;
        // Until the server has had enough; it must, long before this.
        while sent < 64 << 20 {
            let size = format!("{:x}\r\n", piece.len());
            let written = match chunked {
                true => stream
                    .write_all(size.as_bytes())
                    .and_then(|()| stream.write_all(&piece))
                    .and_then(|()| stream.write_all(b"\r\n")),
                false => stream.write_all(&piece),
            };
            if written.is_err() {
                break;
            }
            sent += piece.len();
        }
        assert!(sent < 64 << 20, "all of it was taken");
        others_are_served(&server);
    }
    // One that is merely too large hears why.
    let mut client = client;
    assert_eq!(code(&mut client, "POST", WIDGETS, &vec![b' '; (3 << 20) + 1]), 413);
    assert_eq!(code(&mut client, "POST", WIDGETS, &vec![b' '; 5 << 20]), 413);
}

#[test]
fn slow_clients_are_cut_off() {
    let short = Duration::from_millis(600);
    let limits = Limits { head: short, body: short, stalled: short, ..Limits::default() };
    let server = running(limits);
    let client = client(&server.url());
    let mut streams = Vec::new();
    let body = client.head("POST", WIDGETS, Some(1000));
    for beginning in ["", "P", "GET / HT", "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", &body] {
        let mut stream = client.connect().unwrap();
        stream.write_all(beginning.as_bytes()).unwrap();
        streams.push((beginning, stream));
    }
    let begin = Instant::now();
    for (beginning, mut stream) in streams {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(
            !matches!(&ended, Err(e) if e.kind() == std::io::ErrorKind::WouldBlock),
            "still open after {beginning:?}"
        );
        let text = String::from_utf8_lossy(&rest);
        assert!(rest.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
    }
    assert!(begin.elapsed() < Duration::from_secs(8));
    others_are_served(&server);
}

#[test]
fn a_watch_that_nobody_reads_is_closed_and_costs_the_others_nothing() {
    let short = Duration::from_secs(1);
    let server = running(Limits { stalled: short, ..Limits::default() });
    let client = client(&server.url());
    let target = format!("{WIDGETS}?watch=1");
    let lazy: Vec<_> = (0..50).map(|_| client.open(&target).unwrap()).collect();
    let mut keen = client.open(&target).unwrap();
    assert_eq!(server.watches(), 51);
    let big = "x".repeat(1 << 20);
    let mut writer = crate::client(&server.url());
    post(&mut writer, &widget("big", json!({ "text": big })));
    writer.headers[0].1 = "application/merge-patch+json".into();
    let writes = 24;
    for n in 0..writes {
        let patch = json!({ "spec": { "n": n } }).to_string();
        let reply = writer.send("PATCH", &format!("{WIDGETS}/big"), patch.as_bytes()).unwrap();
        assert_eq!(reply.code, 200);
        // The one that reads is never behind.
        keen.event().unwrap().unwrap();
    }
    let patience = Instant::now() + Duration::from_secs(20);
    while server.watches() > 1 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(server.watches(), 1, "the lazy ones are still held");
    drop(lazy);
    others_are_served(&server);
}

#[test]
fn watches_beyond_the_limit_are_told_to_come_back() {
    let server = running(Limits { watches: 100, ..Limits::default() });
    let client = client(&server.url());
    let target = format!("{WIDGETS}?watch=1");
    let mut open = Vec::new();
    let mut refused = 0;
    // As many as file descriptors allow on any machine.
    for _ in 0..300 {
        let stream = client.open(&target).unwrap();
        match stream.code {
            200 => open.push(stream),
            429 => {
                assert_eq!(stream.header("retry-after"), Some("1"));
                refused += 1;
            }
            code => panic!("{code}"),
        }
    }
    assert_eq!((open.len(), refused), (100, 200));
    others_are_served(&server);
    drop(open);
    let patience = Instant::now() + Duration::from_secs(10);
    while server.watches() > 0 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.watches(), 0, "closed watches are still counted");
}

#[test]
fn what_is_not_http_is_not_answered_as_if_it_were() {
    let server = running(Limits { head: Duration::from_secs(1), ..Limits::default() });
    let client = client(&server.url());
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1 << 20));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(5000));
    for text in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET  HTTP/9\r\n\r\n", &long, &many] {
        let mut stream = client.connect().unwrap();
        let _ = stream.write_all(text.as_bytes());
        let answer = read_head(&mut BufReader::new(stream));
        assert!(answer.map_or(true, |(code, _)| (400..500).contains(&code)));
    }
    // A name that somebody has pointed at this machine.
    let mut stream = client.connect().unwrap();
    stream.write_all(b"GET /api HTTP/1.1\r\nHost: evil.example.com\r\n\r\n").unwrap();
    assert_eq!(read_head(&mut BufReader::new(stream)).unwrap().0, 403);
    others_are_served(&server);
}
