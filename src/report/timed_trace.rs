//! One run in simulated time as a Chrome trace, for Perfetto or `chrome://tracing`.
//!
//! A process is a process of the scenario, a thread one of its workers or its cache; a slice is a
//! request from when it was wanted until it was answered, with the wait for the rate limiter inside
//! it; the API server is a process of its own, with an instant for each request it acts on. All
//! times are simulated microseconds. Next to read: `check/timed.rs`.

use serde_json::{Value, json};

use super::story::Story;
use crate::check::{CheckResult, TimedRun};
use crate::schedulers::timed::{Nanos, StepTimes};
use crate::trace::Actor;

/// The kept run of each result that was run in simulated time.
pub fn render(results: &[CheckResult]) -> String {
    let mut events = Vec::new();
    for result in results {
        if let Some(timed) = &result.exploration.timed {
            let first = events.len();
            let tracks = Tracks::new(result, first);
            events.extend(tracks.names(result, &timed.kept));
            events.extend(slices(result, &timed.kept, &tracks));
        }
    }
    let document = json!({ "displayTimeUnit": "ms", "traceEvents": events });
    format!("{document:#}\n")
}

/// The numbers of processes and threads.
struct Tracks {
    /// The process of the API server; those of the scenario follow.
    server: usize,
    processes: Vec<String>,
}

impl Tracks {
    fn new(result: &CheckResult, server: usize) -> Self {
        let mut processes: Vec<String> = Vec::new();
        for worker in &result.scenario.workers {
            if !processes.contains(&worker.process) {
                processes.push(worker.process.clone());
            }
        }
        Tracks { server, processes }
    }

    fn process(&self, name: &str) -> usize {
        let known = self.processes.iter().position(|known| known == name);
        self.server + 1 + known.unwrap_or(0)
    }

    /// Process and thread of whoever moved; a cache's thread comes after the workers'.
    fn of(&self, result: &CheckResult, run: &TimedRun, actor: Actor) -> (usize, usize) {
        match actor {
            Actor::Worker(worker) => {
                (self.process(&result.scenario.workers[worker].process), 1 + worker)
            }
            Actor::Cache(cache) => {
                (self.process(&run.trace.caches[cache]), 1 + run.trace.workers.len() + cache)
            }
            Actor::World => (self.server, 0),
        }
    }

    fn names(&self, result: &CheckResult, run: &TimedRun) -> Vec<Value> {
        let name = |kind: &str, pid: usize, tid: usize, name: &str| {
            let args = json!({ "name": name });
            json!({ "ph": "M", "name": kind, "pid": pid, "tid": tid, "args": args })
        };
        let loses = if run.loses { "loses" } else { "loses nothing" };
        let server = format!("API server ({}, run {}: {loses})", result.scenario.name, run.run);
        let mut names = vec![name("process_name", self.server, 0, &server)];
        for process in &self.processes {
            names.push(name("process_name", self.process(process), 0, process));
        }
        for (worker, known) in run.trace.workers.iter().enumerate() {
            let (pid, tid) = self.of(result, run, Actor::Worker(worker));
            names.push(name("thread_name", pid, tid, known));
        }
        for cache in 0..run.trace.caches.len() {
            let (pid, tid) = self.of(result, run, Actor::Cache(cache));
            names.push(name("thread_name", pid, tid, "informer cache"));
        }
        names
    }
}

fn slices(result: &CheckResult, run: &TimedRun, tracks: &Tracks) -> Vec<Value> {
    let story = Story::new(&result.scenario, &run.trace);
    let mut slices = Vec::new();
    for (at, (event, times)) in run.trace.events.iter().zip(&run.times).enumerate() {
        let step = at + 1;
        let (pid, tid) = tracks.of(result, run, event.actor);
        let name = story.names(event).into_iter().next().unwrap_or_default();
        let (rv, gone) = (story.rv(step).to_string(), story.gone(step));
        let args = json!({ "step": step, "code": event.code, "rv": rv, "gone": gone });
        slices.push(slice(&name, (pid, tid), (times.due, times.answered), &args));
        if times.sent > times.due {
            let args = json!({ "step": step });
            let wait = (times.due, times.sent);
            slices.push(slice("client-side rate limit", (pid, tid), wait, &args));
        }
        if event.is_api_call() {
            let who = format!("{}: {name}", story.actor(event));
            slices.push(instant(&who, tracks.server, times, "t", &args));
        }
        for line in gone {
            slices.push(instant(&line, pid, times, "g", &json!({ "step": step })));
        }
    }
    slices
}

fn slice(name: &str, track: (usize, usize), span: (Nanos, Nanos), args: &Value) -> Value {
    json!({
        "ph": "X", "name": name, "pid": track.0, "tid": track.1, "ts": micros(span.0),
        "dur": micros(span.1.saturating_sub(span.0)), "args": args,
    })
}

fn instant(name: &str, pid: usize, times: &StepTimes, scope: &str, args: &Value) -> Value {
    let ts = micros(times.at);
    json!({ "ph": "i", "name": name, "pid": pid, "tid": 0, "ts": ts, "s": scope, "args": args })
}

fn micros(nanos: Nanos) -> f64 {
    nanos as f64 / 1000.0
}
