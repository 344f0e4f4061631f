//! An object from the informer's store, changed in place by one reconciler and read by another.
//!
//! ```go
//! obj, _ := lister.Get("demo")              // a pointer into the informer's store
//! obj.Status.Ready = true                   // changes it for all readers
//! mine := obj.DeepCopy(); mine.Status.Ready = true
//! ```
//!
//! What a lister returns is shared by every reconciler of the process (controller-runtime's client
//! copies it, unless told not to). In place, the change races with all other readers, and they see
//! a status that no API server ever stored. Next to read: `mod.rs`, the table of all models.

use super::process::{Memory, Process};
use crate::threads::Backend;
use std::sync::Arc;

struct Store<B: Backend> {
    cached_ready: Memory<B>,
    my_ready: Memory<B>,
}

impl<B: Backend> Store<B> {
    fn start(process: &mut Process<B>) -> Arc<Self> {
        let store = Arc::new(Self {
            cached_ready: process.memory("cached.status.ready", 0),
            my_ready: process.memory("mine.status.ready", 0),
        });
        process.go("reader", &store, |me, store| {
            if store.cached_ready.read(me) != 0 {
                me.wrong("the cache shows ready, which no server ever stored");
            }
        });
        store
    }
}

/// `informer-in-place`: the reconciler writes into the cached object.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let store = Store::start(process);
    process.go("reconciler", &store, |me, store| {
        store.cached_ready.read(me);
        store.cached_ready.write(me, 1);
    });
}

/// `informer-deep-copy`: the reconciler writes into a copy of its own.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let store = Store::start(process);
    process.go("reconciler", &store, |me, store| {
        let ready = store.cached_ready.read(me);
        store.my_ready.write(me, ready);
        store.my_ready.write(me, 1);
    });
}
