//! The server for minutes on end: thousands of watches, clients that behave and clients that do
//! not, all at once, on loopback.
//!
//! `serve` runs as a process of its own, so that its memory is its own. Afterwards every write is
//! there, every watch has seen each write of its namespace exactly once, in order, and memory has
//! not grown with the time. The short form is part of every test run; the two minutes are
//! `cargo test --release --test serve -- --ignored --nocapture soak`.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Client;

const GROUP: &str = "/apis/demo.example.com/v1";
/// Namespaces with watchers; each write goes to one of them.
const NAMESPACES: usize = 20;
const WRITERS: usize = 4;
/// A writer's rest between two writes; each is an event for every watch of its namespace.
const PAUSE: Duration = Duration::from_millis(120);
/// What the server may hold at the end beyond what it held when all watches were open.
const GROWTH_KB: u64 = 128 * 1024;

struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start(watches: usize) -> Server {
        let mut process = Command::new(env!("CARGO_BIN_EXE_lostwrite"))
            .args(["serve", "--listen", "127.0.0.1:0", "--any-namespace"])
            .args(["--max-watches", &watches.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("piped");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let url = line.trim().trim_start_matches("ready ").to_string();
        Server { process, url }
    }

    fn client(&self) -> Client {
        let mut client = Client::new(&self.url);
        client.headers = vec![("Content-Type".into(), "application/json".into())];
        client
    }

    /// Resident memory in KiB, where the system says.
    fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn collection(namespace: usize) -> String {
    format!("{GROUP}/namespaces/n{namespace}/widgets")
}

/// A watch that is read by a task: how many events it has seen, and whether all went well.
#[derive(Default)]
struct Seen {
    events: AtomicU64,
    wrong: AtomicBool,
}

/// Reads one watch until it ends; what it says must count up by one.
async fn read(address: String, target: String, seen: std::sync::Arc<Seen>) {
    let stream = tokio::net::TcpStream::connect(&address).await.expect("connected");
    let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.writable().await.expect("open");
    stream.try_write(head.as_bytes()).expect("sent");
    let (mut bytes, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    loop {
        if stream.readable().await.is_err() {
            return;
        }
        match stream.try_read(&mut piece) {
            Ok(0) => return,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => return,
        }
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = bytes.drain(..=end).collect();
            if let Ok(event) = serde_json::from_slice::<Value>(&line) {
                let next = seen.events.fetch_add(1, Ordering::SeqCst) + 1;
                let right = event["object"]["spec"]["n"] == next;
                seen.wrong.fetch_or(!right, Ordering::SeqCst);
            }
        }
    }
}

/// Reads, adds one, writes with the resourceVersion, and again after a 409.
fn increment(client: &mut Client, object: &str) {
    loop {
        let mut found = client.send("GET", object, b"").expect("an answer").json();
        found["spec"]["n"] = (found["spec"]["n"].as_u64().expect("a number") + 1).into();
        let reply = client.send("PUT", object, found.to_string().as_bytes()).expect("an answer");
        match reply.code {
            200 => return,
            409 => {}
            code => panic!("{code}: {}", reply.json()),
        }
    }
}

/// What no proper client sends, and watches that nobody reads; returns when told to.
fn misbehave(server: &Server, over: &AtomicBool) -> u64 {
    let mut client = server.client();
    let mut held = Vec::new();
    let mut count = 0;
    while !over.load(Ordering::SeqCst) {
        count += 1;
        let code = |reply: std::io::Result<crate::http::Reply>| reply.map_or(499, |it| it.code);
        let deep = "[".repeat(50_000);
        let huge = vec![b' '; 4 << 20];
        let bad = [b"{".as_slice(), b"\xff\xfe", deep.as_bytes(), &huge];
        let body = bad[(count % 4) as usize];
        let answered = code(client.send("POST", &collection(0), body));
        assert!((400..500).contains(&answered), "{answered}");
        let odd = format!("{}?labelSelector={}", collection(0), "a%20in%20(".repeat(200));
        assert_eq!(code(client.send("GET", &odd, b"")), 400);
        // A head that never ends, and a watch that is opened and left.
        if let Ok(mut stream) = client.connect() {
            let _ = stream.write_all(b"GET /apis HTTP/1.1\r\nX: ");
            held.push(stream);
        }
        if let Ok(mut stream) = client.connect() {
            let target = format!("{}?watch=1&timeoutSeconds=600", collection(0));
            let _ = stream.write_all(client.head("GET", &target, None).as_bytes());
            held.push(stream);
        }
        if held.len() > 100 {
            held.drain(..50);
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    count
}

fn wait(patience: Duration, until: impl Fn() -> bool) -> bool {
    let end = Instant::now() + patience;
    while !until() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    until()
}

fn soak(duration: Duration, watches: usize) {
    let server = Server::start(watches + 500);
    let mut client = server.client();
    let crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    let made = client.send("POST", crds, crate::crd().to_string().as_bytes()).expect("an answer");
    assert_eq!(made.code, 201);
    for namespace in 0..NAMESPACES {
        let object = crate::widget("counter", json!({ "n": 0 })).to_string();
        let made = client.send("POST", &collection(namespace), object.as_bytes());
        assert_eq!(made.expect("an answer").code, 201);
    }
    let list = client.send("GET", &format!("{GROUP}/widgets"), b"").expect("an answer").json();
    let begin = list["metadata"]["resourceVersion"].as_str().expect("a version").to_string();

    let address = server.url.trim_start_matches("http://").to_string();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("tokio");
    let seen: Vec<_> = (0..watches).map(|_| std::sync::Arc::new(Seen::default())).collect();
    for (index, seen) in seen.iter().enumerate() {
        let options = format!("watch=1&timeoutSeconds=3600&resourceVersion={begin}");
        let target = format!("{}?{options}", collection(index % NAMESPACES));
        runtime.spawn(read(address.clone(), target, seen.clone()));
    }
    let counts: Vec<_> = (0..NAMESPACES).map(|_| AtomicU64::new(0)).collect();
    let write = |client: &mut Client, namespace: usize| {
        increment(client, &format!("{}/counter", collection(namespace)));
        counts[namespace].fetch_add(1, Ordering::SeqCst);
    };
    let all_seen = || {
        let wanted = |index: usize| counts[index % NAMESPACES].load(Ordering::SeqCst);
        let mut each = seen.iter().enumerate();
        each.all(|(index, seen)| seen.events.load(Ordering::SeqCst) == wanted(index))
    };
    (0..NAMESPACES).for_each(|namespace| write(&mut client, namespace));
    assert!(wait(Duration::from_secs(60), all_seen), "not every watch is open");
    let before = server.memory();

    let (over, slowest) = (AtomicBool::new(false), AtomicU64::new(0));
    let refused = std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (server, over, slowest, write) = (&server, &over, &slowest, &write);
            scope.spawn(move || {
                let mut client = server.client();
                let mut turn = writer;
                while !over.load(Ordering::SeqCst) {
                    let began = Instant::now();
                    write(&mut client, turn % NAMESPACES);
                    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    slowest.fetch_max(took, Ordering::SeqCst);
                    turn += 1;
                    std::thread::sleep(PAUSE);
                }
            });
        }
        let hostile = scope.spawn(|| misbehave(&server, &over));
        std::thread::sleep(duration);
        over.store(true, Ordering::SeqCst);
        hostile.join().expect("nothing was answered wrongly")
    });
    let complete = wait(Duration::from_secs(60), all_seen);
    let behind = |(index, seen): (usize, &std::sync::Arc<Seen>)| {
        let wanted = counts[index % NAMESPACES].load(Ordering::SeqCst);
        let found = seen.events.load(Ordering::SeqCst);
        (found != wanted).then_some((index, found, wanted))
    };
    let behind: Vec<_> = seen.iter().enumerate().filter_map(behind).collect();
    let some = &behind[..behind.len().min(8)];
    assert!(complete, "{} watches did not see each write once, such as {some:?}", behind.len());
    assert!(seen.iter().all(|seen| !seen.wrong.load(Ordering::SeqCst)), "out of order");
    let mut writes = 0;
    for (namespace, count) in counts.iter().enumerate() {
        let object = format!("{}/counter", collection(namespace));
        let found = client.send("GET", &object, b"").expect("an answer").json();
        let count = count.load(Ordering::SeqCst);
        assert_eq!(found["spec"]["n"], count, "an acknowledged increment is gone");
        writes += count;
    }
    let after = server.memory();
    if let (Some(before), Some(after)) = (before, after) {
        assert!(after < before + GROWTH_KB, "{before} KiB at first, {after} KiB at the end");
    }
    println!(
        "{watches} watches, {} s: {writes} writes, {} events, {refused} rounds of misbehaviour, \
         slowest read-modify-write {} ms, memory {} MiB at first, {} MiB at the end",
        duration.as_secs(),
        seen.iter().map(|seen| seen.events.load(Ordering::SeqCst)).sum::<u64>(),
        slowest.load(Ordering::SeqCst),
        before.unwrap_or(0) / 1024,
        after.unwrap_or(0) / 1024,
    );
}

#[test]
fn soak_for_a_moment() {
    soak(Duration::from_secs(3), 200);
}

#[test]
#[ignore = "takes two minutes and thousands of sockets"]
fn soak_for_two_minutes_with_thousands_of_watches() {
    soak(Duration::from_secs(125), 3000);
}
