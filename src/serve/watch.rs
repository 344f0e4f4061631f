//! Watches: one task each, which reads the log whenever it has grown.
//!
//! A watch costs its place in the log, not a queue of events: what a slow client has not read is
//! still in the log, and if it has been forgotten there the client is told so (410). A client that
//! reads nothing at all is cut off. Next to read: `state.rs`.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Response;
use hyper::body::{Bytes, Frame};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

use crate::rest::{HttpRequest, WatchStream};

use super::answer::{Body, with_headers};
use super::state::{Shared, now, random};

/// Pieces that wait for a client to read them.
const PIECES: usize = 4;
/// Without `timeoutSeconds` a watch lasts this many seconds, and up to twice as many.
const SECONDS: u64 = 1800;
/// Between two bookmarks.
const BOOKMARK: Duration = Duration::from_secs(60);
/// Before the end of the watch.
const LAST_BOOKMARK: Duration = Duration::from_secs(2);

/// Whether a request will, if it is answered at all, open a watch.
pub fn is_watch(http: &HttpRequest) -> bool {
    let asked = http.query.split('&').any(|pair| {
        let value = pair.strip_prefix("watch").and_then(|rest| rest.strip_prefix('='));
        pair == "watch" || value.is_some_and(|value| !matches!(value, "false" | "0"))
    });
    http.method == "GET" && (asked || http.path.contains("/watch/"))
}

/// The response whose body is the stream, and the task that feeds it.
pub fn response(
    shared: Arc<Shared>,
    stream: Box<WatchStream>,
    permit: Option<OwnedSemaphorePermit>,
    end: Option<Vec<u8>>,
) -> Response<Body> {
    let headers = stream.headers();
    let (sender, receiver) = mpsc::channel(PIECES);
    tokio::spawn(async move {
        let _held = permit;
        feed(&shared, *stream, &sender).await;
        if let Some(line) = end {
            shared.note(&line);
        }
    });
    with_headers(200, &headers, Lines(receiver).boxed())
}

async fn feed(shared: &Shared, mut stream: WatchStream, sender: &mpsc::Sender<Bytes>) {
    let begin = Instant::now();
    let seconds = stream.timeout_seconds().filter(|seconds| *seconds > 0);
    let seconds = seconds.unwrap_or_else(|| SECONDS + random() % SECONDS);
    // No client waits for longer than a year.
    let end = begin + Duration::from_secs(seconds.min(31_536_000));
    let first = stream.first_bookmark_seconds().filter(|first| *first < seconds);
    let mut bookmark = first.map_or(end, |first| begin + Duration::from_secs(first));
    let mut changes = shared.changes();
    let mut stop = shared.stops();
    let mut hang_up = shared.hang_ups();
    hang_up.mark_unchanged();
    loop {
        changes.borrow_and_update();
        let due = Instant::now() >= bookmark && bookmark < end;
        let lines = shared.look(|server| {
            let mut lines = stream.poll(server, now());
            if due {
                lines.extend(stream.bookmark(server, now()));
            }
            lines
        });
        if due {
            bookmark = next_bookmark(bookmark, end);
        }
        if !lines.is_empty() {
            let sent = timeout(shared.limits.stalled, sender.send(lines.into())).await;
            if !matches!(sent, Ok(Ok(()))) {
                return;
            }
        }
        if stream.is_over() || Instant::now() >= end {
            return;
        }
        tokio::select! {
            _ = sender.closed() => return,
            _ = stop.wait_for(|stop| *stop) => return,
            _ = hang_up.changed() => return,
            _ = changes.changed() => {}
            () = sleep_until(bookmark.min(end)) => {}
        }
    }
}

/// A minute later, or two seconds before the end if that comes first.
fn next_bookmark(last: Instant, end: Instant) -> Instant {
    let before_end = end - LAST_BOOKMARK;
    if last < before_end { (last + BOOKMARK).min(before_end) } else { end }
}

/// What a task sends, as a body.
struct Lines(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
