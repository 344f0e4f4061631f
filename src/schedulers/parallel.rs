//! The same work on many items, on several threads. What comes of an item is kept in the item, so
//! which thread did what is seen nowhere: the only place of the core that has threads at all.
//!
//! Next to read: `exhaustive/search.rs`.

use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does the work on each item, on `threads` threads, of which the caller's is one. Each takes the
/// next item when it has done one, so a thread that is kept from running does less. A panic goes on
/// here: it is a bug of ours, or of a worker type.
pub(crate) fn in_parallel<T: Send>(threads: usize, items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let threads = threads.min(items.len());
    if threads < 2 {
        items.iter_mut().for_each(work);
        return;
    }
    let queue = Mutex::new(items.iter_mut());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let until_done = || {
        while let Some(item) = next() {
            work(item);
        }
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(until_done)));
        until_done();
    });
}
