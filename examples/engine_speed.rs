//! Executions per second of each engine, on one table from one run: what `docs/engines.md` shows.
//!
//! N workers write one ConfigMap, each in K/2 rounds of GET and PUT without a resourceVersion, so
//! almost every schedule loses. Engines that end by themselves get ten seconds, the others two.
//! Run it with `cargo run --release --example engine_speed`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lostwrite::apiserver::{ApiServer, Key};
use lostwrite::check::{Workers, get, put};
use lostwrite::reconcilers::{Answer, Ask, Change, Worker};
use lostwrite::threads::{ENGINES, Limits, Plan, run};
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Setter {
    name: String,
    key: Key,
    rounds: u32,
    read: Option<Arc<Value>>,
}

impl Worker for Setter {
    fn name(&self) -> &str {
        &self.name
    }

    fn ask(&self) -> Ask {
        match &self.read {
            _ if self.rounds == 0 => Ask::Done,
            None => get(&self.key, &self.name),
            Some(read) => {
                let mut body = (**read).clone();
                body["metadata"].as_object_mut().expect("an object").remove("resourceVersion");
                let value = json!(format!("{}", self.rounds));
                body["data"][&self.name] = value.clone();
                let path = format!("data.{}", self.name).parse().expect("a path");
                let change = Change::set(path, Some(value));
                put(&self.key, &self.name, read, body, vec![change])
            }
        }
    }

    fn answer(&mut self, answer: &Answer) {
        let Answer::Response(response) = answer else { return };
        if self.read.is_some() {
            self.read = None;
            self.rounds -= 1;
        } else {
            self.read = response.object().cloned();
        }
    }
}

fn workers(n: usize, calls: u32) -> Workers {
    let mut server = ApiServer::new(Default::default());
    let metadata = json!({ "name": "demo", "namespace": "default" });
    let object = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata });
    let key = server.seed_object(&object, 0).expect("a ConfigMap");
    let setter = |index| {
        let name = format!("w{index}");
        Setter { name, key: key.clone(), rounds: calls / 2, read: None }
    };
    let none = Workers::on(server, vec![key.clone()]);
    (0..n).map(setter).fold(none, Workers::and)
}

fn main() {
    println!("| engine | N × K | executions | covered | distinct | lose | per second |");
    println!("|---|---|---:|---|---:|---:|---:|");
    for (n, calls) in [(2, 2), (3, 2), (2, 4), (4, 2)] {
        let workers = workers(n, calls);
        let start = Instant::now();
        let exact = workers.check("exhaustive").expect("it is exhaustive").schedules;
        let took = start.elapsed();
        let (all, losing) = exact.expect("few enough to be counted");
        println!(
            "| `exhaustive` | {n} × {calls} | none: {:.1} ms | all | {all} | {losing} | |",
            took.as_secs_f64() * 1e3
        );
        for (engine, name) in ENGINES {
            let seconds = if engine.is_exhaustive() { 10 } else { 2 };
            let duration = Some(Duration::from_secs(seconds));
            let limits = Limits { duration, ..Limits::default() };
            let start = Instant::now();
            let plan = Plan { limits, ..Plan::new(*engine) };
            let report = run(&workers.world(), &plan).expect("no refusal");
            let rate = report.executions as f64 / start.elapsed().as_secs_f64();
            let covered = if report.is_complete() { "all" } else { "some" };
            let distinct = report.tally.schedules.as_ref().map_or(0, |all| all.len());
            let share = report.tally.losing[0].executions as f64 / report.executions as f64;
            println!(
                "| `{name}` | {n} × {calls} | {} | {covered} | {distinct} | {:.4} % | {rate:.0} |",
                report.executions,
                100.0 * share
            );
        }
    }
}
