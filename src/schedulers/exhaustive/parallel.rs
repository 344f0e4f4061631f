//! The same work on many items, on several threads. What comes of an item is kept in the item, so
//! which thread did what is seen nowhere: the only place of the core that has threads at all.
//!
//! Next to read: `search.rs`.

use std::thread;

/// Does the work on each item, on `threads` threads, of which the caller's is one. Each takes its
/// share of the items that stand together. A panic goes on here: it is a bug of ours, or of a
/// worker type.
pub(super) fn in_parallel<T: Send>(threads: usize, items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let share = items.len().div_ceil(threads.max(1)).max(1);
    let work = &work;
    thread::scope(|scope| {
        let mut shares = items.chunks_mut(share);
        let own = shares.next();
        for items in shares {
            scope.spawn(move || items.iter_mut().for_each(work));
        }
        own.into_iter().flatten().for_each(work);
    });
}
