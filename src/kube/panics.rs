//! Where in the code a worker panicked.
//!
//! A task that panicked hands out what it said, and not where: that is told to the panic hook only.
//! Next to read: `drive.rs`.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on the place of each panic is kept, for the thread on which it happens. Whatever else
/// listens to panics goes on to do so.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info.location().map(|at| format!("{}:{}", at.file(), at.line()));
            PLACE.with(|kept| *kept.borrow_mut() = place);
            before(info);
        }));
    });
}

/// Where this thread panicked last, as `file:line`; told once.
pub(super) fn place() -> Option<String> {
    PLACE.with(|kept| kept.borrow_mut().take())
}
