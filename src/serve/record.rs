//! The record: an audit.k8s.io/v1 Event for each request, as kube-apiserver's audit log has them
//! at the level that the policy gives it.
//!
//! Lines stand in the order in which the requests were handled, which a real cluster's log does
//! not promise. A watch has two lines, one when it began and one when it ended, without its
//! events. Left out: requests that were refused before the API server saw them (401, 403, 408,
//! 429), and the stage RequestReceived. Next to read: `policy.rs`.

use serde_json::{Map, Value, json};

use crate::apiserver::uuid;
use crate::rest::{HttpAnswer, HttpRequest};

use super::answer::value;
use super::policy::{Level, Policy, Recorded};
use super::users::User;

/// What is known of a request before it is handled.
#[derive(Clone, Debug)]
pub struct Received {
    id: String,
    peer: String,
    received: String,
    user: User,
    impersonated: Option<User>,
    recorded: Recorded,
}

/// The auditID of a request that brings none. It follows from the number of the request and from
/// `seed`, the length of the record when the server began.
pub fn audit_id(seed: u64, number: u64) -> String {
    // SplitMix64.
    let mixed = |salt: u64| {
        let mut x = number.wrapping_add(salt).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ seed;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    };
    let (a, b) = (mixed(1), mixed(1 << 32));
    uuid(a, b)
}

impl Received {
    /// `None` if the policy wants nothing of it.
    pub fn new(
        http: &HttpRequest,
        (id, peer): (&str, &str),
        (user, impersonated): (User, Option<User>),
        policy: &Policy,
    ) -> Option<Self> {
        // What is recorded is decided by who asks, before that one acts as another.
        let recorded = policy.of(&user, &About::parse(http), &http.path);
        let (id, peer, received) = (id.into(), peer.into(), timestamp());
        let wanted = recorded.level > Level::None;
        wanted.then_some(Received { id, peer, received, user, impersonated, recorded })
    }

    /// The line of a request that has been answered.
    pub fn line(&self, http: &HttpRequest, answer: &HttpAnswer) -> Vec<u8> {
        match answer {
            HttpAnswer::Watch(_) => self.event(http, "ResponseStarted", 200, None),
            HttpAnswer::Response(response) | HttpAnswer::Wait(response) => {
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
        if self.recorded.omitted.iter().any(|omitted| omitted == stage) {
            return Vec::new();
        }
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
            "level": self.recorded.level.as_str(),
            "auditID": self.id,
            "stage": stage,
            "requestURI": uri,
            "verb": about.verb,
            "user": self.user.to_json(),
            "sourceIPs": [self.peer],
            "userAgent": http.header("user-agent").unwrap_or_default(),
            "responseStatus": status,
            "requestReceivedTimestamp": self.received,
            "stageTimestamp": timestamp(),
        });
        if let Some(reference) = about.reference(request.as_ref()) {
            event["objectRef"] = reference;
        }
        if let Some(user) = &self.impersonated {
            event["impersonatedUser"] = user.to_json();
        }
        let is_resource = !about.resource.is_empty();
        for (field, body, level) in [
            ("requestObject", request, Level::Request),
            ("responseObject", answer, Level::RequestResponse),
        ] {
            let wanted = is_resource && self.recorded.level >= level;
            let Some(mut body) = body.filter(|_| wanted) else { continue };
            if self.recorded.bare {
                without_managed_fields(&mut body);
            }
            event[field] = body;
        }
        let mut line = event.to_string().into_bytes();
        line.push(b'\n');
        line
    }
}

/// Takes them out of an object, or of the items of a list.
fn without_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let items = object.get_mut("items").and_then(Value::as_array_mut);
    items.into_iter().flatten().for_each(without_managed_fields);
}

/// What a path is about, as kube-apiserver's RequestInfo has it.
#[derive(Debug, Default)]
pub struct About<'a> {
    pub verb: String,
    pub group: &'a str,
    pub version: &'a str,
    pub namespace: &'a str,
    pub resource: &'a str,
    pub name: &'a str,
    pub subresource: &'a str,
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
