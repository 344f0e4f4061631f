//! One port for each program, so that one knows who asks.
//!
//! Next to read: `execute.rs`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http_body_util::{BodyExt, Limited};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::TcpListener;

use crate::parking::Answering;
use crate::rest::{BODY_BYTES_MAX, HttpRequest};

/// Requests that have come and have not been looked at.
pub(super) type Arrivals = Arc<Mutex<Vec<(usize, HttpRequest, Answering)>>>;

/// Listens for a program; its port.
pub(super) async fn listen(worker: usize, arrivals: Arrivals) -> std::io::Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            let arrivals = Arc::clone(&arrivals);
            let service = service_fn(move |request| answer(worker, Arc::clone(&arrivals), request));
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new());
                let _ = builder.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    Ok(port)
}

async fn answer(
    worker: usize,
    arrivals: Arrivals,
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<hyper::Response<crate::parking::Lines>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX + 1).collect().await?.to_bytes().to_vec();
    let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
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
    arrivals.lock().push((worker, http, reply));
    Ok(answer.await?)
}

/// Writes the kubeconfig of a program.
pub(super) fn kubeconfig(folder: &Path, name: &str, port: u16) -> std::io::Result<PathBuf> {
    let path = folder.join(format!("{name}.kubeconfig"));
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: lostwrite\nclusters:\n  \
         - name: lostwrite\n    cluster: {{ server: \"http://127.0.0.1:{port}\", \
         insecure-skip-tls-verify: true }}\nusers:\n  \
         - {{ name: {name}, user: {{}} }}\ncontexts:\n  - name: lostwrite\n    context: {{ \
         cluster: lostwrite, user: {name}, namespace: default }}\n"
    );
    std::fs::write(&path, text)?;
    Ok(path)
}
