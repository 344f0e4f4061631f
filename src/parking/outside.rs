//! What happens to the cluster from outside: stimuli, and a Lease that goes to another holder.
//!
//! Each is a request of a worker called `outside`, which is not started: a stimulus is a step that
//! the scheduler places, in the order of the scenario. Next to read: `lot.rs`.

use serde_json::{Value, json};

use crate::apiserver::{Key, Kind};
use crate::rest::HttpRequest;
use crate::scenario::{Act, Stimulus};

/// The name of the worker.
pub(crate) const NAME: &str = "outside";

/// Stimuli that have not come yet.
#[derive(Clone, Debug)]
pub(super) struct Outside {
    /// Its number.
    pub worker: usize,
    stimuli: Vec<Stimulus>,
    at: usize,
    /// What an edit has read.
    read: Option<Value>,
}

impl Outside {
    pub fn new(worker: usize, stimuli: Vec<Stimulus>) -> Outside {
        Outside { worker, stimuli, at: 0, read: None }
    }

    /// The next request, and whether it comes only when no worker can move.
    pub fn next(&self) -> Option<(HttpRequest, bool)> {
        let stimulus = self.stimuli.get(self.at)?;
        // The second half of an edit is placed as the first one was.
        let settled = stimulus.settled && self.read.is_none();
        Some((request(stimulus, self.read.as_ref()), settled))
    }

    /// The request was answered.
    pub fn answered(&mut self, code: u16, response: Option<&Value>) {
        let edits = matches!(self.stimuli.get(self.at).map(|it| &it.act), Some(Act::Edit(..)));
        if edits && self.read.is_none() && code == 200 {
            self.read = response.cloned();
        } else {
            self.read = None;
            self.at += 1;
        }
    }
}

fn request(stimulus: &Stimulus, read: Option<&Value>) -> HttpRequest {
    let Stimulus { kind, namespace, name, act, .. } = stimulus;
    let all = collection(kind, namespace.as_deref());
    let one = format!("{all}/{name}");
    let of = |status: bool| if status { format!("{one}/status") } else { one.clone() };
    match act {
        Act::Create(object) => http("POST", all, Some(object), "application/json"),
        Act::Patch(patch, status) => {
            http("PATCH", of(*status), Some(patch), "application/merge-patch+json")
        }
        Act::Delete => http("DELETE", one, None, ""),
        Act::Scale(to) => {
            let patch = json!({ "spec": { "replicas": to } });
            let path = format!("{one}/scale");
            http("PATCH", path, Some(&patch), "application/merge-patch+json")
        }
        Act::Edit(sets, status) => match read {
            None => http("GET", one, None, ""),
            Some(read) => {
                let mut object = read.clone();
                for (path, value) in sets {
                    if value.is_null() {
                        path.remove(&mut object);
                    } else {
                        path.set(&mut object, value.clone());
                    }
                }
                http("PUT", of(*status), Some(&object), "application/json")
            }
        },
    }
}

/// The path of all objects of a kind.
pub(super) fn collection(kind: &Kind, namespace: Option<&str>) -> String {
    let resource = &kind.resource;
    let root = match resource.group.as_str() {
        "" => format!("/api/{}", resource.version),
        group => format!("/apis/{group}/{}", resource.version),
    };
    match namespace {
        Some(namespace) => format!("{root}/namespaces/{namespace}/{}", resource.plural),
        None => format!("{root}/{}", resource.plural),
    }
}

/// A Lease goes to another holder, as if its own had not renewed it in time.
pub(super) fn depose(kind: &Kind, key: &Key, lease: &Value, time: i64) -> HttpRequest {
    let times = lease["spec"]["leaseTransitions"].as_i64().unwrap_or(0) + 1;
    let now = jiff::Timestamp::from_second(time).unwrap_or_default();
    let now = format!("{}.000000Z", now.to_string().trim_end_matches('Z'));
    let patch = json!({ "spec": {
        "holderIdentity": "another-candidate", "renewTime": now, "acquireTime": now,
        "leaseTransitions": times,
    }});
    let path = format!("{}/{}", collection(kind, key.namespace.as_deref()), key.name);
    http("PATCH", path, Some(&patch), "application/merge-patch+json")
}

fn http(method: &str, path: String, body: Option<&Value>, content_type: &str) -> HttpRequest {
    let mut headers = vec![("User-Agent".to_owned(), NAME.to_owned())];
    if body.is_some() {
        headers.push(("Content-Type".to_owned(), content_type.to_owned()));
    }
    HttpRequest {
        method: method.to_owned(),
        path,
        query: String::new(),
        headers,
        body: body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
        time: 0,
    }
}
