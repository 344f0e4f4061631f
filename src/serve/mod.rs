//! The API server on a socket: for kubectl, kube-rs and whatever else speaks to Kubernetes.
//!
//! [`start`] takes an [`ApiServer`] and serves it over HTTP/1.1 and HTTP/2 until it is stopped, in
//! a thread of its own. Requests are handled one at a time under one lock, so that the order in
//! which they are handled is the order of the revisions and of the record. What a request means is
//! not decided here but in [`rest`](crate::rest): this folder has what that one leaves out, which
//! is sockets, TLS, the clock, the seed of the uids, limits, users, record and snapshot. Left out:
//! RBAC (a token opens everything). Next to read: `answer.rs`, then `watch.rs`.

mod answer;
mod connection;
mod files;
mod keeper;
mod policy;
mod record;
mod state;
mod users;
mod watch;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use crate::access::{Access, Authority};
use crate::apiserver::ApiServer;

pub use files::{furnish, kubeconfig, load_objects, restore, seed, serves, service_account};
pub use keeper::{Keeper, private};
pub use policy::{Level, Policy, Recorded};
pub use state::Record;
use state::Shared;
pub use users::{Tokens, User};

/// How to serve.
#[derive(Debug)]
pub struct Config {
    /// Address to listen on; port 0 picks a free port.
    pub listen: SocketAddr,
    /// Of which every request must bear one, if there are any, and whose they are.
    pub tokens: Tokens,
    /// Where an audit event goes for each request.
    pub record: Option<Record>,
    /// What of it goes there.
    pub policy: Policy,
    /// Where the store is kept: written at the beginning, whenever it is asked for, and at the end.
    pub keeper: Option<Keeper>,
    /// How often the snapshot is written meanwhile, if at all.
    pub save_every: Option<Duration>,
    /// Whether Ctrl-C and SIGTERM end it, and SIGHUP writes the snapshot, if there is one.
    pub signals: bool,
    /// What a client may use up.
    pub limits: Limits,
    /// Who vouches for it, if it speaks TLS.
    pub tls: Option<Authority>,
}

impl Config {
    /// For this address, with nothing else.
    pub fn new(listen: SocketAddr) -> Self {
        let limits = Limits::default();
        Config {
            listen,
            tokens: Tokens::default(),
            record: None,
            policy: Policy::everything(),
            keeper: None,
            save_every: None,
            signals: false,
            limits,
            tls: None,
        }
    }
}

/// What clients may use up.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Watches at a time; the next is answered 429.
    pub watches: usize,
    /// Connections at a time; the next waits to be accepted.
    pub connections: usize,
    /// How long a client may take for the head of a request.
    pub head: Duration,
    /// How long it may take for the body.
    pub body: Duration,
    /// How long it may let the server wait before it reads on.
    pub stalled: Duration,
    /// How many revisions of the past are kept at least; twice as many at most.
    pub history: u64,
    /// How many bytes the past may take; beyond them the older half is forgotten.
    pub history_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            watches: 1000,
            connections: 4096,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            stalled: Duration::from_secs(30),
            history: 10_000,
            history_bytes: 256 << 20,
        }
    }
}

/// A server that is running.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    authority: Option<String>,
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<io::Result<()>>>,
}

/// Starts to serve. When this returns, the address can be connected to.
pub fn start(config: Config, server: ApiServer) -> io::Result<Running> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, |n| n.get().min(8)))
        // Bodies may be nested ten thousand levels deep.
        .thread_stack_size(64 << 20)
        .enable_all()
        .build()?;
    let listener = std::net::TcpListener::bind(config.listen)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let (signals, save_every) = (config.signals, config.save_every);
    let authority = config.tls.as_ref().map(Authority::pem);
    let tls = config.tls.as_ref().map(|authority| authority.acceptor(address.ip())).transpose()?;
    let shared = Arc::new(Shared::new(config, server)?);
    let inside = shared.clone();
    let (begin, begun) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().name("serve".into()).spawn(move || {
        let serve = connection::serve(listener, tls, inside.clone(), signals, save_every, begin);
        let served = runtime.block_on(serve);
        // Connections that did not end in time are cut off.
        runtime.shutdown_timeout(Duration::from_millis(100));
        inside.save()?;
        inside.end_record()?;
        served
    })?;
    // If it does not begin, its thread says why when it is waited for.
    let _ = begun.recv();
    Ok(Running { address, authority, shared, thread: Some(thread) })
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The certificate by which its own is trusted, as PEM, if it speaks TLS.
    pub fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Does something to the server between two requests; watches hear of it.
    pub fn with<T>(&self, act: impl FnOnce(&mut ApiServer) -> T) -> T {
        self.shared.with(act)
    }

    /// How many watches are open.
    pub fn watches(&self) -> usize {
        self.shared.watches_open()
    }

    /// Closes all watches, as a server does that goes away; clients watch again.
    pub fn close_watches(&self) {
        self.shared.close_watches();
    }

    /// Waits until a signal has ended it.
    pub fn wait(mut self) -> io::Result<()> {
        self.join()
    }

    /// Ends it: no new connections, watches closed, answers under way finished.
    pub fn stop(mut self) -> io::Result<()> {
        self.shared.stop();
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        match self.thread.take().map(std::thread::JoinHandle::join) {
            Some(Ok(served)) => served,
            Some(Err(_)) => Err(io::Error::other("the server panicked")),
            None => Ok(()),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop();
        let _ = self.join();
    }
}
