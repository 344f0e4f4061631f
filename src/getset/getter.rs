//! A getter that locks, and hands out a pointer to the inside.
//!
//! ```go
//! func (w *Widget) GetStatus() *Status { w.mu.Lock(); defer w.mu.Unlock(); return &w.status }
//! func (w *Widget) GetStatus() Status  { w.mu.Lock(); defer w.mu.Unlock(); return w.status }
//! ```
//!
//! The lock guards the copying of a pointer, which needed no guard; what it points to is read
//! after the lock was given back, while the setter writes. Returned by value, or by `DeepCopy`,
//! the copy is made under the lock. Next to read: `lazy_cache.rs`.

use super::process::{Memory, Mutex, Process};
use crate::threads::Backend;
use std::sync::Arc;

struct Widget<B: Backend> {
    mu: Mutex<B>,
    ready: Memory<B>,
}

impl<B: Backend> Widget<B> {
    fn start(process: &mut Process<B>) -> Arc<Self> {
        let widget =
            Arc::new(Self { mu: process.mutex("mu"), ready: process.memory("status.ready", 0) });
        process.go("setter", &widget, |me, widget| {
            let _held = widget.mu.lock(me);
            widget.ready.write(me, 1);
        });
        widget
    }
}

/// `getter-pointer`: the field is read through the pointer, without the lock.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let widget = Widget::start(process);
    process.go("getter", &widget, |me, widget| {
        drop(widget.mu.lock(me));
        me.note("holds &status");
        widget.ready.read(me);
    });
}

/// `getter-copy`: the field is copied under the lock.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let widget = Widget::start(process);
    process.go("getter", &widget, |me, widget| {
        let _held = widget.mu.lock(me);
        widget.ready.read(me);
    });
}
