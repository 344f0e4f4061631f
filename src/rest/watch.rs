//! A watch as bytes: one JSON line, or one frame of protobuf, per event.
//!
//! [`WatchStream`] is polled by whoever owns the connection: after every write, or now and then.
//! It never waits; the owner ends it when its seconds are over, and may ask for a bookmark about
//! once a minute and two seconds before the end, as a real server sends them.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::apiserver::{ApiServer, EventType, Kind, Seen, Watch, WatchEvent};

use super::negotiate::{Format, Media, Shape};
use super::{encode, protobuf, table};

/// Seconds between two bookmarks.
pub const BOOKMARK_SECONDS: u64 = 60;

/// A running watch and the form in which its events are wanted.
#[derive(Debug)]
pub struct WatchStream {
    watch: Watch,
    media: Media,
    timeout_seconds: Option<u64>,
    kind: Arc<Kind>,
    /// The first table of a stream names its columns, the others do not.
    columns_sent: bool,
}

impl WatchStream {
    pub(crate) fn new(
        watch: Watch,
        media: Media,
        timeout_seconds: Option<u64>,
        kind: Arc<Kind>,
    ) -> Self {
        WatchStream { watch, media, timeout_seconds, kind, columns_sent: false }
    }

    /// The headers of the response, whose code is 200.
    pub fn headers(&self) -> Vec<(String, String)> {
        let content_type = match self.media.format {
            Format::Protobuf => "application/vnd.kubernetes.protobuf;stream=watch",
            _ => "application/json",
        };
        let headers = [("Content-Type", content_type), ("Cache-Control", "no-cache, private")];
        headers.map(|(name, value)| (name.into(), value.into())).to_vec()
    }

    /// After how many seconds the client wants the stream to end.
    pub fn timeout_seconds(&self) -> Option<u64> {
        self.timeout_seconds
    }

    /// When the first bookmark is due: two seconds before the end, or after a minute.
    pub fn first_bookmark_seconds(&self) -> Option<u64> {
        match self.timeout_seconds {
            None => Some(BOOKMARK_SECONDS),
            Some(seconds) if seconds > 2 => Some((seconds - 2).min(BOOKMARK_SECONDS)),
            Some(_) => None,
        }
    }

    /// Whether nothing more will come.
    pub fn is_over(&self) -> bool {
        self.watch.is_over()
    }

    /// The bytes of everything that has happened since the last call; empty if nothing has.
    pub fn poll(&mut self, server: &ApiServer, time: i64) -> Vec<u8> {
        let events = self.events(server, time);
        events.into_iter().map(|(_, bytes)| bytes).reduce(joined).unwrap_or_default()
    }

    /// The same event by event: what the client is shown, and its bytes.
    pub fn events(&mut self, server: &ApiServer, time: i64) -> Vec<(WatchEvent, Vec<u8>)> {
        let events = self.watch.poll(server);
        events.into_iter().map(|event| self.event(event, time)).collect()
    }

    /// The bytes of a bookmark, or nothing if none is due.
    pub fn bookmark(&mut self, server: &ApiServer, time: i64) -> Vec<u8> {
        let event = self.watch.bookmark(server);
        event.map(|event| self.event(event, time).1).unwrap_or_default()
    }

    /// The bytes with which the server ends it: `ERROR`, and a Status.
    pub fn error(&self, status: &Value) -> Vec<u8> {
        self.written(EventType::Error.text(), status)
    }

    fn event(&mut self, event: WatchEvent, time: i64) -> (WatchEvent, Vec<u8>) {
        let WatchEvent { event_type, mut object } = event;
        let kind = event_type.text();
        let whole = self.media.shape == Shape::Whole;
        if let Some(json) = object.json().filter(|_| whole && self.media.format == Format::Json) {
            let bytes =
                [br#"{"type":""#, kind.as_bytes(), br#"","object":"#, json, b"}\n"].concat();
            return (WatchEvent { event_type, object }, bytes);
        }
        if !whole && event_type != EventType::Error {
            object = Seen::from(Arc::new(self.shaped(&object, time)));
        }
        let bytes = self.written(kind, &object);
        (WatchEvent { event_type, object }, bytes)
    }

    fn written(&self, kind: &str, object: &Value) -> Vec<u8> {
        if self.media.format == Format::Protobuf {
            return protobuf::frame(&self.kind, kind, object);
        }
        let line = json!({ "type": kind, "object": object });
        let mut bytes = serde_json::to_vec(&line).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    fn shaped(&mut self, object: &Value, time: i64) -> Value {
        match self.media.shape {
            Shape::Whole => object.clone(),
            Shape::Metadata | Shape::MetadataList => encode::partial(object, self.media.beta),
            Shape::Table => {
                let Media { include, beta, .. } = self.media;
                let mut table = table::table(&self.kind, object, false, include, beta, time);
                if self.columns_sent {
                    table["columnDefinitions"] = Value::Null;
                }
                self.columns_sent = true;
                table
            }
        }
    }
}

/// One behind the other.
fn joined(mut bytes: Vec<u8>, more: Vec<u8>) -> Vec<u8> {
    bytes.extend_from_slice(&more);
    bytes
}
