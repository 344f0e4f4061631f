//! Who answers, first arm: the server in process, with a clock that moves only when a case sleeps.
//!
//! The second arm is in `http.rs`.

use lostwrite::apiserver::{ApiServer, Config, History, Revision};
use lostwrite::rest::{self, HttpAnswer, HttpRequest, HttpResponse, WatchStream};
use serde::Serialize;
use serde_json::ser::Formatter;
use serde_json::{Value, json};
use std::io;
use std::net::TcpStream;

/// An answer as the corpus writes it.
#[derive(Clone, Debug)]
pub struct Actual {
    pub code: u16,
    pub warnings: Vec<String>,
    pub body: Value,
}

/// What a watch gave until it was closed.
#[derive(Debug)]
pub enum Reply {
    Events(Vec<Value>),
    Response(Actual),
}

/// A watch that is open.
#[derive(Debug)]
pub enum Open {
    Stream(Box<WatchStream>),
    Connection(TcpStream),
    Response(Actual),
}

/// A server under test.
pub trait Arm {
    /// Sends a request of the corpus and waits for the answer.
    fn request(&mut self, request: &Value) -> Actual;
    /// Opens a watch.
    fn watch(&mut self, watch: &Value) -> Open;
    /// Reads a watch until the server closes it.
    fn finish(&mut self, open: Open) -> Reply;
    /// Lets time pass.
    fn sleep(&mut self, seconds: u64);
}

/// The server as a value, behind the HTTP mapping.
#[derive(Clone, Debug)]
pub struct InProcess {
    server: ApiServer,
    time: i64,
}

impl InProcess {
    /// A server with the CRDs of a corpus.
    pub fn new(any_namespace: bool, crds: &Value) -> Self {
        let config = Config {
            first_revision: Revision(1000),
            any_namespace,
            history: History::KeepAll,
            seed: 7,
            managed_fields: true,
            ..Config::default()
        };
        let mut arm = InProcess { server: ApiServer::new(config), time: 1_790_000_000 };
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        for crd in crds.as_array().into_iter().flatten() {
            arm.post(path, crd);
        }
        arm
    }

    /// Creates an object that a case needs.
    pub fn post(&mut self, path: &str, body: &Value) {
        let headers = json!({ "content-type": "application/json" });
        let request = json!({ "method": "POST", "path": path, "headers": headers, "body": body });
        let actual = self.request(&request);
        assert!(actual.code == 201, "{path}: {}", actual.body);
    }
}

/// A request of the corpus as an HTTP request.
pub fn http(request: &Value, time: i64) -> HttpRequest {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let query: Vec<String> = request["query"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| format!("{}={}", escape(name), escape(&text(value))))
        .collect();
    let mut headers = vec![
        ("user-agent".to_string(), "conf-client/1.0".to_string()),
        ("accept".to_string(), "application/json".to_string()),
    ];
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        headers.retain(|(known, _)| known != name);
        headers.push((name.clone(), text(value)));
    }
    let body = &request["body"];
    HttpRequest {
        method: request["method"].as_str().unwrap_or("GET").into(),
        path: request["path"].as_str().unwrap_or_default().replace(' ', "%20"),
        query: query.join("&"),
        headers,
        body: bytes(body),
        time,
    }
}

/// A body as replay.py sends it: a string as it is, anything else as Python writes JSON.
fn bytes(body: &Value) -> Vec<u8> {
    match body {
        Value::Null => Vec::new(),
        Value::String(text) => text.clone().into_bytes(),
        other => {
            let mut out = Vec::new();
            let mut writer = serde_json::Serializer::with_formatter(&mut out, Python);
            other.serialize(&mut writer).expect("a value is JSON");
            out
        }
    }
}

/// JSON with a space after each comma and colon.
struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first { Ok(()) } else { w.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(b": ")
    }
}

fn escape(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                (byte as char).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}

/// An answer's parts as the corpus writes them.
pub fn actual(code: u16, warnings: Vec<String>, body: &[u8]) -> Actual {
    let mut text = String::from_utf8_lossy(body).into_owned();
    if code >= 400 {
        text = text.replace('\u{a0}', " ");
    }
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Actual { code, warnings, body }
}

fn in_process(response: HttpResponse) -> Actual {
    let warnings = response.headers.iter().filter(|(name, _)| name == "Warning");
    let warnings = warnings.map(|(_, value)| value.clone()).collect();
    actual(response.code, warnings, &response.body)
}

/// A watch's answer: its events, or the plain response that it got instead.
pub fn reply(actual: Actual) -> Reply {
    let text = match &actual.body {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let events = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
    let events: Result<Vec<Value>, _> = events.collect();
    match events {
        Ok(events) if actual.code == 200 && events.iter().all(|it| it["object"].is_object()) => {
            Reply::Events(events)
        }
        _ => Reply::Response(actual),
    }
}

impl Arm for InProcess {
    fn request(&mut self, request: &Value) -> Actual {
        let http = http(request, self.time);
        match rest::handle(&mut self.server, &http) {
            HttpAnswer::Response(response) | HttpAnswer::Wait(response) => in_process(response),
            HttpAnswer::Watch(_) => Actual { code: 200, warnings: Vec::new(), body: Value::Null },
        }
    }

    fn watch(&mut self, watch: &Value) -> Open {
        let http = http(watch, self.time);
        match rest::handle(&mut self.server, &http) {
            HttpAnswer::Response(response) | HttpAnswer::Wait(response) => {
                Open::Response(in_process(response))
            }
            HttpAnswer::Watch(stream) => Open::Stream(stream),
        }
    }

    fn finish(&mut self, open: Open) -> Reply {
        let mut stream = match open {
            Open::Response(actual) => return Reply::Response(actual),
            Open::Connection(_) => return Reply::Events(Vec::new()),
            Open::Stream(stream) => stream,
        };
        let seconds = stream.timeout_seconds().unwrap_or(0);
        let mut bytes = stream.poll(&self.server, self.time);
        if let Some(before) = stream.first_bookmark_seconds() {
            self.sleep(before);
            bytes.extend(stream.bookmark(&self.server, self.time));
            self.sleep(seconds - before);
        } else {
            self.sleep(seconds);
        }
        reply(actual(200, Vec::new(), &bytes))
    }

    fn sleep(&mut self, seconds: u64) {
        self.time += seconds as i64;
    }
}
