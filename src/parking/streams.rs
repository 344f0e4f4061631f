//! Open watches, and what is on the way on them.
//!
//! Next to read: `lot.rs`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::digest::Digest;
use super::names::Names;
use crate::apiserver::ApiServer;
use crate::rest::WatchStream;

/// One watch.
pub(super) struct Open<S> {
    pub worker: usize,
    /// Its path and what it selects, the same in every execution.
    pub label: String,
    pub stream: Box<WatchStream>,
    pub sink: S,
    /// Lines that have not been delivered, each with its digest.
    pub pending: VecDeque<(Vec<u8>, u128)>,
}

impl<S: super::Sink> Open<S> {
    /// Takes from the server what has happened. True if there was something.
    pub fn poll(&mut self, server: &ApiServer, names: &Names, time: i64) -> bool {
        let bytes = self.stream.poll(server, time);
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let mut digest = Digest::default();
            names.feed_json(line, false, &mut digest);
            self.pending.push_back((line.to_vec(), digest.finish()));
        }
        !bytes.is_empty()
    }

    /// Sends this many events; what was told, for the record, and their digest.
    pub fn deliver(&mut self, most: usize) -> (Vec<(String, Arc<Value>)>, u128) {
        let mut told = Vec::new();
        let mut digest = Digest::default();
        for _ in 0..most {
            let Some((line, of_line)) = self.pending.pop_front() else { break };
            digest.feed(&of_line);
            if let Ok(mut event) = serde_json::from_slice::<Value>(&line) {
                let kind = event["type"].as_str().unwrap_or_default().to_owned();
                told.push((kind, Arc::new(event["object"].take())));
            }
            self.sink.send(line);
        }
        (told, digest.finish())
    }
}

/// The path and the query of a watch, without what differs between executions.
pub(super) fn label(path: &str, query: &str) -> String {
    let varies = ["resourceVersion=", "resourceVersionMatch=", "timeoutSeconds=", "continue="];
    let kept: Vec<&str> =
        query.split('&').filter(|pair| !varies.iter().any(|name| pair.starts_with(name))).collect();
    format!("{path}?{}", kept.join("&"))
}

/// Whether a watch begins with the objects that are there, which are then no news.
pub(super) fn begins_with_all(query: &str) -> bool {
    let has = |wanted: &str| query.split('&').any(|pair| pair == wanted);
    let from = query.split('&').find_map(|pair| pair.strip_prefix("resourceVersion="));
    has("sendInitialEvents=true") || matches!(from, None | Some("" | "0"))
}
