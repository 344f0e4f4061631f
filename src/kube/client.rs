//! A `kube::Client` whose requests arrive in a lot instead of at a socket.
//!
//! Next to read: `drive.rs`, which lets them go.

use std::sync::Arc;
use std::task::Waker;

use http_body_util::BodyExt;
use parking_lot::Mutex;

use crate::parking::Answering;
use crate::rest::HttpRequest;

/// Requests that have arrived and have not been looked at.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pub waiting: Vec<(usize, HttpRequest, Answering)>,
    /// Who is to be woken by an arrival.
    pub listener: Option<Waker>,
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
    let service = tower::service_fn(move |request: hyper::Request<::kube::client::Body>| {
        let arrivals = Arc::clone(&arrivals);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Lost)?.to_bytes().to_vec();
            let text =
                |value: &hyper::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
            let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value)));
            let http = HttpRequest {
                method: head.method.to_string(),
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                headers: headers.collect(),
                body,
                time: 0,
            };
            let (reply, answer) = Answering::new();
            let listener = {
                let mut arrivals = arrivals.lock();
                arrivals.waiting.push((worker, http, reply));
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
