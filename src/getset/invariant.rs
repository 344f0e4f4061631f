//! Two fields that must agree: ready and unready replicas add up to three.
//!
//! ```go
//! w.SetReady(1); w.SetUnready(2)             // each method locks, or each field is atomic
//! sum := w.GetReady() + w.GetUnready()       // sometimes 4
//! ```
//!
//! A mutex per field, or an atomic per field, protects each field and not the sentence about both.
//! One mutex around both does. Next to read: `mixed_access.rs`.

use super::process::{Goroutine, Memory, Mutex, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

fn check(me: &Goroutine, ready: u64, unready: u64) {
    if ready + unready != 3 {
        me.wrong(format!("{ready} ready and {unready} unready replicas, of three"));
    }
}

/// `mutex-per-field`: each access locks its own field.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    struct Field<B: Backend> {
        mu: Mutex<B>,
        value: Memory<B>,
    }
    let replicas = Arc::new([
        Field { mu: process.mutex("readyMu"), value: process.memory("status.ready", 0) },
        Field { mu: process.mutex("unreadyMu"), value: process.memory("status.unready", 3) },
    ]);
    process.go("controller", &replicas, |me, replicas| {
        for (field, value) in replicas.iter().zip([1, 2]) {
            let _held = field.mu.lock(me);
            field.value.write(me, value);
        }
    });
    process.go("reader", &replicas, |me, replicas| {
        let [ready, unready] = [0, 1].map(|field: usize| {
            let _held = replicas[field].mu.lock(me);
            replicas[field].value.read(me)
        });
        check(me, ready, unready);
    });
}

/// `atomic-per-field`: each field is an `atomic.Int64`.
pub(super) fn atomic<B: Backend>(process: &mut Process<B>) {
    let replicas: Arc<[Word<B>; 2]> =
        Arc::new([process.word("status.ready", 0), process.word("status.unready", 3)]);
    process.go("controller", &replicas, |me, [ready, unready]| {
        ready.store(me, 1);
        unready.store(me, 2);
    });
    process.go("reader", &replicas, |me, [ready, unready]| {
        check(me, ready.load(me), unready.load(me));
    });
}

/// `one-mutex`: both fields change, and are read, under the same mutex.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    struct Replicas<B: Backend> {
        mu: Mutex<B>,
        ready: Memory<B>,
        unready: Memory<B>,
    }
    let replicas = Arc::new(Replicas {
        mu: process.mutex("mu"),
        ready: process.memory("status.ready", 0),
        unready: process.memory("status.unready", 3),
    });
    process.go("controller", &replicas, |me, replicas| {
        let _held = replicas.mu.lock(me);
        replicas.ready.write(me, 1);
        replicas.unready.write(me, 2);
    });
    process.go("reader", &replicas, |me, replicas| {
        let _held = replicas.mu.lock(me);
        check(me, replicas.ready.read(me), replicas.unready.read(me));
    });
}
