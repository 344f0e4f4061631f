//! Who answers, second arm: any server over HTTP, with real time.
//!
//! `CONFORMANCE_URL=http://127.0.0.1:8001 CONFORMANCE_FOLDER=modern cargo test --test conformance`
//! plays one folder against it, cleaning up before each case as the recording did. Plain HTTP only
//! (for a cluster, put `kubectl proxy` before it).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::arm::{self, Actual, Arm, Open, Reply};

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// A server at an address.
#[derive(Debug)]
pub struct Http {
    /// Host and port.
    address: String,
    /// The collections that a case may leave objects in: path before `namespaces`, plural, scope.
    collections: Vec<(String, String, bool)>,
    namespaces: bool,
    /// When the watch that is open was opened, and how long what is done meanwhile may take.
    opened: Option<(Instant, Duration)>,
    late: bool,
}

/// The server's clock and ours see a watch begin at different moments.
const MARGIN: Duration = Duration::from_millis(300);

impl Http {
    /// Whether, since the last call, something that had to happen during a watch came too late:
    /// then a case was not played as it is written, and its outcome says nothing.
    pub fn was_late(&mut self) -> bool {
        std::mem::take(&mut self.late)
    }

    /// Connects to `http://host:port` and creates the CRDs of a corpus.
    pub fn new(url: &str, crds: &Value, namespaces: bool) -> Self {
        let address = url.trim_start_matches("http://").trim_end_matches('/').to_string();
        let mut collections = Vec::new();
        for crd in crds.as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_string();
            let (group, plural) =
                (text(&crd["spec"]["group"]), text(&crd["spec"]["names"]["plural"]));
            let version = text(&crd["spec"]["versions"][0]["name"]);
            let scoped = crd["spec"]["scope"] == "Namespaced";
            collections.push((format!("/apis/{group}/{version}"), plural, scoped));
        }
        if namespaces {
            let built_in = [
                ("/api/v1", "configmaps"),
                ("/api/v1", "pods"),
                ("/apis/coordination.k8s.io/v1", "leases"),
            ];
            let built_in = built_in.map(|(path, plural)| (path.into(), plural.into(), true));
            collections.extend(built_in);
        }
        let mut http = Http { address, collections, namespaces, opened: None, late: false };
        for crd in crds.as_array().into_iter().flatten() {
            http.send("POST", DEFINITIONS, crd);
        }
        http.sleep(1);
        http
    }

    /// Removes what earlier cases left, and makes the namespace of this one.
    pub fn prepare(&mut self, case: &Value) {
        let namespace = case["namespace"].as_str().unwrap_or_default();
        for (base, plural, scoped) in self.collections.clone() {
            let path = match scoped {
                true => format!("{base}/namespaces/{namespace}/{plural}"),
                false => format!("{base}/{plural}"),
            };
            let list = self.send("GET", &path, &Value::Null);
            for item in list.body["items"].as_array().into_iter().flatten() {
                self.remove(&path, item);
            }
        }
        for name in case["cleanCRDs"].as_array().into_iter().flatten() {
            let path = format!("{DEFINITIONS}/{}", name.as_str().unwrap_or_default());
            for _ in 0..30 {
                if self.send("DELETE", &path, &Value::Null).code == 404 {
                    break;
                }
                self.sleep(1);
            }
        }
        if self.namespaces {
            let body = json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": namespace },
            });
            self.send("POST", "/api/v1/namespaces", &body);
        }
    }

    fn remove(&mut self, path: &str, item: &Value) {
        let path = format!("{path}/{}", item["metadata"]["name"].as_str().unwrap_or_default());
        if item["metadata"]["finalizers"].is_array() {
            let request = json!({
                "method": "PATCH",
                "path": path,
                "headers": { "content-type": "application/merge-patch+json" },
                "body": { "metadata": { "finalizers": null } },
            });
            self.request(&request);
        }
        let query = json!({ "gracePeriodSeconds": "0" });
        self.request(&json!({ "method": "DELETE", "path": path, "query": query }));
    }

    fn send(&mut self, method: &str, path: &str, body: &Value) -> Actual {
        let headers = json!({ "content-type": "application/json" });
        let request = json!({ "method": method, "path": path, "headers": headers, "body": body });
        self.request(&request)
    }

    /// Sends a request on a connection of its own.
    fn open(&self, request: &Value) -> TcpStream {
        let http = arm::http(request, 0);
        let mut stream = TcpStream::connect(&self.address).expect("the server listens");
        let target = match http.query.as_str() {
            "" => http.path.clone(),
            query => format!("{}?{query}", http.path),
        };
        let mut head = format!("{} {target} HTTP/1.1\r\nHost: {}\r\n", http.method, self.address);
        for (name, value) in &http.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("Connection: close\r\nContent-Length: {}\r\n\r\n", http.body.len());
        stream.write_all(head.as_bytes()).expect("the server reads");
        stream.write_all(&http.body).expect("the server reads");
        stream
    }
}

/// The head of an answer.
struct Head {
    code: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    fn parse(text: &str) -> Head {
        let mut lines = text.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| line.split_once(':'));
        Head {
            code: status.and_then(|code| code.parse().ok()).unwrap_or(0),
            headers: headers
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_string()))
                .collect(),
        }
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a String> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value)
    }

    /// Whether the body is known to be all there.
    fn is_complete(&self, body: &[u8]) -> bool {
        let length = self.all("content-length").next().and_then(|it| it.parse::<usize>().ok());
        match length {
            Some(length) => body.len() >= length,
            None => self.is_chunked() && body.ends_with(b"0\r\n\r\n"),
        }
    }

    fn is_chunked(&self) -> bool {
        self.all("transfer-encoding").any(|it| it == "chunked")
    }
}

/// Reads an answer to its end, or until the server closes the connection.
fn read(mut stream: TcpStream) -> Actual {
    let mut bytes = Vec::new();
    let mut buffer = [0; 65536];
    loop {
        let split = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let head = split.map(|at| (at, Head::parse(&String::from_utf8_lossy(&bytes[..at]))));
        let complete = head.as_ref().is_some_and(|(at, head)| head.is_complete(&bytes[at + 4..]));
        let read = if complete { 0 } else { stream.read(&mut buffer).unwrap_or(0) };
        if read > 0 {
            bytes.extend_from_slice(&buffer[..read]);
            continue;
        }
        let Some((at, head)) = head else { return arm::actual(0, Vec::new(), &bytes) };
        let mut body = bytes[at + 4..].to_vec();
        if head.is_chunked() {
            body = unchunk(&body);
        }
        let warnings = head.all("warning").cloned().collect();
        return arm::actual(head.code, warnings, &body);
    }
}

fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = String::from_utf8_lossy(&bytes[..end]);
        let size = usize::from_str_radix(size.split(';').next().unwrap_or("0").trim(), 16);
        let size = size.unwrap_or(0);
        if size == 0 || bytes.len() < end + 2 + size {
            break;
        }
        out.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = bytes.get(end + 4 + size..).unwrap_or_default();
    }
    out
}

impl Arm for Http {
    fn request(&mut self, request: &Value) -> Actual {
        read(self.open(request))
    }

    fn watch(&mut self, watch: &Value) -> Open {
        let stream = self.open(watch);
        let query = &watch["query"]["timeoutSeconds"];
        let seconds = query.as_u64().or_else(|| query.as_str()?.parse().ok()).unwrap_or(0);
        // Two seconds before the end there may be a bookmark, which says how far things are.
        let room = Duration::from_secs(if seconds > 2 { seconds - 2 } else { seconds });
        self.opened = Some((Instant::now(), room.saturating_sub(MARGIN)));
        std::thread::sleep(Duration::from_millis(150));
        Open::Connection(stream)
    }

    fn finish(&mut self, open: Open) -> Reply {
        if let Some((opened, room)) = self.opened.take() {
            self.late |= opened.elapsed() > room;
        }
        match open {
            Open::Connection(stream) => arm::reply(read(stream)),
            Open::Response(actual) => Reply::Response(actual),
            Open::Stream(_) => Reply::Events(Vec::new()),
        }
    }

    fn sleep(&mut self, seconds: u64) {
        std::thread::sleep(Duration::from_secs(seconds));
    }
}
