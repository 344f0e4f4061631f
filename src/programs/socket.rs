//! One port for each program, so that one knows who asks.
//!
//! Next to read: `execute.rs`.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::access::{Access, Authority};
use crate::parking::{self, Answering};
use crate::rest::{BODY_BYTES_MAX, HttpRequest};

/// Name and value.
pub(super) type Variables = Vec<(String, String)>;

/// What clients in a pod find their server by, and where the files are that a pod has under
/// `/var/run/secrets`. Those of a pod in which `lostwrite` itself runs lead to another cluster.
pub(super) const IN_CLUSTER: [&str; 4] = [
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KUBERNETES_SERVICE_PORT_HTTPS",
    "LOSTWRITE_SERVICE_ACCOUNT",
];

/// Requests that have come and have not been looked at.
pub(super) type Arrivals = Arc<Mutex<Vec<(usize, HttpRequest, Answering)>>>;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// The ports of all programs.
#[derive(Clone, Debug, Default)]
pub(super) struct Door {
    pub arrivals: Arrivals,
    /// Handshakes that have begun and are not over: meanwhile a client sleeps, and waits for us.
    handshakes: Arc<AtomicUsize>,
}

impl Door {
    /// Whether a client waits for us without a request.
    pub fn is_busy(&self) -> bool {
        self.handshakes.load(Ordering::Relaxed) > 0
    }

    /// Listens for a program, and writes down where; the variables that tell it.
    pub async fn open(
        &self,
        worker: usize,
        name: &str,
        folder: &Path,
        authority: Option<&Authority>,
    ) -> io::Result<Variables> {
        let here = Ipv4Addr::LOCALHOST;
        let tls = authority.map(|authority| authority.acceptor(here.into())).transpose()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let port = self.listen(worker, tls).await?;
        let pem = authority.map(Authority::pem);
        let access = Access {
            url: &format!("{scheme}://{here}:{port}"),
            user: name,
            token: authority.is_some().then_some(name),
            authority: pem.as_deref(),
        };
        tell(folder, &access, port)
    }

    async fn listen(&self, worker: usize, tls: Option<TlsAcceptor>) -> io::Result<u16> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let door = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                let arrivals = Arc::clone(&door.arrivals);
                let service =
                    service_fn(move |request| answer(worker, Arc::clone(&arrivals), request));
                let builder = auto::Builder::new(TokioExecutor::new());
                let Some(tls) = tls.clone() else {
                    tokio::spawn(async move {
                        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    });
                    continue;
                };
                let handshakes = Arc::clone(&door.handshakes);
                handshakes.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    let stream = timeout(HANDSHAKE, tls.accept(stream)).await;
                    handshakes.fetch_sub(1, Ordering::Relaxed);
                    if let Ok(Ok(stream)) = stream {
                        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                    }
                });
            }
        });
        Ok(port)
    }
}

async fn answer(
    worker: usize,
    arrivals: Arrivals,
    request: hyper::Request<hyper::body::Incoming>,
) -> Result<hyper::Response<crate::parking::Lines>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_BYTES_MAX + 1).collect().await?.to_bytes().to_vec();
    let http = parking::request(&head, body);
    let (reply, answer) = Answering::new();
    arrivals.lock().push((worker, http, reply));
    Ok(answer.await?)
}

/// Writes what a program is told of its server; its variables. With TLS, those that a pod has too,
/// and where the files are that are mounted into one.
fn tell(folder: &Path, access: &Access<'_>, port: u16) -> io::Result<Variables> {
    let name = access.user;
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let path = folder.join(format!("{name}.kubeconfig"));
    std::fs::write(&path, format!("{:#}\n", access.kubeconfig()))?;
    let mut variables = vec![("KUBECONFIG".to_owned(), text(path))];
    if access.authority.is_some() {
        let account = folder.join(format!("{name}.serviceaccount"));
        std::fs::create_dir(&account)?;
        access.service_account(&account, |path, text| std::fs::write(path, text))?;
        let [host, number, secure, mount] = IN_CLUSTER.map(str::to_owned);
        variables.push((host, "127.0.0.1".to_owned()));
        variables.push((number, port.to_string()));
        variables.push((secure, port.to_string()));
        variables.push((mount, text(account)));
    }
    Ok(variables)
}
