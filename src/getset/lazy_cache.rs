//! A cache that the first user starts: checked without a lock, or by `sync.Once`.
//!
//! ```go
//! if !c.started { c.items = list(); c.started = true }   // goroutines 1 and 2
//! c.once.Do(func() { c.items = list() })
//! use(c.items)
//! ```
//!
//! Both may find it not started and start it twice; or one sees the flag before the items it
//! stands for. `sync.Once` is a mutex and a flag that is set after the work, under that mutex.
//! Next to read: `args_buffer.rs`.

use super::process::{Goroutine, Memory, Mutex, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

struct Cache<B: Backend> {
    mu: Mutex<B>,
    started: Word<B>,
    items: Memory<B>,
}

fn start<B: Backend>(process: &mut Process<B>, ensure: fn(&Goroutine, &Cache<B>)) {
    let cache = Arc::new(Cache {
        mu: process.mutex("once.mu"),
        started: process.word_shown("started", 0, |value| (value == 1).to_string()),
        items: process.memory("items", 0),
    });
    for name in ["first", "second"] {
        process.go(name, &cache, move |me, cache| {
            ensure(me, cache);
            if cache.items.read(me) == 0 {
                me.wrong("the cache says it is started, and it is empty");
            }
        });
    }
}

/// `lazy-flag`: a plain flag, looked at without a lock.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    start(process, |me, cache| {
        if cache.started.get(me) == 0 {
            cache.items.write(me, 1);
            cache.started.set(me, 1);
        }
    });
}

/// `lazy-once`: as `sync.Once` does it: an atomic look, then the mutex and a second look.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    start(process, |me, cache| {
        if cache.started.load(me) == 1 {
            return;
        }
        let _held = cache.mu.lock(me);
        if cache.started.load(me) == 0 {
            cache.items.write(me, 1);
            cache.started.store(me, 1);
        }
    });
}
