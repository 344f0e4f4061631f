//! Answers over a channel: what both a `tower` service and a socket wait for.
//!
//! Next to read: `mod.rs`, whose traits these are.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use hyper::header::{HeaderName, HeaderValue};
use tokio::sync::{mpsc, oneshot};

use super::{Reply, Sink};
use crate::rest::{HttpRequest, HttpResponse};

/// Where the answer to a request goes.
#[derive(Debug)]
pub struct Answering(oneshot::Sender<hyper::Response<Lines>>);

impl Answering {
    /// And where it comes out.
    pub fn new() -> (Answering, oneshot::Receiver<hyper::Response<Lines>>) {
        let (sender, receiver) = oneshot::channel();
        (Answering(sender), receiver)
    }
}

impl Reply for Answering {
    type Sink = Watching;

    fn answer(self, response: HttpResponse) {
        let (sender, lines) = mpsc::unbounded_channel();
        let _ = sender.send(response.body.into());
        let _ = self.0.send(head(response.code, &response.headers, Lines(lines)));
    }

    fn stream(self, headers: Vec<(String, String)>) -> Watching {
        let (sender, lines) = mpsc::unbounded_channel();
        let _ = self.0.send(head(200, &headers, Lines(lines)));
        Watching(sender)
    }

    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}

/// The way to a watch.
#[derive(Clone, Debug)]
pub struct Watching(mpsc::UnboundedSender<Bytes>);

impl Sink for Watching {
    fn send(&mut self, lines: Vec<u8>) {
        let _ = self.0.send(lines.into());
    }

    fn is_gone(&self) -> bool {
        self.0.is_closed()
    }
}

/// The body of an answer.
#[derive(Debug)]
pub struct Lines(mpsc::UnboundedReceiver<Bytes>);

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn head(code: u16, headers: &[(String, String)], body: Lines) -> hyper::Response<Lines> {
    let mut response = hyper::Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(code).unwrap_or_default();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The request that a real client sends. Its time is that of the lot.
pub(crate) fn request(head: &hyper::http::request::Parts, body: Vec<u8>) -> HttpRequest {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
    HttpRequest {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: headers.collect(),
        body,
        time: 0,
    }
}
