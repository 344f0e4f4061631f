//! Random requests and scenario texts: no panic, no request that works for more than a second, and
//! all of it in 512 MiB.
//!
//! Each case follows from a seed and a number, which a failure prints. `cargo test` runs it for a
//! few seconds, CI for a minute: `LOSTWRITE_FUZZ_SECONDS`, `LOSTWRITE_FUZZ_SEED`.

mod logs;
mod make;
mod texts;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use lostwrite::apiserver::{ApiServer, Config, Revision};
use lostwrite::rest::{self, HttpAnswer, HttpRequest};
use lostwrite::scenario::Scenario;
use serde_json::json;

use make::Random;

/// What one request may work.
const SECOND: Duration = Duration::from_secs(1);
/// As much of the past is kept as this, as a server keeps it.
const PAST_BYTES: usize = 24 << 20;
/// A server begins anew after so many cases.
const CASES: u64 = 200;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

/// Runs a test that is ignored otherwise in a process of its own, with half a gibibyte of memory;
/// its output is to contain a word.
fn limited(worker: &str, word: &str) {
    let own = std::env::current_exe().expect("a path");
    let output = match cfg!(unix) {
        true => Command::new("sh")
            .args(["-c", "ulimit -v 524288; exec \"$0\" \"$@\""])
            .arg(own)
            .args(["--exact", worker, "--ignored", "--nocapture"])
            .env("RUST_BACKTRACE", "0")
            .env("MALLOC_ARENA_MAX", "2")
            .output(),
        false => Command::new(own).args(["--exact", worker, "--ignored"]).output(),
    };
    let output = output.expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains(word), "{said}\n{failed}");
}

#[test]
fn nothing_panics_or_takes_long_in_half_a_gibibyte() {
    limited("fuzz::worker", "cases");
}

#[test]
#[ignore = "run by the test above, under a limit of memory"]
fn worker() {
    let end = Instant::now() + Duration::from_secs(number("LOSTWRITE_FUZZ_SECONDS", 5));
    let seed = number("LOSTWRITE_FUZZ_SEED", 1);
    // Bodies nest as deep as the threads of the server allow.
    let run = move || {
        let (mut case, mut slowest) = (0, Duration::ZERO);
        while Instant::now() < end {
            let mut server = server();
            for _ in 0..CASES {
                let mut random = Random::new(seed, case);
                let took = match random.below(8) {
                    0 => scenario(&mut random, seed, case),
                    _ => request(&mut server, &mut random, seed, case),
                };
                slowest = slowest.max(took);
                case += 1;
                if Instant::now() > end {
                    break;
                }
            }
        }
        println!("{case} cases of seed {seed}, the slowest {slowest:?}");
    };
    let thread = std::thread::Builder::new().stack_size(64 << 20).spawn(run);
    thread.expect("a thread").join().expect("no failure");
}

fn server() -> ApiServer {
    let mut server = ApiServer::new(Config { any_namespace: true, ..Config::default() });
    server.install_crd(&make::crd(), 0).expect("a good definition");
    for object in [
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" } }),
        json!({ "apiVersion": "v1", "kind": "Node", "metadata": { "name": "a" } }),
        json!({ "apiVersion": "demo.example.com/v1", "kind": "Widget",
                "metadata": { "name": "a" }, "spec": { "list": [{ "k": "x" }] } }),
    ] {
        server.seed_object(&object, 0).expect("a good object");
    }
    server
}

/// The processor's time of this thread, where it is told; a busy machine must not count.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanos = told.and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| BEGIN.elapsed(), Duration::from_nanos)
}

static BEGIN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);

fn timed(what: &str, act: impl FnOnce()) -> Duration {
    let before = worked();
    let panicked = catch_unwind(AssertUnwindSafe(act)).is_err();
    let took = worked().saturating_sub(before);
    assert!(!panicked, "a panic: {what}");
    assert!(took < SECOND, "it worked for {took:?}: {what}");
    took
}

fn request(server: &mut ApiServer, random: &mut Random, seed: u64, case: u64) -> Duration {
    let http = make::request(random);
    let HttpRequest { method, path, query, headers, body, .. } = &http;
    let shown = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
    let bytes = body.len();
    let what = format!(
        "seed {seed} case {case}: {method} {path}?{query:.200} {headers:?} {bytes} bytes: {shown}"
    );
    let mut code = 0;
    let took = timed(&what, || match rest::handle(server, &http) {
        HttpAnswer::Response(response) | HttpAnswer::Wait(response) => code = response.code,
        HttpAnswer::Watch(mut stream) => {
            stream.poll(server, 0);
            code = 200;
        }
    });
    assert!((200..=504).contains(&code), "{code}: {what}");
    if server.past_bytes(Revision(0)) > PAST_BYTES {
        server.compact(server.revision());
    }
    took
}

fn scenario(random: &mut Random, seed: u64, case: u64) -> Duration {
    let text = texts::scenario(random);
    let what = format!("seed {seed} case {case}, a scenario:\n{text:.2000}");
    timed(&what, || match Scenario::from_bytes("fuzz", text.into_bytes()) {
        Ok(scenarios) => drop(scenarios),
        Err(mistakes) => drop(mistakes.to_string()),
    })
}
