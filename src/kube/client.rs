//! A `kube::Client` whose requests arrive in a lot instead of at a socket.
//!
//! Next to read: `drive.rs`, which lets them go.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http_body::{Body, Frame};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use crate::parking::{Reply, Sink};
use crate::rest::{HttpRequest, HttpResponse};

/// Requests that have arrived and have not been looked at.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pub waiting: Vec<(usize, HttpRequest, Answering)>,
    /// Who is to be woken by an arrival.
    pub listener: Option<Waker>,
}

/// Where the answer to a request goes.
#[derive(Debug)]
pub(super) struct Answering(oneshot::Sender<http::Response<Lines>>);

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
#[derive(Debug)]
pub(super) struct Watching(mpsc::UnboundedSender<Bytes>);

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
pub(super) struct Lines(mpsc::UnboundedReceiver<Bytes>);

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

fn head(code: u16, headers: &[(String, String)], body: Lines) -> http::Response<Lines> {
    let mut response = http::Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap_or_default();
    for (name, value) in headers {
        let name = http::HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::from_str(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// What a client is told when the answer to its request has been lost, or its worker is over.
#[derive(Debug)]
struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was closed before the answer came")
    }
}

impl std::error::Error for Lost {}

/// The client of a worker.
pub(super) fn client(
    arrivals: &Arc<Mutex<Arrivals>>,
    worker: usize,
    namespace: &str,
) -> ::kube::Client {
    let arrivals = Arc::clone(arrivals);
    let service = tower::service_fn(move |request: http::Request<::kube::client::Body>| {
        let arrivals = Arc::clone(&arrivals);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Lost)?.to_bytes().to_vec();
            let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
            let http = HttpRequest {
                method: head.method.to_string(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                headers: headers.collect(),
                body,
                time: 0,
            };
            let (sender, answer) = oneshot::channel();
            let listener = {
                let mut arrivals = arrivals.lock();
                arrivals.waiting.push((worker, http, Answering(sender)));
                arrivals.listener.take()
            };
            if let Some(listener) = listener {
                listener.wake();
            }
            answer.await.map_err(|_| Lost)
        }
    });
    ::kube::Client::new(service, namespace)
}
