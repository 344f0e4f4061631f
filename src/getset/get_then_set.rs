//! Two controllers get the status, change a field, and set it again; each method locks.
//!
//! ```go
//! func (w *Widget) GetStatus() Status  { w.mu.Lock(); defer w.mu.Unlock(); return w.status }
//! func (w *Widget) SetStatus(s Status) { w.mu.Lock(); defer w.mu.Unlock(); w.status = s }
//!
//! s := w.GetStatus(); s.Ready = true; w.SetStatus(s)      // goroutine 1
//! s := w.GetStatus(); s.VCPUs = 8;    w.SetStatus(s)      // goroutine 2
//! ```
//!
//! No data race, nothing torn, and one of the two fields is gone: the same story as at the API
//! server, with a mutex instead of a resourceVersion. Next to read: `word.rs`.

use super::process::{Goroutine, Memory, Mutex, Process};
use crate::threads::Backend;
use std::sync::Arc;

struct Widget<B: Backend> {
    mu: Mutex<B>,
    ready: Memory<B>,
    vcpus: Memory<B>,
}

impl<B: Backend> Widget<B> {
    fn new(process: &Process<B>) -> Arc<Self> {
        Arc::new(Self {
            mu: process.mutex("mu"),
            ready: process.memory("status.ready", 0),
            vcpus: process.memory("status.vcpus", 0),
        })
    }

    fn get_status(&self, me: &Goroutine) -> (u64, u64) {
        let _held = self.mu.lock(me);
        (self.ready.read(me), self.vcpus.read(me))
    }

    fn set_status(&self, me: &Goroutine, (ready, vcpus): (u64, u64)) {
        let _held = self.mu.lock(me);
        self.ready.write(me, ready);
        self.vcpus.write(me, vcpus);
    }

    fn nothing_lost(&self, me: &Goroutine) {
        let (ready, vcpus) = self.get_status(me);
        if ready != 1 {
            me.wrong("health set ready, and it is gone");
        } else if vcpus != 8 {
            me.wrong("usage set vcpus, and it is gone");
        }
    }
}

/// `get-then-set`: the lock is given back between Get and Set.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    let widget = Widget::new(process);
    process.go("health", &widget, |me, widget| {
        let (_, vcpus) = widget.get_status(me);
        widget.set_status(me, (1, vcpus));
    });
    process.go("usage", &widget, |me, widget| {
        let (ready, _) = widget.get_status(me);
        widget.set_status(me, (ready, 8));
    });
    process.after(&widget, |me, widget| widget.nothing_lost(me));
}

/// `update-under-lock`: one method that takes the change, and holds the lock across it.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    let widget = Widget::new(process);
    process.go("health", &widget, |me, widget| {
        let _held = widget.mu.lock(me);
        let _status = (widget.ready.read(me), widget.vcpus.read(me));
        widget.ready.write(me, 1);
    });
    process.go("usage", &widget, |me, widget| {
        let _held = widget.mu.lock(me);
        let _status = (widget.ready.read(me), widget.vcpus.read(me));
        widget.vcpus.write(me, 8);
    });
    process.after(&widget, |me, widget| widget.nothing_lost(me));
}
