//! PUT /status, GET and a watch's fan-out: `lostwrite serve` beside a peer, in one run.
//!
//! The same kube client writes the status of one Pod and reads it: once against kube-fake-client in
//! process, once against our server over HTTP on loopback; and our server is asked in process, with
//! bytes in and bytes out. Each figure is the median of [`RUNS`] runs that take turns. The peer
//! answers no watches, so the fan-out has no peer; it is measured with readers that decode nothing,
//! too. Then our server beside a bare hyper server.
//! Prints tables in Markdown.

mod bare;
mod raw;

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, PostParams, WatchEvent, WatchParams};
use kube::{Client, Config};
use lostwrite::apiserver::ApiServer;
use lostwrite::rest::{self, HttpAnswer, HttpRequest};
use lostwrite::serve;
use serde_json::json;

const RUNS: usize = 7;
const REQUESTS: u32 = 2000;
const WATCHERS: usize = 100;
const MANY_WATCHERS: usize = 990;
const WRITES: u32 = 100;

/// Requests per second of PUT /status and of GET.
#[derive(Clone, Copy)]
struct Speed {
    put: f64,
    get: f64,
}

fn pod() -> Pod {
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p", "namespace": "default" },
        "spec": { "containers": [{ "name": "c", "image": "i" }] },
    });
    serde_json::from_value(pod).expect("a pod")
}

fn per_second(count: u32, began: Instant) -> f64 {
    f64::from(count) / began.elapsed().as_secs_f64()
}

/// The same client against whoever answers it.
async fn through_client(client: &Client) -> Speed {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    let mut pod = pods.get("p").await.expect("there");
    let began = Instant::now();
    for round in 0..REQUESTS {
        pod.status.get_or_insert_default().message = Some(round.to_string());
        pod = pods.replace_status("p", &PostParams::default(), &pod).await.expect("written");
    }
    let put = per_second(REQUESTS, began);
    let began = Instant::now();
    for _ in 0..REQUESTS {
        pods.get("p").await.expect("read");
    }
    Speed { put, get: per_second(REQUESTS, began) }
}

/// Bytes in, bytes out, no socket.
fn in_process(server: &mut ApiServer) -> Speed {
    let path = "/api/v1/namespaces/default/pods";
    let mut send = |method: &str, path: &str, body: Vec<u8>| {
        let headers = vec![("content-type".into(), "application/json".into())];
        let (method, path, query) = (method.into(), path.into(), String::new());
        let request = HttpRequest { method, path, query, headers, body, time: 1_800_000_000 };
        match rest::handle(server, &request) {
            HttpAnswer::Response(response) | HttpAnswer::Wait(response) => response.body,
            HttpAnswer::Watch(_) => unreachable!("no client watches"),
        }
    };
    send("POST", path, serde_json::to_vec(&pod()).expect("JSON"));
    let (item, status) = (format!("{path}/p"), format!("{path}/p/status"));
    let mut pod: Pod = serde_json::from_slice(&send("GET", &item, Vec::new())).expect("a pod");
    let began = Instant::now();
    for round in 0..REQUESTS {
        pod.status.get_or_insert_default().message = Some(round.to_string());
        let body = serde_json::to_vec(&pod).expect("JSON");
        pod = serde_json::from_slice(&send("PUT", &status, body)).expect("a pod");
    }
    let put = per_second(REQUESTS, began);
    let began = Instant::now();
    for _ in 0..REQUESTS {
        let _: Pod = serde_json::from_slice(&send("GET", &item, Vec::new())).expect("a pod");
    }
    Speed { put, get: per_second(REQUESTS, began) }
}

/// The time from the beginning of a PUT until every watcher has its event, and the events per
/// second of all watchers together.
async fn fan_out(client: &Client, watchers: usize) -> (Duration, f64) {
    let pods: Api<Pod> = Api::namespaced(client.clone(), "default");
    let mut pod = pods.get("p").await.expect("there");
    let version = pod.metadata.resource_version.clone().unwrap_or_default();
    let mut streams = Vec::new();
    for _ in 0..watchers {
        let stream = pods.watch(&WatchParams::default(), &version).await.expect("a watch");
        streams.push(Box::pin(stream.try_filter_map(|event| async move {
            Ok(matches!(event, WatchEvent::Modified(_)).then_some(()))
        })));
    }
    let mut took = Vec::new();
    let all = Instant::now();
    for round in 0..WRITES {
        pod.status.get_or_insert_default().reason = Some(round.to_string());
        let began = Instant::now();
        pod = pods.replace_status("p", &PostParams::default(), &pod).await.expect("written");
        for stream in &mut streams {
            stream.next().await.expect("open").expect("an event");
        }
        took.push(began.elapsed());
    }
    let events = f64::from(WRITES) * watchers as f64 / all.elapsed().as_secs_f64();
    took.sort();
    (took[took.len() / 2], events)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[tokio::main]
async fn main() {
    rustls::crypto::ring::default_provider().install_default().expect("no other code has");
    let config = serve::Config::new(([127, 0, 0, 1], 0).into());
    let server = ApiServer::new(Default::default());
    let running = serve::start(config, server).expect("a free port");
    let ours = Client::try_from(Config::new(running.url().parse().expect("a URL"))).expect("ours");
    let pods: Api<Pod> = Api::namespaced(ours.clone(), "default");
    pods.create(&PostParams::default(), &pod()).await.expect("created");
    let peer = kube_fake_client::ClientBuilder::new()
        .with_object(pod())
        .with_status_subresource::<Pod>()
        .build()
        .await
        .expect("the peer");
    let mut all: [Vec<Speed>; 3] = Default::default();
    let (mut fans, mut many, mut raws) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        all[0].push(through_client(&peer).await);
        all[1].push(through_client(&ours).await);
        all[2].push(in_process(&mut ApiServer::new(Default::default())));
        fans.push(fan_out(&ours, WATCHERS).await);
        many.push(fan_out(&ours, MANY_WATCHERS).await);
        // Until the server has noticed that those have gone.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let address = running.address();
        let raw = tokio::task::spawn_blocking(move || raw::fan_out(address, MANY_WATCHERS, WRITES));
        raws.push(raw.await.expect("every event is read").as_secs_f64() * 1000.0);
    }
    let speeds = all.map(|runs| Speed {
        put: median(runs.iter().map(|run| run.put).collect()),
        get: median(runs.iter().map(|run| run.get).collect()),
    });
    println!("| who answers | PUT /status per s | to the peer | GET per s | to the peer |");
    println!("|---|---:|---:|---:|---:|");
    let names = [
        "kube-fake-client 0.3.0, in process",
        "`lostwrite serve`, over HTTP",
        "lostwrite, in process",
    ];
    for (name, speed) in names.iter().zip(speeds) {
        let (put, get) = (speed.put / speeds[0].put, speed.get / speeds[0].get);
        println!("| {name} | {:.0} | {put:.2} | {:.0} | {get:.2} |", speed.put, speed.get);
    }
    println!();
    for (watchers, fans) in [(WATCHERS, fans), (MANY_WATCHERS, many)] {
        let latency = median(fans.iter().map(|fan| fan.0.as_secs_f64() * 1000.0).collect());
        let events = median(fans.iter().map(|fan| fan.1).collect());
        println!("PUT to the last of {watchers} watchers: {latency:.1} ms; {events:.0} events/s.");
    }
    let raw = median(raws);
    println!("PUT to the last of {MANY_WATCHERS} readers that decode nothing: {raw:.1} ms.");
    println!();
    bare::beside_bare(running.address()).await;
}
