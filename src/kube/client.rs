//! A client whose requests arrive in a lot instead of at a socket.
//!
//! Next to read: `drive.rs`, which lets them go.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http_body_util::BodyExt;
use hyper::body::Body;
use parking_lot::Mutex;

use crate::parking::{self, Answering, Lines};
use crate::rest::HttpRequest;

/// Requests that have arrived and have not been looked at.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pub waiting: Vec<(usize, HttpRequest, Answering)>,
    /// Who is to be woken by an arrival.
    pub listener: Option<Waker>,
}

/// The way to the API server of one worker: a [`tower::Service`] from a request to its answer,
/// which any version of kube takes: `kube::Client::new(service, "default")`.
#[derive(Clone, Debug)]
pub struct Service {
    arrivals: Arc<Mutex<Arrivals>>,
    worker: usize,
}

impl Service {
    pub(super) fn new(arrivals: &Arc<Mutex<Arrivals>>, worker: usize) -> Service {
        Service { arrivals: Arc::clone(arrivals), worker }
    }
}

/// What a client is told when the answer to its request has been lost, or its worker is over.
#[derive(Debug)]
pub struct Lost;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was closed before the answer came")
    }
}

impl std::error::Error for Lost {}

impl<B> tower::Service<hyper::Request<B>> for Service
where
    B: Body + Send + 'static,
    B::Data: Send,
{
    type Response = hyper::Response<Lines>;
    type Error = Lost;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Lost>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Lost>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: hyper::Request<B>) -> Self::Future {
        let Service { arrivals, worker } = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.map_err(|_| Lost)?.to_bytes().to_vec();
            let http = parking::request(&head, body);
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
        })
    }
}
