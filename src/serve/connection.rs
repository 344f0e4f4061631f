//! Connections: accepted, timed, and ended.
//!
//! A client that sends its request slowly, or does not read its answer, is cut off, and delays
//! no other client. Next to read: `answer.rs`.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use super::answer;
use super::state::Shared;

/// How long answers under way may take when the server ends.
const GRACE: Duration = Duration::from_secs(3);
/// As much as it takes to tell HTTP/2 from HTTP/1.
const PREFACE: usize = 24;

/// Accepts connections until it is stopped, then waits for them, but not for long.
pub async fn serve(
    listener: std::net::TcpListener,
    tls: Option<TlsAcceptor>,
    shared: Arc<Shared>,
    signals: bool,
    save_every: Option<Duration>,
    begun: std::sync::mpsc::Sender<()>,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    if signals {
        listen_to_signals(&shared)?;
    }
    // From here on a signal ends it as it should, and not as it would any program.
    let _ = begun.send(());
    tokio::spawn(control(shared.clone()));
    if let Some(every) = save_every {
        tokio::spawn(save_now_and_then(shared.clone(), every));
    }
    let (alive, mut ended) = mpsc::channel::<()>(1);
    let mut stop = shared.stops();
    loop {
        let permit = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            permit = shared.connections.clone().acquire_owned() => permit.ok(),
        };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (shared, alive, tls) = (shared.clone(), alive.clone(), tls.clone());
                tokio::spawn(async move {
                    let _held = (permit, alive);
                    let _ = stream.set_nodelay(true);
                    let peer = peer.ip().to_string();
                    let Some(tls) = tls else { return connection(stream, peer, shared).await };
                    if let Ok(Ok(stream)) = timeout(shared.limits.head, tls.accept(stream)).await {
                        connection(stream, peer, shared).await;
                    }
                });
            }
            // Out of file descriptors, most likely: others will end.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
    drop((listener, alive));
    let _ = timeout(GRACE, ended.recv()).await;
    Ok(())
}

/// Takes signals from now on: two end it, one has the snapshot written.
#[cfg(unix)]
fn listen_to_signals(shared: &Arc<Shared>) -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stopped = shared.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stopped.stop();
    });
    if shared.keeps() {
        let mut asked = signal(SignalKind::hangup())?;
        let saved = shared.clone();
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                save(&saved).await;
            }
        });
    }
    Ok(())
}

/// Takes Ctrl-C.
#[cfg(not(unix))]
fn listen_to_signals(shared: &Arc<Shared>) -> io::Result<()> {
    let stopped = shared.clone();
    tokio::spawn(async move {
        let _ = tokio::signal::ctrl_c().await;
        stopped.stop();
    });
    Ok(())
}

/// How long what controllers do waits.
const MOMENT: Duration = Duration::from_millis(100);

/// Does what controllers of a cluster do, a moment after something has changed.
async fn control(shared: Arc<Shared>) {
    let mut stop = shared.stops();
    let mut seen = None;
    loop {
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = sleep(MOMENT) => {}
        }
        let (revision, work) = shared.look(|server| (server.revision(), server.has_work()));
        if work && seen != Some(revision) {
            shared.with(|server| server.run_controllers(super::state::now()));
        }
        seen = Some(revision);
    }
}

async fn save_now_and_then(shared: Arc<Shared>, every: Duration) {
    let mut saved = shared.look(|server| server.revision());
    loop {
        sleep(every).await;
        let revision = shared.look(|server| server.revision());
        if revision != saved && save(&shared).await {
            saved = revision;
        }
    }
}

/// Writes the snapshot; whether that went well.
async fn save(shared: &Arc<Shared>) -> bool {
    let inside = shared.clone();
    match tokio::task::spawn_blocking(move || inside.save()).await {
        Ok(Err(error)) => {
            eprintln!("lostwrite: the snapshot cannot be written: {error}");
            false
        }
        saved => saved.is_ok(),
    }
}

/// A connection, with or without TLS.
trait Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Stream for S {}

async fn connection(stream: impl Stream, peer: String, shared: Arc<Shared>) {
    let limits = shared.limits;
    let mut stop = shared.stops();
    let service = service_fn(move |request| answer::answer(shared.clone(), peer.clone(), request));
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(256 * 1024)
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(250)
        .max_header_list_size(64 * 1024)
        .keep_alive_interval(Some(limits.stalled))
        .keep_alive_timeout(limits.stalled);
    let io = TokioIo::new(Timed::new(stream, limits.head, limits.stalled));
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let mut stopping = false;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = stop.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// A stream whose peer must begin to speak, and must go on reading, within a time.
struct Timed<S> {
    stream: S,
    begin: Pin<Box<Sleep>>,
    heard: usize,
    stalled: Duration,
    writing: Pin<Box<Sleep>>,
    waits: bool,
}

impl<S> Timed<S> {
    fn new(stream: S, begin: Duration, stalled: Duration) -> Self {
        let writing = Box::pin(sleep(stalled));
        let begin = Box::pin(sleep_until(Instant::now() + begin));
        Timed { stream, begin, heard: 0, stalled, writing, waits: false }
    }

    fn timed<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.waits = false;
            return polled;
        }
        if !self.waits {
            self.waits = true;
            self.writing.as_mut().reset(Instant::now() + self.stalled);
        }
        match self.writing.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: Stream> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.heard = self.heard.saturating_add(buffer.filled().len() - before);
        if polled.is_pending() && self.heard < PREFACE && self.begin.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        polled
    }
}

impl<S: Stream> AsyncWrite for Timed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.timed(cx, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(cx);
        self.timed(cx, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.timed(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
