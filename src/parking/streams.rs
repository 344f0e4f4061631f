//! Open watches, and what is on the way on them.
//!
//! Next to read: `lot.rs`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::digest::Digest;
use super::names::Names;
#[cfg(all(feature = "serve", target_os = "linux"))]
use crate::apiserver::Revision;
use crate::apiserver::{ApiServer, WatchEvent};
use crate::rest::{HttpRequest, WatchStream};

/// One watch.
pub(super) struct Open<S> {
    pub worker: usize,
    /// Its path and what it selects, the same in every execution.
    pub label: String,
    /// As it was asked for.
    pub http: HttpRequest,
    pub stream: Box<WatchStream>,
    pub sink: S,
    /// Events that have not been delivered.
    pub pending: VecDeque<Pending>,
}

/// An event that is on the way, in the form that the client has asked for.
pub(super) struct Pending {
    event: WatchEvent,
    bytes: Vec<u8>,
    pub digest: u128,
}

impl<S: super::Sink> Open<S> {
    /// One that has just been opened.
    pub fn new(worker: usize, http: HttpRequest, stream: Box<WatchStream>, sink: S) -> Open<S> {
        let label = label(&http.path, &http.query);
        Open { worker, label, http, stream, sink, pending: VecDeque::new() }
    }

    /// Takes from the server what has happened. True if there was something.
    pub fn poll(&mut self, server: &ApiServer, names: &Names, time: i64) -> bool {
        let events = self.stream.events(server, time);
        let some = !events.is_empty();
        for (event, bytes) in events {
            let mut digest = Digest::default();
            // Frames of protobuf hold no text to look for names in.
            if bytes.first() == Some(&b'{') {
                names.feed_json(&bytes, false, &mut digest);
            } else {
                digest.feed(event.event_type.text());
                names.feed_json(event.object.to_string().as_bytes(), false, &mut digest);
            }
            self.pending.push_back(Pending { event, bytes, digest: digest.finish() });
        }
        some
    }

    /// Sends this many events; what was told, for the record, and their digest.
    pub fn deliver(&mut self, most: usize) -> (Vec<(String, Arc<Value>)>, u128) {
        let mut told = Vec::new();
        let mut digest = Digest::default();
        for _ in 0..most {
            let Some(Pending { event, bytes, digest: own }) = self.pending.pop_front() else {
                break;
            };
            digest.feed(&own);
            told.push((event.event_type.text().to_owned(), Arc::clone(event.object.value())));
            self.sink.send(bytes);
        }
        (told, digest.finish())
    }
}

/// The path and the query of a watch, without what differs between executions.
fn label(path: &str, query: &str) -> String {
    let varies = ["resourceVersion=", "resourceVersionMatch=", "timeoutSeconds=", "continue="];
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !varies.iter().any(|name| pair.starts_with(name))).collect();
    format!("{path}?{}", kept.join("&"))
}

/// The query of a watch that goes on after this revision.
#[cfg(all(feature = "serve", target_os = "linux"))]
pub(super) fn since(query: &str, revision: Revision) -> String {
    let varies = ["resourceVersion=", "resourceVersionMatch=", "sendInitialEvents="];
    let mut kept: Vec<&str> =
        query.split('&').filter(|pair| !varies.iter().any(|name| pair.starts_with(name))).collect();
    let after = format!("resourceVersion={revision}");
    kept.push(&after);
    kept.join("&")
}

/// Whether a watch begins with the objects that are there, which are then no news.
pub(super) fn begins_with_all(query: &str) -> bool {
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let from = query.split('&').find_map(|pair| pair.strip_prefix("resourceVersion="));
    has("sendInitialEvents=true") || matches!(from, None | Some("" | "0"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parking::cluster::seed;
    use crate::parking::{Sink, Start};
    use crate::rest::{self, HttpAnswer};
    use serde_json::json;

    struct Kept(Vec<Vec<u8>>);

    impl Sink for Kept {
        fn send(&mut self, bytes: Vec<u8>) {
            self.0.push(bytes);
        }

        fn is_gone(&self) -> bool {
            false
        }
    }

    /// What a watch of ConfigMaps is told, and the bytes, one entry for each event.
    /// What was shown, by name, and the chunks that were sent.
    type Watched = (Vec<(String, Arc<Value>)>, Vec<Vec<u8>>);

    fn watched(accept: &str) -> Watched {
        let mut server = Start::server();
        // Bytes that a reader of lines would take for the ends of some.
        let data = json!({ "a": "\n7\n\n{}\n" });
        let metadata = json!({ "name": "m", "namespace": "default" });
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data,
        });
        seed(&mut server, &map).unwrap();
        let http = HttpRequest {
            method: "GET".to_owned(),
            path: "/api/v1/configmaps".to_owned(),
            query: "watch=true".to_owned(),
            headers: vec![("Accept".to_owned(), accept.to_owned())],
            body: Vec::new(),
            time: 0,
        };
        let HttpAnswer::Watch(stream) = rest::handle(&mut server, &http) else { panic!("a watch") };
        let mut open = Open::new(0, http, stream, Kept(Vec::new()));
        assert!(open.poll(&server, &Names::new(&Default::default()), 0));
        let (told, _) = open.deliver(usize::MAX);
        let end = json!({ "kind": "Status", "apiVersion": "v1", "code": 410 });
        let bytes = open.stream.error(&end);
        open.sink.send(bytes);
        (told, open.sink.0)
    }

    #[test]
    fn an_event_in_protobuf_is_told_as_one_in_json() {
        let (told, lines) = watched("application/json");
        let (same, frames) = watched("application/vnd.kubernetes.protobuf");
        assert_eq!(told, same);
        assert_eq!((told.len(), told[0].1["data"]["a"].as_str()), (1, Some("\n7\n\n{}\n")));
        assert!(lines.len() == 2 && lines.iter().all(|line| line.ends_with(b"}\n")));
        assert_eq!(frames.len(), 2);
        for frame in frames {
            let (length, message) = frame.split_at(4);
            let length = u32::from_be_bytes(length.try_into().unwrap());
            assert_eq!(length as usize, message.len());
        }
    }

    #[test]
    fn a_watch_of_metadata_is_told_no_more_than_that() {
        let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
        let (told, _) = watched(accept);
        assert_eq!(told[0].1["kind"], "PartialObjectMetadata");
        assert!(told[0].1.get("data").is_none(), "{}", told[0].1);
    }
}
