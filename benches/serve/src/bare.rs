//! What our server adds to HTTP: requests to it, and to a bare hyper server that answers each with
//! the same bytes, over one connection each, one after the other.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::median;

const PODS: &str = "/api/v1/namespaces/bench/pods";
const MERGE: &str = "application/merge-patch+json";
/// Pods in a LIST.
const LISTED: u32 = 1000;
/// Requests of a kind in one run, and LISTs.
const REQUESTS: u32 = 2000;
const LISTS: u32 = 50;
/// Runs that take turns.
const RUNS: usize = 5;
/// Writes to one Pod, for the memory.
const WRITES: u32 = 60_000;

/// One kind of request: what is sent in each round.
struct Kind {
    name: &'static str,
    method: Method,
    path: String,
    body: fn(u32) -> String,
    times: u32,
}

fn pod(name: &str) -> String {
    let containers = json!([{ "name": "c", "image": "registry.example.com/team/image:1.2.3",
        "env": [{ "name": "A", "value": "b" }], "resources": { "limits": { "cpu": "1" } } }]);
    let metadata = json!({ "name": name, "labels": { "app": "a" } });
    let spec = json!({ "nodeName": "n", "containers": containers });
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec }).to_string()
}

fn status(round: u32) -> String {
    json!({ "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "p0" },
        "status": { "phase": "Running", "message": round.to_string() } })
    .to_string()
}

fn merge(round: u32) -> String {
    json!({ "metadata": { "annotations": { "round": round.to_string() } } }).to_string()
}

fn kinds() -> [Kind; 4] {
    let one = format!("{PODS}/p0");
    let kind = |name, method, path, body, times| Kind { name, method, path, body, times };
    let nothing = |_| String::new();
    [
        kind("GET", Method::GET, one.clone(), nothing, REQUESTS),
        kind("PUT /status", Method::PUT, format!("{one}/status"), status, REQUESTS),
        kind("merge patch", Method::PATCH, one, merge, REQUESTS),
        kind("LIST of 1,000 Pods", Method::GET, PODS.into(), nothing, LISTS),
    ]
}

/// A connection that asks one request after the other.
struct Connection(SendRequest<Full<Bytes>>);

impl Connection {
    async fn to(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).await.expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::spawn(connection);
        Connection(sender)
    }

    async fn ask(&mut self, method: &Method, path: &str, body: String) -> Bytes {
        let content = if *method == Method::PATCH { MERGE } else { "application/json" };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("content-type", content)
            .body(Full::new(body.into()))
            .expect("a request");
        self.0.ready().await.expect("open");
        let answer = self.0.send_request(request).await.expect("an answer");
        assert!(answer.status().is_success(), "{method} {path}: {}", answer.status());
        answer.into_body().collect().await.expect("a body").to_bytes()
    }
}

/// A server that reads each request to its end, and always answers these bytes.
async fn bare(answer: Bytes) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            stream.set_nodelay(true).expect("a socket");
            let answer = answer.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let answer = answer.clone();
                async move {
                    request.into_body().collect().await.expect("a body");
                    let json = ("content-type", "application/json");
                    let response = Response::builder().header(json.0, json.1);
                    Ok::<_, Infallible>(response.body(Full::new(answer)).expect("an answer"))
                }
            });
            let serving = hyper::server::conn::http1::Builder::new();
            tokio::spawn(serving.serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn seconds(connection: &mut Connection, kind: &Kind, round: &mut u32) -> f64 {
    let began = Instant::now();
    for _ in 0..kind.times {
        *round += 1;
        connection.ask(&kind.method, &kind.path, (kind.body)(*round)).await;
    }
    began.elapsed().as_secs_f64() / f64::from(kind.times)
}

/// Prints how many times as long as a bare server ours takes for each kind of request.
pub async fn beside_bare(ours: SocketAddr) {
    let mut ours = Connection::to(ours).await;
    let name = json!({ "name": "bench" });
    let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": name });
    ours.ask(&Method::POST, "/api/v1/namespaces", namespace.to_string()).await;
    for number in 0..LISTED {
        ours.ask(&Method::POST, PODS, pod(&format!("p{number}"))).await;
    }
    println!("| request | bytes of the answer | times a bare hyper server |");
    println!("|---|---:|---:|");
    let mut round = 0;
    for kind in kinds() {
        round += 1;
        let answer = ours.ask(&kind.method, &kind.path, (kind.body)(round)).await;
        let size = answer.len();
        let mut other = Connection::to(bare(answer).await).await;
        let (mut mine, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            mine.push(seconds(&mut ours, &kind, &mut round).await);
            bare.push(seconds(&mut other, &kind, &mut round).await);
        }
        println!("| {} | {size} | {:.1} |", kind.name, median(mine) / median(bare));
    }
    let before = resident();
    for round in 0..WRITES {
        ours.ask(&Method::PATCH, &format!("{PODS}/p0"), merge(round)).await;
    }
    let after = resident();
    println!();
    println!("{WRITES} writes to one Pod: from {before} to {after} MiB, client included.");
}

/// The resident memory of this process, in MiB; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|it| it.parse::<u64>().ok()).unwrap_or_default() / 1024
}
