//! The same work on many items, on several threads. Results come in the order of the items, so
//! which thread did what is seen nowhere: the only place of the core that has threads at all.
//!
//! Next to read: `search.rs`.

use std::thread;

/// Does the same with each item, on so many threads; results come in the order of the items.
pub(super) fn in_parallel<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    if threads <= 1 || items.len() < 2 {
        return items.iter().map(work).collect();
    }
    let share = items.len().div_ceil(threads);
    let work = &work;
    thread::scope(|scope| {
        let spawn =
            |items| scope.spawn(move || -> Vec<R> { <[T]>::iter(items).map(work).collect() });
        let handles: Vec<_> = items.chunks(share).map(spawn).collect();
        handles.into_iter().flat_map(joined).collect()
    })
}

/// The same with items that are changed.
pub(super) fn in_parallel_mut<T: Send, R: Send>(
    threads: usize,
    items: &mut [T],
    work: impl Fn(&mut T) -> R + Sync,
) -> Vec<R> {
    if threads <= 1 || items.len() < 2 {
        return items.iter_mut().map(work).collect();
    }
    let share = items.len().div_ceil(threads);
    let work = &work;
    thread::scope(|scope| {
        let handles: Vec<_> = items
            .chunks_mut(share)
            .map(|items| scope.spawn(move || items.iter_mut().map(work).collect::<Vec<R>>()))
            .collect();
        handles.into_iter().flat_map(joined).collect()
    })
}

/// What a thread came to. A panic of its goes on here: it is a bug of ours, or of a worker type.
fn joined<R>(handle: thread::ScopedJoinHandle<'_, R>) -> R {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
