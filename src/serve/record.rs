//! The record: an audit.k8s.io/v1 Event for each request, as kube-apiserver's audit log has them
//! at level RequestResponse.
//!
//! Lines stand in the order in which the requests were handled, which a real cluster's log does
//! not promise. A watch has two lines, one when it began and one when it ended, without its
//! events. Left out: requests that were refused before the API server saw them (401, 403, 408,
//! 429). Next to read: `state.rs`.

use serde_json::{Map, Value, json};

use crate::rest::{Answer, HttpRequest};

use super::answer::value;
use super::state::random;

/// What is known of a request before it is handled.
#[derive(Clone, Debug)]
pub struct Entry {
    id: String,
    peer: String,
    received: String,
}

impl Entry {
    pub fn new(_http: &HttpRequest, peer: &str) -> Self {
        let (a, b) = (random(), random());
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 48) & 0x3fff,
            b & 0xffff_ffff_ffff
        );
        Entry { id, peer: peer.into(), received: timestamp() }
    }

    /// The line of a request that has been answered.
    pub fn line(&self, http: &HttpRequest, answer: &Answer) -> Vec<u8> {
        match answer {
            Answer::Watch(_) => self.event(http, "ResponseStarted", 200, None),
            Answer::Response(response) => {
                let object = value(&response.body);
                self.event(http, "ResponseComplete", response.code, object)
            }
        }
    }

    /// The line of a watch that has ended.
    pub fn complete(&self, http: &HttpRequest) -> Vec<u8> {
        self.event(http, "ResponseComplete", 200, None)
    }

    fn event(&self, http: &HttpRequest, stage: &str, code: u16, answer: Option<Value>) -> Vec<u8> {
        let uri = match http.query.as_str() {
            "" => http.path.clone(),
            query => format!("{}?{query}", http.path),
        };
        let request = value(&http.body);
        let about = About::parse(http);
        let mut status = json!({ "metadata": {}, "code": code });
        if let Some(answer) = answer.as_ref().filter(|answer| answer["kind"] == "Status") {
            for field in ["status", "message", "reason", "details"] {
                if !answer[field].is_null() {
                    status[field] = answer[field].clone();
                }
            }
        }
        let mut event = json!({
            "kind": "Event",
            "apiVersion": "audit.k8s.io/v1",
            "level": "RequestResponse",
            "auditID": self.id,
            "stage": stage,
            "requestURI": uri,
            "verb": about.verb,
            "user": { "username": "lostwrite", "groups": ["system:masters"] },
            "sourceIPs": [self.peer],
            "userAgent": http.header("user-agent").unwrap_or_default(),
            "responseStatus": status,
            "requestReceivedTimestamp": self.received,
            "stageTimestamp": timestamp(),
        });
        if let Some(reference) = about.reference(request.as_ref()) {
            event["objectRef"] = reference;
        }
        if let Some(request) = request {
            event["requestObject"] = request;
        }
        if let Some(answer) = answer {
            event["responseObject"] = answer;
        }
        let mut line = event.to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

/// What a path is about, as kube-apiserver's RequestInfo has it.
#[derive(Debug, Default)]
struct About<'a> {
    verb: String,
    group: &'a str,
    version: &'a str,
    namespace: &'a str,
    resource: &'a str,
    name: &'a str,
    subresource: &'a str,
}

impl<'a> About<'a> {
    fn parse(http: &'a HttpRequest) -> Self {
        let segments: Vec<&str> = http.path.split('/').filter(|it| !it.is_empty()).collect();
        let mut about = About { verb: http.method.to_ascii_lowercase(), ..About::default() };
        let rest = match segments.as_slice() {
            ["api", version, rest @ ..] => {
                about.version = version;
                rest
            }
            ["apis", group, version, rest @ ..] => {
                (about.group, about.version) = (group, version);
                rest
            }
            _ => return about,
        };
        let rest = match rest {
            ["namespaces", namespace, rest @ ..]
                if rest.first().is_some_and(|next| !matches!(*next, "status" | "finalize")) =>
            {
                about.namespace = namespace;
                rest
            }
            ["namespaces", name, ..] => {
                about.namespace = name;
                rest
            }
            rest => rest,
        };
        let mut rest = rest.iter().copied();
        about.resource = rest.next().unwrap_or_default();
        about.name = rest.next().unwrap_or_default();
        about.subresource = rest.next().unwrap_or_default();
        if !about.resource.is_empty() {
            about.verb = verb(http, about.name).to_string();
        }
        about
    }

    fn reference(&self, request: Option<&Value>) -> Option<Value> {
        if self.resource.is_empty() {
            return None;
        }
        let metadata = request.map_or(&Value::Null, |request| &request["metadata"]);
        let given = |field: &str| metadata[field].as_str().unwrap_or_default().to_string();
        let or = |text: &str, other: String| if text.is_empty() { other } else { text.into() };
        let fields = [
            ("resource", self.resource.to_string()),
            ("namespace", or(self.namespace, given("namespace"))),
            ("name", or(self.name, given("name"))),
            ("uid", given("uid")),
            ("apiGroup", self.group.to_string()),
            ("apiVersion", self.version.to_string()),
            ("resourceVersion", given("resourceVersion")),
            ("subresource", self.subresource.to_string()),
        ];
        let there = fields.into_iter().filter(|(_, text)| !text.is_empty());
        let map: Map<_, _> = there.map(|(field, text)| (field.into(), text.into())).collect();
        Some(Value::Object(map))
    }
}

fn verb(http: &HttpRequest, name: &str) -> &'static str {
    match (http.method.as_str(), name.is_empty()) {
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", true) => "deletecollection",
        ("DELETE", false) => "delete",
        (_, true) if super::watch::is_watch(http) => "watch",
        (_, true) => "list",
        _ => "get",
    }
}

fn timestamp() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
