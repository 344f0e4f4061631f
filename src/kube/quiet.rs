//! When no worker can go on any more.
//!
//! A runtime with one thread tells before it parks that thread: no task is ready, none has yielded.
//! That is the whole detector, and it is exact, as long as everything runs on this runtime. Threads
//! of `spawn_blocking` are counted as they start and stop: while there is one, no worker is quiet.
//! Next to read: `drive.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;

/// Tells its one listener.
#[derive(Debug, Default)]
pub(super) struct Quiet {
    parks: AtomicBool,
    listener: Mutex<Option<Waker>>,
    blocking: AtomicUsize,
}

impl Quiet {
    /// A runtime that tells this.
    pub fn runtime(self: &Arc<Self>) -> std::io::Result<tokio::runtime::Runtime> {
        let (park, start, stop) = (self.clone(), self.clone(), self.clone());
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .thread_keep_alive(std::time::Duration::ZERO)
            .on_thread_park(move || park.parked())
            .on_thread_start(move || {
                start.blocking.fetch_add(1, Ordering::SeqCst);
            })
            .on_thread_stop(move || {
                stop.blocking.fetch_sub(1, Ordering::SeqCst);
                stop.wake();
            })
            .build()
    }

    fn parked(&self) {
        if !self.is_blocking() {
            self.parks.store(true, Ordering::SeqCst);
            self.wake();
        }
    }

    fn wake(&self) {
        if let Some(waker) = self.listener.lock().take() {
            waker.wake();
        }
    }

    /// Whether a thread of `spawn_blocking` is at work.
    pub fn is_blocking(&self) -> bool {
        self.blocking.load(Ordering::SeqCst) > 0
    }

    /// Until no worker can go on.
    pub fn reached(&self) -> Reached<'_> {
        self.parks.store(false, Ordering::SeqCst);
        Reached(self)
    }
}

/// Ready when no worker can go on.
#[derive(Debug)]
pub(super) struct Reached<'q>(&'q Quiet);

impl Future for Reached<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0.parks.load(Ordering::SeqCst) {
            return Poll::Ready(());
        }
        *self.0.listener.lock() = Some(context.waker().clone());
        Poll::Pending
    }
}
