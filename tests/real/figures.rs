//! What docs/kube-rs.md says of costs, measured in one run.
//!
//! `cargo test --release --test real --features kube -- --ignored --nocapture figures`

use std::time::Duration;

use kube::Client;
use lostwrite::kube::{Checked, Simulation};
use tokio::time::timeout;

use crate::support::{patch_once, stock, widget};

/// The processor time of this process in seconds: the machine may have others to serve.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest = text.rsplit(')').next().unwrap_or_default();
    let ticks: Vec<f64> = rest.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    // After the name: the state (no number), then fields 4 and on; 14 and 15 are user and system.
    ticks.get(10).zip(ticks.get(11)).map_or(0.0, |(user, system)| (user + system) / 100.0)
}

fn row(name: &str, simulation: Simulation) -> Checked {
    let begin = cpu();
    let checked = simulation.check();
    let spent = cpu() - begin;
    let Some(found) = checked.explored() else { panic!("{checked}") };
    let all = found.schedules.as_ref().map_or("unknown".to_owned(), ToString::to_string);
    let merged = found.transitions.unwrap_or(0) + 1 - found.states.unwrap_or(0);
    println!(
        "{name:<34} {all:>10} schedules {:>6} states {:>6} executions {merged:>6} merged {:>6} \
         inferred {:>6.0} a CPU second {:>7.1} s of the clock",
        found.states.unwrap_or(0),
        found.executions,
        found.inferred,
        found.executions as f64 / spent.max(0.01),
        checked.time().as_secs_f64(),
    );
    checked
}

/// The cheap rows come first, and the bounds of the others add up to seven minutes.
#[test]
#[ignore = "a measurement"]
fn figures() {
    let runs = |checked: &Checked| checked.explored().map_or(0, |found| found.executions);
    for (locked, what) in [(true, "version in the patch"), (false, "no version")] {
        let single = || stock(2, locked).single_deliveries();
        let squares = row(&format!("2, {what}, squares"), single());
        let merged = row(&format!("2, {what}, merged"), single().reduce(false));
        row(&format!("2, {what}, catch up"), stock(2, locked));
        let plain = row(&format!("2, {what}, plain"), single().merge(false));
        let [plain, merged, squares] = [&plain, &merged, &squares].map(runs);
        println!("  plain : merged : squares = {plain} : {merged} : {squares}");
    }
    let three = || stock(3, true).single_deliveries();
    let one = row("3, version in the patch, 1 thread", three());
    let two = row("3, version in the patch, 2 threads", three().threads(2));
    println!(
        "  {} executions, {:.2} of the 3,216 of a prototype that only merged; on two threads {:.2} \
         times as many a second",
        runs(&one),
        runs(&one) as f64 / 3216.0,
        runs(&two) as f64 / two.time().as_secs_f64() * one.time().as_secs_f64() / runs(&one) as f64,
    );
    row("3, version in the patch, catch up", stock(3, true));
    let bounded = |name: &str, simulation: Simulation, seconds: u64| {
        row(name, simulation.timeout(Duration::from_secs(seconds)));
    };
    bounded("3, no version, catch up", stock(3, false), 60);
    bounded("3, no version", stock(3, false).single_deliveries(), 90);
    bounded("4, version in the patch, catch up", stock(4, true), 90);
    bounded("4, version in the patch", stock(4, true).single_deliveries(), 180);
}

/// One reconcile (a GET, a PATCH) here, and on a service that answers at once.
#[test]
#[ignore = "a measurement"]
fn figures_overhead() {
    let runs = 2_000_u32;
    let begin = cpu();
    let one = Simulation::new().crd(crate::support::crd()).object(widget("demo"));
    let one = one.controller("one", patch_once).random(u64::from(runs), 1);
    let checked = one.check();
    let here = (cpu() - begin) / f64::from(runs);
    assert_eq!(checked.explored().map(|found| found.executions), Some(u64::from(runs)));

    let begin = cpu();
    for _ in 0..runs {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        runtime.expect("a runtime").block_on(async {
            let (service, mut handle) = tower_test::mock::pair::<
                http::Request<kube::client::Body>,
                http::Response<kube::client::Body>,
            >();
            let answers = tokio::spawn(async move {
                while let Some((_, reply)) = handle.next_request().await {
                    let body = widget("demo").to_string().into_bytes();
                    reply.send_response(http::Response::new(body.into()));
                }
            });
            let reconcile = patch_once(Client::new(service, "default"));
            timeout(Duration::from_secs(9), reconcile).await.expect("in time");
            answers.abort();
        });
    }
    let bare = (cpu() - begin) / f64::from(runs);
    let (here, bare) = (here * 1e6, bare * 1e6);
    println!("one GET and one PATCH: {here:.0} µs here, {bare:.0} µs on a bare tower mock");
}
