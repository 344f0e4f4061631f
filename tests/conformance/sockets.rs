//! The recorded cases once more, through the sockets of `lostwrite serve`'s own server.
//!
//! Several servers, each on a free port, play at the same time, because watches take real time.
//! What each case gives must be what it gives in process, difference for difference.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use lostwrite::apiserver::{ApiServer, Config};
use lostwrite::serve;
use serde_json::{Value, json};

use crate::arm::InProcess;
use crate::http::Http;
use crate::player::{self, Outcome};

/// So many servers play at a time.
const SERVERS: usize = 4;

/// So often a case is played anew that this machine was too slow to play in time.
const TRIES: usize = 5;

/// Plays a folder and says which cases answer otherwise than in process.
pub fn play(folder: &str) -> Vec<String> {
    let root = crate::root().join(folder);
    let crds = crate::read(&root.join("crds.json"));
    let any_namespace = folder == "modern";
    let in_process = InProcess::new(any_namespace, &crds);
    let cases = self::cases(&root);
    let (next, exact, faults) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(vec![]));
    std::thread::scope(|scope| {
        for _ in 0..SERVERS {
            scope.spawn(|| {
                let server = ApiServer::new(Config { any_namespace, ..Config::default() });
                let config = serve::Config::new(([127, 0, 0, 1], 0).into());
                let running = serve::start(config, server).expect("a free port");
                let mut socket = Http::new(&running.url(), &crds, !any_namespace);
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    socket.prepare(case);
                    let mut there = player::play(&mut socket, case);
                    let mut arm = in_process.clone();
                    if !any_namespace {
                        let namespace = json!({ "metadata": { "name": case["namespace"] } });
                        arm.post("/api/v1/namespaces", &namespace);
                    }
                    let here = player::play(&mut arm, case);
                    // What a case writes during a watch must be there before the watch ends. Where
                    // a busy machine was too slow for that, by the clock and whatever came out, the
                    // case was not played.
                    for _ in 0..TRIES {
                        if !socket.was_late() {
                            break;
                        }
                        socket.prepare(case);
                        there = player::play(&mut socket, case);
                    }
                    exact.fetch_add(usize::from(there.exact.is_empty()), Ordering::Relaxed);
                    if places(&here) != places(&there) {
                        let text = there.exact.first().or(here.exact.first());
                        let name = case["name"].as_str().unwrap_or_default();
                        let text = text.map_or("", String::as_str);
                        faults.lock().unwrap().push(format!("{folder}/{name} by HTTP: {text}"));
                    }
                }
            });
        }
    });
    println!("{folder} by HTTP: {} exact, {} total", exact.into_inner(), cases.len());
    faults.into_inner().unwrap()
}

/// The cases that need nothing but HTTP.
fn cases(root: &std::path::Path) -> Vec<Value> {
    let files = std::fs::read_dir(root).expect("the corpus is beside this file");
    let mut files: Vec<_> = files.map(|entry| entry.expect("readable").path()).collect();
    files.sort();
    let mut all = Vec::new();
    for file in files.iter().filter(|path| path.extension().is_some_and(|it| it == "json")) {
        // (The definitions are an array, and have no cases.)
        all.extend(crate::read(file)["cases"].as_array().into_iter().flatten().cloned());
    }
    all.retain(|case| {
        let needs_more = case["requires"].as_array().is_some_and(|needs| !needs.is_empty());
        crate::selected(case) && !needs_more
    });
    all
}

/// Where the differences are, without the values, which hold times and uids.
fn places(outcome: &Outcome) -> Vec<String> {
    let texts = outcome.exact.iter().chain(&outcome.semantic);
    let place = |text: &String| text.split(": ").take(2).collect::<Vec<_>>().join(": ");
    texts.map(place).collect()
}
