//! A write under the read lock of a `sync.RWMutex`.
//!
//! ```go
//! func (w *Widget) Seen() int { w.mu.RLock(); defer w.mu.RUnlock(); w.seen++; return w.seen }
//! func (w *Widget) Seen() int { w.mu.Lock(); defer w.mu.Unlock(); w.seen++; return w.seen }
//! ```
//!
//! `RLock` keeps out those who hold `Lock`, and no one who holds `RLock`. Here both callers hold
//! `RLock` and no goroutine calls `Lock`, so it keeps none out; the broken twin has no lock.
//! Next to read: `get_then_set.rs`.

use super::process::{Mutex, Process, Word};
use crate::threads::Backend;
use std::sync::Arc;

struct Widget<B: Backend> {
    mu: Mutex<B>,
    seen: Word<B>,
}

impl<B: Backend> Widget<B> {
    fn start(process: &mut Process<B>, exclusive: bool) {
        let widget = Arc::new(Self { mu: process.mutex("mu"), seen: process.word("seen", 0) });
        for name in ["first", "second"] {
            process.go(name, &widget, move |me, widget: &Widget<B>| {
                let _held = exclusive.then(|| widget.mu.lock(me));
                let seen = widget.seen.get(me);
                widget.seen.set(me, seen + 1);
            });
        }
        process.after(&widget, |me, widget| {
            let seen = widget.seen.get(me);
            if seen != 2 {
                me.wrong(format!("two calls counted, and seen is {seen}"));
            }
        });
    }
}

/// `rwmutex-rlock`: both callers hold `RLock`, which is no lock between them.
pub(super) fn broken<B: Backend>(process: &mut Process<B>) {
    Widget::start(process, false);
}

/// `rwmutex-lock`: both callers hold `Lock`.
pub(super) fn corrected<B: Backend>(process: &mut Process<B>) {
    Widget::start(process, true);
}
